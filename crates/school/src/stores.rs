//! Every port the school needs, as its operations receive them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::AuditStore;
use crate::messages::MessageStore;
use crate::people::PeopleStore;
use crate::sessions::SessionStore;
use crate::settings::SettingStore;
use crate::store_error::StoreError;
use crate::tokens::TokenStore;

/// The ports; cheap to clone.
#[derive(Clone)]
pub struct Stores {
    /// People.
    pub people: Arc<dyn PeopleStore>,
    /// API tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// Sessions of browsers.
    pub sessions: Arc<dyn SessionStore>,
    /// Messages.
    pub messages: Arc<dyn MessageStore>,
    /// The audit trail, to read.
    pub audit: Arc<dyn AuditStore>,
    /// Settings.
    pub settings: Arc<dyn SettingStore>,
    /// Each store's own health.
    pub health: Arc<dyn StoreHealth>,
}

/// Port: whether a store can answer.
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// Asks the store something cheap that needs it alive, written side included.
    async fn check(&self) -> Result<(), StoreError>;
}
