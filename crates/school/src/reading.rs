//! For whom something is read: who has just written must find it, whichever copy of the store they are shown.

tokio::task_local! {
    static READER: Option<Reader>;
}

/// Somebody who reads and writes, told from others by a number that stands for what they sent to say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reader(pub u64);

impl Reader {
    /// Does something for this reader, who may be shown a copy that lags a moment behind.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        READER.scope(Some(self), work).await
    }

    /// For whom the present task works; `None` where a copy will not do.
    pub fn present() -> Option<Self> {
        READER.try_with(|reader| *reader).ok().flatten()
    }
}

/// Does something for which a copy will not do, whoever it is done for.
pub async fn newest<F: Future>(work: F) -> F::Output {
    READER.scope(None, work).await
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    fn present() -> impl Future<Output = Option<Reader>> {
        poll_fn(|_| Poll::Ready(Reader::present()))
    }

    #[tokio::test]
    async fn work_knows_for_whom_it_is_done() {
        assert_eq!(present().await, None);
        let ani = Reader(7);
        assert_eq!(ani.scope(present()).await, Some(ani));
        assert_eq!(ani.scope(newest(present())).await, None);
        assert_eq!(present().await, None);
    }
}
