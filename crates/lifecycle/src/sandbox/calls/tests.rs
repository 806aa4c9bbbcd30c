//! Calls that are refused and calls that remain, made from inside.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;

use rustix::net::{AddressFamily, SocketType, socket};

use super::*;

/// Runs `attempt` in a thread that has only those calls left.
fn confined(calls: Calls, attempt: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            crate::sandbox::forbid_new_privileges().unwrap();
            calls.confine_thread().unwrap();
            attempt();
        });
        inside.join().unwrap();
    });
}

fn is_refused<T>(outcome: io::Result<T>) {
    let error = outcome.err().expect("it must be refused");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[test]
fn a_confined_thread_can_neither_run_a_program_nor_listen() {
    confined(Calls { binds: true }, || {
        is_refused(Command::new("/usr/bin/true").status());
        is_refused(TcpListener::bind("127.0.0.1:0"));
        UdpSocket::bind("127.0.0.1:0").unwrap();
    });
    confined(Calls { binds: false }, || {
        is_refused(UdpSocket::bind("127.0.0.1:0"));
    });
}

#[test]
fn a_confined_thread_reaches_only_ordinary_sockets_and_its_own_process() {
    confined(Calls { binds: false }, || {
        let packets = socket(AddressFamily::PACKET, SocketType::DGRAM, None);
        is_refused(packets.map_err(io::Error::from));
        let cryptography = socket(AddressFamily::from_raw(38), SocketType::SEQPACKET, None);
        is_refused(cryptography.map_err(io::Error::from));
        let parent = rustix::process::getppid().unwrap();
        let signal = rustix::process::test_kill_process(parent);
        is_refused(signal.map_err(io::Error::from));
    });
}

#[test]
fn a_confined_thread_still_serves() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    confined(Calls { binds: false }, || {
        let answers = thread::spawn(move || {
            let (mut accepted, _) = listener.accept().unwrap();
            accepted.write_all(b"hello").unwrap();
        });
        let mut text = String::new();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        answers.join().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"kept").unwrap();
        file.sync_all().unwrap();
        File::open("/proc/self/status").unwrap();
    });
}
