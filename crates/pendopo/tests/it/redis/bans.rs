//! Bans on a Redis server, which edges share that can't open the records.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};
use testkit::{Backend, Raw, eventually};

use super::House;
use crate::backup::listed;
use crate::run::{Ended, run};
use crate::server::Server;

/// This machine is a proxy that tells of its clients.
const PROXIED: [&str; 2] = ["--set", "edge.trusted_proxies=[\"127.0.0.1/32\"]"];
/// A ban bites, and ends, within a second; a machine that does much else may take longer.
const SOON: Duration = Duration::from_secs(3);

impl House {
    fn ban(&self, words: &[&str]) -> Ended {
        let settings = self.words(&["bans"]);
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let no_server = ["--set", "admin.listen=127.0.0.1:1"];
        run(
            self.path(),
            &[&["ban"], words, &settings, &no_server].concat(),
        )
    }

    fn school(&self) -> Server {
        let words = self.words(&["bans"]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Server::start(self.path(), &[&words[..], &PROXIED].concat())
    }

    /// An edge by itself, with a directory of its own, before what knows of no bans.
    fn edge(&self, behind: &Backend) -> (TempDir, Server) {
        let directory = tempdir().unwrap();
        let config = format!(
            "[[edge.upstream]]\nname = \"school\"\ntargets = [\"{}\"]\n[[edge.site]]\nupstream = \"school\"\n\
             [store]\nbans = \"{}\"\nbans_password_file = \"{}\"\n",
            behind.url(),
            self.redis.url(),
            self.path().join("redis-password").display()
        );
        fs::write(directory.path().join("edge.toml"), config).unwrap();
        let words = ["--role", "edge", "--config", "edge.toml"];
        let edge = Server::start(directory.path(), &[&words[..], &PROXIED].concat());
        (directory, edge)
    }
}

fn status(client: &mut Raw, from: &str) -> u16 {
    let request = format!("GET /health HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {from}\r\n\r\n");
    client.exchange(request).status
}

fn must_become(client: &mut Raw, from: &str, expected: u16) {
    let begun = Instant::now();
    eventually(&format!("{expected} for {from}"), || {
        status(client, from) == expected
    });
    assert!(begun.elapsed() < SOON, "{from}: {:?}", begun.elapsed());
}

#[test]
fn a_ban_bites_at_every_edge_that_shares_the_server() {
    let mut house = House::new();
    let school = house.school();
    let behind = Backend::saying("well");
    let (directory, edge) = house.edge(&behind);
    let (mut one, mut other) = (school.http(), Raw::connect(edge.sites_address()));
    assert_eq!(
        [
            status(&mut one, "203.0.113.7"),
            status(&mut other, "203.0.113.7")
        ],
        [200, 200]
    );
    house
        .ban(&["add", "203.0.113.0/24", "--reason", "guesses passwords"])
        .good();
    must_become(&mut other, "203.0.113.7", 403);
    must_become(&mut one, "203.0.113.7", 403);
    // It is in the audit trail, which stays with the records.
    let trail = run(house.path(), &["audit", "verify"]).good().to_owned();
    assert!(trail.contains("each in its place"), "{trail}");
    let database = rusqlite::Connection::open(house.path().join("data/pendopo.db")).unwrap();
    let sql = "SELECT after FROM audit WHERE action = 'ban.add'";
    let after: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(after.contains("guesses passwords"), "{after}");

    house.redis.kill();
    school.await_log("the store of bans is away");
    edge.await_log("the store of bans is away");
    assert_eq!(
        [
            status(&mut one, "203.0.113.7"),
            status(&mut other, "203.0.113.7")
        ],
        [403, 403]
    );
    let leading = format!("admin.listen={}", edge.private());
    let text = run(directory.path(), &["doctor", "--set", &leading]).stdout;
    assert!(
        text.contains("warn  bans            1 in force, and no news of others"),
        "{text}"
    );
    house.redis.start();
    edge.await_log("the store of bans is back");
    school.await_log("the store of bans is back");
    assert_eq!(status(&mut other, "203.0.113.7"), 403);
    house.ban(&["remove", "203.0.113.0/24"]).good();
    must_become(&mut other, "203.0.113.7", 200);
    must_become(&mut one, "203.0.113.7", 200);
    edge.stop();
    school.stop();
}

#[test]
fn bans_come_back_from_a_backup_onto_the_server() {
    let house = House::new();
    house.school().stop();
    house
        .ban(&["add", "203.0.113.0/24", "--reason", "guesses passwords"])
        .good();
    let settings = house.words(&["bans"]);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let backup = |words: &[&str]| run(house.path(), &[&["backup"], words, &settings].concat());
    backup(&["create"]).good();
    let name = listed(house.path()).pop().expect("the backup");
    house.ban(&["remove", "203.0.113.0/24"]).good();
    house.ban(&["add", "2001:db8::/64"]).good();
    let restored = backup(&["restore", &name]);
    assert!(
        restored.good().contains("{pendopo}:bans:before_restore"),
        "{restored:?}"
    );
    let text = house.ban(&["list"]).good().to_owned();
    assert!(
        text.contains("guesses passwords") && !text.contains("2001:db8"),
        "{text}"
    );
    // And from there into the records of another school.
    let elsewhere = tempdir().unwrap();
    let file = house.path().join("data/backups").join(&name);
    run(
        elsewhere.path(),
        &["backup", "restore", file.to_str().unwrap()],
    )
    .good();
    let text = run(elsewhere.path(), &["ban", "list"]).good().to_owned();
    assert!(text.contains("guesses passwords"), "{text}");
}
