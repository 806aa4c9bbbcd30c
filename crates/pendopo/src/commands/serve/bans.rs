//! Bans in force at the edge of this process, from wherever they are kept.

use std::convert::Infallible;
use std::future::pending;

use edge::Control;

use super::Server;
use crate::cli::RoleName;

/// Why an edge by itself has none.
const NOWHERE: &str = "this process plays `edge` alone, which must not open the records";

/// Never ends. To be begun once the stores are open.
pub(super) async fn held(server: &Server, edge: &Control) -> Infallible {
    if !server.roles.contains(&RoleName::Edge) {
        return pending().await;
    }
    let Some(opened) = server.opened.get() else {
        tracing::warn!("no bans are in force here: {NOWHERE}; play `edge,web` in one process");
        edge.has_no_bans(NOWHERE);
        return pending().await;
    };
    edge.follow_bans(opened.bans.clone()).await
}
