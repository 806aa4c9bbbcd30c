//! Clients outside of this machine: a network of their own, in which each has an address of its own.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsFd;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow};
use rustix::net::{self, AddressFamily, SocketType};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::http::Client;
use crate::program::output;
use crate::tools;

/// The network, this machine's end of the cable to it, and the other end.
const NAME: &str = "pendopo-outside";
const CABLE: &str = "pendopo-test";
const PEER: &str = "eth0";
/// Of the networks that are set aside for tests of machines like this one (RFC 2544).
pub(super) const HERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const ROUTE: &str = "198.18.0.0/16";
/// How many clients there are; no two share the network by which the edge tells clients apart.
pub(super) const CLIENTS: u8 = 12;

/// The network; it goes with this.
pub(super) struct Outside;

/// The address of one of the clients.
pub(super) fn client(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, 1 + number % CLIENTS, 7)
}

impl Outside {
    pub(super) fn build() -> Result<Self> {
        remove();
        let outside = Self;
        let cable = ["type", "veth", "peer", "name", PEER, "netns", NAME];
        ip(&["netns", "add", NAME])?;
        ip(&[&["link", "add", CABLE][..], &cable].concat())?;
        ip(&["address", "add", &format!("{HERE}/16"), "dev", CABLE])?;
        ip(&["link", "set", CABLE, "up"])?;
        let there = |words: &[&str]| ip(&[&["-netns", NAME][..], words].concat());
        for number in 0..CLIENTS {
            let address = format!("{}/32", client(number));
            there(&["address", "add", &address, "dev", PEER])?;
        }
        there(&["link", "set", PEER, "up"])?;
        there(&["route", "add", ROUTE, "dev", PEER])?;
        Ok(outside)
    }

    /// Does the work on a thread of that network.
    #[expect(clippy::unused_self, reason = "without it there is no such network")]
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let enter = || {
            let network = File::open(format!("/run/netns/{NAME}"))?;
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
            work()
        };
        thread::scope(|scope| scope.spawn(enter).join())
            .map_err(|_| anyhow!("a client's thread ended in disorder"))?
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        remove();
    }
}

/// A connection of one of the clients to a published port, from a thread of their network.
pub(super) fn connect(number: u8, port: u16) -> Result<Client> {
    let to = SocketAddrV4::new(HERE, port);
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    net::bind(&socket, &SocketAddr::new(IpAddr::V4(client(number)), 0))?;
    net::connect(&socket, &to).with_context(|| format!("connecting to {to}"))?;
    Client::over(TcpStream::from(socket))
}

/// What an earlier run may have left; the cable goes with the network.
fn remove() {
    let _ = ip(&["netns", "delete", NAME]);
    let _ = ip(&["link", "delete", CABLE]);
}

fn ip(words: &[&str]) -> Result<()> {
    let program = tools::program("ip").context("ip is not there")?;
    output(Command::new(program).args(words)).map(drop)
}
