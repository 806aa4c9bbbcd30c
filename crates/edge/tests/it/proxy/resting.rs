//! Servers that close connections at rest, under requests that come just then.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::calls::python;
use super::{app, everything_to};
use crate::house::House;

/// How long each server keeps a connection: what gunicorn does by itself, and the others when told.
const KEPT: Duration = Duration::from_secs(2);
const CLIENTS: u32 = 80;
const ROUNDS: u32 = 5;

/// A server in a process of its own; dropping it ends it.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// It tells on its error output where it listens.
    fn start(command: &mut Command) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/proxy/resting");
        let command = command.current_dir(directory).stderr(Stdio::piped());
        let command = command.env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command
            .spawn()
            .expect("a program that `cargo xtask test` installs");
        let output = BufReader::new(child.stderr.take().unwrap());
        let mut lines = output.lines().map(Result::unwrap);
        let url = lines.find_map(|line| {
            let (_, url) = line.split_once("http://")?;
            Some(format!("http://{}", url.split([' ', '/']).next()?))
        });
        // Read to its end, so that the server never waits for room.
        std::thread::spawn(|| lines.for_each(drop));
        Self {
            child,
            url: url.expect("an address"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By which gunicorn ends its workers as well.
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

/// Asks, rests about as long as the server keeps a connection, and asks again; the statuses.
async fn rest_and_ask(house: &House, number: u32) -> Vec<String> {
    let mut client = TcpStream::connect(house.address("http")).await.unwrap();
    let mut statuses = Vec::new();
    // From a twentieth less to a twentieth more, and a little later each time.
    let step = KEPT / 10 / CLIENTS;
    for round in 0..ROUNDS {
        let method = if number.is_multiple_of(2) {
            "POST"
        } else {
            "GET"
        };
        let request = format!("{method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok") {
            assert!(
                client.read_buf(&mut answer).await.unwrap() > 0,
                "{statuses:?}"
            );
            if !answer.starts_with(b"HTTP/1.1 200 ") {
                break;
            }
        }
        statuses.push(String::from_utf8_lossy(&answer[9..12]).into_owned());
        let rest = KEPT * 19 / 20 + step * ((number + 17 * round) % CLIENTS);
        tokio::time::sleep(rest).await;
    }
    statuses
}

/// Not one request of many is lost.
fn check(command: &mut Command) {
    let server = Server::start(command);
    let house = House::with(everything_to(app(std::slice::from_ref(&server.url))));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let asking = join_all((0..CLIENTS).map(|number| rest_and_ask(&house, number)));
    let statuses = runtime.block_on(asking).concat();
    assert_eq!(statuses.len(), (CLIENTS * ROUNDS) as usize);
    let lost = statuses.iter().filter(|status| *status != "200").count();
    assert_eq!(lost, 0, "{:?}", house.records(1));
    // Connections were closed at rest, and made anew.
    let made = house.metric("edge_upstream_connections_total{upstream=\"app\"}");
    assert!(made > u64::from(CLIENTS) / 2, "{made}");
}

#[test]
fn gunicorn_closes_connections_and_no_request_is_lost() {
    let gunicorn = [
        "-m",
        "gunicorn",
        "-k",
        "gthread",
        "--threads",
        "8",
        "-b",
        "127.0.0.1:0",
        "app:wsgi",
    ];
    check(Command::new(python()).args(gunicorn));
}

#[test]
fn uvicorn_closes_connections_and_no_request_is_lost() {
    let seconds = KEPT.as_secs().to_string();
    let uvicorn = [
        "-m",
        "uvicorn",
        "--port",
        "0",
        "--no-access-log",
        "--timeout-keep-alive",
        &seconds,
        "app:asgi",
    ];
    check(Command::new(python()).args(uvicorn));
}

#[test]
fn node_closes_connections_and_no_request_is_lost() {
    check(Command::new("node").args(["app.js", &KEPT.as_millis().to_string()]));
}
