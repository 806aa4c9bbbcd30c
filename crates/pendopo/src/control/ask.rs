//! Asking the running server, from the command line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{MOST_LINE, Reply, Request, socket};
use crate::cli::RoleName;
use crate::console::say;

/// The server says something at least every five seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks, prints what is told on the way, and returns what was done.
pub(crate) fn ask(data: &Path, role: RoleName, request: &Request) -> Result<String> {
    let file = data.join(super::name(role));
    let stream = match socket::connect(data, role) {
        Ok(stream) => stream,
        Err(error) if is_absent(&error) => bail!(
            "no server runs here: nobody answers at {}; is `--data` that of the server?",
            file.display()
        ),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("can't reach the server at {}", file.display()));
        }
    };
    converse(stream, request)
        .with_context(|| format!("the server at {} broke off", file.display()))?
}

/// Whether a server that plays this role uses the directory.
pub(crate) fn is_answered(data: &Path, role: RoleName) -> bool {
    socket::connect(data, role).is_ok()
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// The outer result is whether the conversation came to its end, the inner one what the server said then.
fn converse(mut stream: UnixStream, request: &Request) -> Result<Result<String>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.by_ref().take(MOST_LINE).read_line(&mut line)? == 0 {
            bail!("it closed the connection");
        }
        match serde_json::from_str(&line)? {
            Reply::Progress(text) => say(text),
            Reply::Done(text) => return Ok(Ok(text)),
            Reply::Failed(text) => return Ok(Err(anyhow::Error::msg(text))),
        }
    }
}
