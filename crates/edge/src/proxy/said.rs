//! What a request says beside what its plain form says.

use http::request::Parts;

use super::headers::Told;
use super::manner::Manner;
use super::upgrade::{Asked, Wish};
use crate::error::{self, Refusal};

/// What a request said of its way here and of what shall follow it, which its plain form no longer says.
pub(crate) struct Said {
    pub(super) told: Option<Told>,
    wish: Option<Box<Wish>>,
}

impl Said {
    /// Forwarded headers count only from a trusted proxy.
    pub(crate) fn read(head: &mut Parts, is_trusted: bool) -> Self {
        Self {
            told: is_trusted.then(|| Told::read(&head.headers)),
            wish: Wish::read(head).map(Box::new),
        }
    }

    /// Asks the target for what the client wishes; there is no such way from HTTP/2.
    pub(super) fn ask(
        self,
        head: &mut Parts,
        manner: &Manner,
    ) -> Result<Option<Asked>, &'static Refusal> {
        match self.wish {
            Some(wish) if manner.is_http2() && wish.is_stream() => Err(&error::NO_TUNNEL),
            Some(wish) if !manner.is_http2() => Ok(Some(wish.ask(head))),
            _ => Ok(None),
        }
    }
}
