//! Taking over from the server that uses the data directory.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use edge::Control;
use store::newest_schema;

use super::ask::is_absent;
use super::handover::{Handover, Inheritance, ListenerName, READY};
use super::{MOST_LINE, Reply, Request, descriptors, socket};
use crate::cli::RoleName;

/// How long the old server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the old server, which serves until it is told that this process does.
#[derive(Debug)]
pub(crate) struct Predecessor(UnixStream);

/// Where this process shall listen.
pub(crate) struct Wanted {
    pub(crate) http: Option<SocketAddr>,
    pub(crate) https: Option<SocketAddr>,
    pub(crate) private: SocketAddr,
}

impl Predecessor {
    /// Asks for everything that the server of these roles holds; `None` when there is no server.
    pub(crate) fn ask(
        data: &Path,
        roles: &[RoleName],
        wanted: &Wanted,
    ) -> Result<Option<(Self, Inheritance)>> {
        let mut stream = match socket::connect(data, roles[0]) {
            Ok(stream) => stream,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error).context("can't reach the server to take over from"),
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(&Request::TakeOver)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let (text, all) = descriptors::receive(&stream)
            .context("the server hands nothing over; is it of a version that can?")?;
        let (schema, pieces, drained) = match serde_json::from_str(&text) {
            Ok(Handover::Pieces {
                schema,
                pieces,
                drained,
            }) => (schema, pieces, drained),
            Ok(Handover::Refused(why)) => bail!("the server hands nothing over: {why}"),
            Err(_) => bail!("the server hands nothing over: stop it, and start this one"),
        };
        let newest = newest_schema();
        if let Some(schema) = schema.filter(|schema| *schema != newest) {
            bail!(
                "the server works with schema {schema} of the database, and this version with {newest}: \
                 stop it, then start this one"
            );
        }
        if pieces.len() != all.len() {
            bail!(
                "the server handed {} of {} pieces over",
                all.len(),
                pieces.len()
            );
        }
        let names = [
            (ListenerName::Http, wanted.http),
            (ListenerName::Https, wanted.https),
            (ListenerName::Private, Some(wanted.private)),
        ];
        let mut inheritance = Inheritance::sort(pieces.into_iter().zip(all).collect(), names)?;
        inheritance.edge.drained = drained;
        let held: Vec<_> = inheritance.locks.iter().map(|(role, _)| *role).collect();
        if held != roles {
            bail!(
                "the server plays other roles: stop it, or start this one with the same `--role`"
            );
        }
        Ok(Some((Self(stream), inheritance)))
    }

    /// Tells the old server that this one serves, and waits for its end in the background. Fails when it goes on serving.
    pub(crate) fn relieve(mut self, edge: Control) -> Result<()> {
        match self.answer() {
            Ok(Some(Reply::Failed(why))) => bail!("the server goes on by itself: {why}"),
            Ok(Some(_)) => {}
            Ok(None) => {
                tracing::warn!("the server that was to be relieved has ended before");
                edge.has_company(false);
                return Ok(());
            }
            // Two that serve harm nobody, and none would.
            Err(error) => {
                tracing::warn!(%error, "the server that was relieved does not say so");
            }
        }
        self.0.set_read_timeout(None)?;
        let wait = move || {
            // Nothing is of interest but the end, which comes with the process's, whatever way that goes.
            let _ = io::copy(&mut self.0, &mut io::sink());
            edge.has_company(false);
            tracing::info!("the server that was relieved has ended");
        };
        // Not joined: it ends with the old process, which has a deadline, or with this one.
        thread::Builder::new()
            .name("relieved".to_owned())
            .spawn(wait)
            .context("can't start a thread")?;
        Ok(())
    }

    /// What the old server says to it; nothing if it is gone. What it holds of ours stays good without it.
    fn answer(&mut self) -> io::Result<Option<Reply>> {
        // If it is gone, or gave this process up, the answer tells which.
        let _ = self.0.write_all(READY.as_bytes());
        let mut line = String::new();
        let reading = BufReader::new((&self.0).take(MOST_LINE)).read_line(&mut line);
        match reading {
            Ok(0) => Ok(None),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(None),
            Err(error) => Err(error),
            Ok(_) => Ok(Some(serde_json::from_str(&line)?)),
        }
    }
}
