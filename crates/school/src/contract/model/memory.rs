//! The school in plain memory: what each operation must answer and leave behind.

use std::collections::{BTreeMap, HashMap};

use super::Answer;
use super::operation::{Operation, What};
use crate::contract::sample::HASH;
use crate::messages::Message;
use crate::people::{Person, PersonId, login_key};
use crate::repeat::{Inserted, KEPT, Repeat};
use crate::role::Role;
use crate::secret::SecretHash;
use crate::sessions::Session;
use crate::store_error::StoreError;
use crate::time::Timestamp;
use crate::tokens::Token;

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) people: BTreeMap<i64, Kept>,
    pub(super) sessions: BTreeMap<i64, Session>,
    pub(super) tokens: BTreeMap<i64, Token>,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) trail: Vec<(String, Option<i64>, Timestamp)>,
    keys: HashMap<(String, String), Remembered>,
    /// The last id of each kind of row, by the operation that makes it.
    last: HashMap<&'static str, i64>,
}

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) person: Person,
    pub(super) password_hash: Option<String>,
}

#[derive(Debug)]
struct Remembered {
    repeat: Repeat,
    id: i64,
    after: String,
}

impl Kept {
    /// The names to sign in with: address, username.
    pub(super) fn keys(&self) -> [Option<String>; 2] {
        keys(&self.person)
    }

    fn is_admin(&self) -> bool {
        self.person.role == Role::Admin && !self.person.is_disabled && self.password_hash.is_some()
    }
}

fn keys(person: &Person) -> [Option<String>; 2] {
    [&person.email, &person.username].map(|name| name.as_deref().map(login_key))
}

impl Memory {
    /// What must be answered; the adapter chooses new ids, which only must never have been given before.
    pub(super) fn apply(&mut self, operation: &Operation, told: &Answer) -> Answer {
        let new = match told {
            Ok(Inserted::New(id)) => *id,
            _ => 0,
        };
        let done = self.change(operation, new);
        let object = match &done {
            Ok(Inserted::New(id)) if *id != 0 => *id,
            Ok(Inserted::New(_)) => operation.object(),
            _ => return done.map_err(|error| error.to_string()),
        };
        let action = operation.action().as_str();
        self.trail
            .push((action.to_owned(), Some(object), operation.at));
        done.map_err(|error| error.to_string())
    }

    fn change(&mut self, operation: &Operation, new: i64) -> Result<Inserted, StoreError> {
        match &operation.what {
            What::Add(person, repeat) => {
                return self.once(repeat.as_ref(), operation, |all| all.add(person, new));
            }
            What::Post(message, repeat) => {
                return self.once(repeat.as_ref(), operation, |all| Ok(all.post(message, new)));
            }
            What::SignIn(session, replaces) => return self.sign_in(session, *replaces, new),
            What::AddToken(token) => return self.add_token(token, new),
            What::Update(person) => self.update(person)?,
            What::SetPassword(person, kept) => self.set_password(person, *kept)?,
            What::Remove(id, version) => self.remove(*id, *version)?,
            What::SignOut(id, person) => {
                let session = self.sessions.get(id);
                let own = session.filter(|open| open.person_id == *person);
                own.ok_or(StoreError::NotFound)?;
                self.sessions.remove(id);
            }
            What::Revoke(id, person) => {
                let token = self.tokens.get(id);
                let said = token.filter(|token| person.is_none_or(|id| token.person_id == id));
                said.ok_or(StoreError::NotFound)?;
                self.tokens.remove(id);
            }
            What::TakeDown(id) => {
                self.messages.remove(id).ok_or(StoreError::NotFound)?;
            }
        }
        Ok(Inserted::New(0))
    }

    fn add(&mut self, person: &Person, new: i64) -> Result<Inserted, StoreError> {
        self.free(person)?;
        let person = Person {
            id: new,
            ..person.clone()
        };
        let password_hash = person.has_password.then(|| HASH.to_owned());
        self.people.insert(
            new,
            Kept {
                person,
                password_hash,
            },
        );
        Ok(self.fresh("person", new))
    }

    fn update(&mut self, person: &Person) -> Result<(), StoreError> {
        self.write(person, None)?;
        let ends = |open: &Session| person.is_disabled && open.person_id == person.id;
        self.sessions.retain(|_, open| !ends(open));
        Ok(())
    }

    fn set_password(&mut self, person: &Person, kept: Option<i64>) -> Result<(), StoreError> {
        self.write(person, Some(HASH))?;
        let kept = kept.filter(|_| !person.is_disabled);
        let ends = |open: &Session| open.person_id == person.id && Some(open.id) != kept;
        self.sessions.retain(|_, open| !ends(open));
        Ok(())
    }

    fn post(&mut self, message: &Message, new: i64) -> Inserted {
        let author = message.person_id.filter(|id| self.people.contains_key(id));
        let message = Message {
            id: new,
            person_id: author,
            ..message.clone()
        };
        self.messages.insert(new, message);
        self.fresh("message", new)
    }

    /// The new id, which comes after all that were given before.
    fn fresh(&mut self, kind: &'static str, id: i64) -> Inserted {
        let last = self.last.insert(kind, id).unwrap_or(0);
        assert!(id > last, "the {kind} {id} comes after {last}");
        Inserted::New(id)
    }

