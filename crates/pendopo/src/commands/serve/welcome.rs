//! What the server says when it is ready: where it listens, how to sign in, a line to paste.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use lifecycle::{Bound, Facts};
use secrecy::ExposeSecret;

use super::{Server, VERSION};
use crate::bootstrap::{ADMIN, Made, TokenState};
use crate::cli::RoleName;
use crate::console::say;
use crate::private::Private;
use crate::roles::BoundRoles;

/// The text, and what it is made of.
pub(super) struct Welcome {
    bound: Vec<Bound>,
    roles: Vec<RoleName>,
    data: PathBuf,
    token_file: PathBuf,
    domains: Vec<String>,
    has_own_certificate: bool,
    fetches: bool,
    is_open: bool,
}

impl Welcome {
    pub(super) fn new(server: &Server, roles: &BoundRoles, private: &Private) -> Self {
        let mut bound = roles.bound().to_vec();
        bound.push(private.bound());
        Self {
            bound,
            roles: server.roles.clone(),
            data: server.config.data.clone(),
            token_file: server.data.admin_token(),
            domains: server.config.domains.clone(),
            has_own_certificate: server.config.edge.tls.has_own(),
            fetches: server
                .config
                .edge
                .fetches_certificates(&server.config.domains),
            is_open: server.options.open_api,
        }
    }

    /// The same for the status page and `pendopo doctor`.
    pub(super) fn state(&self, facts: &Facts) {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        facts.state("process", "version", VERSION);
        facts.state("process", "roles", roles.join(", "));
        facts.state("process", "data directory", self.data.display().to_string());
        for bound in &self.bound {
            facts.state(
                bound.role,
                format!("{} listener", bound.scheme),
                bound.to_string(),
            );
        }
    }

    /// Logs where the roles listen, as long as there is nothing to welcome anybody to.
    pub(super) fn announce(&self) {
        for bound in &self.bound {
            let url = self.url(bound);
            tracing::info!(
                role = bound.role,
                url,
                "listening; what needs a store is answered 503 until all are there"
            );
        }
    }

    /// Prints the text on standard output.
    pub(super) fn print(&self, made: Option<&Made>) {
        say(self.text(made));
    }

    fn text(&self, made: Option<&Made>) -> String {
        let mut text = format!("Pendopo {VERSION} is ready.\n\n");
        for bound in &self.bound {
            let what = match (bound.role, bound.scheme) {
                ("edge", _) if made.is_none() => "the sites",
                ("admin", _) => "private: /livez /readyz /startupz /metrics /status",
                (_, "https") => "pages and API",
                _ => "pages and API, not encrypted",
            };
            let _ = writeln!(text, "  {:<30} {what}", self.url(bound));
        }
        self.write_certificate(&mut text);
        // Without the role `web` there is nothing to sign in to.
        if let Some(made) = made {
            self.write_sign_in(&mut text, made);
            self.write_token(&mut text, made);
            self.write_curl(&mut text);
        }
        text
    }

    fn write_certificate(&self, text: &mut String) {
        if self.has_own_certificate || self.front().scheme != "https" {
            return;
        }
        if self.fetches {
            text.push_str(
                "\nThe certificate is fetched and renewed by itself; `pendopo doctor` says how it stands.\n",
            );
            return;
        }
        let authority = self.data.join("tls/ca.pem");
        let _ = write!(
            text,
            "\nThe certificate is signed by this server's own authority, {}, which browsers do not know: \
            they warn until you import it.\n",
            authority.display()
        );
    }

    fn write_sign_in(&self, text: &mut String, made: &Made) {
        let login = format!("{}login", self.url(self.front()));
        let _ = match &made.one_time_password {
            None => writeln!(text, "\nSign in at {login}"),
            Some(password) => writeln!(
                text,
                "\nSign in at {login} as `{ADMIN}` with the one-time password\n\n  {}\n\n\
                 It is shown this once; `pendopo user passwd {ADMIN}` makes another one.",
                password.expose_secret()
            ),
        };
    }

    fn write_token(&self, text: &mut String, made: &Made) {
        let file = self.token_file.display();
        let _ = match made.token {
            TokenState::Kept => Ok(()),
            TokenState::Elsewhere => writeln!(
                text,
                "\nThere is no good token in {file}: the first start left one with the server that made it, and \
                 `pendopo token new {ADMIN} --label NAME` makes another."
            ),
            TokenState::New => writeln!(
                text,
                "A token for the API is in {file}; whoever can read it can do everything."
            ),
            TokenState::Renewed => {
                writeln!(
                    text,
                    "\nThe token file {file} was lost or no longer good: the old token is revoked, a new one is in it."
                )
            }
        };
    }

    fn write_curl(&self, text: &mut String) {
        let url = format!("{}users", self.url(self.front()));
        let authority = self.data.join("tls/ca.pem").display().to_string();
        let is_local = self.front().scheme == "https" && !self.has_own_certificate && !self.fetches;
        let authority = if is_local {
            format!("--cacert {} ", quoted(&authority))
        } else {
            String::new()
        };
        let token = quoted(&self.token_file.display().to_string());
        let _ = if self.is_open {
            writeln!(
                text,
                "\nThe API is open to everybody on this machine. Try it:\n\n  curl {authority}{url}"
            )
        } else {
            writeln!(
                text,
                "\nTry the API:\n\n  curl {authority}-H \"Authorization: Bearer $(cat {token})\" {url}"
            )
        };
    }

    /// Where people come in: encrypted if it can be.
    fn front(&self) -> &Bound {
        let public = || self.bound.iter().filter(|bound| bound.role != "admin");
        public()
            .find(|bound| bound.scheme == "https")
            .or(public().next())
            .unwrap_or(&self.bound[0])
    }

    /// A listener as a browser on this machine reaches it, or by its name.
    fn url(&self, bound: &Bound) -> String {
        let is_admin = bound.role == "admin";
        let host = match self.domains.first().filter(|_| !is_admin) {
            Some(domain) => domain.clone(),
            None => reachable(bound.address),
        };
        match (bound.scheme, bound.address.port()) {
            ("https", 443) | ("http", 80) => format!("{}://{host}/", bound.scheme),
            (scheme, port) => format!("{scheme}://{host}:{port}/"),
        }
    }
}

fn reachable(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let is_plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}
