//! Where a server is, as an operator writes it: `postgres://user@host/database?sslmode=verify-full`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Where Debian's server has its socket, for an address without a host.
const SOCKETS: &str = "/var/run/postgresql";
const PORT: u16 = 5432;
const SHAPE: &str = "write `postgres://user@host/database`";

/// What stands in the place of a password, wherever an address is shown.
const MASK: &str = "********";

/// A server's address, or those of several of which one is in charge. Shown, it has no password.
#[derive(Debug, Clone)]
pub struct Address {
    text: String,
    password: Option<SecretString>,
    pub(super) config: Config,
    pub(super) trust: Trust,
    /// The authorities that may vouch for the server; the public ones if absent.
    pub(super) root: Option<PathBuf>,
}

/// How far a server must prove who it is: the values of `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// One place where a server may listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Tcp(String, u16),
    Unix(PathBuf, u16),
}

impl Address {
    /// The places to try, in the order in which they were written.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let (hosts, ports) = (self.config.get_hosts(), self.config.get_ports());
        let port = |index: usize| {
            let own = ports.get(index).or(ports.first());
            own.copied().unwrap_or(PORT)
        };
        if hosts.is_empty() {
            return vec![Endpoint::Unix(PathBuf::from(SOCKETS), port(0))];
        }
        let each = hosts.iter().enumerate().map(|(index, host)| match host {
            Host::Tcp(name) => Endpoint::Tcp(name.clone(), port(index)),
            Host::Unix(directory) => Endpoint::Unix(directory.clone(), port(index)),
        });
        each.collect()
    }

    /// The places, as people are told of them.
    pub(super) fn places(&self) -> String {
        let places = self.endpoints().into_iter();
        let places = places.map(|place| place.to_string());
        places.collect::<Vec<_>>().join(", ")
    }

    /// The password that was written into it, where logs, pages and lists of processes might show it.
    pub fn password(&self) -> Option<SecretString> {
        self.password.clone()
    }

    /// The file of authorities that may vouch for the server; the public ones if absent.
    pub fn authorities(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Whether what is sent may pass others on its way, and nothing makes sure that the server is the right one.
    pub fn is_exposed(&self) -> bool {
        let is_far = |endpoint: &Endpoint| match endpoint {
            Endpoint::Unix(..) => false,
            Endpoint::Tcp(host, _) => {
                let here = host
                    .parse()
                    .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
                !here && host != "localhost"
            }
        };
        !matches!(self.trust, Trust::VerifyCa | Trust::VerifyFull)
            && self.endpoints().iter().any(is_far)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(directory, port) => write!(f, "{}/.s.PGSQL.{port}", directory.display()),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        if !is_url {
            // The rest may hold a password, and is not repeated.
            let scheme = text.split_once(':').map_or(text, |(scheme, _)| scheme);
            return Err(format!(
                "`{scheme}` begins no address of a PostgreSQL server: {SHAPE}"
            ));
        }
        let written = Written::split(text)?;
        let mut config =
            Config::from_str(&written.address).map_err(|error| refused(&error.to_string()))?;
        let password = written.password()?;
        let (hosts, ports) = (config.get_hosts().len(), config.get_ports().len());
        if ports > 1 && ports != hosts {
            return Err(
                "it has more ports than hosts: write a port to each host, or one for all"
                    .to_owned(),
            );
        }
        config.ssl_mode(written.trust.negotiated());
        if config.get_application_name().is_none() {
            config.application_name("pendopo");
        }
        Ok(Self {
            text: written.shown,
            password,
            config,
            trust: written.trust,
            root: written.root,
        })
    }
}

fn refused(why: &str) -> String {
    format!("this is no address of a PostgreSQL server ({why}): {SHAPE}")
}

/// An address taken apart, as far as the driver does not understand it, or would show it.
struct Written {
    /// For the driver: without the password, and without what is ours.
    address: String,
    /// For people: the password masked.
    shown: String,
    /// The password as it was written.
    password: Option<String>,
    trust: Trust,
    root: Option<PathBuf>,
}

impl Written {
    fn split(text: &str) -> Result<Self, String> {
        let (place, options) = text.split_once('?').unwrap_or((text, ""));
        let (bare, masked, mut password) = without_password(place);
        let (mut trust, mut root) = (Trust::Prefer, None);
        let (mut rest, mut shown) = (Vec::new(), Vec::new());
        for option in options.split('&').filter(|option| !option.is_empty()) {
            shown.push(option.to_owned());
            match option.split_once('=') {
                Some(("sslmode", mode)) => trust = Trust::parse(mode)?,
                Some(("sslrootcert", "system")) => root = None,
                Some(("sslrootcert", path)) => root = Some(Path::new(path).to_owned()),
                Some(("password", secret)) => {
                    password = Some(secret.to_owned());
                    shown.pop();
                    shown.push(format!("password={MASK}"));
                }
                _ => rest.push(option.to_owned()),
            }
        }
        Ok(Self {
            address: with_options(bare, &rest),
            shown: with_options(masked, &shown),
            password,
            trust,
            root,
        })
    }

