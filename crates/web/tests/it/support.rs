//! A school of one's own for each test, and the kinds of callers that come to it.

mod answer;
mod caller;

use std::sync::Arc;
use std::time::Duration;

use school::audit::{Action, Change};
use school::cursor::CursorKey;
use school::messages::{self, MessageInput, Posting};
use school::password::Hasher;
use school::people::{self, ChosenPassword, PersonInput};
use school::secret::Secret;
use school::sessions::Session;
use school::tokens::{self, NewToken, Scope};
use school::{Actor, Clock, Person, Role, Stores, Timestamp};
use secrecy::SecretString;
use web::{App, Config, Language};

use crate::ground::Ground;

pub(crate) use answer::Answer;
pub(crate) use caller::Caller;

/// 2026-11-20T12:00:00Z
pub(crate) const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

/// A school with one person of each role, and its service.
pub(crate) struct School {
    pub(crate) service: web::Layers,
    pub(crate) stores: Stores,
    pub(crate) clock: Clock,
    hasher: Hasher,
    pub(crate) admin: Person,
    pub(crate) staff: Person,
    pub(crate) member: Person,
    _ground: Arc<Ground>,
}

impl School {
    /// With the settings that a school has by itself.
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut App)) -> Self {
        let (ground, opened) = Ground::open().await;
        let clock = Clock::manual(NOON);
        let mut app = App {
            stores: opened.stores.clone(),
            hasher: Hasher::start(1).unwrap(),
            clock: clock.clone(),
            cursor_key: CursorKey::new(&[7; 32]).unwrap(),
            facts: lifecycle::Facts::default(),
            readiness: lifecycle::Readiness::default(),
            shutdown: lifecycle::shutdown::channel().1,
            config: Config::default(),
            language: Language::En,
            open_api: false,
            copies_lag: false,
            version: "0.0.0-test",
        };
        change(&mut app);
        let hasher = app.hasher.clone();
        let stores = opened.stores;
        let add = |name: &'static str, role| add(&stores, name, role);
        Self {
            admin: add("Ada", Role::Admin).await,
            staff: add("Sri", Role::Staff).await,
            member: add("Mei", Role::Member).await,
            stores: stores.clone(),
            service: web::service(app),
            clock,
            hasher,
            _ground: Arc::new(ground),
        }
    }

    /// Somebody more.
    pub(crate) async fn add(&self, first_name: &str, role: Role) -> Person {
        add(&self.stores, first_name, role).await
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now().after(time));
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::new(&self.service)
    }

    /// The administrator, by token.
    pub(crate) async fn admin(&self) -> Caller {
        self.by_token(&self.admin, Scope::Write).await
    }

    /// The teacher, by token.
    pub(crate) async fn staff(&self) -> Caller {
        self.by_token(&self.staff, Scope::Write).await
    }

    /// The pupil, by token.
    pub(crate) async fn member(&self) -> Caller {
        self.by_token(&self.member, Scope::Write).await
    }

    /// This person, by a token of theirs that lives 30 days.
    pub(crate) async fn by_token(&self, person: &Person, scope: Scope) -> Caller {
        let new = NewToken {
            person_id: person.id,
            label: "test".to_owned(),
            scope,
            days: Some(30),
        };
        let now = self.clock.now();
        let made = tokens::create(&self.stores, &Actor::console(), new, now).await;
        let (_, secret) = made.unwrap();
        Caller::new(&self.service).bearer(secret.reveal())
    }

    /// This person, by a session in a cookie.
    pub(crate) async fn by_session(&self, person: &Person) -> Caller {
        let secret = Secret::random();
        let now = self.clock.now();
        let session = Session {
            id: 0,
            hash: secret.hash(),
            person_id: person.id,
            created_at: now,
            last_seen_at: now,
            address: None,
            agent: None,
        };
        let change = Change::new(&Actor::console(), Action::SessionStart, now);
        self.stores
            .sessions
            .insert(&session, None, change)
            .await
            .unwrap();
        Caller::new(&self.service).cookie(&format!("__Host-session={}", secret.reveal()))
    }

    /// Gives the person a password of their own, so that they can sign in.
    pub(crate) async fn give_password(&self, person: &Person) {
        self.choose_password(person, &"kuda laut menari di awan".into())
            .await;
    }

    /// Gives the person this password.
    pub(crate) async fn choose_password(&self, person: &Person, password: &SecretString) {
        let chosen = ChosenPassword {
            password: password.clone(),
            must_change: false,
        };
        let (console, now) = (Actor::console(), self.clock.now());
        let given =
            people::set_password(&self.stores, &self.hasher, &console, person.id, chosen, now);
        given.await.unwrap();
    }

    /// Gives the person a password that they must change.
    pub(crate) async fn give_one_time_password(&self, person: &Person) {
        let (console, now) = (Actor::console(), self.clock.now());
        let given =
            people::set_one_time_password(&self.stores, &self.hasher, &console, person.id, now);
        given.await.unwrap();
    }

    /// Waits until what was noted in passing, such as a session's last use, is in the store: a write that is told
    /// when it is done queues behind it.
    pub(crate) async fn settle(&self) {
        let input = MessageInput {
            message: "x".to_owned(),
            name: None,
        };
        let (console, new) = (Actor::console(), input.check().unwrap());
        let posted = messages::post(&self.stores, &console, Posting::Open, new, None, NOON);
        posted.await.unwrap();
    }

    /// The person as the store has them now.
    pub(crate) async fn find(&self, id: i64) -> Option<Person> {
        self.stores.people.find(id).await.unwrap()
    }

    /// The words of the audit trail, the oldest first.
    pub(crate) async fn trail(&self) -> Vec<String> {
        let entries = self.stores.audit.walk(0, 1000).await.unwrap();
        entries.into_iter().map(|entry| entry.action).collect()
    }
}

async fn add(stores: &Stores, first_name: &str, role: Role) -> Person {
    let word: String = first_name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let input = PersonInput {
        first_name: first_name.to_owned(),
        last_name: "Test".to_owned(),
        username: Some(format!("{word}.test")),
        role: Some(role.as_str().to_owned()),
        ..PersonInput::default()
    };
    let new = input.check().unwrap();
    let done = people::create(stores, &Actor::console(), new, None, NOON).await;
    done.unwrap().into_object()
}
