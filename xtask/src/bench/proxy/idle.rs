//! Memory beside ten thousand connections that asked once and say nothing more.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Result;

use super::door::{self, Door};
use crate::bench::Bench;
use crate::bench::load::Part;
use crate::bench::process::{Process, memory_bytes};
use crate::program::say;

const CONNECTIONS: usize = 10_000;

/// One proxy's memory.
pub(super) struct Idle {
    pub(super) door: &'static str,
    pub(super) is_secure: bool,
    pub(super) before: u64,
    pub(super) beside: u64,
}

impl Idle {
    pub(super) fn each(&self) -> u64 {
        self.beside.saturating_sub(self.before) / CONNECTIONS as u64
    }
}

/// Plain and over TLS, at one proxy after the other; each begins anew, since none gives memory back at once.
pub(super) fn all(bench: &Bench, origin: SocketAddr) -> Result<Vec<Idle>> {
    let mut rows = Vec::new();
    if !bench.wants(Part::Idle) || bench.quick {
        return Ok(rows);
    }
    for kind in door::kinds(bench) {
        for is_secure in [false, true] {
            rows.push(one(bench, door::open(kind, bench, origin)?, is_secure)?);
        }
    }
    Ok(rows)
}

fn one(bench: &Bench, mut door: Door, is_secure: bool) -> Result<Idle> {
    let before = memory_bytes(&door.ids());
    let mut command = Command::new(&bench.rig);
    command.arg("crowd");
    if is_secure {
        command.arg("--authority").arg(&door.authority);
    }
    let address = if is_secure { door.secure } else { door.plain };
    command
        .args([&address.to_string(), "/short"])
        .arg(CONNECTIONS.to_string());
    let mut crowd = Process::start(&mut command, &bench.place.join("crowd.log"))?;
    crowd.wait_until(|crowd| crowd.printed().contains("ready"))?;
    let beside = memory_bytes(&door.ids());
    crowd.expect_running()?;
    door.process.expect_running()?;
    let row = Idle {
        door: door.name,
        is_secure,
        before,
        beside,
    };
    say(&format!(
        "{} {}: {} bytes an idle connection",
        row.door,
        if is_secure { "TLS" } else { "plain" },
        row.each()
    ));
    Ok(row)
}
