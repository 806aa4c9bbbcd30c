//! Bans in force at the edge of this process, from wherever they are kept.

use std::convert::Infallible;
use std::future::pending;

use edge::Control;

use super::Server;
use crate::cli::RoleName;
use crate::stores;

/// Why an edge by itself has none.
const NOWHERE: &str = "this process plays `edge` alone, which must not open the records: name a Redis server in `store.bans`";

/// Never ends. To be begun once the stores are open.
pub(super) async fn held(server: &Server, edge: &Control) -> Infallible {
    if !server.roles.contains(&RoleName::Edge) {
        return pending().await;
    }
    let of_stores = server.opened.get().map(|opened| opened.bans.clone() as _);
    let source = of_stores.or_else(|| stores::bans_to_read(&server.config.store));
    let Some(source) = source else {
        tracing::warn!("no bans are in force here: {NOWHERE}");
        edge.has_no_bans(NOWHERE);
        return pending().await;
    };
    edge.follow_bans(source).await
}
