//! `GET /health`: whether the school's server can serve.

use axum::extract::State;
use axum::response::Response;
use school::Timestamp;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

use super::failures::Busy;
use super::reply;
use crate::app::AppState;
use crate::error::Error;
use crate::path;
use crate::problem::Problem;

/// A server that can serve.
#[derive(Serialize, ToSchema)]
pub(crate) struct Healthy {
    /// Always `healthy`; a server that is not answers 503.
    #[schema(pattern = "^healthy$", example = "healthy")]
    status: &'static str,
    /// When it was asked, to the second.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

/// Whether the server can serve
///
/// Every store it needs is asked, at most once a second; one that does not answer within a second is away.
/// A server that was told to end says so while it waits for others to turn away (`drain.delay`).
#[utoipa::path(
    get,
    path = path::HEALTH,
    operation_id = "show_health",
    tag = "server",
    security(()),
    responses((status = 200, description = "Every store answers.", body = Healthy), Busy)
)]
pub(crate) async fn show(State(state): State<AppState>) -> Result<Response, Error> {
    if state.shutdown.is_leaving() {
        let error = Error::new(&Problem::UNAVAILABLE, "this server is about to end");
        return Err(error.with_retry_after(Duration::from_secs(2)));
    }
    if !state.health().is_healthy(&*state.stores.health).await {
        let error = Error::new(&Problem::UNAVAILABLE, "a store does not answer");
        return Err(error.with_retry_after(Duration::from_secs(2)));
    }
    let now = state.clock.now();
    let healthy = Healthy {
        status: "healthy",
        timestamp: Timestamp(now.0 - now.0.rem_euclid(1_000_000)),
    };
    Ok(reply::json(&healthy, 64))
}