    /// Decoded, as the driver decodes it.
    fn password(&self) -> Result<Option<SecretString>, String> {
        let Some(written) = &self.password else {
            return Ok(None);
        };
        let unreadable = || refused("its password has a `%` that begins no character");
        let escaped = written.replace('/', "%2F").replace('@', "%40");
        let config = Config::from_str(&format!("postgres://x:{escaped}@x/x"));
        let config = config.map_err(|_| unreadable())?;
        let bytes = config.get_password().unwrap_or_default().to_vec();
        let decoded = String::from_utf8(bytes).map_err(|_| unreadable())?;
        Ok(Some(SecretString::from(decoded)))
    }
}

/// The address without its password, the same with the password masked, and the password.
fn without_password(place: &str) -> (String, String, Option<String>) {
    let (scheme, rest) = place.split_once("://").unwrap_or(("", place));
    // A `@` or a `/` that was not escaped is the password's as well: better all of it masked than some of it shown.
    let split = rest
        .rfind('@')
        .and_then(|at| Some((at, rest[..at].split_once(':')?)));
    match split {
        Some((at, (user, secret))) => (
            format!("{scheme}://{user}{}", &rest[at..]),
            format!("{scheme}://{user}:{MASK}{}", &rest[at..]),
            Some(secret.to_owned()),
        ),
        None => (place.to_owned(), place.to_owned(), None),
    }
}

fn with_options(place: String, options: &[String]) -> String {
    if options.is_empty() {
        place
    } else {
        format!("{place}?{}", options.join("&"))
    }
}

impl Trust {
    fn parse(mode: &str) -> Result<Self, String> {
        Ok(match mode {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(format!(
                    "`sslmode={mode}` is not known: write `disable`, `prefer`, `require`, `verify-ca` or `verify-full`"
                ));
            }
        })
    }

    fn negotiated(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn check(text: &str, expected: &[Endpoint]) {
        assert_eq!(
            text.parse::<Address>().unwrap().endpoints(),
            expected,
            "{text}"
        );
    }

    fn tcp(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp(host.to_owned(), port)
    }

    fn unix(directory: &str, port: u16) -> Endpoint {
        Endpoint::Unix(PathBuf::from(directory), port)
    }

    #[test]
    fn an_address_names_one_place_or_several() {
        check("postgres://p@db/p", &[tcp("db", 5432)]);
        check(
            "postgresql://p@db:6432/p?sslmode=require",
            &[tcp("db", 6432)],
        );
        check(
            "postgres://p@one:1,two:2/p",
            &[tcp("one", 1), tcp("two", 2)],
        );
        check("postgres://p@[::1]/p", &[tcp("::1", 5432)]);
        check(
            "postgres:///p?host=/run/postgresql&port=7",
            &[unix("/run/postgresql", 7)],
        );
        check("postgres://p@/p", &[unix("/var/run/postgresql", 5432)]);
    }

    fn refuse(text: &str, expected: &str) {
        let told = text.parse::<Address>().unwrap_err();
        assert!(told.contains(expected), "{text}: {told}");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        refuse("mysql://p@db/p", "`mysql` begins no address");
        refuse("postgres://p@db/p?sslmode=maybe", "sslmode=maybe");
        refuse("postgres://p@db/p?colour=red", "no address");
        for text in [
            "postgres://p:secret@db:x/p",
            "postgre://p:secret@db/p",
            "postgres://p:secret@db/p?sslmode=maybe",
            "postgres://p@db/p?password=secret&colour=red",
        ] {
            let told = text.parse::<Address>().unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_used_and_never_shown() {
        for (text, shown, password) in [
            ("postgres://p@db/p", "postgres://p@db/p", None),
            (
                "postgres://p:s%20t@db/p",
                "postgres://p:********@db/p",
                Some("s t"),
            ),
            (
                "postgres://p:a/b@c@db/p",
                "postgres://p:********@db/p",
                Some("a/b@c"),
            ),
            (
                "postgres://p@db/p?password=st&sslmode=require",
                "postgres://p@db/p?password=********&sslmode=require",
                Some("st"),
            ),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            let given = address.password();
            assert_eq!(given.as_ref().map(ExposeSecret::expose_secret), password);
            assert!(!format!("{address:?}").contains("a/b"), "{text}");
        }
        let refused = "postgres://p:%ff@db/p".parse::<Address>().unwrap_err();
        assert!(refused.contains('%'), "{refused}");
    }

    #[test]
    fn only_a_far_server_that_proves_nothing_is_exposed() {
        let is_exposed = |text: &str| text.parse::<Address>().unwrap().is_exposed();
        assert!(is_exposed("postgres://p@db/p"));
        assert!(is_exposed("postgres://p@db/p?sslmode=require"));
        assert!(!is_exposed("postgres://p@db/p?sslmode=verify-full"));
        assert!(!is_exposed("postgres://p@127.0.0.1/p"));
        assert!(!is_exposed("postgres://p@/p"));
    }
}
