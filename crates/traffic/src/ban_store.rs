//! Ports: where bans are kept, for those who make them and for those who hold them in force.

use std::error::Error;
use std::fmt::Debug;
use std::net::IpAddr;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ban::{Ban, MOST_BANS};
use crate::network::Network;

/// How far a list of bans has come: another number means another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanState(pub i64);

/// Every ban that has not ended, in no order, and the state that it is of.
pub type BansFound = (BanState, Vec<Ban>);

/// Why bans could not be read or written. Nothing of a failed write remains.
#[derive(Debug, thiserror::Error)]
pub enum BanError {
    /// The network's ban is not, or no longer, the one that was to be changed.
    #[error("the ban was changed by somebody else: look at the list, and try again")]
    Stale,
    /// No more are held.
    #[error(
        "{MOST_BANS} bans are in force, and no more are held: remove some, or ban wider networks"
    )]
    Full,
    /// The store can't answer now, or has no room; trying again later may help.
    #[error("the bans are not available: {0}")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// The store answered what it never should.
    #[error("the bans are damaged: {0}")]
    Damaged(#[source] Box<dyn Error + Send + Sync>),
}

/// Who changes bans, as the audit trail tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// An actor's name, such as `console`.
    pub name: String,
    /// From where they ask.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request_id: Option<String>,
}

/// What holds bans in force reads them here.
#[async_trait]
pub trait BanSource: Debug + Send + Sync {
    /// Every ban in force; `None` while the list is still of this state. Cheap then.
    async fn changes(
        &self,
        since: Option<BanState>,
        now: Timestamp,
    ) -> Result<Option<BansFound>, BanError>;

    /// Every ban in force, in the order of their networks.
    async fn list(&self, now: Timestamp) -> Result<Vec<Ban>, BanError> {
        let found = self.changes(None, now).await?;
        let mut bans = found.map(|(_, bans)| bans).unwrap_or_default();
        bans.sort_unstable_by_key(|ban| ban.network);
        Ok(bans)
    }
}

/// Bans that can be changed. Each change carries its entry of the audit trail, with the ban before and after, and answers
/// its number: those of one store rise.
#[async_trait]
pub trait BanStore: BanSource {
    /// The ban of exactly this network, if one is in force.
    async fn find(&self, network: Network, now: Timestamp) -> Result<Option<Ban>, BanError>;

    /// Puts the ban in force, in the place of `before`; [`BanError::Stale`] if that is not what stands there. The change
    /// is of the time since when the ban is.
    async fn put(&self, ban: &Ban, before: Option<&Ban>, author: &Author) -> Result<i64, BanError>;

    /// Takes the ban away; [`BanError::Stale`] if it is not what stands there.
    async fn remove(&self, ban: &Ban, author: &Author, at: Timestamp) -> Result<i64, BanError>;
}
