//! Named values that every replica shares, such as the key that signs cursors.

use async_trait::async_trait;

use crate::store_error::StoreError;

/// Port: settings by name.
#[async_trait]
pub trait SettingStore: Send + Sync {
    /// The value, if there is one.
    async fn find(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps `value` unless the name has one already; answers the one that is kept, so that replicas that start
    /// together agree.
    async fn find_or_insert(
        &self,
        name: &'static str,
        value: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError>;
}
