//! A deadline that is moved away again and again, and seldom comes: its timer is touched only when it fires.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that goes off no later than what it waits for, and is then set anew. It is made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes; absent until it is asked, and again once it was moved.
    told: Option<Waker>,
}

impl Patience {
    /// Ready when the time has come; until then the task is woken at the latest then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if until < sleep.deadline() {
            sleep.as_mut().reset(until);
            self.told = None;
        }
        loop {
            ready!(ask(sleep.as_mut(), &mut self.told, cx));
            if until <= sleep.deadline() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}

/// The timer is asked only once for each time that it is set: to tell it the same again takes ten times as long as to see
/// that it has not gone off. It is asked past the task's budget: of a task that is to let others have their turn, it
/// would take no note of whom to wake.
fn ask(sleep: Pin<&mut Sleep>, told: &mut Option<Waker>, cx: &mut Context<'_>) -> Poll<()> {
    let knows = |told: &Waker| told.will_wake(cx.waker());
    if told.as_ref().is_some_and(knows) && !sleep.is_elapsed() {
        return Poll::Pending;
    }
    let outcome = pin!(unconstrained(sleep)).poll(cx);
    *told = outcome.is_pending().then(|| cx.waker().clone());
    outcome
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_deadline_comes_when_it_was_last_said_to_come() {
        let (began, mut patience) = (Instant::now(), Patience::default());
        let after = |ms| began + Duration::from_millis(ms);
        let mut said = [10, 40, 20].into_iter().map(after);
        let mut until = began;
        // Each time that somebody looks, another deadline counts.
        poll_fn(|cx| {
            until = said.next().unwrap_or(until);
            patience.poll(cx, until)
        })
        .await;
        assert!(Instant::now() >= after(40));
        poll_fn(|cx| patience.poll(cx, after(60))).await;
        assert!(Instant::now() >= after(60));
    }
}
