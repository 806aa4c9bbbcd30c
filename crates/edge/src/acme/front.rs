//! What others hold of the task: requests, handshakes, reloads, and whoever wants a certificate fetched.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::challenges::Challenges;
use super::standing::Standing;
use super::terms::Terms;

/// What requests, handshakes and reloads need of it.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) challenges: Challenges,
    pub(crate) standing: Arc<Standing>,
    /// Where other terms are put in force.
    pub(crate) terms: watch::Sender<Arc<Terms>>,
}

/// Has a certificate fetched at once, whatever the pause after a failure and whether one is due. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Renewal(pub(super) Arc<Notify>);

impl Renewal {
    /// Asks for it; how it went is seen in the facts. Asking again before it is begun is asking once.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}
