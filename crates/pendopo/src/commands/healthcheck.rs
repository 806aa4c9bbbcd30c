//! `pendopo healthcheck`: asks the private listener of the server on this machine whether it is ready.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cli::HealthcheckOptions;
use crate::config::Config;
use crate::console::say;

/// How long each step may take.
const DEADLINE: Duration = Duration::from_secs(3);
/// More than the report of every part takes.
const MOST_BYTES: u64 = 64 * 1024;

/// Prints the parts and answers 0 if all are ready.
pub(super) fn run(config: &Config, options: &HealthcheckOptions) -> Result<ExitCode> {
    let (path, what) = if options.started {
        ("/startupz", "has not started")
    } else {
        ("/readyz", "is not ready")
    };
    let target = options.role.map_or(path.to_owned(), |role| {
        format!("{path}?role={}", role.as_str())
    });
    let (status, body) = ask(config.admin.listen, &target)?;
    if status != 200 {
        bail!("the server {what}: {}", body.trim());
    }
    say(body.trim());
    Ok(ExitCode::SUCCESS)
}

/// The status and body that the private listener answers.
pub(super) fn ask(listen: SocketAddr, target: &str) -> Result<(u16, String)> {
    let address = reachable(listen);
    let away = || format!("no server answers at {address} (`admin.listen`)");
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE).with_context(away)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .with_context(away)?;
    let mut answer = String::new();
    stream
        .take(MOST_BYTES)
        .read_to_string(&mut answer)
        .with_context(away)?;
    let (head, body) = answer.split_once("\r\n\r\n").with_context(away)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok((status.with_context(away)?, body.to_owned()))
}

/// An address that stands for all is reached by loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