    /// Does it unless it was done before under this key.
    fn once(
        &mut self,
        repeat: Option<&Repeat>,
        operation: &Operation,
        act: impl FnOnce(&mut Self) -> Result<Inserted, StoreError>,
    ) -> Result<Inserted, StoreError> {
        if let Some(done) = self.seen(repeat)? {
            return Ok(done);
        }
        let done = act(self)?;
        if let (Some(repeat), Inserted::New(id)) = (repeat.cloned(), &done) {
            let key = (repeat.caller.clone(), repeat.key.clone());
            let after = operation.picture();
            self.keys.insert(
                key,
                Remembered {
                    repeat,
                    id: *id,
                    after,
                },
            );
        }
        Ok(done)
    }

    fn seen(&self, repeat: Option<&Repeat>) -> Result<Option<Inserted>, StoreError> {
        let Some(repeat) = repeat else {
            return Ok(None);
        };
        let seen = self.keys.get(&(repeat.caller.clone(), repeat.key.clone()));
        match seen.filter(|seen| repeat.at.since(seen.repeat.at) < KEPT) {
            None => Ok(None),
            Some(seen) if seen.repeat.fingerprint != repeat.fingerprint => {
                Err(StoreError::KeyReused)
            }
            Some(seen) => Ok(Some(Inserted::Repeated {
                id: seen.id,
                after: seen.after.clone(),
            })),
        }
    }

    /// Whether nobody else has the person's names.
    fn free(&self, person: &Person) -> Result<(), StoreError> {
        let others = || {
            self.people
                .values()
                .filter(|other| other.person.id != person.id)
        };
        let fields = ["email", "username"];
        for (index, key) in keys(person).into_iter().enumerate() {
            if key.is_some() && others().any(|other| other.keys()[index] == key) {
                return Err(StoreError::Taken(fields[index]));
            }
        }
        Ok(())
    }

    /// The person, if this is their version.
    fn current(&self, id: PersonId, version: i64) -> Result<&Kept, StoreError> {
        let kept = self.people.get(&id).ok_or(StoreError::NotFound)?;
        if kept.person.version == version {
            Ok(kept)
        } else {
            Err(StoreError::Stale)
        }
    }

    fn may_go(&self, kept: &Kept) -> Result<(), StoreError> {
        let admins = self
            .people
            .values()
            .filter(|other| other.is_admin())
            .count();
        if kept.is_admin() && admins == 1 {
            return Err(StoreError::LastAdmin);
        }
        Ok(())
    }

    fn write(&mut self, person: &Person, password_hash: Option<&str>) -> Result<(), StoreError> {
        let kept = self.current(person.id, person.version - 1)?;
        if person.role != Role::Admin || person.is_disabled {
            self.may_go(kept)?;
        }
        self.free(person)?;
        let password_hash = password_hash
            .map(str::to_owned)
            .or(kept.password_hash.clone());
        let person = Person {
            has_password: password_hash.is_some(),
            created_at: kept.person.created_at,
            ..person.clone()
        };
        self.people.insert(
            person.id,
            Kept {
                person,
                password_hash,
            },
        );
        Ok(())
    }

    fn remove(&mut self, id: PersonId, version: i64) -> Result<(), StoreError> {
        self.may_go(self.current(id, version)?)?;
        self.people.remove(&id);
        self.sessions.retain(|_, open| open.person_id != id);
        self.tokens.retain(|_, token| token.person_id != id);
        for message in self.messages.values_mut() {
            message.person_id = message.person_id.filter(|author| *author != id);
        }
        Ok(())
    }

    fn sign_in(
        &mut self,
        session: &Session,
        replaces: Option<SecretHash>,
        new: i64,
    ) -> Result<Inserted, StoreError> {
        let person = self.people.get(&session.person_id);
        person
            .filter(|kept| !kept.person.is_disabled)
            .ok_or(StoreError::NotFound)?;
        let now = session.created_at;
        self.sessions.retain(|_, open| {
            let is_dead = open.person_id == session.person_id && !open.is_alive(now);
            !is_dead && Some(open.hash) != replaces
        });
        let session = Session {
            id: new,
            ..session.clone()
        };
        self.sessions.insert(new, session);
        Ok(self.fresh("session", new))
    }

    fn add_token(&mut self, token: &Token, new: i64) -> Result<Inserted, StoreError> {
        if !self.people.contains_key(&token.person_id) {
            return Err(StoreError::NotFound);
        }
        self.tokens.insert(
            new,
            Token {
                id: new,
                ..token.clone()
            },
        );
        Ok(self.fresh("token", new))
    }
}

impl Operation {
    /// The object of an operation that makes nothing new.
    fn object(&self) -> i64 {
        match &self.what {
            What::Update(person) | What::SetPassword(person, _) => person.id,
            What::Remove(id, _)
            | What::SignOut(id, _)
            | What::Revoke(id, _)
            | What::TakeDown(id) => *id,
            What::Add(..) | What::SignIn(..) | What::AddToken(_) | What::Post(..) => 0,
        }
    }
}
