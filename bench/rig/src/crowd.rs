//! A crowd: many connections that asked once and now stay open without a word.

use std::io::Write;

use anyhow::{Context, Result};

use crate::client::Dialer;

/// Opens the connections one after the other, says `ready`, and holds them until it is killed.
pub(crate) fn hold(dialer: &Dialer, path: &str, connections: usize) -> Result<()> {
    let mut crowd = Vec::with_capacity(connections);
    for at in 0..connections {
        let opened = dialer.connect(at).and_then(|mut member| {
            member.get(path)?;
            Ok(member)
        });
        crowd.push(opened.with_context(|| format!("opening connection {at}"))?);
    }
    writeln!(std::io::stdout(), "ready")?;
    loop {
        std::thread::park();
    }
}
