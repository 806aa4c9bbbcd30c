//! Servers of others, each of which writes down what it is asked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Seen;
use crate::house::eventually;
use crate::proxy::python;

/// What a server can write down.
#[derive(Clone, Copy)]
pub(crate) enum Knows {
    All,
    /// All but bodies: it reads past those whose end it finds, and shows the next request.
    Heads,
    /// Headers that its configuration names.
    Named(&'static [&'static str]),
}

/// One that runs; dropping it ends it.
pub(crate) struct Server {
    pub(crate) knows: Knows,
    child: Child,
    address: SocketAddr,
    directory: TempDir,
    /// The file in which it complains of requests, and the words by which.
    complaint: Option<(&'static str, &'static str)>,
}

/// After each request in what a server wrote: the sign for "record", and the end of a line.
const END: &[u8] = b"\x1e\n";

const NAMED: [&str; 6] = [
    "host",
    "x-odd",
    "x-empty",
    "x-dup",
    "cookie",
    "authorization",
];

impl Server {
    pub(crate) fn gunicorn() -> Self {
        let words = [
            "-m",
            "gunicorn",
            "--limit-request-line",
            "8190",
            "-b",
            "127.0.0.1:0",
            "seen:wsgi",
        ];
        Self::talking(Command::new(python()).args(words), Some("Invalid request"))
    }

    pub(crate) fn uvicorn() -> Self {
        let words = [
            "-m",
            "uvicorn",
            "--port",
            "0",
            "--no-access-log",
            "seen:asgi",
        ];
        let invalid = Some("Invalid HTTP request");
        Self::talking(Command::new(python()).args(words), invalid)
    }

    /// It writes down what it can't read as well.
    pub(crate) fn node() -> Self {
        Self::talking(Command::new("node").arg("seen.js"), None)
    }

    /// Starts one that says on its error output where it listens.
    fn talking(command: &mut Command, complaint: Option<&'static str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let child = command
            .current_dir(scripts())
            .env("SEEN", directory.path().join("seen"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("a program that `cargo xtask test` installs");
        let output = BufReader::new(child.stderr.take().unwrap());
        let mut lines = output.lines().map(Result::unwrap);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("http://")?;
            address.split([' ', '/']).next()?.parse().ok()
        });
        let log = directory.path().join("log");
        std::thread::spawn(move || {
            for line in lines {
                let before = fs::read_to_string(&log).unwrap_or_default();
                // The directory goes away when the test ends.
                let _ = fs::write(&log, format!("{before}{line}\n"));
            }
        });
        Self {
            knows: Knows::All,
            child,
            address: address.expect("an address"),
            directory,
            complaint: complaint.map(|words| ("log", words)),
        }
    }

    /// What it can't read stands in the same log, with another target.
    pub(crate) fn nginx() -> Self {
        let mut server = Self::configured("nginx", |directory, address| {
            let folder = directory.display();
            let named = NAMED.map(|name| format!("\x1f{name}:$http_{}", name.replace('-', "_")));
            let named = named.concat();
            let text = format!(
                "daemon off; master_process off; pid {folder}/pid; error_log {folder}/log info;
                events {{ worker_connections 512; }}
                http {{
                    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
                    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
                    log_format seen escape=none '$request_method\x1f$request_uri\x1f$request_body{named}\x1e';
                    client_body_buffer_size 1m;
                    server {{
                        listen {address}; access_log {folder}/seen seen;
                        location / {{ proxy_pass http://unix:{folder}/inner:/; }}
                    }}
                    server {{ listen unix:{folder}/inner; access_log off; location / {{ return 200 ok; }} }}
                }}"
            );
            fs::write(directory.join("conf"), text).unwrap();
            let mut command = Command::new(program("nginx"));
            command.arg("-p").arg(directory);
            command.arg("-c").arg(directory.join("conf"));
            command.arg("-e").arg(directory.join("log"));
            command
        });
        server.knows = Knows::Named(&NAMED);
        server
    }

    pub(crate) fn apache() -> Self {
        let mut server = Self::configured("apache2", |directory, address| {
            let folder = directory.display();
            let modules: String = ["mpm_event", "authz_core", "lua"]
                .map(|name| {
                    format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
                })
                .concat();
            let text = format!(
                "{modules}ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\n\
                 LogLevel info\nMutex file:{folder}\nUser nobody\nGroup nogroup\nListen {address}\n\
                 DocumentRoot {folder}\nAllowEncodedSlashes NoDecode\nMergeSlashes Off\nLimitRequestFieldSize 16000\n\
                 LimitRequestLine 16000\nLuaMapHandler .* {}/seen.lua\n<Location />\nRequire all granted\n</Location>\n\
                 LogFormat \"%>s %r\" status\nCustomLog {folder}/answers status\n",
                scripts().display()
            );
            fs::write(directory.join("conf"), text).unwrap();
            let mut command = Command::new(program("apache2"));
            command.args(["-X", "-f"]).arg(directory.join("conf"));
            command
        });
        server.knows = Knows::Heads;
        server.complaint = Some(("answers", "400 "));
        server
    }

    /// Starts one that is told where to listen.
    fn configured(name: &str, configure: impl Fn(&Path, SocketAddr) -> Command) -> Self {
        // A port that was free may be taken by the time that the program binds it.
        let started = (0..5).find_map(|_| Self::try_configured(&configure));
        started.unwrap_or_else(|| panic!("{name} does not start"))
    }

    fn try_configured(configure: impl Fn(&Path, SocketAddr) -> Command) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(directory.path(), everybody).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut command = configure(directory.path(), address);
        let output = fs::File::create(directory.path().join("output")).unwrap();
        let command = command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut child = command.spawn().unwrap();
        let mut has_ended = false;
        eventually("a server", || {
            has_ended = child.try_wait().unwrap().is_some();
            has_ended || TcpStream::connect(address).is_ok()
        });
        (!has_ended).then_some(Self {
            knows: Knows::All,
            child,
            address,
            directory,
            complaint: None,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let text = fs::read(self.directory.path().join("seen")).unwrap_or_default();
        // A body may have ends of lines in it.
        let mut all = text.as_slice();
        let whole = std::iter::from_fn(|| {
            let end = all.windows(END.len()).position(|part| part == END)?;
            let line = &all[..end];
            all = &all[end + END.len()..];
            Some(line)
        });
        whole.map(Seen::read).collect()
    }

    /// It could read all that came, but for these methods and targets, which never came whole.
    pub(crate) fn has_refused_nothing_but(&self, broken: &[(String, String)]) {
        let Some((file, words)) = self.complaint else {
            return;
        };
        let log = fs::read_to_string(self.directory.path().join(file)).unwrap_or_default();
        let is_broken = |line: &&str| {
            let mut requests = broken.iter();
            requests.any(|(method, target)| line.contains(&format!("{method} {target} ")))
        };
        let mut lines = log.lines();
        let refused = lines.find(|line| line.contains(words) && !is_broken(line));
        assert_eq!(refused, None);
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/origins")
}

pub(crate) fn program(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    assert!(path.is_file(), "no {name}: `cargo xtask test` installs it");
    path
}

impl Drop for Server {
    fn drop(&mut self) {
        // By which those with workers end them as well.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        self.child.wait().unwrap();
    }
}
