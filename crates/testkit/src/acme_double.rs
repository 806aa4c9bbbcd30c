//! A double of a certificate authority that speaks ACME (RFC 8555), for what no real one does on demand: it suggests
//! windows of renewal (RFC 9773), asks for pauses, refuses nonces, fails, and takes its time.
//!
//! It believes every name and checks no signature; who wants proofs checked asks Pebble.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Authority, Trust};

/// One request, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its path, such as `/order/1`.
    pub path: String,
    /// What was signed; null where nothing was, and where nothing was sent.
    pub payload: Value,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, or a chain in PEM.
    pub body: String,
}

type Rule = Box<dyn FnMut(&Call) -> Option<Reply> + Send>;

/// The double; its threads last as long as the process.
pub struct AcmeDouble {
    address: SocketAddr,
    desk: Arc<Desk>,
    directory: TempDir,
}

/// What its connections share.
struct Desk {
    authority: Authority,
    url: String,
    rule: Mutex<Rule>,
    calls: Mutex<Vec<Call>>,
    /// The chain of each order that was finalized, by its number.
    chains: Mutex<BTreeMap<String, String>>,
}

impl Default for AcmeDouble {
    fn default() -> Self {
        let (directory, authority) = (
            tempfile::tempdir().expect("a directory"),
            Authority::default(),
        );
        let (certificate, key) = authority.issue(directory.path(), &["127.0.0.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            authority,
            url: format!("https://{address}"),
            rule: Mutex::new(Box::new(|_| None)),
            calls: Mutex::default(),
            chains: Mutex::default(),
        });
        let config = settings(&certificate, &key);
        let accepting = Arc::clone(&desk);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (desk, config) = (Arc::clone(&accepting), Arc::clone(&config));
                // One that leaves in the middle has nothing to be told.
                thread::spawn(move || desk.serve(socket.ok()?, config));
            }
        });
        Self {
            address,
            desk,
            directory,
        }
    }
}

impl AcmeDouble {
    /// Its directory.
    pub fn url(&self) -> String {
        format!("https://{}/dir", self.address)
    }

    /// A PEM file with the root by which its own address is known.
    pub fn root(&self) -> PathBuf {
        self.desk.authority.root(self.directory.path())
    }

    /// What a client of its certificates trusts.
    pub fn trust(&self) -> Trust {
        self.desk.authority.trust()
    }

    /// From now on, what this says is answered; `None` leaves it to the protocol.
    pub fn rule(&self, rule: impl FnMut(&Call) -> Option<Reply> + Send + 'static) {
        *locked(&self.desk.rule) = Box::new(rule);
    }

    /// Every request so far whose path begins so.
    pub fn calls(&self, path: &str) -> Vec<Call> {
        let calls = locked(&self.desk.calls);
        calls
            .iter()
            .filter(|call| call.path.starts_with(path))
            .cloned()
            .collect()
    }
}

impl Reply {
    /// A problem document of this kind, such as `rateLimited`.
    pub fn problem(status: u16, kind: &str) -> Self {
        let kind = format!("urn:ietf:params:acme:error:{kind}");
        Self::json(
            status,
            &json!({ "type": kind, "detail": "says the double" }),
        )
    }

    /// Where renewal is asked about: the window that is suggested, by its start and end.
    pub fn window(start: &str, end: &str) -> Self {
        let window = json!({ "start": start, "end": end });
        Self::json(200, &json!({ "suggestedWindow": window })).with("retry-after", "21600")
    }

    /// An answer with this document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    /// The same with one more header; one of the same name goes.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }
}

impl Desk {
    /// One request a connection, as our client asks.
    fn serve(&self, socket: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
        let session = ServerConnection::new(config).ok()?;
        let mut stream = StreamOwned::new(session, socket);
        let call = read(&mut stream)?;
        locked(&self.calls).push(call.clone());
        let ruled = (locked(&self.rule))(&call);
        let reply = ruled.unwrap_or_else(|| self.answer(&call));
        let number = locked(&self.calls).len();
        let more = reply.headers.iter();
        let more: String = more
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
            .collect();
        let head = format!(
            "HTTP/1.1 {} x\r\nreplay-nonce: nonce{number}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
            reply.status,
            reply.body.len()
        );
        write!(stream, "{head}{}", reply.body).ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()
    }

    fn answer(&self, call: &Call) -> Reply {
        let number = call.path.rsplit('/').next().unwrap_or_default();
        match call.path.split('/').nth(1).unwrap_or_default() {
            "dir" => Reply::json(200, &self.directory()),
            "nonce" => Reply::json(200, &json!({})),
            "account" => Reply::json(201, &json!({ "status": "valid" }))
                .with("location", format!("{}/account/1", self.url)),
            "new" => self.new_order(&call.payload["replaces"]),
            "order" => Reply::json(200, &self.order(number)),
            "finalize" => self.finalize(number, &call.payload),
            "certificate" => Reply {
                status: 200,
                headers: Vec::new(),
                body: locked(&self.chains)
                    .get(number)
                    .cloned()
                    .unwrap_or_default(),
            },
            _ => Reply::problem(404, "malformed"),
        }
    }

    fn directory(&self) -> Value {
        let url = |path: &str| format!("{}/{path}", self.url);
        json!({
            "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("new"),
            "revokeCert": url("revoke"), "keyChange": url("key"), "renewalInfo": url("renewal"),
        })
    }

    /// What the order replaces is repeated, as RFC 9773 §5 demands.
    fn new_order(&self, replaces: &Value) -> Reply {
        let calls = locked(&self.calls);
        let number = calls.iter().filter(|call| call.path == "/new").count();
        let number = number.to_string();
        drop(calls);
        let mut order = self.order(&number);
        if !replaces.is_null() {
            order["replaces"] = replaces.clone();
        }
        Reply::json(201, &order).with("location", format!("{}/order/{number}", self.url))
    }

    fn order(&self, number: &str) -> Value {
        let is_signed = locked(&self.chains).contains_key(number);
        let mut order = json!({
            "status": if is_signed { "valid" } else { "ready" },
            "identifiers": [], "authorizations": [],
            "finalize": format!("{}/finalize/{number}", self.url),
        });
        if is_signed {
            order["certificate"] = json!(format!("{}/certificate/{number}", self.url));
        }
        order
    }

    fn finalize(&self, number: &str, payload: &Value) -> Reply {
        let request = payload["csr"].as_str().unwrap_or_default();
        let request = URL_SAFE_NO_PAD.decode(request).expect("base64url");
        let chain = self.authority.sign(&request);
        locked(&self.chains).insert(number.to_owned(), chain);
        Reply::json(200, &self.order(number))
    }
}

fn read(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while reader.read_line(&mut head).ok()? > 2 {
        let line = head.lines().last()?.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let signed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let payload = signed["payload"].as_str().unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    Some(Call {
        path: head.split(' ').nth(1)?.to_owned(),
        payload: serde_json::from_slice(&payload).unwrap_or_default(),
    })
}

fn settings(certificate: &PathBuf, key: &PathBuf) -> Arc<ServerConfig> {
    let chain = CertificateDer::from_pem_file(certificate).expect("a certificate in PEM");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key in PEM");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has");
    let config = builder.with_no_client_auth();
    Arc::new(
        config
            .with_single_cert(vec![chain], key)
            .expect("a pair that belongs together"),
    )
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().expect("no panic elsewhere")
}
