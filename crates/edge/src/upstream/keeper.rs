//! What goes on beside the requests: names are looked up, targets are checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use lifecycle::Shutdown;

use super::{Upstream, check, resolve};

/// Looks after the upstreams until the end.
pub(crate) async fn keep(
    upstreams: Vec<Arc<Upstream>>,
    name_server: Option<SocketAddr>,
    mut shutdown: Shutdown,
) -> Result<(), String> {
    let all = join_all(upstreams.iter().map(|upstream| {
        join(
            resolve::watch(upstream, name_server),
            check::watch(upstream),
        )
    }));
    tokio::select! {
        _ = all => shutdown.ending().await,
        () = shutdown.draining() => {}
    }
    Ok(())
}

/// The time a fifth longer or shorter, by chance, so that many edges do not ask in step.
pub(super) fn varied(time: Duration) -> Duration {
    // Without random numbers there is no TLS either; the time as it is will do.
    let draw = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    time.mul_f64(0.8 + 0.4 * draw)
}
