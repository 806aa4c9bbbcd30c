//! The HTTPS client that the authority is asked with: one connection a request, each with a deadline and a bound.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, RETRY_AFTER};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use jiff::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls::TlsError;

/// A request may take so long, from the look-up of the name to the last byte.
const DEADLINE: Duration = Duration::from_secs(30);
/// No answer of an authority is as long.
const MOST_BYTES: usize = 1024 * 1024;

type Failed = Box<dyn StdError + Send + Sync>;

/// Trusts the public roots, and those of the file if one is set. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    connector: TlsConnector,
    /// What the last refusal asked for; the protocol's library passes no headers on.
    retry_after: Arc<Mutex<Option<Duration>>>,
}

impl Client {
    pub(crate) fn new(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(path) = ca_file.filter(|path| !path.as_os_str().is_empty()) {
            add(&mut roots, path)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            retry_after: Arc::default(),
        })
    }

    /// How long the last refusal asked us to wait; told once.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.noted().take()
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Option<Duration>> {
        self.retry_after
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Failed> {
        let host = host(request.uri())?;
        let port = request.uri().port_u16().unwrap_or(443);
        let socket = TcpStream::connect((host.as_str(), port)).await?;
        let name = ServerName::try_from(host)?;
        let stream = self.connector.connect(name, socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async move {
            let (head, body) = sender.send_request(plain(request)?).await?.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await?.to_bytes();
            Ok::<_, Failed>(Response::from_parts(head, body))
        };
        // The connection ends with the exchange, which owns its other half.
        let (answer, _) = tokio::join!(exchange, connection);
        self.heed(answer?)
    }

    /// Notes what a refusal asks for, and refuses what is not in the protocol's form.
    fn heed(&self, answer: Response<Bytes>) -> Result<BytesResponse, Failed> {
        let (parts, body) = answer.into_parts();
        if parts.status.is_client_error() || parts.status.is_server_error() {
            *self.noted() = parts.headers.get(RETRY_AFTER).and_then(wait);
            if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body).is_err()
            {
                return Err(format!("it answers {} without a reason", parts.status).into());
            }
        }
        Ok(BytesResponse {
            parts,
            body: Box::new(body),
        })
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let answer = tokio::time::timeout(DEADLINE, client.ask(request)).await;
            let answer = answer.unwrap_or_else(|_| Err("it takes too long".into()));
            answer.map_err(|error| Error::Other(format!("{host}: {error}").into()))
        })
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let broken =
        |error: String| TlsError::Broken(path.to_owned(), "certificate of an authority", error);
    let pem = std::fs::read(path).map_err(|error| TlsError::File(path.to_owned(), error))?;
    let mut count = 0;
    for root in CertificateDer::pem_slice_iter(&pem) {
        let root = root.map_err(|error| broken(error.to_string()))?;
        roots.add(root).map_err(|error| broken(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(broken("no CERTIFICATE block in it".to_owned()));
    }
    Ok(())
}

/// The host to connect to; an authority is never spoken to without TLS.
fn host(uri: &Uri) -> io::Result<String> {
    let host = uri.host().filter(|_| uri.scheme_str() == Some("https"));
    let host = host.map(|host| {
        host.trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned()
    });
    host.ok_or_else(|| io::Error::other(format!("`{uri}` is no HTTPS address")))
}

/// The request as it stands on an HTTP/1.1 connection: a path, a `Host`, and no second request after it.
fn plain(request: Request<BodyWrapper<Bytes>>) -> Result<Request<BodyWrapper<Bytes>>, Failed> {
    let (mut head, body) = request.into_parts();
    let authority = head
        .uri
        .authority()
        .map_or("", |authority| authority.as_str());
    head.headers.insert(HOST, HeaderValue::try_from(authority)?);
    head.headers
        .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = Uri::try_from(path)?;
    Ok(Request::from_parts(head, body))
}

/// `Retry-After` in seconds or as a date.
fn wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()?;
    Duration::try_from(time.duration_since(Timestamp::now())).ok()
}
