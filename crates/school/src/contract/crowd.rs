//! Many who ask at once.

use tokio::task::JoinSet;

/// How many.
pub(super) const CROWD: usize = 64;

/// Starts one task for each number below [`CROWD`] and waits for all; answers in any order.
pub(super) async fn crowd<F, T>(each: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: JoinSet<T> = (0..CROWD).map(each).collect();
    tasks.join_all().await
}
