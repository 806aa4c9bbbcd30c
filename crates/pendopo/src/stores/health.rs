//! The health of all stores together: good when each is.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use school::StoreError;
use school::stores::StoreHealth;

/// Several stores as one.
pub(super) struct Every(Vec<Arc<dyn StoreHealth>>);

impl Every {
    /// The one itself, where there is only one.
    pub(super) fn of(each: impl Iterator<Item = Arc<dyn StoreHealth>>) -> Arc<dyn StoreHealth> {
        let mut each: Vec<_> = each.collect();
        match each.len() {
            1 => each.remove(0),
            _ => Arc::new(Self(each)),
        }
    }
}

#[async_trait]
impl StoreHealth for Every {
    async fn check(&self) -> Result<(), StoreError> {
        try_join_all(self.0.iter().map(|one| one.check())).await?;
        Ok(())
    }
}
