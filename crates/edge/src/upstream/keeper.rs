//! What goes on beside the requests: names are looked up, targets are checked.

use std::net::SocketAddr;
use std::sync::Arc;

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
