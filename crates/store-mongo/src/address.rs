//! Where the servers are, as an operator writes it: `mongodb://user@one,two,three/database?replicaSet=rs0&tls=true`.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mongodb::options::{ConnectionString, HostInfo, ServerAddress, Tls};

/// The database, where an address names none.
const DATABASE: &str = "pendopo";
const SHAPE: &str = "write `mongodb://user@host/database?tls=true`";

/// The address of a server, or of those of a replica set. It holds no password.
#[derive(Debug, Clone)]
pub struct Address {
    text: String,
    pub(crate) connection: ConnectionString,
}

impl Address {
    /// The name of the database.
    pub(crate) fn database(&self) -> &str {
        self.connection
            .default_database
            .as_deref()
            .unwrap_or(DATABASE)
    }

    /// The files that TLS needs, each of which may be replaced: the authorities, and the client's certificate with its key.
    pub fn files(&self) -> Vec<&Path> {
        match &self.connection.tls {
            Some(Tls::Enabled(tls)) => [&tls.ca_file_path, &tls.cert_key_file_path]
                .into_iter()
                .flatten()
                .map(PathBuf::as_path)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The file with the client's private key, if there is one.
    pub fn key_file(&self) -> Option<&Path> {
        match &self.connection.tls {
            Some(Tls::Enabled(tls)) => tls.cert_key_file_path.as_deref(),
            _ => None,
        }
    }

    /// Whether what is sent may pass others on its way, and nothing makes sure that the server is the right one.
    pub fn is_exposed(&self) -> bool {
        let is_proved = match &self.connection.tls {
            Some(Tls::Enabled(tls)) => tls.allow_invalid_certificates != Some(true),
            _ => false,
        };
        !is_proved && self.hosts().iter().any(is_far)
    }

    fn hosts(&self) -> &[ServerAddress] {
        match &self.connection.host_info {
            HostInfo::HostIdentifiers(hosts) => hosts,
            _ => &[],
        }
    }
}

fn is_far(host: &ServerAddress) -> bool {
    match host {
        ServerAddress::Tcp { host, .. } => {
            let here = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
            !here && host != "localhost"
        }
        _ => false,
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("mongodb+srv://") {
            return Err(format!(
                "names that stand for a list of servers are not asked for: {SHAPE}, with each server's name and commas between"
            ));
        }
        if !text.starts_with("mongodb://") {
            return Err(format!("this is no address of a MongoDB server: {SHAPE}"));
        }
        let mut connection = ConnectionString::parse(text).map_err(|error| {
            // The driver's words may repeat a part of the address.
            if has_password(text) {
                no_password()
            } else {
                format!("this is no address of a MongoDB server ({error}): {SHAPE}")
            }
        })?;
        let credential = connection.credential.as_ref();
        if has_password(text) || credential.is_some_and(|one| one.password.is_some()) {
            return Err(no_password());
        }
        for option in ["w=", "journal=", "readConcernLevel=", "readPreference="] {
            if text
                .split(['?', '&'])
                .skip(1)
                .any(|given| given.starts_with(option))
            {
                return Err(format!(
                    "`{option}` can't be chosen: what is written is on most servers' disks, and what is read was; leave it out"
                ));
            }
        }
        connection.write_concern = None;
        Ok(Self {
            text: text.to_owned(),
            connection,
        })
    }
}

/// Whether something stands where a password would.
fn has_password(text: &str) -> bool {
    let place = text.split_once("://").map_or("", |(_, rest)| rest);
    let place = place.split(['/', '?']).next().unwrap_or_default();
    let user = place.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':')
}

fn no_password() -> String {
    "a password does not belong into an address, which logs and pages show: write it into a file, and name that in the \
        key with `_password_file`"
        .to_owned()
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
    use super::*;

    #[test]
    fn an_address_names_servers_a_database_and_files() {
        let plain: Address = "mongodb://one".parse().unwrap();
        assert_eq!((plain.database(), plain.files()), ("pendopo", Vec::new()));
        let text = "mongodb://p@one,two:27018/school?replicaSet=rs0&tls=true&tlsCAFile=/ca.pem&tlsCertificateKeyFile=/me.pem";
        let whole: Address = text.parse().unwrap();
        assert_eq!(whole.hosts().len(), 2);
        assert_eq!(whole.database(), "school");
        assert_eq!(whole.files(), [Path::new("/ca.pem"), Path::new("/me.pem")]);
        assert_eq!(whole.to_string(), text);
    }

    fn refuse(text: &str, expected: &str) {
        let told = text.parse::<Address>().unwrap_err();
        assert!(told.contains(expected), "{text}: {told}");
        assert!(!told.contains("secret"), "{text}: {told}");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        refuse("redis://one", "no address");
        refuse("mongodb+srv://one", "commas");
        refuse("mongodb://p:secret@one", "_password_file");
        refuse("mongodb://p:secret@one/?tls=maybe", "_password_file");
        refuse("mongodb://one/?tls=maybe", "tls");
        refuse("mongodb://one/?w=1", "w=");
        refuse(
            "mongodb://one/?tls=true&readPreference=secondary",
            "readPreference=",
        );
    }

    #[test]
    fn only_a_far_server_that_proves_nothing_is_exposed() {
        let is_exposed = |text: &str| text.parse::<Address>().unwrap().is_exposed();
        assert!(is_exposed("mongodb://one"));
        assert!(is_exposed("mongodb://one/?tls=false"));
        assert!(is_exposed(
            "mongodb://one/?tls=true&tlsAllowInvalidCertificates=true"
        ));
        assert!(!is_exposed("mongodb://one/?tls=true"));
        assert!(!is_exposed("mongodb://127.0.0.1,localhost"));
    }
}
