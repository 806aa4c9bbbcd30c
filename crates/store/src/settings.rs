//! The port of settings, in SQL, and the store's health.

use async_trait::async_trait;
use school::StoreError;
use school::settings::SettingStore;
use school::stores::StoreHealth;

use crate::engine::{Engine, Query, Sql};
use crate::unit::{Expect, Unit};
use crate::value::{corrupt, values};

const FIND: &str = "SELECT value FROM setting WHERE name = $1";
const INSERT: &str =
    "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

#[async_trait]
impl<E: Engine> SettingStore for Sql<E> {
    async fn find(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.first(Query::new(FIND, values![name]), |mut row| row.bytes())
            .await
    }

    async fn find_or_insert(
        &self,
        name: &'static str,
        value: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        if let Some(kept) = SettingStore::find(self, name).await? {
            return Ok(kept);
        }
        let unit = Unit::untold().then(INSERT, values![name, value], Expect::Any);
        self.done(unit).await?;
        let kept = SettingStore::find(self, name).await?;
        kept.ok_or_else(|| corrupt("a setting was not kept"))
    }
}

#[async_trait]
impl<E: Engine> StoreHealth for Sql<E> {
    async fn check(&self) -> Result<(), StoreError> {
        self.engine.check().await
    }
}
