//! A name server that says what a test tells it, and that names mean nothing else.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// What is said of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It stands for these.
    Addresses(Vec<IpAddr>),
    /// It stands for these, which are of one kind; of the other kind, the server can't tell.
    OneKind(Vec<IpAddr>),
    /// The server can't tell (`SERVFAIL`).
    Failure,
}

/// A running server; dropping it ends it.
pub struct Names {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    said: Mutex<HashMap<String, Said>>,
    questions: AtomicUsize,
    is_stopped: AtomicBool,
}

impl Default for Names {
    fn default() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("a bound socket");
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || serve(&socket, &shared));
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }
}

impl Names {
    /// Where it answers, over UDP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on the name, written without a dot at its end, means this.
    pub fn say(&self, name: &str, said: Said) {
        let mut names = self
            .state
            .said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        names.insert(name.to_owned(), said);
    }

    /// How often it was asked.
    pub fn questions(&self) -> usize {
        self.state.questions.load(SeqCst)
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.state.is_stopped.store(true, SeqCst);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        // Wakes the thread; it ends at the next question at the latest.
        let _ = socket.send_to(&[], self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a server that did not panic");
        }
    }
}

fn serve(socket: &UdpSocket, state: &State) {
    let mut message = [0; 512];
    while let Ok((length, peer)) = socket.recv_from(&mut message) {
        if state.is_stopped.load(SeqCst) {
            return;
        }
        if let Some(answer) = answer(&message[..length], state) {
            // A client that is gone asks no more.
            let _ = socket.send_to(&answer, peer);
        }
    }
}

/// The answer to a query with one question (RFC 1035 §4).
fn answer(query: &[u8], state: &State) -> Option<Vec<u8>> {
    state.questions.fetch_add(1, SeqCst);
    let (name, end) = name(query)?;
    let question = query.get(12..end + 4)?;
    let is_asked: fn(&IpAddr) -> bool = match query.get(end..end + 2)? {
        [0, 1] => IpAddr::is_ipv4,
        [0, 28] => IpAddr::is_ipv6,
        _ => |_| false,
    };
    let names = state.said.lock().unwrap_or_else(PoisonError::into_inner);
    let said = |all: &[IpAddr]| -> Vec<_> { all.iter().copied().filter(is_asked).collect() };
    let (code, addresses) = match names.get(&name) {
        None => (3, Vec::new()),
        Some(Said::Failure) => (2, Vec::new()),
        Some(Said::OneKind(all)) if !all.iter().any(is_asked) => (2, Vec::new()),
        Some(Said::Addresses(all) | Said::OneKind(all)) => (0, said(all)),
    };
    let count = u8::try_from(addresses.len()).ok()?;
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x84, code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question);
    for address in addresses {
        // The question's name, an address, for ten minutes.
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        answer.extend([0xc0, 12]);
        answer.extend(query.get(end..end + 4)?);
        answer.extend([0, 0, 2, 0x58, 0, u8::try_from(octets.len()).ok()?]);
        answer.extend(octets);
    }
    Some(answer)
}

/// The name in question, in lower case, and where it ends.
fn name(query: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        let label = query.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
}
