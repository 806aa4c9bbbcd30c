//! One operation, and how an adapter is asked for it.

use super::Answer;
use crate::actor::Actor;
use crate::audit::{Action, Change};
use crate::contract::sample::HASH;
use crate::messages::Message;
use crate::people::{Person, PersonId};
use crate::repeat::{Inserted, Repeat};
use crate::secret::SecretHash;
use crate::sessions::Session;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;
use crate::tokens::Token;

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) what: What,
    pub(super) at: Timestamp,
}

#[derive(Debug)]
pub(super) enum What {
    Add(Person, Option<Repeat>),
    Update(Person),
    SetPassword(Person, Option<i64>),
    Remove(PersonId, i64),
    SignIn(Session, Option<SecretHash>),
    SignOut(i64, PersonId),
    AddToken(Token),
    Revoke(i64, Option<PersonId>),
    Post(Message, Option<Repeat>),
    TakeDown(i64),
}

impl Operation {
    pub(super) fn action(&self) -> Action {
        match self.what {
            What::Add(..) => Action::PersonCreate,
            What::Update(_) => Action::PersonUpdate,
            What::SetPassword(..) => Action::PasswordReset,
            What::Remove(..) => Action::PersonDelete,
            What::SignIn(..) => Action::SessionStart,
            What::SignOut(..) => Action::SessionEnd,
            What::AddToken(_) => Action::TokenCreate,
            What::Revoke(..) => Action::TokenRevoke,
            What::Post(..) => Action::MessagePost,
            What::TakeDown(_) => Action::MessageRemove,
        }
    }

    /// What the trail shows of the object: the moment will do.
    pub(super) fn picture(&self) -> String {
        self.at.0.to_string()
    }

    pub(super) async fn ask(&self, stores: &Stores) -> Answer {
        let answer = self.send(stores).await;
        answer.map_err(|error| error.to_string())
    }

    async fn send(&self, stores: &Stores) -> Result<Inserted, StoreError> {
        let change = Change::new(&Actor::console(), self.action(), self.at).after(&self.at.0);
        let (people, sessions, tokens) = (&stores.people, &stores.sessions, &stores.tokens);
        let messages = &stores.messages;
        let nothing_new = |()| Inserted::New(0);
        match &self.what {
            What::Add(person, repeat) => {
                let hash = person.has_password.then_some(HASH);
                people.insert(person, hash, change, repeat.clone()).await
            }
            What::Update(person) => people.update(person, change).await.map(nothing_new),
            What::SetPassword(person, kept) => {
                let done = people.update_password(person, HASH, *kept, change).await;
                done.map(nothing_new)
            }
            What::Remove(id, version) => {
                people.delete(*id, *version, change).await.map(nothing_new)
            }
            What::SignIn(session, replaces) => sessions
                .insert(session, *replaces, change)
                .await
                .map(Inserted::New),
            What::SignOut(id, person) => {
                sessions.delete(*id, *person, change).await.map(nothing_new)
            }
            What::AddToken(token) => tokens.insert(token, change).await.map(Inserted::New),
            What::Revoke(id, person) => tokens.delete(*id, *person, change).await.map(nothing_new),
            What::Post(message, repeat) => messages.insert(message, change, repeat.clone()).await,
            What::TakeDown(id) => messages.delete(*id, change).await.map(nothing_new),
        }
    }
}
