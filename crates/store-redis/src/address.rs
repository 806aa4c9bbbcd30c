//! Where a server is, as an operator writes it: `rediss://host:6379/0?ca_file=/etc/pendopo/redis-ca.pem`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const SHAPE: &str = "write `redis://host`, `rediss://host` for TLS, `redis-sentinel://host,host/service` or \
    `redis-cluster://host,host`";
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// A server's address, or those of several that know who is in charge. It holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    pub(crate) kind: Kind,
    pub(crate) hosts: Vec<(String, u16)>,
    pub(crate) user: Option<String>,
    /// The number of the database.
    pub(crate) database: i64,
    /// Absent where what is sent is not encrypted.
    pub(crate) tls: Option<Tls>,
}

/// How the server that is in charge is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is the one that is named.
    One,
    /// Sentinels know who serves under this name.
    Sentinel(String),
    /// Each node knows which one holds a key.
    Cluster,
}

/// Files for TLS; those that are absent are not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The authorities that may vouch for the server; the public ones if absent.
    pub(crate) authorities: Option<PathBuf>,
    /// The certificate and the key that we show.
    pub(crate) own: Option<(PathBuf, PathBuf)>,
}

impl Address {
    /// Files for TLS, which are read at each connection.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter();
        let each = tls.flat_map(|tls| {
            let own = tls
                .own
                .iter()
                .flat_map(|(certificate, key)| [certificate, key]);
            tls.authorities.iter().chain(own)
        });
        each.map(PathBuf::as_path)
    }

    /// The file with our private key, if there is one.
    pub fn key_file(&self) -> Option<&Path> {
        let (_, key) = self.tls.as_ref()?.own.as_ref()?;
        Some(key)
    }

    /// Whether what is sent is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether what is sent may pass others on its way who can read it.
    pub fn is_exposed(&self) -> bool {
        let is_far = |(host, _): &(String, u16)| {
            let address = host.parse();
            let is_here = address.is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
            !is_here && host != "localhost"
        };
        self.tls.is_none() && self.hosts.iter().any(is_far)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| unfit(text))?;
        let (is_encrypted, name) = match scheme.strip_prefix("rediss") {
            Some(name) => (true, name),
            None => (
                false,
                scheme.strip_prefix("redis").ok_or_else(|| unfit(text))?,
            ),
        };
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        let (user, hosts) = match hosts.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, hosts),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(no_password());
        }
        let (kind, database) = kind(name, path)?.ok_or_else(|| unfit(text))?;
        let port = match kind {
            Kind::Sentinel(_) => SENTINEL_PORT,
            Kind::One | Kind::Cluster => PORT,
        };
        let hosts: Result<Vec<_>, String> =
            hosts.split(',').map(|place| host(place, port)).collect();
        let hosts = hosts?;
        if kind == Kind::One && hosts.len() > 1 {
            return Err(format!(
                "it names several servers, and not how they belong together: {SHAPE}"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            kind,
            hosts,
            user: user.filter(|user| !user.is_empty()).map(str::to_owned),
            database,
            tls: tls(is_encrypted, options)?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn unfit(text: &str) -> String {
    // What stands before an `@` may be a password.
    let shown = text.rsplit('@').next().unwrap_or_default();
    format!("`{shown}` is no address of a Redis server: {SHAPE}")
}

fn no_password() -> String {
    "a password does not belong into an address, which logs and pages show: write it into a file, and name that in the \
        key with `_password_file`"
        .to_owned()
}

/// `None` for a scheme that is not known.
fn kind(name: &str, path: &str) -> Result<Option<(Kind, i64)>, String> {
    let database = |number: &str| match number {
        "" => Ok(0),
        number => number
            .parse()
            .ok()
            .filter(|number| (0..=999_999).contains(number))
            .ok_or_else(|| format!("`{number}` is no number of a database, such as 0")),
    };
    match name {
        "" => Ok(Some((Kind::One, database(path)?))),
        "-cluster" if path.is_empty() => Ok(Some((Kind::Cluster, 0))),
        "-cluster" => {
            Err("a cluster has one database: leave out what stands after the hosts".to_owned())
        }
        "-sentinel" => {
            let (service, number) = path.split_once('/').unwrap_or((path, ""));
            if service.is_empty() {
                return Err(
                    "it names no service: write `redis-sentinel://host,host/service`".to_owned(),
                );
            }
            Ok(Some((
                Kind::Sentinel(service.to_owned()),
                database(number)?,
            )))
        }
        _ => Ok(None),
    }
}

fn host(place: &str, port: u16) -> Result<(String, u16), String> {
    let wrong = || {
        format!(
            "`{place}` is no host: write a name or an address, and a port after `:` if it is another than {port}"
        )
    };
    let (name, port) = match place.rsplit_once(':') {
        Some((name, text)) if !text.ends_with(']') => (name, text.parse().map_err(|_| wrong())?),
        _ => (place, port),
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let name = bare.unwrap_or(name);
    if name.is_empty() || (bare.is_none() && name.contains(':')) || name.contains([' ', '#']) {
        return Err(wrong());
    }
    Ok((name.to_owned(), port))
}

fn tls(is_encrypted: bool, options: &str) -> Result<Option<Tls>, String> {
    let mut tls = Tls::default();
    let (mut certificate, mut key) = (None, None);
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("ca_file", path)) => tls.authorities = Some(PathBuf::from(path)),
            Some(("cert_file", path)) => certificate = Some(PathBuf::from(path)),
            Some(("key_file", path)) => key = Some(PathBuf::from(path)),
            Some(("password", _)) => return Err(no_password()),
            _ => {
                return Err(format!(
                    "`{option}` is not known: write `ca_file=`, `cert_file=` or `key_file=`"
                ));
            }
        }
    }
    tls.own = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => return Err("`cert_file` and `key_file` go together: name both, or none".to_owned()),
    };
    if !is_encrypted && tls != Tls::default() {
        return Err(
            "files for TLS are named, but not TLS: write `rediss` instead of `redis`".to_owned(),
        );
    }
    Ok(is_encrypted.then_some(tls))
}

#[cfg(test)]
mod tests;
