//! What a round does: requests of every kind over connections that stay, connections for one request each, other certificates.

use std::process::Command;

use anyhow::Result;

use super::house::{House, SIDES};
use crate::bench::proxy::send;
use crate::program;

/// How much of each.
#[derive(Clone, Copy)]
pub(super) struct Round {
    pub(super) requests: u32,
    pub(super) connections: u32,
    pub(super) swaps: u32,
}

/// What is asked for over HTTPS: the path, how it is sent, and of a hundred requests how many.
const MIX: [(&str, Kind, u32); 6] = [
    ("/user/1", Kind::Http1, 30),
    ("/user/1", Kind::Http2, 18),
    ("/", Kind::Http1, 20),
    ("/short", Kind::Http1, 20),
    ("/short", Kind::Http2, 10),
    ("/user", Kind::Posted, 2),
];

#[derive(Clone, Copy)]
enum Kind {
    Http1,
    Http2,
    Posted,
}

impl Round {
    /// One of so many equal parts.
    pub(super) fn part(&self, of: u32) -> Self {
        Self {
            requests: self.requests / of,
            connections: self.connections / of,
            swaps: self.swaps / of,
        }
    }

    /// Everything once; an answer that isn't good ends it.
    pub(super) fn run(&self, house: &House) -> Result<()> {
        for (path, kind, of_hundred) in MIX {
            let url = format!("https://localhost:{}{path}", house.secure.port());
            send(&url, self.requests / 100 * of_hundred, &words(house, kind)?)?;
        }
        self.churn(house)?;
        program::run(
            Command::new(&house.rig)
                .args(["swaps", "--count", &self.swaps.to_string(), "--authority"])
                .arg(house.authority())
                .args([&house.secure.to_string(), "/"])
                .arg(house.process.id().to_string())
                .arg(house.folder.join("pendopo.toml"))
                .args(SIDES.map(|side| house.folder.join(side))),
        )
    }

    /// Half of the connections shake hands, half are plain.
    fn churn(&self, house: &House) -> Result<()> {
        let half = (self.connections / 2).to_string();
        let mut secure = Command::new(&house.rig);
        secure
            .args(["churn", "--authority"])
            .arg(house.authority())
            .args([&house.secure.to_string(), "/short", &half]);
        program::run(&mut secure)?;
        program::run(Command::new(&house.rig).args([
            "churn",
            &house.plain.to_string(),
            "/short",
            &half,
        ]))
    }
}

/// What h2load is told besides.
fn words(house: &House, kind: Kind) -> Result<Vec<String>> {
    let token = format!("authorization: Bearer {}", house.token);
    let mut words = vec!["-H".to_owned(), token];
    match kind {
        Kind::Http1 => words.push("--h1".to_owned()),
        Kind::Http2 => {}
        Kind::Posted => {
            let body = house.folder.join("person.json");
            std::fs::write(&body, r#"{"first_name": "Siti", "last_name": "Rahma"}"#)?;
            words.extend(["-H", "content-type: application/json", "-d"].map(str::to_owned));
            words.push(body.display().to_string());
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_a_hundred() {
        assert_eq!(MIX.iter().map(|row| row.2).sum::<u32>(), 100);
    }
}
