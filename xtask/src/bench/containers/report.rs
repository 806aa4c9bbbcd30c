//! The section of the report.

use std::fmt::Write as _;

use anyhow::Result;

use super::{Containers, Measured};
use crate::bench::load::Part;
use crate::bench::target::megabytes;

const HEAD: &str = "\n## Containers\n\n\
    The seed stack's images are Debian roots by debootstrap (minbase) with one server each, and the app with its packages over Python's.\n\
    A start is counted from `docker start` of all its containers to the first good answer of `/health` and an open front door, \
    with empty volumes and with what they had then.\n\
    Requests come over HTTPS from outside, as above; CPU is what each container's control group was charged, and both keep people in SQLite.\n";

/// Nothing when nothing was wanted; what could not be measured is told.
pub(crate) fn text(containers: &Result<Option<Containers>>) -> Result<String> {
    let containers = match containers {
        Ok(Some(containers)) => containers,
        Ok(None) => return Ok(String::new()),
        Err(error) => {
            return Ok(format!(
                "\n## Containers\n\nThey could not be measured: {error:#}.\n"
            ));
        }
    };
    let mut text = format!("{HEAD}\n| image | MB |\n|---|---|\n");
    for (name, bytes) in &containers.images {
        writeln!(text, "| {name} | {:.1} |", megabytes(*bytes))?;
    }
    text += "\n| containers | first start ms | next start ms | idle memory MB | memory after the load MB |\n|---|---|---|---|---|\n";
    for way in &containers.ways {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            way.name,
            way.first_start_ms,
            way.next_start_ms,
            shares(way, |row| megabytes(row.1)),
            shares(way, |row| megabytes(row.2)),
        )?;
    }
    for part in [Part::Get, Part::Page] {
        text += &costs(&containers.ways, part)?;
    }
    Ok(text)
}

/// The sum, and each container's share where there are several.
fn shares(way: &Measured, megabytes: fn(&(&'static str, u64, u64)) -> f64) -> String {
    let rows = way.memory.iter().map(|row| (row.0, megabytes(row)));
    summed(&rows.collect::<Vec<_>>())
}

fn summed(rows: &[(&str, f64)]) -> String {
    let sum: f64 = rows.iter().map(|row| row.1).sum();
    if rows.len() < 2 {
        return format!("{sum:.1}");
    }
    let shares = rows
        .iter()
        .map(|(name, share)| format!("{name} {share:.1}"));
    format!("{sum:.1} ({})", shares.collect::<Vec<_>>().join(", "))
}

fn costs(ways: &[Measured], part: Part) -> Result<String> {
    let mut text = format!(
        "\n### In containers: {}\n\n| containers | requests/s | CPU µs a request | p50 ms | p99 ms |\n|---|---|---|---|---|\n",
        part.title()
    );
    for way in ways {
        for load in way.loads.iter().filter(|load| load.part == part) {
            let sample = &load.sample;
            writeln!(
                text,
                "| {} | {:.0} | {} | {:.2} | {:.2} |",
                way.name,
                sample.per_second,
                summed(&load.costs),
                sample.p50_ms,
                sample.p99_ms
            )?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_containers_have_their_shares_told() {
        assert_eq!(summed(&[("pendopo", 9.25)]), "9.2");
        assert_eq!(
            summed(&[("web", 9.0), ("edge", 1.5)]),
            "10.5 (web 9.0, edge 1.5)"
        );
    }

    #[test]
    fn what_failed_is_told_and_what_was_not_wanted_is_not() {
        assert_eq!(text(&Ok(None)).unwrap(), "");
        let failed = text(&Err(anyhow::anyhow!("no engine"))).unwrap();
        assert!(
            failed.ends_with("They could not be measured: no engine.\n"),
            "{failed}"
        );
    }
}
