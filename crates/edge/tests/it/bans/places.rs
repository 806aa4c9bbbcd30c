//! A store of bans that a test fills by hand, and an edge that follows it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::oneshot;
use traffic::ban_store::{BanState, BansFound};
use traffic::{Ban, BanError, BanSource};

use crate::house::House;

/// The store; dropped, nobody follows it any more.
pub(crate) struct Kept {
    store: Arc<Store>,
    stop: Option<oneshot::Sender<()>>,
    following: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Store(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    bans: Vec<Ban>,
    state: i64,
    is_away: bool,
}

impl Kept {
    pub(crate) fn followed_by(house: &House) -> Self {
        let store = Arc::<Store>::default();
        let (control, source) = (house.control.clone(), store.clone());
        let (stop, stopped) = oneshot::channel();
        let following = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    never = control.follow_bans(source) => match never {},
                    _ = stopped => {}
                }
            });
        });
        Self {
            store,
            stop: Some(stop),
            following: Some(following),
        }
    }

    pub(crate) fn set(&self, bans: impl IntoIterator<Item = Ban>) {
        let mut held = self.store.lock();
        held.bans = bans.into_iter().collect();
        held.state += 1;
    }

    pub(crate) fn go_away(&self) {
        self.store.lock().is_away = true;
    }

    pub(crate) fn come_back(&self, bans: impl IntoIterator<Item = Ban>) {
        self.set(bans);
        self.store.lock().is_away = false;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.stop.take();
        self.following.take().map(JoinHandle::join);
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl BanSource for Store {
    async fn changes(
        &self,
        since: Option<BanState>,
        now: Timestamp,
    ) -> Result<Option<BansFound>, BanError> {
        let held = self.lock();
        if held.is_away {
            return Err(BanError::Away("the test says so".into()));
        }
        let state = BanState(held.state);
        let bans = held.bans.iter().filter(|ban| ban.is_in_force(now)).cloned();
        Ok((since != Some(state)).then(|| (state, bans.collect())))
    }
}
