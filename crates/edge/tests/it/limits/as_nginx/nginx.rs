//! Debian's nginx, on a socket of its own in the file system.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use testkit::raw::PATIENCE;

use super::model::thousandths_a_second;
use super::{Limit, Script, Seen, Server};
use crate::house::eventually;

/// nginx counts by a coarse clock, and logs by another one in milliseconds.
pub(super) const UNCERTAIN_MS: f64 = 12.0;

struct Nginx {
    program: Child,
    directory: TempDir,
    connections: Vec<BufReader<UnixStream>>,
    limits: Vec<Limit>,
}

/// Starts it with the script's limits, and with a connection for each request.
pub(super) fn start(script: &Script) -> Box<dyn Server> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("nginx.conf"), configure(script, path)).unwrap();
    let program = Command::new(binary())
        .arg("-p")
        .arg(path)
        .arg("-c")
        .arg(path.join("nginx.conf"))
        .arg("-e")
        .arg(path.join("error.log"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut nginx = Nginx {
        program,
        connections: Vec::new(),
        limits: script.limits.clone(),
        directory,
    };
    eventually("nginx", || {
        let ended = nginx.program.try_wait().unwrap();
        assert!(ended.is_none(), "nginx ended: {}", nginx.log("error.log"));
        nginx.connect().is_some()
    });
    nginx.connections = script
        .requests
        .iter()
        .map(|_| nginx.connect().expect("a connection"))
        .collect();
    Box::new(nginx)
}

fn binary() -> PathBuf {
    let places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
    let found = places
        .iter()
        .map(PathBuf::from)
        .find(|place| place.is_file());
    found.expect(
        "nginx is missing: `cargo xtask test` installs it, or `apt-get install nginx-light`",
    )
}

fn configure(script: &Script, directory: &Path) -> String {
    let directory = directory.display();
    let (mut zones, mut limits) = (String::new(), String::new());
    for (index, Limit { rate, burst, delay }) in script.limits.iter().enumerate() {
        let delay = match delay {
            None => "nodelay".to_owned(),
            // nginx refuses to be told of its default.
            Some(0) => String::new(),
            Some(free) => format!("delay={free}"),
        };
        let burst = if *burst == 0 {
            String::new()
        } else {
            format!("burst={burst} {delay}")
        };
        writeln!(
            zones,
            "limit_req_zone $http_key_{index} zone=z{index}:1m rate={rate};"
        )
        .unwrap();
        writeln!(limits, "limit_req zone=z{index} {burst};").unwrap();
    }
    let dry_run = if script.is_dry_run { "on" } else { "off" };
    format!(
        "daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log info;
        events {{ worker_connections 512; }}
        http {{
            client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
            fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
            log_format told '$arg_n $msec $request_time $status $limit_req_status';
            access_log {directory}/access.log told;
            {zones}
            server {{
                listen unix:{directory}/socket backlog=512;
                location / {{
                    {limits}
                    limit_req_status 429; limit_req_log_level notice; limit_req_dry_run {dry_run};
                    empty_gif;
                }}
            }}
        }}"
    )
}

impl Nginx {
    fn connect(&self) -> Option<BufReader<UnixStream>> {
        let socket = UnixStream::connect(self.directory.path().join("socket")).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Some(BufReader::new(socket))
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap_or_default()
    }

    /// How long each request that nginx delayed was to wait: the error log tells the excess, to a thousandth.
    fn waits(&self) -> HashMap<usize, f64> {
        let log = self.log("error.log");
        let lines = log.lines().filter(|line| line.contains("delaying request"));
        let wait = |line: &str| {
            let between = |before: &str, after: &str| {
                let (_, rest) = line.split_once(before)?;
                rest.split_once(after).map(|(text, _)| text.to_owned())
            };
            let excess: f64 = between("excess: ", ", by zone")?.parse().ok()?;
            let zone: usize = between("by zone \"z", "\"")?.parse().ok()?;
            let number = between("/?n=", " ")?.parse().ok()?;
            let Limit { rate, delay, .. } = self.limits[zone];
            let free = f64::from(delay?);
            Some((
                number,
                ((excess - free) * 1e6 / thousandths_a_second(rate)).floor(),
            ))
        };
        lines
            .map(|line| wait(line).unwrap_or_else(|| panic!("unexpected line: {line}")))
            .collect()
    }
}

impl Server for Nginx {
    fn send(&mut self, number: usize, request: &str) {
        self.connections[number]
            .get_mut()
            .write_all(request.as_bytes())
            .unwrap();
    }

    fn finish(mut self: Box<Self>) -> Vec<Seen> {
        let status = |connection: &mut BufReader<UnixStream>| {
            let mut line = String::new();
            connection.read_line(&mut line).unwrap();
            line.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
        };
        let statuses: Vec<_> = self.connections.iter_mut().map(status).collect();
        let mut log = String::new();
        eventually("nginx's log", || {
            log = self.log("access.log");
            log.lines().count() == statuses.len() && log.ends_with('\n')
        });
        let waits = self.waits();
        let mut seen: Vec<_> = log.lines().map(|line| read(line, &waits)).collect();
        seen.sort_by_key(|seen| seen.number);
        let logged = seen.iter().map(|seen| seen.status);
        assert!(logged.eq(statuses), "nginx logs what it answers");
        seen
    }
}

fn read(line: &str, waits: &HashMap<usize, f64>) -> Seen {
    let words: Vec<_> = line.split(' ').collect();
    let [number, ended, took, status, outcome] = words[..] else {
        panic!("unexpected line: {line}");
    };
    let seconds = |text: &str| text.parse::<f64>().unwrap() * 1000.0;
    let number = number.parse().unwrap();
    let outcome = outcome.to_ascii_lowercase();
    Seen {
        number,
        at_ms: (seconds(ended) - seconds(took)).round(),
        status: status.parse().unwrap(),
        outcome: if outcome == "passed" || outcome == "-" {
            String::new()
        } else {
            outcome
        },
        wait_ms: waits.get(&number).copied().unwrap_or(0.0),
        took_ms: seconds(took),
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
