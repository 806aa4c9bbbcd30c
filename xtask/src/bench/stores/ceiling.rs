//! What the database alone can do: pgbench sends the statements of a request, as many clients as wrk has connections.

use anyhow::{Context, Result};

use super::CEILING;
use super::postgres::{Cluster, PEOPLE};
use crate::bench::Bench;
use crate::bench::load::Part;
use crate::bench::round::{Figure, median};
use crate::bench::sample::Sample;
use crate::bench::wrk::CONNECTIONS;
use crate::program::{output, say};

const COLUMNS: &str = "id, first_name, last_name, email, username, role, is_disabled, \
    CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, must_change_password, created_at, updated_at, version";

/// The median of as many rounds as the others have.
pub(super) fn figure(bench: &Bench, cluster: &Cluster, part: Part) -> Result<Figure> {
    let path = bench.place.join("pgbench.sql");
    std::fs::write(&path, script(part)).with_context(|| format!("writing {}", path.display()))?;
    let round = |seconds: u64| -> Result<Sample> {
        let mut command = cluster.client("pgbench");
        command.args(["-n", "-M", "prepared", "-j", "1"]);
        command.args([
            "-c",
            &CONNECTIONS.to_string(),
            "-T",
            &seconds.to_string(),
            "-f",
        ]);
        let text = output(command.arg(&path).arg("pendopo"))?;
        sample(&text).with_context(|| format!("pgbench said: {text}"))
    };
    round(1)?;
    let rounds: Vec<Sample> = (0..bench.rounds)
        .map(|_| round(bench.seconds))
        .collect::<Result<_>>()?;
    let sample = median(&rounds);
    say(&format!("{part:?} {CEILING}: {:.0}/s", sample.per_second));
    Ok(Figure {
        part,
        contender: CEILING,
        sample,
    })
}

/// The statements that a request costs. A creation has the same rows in the same transaction, each with its own commit.
fn script(part: Part) -> String {
    match part {
        Part::PostgresList => format!(
            "SELECT (SELECT value FROM counter WHERE name = 'person'), {COLUMNS} FROM person ORDER BY id LIMIT 21 OFFSET 0;\n"
        ),
        Part::PostgresCreate => "BEGIN;\n\
            INSERT INTO person (first_name, last_name, search_key, role, is_disabled, must_change_password, created_at, \
            updated_at, version) VALUES ('Siti', 'Rahma', 'siti rahma', 'member', 0, 0, 1790000000000000, 1790000000000000, 1) \
            RETURNING id;\n\
            UPDATE counter SET value = value + 1 WHERE name = 'person';\n\
            INSERT INTO audit (seq, at, actor, action, hash) \
            SELECT max(seq) + 1, 1790000000000000, 'pgbench', 'person.create', sha256('pgbench') FROM audit;\n\
            COMMIT;\n"
            .to_owned(),
        _ => format!(
            "\\set id random(1, {PEOPLE})\nSELECT {COLUMNS} FROM person WHERE id = :id;\n"
        ),
    }
}

fn sample(text: &str) -> Result<Sample> {
    let figure = |before: &str| -> Result<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(before));
        let word = line.and_then(|line| line.split_whitespace().next());
        Ok(word
            .with_context(|| format!("no line of `{before}`"))?
            .parse()?)
    };
    Ok(Sample {
        requests: figure("number of transactions actually processed: ")?,
        per_second: figure("tps = ")?,
        p50_ms: figure("latency average = ")?,
        ..Sample::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let text = "number of transactions actually processed: 40210\nnumber of failed transactions: 0 (0.000%)\n\
            latency average = 1.592 ms\ninitial connection time = 61.5 ms\ntps = 20103.42 (without initial connection time)\n";
        let sample = sample(text).unwrap();
        assert!((sample.per_second - 20_103.42).abs() < f64::EPSILON);
        assert!((sample.p50_ms - 1.592).abs() < f64::EPSILON);
        assert!(super::sample("").is_err());
    }
}
