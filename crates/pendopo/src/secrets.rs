//! The secrets that a deployment needs, and how their files are made.

use std::cell::RefCell;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use school::secret::{Secret, SecretHash, hex};
use tempfile::NamedTempFile;

use crate::certified::{Certified, Server};

/// The group of every container, by which those that are given a secret can read its file.
pub(crate) const CONTAINERS: u32 = 65532;

/// A transaction at a time has a connection to the server. Sessions are as many as 25 processes of ours may open.
const PGBOUNCER: &str = "[databases]
pendopo = host=postgres port=5432 dbname=pendopo
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /run/secrets/pgbouncer-users
pool_mode = transaction
default_pool_size = 20
max_client_conn = 200
server_tls_sslmode = prefer
";

/// One secret, by the name that its file has in `secrets/` and in `/run/secrets/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretName {
    AdminPassword,
    PostgresPassword,
    RedisPassword,
    RedisAcl,
    RedisCa,
    RedisCertificate,
    RedisKey,
    MongoPassword,
    MongoCa,
    MongoServer,
    MongoClient,
    PgbouncerUsers,
    PgbouncerIni,
}

/// What became of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was made now.
    Made,
    /// It was there, and stays as it is.
    Kept,
}

impl SecretName {
    /// Every secret; one that another is made from comes after it.
    pub(crate) const ALL: [Self; 13] = [
        Self::AdminPassword,
        Self::PostgresPassword,
        Self::RedisPassword,
        Self::RedisAcl,
        Self::RedisCa,
        Self::RedisCertificate,
        Self::RedisKey,
        Self::MongoPassword,
        Self::MongoCa,
        Self::MongoServer,
        Self::MongoClient,
        Self::PgbouncerUsers,
        Self::PgbouncerIni,
    ];

    /// The file's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AdminPassword => "admin-password",
            Self::PostgresPassword => "postgres-password",
            Self::RedisPassword => "redis-password",
            Self::RedisAcl => "redis-acl",
            Self::RedisCa => "redis-ca",
            Self::RedisCertificate => "redis-certificate",
            Self::RedisKey => "redis-key",
            Self::MongoPassword => "mongo-password",
            Self::MongoCa => "mongo-ca",
            Self::MongoServer => "mongo-server",
            Self::MongoClient => "mongo-client",
            Self::PgbouncerUsers => "pgbouncer-users",
            Self::PgbouncerIni => "pgbouncer-ini",
        }
    }

    /// The server whose certificate, key or authority it is.
    fn server(self) -> Option<Server> {
        let mut all = [Server::Redis, Server::Mongo].into_iter();
        all.find(|server| Self::around(*server).contains(&self))
    }

    /// What is made together.
    fn around(server: Server) -> [Self; 3] {
        match server {
            Server::Redis => [Self::RedisCa, Self::RedisCertificate, Self::RedisKey],
            Server::Mongo => [Self::MongoCa, Self::MongoServer, Self::MongoClient],
        }
    }

    /// What its file holds of those.
    fn among(self, made: &Certified) -> String {
        match self {
            Self::RedisCertificate => made.of_server.certificate.clone(),
            Self::RedisKey => made.of_server.key.clone(),
            Self::MongoServer => made.of_server.both(),
            Self::MongoClient => made.of_client.both(),
            _ => made.authority.clone(),
        }
    }

    /// What it is for.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::AdminPassword => {
                "the first password of `admin`, to be changed when signing in (`admin.password_file`)"
            }
            Self::PostgresPassword => "between `web` and PostgreSQL",
            Self::RedisPassword => "between `web` and Redis",
            Self::RedisAcl => "the digest of `redis-password`, as Redis reads it (`aclfile`)",
            Self::RedisCa => "the authority by which `web` knows Redis",
            Self::RedisCertificate => "the certificate of Redis, for ten years",
            Self::RedisKey => "the key of `redis-certificate`",
            Self::MongoPassword => "between `web` and MongoDB",
            Self::MongoCa => "the authority by which `web` and MongoDB know each other",
            Self::MongoServer => "the certificate of MongoDB with its key, for ten years",
            Self::MongoClient => "the certificate of `web` at MongoDB with its key, for ten years",
            Self::PgbouncerUsers => "`postgres-password`, as PgBouncer reads it (`auth_file`)",
            Self::PgbouncerIni => "the settings of PgBouncer, which you may change",
        }
    }
}

/// A folder of secrets.
pub(crate) struct SecretFolder {
    path: PathBuf,
    /// The certificates that were made just now.
    certified: RefCell<Vec<Certified>>,
}

