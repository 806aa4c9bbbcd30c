//! The port of messages: a stream, whose places are their numbers.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use redis::{Script, cmd};
use school::messages::{Message, MessageStore};
use school::page::{Limit, Page};
use school::people::PeopleStore;
use school::repeat::KEPT;
use school::secret::hex;
use school::{Change, Inserted, PersonId, Repeat, StoreError, Timestamp};

use crate::failure::corrupt;
use crate::keys;
use crate::shared::Shared;
use crate::together::Together;
use crate::untold::{Other, Telling, Untold};

static POST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/post.lua")));
static UNPOST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/unpost.lua")));
static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/remove.lua")));

/// Reads of the first page, by how many rows it has.
pub(crate) type Newest = Mutex<HashMap<usize, Arc<Together<Page<Message>>>>>;

/// Messages on a server; who wrote them is known to the records.
pub(crate) struct Messages {
    pub(crate) shared: Arc<Shared>,
    pub(crate) people: Arc<dyn PeopleStore>,
    /// The first page of each length, which everybody asks for.
    pub(crate) newest: Newest,
    pub(crate) untold: Untold,
    /// How many are kept.
    pub(crate) most: u32,
}

#[async_trait]
impl MessageStore for Messages {
    async fn insert(
        &self,
        message: &Message,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        let telling = Telling::new(change.clone(), repeat.as_ref());
        let picture = change.after.as_deref().unwrap_or_default();
        let (key, repeated) = remembering(repeat.as_ref());
        let kept = telling.to_json();

        let mut script = POST.prepare_invoke();
        script
            .key(keys::MESSAGES)
            .key(keys::UNTOLD)
            .key(&key)
            .arg(&telling.ticket)
            .arg(&kept)
            .arg(self.most)
            .arg(&repeated)
            .arg(picture)
            .arg(fields(message));
        let answer: Vec<String> = self.shared.run(&script).await?;
        let id = match said(&answer)? {
            Said::New(id) => id,
            Said::Repeated(inserted) => return Ok(inserted),
            Said::Reused => return Err(StoreError::KeyReused),
        };
        match self.untold.tell(&telling, id).await {
            Ok(()) => Ok(Inserted::New(id)),
            Err(other) => {
                self.take_back(&telling, id, &key).await?;
                match other {
                    Other::Repeated { id, after } => Ok(Inserted::Repeated { id, after }),
                    Other::Reused => Err(StoreError::KeyReused),
                }
            }
        }
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Message>, StoreError> {
        let (shared, people) = (Arc::clone(&self.shared), Arc::clone(&self.people));
        match before {
            None => {
                let reading = async move { page(&shared, &*people, "+", limit).await };
                let page = self.newest(limit).read(reading).await?;
                Ok(Page::clone(&page))
            }
            Some(before @ 1..) => page(&shared, &*people, &format!("(0-{before}"), limit).await,
            // None has a lower number than 1.
            Some(_) => Ok(Page::cut(Vec::new(), limit)),
        }
    }

    async fn delete(&self, id: i64, change: Change) -> Result<(), StoreError> {
        let telling = Telling::new(change, None);
        let kept = telling.to_json();

        let mut script = REMOVE.prepare_invoke();
        script
            .key(keys::MESSAGES)
            .key(keys::UNTOLD)
            .arg(&telling.ticket)
            .arg(&kept)
            .arg(id);
        let is_done: bool = self.shared.run(&script).await?;
        if !is_done {
            return Err(StoreError::NotFound);
        }
        self.untold.tell_for_sure(&telling, id).await;
        Ok(())
    }
}

impl Messages {
    async fn take_back(&self, telling: &Telling, id: i64, key: &str) -> Result<(), StoreError> {
        let place = place(id);

        let mut script = UNPOST.prepare_invoke();
        script
            .key(keys::MESSAGES)
            .key(keys::UNTOLD)
            .key(key)
            .arg(&telling.ticket)
            .arg(&place);
        self.shared.run(&script).await
    }

