//! `SecantusDB`, which speaks MongoDB's protocol, thrown away with the test: over TLS, for clients with a certificate and a
//! password.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Authority;
use crate::daemon::{Daemon, Program};

/// The user that every server has, with all rights on every database.
pub const NAME: &str = "pendopo";
/// The user's password.
pub const PASSWORD: &str = "rahasia sekali";

/// Makes the user, which needs a server that asks nobody who they are, and every table that the server may need.
const MAKE: &str = "
import sys
from pymongo import MongoClient
from secantus import SecantusDBServer
place, name, password = sys.argv[1:]
server = SecantusDBServer(storage_path=place, cache_size='64M')
server.start()
client = MongoClient('127.0.0.1', server.port)
roles = [{'role': 'root', 'db': 'admin'}]
client.admin.command('createUser', name, pwd=password, roles=roles)
# A table that was made just before the server is killed can't be opened again: so all are made here.
for number in range(200):
    client['warm'][f'c{number}'].insert_one({})
client.close()
server.stop()
";

/// The server, with the options that it is started with besides.
pub struct Mongo {
    options: Vec<&'static str>,
}

/// A running server; dropping it ends it.
pub type Server = Daemon<Mongo>;

impl Default for Server {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Server {
    /// Starts with these options besides.
    pub fn with(options: &[&'static str]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let copied = Command::new("cp")
            .args(["-a", "--reflink=auto"])
            .arg(template())
            .arg(directory.path().join("data"))
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "a copy");
        certify(directory.path());
        let options = options.to_vec();
        Self::start_new(Mongo { options }, directory)
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        let mut child = self.take();
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it can be told to end");
        child.wait().expect("it ends");
    }

    /// How a program reaches a database of it.
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.address(), database)
    }

    /// How a program reaches a database of it by way of what stands before it.
    pub fn url_at(&self, address: SocketAddr, database: &str) -> String {
        let place = self.directory().display();
        format!(
            "mongodb://{NAME}@{address}/{database}?authSource=admin&directConnection=true&tls=true\
             &tlsCAFile={place}/root.pem&tlsCertificateKeyFile={place}/client/both.pem"
        )
    }

    /// Runs Python with `client`, which may do everything; answers what it prints.
    pub fn python(&self, code: &str) -> String {
        let place = self.directory().display();
        let connect = format!(
            "from pymongo import MongoClient\nclient = MongoClient('127.0.0.1', {}, username='{NAME}', password='{PASSWORD}', \
             tls=True, tlsCAFile='{place}/root.pem', tlsCertificateKeyFile='{place}/client/both.pem', directConnection=True)\n",
            self.address().port()
        );
        run(&[&(connect + code)])
    }
}

impl Program for Mongo {
    const NAME: &str = "SecantusDB";

    fn command(&self, server: &Server) -> Command {
        let mut command = Command::new(python());
        command.args(["-m", "secantus", "--auth", "--sync-on-commit"]);
        command.args(["--cache-size", "64M", "--host", "127.0.0.1", "--port"]);
        command.arg(server.address().port().to_string());
        command.arg("--tls-require-client-cert");
        for (option, file) in [
            ("--storage-path", "data"),
            ("--tls-cert-file", "server/certificate.pem"),
            ("--tls-key-file", "server/certificate.key"),
            ("--tls-ca-file", "root.pem"),
        ] {
            command.arg(option).arg(server.file(file));
        }
        command.args(&self.options);
        command
    }

    fn answers(&self, server: &Server) -> bool {
        TcpStream::connect(server.address()).is_ok()
    }
}

/// An authority, and what it vouches for: the server, and a client whose certificate and key stand in one file.
fn certify(directory: &Path) {
    let authority = Authority::default();
    authority.root(directory);
    for (side, name) in [("server", "127.0.0.1"), ("client", NAME)] {
        let place = directory.join(side);
        fs::create_dir(&place).expect("a directory");
        let (certificate, key) = authority.issue(&place, &[name]);
        let read = |file: PathBuf| fs::read_to_string(file).expect("a file that was just written");
        let both = place.join("both.pem");
        fs::write(&both, read(certificate) + &read(key)).expect("a directory");
        fs::set_permissions(both, fs::Permissions::from_mode(0o600)).expect("our own file");
    }
}

/// A data directory with the user, made once and copied for each server.
fn template() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/mongo");
    fs::create_dir_all(&target).expect("a directory in `target`");
    let version = run(&["import secantus; print(secantus.__version__)"]);
    let place = target.join(version);
    // Of tests that start together, one makes it.
    let lock = File::create(target.join("lock")).expect("a file in `target`");
    lock.lock().expect("a lock");
    if !place.exists() {
        let part = place.with_extension("part");
        let _ = fs::remove_dir_all(&part);
        run(&[MAKE, &part.display().to_string(), NAME, PASSWORD]);
        fs::rename(&part, &place).expect("a directory that can be renamed");
    }
    place
}

fn run(code: &[&str]) -> String {
    let output = Command::new(python()).arg("-c").args(code).output();
    let output = output.expect("Python can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    assert!(python.exists(), "`cargo xtask test` installs SecantusDB");
    python
}
