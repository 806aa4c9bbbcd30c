//! A listener that hands connections on to an address that may be told later, or holds them in silence.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// Decides of each connection, as it comes, whether it is handed on.
type Gate = Box<dyn FnMut() -> bool + Send>;

/// Hands connections on; its thread lasts as long as the process.
pub struct Forwarder {
    address: SocketAddr,
    way: Arc<Way>,
}

struct Way {
    target: Mutex<Option<SocketAddr>>,
    told: Condvar,
    gate: Mutex<Gate>,
    held: Mutex<Vec<TcpStream>>,
}

impl Default for Forwarder {
    /// Connections wait until it is told where it leads.
    fn default() -> Self {
        // Both families: names such as `localhost` lead to either.
        let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0"));
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Arc::new(Way {
            target: Mutex::new(None),
            told: Condvar::new(),
            gate: Mutex::new(Box::new(|| true)),
            held: Mutex::default(),
        });
        let accepting = Arc::clone(&way);
        thread::spawn(move || {
            for socket in listener.incoming() {
                accepting.take(socket.expect("a connection"));
            }
        });
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            way,
        }
    }
}

impl Forwarder {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of that address.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it leads.
    pub fn target(&self) -> SocketAddr {
        locked(&self.way.target).expect("a target")
    }

    /// From now on, connections go there.
    pub fn lead_to(&self, target: SocketAddr) {
        *locked(&self.way.target) = Some(target);
        self.way.told.notify_all();
    }

    /// From now on, a connection for which this is false is accepted, and nothing comes of it.
    pub fn gate(&self, gate: impl FnMut() -> bool + Send + 'static) {
        *locked(&self.way.gate) = Box::new(gate);
    }

    /// How many connections are held.
    pub fn held(&self) -> usize {
        locked(&self.way.held).len()
    }

    /// Closes what is held, and hands on whatever comes.
    pub fn forget(&self) {
        self.gate(|| true);
        locked(&self.way.held).clear();
    }

    /// Hands on what is held, and whatever comes.
    pub fn release(&self) {
        self.gate(|| true);
        for socket in locked(&self.way.held).drain(..) {
            self.way.hand_on(socket);
        }
    }
}

impl Way {
    fn take(self: &Arc<Self>, socket: TcpStream) {
        if !(locked(&self.gate))() {
            return locked(&self.held).push(socket);
        }
        self.hand_on(socket);
    }

    fn hand_on(self: &Arc<Self>, socket: TcpStream) {
        let way = Arc::clone(self);
        thread::spawn(move || {
            let mut target = locked(&way.target);
            let target = loop {
                match *target {
                    Some(target) => break target,
                    None => target = way.told.wait(target).expect("no panic elsewhere"),
                }
            };
            // A target that is away closes the connection, as it would itself.
            let Ok(other) = TcpStream::connect(target) else {
                return;
            };
            let (from, to) = (second(&socket), second(&other));
            thread::spawn(move || copy(&from, &to));
            copy(&other, &socket);
        });
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().expect("no panic elsewhere")
}

fn second(socket: &TcpStream) -> TcpStream {
    socket.try_clone().expect("a second handle")
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let mut part = [0; 16 * 1024];
    let pump = |from: &mut &TcpStream, to: &mut &TcpStream, part: &mut [u8]| -> io::Result<bool> {
        let count = from.read(part)?;
        to.write_all(&part[..count])?;
        Ok(count > 0)
    };
    while pump(&mut from, &mut to, &mut part).unwrap_or(false) {}
    let _ = to.shutdown(Shutdown::Write);
}
