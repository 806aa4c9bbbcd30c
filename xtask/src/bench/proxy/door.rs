//! Each proxy: how it is set up and started, and where it listens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::contender::{accepts, answers, free_address};
use crate::bench::process::Process;
use crate::bench::{Bench, pendopo};
use crate::program::{output, say};
use crate::tools::program;

/// How a proxy is run.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Its configuration in bench/proxy, whose path ends its command line.
    template: &'static str,
    program: fn(&Bench) -> Result<PathBuf>,
    words: &'static [&'static str],
    version: fn(&Bench) -> Result<String>,
    serves_files: bool,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "nginx",
        template: "nginx.conf",
        program: |_| debian("nginx"),
        words: &["-c"],
        version: |_| package("nginx"),
        serves_files: true,
    },
    Kind {
        name: "haproxy",
        template: "haproxy.cfg",
        program: |_| debian("haproxy"),
        words: &["-f"],
        version: |_| package("haproxy"),
        serves_files: false,
    },
    Kind {
        name: "caddy",
        template: "Caddyfile",
        program: |_| debian("caddy"),
        words: &["run", "--adapter", "caddyfile", "--config"],
        version: |_| package("caddy"),
        serves_files: true,
    },
    Kind {
        name: "pendopo",
        template: "pendopo.toml",
        program: |bench| Ok(pendopo::binary(bench)),
        words: EDGE,
        version: pendopo::version,
        serves_files: true,
    },
];

/// The edge as it is built for profiles, whose functions have names.
const NAMED: &Kind = &Kind {
    name: "pendopo",
    template: "pendopo.toml",
    program: |bench| Ok(bench.root.join("target/profiling/pendopo")),
    words: EDGE,
    version: pendopo::version,
    serves_files: true,
};

const EDGE: &[&str] = &["serve", "--role", "edge", "--data", "data", "--config"];

/// Opens the edge as it is built for profiles.
pub(super) fn open_named(bench: &Bench, origin: SocketAddr) -> Result<Door> {
    open(NAMED, bench, origin)
}

/// Those that take part.
pub(super) fn kinds(bench: &Bench) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| bench.invites(kind.name))
}

/// A proxy that is open.
pub(super) struct Door {
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) plain: SocketAddr,
    pub(super) secure: SocketAddr,
    /// What a client must trust to be let in over TLS.
    pub(super) authority: PathBuf,
    pub(super) serves_files: bool,
    pub(super) process: Process,
}

/// Starts a proxy before the origin.
pub(super) fn open(kind: &Kind, bench: &Bench, origin: SocketAddr) -> Result<Door> {
    say(&format!("── starting {} as a proxy", kind.name));
    let folder = free_folder(kind, bench)?;
    let (plain, secure, admin) = (free_address()?, free_address()?, free_address()?);
    let config = configure(kind, bench, &folder, [plain, secure, admin, origin])?;
    let mut command = Command::new((kind.program)(bench)?);
    command.current_dir(&folder).args(kind.words).arg(config);
    let mut process = Process::start(&mut command, &folder.join("printed.log"))?;
    process
        .wait_until(|_| accepts(secure) && answers(plain, "/"))
        .with_context(|| format!("starting {}", kind.name))?;
    let own = folder.join("data/tls/ca.pem");
    let authority = if own.exists() {
        own
    } else {
        bench.place.join("cert.pem")
    };
    Ok(Door {
        name: kind.name,
        version: (kind.version)(bench)?,
        plain,
        secure,
        authority,
        serves_files: kind.serves_files,
        process,
    })
}

/// A folder of its own, also for the second of a kind.
fn free_folder(kind: &Kind, bench: &Bench) -> Result<PathBuf> {
    let names = (0..).map(|number| format!("proxy-{}-{number}", kind.name));
    let mut free = names.filter(|name| !bench.place.join(name).exists());
    bench.folder(&free.next().context("no name is free")?)
}

impl Door {
    pub(super) fn ids(&self) -> [u32; 1] {
        [self.process.id()]
    }
}

fn configure(
    kind: &Kind,
    bench: &Bench,
    folder: &Path,
    [plain, secure, admin, origin]: [SocketAddr; 4],
) -> Result<PathBuf> {
    let template = bench.root.join("bench/proxy").join(kind.template);
    let mut text = std::fs::read_to_string(&template)
        .with_context(|| format!("reading {}", template.display()))?;
    let place = folder.to_str().context("the path of target is no text")?;
    let certificates = bench
        .place
        .to_str()
        .context("the path of target is no text")?;
    for (word, value) in [
        ("PLAIN_PORT", plain.port().to_string()),
        ("SECURE_PORT", secure.port().to_string()),
        ("PLAIN", plain.to_string()),
        ("SECURE", secure.to_string()),
        ("ADMIN", admin.to_string()),
        ("ORIGIN", origin.to_string()),
        ("ROOT", root(bench)?),
        ("PLACE", place.to_owned()),
        ("CERTIFICATES", certificates.to_owned()),
    ] {
        text = text.replace(word, &value);
    }
    both(bench, folder)?;
    let path = folder.join(kind.template);
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// The folder of the files that are served, with one of 10 kB and one of 1 MB.
fn root(bench: &Bench) -> Result<String> {
    let root = bench.folder("root")?;
    std::fs::create_dir_all(root.join("files"))?;
    for (name, length) in [("10k.bin", 10_000), ("1m.bin", 1_000_000)] {
        std::fs::write(root.join("files").join(name), vec![b'a'; length])?;
    }
    let root = root.into_os_string().into_string();
    root.ok().context("the path of target is no text")
}

/// Certificate and key in one file, as `HAProxy` reads them.
fn both(bench: &Bench, folder: &Path) -> Result<()> {
    let read = |name: &str| {
        let path = bench.place.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    std::fs::write(
        folder.join("both.pem"),
        read("cert.pem")? + &read("key.pem")?,
    )?;
    Ok(())
}

fn debian(name: &str) -> Result<PathBuf> {
    program(name).with_context(|| format!("{name} is missing"))
}

fn package(name: &str) -> Result<String> {
    let mut query = Command::new("dpkg-query");
    let version = output(query.args(["-W", "-f", "${Version}", name]))?;
    Ok(format!("{name} {}", version.trim()))
}
