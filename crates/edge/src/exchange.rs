//! One request and its answer, as the access log will tell of them.

mod client;
mod explanation;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri, Version};
use jiff::Timestamp;
use traffic::{Client, RequestId};

use crate::access_log::Note;
use crate::admission::Held;
use crate::error::{self, Refusal};
use crate::headers::{self, Present, Told};
use crate::link::{Desk, Link};
use crate::overhead::A_BYTE_IN;
use crate::routes::Site;
use crate::rules::Rules;
use crate::upstream::Target;

/// The client went away before it was answered (nginx's number).
pub(crate) const CLIENT_LEFT: u16 = 499;

/// What is known when the head has been read, and what comes to light until the answer has been sent.
pub(crate) struct Exchange {
    pub(crate) link: Arc<Link>,
    /// The rules in force when it began.
    pub(crate) rules: Arc<Rules>,
    pub(crate) began: Instant,
    pub(crate) client: Client,
    pub(crate) version: Version,
    time: Timestamp,
    method: Method,
    uri: Uri,
    /// What stood in the head as it came.
    pub(crate) present: Present,
    told: Told,
    status: AtomicU16,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// The request's name as a header, which its target and its client are both told.
    name: HeaderValue,
    site: OnceLock<Arc<Site>>,
    /// Who was asked last.
    asked: Mutex<Asked>,
    attempts: AtomicU8,
    failures: Mutex<Vec<Failure>>,
    cause: OnceLock<&'static str>,
    fault: OnceLock<&'static Refusal>,
    /// What the limits did; 0 for nothing.
    held: AtomicU64,
    is_tunnel: AtomicBool,
}

/// A target that was tried in vain.
struct Failure {
    target: Arc<Target>,
    cause: &'static str,
}

/// So many failures are told of one request; it may have more while it waits.
const MOST_FAILURES: usize = 8;

/// Who was asked to answer.
enum Asked {
    Nobody,
    Web,
    Folder,
    Target(Arc<Target>),
}

impl Asked {
    /// As the log names it.
    fn label(&self) -> &str {
        match self {
            Self::Nobody => "",
            Self::Web => "web",
            Self::Folder => "folder",
            Self::Target(target) => &target.label,
        }
    }
}

impl Exchange {
    /// Copies handles of what the log needs; the texts themselves are formatted later, by the log's writer.
    pub(crate) fn open(link: Arc<Link>, head: &Parts) -> Arc<Self> {
        let began = Instant::now();
        link.pulse.request_begins();
        let rules = link.desk.rules();
        let (present, told) = headers::look(&head.headers);
        let client = client::of(&link, &rules, head);
        Arc::new(Self {
            began,
            client,
            version: head.version,
            time: Timestamp::now(),
            method: head.method.clone(),
            uri: head.uri.clone(),
            present,
            told,
            status: AtomicU16::new(CLIENT_LEFT),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            name: headers::request_id(client.request_id),
            site: OnceLock::new(),
            asked: Mutex::new(Asked::Nobody),
            attempts: AtomicU8::new(0),
            failures: Mutex::default(),
            cause: OnceLock::new(),
            fault: OnceLock::new(),
            held: AtomicU64::new(0),
            rules,
            is_tunnel: AtomicBool::new(false),
            link,
        })
    }

    /// Takes note of the answer's status; nobody hears the answer to a request whose sender left in its middle.
    pub(crate) fn answered(&self, status: StatusCode) {
        let has_left = self
            .fault()
            .is_some_and(|fault| fault.cause == error::CLIENT_LEFT.cause);
        if !has_left {
            self.status.store(status.as_u16(), Relaxed);
        }
    }

    pub(crate) fn name(&self) -> &HeaderValue {
        &self.name
    }

    pub(crate) fn received(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.bytes_in.fetch_add(bytes, Relaxed);
        self.link
            .pulse
            .accounts_for(bytes.saturating_mul(A_BYTE_IN));
    }

    pub(crate) fn sent(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.bytes_out.fetch_add(bytes, Relaxed);
        self.link.pulse.accounts_for(bytes);
    }

