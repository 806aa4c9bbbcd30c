//! A cable between a client and a server of any protocol, which a test can cut, slow down or fall silent.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Listens at an address of its own, and hands connections on.
pub struct Cable {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    is_silent: bool,
    latency: Duration,
    cut: Option<Cut>,
    sockets: Vec<TcpStream>,
}

/// What ends a connection, once.
struct Cut {
    at: Vec<u8>,
    is_handed_on: bool,
}

impl Cable {
    /// Leads to this address.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let accepting = state.clone();
        thread::spawn(move || accept(&listener, target, &accepting));
        Self { address, state }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Each part of either direction is this late from now on.
    pub fn delay(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    /// From now on nothing comes through in either direction, and nothing is closed.
    pub fn fall_silent(&self) {
        self.lock().is_silent = true;
    }

    /// What was held comes through.
    pub fn speak(&self) {
        self.lock().is_silent = false;
        self.state.1.notify_all();
    }

    /// The next time that a client sends this, it is handed on, and the client is cut off before the answer.
    pub fn cut_after(&self, sent: &[u8]) {
        self.arm(sent, true);
    }

    /// The next time that a client sends this, it is cut off, and the server never sees it.
    pub fn cut_before(&self, sent: &[u8]) {
        self.arm(sent, false);
    }

    fn arm(&self, sent: &[u8], is_handed_on: bool) {
        self.lock().cut = Some(Cut {
            at: sent.to_owned(),
            is_handed_on,
        });
    }

    /// Whether the cut that was asked for is still to come.
    pub fn is_armed(&self) -> bool {
        self.lock().cut.is_some()
    }

    /// Cuts every connection now.
    pub fn cut(&self) {
        for socket in self.lock().sockets.drain(..) {
            // It may have ended by itself.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Tells the client of every connection that no answer will come, and goes on handing on what it sends.
    pub fn half_close(&self) {
        // The client's end stands before the server's.
        for client in self.lock().sockets.iter().step_by(2) {
            let _ = client.shutdown(Shutdown::Write);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state.0)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, target: SocketAddr, state: &Arc<(Mutex<State>, Condvar)>) {
    for socket in listener.incoming() {
        let socket = socket.expect("a connection");
        // A target that is away closes the connection, as it would itself.
        if let Ok(other) = TcpStream::connect(target) {
            connect(state, &socket, &other);
        }
    }
}

fn connect(state: &Arc<(Mutex<State>, Condvar)>, client: &TcpStream, server: &TcpStream) {
    let copy = |socket: &TcpStream| socket.try_clone().expect("a socket");
    for socket in [client, server] {
        // Nothing is late but what a test wants to be.
        socket.set_nodelay(true).expect("a socket");
    }
    lock(&state.0).sockets.extend([copy(client), copy(server)]);
    let (up, down) = ((copy(client), copy(server)), (copy(server), copy(client)));
    let (sending, answering) = (state.clone(), state.clone());
    thread::spawn(move || pump(&sending, up.0, up.1, true));
    thread::spawn(move || pump(&answering, down.0, down.1, false));
}

fn pump(state: &(Mutex<State>, Condvar), mut from: TcpStream, mut to: TcpStream, is_client: bool) {
    let mut part = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut part) {
        let part = &part[..count];
        wait(state);
        let cut = if is_client { due(state, part) } else { None };
        if cut.is_some() {
            // First of all: the server might answer faster than this thread goes on.
            let _ = from.shutdown(Shutdown::Both);
        }
        if cut.as_ref().is_none_or(|cut| cut.is_handed_on) && to.write_all(part).is_err() {
            break;
        }
        if cut.is_some() {
            // The server may do what it was sent before it learns that nobody listens.
            let mut rest = [0; 1024];
            while let Ok(1..) = to.read(&mut rest) {}
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn wait((state, spoken): &(Mutex<State>, Condvar)) {
    let mut held = lock(state);
    let latency = held.latency;
    while held.is_silent {
        held = spoken.wait(held).unwrap_or_else(PoisonError::into_inner);
    }
    drop(held);
    if !latency.is_zero() {
        thread::sleep(latency);
    }
}

fn due((state, _): &(Mutex<State>, Condvar), part: &[u8]) -> Option<Cut> {
    let mut state = lock(state);
    let cut = state.cut.as_ref()?;
    let is_due = part.windows(cut.at.len()).any(|window| window == cut.at);
    if is_due { state.cut.take() } else { None }
}
