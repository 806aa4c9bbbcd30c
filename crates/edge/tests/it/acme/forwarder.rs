//! A listener that hands connections on to an address that may be told later, or holds them in silence.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Decides of each connection, as it comes, whether it is handed on.
type Gate = Box<dyn FnMut() -> bool + Send>;

pub(crate) struct Forwarder {
    address: SocketAddr,
    way: Arc<Way>,
}

struct Way {
    target: Mutex<Option<SocketAddr>>,
    told: Condvar,
    gate: Mutex<Gate>,
    held: Mutex<Vec<TcpStream>>,
}

impl Forwarder {
    /// Connections wait until it is told where it leads.
    pub(crate) fn new() -> Self {
        // Both families: names such as `localhost` lead to either.
        let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0"));
        let listener = listener.unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(Way {
            target: Mutex::new(None),
            told: Condvar::new(),
            gate: Mutex::new(Box::new(|| true)),
            held: Mutex::default(),
        });
        let accepting = Arc::clone(&way);
        thread::spawn(move || {
            for socket in listener.incoming() {
                accepting.take(socket.unwrap());
            }
        });
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            way,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it leads.
    pub(crate) fn target(&self) -> SocketAddr {
        self.way.target.lock().unwrap().unwrap()
    }

    /// From now on, connections go there.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.way.target.lock().unwrap() = Some(target);
        self.way.told.notify_all();
    }

    /// From now on, a connection for which this is false is accepted, and nothing comes of it.
    pub(crate) fn gate(&self, gate: impl FnMut() -> bool + Send + 'static) {
        *self.way.gate.lock().unwrap() = Box::new(gate);
    }

    /// How many connections are held.
    pub(crate) fn held(&self) -> usize {
        self.way.held.lock().unwrap().len()
    }

    /// Closes what is held, and hands on whatever comes.
    pub(crate) fn forget(&self) {
        self.gate(|| true);
        self.way.held.lock().unwrap().clear();
    }

    /// Hands on what is held, and whatever comes.
    pub(crate) fn release(&self) {
        self.gate(|| true);
        for socket in self.way.held.lock().unwrap().drain(..) {
            self.way.hand_on(socket);
        }
    }
}

impl Way {
    fn take(self: &Arc<Self>, socket: TcpStream) {
        if !(self.gate.lock().unwrap())() {
            return self.held.lock().unwrap().push(socket);
        }
        self.hand_on(socket);
    }

    fn hand_on(self: &Arc<Self>, socket: TcpStream) {
        let way = Arc::clone(self);
        thread::spawn(move || {
            let mut target = way.target.lock().unwrap();
            while target.is_none() {
                target = way.told.wait(target).unwrap();
            }
            let target = target.unwrap();
            // A target that is away closes the connection, as it would itself.
            let Ok(other) = TcpStream::connect(target) else {
                return;
            };
            let (from, to) = (socket.try_clone().unwrap(), other.try_clone().unwrap());
            thread::spawn(move || copy(&from, &to));
            copy(&other, &socket);
        });
    }
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
