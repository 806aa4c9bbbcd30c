//! Reads that share an answer: whoever asks while one is under way waits for the next, which begins after all of them asked.
//!
//! So nobody is shown what is older than their question, and a crowd costs the server one read at a time.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use school::StoreError;

type Answer<T> = Result<Arc<T>, Arc<StoreError>>;
type Next<T> = Shared<BoxFuture<'static, Answer<T>>>;

/// One kind of read.
pub(crate) struct Together<T> {
    /// The read that has not begun yet, which may still be joined.
    next: Mutex<Option<Next<T>>>,
    /// Whoever reads.
    turn: tokio::sync::Mutex<()>,
}

impl<T: Send + Sync + 'static> Together<T> {
    /// What a read gives that begins from now on. `reading` is not polled where there is one to join.
    pub(crate) async fn read<F>(self: &Arc<Self>, reading: F) -> Result<Arc<T>, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let joined = {
            let mut next = self.next();
            let begin = || Arc::clone(self).begin(reading).boxed().shared();
            next.get_or_insert_with(begin).clone()
        };
        joined.await.map_err(|error| again(&error))
    }

    async fn begin<F>(self: Arc<Self>, reading: F) -> Answer<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let _turn = self.turn.lock().await;
        // Who asks from here on asks too late for this one.
        drop(self.next().take());
        reading.await.map(Arc::new).map_err(Arc::new)
    }

    fn next(&self) -> MutexGuard<'_, Option<Next<T>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Together<T> {
    fn default() -> Self {
        Self {
            next: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<T> fmt::Debug for Together<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}

/// The failure once more, for each of those who shared it.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Corrupt(cause) => StoreError::Corrupt(cause.to_string().into()),
        StoreError::Unavailable(cause) => StoreError::Unavailable(cause.to_string().into()),
        other => StoreError::Unavailable(other.to_string().into()),
    }
}

#[cfg(test)]
mod tests;
