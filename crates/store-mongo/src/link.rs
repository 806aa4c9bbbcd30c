//! The way to the servers: a client of the driver, made anew when a secret or a certificate changed; deadlines; who is away.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::options::{
    Acknowledgment, ClientOptions, CollectionOptions, ReadConcern, ReadPreference,
    SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Collection};
use school::StoreError;
use tokio::time::timeout;
use tracing::{error, info};

use crate::address::Address;
use crate::failure::store_error;

/// A connection is made, and a server in charge found, within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// A question, or a write with its acknowledgment by most servers, takes no longer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A server that is well says so within this time.
const CHECK_WITHIN: Duration = Duration::from_secs(1);
/// Each has a connection while it asks.
const MOST_CONNECTIONS: u32 = 32;

/// How the servers are reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// The servers and the database.
    pub address: Address,
    /// The password of the address's user, if it has one.
    pub password: lifecycle::Password,
}

/// What is known of the servers, for the status page and `pendopo doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The engine's name.
    pub engine: &'static str,
    /// The engine's version; empty until a server has told it.
    pub version: String,
    /// The address.
    pub database: String,
    /// Why nothing can be read, or why nothing is moved; `None` if all is well.
    pub trouble: Option<String>,
}

/// The client and what was found with it.
pub(crate) struct Link {
    options: Options,
    collection: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client: Option<Client>,
    /// What the client was made of, as a number: no secret is kept to compare with.
    made_of: u64,
    version: String,
    /// Why the servers are away.
    away: Option<String>,
    /// Why nothing is moved, though the servers are there.
    stuck: Option<String>,
}

impl Link {
    pub(crate) fn new(options: Options, collection: &'static str) -> Self {
        Self {
            options,
            collection,
            state: Mutex::default(),
        }
    }

    /// Makes the client, or makes it anew when a file that it was made of has changed. On the keeper's runtime, which
    /// the driver's own tasks need.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let password = self.options.password.read().map_err(unavailable)?;
        let files = self.options.address.files();
        let made_of = digest(password.as_ref(), &files);
        if self.with(|state| state.client.is_some() && state.made_of == made_of) {
            return Ok(());
        }
        let client = self.client_of(password).await.map_err(store_error)?;
        let renewed = self.with(|state| {
            state.made_of = made_of;
            state.client.replace(client).is_some()
        });
        if renewed {
            info!("the password or a certificate for MongoDB changed, and new connections use it");
        }
        Ok(())
    }

    async fn client_of(&self, password: Option<secrecy::SecretString>) -> Result<Client, Error> {
        let mut options = ClientOptions::parse(self.options.address.connection.clone()).await?;
        if let (Some(credential), Some(password)) = (&mut options.credential, password) {
            credential.password = Some(secrecy::ExposeSecret::expose_secret(&password).to_owned());
        }
        options.app_name.get_or_insert_with(|| "pendopo".to_owned());
        options.server_selection_timeout = Some(CONNECT_WITHIN);
        options.connect_timeout = Some(CONNECT_WITHIN);
        options.max_pool_size.get_or_insert(MOST_CONNECTIONS);
        Client::with_options(options)
    }

    /// The collection: what is written is on most servers' disks, and what is read was.
    pub(crate) fn collection<T: Send + Sync>(&self) -> Result<Collection<T>, StoreError> {
        let client = self.client()?;
        let options = CollectionOptions::builder()
            .read_concern(ReadConcern::majority())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .write_concern(
                WriteConcern::builder()
                    .w(Acknowledgment::Majority)
                    .journal(true)
                    .w_timeout(ANSWER_WITHIN)
                    .build(),
            )
            .build();
        let database = client.database(self.options.address.database());
        Ok(database.collection_with_options(self.collection, options))
    }

    /// Gives the collection another name in the same database.
    pub(crate) async fn rename(&self, name: &str) -> Result<(), Error> {
        let client = self.client().map_err(Error::custom)?;
        let database = self.options.address.database();
        let command = doc! {
            "renameCollection": format!("{database}.{}", self.collection),
            "to": format!("{database}.{name}"),
        };
        client
            .database("admin")
            .run_command(command)
            .await
            .map(drop)
    }

    /// Fails at once while the servers are known to be away: the keeper finds out when they are back.
    fn client(&self) -> Result<Client, StoreError> {
        self.must_be_there()?;
        let client = self.with(|state| state.client.clone());
        client.ok_or_else(|| unavailable("nothing is known yet of the MongoDB server"))
    }

    pub(crate) fn must_be_there(&self) -> Result<(), StoreError> {
        match self.with(|state| state.away.clone()) {
            None => Ok(()),
            Some(why) => Err(unavailable(why)),
        }
    }

    /// A server in charge answers now, and lets us in.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        let client = self.client()?;
        let database = client.database(self.options.address.database());
        match timeout(CHECK_WITHIN, database.run_command(doc! { "ping": 1 })).await {
            Ok(answer) => answer.map(|_| ()).map_err(store_error),
            Err(_) => Err(unavailable(
                "the MongoDB server did not answer within a second",
            )),
        }
    }

    /// Asks even while the servers are thought to be away: on their answer hangs whether they still are.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let client = self.with(|state| state.client.clone());
        let client = client.ok_or_else(|| unavailable("there is no client"))?;
        let database = client.database(self.options.address.database());
        let asked = async {
            let answer = database.run_command(doc! { "buildInfo": 1 }).await?;
            // What needs a right is asked as well: a server lets strangers ask for its version.
            let rights = doc! { "find": self.collection, "limit": 1, "singleBatch": true };
            database.run_command(rights).await?;
            Ok(answer.get_str("version").unwrap_or_default().to_owned())
        };
        let version = within(asked).await?;
        self.with(|state| state.version = version);
        Ok(())
    }

    /// Notes how the last attempt to reach the servers went.
    pub(crate) fn note(&self, reached: &Result<(), StoreError>) {
        let away = reached.as_ref().err().map(away);
        self.with(|state| state.away = away);
    }

    /// Notes why nothing is moved, though the servers are there.
    pub(crate) fn note_stuck(&self, why: Option<String>) {
        let before = self.with(|state| std::mem::replace(&mut state.stuck, why.clone()));
        if let (true, Some(error)) = (before != why, why) {
            error!(error, address = %self.options.address, "nothing is moved to MongoDB");
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.with(|state| Status {
            engine: "MongoDB",
            version: state.version.clone(),
            database: self.options.address.to_string(),
            trouble: state.away.clone().or_else(|| state.stuck.clone()),
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Waits no longer than a question may take.
pub(crate) async fn within<T>(
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, StoreError> {
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(answer) => answer.map_err(store_error),
        Err(_) => Err(unavailable("the MongoDB server did not answer in time")),
    }
}

/// The cause alone, which is said again with each answer.
fn away(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

pub(crate) fn unavailable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(why.into())
}

fn digest(password: Option<&secrecy::SecretString>, files: &[&Path]) -> u64 {
    let mut hasher = DefaultHasher::new();
    password
        .map(secrecy::ExposeSecret::expose_secret)
        .hash(&mut hasher);
    for file in files {
        // One that can't be read is told of by the driver.
        fs::read(file).ok().hash(&mut hasher);
    }
    hasher.finish()
}
