//! What was answered 201 is there once and with its audit entry, whoever is killed.

use rustix::process::Signal;

use super::house::House;
use crate::durability::Proof;
use crate::run::run;

const KILLS: usize = 6;

impl House {
    /// The objects of the audit entries about new people; the trail is unbroken.
    fn audited(&self) -> Vec<i64> {
        let verified = run(self.path(), &["audit", "verify", "--set", &self.leading()]);
        assert!(verified.good().contains("each in its place and unchanged"));
        let entries = self.database.sql(
            "SELECT object_id FROM audit WHERE action = 'person.create' AND object_id > 1 ORDER BY object_id",
        );
        entries.lines().map(|line| line.parse().unwrap()).collect()
    }
}

#[test]
fn a_server_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    let (house, proof) = (House::default(), Proof::default());
    for kill in 0..KILLS {
        let server = house.start();
        proof.round(&server, kill, || server.signal(Signal::KILL));
        assert_eq!(server.code(), None, "it was killed");
    }
    let answered = proof.conclude(house.start(), 5 * KILLS);
    assert_eq!(house.audited(), answered);
}

#[test]
fn a_database_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    let (mut house, proof) = (House::default(), Proof::default());
    let server = house.start();
    for kill in 0..KILLS {
        let database = &mut house.database;
        proof.round(&server, kill, || database.kill());
        house.database.start();
        server.until_healthy();
    }
    let answered = proof.conclude(server, 5 * KILLS);
    assert_eq!(house.audited(), answered);
}
