//! What the benchmarks need besides the contenders: the floor, a crowd of connections, a certificate.

mod certificate;
mod crowd;
mod floor;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

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
    /// Hold idle keep-alive connections until it is killed
    Crowd {
        address: SocketAddr,
        authority: PathBuf,
        connections: usize,
    },
}

fn main() -> anyhow::Result<()> {
    match Rig::parse() {
        Rig::Certificate { folder } => certificate::write(&folder),
        Rig::Floor {
            address,
            certificates,
        } => floor::serve(address, &certificates),
        Rig::Crowd {
            address,
            authority,
            connections,
        } => crowd::hold(address, &authority, connections),
    }
}
