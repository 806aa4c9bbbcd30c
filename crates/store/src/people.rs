//! The port of people, in SQL.

use async_trait::async_trait;
use school::page::{Limit, Page, Start};
use school::people::{Credentials, PeopleQuery, PeopleStore, login_key};
use school::{Change, Inserted, Person, PersonId, Repeat, Role, StoreError};

use crate::engine::{Engine, Query, Sql};
use crate::unit::{Beside, Expect, Statement, Unit};
use crate::value::{Row, Value, corrupt, values};

/// A text longer than any stored one is found nowhere, and no engine need try.
const LONGEST_SEARCH: usize = 600;
/// Skipping more rows than this takes longer than a read on the caller's thread may.
const MOST_SKIPPED: u64 = 2_000;

macro_rules! select {
    ($before:literal, $after:literal) => {
        concat!(
            "SELECT ",
            $before,
            "id, first_name, last_name, email, username, role, is_disabled, ",
            "CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, must_change_password, ",
            "created_at, updated_at, version FROM person ",
            $after
        )
    };
}

const FIND: &str = select!("", "WHERE id = $1");
const FIND_EMAIL: &str = select!("password_hash, ", "WHERE email_key = $1");
const FIND_USERNAME: &str = select!("password_hash, ", "WHERE username_key = $1");
const TOTAL: &str = "SELECT value FROM counter WHERE name = 'person'";

// The total comes in the same statement, so that it fits the rows whatever is written meanwhile.
const LIST_AFTER: &str = select!(
    "(SELECT value FROM counter WHERE name = 'person'), ",
    "WHERE id > $1 ORDER BY id LIMIT $2"
);
const LIST_OFFSET: &str = select!(
    "(SELECT value FROM counter WHERE name = 'person'), ",
    "ORDER BY id LIMIT $1 OFFSET $2"
);
const SEARCH_AFTER: &str = select!(
    "",
    "WHERE search_key LIKE $1 ESCAPE '\\' AND id > $2 ORDER BY id LIMIT $3"
);
const SEARCH_OFFSET: &str = select!(
    "",
    "WHERE search_key LIKE $1 ESCAPE '\\' ORDER BY id LIMIT $2 OFFSET $3"
);

const INSERT: &str = "INSERT INTO person (first_name, last_name, email, email_key, username, username_key, search_key, \
    role, is_disabled, must_change_password, created_at, updated_at, version, password_hash) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id";
const COUNT: &str = "UPDATE counter SET value = value + $1 WHERE name = 'person'";

const EXISTS: &str = "SELECT 1 FROM person WHERE id = $1";
const UPDATE: &str = "UPDATE person SET first_name = $1, last_name = $2, email = $3, email_key = $4, username = $5, \
    username_key = $6, search_key = $7, role = $8, is_disabled = $9, must_change_password = $10, updated_at = $11, \
    version = $12 WHERE id = $13 AND version = $14";
const UPDATE_PASSWORD: &str = "UPDATE person SET password_hash = $1 WHERE id = $2";
const DELETE: &str = "DELETE FROM person WHERE id = $1 AND version = $2";

// Finds a row when the person is the one administrator left who can sign in.
const IS_LAST_ADMIN: &str = "SELECT 1 FROM person WHERE id = $1 AND version = $2 \
    AND role = 'admin' AND is_disabled = 0 AND password_hash IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM person other WHERE other.id <> $1 \
    AND other.role = 'admin' AND other.is_disabled = 0 AND other.password_hash IS NOT NULL)";

const END_SESSIONS: &str = "DELETE FROM session WHERE person_id = $1";
const END_OTHER_SESSIONS: &str = "DELETE FROM session WHERE person_id = $1 AND id <> $2";

#[async_trait]
impl<E: Engine> PeopleStore for Sql<E> {
    async fn insert(
        &self,
        person: &Person,
        password_hash: Option<&str>,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        let mut params = columns(person);
        params.insert(10, person.created_at.into());
        params.push(password_hash.into());
        let unit = Unit::new(change)
            .unless_seen(repeat.as_ref())
            .insert(INSERT, params)
            .and(count(1))
            .remember(repeat);
        self.engine.write(unit).await
    }

    async fn find(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.first(Query::new(FIND, values![id]), |mut row| person(&mut row))
            .await
    }

    async fn find_login(&self, key: &str) -> Result<Option<Credentials>, StoreError> {
        // A username never has an `@`.
        let sql = if key.contains('@') {
            FIND_EMAIL
        } else {
            FIND_USERNAME
        };
        self.first(Query::new(sql, values![key]), |mut row| {
            Ok(Credentials {
                password_hash: row.optional_text()?,
                person: person(&mut row)?,
            })
        })
        .await
    }

    async fn list(&self, query: &PeopleQuery) -> Result<Page<Person>, StoreError> {
        match &query.search {
            None => self.list_all(query.start, query.limit).await,
            Some(text) => self.search(text, query.start, query.limit).await,
        }
    }

    async fn update(&self, person: &Person, change: Change) -> Result<(), StoreError> {
        let mut unit = updated(Unit::new(change), person);
        if person.is_disabled {
            unit = unit.then(END_SESSIONS, values![person.id], Expect::Any);
        }
        self.done(unit).await
    }

