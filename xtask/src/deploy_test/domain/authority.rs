//! Debian's `pebble`, the authority for tests, where containers reach it; it finds every name on this machine.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::deploy_test::outside::HERE;
use crate::deploy_test::project::free_port;
use crate::deploy_test::wait_for;
use crate::program::output;
use crate::tools;

/// Of two that can't be told apart by anybody who has not their keys: one to be reached by, and its root.
const CERTIFY: &str = r#"
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
place, address = sys.argv[1:]
day = datetime.timedelta(days=1)
now = datetime.datetime.now(datetime.timezone.utc)
def name(text): return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
def begin(subject, key): return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("root"))
    .public_key(key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day))
keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
root = begin("root", keys[0]).add_extension(x509.BasicConstraints(True, 0), True).sign(keys[0], hashes.SHA256())
names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
own = begin("pebble", keys[1]).add_extension(names, False).sign(keys[0], hashes.SHA256())
pem = serialization.Encoding.PEM
open(place + "/root.pem", "wb").write(root.public_bytes(pem))
open(place + "/own.pem", "wb").write(own.public_bytes(pem))
open(place + "/own.key", "wb").write(keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
"#;

/// Asks over TLS for a path, believing this authority alone; prints the certificate's number and the status.
const ASK: &str = r#"
import http.client, ssl, socket, sys, urllib.request
management, port, name, path = sys.argv[1:]
blind = ssl.create_default_context()
blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
root = urllib.request.urlopen(f"https://{management}/roots/0", context=blind).read().decode()
trust = ssl.create_default_context(cadata=root)
with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as plain, trust.wrap_socket(plain, server_hostname=name) as secure:
    secure.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    print(secure.getpeercert()["serialNumber"], secure.recv(99).split()[1].decode())
"#;

/// The authority with its name server; they end with this.
pub(super) struct Authority {
    python: PathBuf,
    /// What the edge has to know of it.
    pub(super) place: PathBuf,
    pub(super) url: String,
    management: String,
    https: u16,
    programs: Vec<Child>,
}

impl Authority {
    /// It reaches those whom it certifies on these ports.
    pub(super) fn start(root: &Path, (http, https): (u16, u16)) -> Result<Self> {
        let place = root.join("target/deploy-test/authority");
        fs::create_dir_all(&place)?;
        let python = root.join("target/venv/bin/python");
        let here = HERE.to_string();
        output(
            Command::new(&python)
                .args(["-c", CERTIFY])
                .arg(&place)
                .arg(&here),
        )?;
        let (listen, management, names) = (free_port()?, free_port()?, free_port()?);
        let management = format!("127.0.0.1:{management}");
        let config = json!({ "pebble": {
            "listenAddress": format!("0.0.0.0:{listen}"),
            "managementListenAddress": management,
            "certificate": place.join("own.pem"),
            "privateKey": place.join("own.key"),
            "httpPort": http,
            "tlsPort": https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        fs::write(place.join("config.json"), config.to_string())?;
        let mut authority = Self {
            python,
            url: format!("https://{here}:{listen}/dir"),
            management,
            https,
            programs: Vec::new(),
            place,
        };
        authority.begin(names)?;
        let is_up = || Ok(TcpStream::connect(("127.0.0.1", listen)).is_ok());
        wait_for("the authority answers", Duration::from_secs(20), is_up)?;
        Ok(authority)
    }

    fn begin(&mut self, names: u16) -> Result<()> {
        let names = format!("127.0.0.1:{names}");
        let mut resolver = program("pebble-challtestsrv")?;
        resolver.args(["-http01", "", "-https01", "", "-tlsalpn01", ""]);
        resolver.args(["-defaultIPv6", "", "-defaultIPv4", "127.0.0.1"]);
        resolver.args(["-dns01", &names, "-management", ""]);
        let mut pebble = program("pebble")?;
        pebble.arg("-config").arg(self.place.join("config.json"));
        pebble.args(["-dnsserver", &names]);
        pebble.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")]);
        for mut program in [resolver, pebble] {
            let log = fs::File::create(self.place.join("log"))?;
            let program = program
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log);
            self.programs.push(program.spawn()?);
        }
        Ok(())
    }

    /// The number of the certificate that is served for a name, and how a path is answered.
    pub(super) fn ask(&self, name: &str, path: &str) -> Result<(String, u16)> {
        let port = self.https.to_string();
        let mut ask = Command::new(&self.python);
        let told = output(ask.args(["-c", ASK, &self.management, &port, name, path]))?;
        let (number, status) = told.trim().split_once(' ').context("two words")?;
        Ok((number.to_owned(), status.parse()?))
    }
}

fn program(name: &str) -> Result<Command> {
    let program = tools::program(name).with_context(|| format!("{name} is not there"))?;
    Ok(Command::new(program))
}

impl Drop for Authority {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}