    /// Whether its client is banned by now.
    pub(crate) fn is_banned(&self) -> bool {
        self.link.desk.bans(self.client.address)
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    pub(crate) fn belongs_to(&self, site: &Arc<Site>) {
        let _ = self.site.set(Arc::clone(site));
    }

    pub(crate) fn site(&self) -> Option<&Arc<Site>> {
        self.site.get()
    }

    /// Takes note of what the limits did.
    pub(crate) fn is_held(&self, held: Held) {
        self.held.store(held.to_bits(), Relaxed);
    }

    pub(crate) fn asks_web(&self) {
        *self.asked() = Asked::Web;
    }

    pub(crate) fn asks_folder(&self) {
        *self.asked() = Asked::Folder;
    }

    /// Another try; whoever is tried last counts.
    pub(crate) fn asks(&self, target: &Arc<Target>) {
        self.attempts
            .store(self.attempts.load(Relaxed).saturating_add(1), Relaxed);
        *self.asked() = Asked::Target(Arc::clone(target));
    }

    /// A target was tried in vain, and another one may be.
    pub(crate) fn failed_at(&self, target: &Arc<Target>, refusal: &Refusal) {
        let mut failures = lock(&self.failures);
        if failures.len() < MOST_FAILURES {
            failures.push(Failure {
                target: Arc::clone(target),
                cause: refusal.cause,
            });
        }
    }

    fn held(&self) -> Option<Held> {
        Held::from_bits(self.held.load(Relaxed))
    }

    /// What the limits did, as the log says it; empty for nothing.
    fn limit_label(&self) -> &str {
        let admission = self.rules.admission.as_ref();
        let told = admission.zip(self.held());
        told.map_or("", |(admission, held)| admission.label(held))
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        lock(&self.asked)
    }

    /// Whether the answer is a program's that knows nothing of ours, or a file of the operator's.
    pub(crate) fn is_foreign(&self) -> bool {
        self.cause.get().is_none() && matches!(*self.asked(), Asked::Target(_) | Asked::Folder)
    }

    /// Says why the edge itself answered; the first reason counts.
    pub(crate) fn because(&self, cause: &'static str) {
        let _ = self.cause.set(cause);
    }

    /// What is wrong with the request's body, found while it was read; the first fault counts.
    pub(crate) fn fails(&self, refusal: &'static Refusal) {
        let _ = self.fault.set(refusal);
    }

    pub(crate) fn fault(&self) -> Option<&'static Refusal> {
        self.fault.get().copied()
    }

    /// Whether the answer's kind has a body at all.
    pub(crate) fn expects_body(&self) -> bool {
        let status = self.status.load(Relaxed);
        self.method != Method::HEAD && !matches!(status, 100..200 | 204 | 304)
    }

    fn end(&self) {
        let now = Instant::now();
        self.link.pulse.request_ends(now);
        let status = self.status.load(Relaxed);
        self.link.shared().metrics.answered(self.version, status);
        let held = self.held();
        self.link.desk.queue.push(&Note {
            time: self.time,
            id: self.client.request_id,
            client: self.client.address,
            is_secure: self.client.secure,
            version: self.version,
            method: self.method.as_str().as_bytes(),
            host: self.host(),
            target: self.target(),
            status,
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            duration: now - self.began,
            attempts: self.attempts.load(Relaxed),
            site: self.site.get().map_or("", |site| &site.label).as_bytes(),
            upstream: self.asked().label().as_bytes(),
            cause: self.cause.get().copied().unwrap_or_default(),
            limit: self.limit_label().as_bytes(),
            limit_ms: held.map_or(0, |held| held.wait_ms),
            agent: bytes(self.told.agent.as_ref()),
            referer: bytes(self.told.referer.as_ref()),
        });
    }

    /// The authority of the request's target where it has one, as HTTP/2 does, else the `Host` header.
    fn host(&self) -> &[u8] {
        match self.uri.authority() {
            Some(authority) => authority.as_str().as_bytes(),
            None => bytes(self.told.host.as_ref()),
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    fn target(&self) -> &[u8] {
        self.uri
            .path_and_query()
            .map_or("", |target| target.as_str())
            .as_bytes()
    }
}

fn bytes(value: Option<&HeaderValue>) -> &[u8] {
    value.map_or(&[], HeaderValue::as_bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a request of which no head could be read, so that there is nothing to tell but why.
pub(crate) fn note_headless(link: &Link, refusal: &'static Refusal, id: RequestId) {
    let status = refusal.status.as_u16();
    link.shared().metrics.answered(Version::HTTP_11, status);
    note(&link.desk, (link.peer, link.is_secure()), refusal, id);
}

/// Notes a connection that was closed before a request could come.
pub(crate) fn note_unheard(
    desk: &Desk,
    client: IpAddr,
    is_secure: bool,
    refusal: &'static Refusal,
) {
    note(desk, (client, is_secure), refusal, desk.ids.next());
}

fn note(
    desk: &Desk,
    (client, is_secure): (IpAddr, bool),
    refusal: &'static Refusal,
    id: RequestId,
) {
    desk.shared.metrics.refused(refusal);
    desk.queue.push(&Note {
        time: Timestamp::now(),
        id,
        client,
        is_secure,
        version: Version::HTTP_11,
        method: b"",
        host: b"",
        target: b"",
        status: refusal.status.as_u16(),
        bytes_in: 0,
        bytes_out: 0,
        duration: Duration::ZERO,
        attempts: 0,
        site: b"",
        upstream: b"",
        cause: refusal.cause,
        limit: b"",
        limit_ms: 0,
        agent: b"",
        referer: b"",
    });
}

/// The request's end: dropped when the answer has been handed over, or when the client left.
pub(crate) struct Ending(pub(crate) Arc<Exchange>);

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.0.is_tunnel.load(Relaxed) {
            self.0.end();
        }
    }
}

/// The end of a request that became a tunnel: dropped when the last byte has passed.
pub(crate) struct TunnelEnding(pub(crate) Arc<Exchange>);

impl TunnelEnding {
    /// From now on the request lasts as long as its tunnel.
    pub(crate) fn new(exchange: &Arc<Exchange>) -> Self {
        exchange.is_tunnel.store(true, Relaxed);
        Self(Arc::clone(exchange))
    }
}

impl Drop for TunnelEnding {
    fn drop(&mut self) {
        self.0.end();
    }
}
