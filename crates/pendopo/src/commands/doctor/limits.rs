//! The limits in force: of the operating system and of the edge, and what was lost to them.

use rustix::process::{Resource, getrlimit};

use super::report::Report;
use super::server::Running;
use crate::config::Config;

/// With fewer open files a school's morning does not fit through the door.
const FEW_FILES: u64 = 4096;

pub(super) fn examine(config: &Config, running: Option<&Running>, report: &mut Report) {
    files(report);
    let limit = &config.edge.limit;
    let delay = if limit.nodelay {
        "without delay".to_owned()
    } else {
        format!("delayed beyond {}", limit.delay)
    };
    match limit.rate.rate() {
        Some(_) if limit.dry_run => report.warn(
            "request limit",
            "in a dry run: anybody may send as much as they like; `edge.limit.dry_run = false` ends it",
        ),
        Some(_) => report.good(
            "request limit",
            format!(
                "{} for each address, {} more at a time, {delay}",
                limit.rate, limit.burst
            ),
        ),
        None => report.warn(
            "request limit",
            "off: anybody may send as much as they like; `edge.limit.rate` sets it",
        ),
    }
    let request = &config.edge.request;
    let text = format!(
        "head {}, body {}, {} connections for each address",
        request.head, request.body, config.edge.connections.per_address
    );
    report.good("request size", text);
    if let Some(running) = running {
        log(running, report);
        addresses(running, report);
    }
}

/// The server raises its own limit to the hard one, so that one counts.
fn files(report: &mut Report) {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if files < FEW_FILES {
        report.warn("open files", format!("at most {files}, so about as many connections: raise the limit (`ulimit -Hn`, or LimitNOFILE of the service)"));
    } else {
        report.good("open files", format!("at most {files}"));
    }
}

/// Whether limits by address have addresses to go by.
fn addresses(running: &Running, report: &mut Report) {
    match running.fact("edge", "client addresses") {
        None => {}
        Some("seen") => report.good("client addresses", "no gateway hides them"),
        Some(hidden) => report.warn(
            "client addresses",
            format!(
                "{hidden}, which nearly all requests come from, so limits by address don't hold: publish the ports with `mode: host`, or have a proxy in front tell the addresses (`edge.trusted_proxies`, `edge.proxy_protocol`)"
            ),
        ),
    }
}

fn log(running: &Running, report: &mut Report) {
    match running.metric("pendopo_edge_log_dropped_total") {
        None => report.warn("log lines", "the server does not say how many were lost"),
        Some(lost) if lost > 0.0 => report.warn(
            "log lines",
            format!("{lost} were lost: the disk was full or too slow"),
        ),
        Some(_) => report.good("log lines", "none was lost"),
    }
}
