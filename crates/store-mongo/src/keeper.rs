//! The keeper: a thread that looks after the way to the servers, and moves there what the records hold for them.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use school::StoreError;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};
use tracing::{error, warn};

use crate::link::{ANSWER_WITHIN, Link, Options, unavailable};

/// What another process wrote is moved after so long at the latest; and a server that is back is noticed.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// How long one of two who move the same stands back.
const RACED: Duration = Duration::from_millis(10);

/// What is moved.
pub(crate) trait Duty: Send + Sync + 'static {
    /// Moves a part of what waits; whether there was any.
    fn step(&self, link: &Link) -> impl Future<Output = Result<bool, Fault>> + Send;
}

/// Why nothing could be moved.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The servers can't be reached, or can't do it now.
    Away(StoreError),
    /// The records can't.
    Records(StoreError),
    /// Another keeper is doing the same, and may be further; it is not waited for.
    Raced,
    /// What the servers hold belongs to other records; only the operator can mend it.
    Foreign(String),
}

/// Why a store can't be opened, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OpenError {
    #[error("`{}`, which the address of the MongoDB server names, can't be read: {cause}", file.display())]
    File { file: PathBuf, cause: io::Error },
    #[error("a thread could not be started: {0}")]
    Thread(#[source] io::Error),
}

/// The thread and what it works on.
pub(crate) struct Keeper<D> {
    pub(crate) link: Arc<Link>,
    duty: Arc<D>,
    bell: Arc<Bell>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What wakes the thread.
#[derive(Default)]
struct Bell {
    written: Notify,
    closing: Notify,
    /// Rung once, when it is known whether the servers can be reached.
    looked: Notify,
}

impl<D: Duty> Keeper<D> {
    /// Starts the thread, and waits until it knows whether the servers can be reached.
    pub(crate) async fn start(
        options: Options,
        collection: &'static str,
        duty: D,
    ) -> Result<Self, OpenError> {
        for file in options.address.files() {
            std::fs::read(file).map_err(|cause| OpenError::File {
                file: file.to_owned(),
                cause,
            })?;
        }
        let (link, duty) = (Arc::new(Link::new(options, collection)), Arc::new(duty));
        let bell = Arc::new(Bell::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(OpenError::Thread)?;
        let (its_link, its_duty, its_bell) = (link.clone(), duty.clone(), bell.clone());
        let thread = Builder::new()
            .name(format!("mongo-{collection}"))
            .spawn(move || runtime.block_on(keep(&its_link, &*its_duty, &its_bell)))
            .map_err(OpenError::Thread)?;
        let keeper = Self {
            link,
            duty,
            bell,
            thread: Mutex::new(Some(thread)),
        };
        keeper.bell.looked.notified().await;
        Ok(keeper)
    }

    /// Something was written that is to be moved.
    pub(crate) fn poke(&self) {
        self.bell.written.notify_one();
    }

    /// Moves all that waits, beside the thread, which may do the same.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            match settle(&self.link, &*self.duty).await {
                Ok(()) => return Ok(()),
                Err(Fault::Away(error) | Fault::Records(error)) => return Err(error),
                Err(Fault::Foreign(why)) => return Err(StoreError::Corrupt(why.into())),
                Err(Fault::Raced) if begun.elapsed() < ANSWER_WITHIN => sleep(RACED).await,
                Err(Fault::Raced) => return Err(unavailable("others are moving the same")),
            }
        }
    }
}

impl<D> Keeper<D> {
    pub(crate) fn close(&self) {
        self.bell.closing.notify_one();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take()
            && thread.join().is_err()
        {
            error!("the thread that keeps MongoDB did not end well");
        }
    }
}

impl<D> Drop for Keeper<D> {
    fn drop(&mut self) {
        self.close();
    }
}

async fn settle<D: Duty>(link: &Link, duty: &D) -> Result<(), Fault> {
    while duty.step(link).await? {}
    Ok(())
}

async fn keep<D: Duty>(link: &Link, duty: &D, bell: &Bell) {
    let work = async {
        probe(link).await;
        bell.looked.notify_one();
        loop {
            look(link, duty).await;
            attend(link, duty, bell).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = bell.closing.notified() => {}
    }
}

/// Until the next look is due: what is written meanwhile is moved at once, and servers that are away are left alone.
async fn attend<D: Duty>(link: &Link, duty: &D, bell: &Bell) {
    let due = sleep(LOOKS_EVERY);
    tokio::pin!(due);
    while is_rung(&bell.written, due.as_mut()).await {
        if link.must_be_there().is_ok() {
            work_off(link, duty).await;
        }
    }
}

async fn is_rung(bell: &Notify, due: Pin<&mut Sleep>) -> bool {
    tokio::select! {
        () = due => false,
        () = bell.notified() => true,
    }
}

async fn look<D: Duty>(link: &Link, duty: &D) {
    if probe(link).await {
        work_off(link, duty).await;
    }
}

/// Whether the servers can be reached.
async fn probe(link: &Link) -> bool {
    let reached = match link.refresh().await {
        Ok(()) => link.probe().await,
        Err(error) => Err(error),
    };
    link.note(&reached);
    reached.is_ok()
}

async fn work_off<D: Duty>(link: &Link, duty: &D) {
    match settle(link, duty).await {
        Ok(()) => link.note_stuck(None),
        // Whether it is away altogether shows when it is asked for nothing.
        Err(Fault::Away(error)) => {
            if probe(link).await {
                link.note_stuck(Some(error.to_string()));
            }
        }
        Err(Fault::Records(error)) => {
            warn!(%error, "what is to be moved to MongoDB can't be read or let go");
        }
        Err(Fault::Raced) => {}
        Err(Fault::Foreign(why)) => link.note_stuck(Some(why)),
    }
}
