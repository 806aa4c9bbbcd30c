//! A name server that says what a test tells it, and that names mean nothing else.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// What is said of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It stands for these.
    Addresses(Vec<Ipv4Addr>),
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
    let is_a = query.get(end..end + 2)? == [0, 1];
    let names = state.said.lock().unwrap_or_else(PoisonError::into_inner);
    let (code, addresses) = match names.get(&name) {
        None => (3, &[][..]),
        Some(Said::Failure) => (2, &[][..]),
        Some(Said::Addresses(addresses)) if is_a => (0, addresses.as_slice()),
        Some(Said::Addresses(_)) => (0, &[][..]),
    };
    let count = u8::try_from(addresses.len()).ok()?;
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x84, code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question);
    for address in addresses {
        // The question's name, an address, for ten minutes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 0x58, 0, 4]);
        answer.extend(address.octets());
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
