//! One user's browser: a connection from an address of its own, and the cookie of a session.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpSocket;

use super::Server;
use super::timetable::Act;

/// The cookie of a session over HTTPS.
const COOKIE_NAME: &str = "__Host-session";

/// What browsers of our days send besides.
const HEADERS: [(&str, &str); 4] = [
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) rig"),
    ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "id,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
];

/// A user.
pub(super) struct Visitor {
    server: Rc<Server>,
    number: u32,
    secret: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Visitor {
    pub(super) fn new(server: Rc<Server>, number: u32) -> Self {
        Self {
            server,
            number,
            secret: format!("{number:043}"),
            connection: None,
        }
    }

    pub(super) async fn act(&mut self, act: Act) -> Result<()> {
        let outcome = match act {
            Act::SignIn => self.sign_in().await,
            Act::ReadBoard => self.read("/").await,
            Act::ReadAccount => self.read("/account").await,
            Act::Post => self.post().await,
        };
        if outcome.is_err() {
            // Whatever is left of an answer on it is not the next one's.
            self.connection = None;
        }
        outcome
    }

    /// Opens the connection; every user comes from an address of their own, as no two in a town share one.
    pub(super) async fn connect(&mut self) -> Result<()> {
        let [_, high, middle, low] = (self.number + 256).to_be_bytes();
        let from = Ipv4Addr::new(127, 1 + high, middle, low);
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        socket.set_nodelay(true)?;
        let stream = socket.connect(self.server.address).await?;
        let name = ServerName::try_from("localhost")?;
        let stream = self.server.connector.connect(name, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        self.connection = Some(sender);
        Ok(())
    }

    async fn sign_in(&mut self) -> Result<()> {
        self.connection = None;
        self.secret.clear();
        self.read("/login").await?;
        let (number, password) = (self.number, &self.server.password);
        let form = format!("login=siswa{number}&password={password}&next=%2F");
        let answer = self.send("POST", "/login", form).await?;
        self.secret = granted(&answer)?;
        drain(answer, StatusCode::SEE_OTHER).await?;
        self.read("/").await
    }

    async fn read(&mut self, path: &str) -> Result<()> {
        let answer = self.send("GET", path, String::new()).await?;
        drain(answer, StatusCode::OK).await
    }

    async fn post(&mut self) -> Result<()> {
        let form = format!("message=Selamat+pagi+dari+siswa+{}%21", self.number);
        let answer = self.send("POST", "/", form).await?;
        drain(answer, StatusCode::SEE_OTHER).await
    }

    async fn send(&mut self, method: &str, path: &str, form: String) -> Result<Response<Incoming>> {
        let request = self.request(method, path, form)?;
        if self.connection.as_ref().is_none_or(SendRequest::is_closed) {
            self.connect().await?;
        }
        let connection = self.connection.as_mut().context("it was just opened")?;
        connection.ready().await?;
        Ok(connection.send_request(request).await?)
    }

    fn request(&self, method: &str, path: &str, form: String) -> Result<Request<Full<Bytes>>> {
        let host = format!("localhost:{}", self.server.address.port());
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in HEADERS {
            request = request.header(name, value);
        }
        if !self.secret.is_empty() {
            request = request.header(COOKIE, format!("{COOKIE_NAME}={}", self.secret));
        }
        if !form.is_empty() {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ORIGIN, format!("https://{host}"));
        }
        Ok(request.header(HOST, host).body(Full::from(form))?)
    }
}

/// The secret of the session that an answer gives.
fn granted<T>(answer: &Response<T>) -> Result<String> {
    let Some(cookie) = answer.headers().get(SET_COOKIE) else {
        bail!(
            "a sign-in was answered {} without a session",
            answer.status()
        );
    };
    let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
    let (name, secret) = pair.split_once('=').context("a cookie is no pair")?;
    ensure!(name == COOKIE_NAME, "the cookie is {name}");
    Ok(secret.to_owned())
}

/// Reads an answer to its end, which must be one of this status.
async fn drain(answer: Response<Incoming>, status: StatusCode) -> Result<()> {
    let found = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(
        found == status,
        "it was answered {found}: {}",
        String::from_utf8_lossy(&body[..body.len().min(200)])
    );
    Ok(())
}
