//! Waiting for a store that is away, for as long as it takes.

use anyhow::{Error, anyhow};
use lifecycle::{Part, Pauses};
use school::StoreError;
use school::people::PeopleError;
use school::tokens::TokenError;
use store::OpenError;
use tokio::time::sleep;

/// Why a store can't be opened.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It can't be reached now; later it may be.
    Away(String),
    /// Waiting does not help: somebody must change something.
    Wrong(Error),
}

impl Trouble {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Away(why) => anyhow!(why),
            Self::Wrong(error) => error,
        }
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Away { .. } => Self::Away(error.to_string()),
            other => Self::Wrong(other.into()),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if is_away(&error) {
            Self::Away(format!("{error:#}"))
        } else {
            Self::Wrong(error)
        }
    }
}

/// Tries until it succeeds, with pauses that grow, and says on `/readyz` and in the log why it waits.
pub(crate) async fn when_there<T>(
    part: &Part,
    attempt: impl AsyncFn() -> Result<T, Trouble>,
) -> Result<T, Error> {
    let (mut pauses, mut told) = (Pauses::default(), String::new());
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(Trouble::Wrong(error)) => return Err(error),
            Err(Trouble::Away(why)) => {
                if why != told {
                    tracing::warn!("waiting for a store: {why}");
                }
                part.waiting(why.clone());
                told = why;
            }
        }
        sleep(pauses.longer()).await;
    }
}

/// Whether the failure is that a store can't be reached.
fn is_away(error: &Error) -> bool {
    let is_store_away = |error: &StoreError| matches!(error, StoreError::Unavailable(_));
    error.chain().any(|cause| {
        let own = cause.downcast_ref::<StoreError>();
        let of_people = match cause.downcast_ref::<PeopleError>() {
            Some(PeopleError::Store(error)) => Some(error),
            _ => None,
        };
        let of_tokens = match cause.downcast_ref::<TokenError>() {
            Some(TokenError::Store(error)) => Some(error),
            _ => None,
        };
        own.or(of_people).or(of_tokens).is_some_and(is_store_away)
    })
}
