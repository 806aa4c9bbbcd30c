//! What goes on beside the requests: names are looked up, targets are checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use lifecycle::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Upstream, check, resolve};

/// Whom to look after, and whom to ask for names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charge {
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    pub(crate) name_server: Option<SocketAddr>,
}

/// One upstream that is looked after; dropping it ends that.
struct Ward {
    upstream: Arc<Upstream>,
    name_server: Option<SocketAddr>,
    _tasks: JoinSet<()>,
}

/// Looks after the upstreams until the end; those that stay when the charge changes notice nothing.
pub(crate) async fn keep(
    mut charge: watch::Receiver<Charge>,
    mut shutdown: Shutdown,
) -> Result<(), String> {
    let mut wards: Vec<Ward> = Vec::new();
    loop {
        let Charge {
            upstreams,
            name_server,
        } = charge.borrow_and_update().clone();
        wards.retain(|ward| {
            let is_own = |upstream: &Arc<Upstream>| Arc::ptr_eq(upstream, &ward.upstream);
            ward.name_server == name_server && upstreams.iter().any(is_own)
        });
        for upstream in upstreams {
            let is_own = |ward: &Ward| Arc::ptr_eq(&upstream, &ward.upstream);
            if !wards.iter().any(is_own) {
                wards.push(Ward::new(upstream, name_server));
            }
        }
        tokio::select! {
            changed = charge.changed() => if changed.is_err() {
                // Nobody is left who could change it.
                shutdown.draining().await;
                return Ok(());
            },
            () = shutdown.draining() => return Ok(()),
        }
    }
}

impl Ward {
    fn new(upstream: Arc<Upstream>, name_server: Option<SocketAddr>) -> Self {
        let mut tasks = JoinSet::new();
        let own = Arc::clone(&upstream);
        tasks.spawn(async move {
            join(resolve::watch(&own, name_server), check::watch(&own)).await;
        });
        Self {
            upstream,
            name_server,
            _tasks: tasks,
        }
    }
}

/// The time a fifth longer or shorter, by chance, so that many edges do not ask in step.
pub(super) fn varied(time: Duration) -> Duration {
    // Without random numbers there is no TLS either; the time as it is will do.
    let draw = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    time.mul_f64(0.8 + 0.4 * draw)
}
