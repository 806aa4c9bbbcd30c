//! The port of messages: a stream, whose places are their numbers.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

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
use crate::untold::{Other, Telling, Untold};

static POST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/post.lua")));
static UNPOST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/unpost.lua")));
static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/remove.lua")));

/// Messages on a server; who wrote them is known to the records.
pub(crate) struct Messages {
    pub(crate) shared: Arc<Shared>,
    pub(crate) people: Arc<dyn PeopleStore>,
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
        let newest = match before {
            None => "+".to_owned(),
            Some(before @ 1..) => format!("(0-{before}"),
            // None has a lower number than 1.
            Some(_) => return Ok(Page::cut(Vec::new(), limit)),
        };
        let mut range = cmd("XREVRANGE");
        range.arg(keys::MESSAGES).arg(newest).arg("-");
        range.arg("COUNT").arg(limit.one_more());
        let found: Vec<(String, Vec<String>)> = self.shared.ask(&range).await?;
        let rows: Result<Vec<Message>, StoreError> = found.into_iter().map(message).collect();
        let mut page = Page::cut(rows?, limit);
        self.forget_who_is_gone(&mut page.rows).await?;
        Ok(page)
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
    async fn forget_who_is_gone(&self, rows: &mut [Message]) -> Result<(), StoreError> {
        let authors: HashSet<PersonId> = rows.iter().filter_map(|row| row.person_id).collect();
        let asked = authors.iter().map(|id| self.people.find(*id));
        let found = try_join_all(asked).await?;
        let known: HashSet<PersonId> = found.into_iter().flatten().map(|found| found.id).collect();
        for row in rows {
            row.person_id = row.person_id.filter(|id| known.contains(id));
        }
        Ok(())
    }
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
