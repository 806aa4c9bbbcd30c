//! Port: levels of limits that several edges hold together.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::limit::Policy;

/// One limit of a request, as every edge knows it.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The limit's name.
    pub limit: &'a str,
    /// Whose level is raised.
    pub key: u128,
    /// By how much, and up to where.
    pub policy: &'a Policy,
}

/// A level before the request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Thousandths of a request above the rate.
    pub excess: u32,
    /// How long ago it was raised.
    pub age: Duration,
}

/// Nobody can say now what the others counted; why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

/// Where the levels are.
#[async_trait]
pub trait SharedLevels: Debug + Send + Sync {
    /// Counts one request in every claim, or in none if one of them rejects it. Answers the levels that were there before,
    /// in the order of the claims; none for a key not seen before. Answers soon, whatever happens.
    async fn count(&self, claims: &[Claim<'_>]) -> Result<Vec<Option<Found>>, Away>;
}
