//! Bans: whether the running server holds them in force, and learns of new ones.

use super::report::Report;
use super::server::Running;

pub(super) fn examine(running: Option<&Running>, report: &mut Report) {
    let fact = |name| running.and_then(|running| running.fact("bans", name));
    let Some(in_force) = fact("in force") else {
        return;
    };
    match fact("news") {
        _ if in_force.starts_with("none can be") => report.warn("bans", in_force),
        Some(news) if news.starts_with("none") => {
            report.warn(
                "bans",
                format!("{in_force} in force, and no news of others: {news}"),
            );
        }
        _ => report.good("bans", format!("{in_force} in force at this edge")),
    }
}
