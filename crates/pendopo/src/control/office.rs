//! Answering at the control socket.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use edge::{Control, Renewal};
use lifecycle::Trigger;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{sleep, timeout};

use crate::cli::RoleName;
use crate::reload::Reloader;

use super::voice::{PATIENCE, Voice};
use super::{ControlSocket, MOST_LINE, Reply, Request, drain};

/// How long to wait after a failed accept, such as one without a free file descriptor.
const PAUSE: Duration = Duration::from_millis(50);
/// Questions at a time; more wait.
const MOST_QUESTIONS: usize = 16;

/// Who answers, and what they need for it.
pub(crate) struct Office {
    pub(crate) edge: Control,
    /// By which the edge is asked for a certificate; none where none is fetched.
    pub(crate) renewal: Option<Renewal>,
    pub(crate) reloader: Rc<Reloader>,
    /// What another process can have of this one.
    pub(crate) estate: Estate,
}

/// What the old process needs beside the edge.
pub(crate) struct Estate {
    pub(crate) private: Rc<tokio::net::TcpListener>,
    pub(crate) serves_private: AbortHandle,
    pub(crate) locks: Vec<(RoleName, File)>,
    pub(crate) schema: Option<i64>,
    pub(crate) trigger: Trigger,
    /// How long whoever takes over may take until it serves.
    pub(crate) patience: Duration,
    pub(crate) is_given: Cell<bool>,
}

impl Office {
    /// Answers until it is dropped; to be run on a `LocalSet`. Ends only with an error.
    pub(crate) async fn run(self, socket: ControlSocket) -> Result<()> {
        let listener = socket
            .listener()
            .context("can't serve the control socket")?;
        let office = Rc::new(self);
        let places = Arc::new(Semaphore::new(MOST_QUESTIONS));
        loop {
            let place = Arc::clone(&places)
                .acquire_owned()
                .await
                .expect("nobody closes the semaphore");
            match listener.accept().await {
                Ok((stream, _)) => {
                    drop(spawn_local(hear(Rc::clone(&office), stream, place)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn attend(&self, stream: UnixStream) -> io::Result<()> {
        let (reading, writing) = stream.into_split();
        let mut voice = Voice::new(writing);
        let mut line = String::new();
        let mut reading = BufReader::new(reading.take(MOST_LINE));
        timeout(PATIENCE, reading.read_line(&mut line)).await??;
        let outcome = match serde_json::from_str(&line) {
            Ok(Request::TakeOver) => return self.hand_over(&mut reading, &mut voice).await,
            Ok(request) => self.answer(request, &mut voice).await?,
            // The program on the disk is newer than the one that runs.
            Err(error) => Err(format!(
                "this server does not know what was asked for ({error}): start it anew"
            )),
        };
        voice
            .tell(&outcome.map_or_else(Reply::Failed, Reply::Done))
            .await
    }

    /// The outer result is whether the client is still there.
    async fn answer(
        &self,
        request: Request,
        voice: &mut Voice,
    ) -> io::Result<Result<String, String>> {
        // It has been told already what is so here, and would not hear of it.
        if self.estate.is_given.get() && request.is_change() {
            let text =
                "another process is taking over, and nothing was changed: ask again in a moment";
            return Ok(Err(text.to_owned()));
        }
        match request {
            Request::Renew => Ok(self.renew()),
            Request::Drain(request) => drain::drain(&self.edge, &request, voice).await,
            Request::TakeOver => Ok(Err("it was answered before".to_owned())),
            Request::Reload => self.reload(voice).await,
            Request::Resume(target) => Ok(drain::resume(&self.edge, &target)),
        }
    }

    async fn reload(&self, voice: &mut Voice) -> io::Result<Result<String, String>> {
        let changes = match self.reloader.reload() {
            Ok(changes) => changes,
            Err(error) => return Ok(Err(error.to_string())),
        };
        for change in &changes {
            voice.say(change.to_string()).await?;
        }
        let text = if changes.is_empty() {
            "nothing has changed"
        } else {
            "the new configuration is in force"
        };
        Ok(Ok(text.to_owned()))
    }

    fn renew(&self) -> Result<String, String> {
        let Some(renewal) = &self.renewal else {
            return Err("no certificates are fetched by this server".to_owned());
        };
        renewal.ask();
        Ok("a certificate is being fetched: `pendopo cert status` says how it went".to_owned())
    }
}

async fn hear(office: Rc<Office>, stream: UnixStream, _place: OwnedSemaphorePermit) {
    if let Err(error) = office.attend(stream).await {
        tracing::debug!(%error, "a question at the control socket ended early");
    }
}
