//! The ways of running that are compared: which containers, with what words, and when they are ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::images::{GUNICORN, NGINX, POSTGRES};
use crate::bench::contender::{accepts, answers};
use crate::bench::load::Part;
use crate::bench::wrk::{Request, Requests};
use crate::deploy_test::image;
use crate::http::Client;
use crate::program::output;
use crate::tools;

/// One container.
pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) image: String,
    pub(super) address: Ipv4Addr,
    /// For `docker`, and for the program.
    pub(super) flags: Vec<String>,
    pub(super) words: Vec<String>,
    /// What is run once before, with the same volume.
    pub(super) before: Vec<Vec<&'static str>>,
}

/// Containers that answer together.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) rooms: Vec<Room>,
    pub(super) is_ready: Box<dyn Fn() -> bool>,
    /// Where it is asked over HTTPS, if it is asked at all.
    secure: Option<SocketAddr>,
    /// The container whose volume has the token that requests carry.
    pub(super) token: Option<&'static str>,
}

/// In the order of the report.
pub(super) fn all() -> Result<Vec<Way>> {
    let database = tools::program("pg_isready").context("pg_isready is missing")?;
    Ok(vec![
        one_process(),
        edge_and_web(),
        nginx_and_gunicorn(),
        postgres(database),
    ])
}

fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from((address(last), port))
}

/// In the house's network.
const fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 211, 7, last)
}

/// As the manifests have it; the limits are wide, yet on, as for every contender.
fn ours(name: &'static str, last: u8, role: Option<&str>, settings: &[&str]) -> Room {
    let closed = [
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges:true",
        "--user=65532:65532",
        "--tmpfs=/tmp",
    ];
    let common = [
        "PENDOPO_DATA=/data",
        "PENDOPO_EDGE__LIMIT__RATE=1000000r/s",
        "PENDOPO_EDGE__LIMIT__BURST=100000",
        "PENDOPO_EDGE__LIMIT__NODELAY=true",
        "PENDOPO_WEB__LIMIT__MESSAGES__RATE=1000000r/s",
        "PENDOPO_WEB__LIMIT__MESSAGES__BURST=100000",
    ];
    let settings = common.iter().chain(settings);
    let flags = closed.iter().map(|flag| (*flag).to_owned());
    let role = role.map(|role| ["--role".to_owned(), role.to_owned()]);
    Room {
        name,
        image: image::name(),
        address: address(last),
        flags: flags
            .chain(settings.map(|setting| format!("--env={setting}")))
            .collect(),
        words: std::iter::once("serve".to_owned())
            .chain(role.into_iter().flatten())
            .collect(),
        before: Vec::new(),
    }
}

const LISTENERS: [&str; 2] = [
    "PENDOPO_EDGE__HTTP=0.0.0.0:8080",
    "PENDOPO_EDGE__HTTPS=0.0.0.0:8443",
];

fn one_process() -> Way {
    Way {
        name: "Pendopo, one process",
        rooms: vec![ours("pendopo", 10, None, &LISTENERS)],
        is_ready: Box::new(|| answers(at(10, 8080), "/health")),
        secure: Some(at(10, 8443)),
        token: Some("pendopo"),
    }
}

/// As `pendopo render` has it.
const UPSTREAM: &str = "PENDOPO_EDGE__UPSTREAM=[{ name = \"school\", targets = [\"http://web:8000\"], \
    check = { fall = 2, interval = \"600ms\", path = \"/health\", rise = 1, timeout = \"800ms\" }, \
    connect_timeout = \"500ms\", eject_after = 1, eject_for = \"2s\" }]";

fn edge_and_web() -> Way {
    let [http, https] = LISTENERS;
    let settings = [
        http,
        https,
        UPSTREAM,
        "PENDOPO_EDGE__SITE=[{ host = \"*\", path = \"/\", upstream = \"school\" }]",
    ];
    let web = [
        "PENDOPO_WEB__LISTEN=0.0.0.0:8000",
        "PENDOPO_EDGE__TRUSTED_PROXIES=[\"10.0.0.0/8\"]",
    ];
    Way {
        name: "Pendopo, `edge` and `web`",
        rooms: vec![
            ours("web", 11, Some("web"), &web),
            ours("edge", 10, Some("edge"), &settings),
        ],
        is_ready: Box::new(|| answers(at(10, 8080), "/health")),
        secure: Some(at(10, 8443)),
        token: Some("web"),
    }
}

fn theirs(name: &'static str, image: &str, last: u8, words: &[&str]) -> Room {
    Room {
        name,
        image: image.to_owned(),
        address: address(last),
        flags: Vec::new(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        before: Vec::new(),
    }
}

fn nginx_and_gunicorn() -> Way {
    let words = [
        "python3",
        "-m",
        "gunicorn",
        "--workers",
        "4",
        "--bind",
        "0.0.0.0:8000",
        "app:app",
    ];
    let mut app = theirs("gunicorn", GUNICORN, 11, &words);
    app.before = vec![vec!["python3", "app.py"]];
    let front = theirs("nginx", NGINX, 10, &["nginx", "-c", "/place/nginx.conf"]);
    Way {
        name: "nginx and gunicorn",
        rooms: vec![app, front],
        is_ready: Box::new(|| answers(at(11, 8000), "/health") && accepts(at(10, 443))),
        secure: Some(at(10, 443)),
        token: None,
    }
}

fn postgres(is_ready: std::path::PathBuf) -> Way {
    let words = [
        "/usr/lib/postgresql/15/bin/postgres",
        "-D",
        "/var/lib/postgresql/15/main",
        "-c",
        "config_file=/etc/postgresql/15/main/postgresql.conf",
        "-c",
        "listen_addresses=*",
        "-c",
        "unix_socket_directories=/tmp",
    ];
    let mut room = theirs("postgres", POSTGRES, 10, &words);
    room.flags = vec!["--user=postgres".to_owned()];
    let host = address(10).to_string();
    Way {
        name: "PostgreSQL",
        rooms: vec![room],
        is_ready: Box::new(move || {
            let mut ask = Command::new(&is_ready);
            output(ask.args(["--quiet", "--host", &host])).is_ok()
        }),
        secure: None,
        token: None,
    }
}

impl Way {
    /// The requests of each load.
    pub(super) fn requests(&self, token: Option<&str>) -> Result<Requests> {
        let Some(address) = self.secure else {
            return Ok(Vec::new());
        };
        let mut get = Request::get(format!("https://{address}/user/1"));
        if let Some(token) = token {
            fill_page(token)?;
            get = get.with_token(token);
        }
        let page = Request::get(format!("https://{address}/"));
        Ok(vec![(Part::Get, get), (Part::Page, page)])
    }
}

/// As many messages as the seed's app has from the beginning.
fn fill_page(token: &str) -> Result<()> {
    let mut client = Client::connect(at(10, 8080))?;
    client.authorize(&format!("Bearer {token}"));
    for number in 1..=50 {
        let text = format!("Selamat pagi, kelas {number}!");
        client.post("/messages", &json!({"message": text, "name": "Budi"}))?;
    }
    Ok(())
}
