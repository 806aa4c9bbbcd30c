//! What the benchmarks need besides the contenders: servers to compare with or to stand before, clients that no
//! load generator of Debian's can be, a certificate.

mod certificate;
mod churn;
mod client;
mod crowd;
mod floor;
mod handshakes;
mod origin;
mod pace;
mod school;
mod swaps;
mod workers;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser};

use client::{Dialer, Exchange};

/// The rig of `cargo xtask bench`.
#[derive(Parser)]
enum Rig {
    /// Write cert.pem and key.pem for localhost into a folder
    Certificate { folder: PathBuf },
    /// Serve a fixed JSON over TLS with the least work this machine allows
    Floor {
        address: SocketAddr,
        certificates: PathBuf,
    },
    /// Serve fixed bodies over plain HTTP, for proxies to stand before
    Origin { address: SocketAddr },
    /// Hold idle keep-alive connections until it is killed
    Crowd {
        #[command(flatten)]
        server: Server,
        connections: usize,
    },
    /// Open a connection for each request
    Handshakes {
        #[command(flatten)]
        server: Server,
        seconds: u64,
    },
    /// Open and close so many connections, with a request on each
    Churn {
        #[command(flatten)]
        server: Server,
        count: usize,
    },
    /// Give a process another configuration again and again, and see each time that its certificate is served
    Swaps {
        #[command(flatten)]
        server: Server,
        /// The process, which reads its configuration again at SIGHUP
        process: i32,
        /// The file that it reads
        file: PathBuf,
        /// Two folders with a pendopo.toml, and in cert.pem the certificate that it names
        #[arg(num_args = 2)]
        folders: Vec<PathBuf>,
        #[arg(long)]
        count: usize,
    },
    /// Sign in, read and post as so many users do, and say how long each of these took
    School {
        #[command(flatten)]
        school: school::School,
    },
    /// Ask at a pinned rate, and say how long answers took
    Pace {
        #[command(flatten)]
        server: Server,
        rate: u32,
        seconds: u64,
    },
}

#[derive(Args)]
struct Server {
    address: SocketAddr,
    path: String,
    /// The root to trust; without one, no TLS
    #[arg(long)]
    authority: Option<PathBuf>,
    #[arg(long, default_value = "classic")]
    exchange: Exchange,
}

impl Server {
    fn dialer(&self) -> anyhow::Result<Dialer> {
        Dialer::new(self.address, self.authority.as_deref(), self.exchange)
    }
}

fn main() -> anyhow::Result<()> {
    match Rig::parse() {
        Rig::Certificate { folder } => certificate::write(&folder),
        Rig::Floor {
            address,
            certificates,
        } => floor::serve(address, &certificates),
        Rig::Origin { address } => origin::serve(address),
        Rig::Crowd {
            server,
            connections,
        } => crowd::hold(&server.dialer()?, &server.path, connections),
        Rig::Handshakes { server, seconds } => {
            handshakes::run(server.dialer()?, &server.path, seconds)
        }
        Rig::Churn { server, count } => churn::run(&server.dialer()?, &server.path, count),
        Rig::Swaps {
            server,
            process,
            file,
            folders,
            count,
        } => swaps::run(&server.dialer()?, process, &file, &folders, count),
        Rig::School { school } => school::run(&school),
        Rig::Pace {
            server,
            rate,
            seconds,
        } => pace::run(server.dialer()?, &server.path, rate, seconds),
    }
}
