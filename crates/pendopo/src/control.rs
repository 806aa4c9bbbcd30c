//! The control socket: what an operator asks of the running server. It lies in the data directory, so that only the
//! user who runs the server, and root, can open it.

mod ask;
mod descriptors;
mod drain;
mod handover;
mod office;
mod socket;
mod takeover;
mod voice;

use serde::{Deserialize, Serialize};

pub(crate) use ask::{ask, is_answered};
pub(crate) use handover::Inheritance;
pub(crate) use office::{Estate, Office};
pub(crate) use socket::ControlSocket;
pub(crate) use takeover::{Predecessor, Wanted};

use crate::cli::RoleName;
use crate::data_dir::RUN;

/// What can be asked for, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Have a certificate fetched now.
    Renew,
    /// Send a target no new requests, and wait until it has answered those in flight.
    Drain(DrainRequest),
    /// Send a target requests again.
    Resume(String),
    /// Read the configuration anew, and put what differs in force.
    Reload,
    /// Hand listeners and locks over, and drain once whoever has them serves.
    TakeOver,
}

impl Request {
    /// Whether it would make this server differ from what another one was told of it.
    fn is_change(&self) -> bool {
        matches!(self, Self::Drain(_) | Self::Resume(_) | Self::Reload)
    }
}

/// Which target, and on what terms.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DrainRequest {
    pub(crate) target: String,
    /// Also if nobody is left to send requests to.
    pub(crate) force: bool,
    pub(crate) within_ms: u64,
}

/// What is answered, each as one line of JSON; the last is done or failed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Progress(String),
    Done(String),
    Failed(String),
}

/// The longest line of either side.
const MOST_LINE: u64 = 64 * 1024;

/// The socket's name in the data directory: processes that play different roles there each have one.
fn name(role: RoleName) -> String {
    format!("{RUN}/{}.sock", role.as_str())
}
