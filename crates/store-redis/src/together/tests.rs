//! Who shares which read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use futures_util::FutureExt;
use futures_util::future::join_all;
use school::StoreError;
use tokio::sync::Semaphore;

use super::Together;

/// Reads that wait for leave to end, and count themselves as they begin.
#[derive(Default)]
struct House {
    reads: Arc<Together<u32>>,
    begun: Arc<AtomicU32>,
    leave: Arc<Leave>,
}

struct Leave(Semaphore);

impl Default for Leave {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl House {
    /// Asks; the answer is the number of the read.
    async fn ask(&self) -> Result<u32, StoreError> {
        let (begun, leave) = (Arc::clone(&self.begun), Arc::clone(&self.leave));
        let reading = async move {
            let number = begun.fetch_add(1, SeqCst) + 1;
            leave.0.acquire().await.expect("it is open").forget();
            match number {
                3 => Err(StoreError::Unavailable("it is away".into())),
                number => Ok(number),
            }
        };
        self.reads.read(reading).await.map(|number| *number)
    }

    fn let_end(&self, reads: usize) {
        self.leave.0.add_permits(reads);
    }
}

#[tokio::test]
async fn a_crowd_that_asks_while_a_read_is_under_way_shares_the_next_one() {
    let house = House::default();
    let mut first = Box::pin(house.ask());
    assert!(first.as_mut().now_or_never().is_none());
    let mut crowd = Box::pin(join_all((0..10).map(|_| house.ask())));
    assert!(crowd.as_mut().now_or_never().is_none());
    house.let_end(2);
    assert_eq!(first.await.unwrap(), 1);
    let answers: Vec<u32> = crowd.await.into_iter().map(Result::unwrap).collect();
    assert_eq!((answers, house.begun.load(SeqCst)), (vec![2; 10], 2));
}

#[tokio::test]
async fn nobody_is_given_an_answer_that_was_begun_before_they_asked() {
    let house = House::default();
    for number in 1..=2 {
        let mut early = Box::pin(house.ask());
        assert!(early.as_mut().now_or_never().is_none());
        assert_eq!(house.begun.load(SeqCst), number);
        house.let_end(1);
        assert_eq!(early.await.unwrap(), number);
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_shared_it_and_not_to_the_next() {
    let house = House::default();
    house.begun.store(1, SeqCst);
    let mut first = Box::pin(house.ask());
    assert!(first.as_mut().now_or_never().is_none());
    let mut crowd = Box::pin(join_all((0..3).map(|_| house.ask())));
    assert!(crowd.as_mut().now_or_never().is_none());
    house.let_end(3);
    assert_eq!(first.await.unwrap(), 2);
    for told in crowd.await {
        assert!(told.unwrap_err().to_string().contains("it is away"));
    }
    assert_eq!(house.ask().await.unwrap(), 4);
}

#[tokio::test]
async fn those_who_leave_keep_nobody_waiting() {
    let house = House::default();
    let mut running = Box::pin(house.ask());
    assert!(running.as_mut().now_or_never().is_none());
    let mut waiting = Box::pin(house.ask());
    assert!(waiting.as_mut().now_or_never().is_none());
    drop((running, waiting));
    house.let_end(1);
    assert_eq!(house.ask().await.unwrap(), 2);
}