impl SecretFolder {
    /// Makes the folder if it is not there, for its owner alone.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("can't make the directory {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            certified: RefCell::default(),
        })
    }

    /// The file of a secret.
    pub(crate) fn file(&self, name: SecretName) -> PathBuf {
        self.path.join(name.as_str())
    }

    /// Makes a secret where there is none; one that is there is never touched, but looked at.
    pub(crate) fn ensure(&self, name: SecretName) -> Result<Outcome> {
        let path = self.file(name);
        match self.find(name)? {
            Some(text) if text.trim_end().is_empty() => {
                bail!("{} is empty: remove it to have one made", path.display())
            }
            Some(text) => self.must_fit(name, &text).map(|()| Outcome::Kept),
            None => {
                let text = self.new_text(name)?;
                write(&path, &text).with_context(|| format!("can't write {}", path.display()))?;
                Ok(Outcome::Made)
            }
        }
    }

    fn find(&self, name: SecretName) -> Result<Option<String>> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // Some engines put one where they find no file to give to a container.
            Err(error) if error.kind() == ErrorKind::IsADirectory => {
                let mend = || {
                    format!(
                        "{} is a directory: remove it to have a secret made",
                        path.display()
                    )
                };
                fs::remove_dir(&path).with_context(mend).map(|()| None)
            }
            Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
        }
    }

    fn new_text(&self, name: SecretName) -> Result<String> {
        match name {
            SecretName::RedisAcl => Ok(format!(
                "user default on #{} ~* &* +@all\n",
                self.redis_digest()?
            )),
            SecretName::PgbouncerUsers => Ok(pgbouncer_user(&self.postgres_password()?)),
            SecretName::PgbouncerIni => Ok(PGBOUNCER.to_owned()),
            _ => match name.server() {
                Some(server) => self.certified(server, name),
                None => Ok(Secret::random().reveal().to_owned()),
            },
        }
    }

    /// The certificates around a server are made together, and the key that signed them is forgotten.
    fn certified(&self, server: Server, name: SecretName) -> Result<String> {
        let mut made = self.certified.borrow_mut();
        if !made.iter().any(|one| one.server == server) {
            let all = SecretName::around(server);
            let there = all.iter().find(|other| self.file(**other).exists());
            if let Some(there) = there {
                bail!(
                    "{} is there, but not {}: remove {} to have all of them made anew",
                    self.file(*there).display(),
                    name.as_str(),
                    all.map(|one| format!("`{}`", one.as_str())).join(", ")
                );
            }
            made.push(Certified::make(server)?);
        }
        let mut made = made.iter();
        let one = made.find(|one| one.server == server);
        Ok(name.among(one.context("it was made just now")?))
    }

    fn postgres_password(&self) -> Result<String> {
        let password = self.find(SecretName::PostgresPassword)?;
        let password = password.context("`postgres-password` comes before `pgbouncer-users`")?;
        Ok(password.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Redis compares a password with its SHA-256, so that the server's own file need not hold it.
    fn redis_digest(&self) -> Result<String> {
        let password = self.find(SecretName::RedisPassword)?;
        let password = password.context("`redis-password` comes before `redis-acl`")?;
        Ok(hex(&SecretHash::of(
            password.trim_end_matches(['\r', '\n']),
        )
        .0))
    }

    fn must_fit(&self, name: SecretName, text: &str) -> Result<()> {
        if name == SecretName::RedisAcl && !text.contains(&self.redis_digest()?) {
            bail!(
                "{} has not the digest of `redis-password`, so Redis would refuse that password: remove it to have it made anew",
                self.file(name).display()
            );
        }
        if name == SecretName::PgbouncerUsers
            && text.trim_end() != pgbouncer_user(&self.postgres_password()?).trim_end()
        {
            bail!(
                "{} has not the password in `postgres-password`, so nobody would get through PgBouncer: remove it to have it made anew",
                self.file(name).display()
            );
        }
        Ok(())
    }
}

/// The one user, as the `auth_file` of `PgBouncer` has it.
fn pgbouncer_user(password: &str) -> String {
    format!("\"pendopo\" \"{}\"\n", password.replace('"', "\"\""))
}

/// Whole or not at all, and never over another file.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a secret stands in a folder")?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    give(file.as_file(), folder)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(File::open(folder)?.sync_all()?)
}

/// Root can give the file to the containers' group; its owner is the folder's, who deploys.
fn give(file: &File, folder: &Path) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fchown(file, Some(fs::metadata(folder)?.uid()), Some(CONTAINERS))?;
    Ok(file.set_permissions(Permissions::from_mode(0o640))?)
}

/// Whether containers can read a secret's file, as far as its group says.
pub(crate) fn containers_can_read(path: &Path) -> Result<bool> {
    let metadata =
        fs::metadata(path).with_context(|| format!("can't look at {}", path.display()))?;
    let by_group = metadata.gid() == CONTAINERS && metadata.mode() & 0o040 != 0;
    Ok(by_group || is_open(&metadata))
}

/// Whether everybody on this machine can read a secret's file.
pub(crate) fn everybody_can_read(path: &Path) -> Result<bool> {
    let metadata =
        fs::metadata(path).with_context(|| format!("can't look at {}", path.display()))?;
    Ok(is_open(&metadata))
}

fn is_open(metadata: &fs::Metadata) -> bool {
    metadata.mode() & 0o004 != 0
}