    async fn update_password(
        &self,
        person: &Person,
        password_hash: &str,
        keep_session: Option<i64>,
        change: Change,
    ) -> Result<(), StoreError> {
        let kept = if person.is_disabled {
            None
        } else {
            keep_session
        };
        let unit = updated(Unit::new(change), person)
            .then(
                UPDATE_PASSWORD,
                values![password_hash, person.id],
                Expect::One(|| StoreError::NotFound),
            )
            .then(
                END_OTHER_SESSIONS,
                values![person.id, kept.unwrap_or_default()],
                Expect::Any,
            );
        self.done(unit).await
    }

    async fn delete(&self, id: PersonId, version: i64, change: Change) -> Result<(), StoreError> {
        let unit = Unit::new(change)
            .about(id)
            .then(EXISTS, values![id], Expect::One(|| StoreError::NotFound))
            .then(
                IS_LAST_ADMIN,
                values![id, version],
                Expect::None(|| StoreError::LastAdmin),
            )
            .then(
                DELETE,
                values![id, version],
                Expect::One(|| StoreError::Stale),
            )
            .and(count(-1));
        self.done(unit).await
    }
}

impl<E: Engine> Sql<E> {
    async fn list_all(&self, start: Start, limit: Limit) -> Result<Page<Person>, StoreError> {
        let asked = limit.one_more();
        let rows = match start {
            Start::After(id) => {
                self.engine
                    .read(Query::new(LIST_AFTER, values![id, asked]))
                    .await?
            }
            Start::Offset(skipped) => {
                let query = Query::new(LIST_OFFSET, values![asked, to_int(skipped)]);
                if skipped <= MOST_SKIPPED {
                    self.engine.read(query).await?
                } else {
                    self.engine.scan(query).await?
                }
            }
        };
        let mut total = None;
        let mut people = Vec::with_capacity(rows.len());
        for mut row in rows {
            total = Some(row.int()?);
            people.push(person(&mut row)?);
        }
        if total.is_none() {
            total = self
                .first(Query::new(TOTAL, values![]), |mut row| row.int())
                .await?;
        }
        Ok(Page {
            total: total.and_then(|total| u64::try_from(total).ok()),
            ..Page::cut(people, limit)
        })
    }

    async fn search(
        &self,
        text: &str,
        start: Start,
        limit: Limit,
    ) -> Result<Page<Person>, StoreError> {
        // No name has a control character; and where one ends texts, as in SQLite's `LIKE`, it would find everybody.
        if text.chars().count() > LONGEST_SEARCH || text.chars().any(char::is_control) {
            return Ok(Page::cut(Vec::new(), limit));
        }
        let (pattern, asked) = (pattern(text), limit.one_more());
        let query = match start {
            Start::After(id) => Query::new(SEARCH_AFTER, values![pattern, id, asked]),
            Start::Offset(skipped) => {
                Query::new(SEARCH_OFFSET, values![pattern, asked, to_int(skipped)])
            }
        };
        let rows = self.engine.scan(query).await?;
        let people = rows.into_iter().map(|mut row| person(&mut row));
        Ok(Page::cut(people.collect::<Result<_, _>>()?, limit))
    }
}

/// So many people more, or fewer.
fn count(more: i64) -> Statement {
    Statement {
        sql: COUNT,
        params: values![more],
        expect: Expect::One(|| corrupt("there is no count of people")),
        beside: Beside::Sum,
    }
}

/// The first statements of every change of a person, with the guards that name what stands against it.
fn updated(unit: Unit, person: &Person) -> Unit {
    let (id, before) = (person.id, person.version - 1);
    let mut unit = unit
        .about(id)
        .then(EXISTS, values![id], Expect::One(|| StoreError::NotFound));
    if person.role != Role::Admin || person.is_disabled {
        unit = unit.then(
            IS_LAST_ADMIN,
            values![id, before],
            Expect::None(|| StoreError::LastAdmin),
        );
    }
    let mut params = columns(person);
    params.extend(values![id, before]);
    unit.then(UPDATE, params, Expect::One(|| StoreError::Stale))
}

/// What is written of a person, in the order of `UPDATE`.
fn columns(person: &Person) -> Vec<Value> {
    let key = |name: &Option<String>| name.as_deref().map(login_key);
    values![
        person.first_name.as_str(),
        person.last_name.as_str(),
        person.email.as_deref(),
        key(&person.email),
        person.username.as_deref(),
        key(&person.username),
        search_key(person),
        person.role.as_str(),
        person.is_disabled,
        person.must_change_password,
        person.updated_at,
        person.version,
    ]
}

pub(crate) fn person(row: &mut Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.int()?,
        first_name: row.text()?,
        last_name: row.text()?,
        email: row.optional_text()?,
        username: row.optional_text()?,
        role: Role::parse(&row.text()?).map_err(|_| corrupt("a person has an unknown role"))?,
        is_disabled: row.bool()?,
        has_password: row.bool()?,
        must_change_password: row.bool()?,
        created_at: row.time()?,
        updated_at: row.time()?,
        version: row.int()?,
    })
}

/// What a search goes through: the whole name, the address and the username in lower case, on lines of their own.
fn search_key(person: &Person) -> String {
    let mut key = person.name();
    for name in [&person.email, &person.username].into_iter().flatten() {
        key.push('\n');
        key.push_str(name);
    }
    lower(&key)
}

/// Letter by letter, so that a part of a name becomes the same as in the whole: the Greek final sigma would not.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The text anywhere; its own `%` and `_` mean themselves.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in lower(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn to_int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
