//! What the first start leaves behind: an administrator who can sign in, and a token for the machine's owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use school::page::Start;
use school::password::Hasher;
use school::people::{self, ChosenPassword, PeopleQuery, PersonInput, login_key};
use school::tokens::{self, NewToken, Scope};
use school::{Actor, Clock, Limit, Person, Role, Stores};
use secrecy::SecretString;

use crate::data_dir::RUN;

/// The username of the first administrator.
pub(crate) const ADMIN: &str = "admin";
/// What the machine's own token is called.
const LABEL: &str = "admin-token";
/// The setting that tells that the first start is over.
const SETTING: &str = "first_start";

/// What this start made, for the text that it prints.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The password of the first administrator, if one was made up; shown once.
    pub(crate) one_time_password: Option<SecretString>,
    /// What became of the token.
    pub(crate) token: TokenState,
}

/// The machine's own token, at this start.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    /// It is good.
    #[default]
    Kept,
    /// It was made.
    New,
    /// The file was lost or did not fit: the old token is revoked, a new one is made.
    Renewed,
    /// There is no good one here; another server on the same records may have it.
    Elsewhere,
}

/// What the bootstrap works with.
pub(crate) struct Bootstrap<'a> {
    /// The ports.
    pub(crate) stores: &'a Stores,
    /// The time.
    pub(crate) clock: &'a Clock,
    /// Whether other servers may be on the same records: their token is not revoked, and none is made for each.
    pub(crate) is_shared: bool,
    /// The file of the token.
    pub(crate) token_file: PathBuf,
    /// The first administrator's password, if the operator chose it.
    pub(crate) password: Option<SecretString>,
}

impl Bootstrap<'_> {
    /// Makes what is missing; a start that was killed halfway is made up for by the next.
    pub(crate) async fn run(&self) -> Result<Made> {
        let is_first = self.stores.settings.find(SETTING).await?.is_none();
        let one_time_password = if is_first { self.admin().await? } else { None };
        let token = self.token(is_first).await?;
        Ok(Made {
            one_time_password,
            token,
        })
    }

    /// Remembers that the first start is over: from now on nobody is given a password unasked.
    pub(crate) async fn finish(&self) -> Result<()> {
        self.stores
            .settings
            .find_or_insert(SETTING, b"done".to_vec())
            .await?;
        Ok(())
    }

    async fn admin(&self) -> Result<Option<SecretString>> {
        // Its memory goes when the password is made: most starts are not the first.
        let hasher =
            Hasher::start(1).context("can't start the thread that hashes the first password")?;
        let (actor, now) = (Actor::console(), self.clock.now());
        let found = self.stores.people.find_login(&login_key(ADMIN)).await?;
        let person = match found {
            Some(found) => found.person,
            None => people::create(self.stores, &actor, first_person()?, None, now)
                .await?
                .into_object(),
        };
        if let Some(password) = &self.password {
            let chosen = ChosenPassword {
                password: password.clone(),
                must_change: true,
            };
            let set =
                people::set_password(self.stores, &hasher, &actor, person.id, chosen, now).await;
            set.context("`admin.password` can't be used")?;
            return Ok(None);
        }
        let (_, password) =
            people::set_one_time_password(self.stores, &hasher, &actor, person.id, now).await?;
        Ok(Some(password))
    }

    async fn token(&self, is_first: bool) -> Result<TokenState> {
        if let Some(secret) = read(&self.token_file)?
            && tokens::resume(self.stores, &secret, self.clock.now())
                .await?
                .is_some()
        {
            return Ok(TokenState::Kept);
        }
        if self.is_shared && !is_first {
            return Ok(TokenState::Elsewhere);
        }
        let (actor, now) = (Actor::console(), self.clock.now());
        for old in tokens::list(self.stores, &actor, None).await? {
            if old.label == LABEL && old.expires_at.is_none() {
                tokens::revoke(self.stores, &actor, old.id, now).await?;
            }
        }
        let owner = self.owner().await?.id;
        let new = NewToken {
            person_id: owner,
            label: LABEL.to_owned(),
            scope: Scope::Write,
            days: None,
        };
        let (_, secret) = tokens::create(self.stores, &actor, new, now).await?;
        write(&self.token_file, secret.reveal())
            .with_context(|| format!("can't write {}", self.token_file.display()))?;
        Ok(if is_first {
            TokenState::New
        } else {
            TokenState::Renewed
        })
    }

    /// The person whose rights the token carries: `admin`, or whoever runs the school by now.
    async fn owner(&self) -> Result<Person> {
        let may_own = |person: &Person| person.role == Role::Admin && !person.is_disabled;
        let first = self
            .stores
            .people
            .find_login(&login_key(ADMIN))
            .await?
            .map(|found| found.person);
        if let Some(person) = first.filter(may_own) {
            return Ok(person);
        }
        let limit = Limit::new(u64::from(Limit::MOST)).unwrap_or_default();
        let mut start = Start::Offset(0);
        loop {
            let page = self
                .stores
                .people
                .list(&PeopleQuery {
                    search: None,
                    start,
                    limit,
                })
                .await?;
            let last = page.rows.last().map(|person| person.id);
            if let Some(person) = page.rows.into_iter().find(may_own) {
                return Ok(person);
            }
            match last.filter(|_| page.has_more) {
                Some(id) => start = Start::After(id),
                None => bail!(
                    "nobody is an administrator: add one with `pendopo user add --role admin`"
                ),
            }
        }
    }
}

fn first_person() -> Result<people::NewPerson> {
    let input = PersonInput {
        first_name: "Admin".to_owned(),
        last_name: "Pendopo".to_owned(),
        username: Some(ADMIN.to_owned()),
        role: Some(Role::Admin.as_str().to_owned()),
        email: None,
    };
    input.check().map_err(|errors| anyhow::anyhow!("{errors}"))
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
    }
}

/// Elsewhere first, then in its place: whoever reads the file finds a whole token. A sandbox may keep the place itself
/// from being written to.
fn write(path: &Path, secret: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let beside = directory.join(RUN).join("admin-token.new");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(directory)?.sync_all()
}
