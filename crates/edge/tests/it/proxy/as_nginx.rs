//! The same requests to Debian's nginx and to the edge, before the same targets: each goes to the same one.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use edge::config::{Balance, Span, TargetConfig, TargetTable};
use tempfile::TempDir;
use testkit::raw::connect_from;
use testkit::{Backend, Raw, free};

use super::{GET, app, everything_to};
use crate::house::{House, eventually};
use crate::origins::program;

const WEIGHTS: [u32; 4] = [3, 1, 2, 1];
/// Prime to the number of targets and of their weights.
const REQUESTS: u32 = 211;

struct Nginx {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Nginx {
    /// Starts it before these targets; the words say how it balances.
    fn before(targets: &[Backend], balance: &str) -> Self {
        // A port that was free may be taken by the time that nginx binds it.
        let mut tries = (0..5).filter_map(|_| Self::try_before(targets, balance));
        tries.next().expect("an nginx that starts")
    }

    fn try_before(targets: &[Backend], balance: &str) -> Option<Self> {
        let (directory, address) = (tempfile::tempdir().unwrap(), free());
        let servers = targets.iter().zip(WEIGHTS).map(|(target, weight)| {
            let at = target.address();
            format!("server {at} weight={weight} max_fails=1 fail_timeout=1h;\n")
        });
        let (path, servers) = (directory.path(), servers.collect::<String>());
        let at = path.display();
        let text = format!(
            "daemon off; master_process off; pid {at}/pid; events {{}}
            http {{
                access_log off;
                client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
                fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
                upstream app {{ {balance}\n{servers} }}
                server {{ listen {address}; location / {{ proxy_pass http://app; }} }}
            }}"
        );
        fs::write(path.join("nginx.conf"), text).unwrap();
        let mut command = Command::new(program("nginx"));
        command.arg("-p").arg(path).arg("-e").arg(path.join("log"));
        command.arg("-c").arg(path.join("nginx.conf"));
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut own = Self {
            child,
            address,
            _directory: directory,
        };
        let mut has_ended = false;
        eventually("nginx", || {
            has_ended = own.child.try_wait().unwrap().is_some();
            has_ended || TcpStream::connect(address).is_ok()
        });
        (!has_ended).then_some(own)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of the loopback network's own: all of it is this machine.
fn from(number: u32, to: SocketAddr) -> Raw {
    let spread = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let client = Ipv4Addr::new(127, spread[0], spread[1], spread[2].max(2));
    Raw::on(connect_from(client, to))
}

/// Whom each request reaches by either way.
fn check(balance: Balance, words: &str) {
    let mut targets: Vec<_> = (0..WEIGHTS.len())
        .map(|place| Backend::saying(&place.to_string()))
        .collect();
    let nginx = Nginx::before(&targets, words);
    let mut upstream = app(&[]);
    let table = |(target, weight): (&Backend, u32)| {
        TargetConfig::Table(TargetTable {
            url: target.url(),
            weight,
            backup: false,
        })
    };
    upstream.targets = targets.iter().zip(WEIGHTS).map(table).collect();
    upstream.balance = balance;
    upstream.eject_after = 1;
    upstream.eject_for = Span::from_secs(3600);
    let house = House::with(everything_to(upstream));
    let compare = |of: &str| {
        for number in 0..REQUESTS {
            let asked = |address| from(number, address).exchange(GET).text().to_owned();
            let (theirs, ours) = (asked(nginx.address), asked(house.address("http")));
            assert_eq!(theirs, ours, "request {number} of {REQUESTS}, {of}");
        }
    };
    compare("all targets are there");
    if balance != Balance::IpHash {
        return;
    }
    drop(targets.remove(1));
    for number in 0..REQUESTS {
        for address in [nginx.address, house.address("http")] {
            from(number, address).exchange(GET);
        }
    }
    compare("one is left out");
}

#[test]
fn round_robin_goes_round_as_in_nginx() {
    check(Balance::RoundRobin, "");
}

#[test]
fn the_least_loaded_of_idle_targets_is_the_same_as_in_nginx() {
    check(Balance::LeastConn, "least_conn;");
}

#[test]
fn a_network_belongs_to_the_same_target_as_in_nginx() {
    check(Balance::IpHash, "ip_hash;");
}
