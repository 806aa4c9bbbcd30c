//! Asking every replica again and again how far it has come, on a thread of its own.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use futures_util::future::join_all;
use school::StoreError;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use super::positions::Position;
use super::{POSITION, State, WITHIN};
use crate::engine::Query;
use crate::open_error::OpenError;
use crate::postgres::reader::Reader;
use crate::value::{Row, corrupt, values};

/// How often replicas are asked. Whoever wrote reads from the server in charge at least until the next time.
const EVERY: Duration = Duration::from_millis(200);
/// The server in charge is asked each so many times: what others wrote is seen after about twice as long at the latest.
const FLOOR_EVERY: u32 = 5;

/// Ends the thread when it goes away.
#[derive(Debug)]
pub(super) struct Watching {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    pub(super) fn start(state: Arc<State>, primary: Arc<Reader>) -> Result<Self, OpenError> {
        let (end, ended) = channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(OpenError::Thread)?;
        let thread = Builder::new()
            .name("store-replicas".to_owned())
            .spawn(move || runtime.block_on(watch(&state, &primary, ended)))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that watches replicas did not end well");
        }
    }
}

async fn watch(state: &State, primary: &Reader, mut ended: Receiver<()>) {
    let look = async {
        let mut before = None;
        for turn in 0_u32.. {
            if turn.is_multiple_of(FLOOR_EVERY) {
                before = advance(state, primary, before).await;
            }
            join_all(state.each.iter().map(|replica| async {
                replica.tell(position(&replica.reader).await);
            }))
            .await;
            sleep(EVERY).await;
        }
    };
    tokio::select! {
        // The only change is the end.
        _ = ended.changed() => {}
        () = look => {}
    }
}

/// While the server in charge is away, what replicas show is as new as it gets.
async fn advance(state: &State, primary: &Reader, before: Option<Position>) -> Option<Position> {
    let Ok(now) = position(primary).await else {
        return before;
    };
    if let Some(before) = before {
        state.writes.advance(before, now);
    }
    Some(now)
}

async fn position(server: &Reader) -> Result<Position, StoreError> {
    let asked = Query::new(POSITION, values![]);
    let silent = |_| StoreError::Unavailable("it does not answer within a second".into());
    let rows = timeout(WITHIN, server.read(&asked))
        .await
        .map_err(silent)??;
    position_of(rows)
}

/// What a server answered who was asked for its position.
pub(in crate::postgres) fn position_of(rows: Vec<Row>) -> Result<Position, StoreError> {
    let nowhere = || corrupt("the server does not say how far it has come");
    let first = rows.into_iter().next().ok_or_else(nowhere)?.int()?;
    Position::try_from(first).map_err(|_| nowhere())
}
