//! An opened server: the ports it serves, and what has to run beside them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lifecycle::Password;
use redis::cmd;
use school::audit::AuditStore;
use school::messages::MessageStore;
use school::people::PeopleStore;
use school::sessions::SessionStore;
use school::stores::StoreHealth;
use school::{StoreError, Stores};
use tokio::time::timeout;
use traffic::{BanSource, BanStore, SharedLevels};

use crate::address::Address;
use crate::bans::{BanReader, Bans};
use crate::endings::Endings;
use crate::levels::Levels;
use crate::messages::{Messages, Newest};
use crate::near::{Near, NearPeople};
use crate::news;
use crate::people::People;
use crate::sessions::Sessions;
use crate::shared::Shared;
use crate::status::Status;
use crate::untold::Untold;

/// A check has so long.
const CHECK_WITHIN: Duration = Duration::from_secs(1);

/// A server, by its address; cheap to clone. Connections are made when they are needed.
#[derive(Debug, Clone)]
pub struct Redis {
    pub(crate) shared: Arc<Shared>,
    /// What it said of itself the last time.
    status: Arc<Mutex<Status>>,
}

impl Redis {
    /// The server at this address, whether it is there or not.
    pub fn at(address: Address, password: Password) -> Self {
        Self {
            shared: Arc::new(Shared::new(address, password)),
            status: Arc::default(),
        }
    }

    /// What the server said of itself at the last check.
    pub fn status(&self) -> Status {
        let status = self.status.lock();
        status.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The stores with their messages here, the newest `most` of them, and what has to run beside; it never ends.
    pub fn with_messages(
        &self,
        stores: Stores,
        most: u32,
    ) -> (Stores, impl Future<Output = ()> + Send + 'static) {
        let untold = Untold::new(self.shared.clone(), stores.audit.clone());
        let messages: Arc<dyn MessageStore> = Arc::new(Messages {
            shared: self.shared.clone(),
            people: stores.people.clone(),
            newest: Newest::default(),
            untold: untold.clone(),
            most,
        });
        let stores = Stores { messages, ..stores };
        (stores, untold.keep_telling())
    }

    /// The stores with their sessions here, and what has to run beside; it never ends.
    pub fn with_sessions(
        &self,
        stores: Stores,
    ) -> (Stores, impl Future<Output = ()> + Send + 'static) {
        let untold = Untold::new(self.shared.clone(), stores.audit.clone());
        let endings = Endings::new(self.shared.clone(), stores.people.clone());
        let sessions: Arc<dyn SessionStore> = Arc::new(Sessions {
            shared: self.shared.clone(),
            people: stores.people.clone(),
            endings: endings.clone(),
            untold: untold.clone(),
        });
        let people: Arc<dyn PeopleStore> = Arc::new(People {
            records: stores.people,
            endings: endings.clone(),
        });
        let stores = Stores {
            people,
            sessions,
            ..stores
        };
        let beside = async move {
            tokio::join!(untold.keep_telling(), endings.keep_settling());
        };
        (stores, beside)
    }

    /// The stores with people kept near for a moment, and what has to run beside; it never ends.
    pub fn with_people_near(
        &self,
        stores: Stores,
    ) -> (Stores, impl Future<Output = ()> + Send + 'static) {
        let near = Arc::new(Near::default());
        let people: Arc<dyn PeopleStore> = Arc::new(NearPeople {
            records: stores.people,
            near: near.clone(),
            shared: self.shared.clone(),
        });
        let stores = Stores { people, ..stores };
        (stores, news::listen(self.shared.server.clone(), near))
    }

    /// Bans here, with their changes told to this trail, and what has to run beside; it never ends.
    pub fn with_bans(
        &self,
        trail: Arc<dyn AuditStore>,
    ) -> (Arc<dyn BanStore>, impl Future<Output = ()> + Send + 'static) {
        let untold = Untold::new(self.shared.clone(), trail);
        let bans = Bans {
            reader: self.ban_reader(),
            untold: untold.clone(),
        };
        (Arc::new(bans), untold.keep_telling())
    }

    /// Bans here, for who holds them in force and can't change them.
    pub fn bans(&self) -> Arc<dyn BanSource> {
        Arc::new(self.ban_reader())
    }

    fn ban_reader(&self) -> BanReader {
        BanReader {
            shared: self.shared.clone(),
        }
    }

    /// Where the server is.
    pub fn address(&self) -> &Address {
        &self.shared.server.address
    }

    /// The levels of limits that edges share.
    pub fn levels(&self) -> Arc<dyn SharedLevels> {
        Arc::new(Levels {
            shared: self.shared.clone(),
        })
    }
}

#[async_trait]
impl StoreHealth for Redis {
    async fn check(&self) -> Result<(), StoreError> {
        let asked = async {
            let mut set = cmd("SET");
            set.arg("{pendopo}:check").arg(1).arg("EX").arg(60);
            self.shared.ask::<()>(&set).await?;
            let mut linked = self.shared.link().connection().await?;
            Status::ask(&mut linked.connection).await
        };
        let status = match timeout(CHECK_WITHIN, asked).await {
            Ok(asked) => asked?,
            Err(_) => return Err(unavailable("the server did not answer within a second")),
        };
        let (is_too_old, version) = (status.is_too_old(), status.version.clone());
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        if is_too_old {
            let told = format!("the server has version {version}, and the oldest that serves is 7");
            return Err(unavailable(&told));
        }
        Ok(())
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.into())
}