    /// The author of a message is told as long as the records know them.
    fn newest(&self, limit: Limit) -> Arc<Together<Page<Message>>> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(newest.entry(limit.rows()).or_default())
    }
}

/// The page that begins at this place of the stream.
async fn page(
    shared: &Shared,
    people: &dyn PeopleStore,
    from: &str,
    limit: Limit,
) -> Result<Page<Message>, StoreError> {
    let mut range = cmd("XREVRANGE");
    range.arg(keys::MESSAGES).arg(from).arg("-");
    range.arg("COUNT").arg(limit.one_more());
    let found: Vec<(String, Vec<String>)> = shared.ask(&range).await?;
    let rows: Result<Vec<Message>, StoreError> = found.into_iter().map(message).collect();
    let mut page = Page::cut(rows?, limit);
    forget_who_is_gone(people, &mut page.rows).await?;
    Ok(page)
}

async fn forget_who_is_gone(
    people: &dyn PeopleStore,
    rows: &mut [Message],
) -> Result<(), StoreError> {
    let authors: HashSet<PersonId> = rows.iter().filter_map(|row| row.person_id).collect();
    let asked = authors.iter().map(|id| people.find(*id));
    let found = try_join_all(asked).await?;
    let known: HashSet<PersonId> = found.into_iter().flatten().map(|found| found.id).collect();
    for row in rows {
        row.person_id = row.person_id.filter(|id| known.contains(id));
    }
    Ok(())
}

/// The key under which a request is remembered, and what the script is told of it. Without a request it needs a key all
/// the same, which it leaves alone.
fn remembering(repeat: Option<&Repeat>) -> (String, [String; 4]) {
    match repeat {
        None => (keys::repeat("", ""), ["0", "", "0", "0"].map(str::to_owned)),
        Some(repeat) => (
            keys::repeat(&repeat.caller, &repeat.key),
            [
                "1".to_owned(),
                hex(&repeat.fingerprint),
                repeat.at.0.to_string(),
                repeat.at.before(KEPT).0.to_string(),
            ],
        ),
    }
}

/// What the script answered.
enum Said {
    New(i64),
    Repeated(Inserted),
    Reused,
}

fn said(answer: &[String]) -> Result<Said, StoreError> {
    match answer {
        [word, id] if word == "new" => Ok(Said::New(number(id)?)),
        [word, id, after] if word == "repeated" => Ok(Said::Repeated(Inserted::Repeated {
            id: number(id)?,
            after: after.clone(),
        })),
        [word] if word == "reused" => Ok(Said::Reused),
        _ => Err(corrupt("a script answered what it does not know")),
    }
}

fn number(text: &str) -> Result<i64, StoreError> {
    text.parse()
        .map_err(|_| corrupt(format!("`{text}` is no number")))
}

pub(crate) fn place(id: i64) -> String {
    format!("0-{id}")
}

/// The fields of a message, each followed by its value.
pub(crate) fn fields(message: &Message) -> Vec<String> {
    let mut fields = vec![
        "message".to_owned(),
        message.message.clone(),
        "at".to_owned(),
        message.created_at.0.to_string(),
    ];
    if let Some(name) = &message.name {
        fields.extend(["name".to_owned(), name.clone()]);
    }
    if let Some(person) = message.person_id {
        fields.extend(["person".to_owned(), person.to_string()]);
    }
    fields
}

fn message((place, fields): (String, Vec<String>)) -> Result<Message, StoreError> {
    let mut found = Message {
        id: number(place.strip_prefix("0-").unwrap_or(&place))?,
        message: String::new(),
        name: None,
        person_id: None,
        created_at: Timestamp(0),
    };
    let mut fields = fields.into_iter();
    while let (Some(field), Some(value)) = (fields.next(), fields.next()) {
        match field.as_str() {
            "message" => found.message = value,
            "at" => found.created_at = Timestamp(number(&value)?),
            "name" => found.name = Some(value),
            "person" => found.person_id = Some(number(&value)?),
            _ => {}
        }
    }
    Ok(found)
}
