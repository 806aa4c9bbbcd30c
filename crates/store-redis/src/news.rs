//! News of changed people, as they come: a connection of its own that listens, and asks again and again whether it still
//! stands.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lifecycle::Pauses;
use redis::aio::PubSub;
use redis::{RedisError, RedisResult};
use school::PersonId;
use tokio::time::{interval, sleep, timeout};
use tracing::{info, warn};

use crate::connection::Server;
use crate::failure;
use crate::keys;
use crate::near::Near;

/// A way that is silent for longer is taken to be broken.
const ASKED_EVERY: Duration = Duration::from_millis(250);
const ANSWERED_WITHIN: Duration = Duration::from_millis(250);

/// Hands news to the cache, and says when none come. Never ends.
pub(crate) async fn listen(server: Arc<Server>, near: Arc<Near>) {
    let mut pauses = Pauses::default();
    let mut is_told = true;
    loop {
        let error = match server.listen().await {
            Ok(listening) => {
                pauses = Pauses::default();
                is_told = true;
                info!("people are kept near for a moment: news of changes come");
                near.set_told(true);
                let error = hear(listening, &near).await;
                near.set_told(false);
                error
            }
            Err(error) => error,
        };
        if is_told {
            warn!(
                error = failure::told(&error),
                "people are kept near no more: no news of changes come"
            );
            is_told = false;
        }
        sleep(pauses.longer()).await;
    }
}

/// Until the way breaks.
async fn hear(listening: PubSub, near: &Near) -> RedisError {
    let mut ask = interval(ASKED_EVERY);
    let (mut asking, mut news) = listening.split();
    loop {
        tokio::select! {
            message = news.next() => match message {
                Some(message) => match message.get_payload::<PersonId>() {
                    Ok(id) => near.forget(id),
                    Err(error) => return error,
                },
                None => return broken(),
            },
            _ = ask.tick() => match timeout(ANSWERED_WITHIN, asking.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error,
                Err(_) => return broken(),
            },
        }
    }
}

fn broken() -> RedisError {
    std::io::Error::other("the server is silent").into()
}

impl Server {
    /// A connection that hears of changes.
    async fn listen(&self) -> RedisResult<PubSub> {
        let client = self.client().await?;
        let mut listening = timeout(crate::connection::CONNECT_WITHIN, client.get_async_pubsub())
            .await
            .unwrap_or_else(|_| Err(broken()))?;
        listening.subscribe(keys::NEWS).await?;
        Ok(listening)
    }
}
