//! A server of plain HTTP/1.1 that answers as a test says, byte by byte, and counts what it is asked.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A request as it stood on the wire, its body put together.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and the headers, each with its line end.
    pub head: String,
    /// The same as the bytes that it is.
    pub head_bytes: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// Which request of its connection it is, from 0.
    pub index: usize,
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next request may come.
    Keep,
    /// It is closed.
    Close,
}

/// Writes the answer to one request.
pub type Answer = dyn Fn(&Asked, &mut TcpStream) -> Then + Send + Sync;

/// A running server; dropping it closes everything.
pub struct Backend {
    address: SocketAddr,
    state: Arc<State>,
    listener: Option<JoinHandle<()>>,
}

struct State {
    answer: Box<Answer>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    is_stopped: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Asked {
    /// The request's target.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A complete answer with a length.
pub fn text(text: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
}

impl Backend {
    /// A server on a free port.
    pub fn start(answer: impl Fn(&Asked, &mut TcpStream) -> Then + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), answer)
    }

    /// A server at this address, such as that of an earlier one.
    pub fn start_at(
        address: SocketAddr,
        answer: impl Fn(&Asked, &mut TcpStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("a free address");
        let address = listener.local_addr().expect("a bound listener");
        let state = Arc::new(State {
            answer: Box::new(answer),
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            is_stopped: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let own = Arc::clone(&state);
        let listener = thread::spawn(move || accept(&listener, &own));
        Self {
            address,
            state,
            listener: Some(listener),
        }
    }

    /// A server that answers every request with this text.
    pub fn saying(said: &str) -> Self {
        let answer = text(said);
        Self::start(move |_, stream| {
            write(stream, &answer);
            Then::Keep
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it has read.
    pub fn requests(&self) -> usize {
        self.state.requests.load(SeqCst)
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Closes every connection that is open, and goes on listening.
    pub fn close_connections(&self) {
        for stream in self.state.open().drain(..) {
            // One that is closed already is what was wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Writes the bytes; a client that is gone is the test's own doing.
pub fn write(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.state.is_stopped.store(true, SeqCst);
        // Wakes the listener up.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            listener.join().expect("a listener that did not panic");
        }
        self.close_connections();
    }
}

impl State {
    fn open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for stream in listener.incoming() {
        if state.is_stopped.load(SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        state.connections.fetch_add(1, SeqCst);
        let _ = stream.set_nodelay(true);
        state
            .open()
            .push(stream.try_clone().expect("a second handle"));
        let state = Arc::clone(state);
        thread::spawn(move || serve(stream, &state));
    }
}

fn serve(mut stream: TcpStream, state: &State) {
    let (mut received, mut index) = (Vec::new(), 0);
    while let Ok(Some(asked)) = read(&mut stream, &mut received, index) {
        state.requests.fetch_add(1, SeqCst);
        if (state.answer)(&asked, &mut stream) == Then::Close {
            break;
        }
        index += 1;
    }
    // The other handle of the socket would keep it open.
    let _ = stream.shutdown(Shutdown::Both);
}

fn read(stream: &mut TcpStream, received: &mut Vec<u8>, index: usize) -> io::Result<Option<Asked>> {
    let end = loop {
        if let Some(end) = position(received, b"\r\n\r\n") {
            break end + 4;
        }
        if !more(stream, received)? {
            return Ok(None);
        }
    };
    let head_bytes: Vec<u8> = received.drain(..end).collect();
    let head = String::from_utf8_lossy(&head_bytes).into_owned();
    let mut asked = Asked {
        head,
        head_bytes,
        body: Vec::new(),
        index,
    };
    if asked.header("transfer-encoding").is_some() {
        asked.body = chunks(stream, received)?;
    } else if let Some(length) = asked.header("content-length") {
        asked.body = take(stream, received, length.parse().expect("a length"))?;
    }
    Ok(Some(asked))
}

fn chunks(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = position(received, b"\r\n") {
                break end;
            }
            if !more(stream, received)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let line: Vec<u8> = received.drain(..end + 2).collect();
        let digits = String::from_utf8_lossy(&line[..end]).into_owned();
        let size = usize::from_str_radix(&digits, 16).expect("a chunk's size");
        body.extend(take(stream, received, size)?);
        take(stream, received, 2)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn take(stream: &mut TcpStream, received: &mut Vec<u8>, count: usize) -> io::Result<Vec<u8>> {
    while received.len() < count {
        if !more(stream, received)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(received.drain(..count).collect())
}

fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<bool> {
    let mut part = [0; 16 * 1024];
    let count = stream.read(&mut part)?;
    received.extend_from_slice(&part[..count]);
    Ok(count > 0)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}
