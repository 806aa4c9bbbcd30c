//! The port of sessions: a hash each, found by the digest of its secret, gone by itself when nobody used it for long.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use redis::Script;
use school::people::PeopleStore;
use school::reading::newest;
use school::secret::{SecretHash, hex};
use school::sessions::{ABSOLUTE, IDLE, Session, SessionStore};
use school::{Change, PersonId, StoreError, Timestamp};
use tracing::debug;

use crate::endings::Endings;
use crate::failure::corrupt;
use crate::keys;
use crate::shared::Shared;
use crate::untold::{Telling, Untold};

static START: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/start.lua")));
static FIND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/find.lua")));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/list.lua")));
static TOUCH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/touch.lua")));
static CANCEL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/cancel.lua")));
static END: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/end.lua")));

/// A person's list is not longer.
const MOST: usize = 1000;

/// Sessions on a server; whose they are is known to the records.
pub(crate) struct Sessions {
    pub(crate) shared: Arc<Shared>,
    pub(crate) people: Arc<dyn PeopleStore>,
    pub(crate) endings: Endings,
    pub(crate) untold: Untold,
}

/// A session as scripts answer it: number, person, secret's digest, created, seen, the rest, whether it may have to end.
type Fields = (String, String, String, String, String, String, String);

#[async_trait]
impl SessionStore for Sessions {
    async fn insert(
        &self,
        session: &Session,
        replaces: Option<SecretHash>,
        change: Change,
    ) -> Result<i64, StoreError> {
        self.must_be_able_to_sign_in(session.person_id).await?;
        let telling = Telling::new(change, None);
        let id = self.start(session, replaces, &telling).await?;
        // Somebody may have disabled them in between, and ended the sessions that there were.
        if let Err(error) = self.must_be_able_to_sign_in(session.person_id).await {
            self.cancel(&telling, id).await?;
            return Err(error);
        }
        self.untold.tell_for_sure(&telling, id).await;
        Ok(id)
    }

    async fn find(&self, hash: SecretHash) -> Result<Option<Session>, StoreError> {
        loop {
            let mut script = FIND.prepare_invoke();
            script.key(keys::secret(hash));
            let found: Vec<String> = self.shared.run(&script).await?;
            let Some((session, may_end)) = fields(found)?.map(read).transpose()? else {
                return Ok(None);
            };
            if !may_end || !self.endings.settle(session.person_id).await? {
                return Ok(Some(session));
            }
        }
    }

    async fn list(&self, person: PersonId) -> Result<Vec<Session>, StoreError> {
        self.endings.settle(person).await?;

        let mut script = LIST.prepare_invoke();
        script.key(keys::sessions_of(person));
        let found: Vec<Fields> = self.shared.run(&script).await?;
        let found = found
            .into_iter()
            .map(|fields| read(fields).map(|(session, _)| session));
        let mut sessions = found.collect::<Result<Vec<_>, _>>()?;
        sessions.sort_by_key(|session| std::cmp::Reverse((session.last_seen_at, session.id)));
        sessions.truncate(MOST);
        Ok(sessions)
    }

    async fn touch(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        let mut script = TOUCH.prepare_invoke();
        script.key(keys::session(id)).arg(at.0).arg(IDLE.as_secs());
        let noted = self.shared.run::<i64>(&script);
        if let Err(error) = noted.await {
            debug!(%error, "the use of a session is not noted");
        }
        Ok(())
    }

    async fn delete(&self, id: i64, person: PersonId, change: Change) -> Result<(), StoreError> {
        let telling = Telling::new(change, None);
        let kept = telling.to_json();

        let mut script = END.prepare_invoke();
        script
            .key(keys::UNTOLD)
            .key(keys::session(id))
            .arg(&telling.ticket)
            .arg(&kept)
            .arg(id)
            .arg(person);
        let is_done: bool = self.shared.run(&script).await?;
        if !is_done {
            return Err(StoreError::NotFound);
        }
        self.untold.tell_for_sure(&telling, id).await;
        Ok(())
    }
}

impl Sessions {
    async fn must_be_able_to_sign_in(&self, person: PersonId) -> Result<(), StoreError> {
        match newest(self.people.find(person)).await? {
            Some(found) if !found.is_disabled => Ok(()),
            _ => Err(StoreError::NotFound),
        }
    }

    async fn cancel(&self, telling: &Telling, id: i64) -> Result<(), StoreError> {
        let mut script = CANCEL.prepare_invoke();
        script
            .key(keys::UNTOLD)
            .key(keys::session(id))
            .arg(&telling.ticket)
            .arg(id);
        self.shared.run(&script).await
    }

    async fn start(
        &self,
        session: &Session,
        replaces: Option<SecretHash>,
        telling: &Telling,
    ) -> Result<i64, StoreError> {
        let now = session.created_at;
        let replaced = replaces.map(|hash| hex(&hash.0)).unwrap_or_default();
        let rest = serde_json::to_string(&(&session.address, &session.agent))
            .expect("texts can be written as JSON");
        let kept = telling.to_json();

        let mut script = START.prepare_invoke();
        script
            .key(keys::UNTOLD)
            .key(keys::LAST_SESSION)
            .key(keys::secret(session.hash))
            .arg(&telling.ticket)
            .arg(&kept)
            .arg(session.person_id)
            .arg(hex(&session.hash.0))
            .arg(now.0)
            .arg(session.last_seen_at.0)
            .arg(&rest)
            .arg(now.before(IDLE).0)
            .arg(now.before(ABSOLUTE).0)
            .arg(&replaced)
            .arg(IDLE.as_secs());
        self.shared.run(&script).await
    }
}

/// Nothing, or every field.
fn fields(found: Vec<String>) -> Result<Option<Fields>, StoreError> {
    if found.is_empty() {
        return Ok(None);
    }
    let [id, person, secret, created, seen, rest, ending] =
        <[String; 7]>::try_from(found).map_err(|_| corrupt("a session lacks fields"))?;
    Ok(Some((id, person, secret, created, seen, rest, ending)))
}

fn read(
    (id, person, secret, created, seen, rest, ending): Fields,
) -> Result<(Session, bool), StoreError> {
    let number = |text: &str| {
        text.parse()
            .map_err(|_| corrupt("a session has a field that is no number"))
    };
    let (address, agent) = serde_json::from_str(&rest)
        .map_err(|error| corrupt(format!("a session can't be read: {error}")))?;
    let session = Session {
        id: number(&id)?,
        hash: SecretHash(digest(&secret)?),
        person_id: number(&person)?,
        created_at: Timestamp(number(&created)?),
        last_seen_at: Timestamp(number(&seen)?),
        address,
        agent,
    };
    Ok((session, ending == "1"))
}

fn digest(text: &str) -> Result<[u8; 32], StoreError> {
    let wrong = || corrupt("a session's secret is no digest");
    let mut digest = [0; 32];
    if text.len() != 64 {
        return Err(wrong());
    }
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}
