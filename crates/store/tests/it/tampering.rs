//! Somebody who changes the trail behind the server's back.

use school::actor::Actor;
use school::audit::{Verdict, verify};

use crate::person::add;
use crate::place::Place;

async fn filled() -> Place {
    let place = Place::new();
    let opened = place.open();
    for number in 0..5 {
        add(&opened.stores, &format!("Murid {number}"))
            .await
            .unwrap();
    }
    opened.close();
    place
}

#[tokio::test]
async fn the_trail_can_only_be_added_to() {
    let place = filled().await;
    for sql in [
        "UPDATE audit SET actor = 'somebody' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        // Whatever has moved elsewhere, the last entry stays, and so does what has not.
        "UPDATE counter SET value = 9 WHERE name = 'audit_moved'; DELETE FROM audit WHERE seq = 5",
        "UPDATE counter SET value = 2 WHERE name = 'audit_moved'; DELETE FROM audit WHERE seq = 3",
    ] {
        let refused = place.connect().execute_batch(sql).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    assert_eq!(place.count("audit"), 5);
}

/// Even with the guards taken away, what was changed is found, and where.
#[tokio::test]
async fn a_trail_that_was_changed_is_found_broken_at_the_place() {
    for (sql, broken) in [
        ("UPDATE audit SET actor = 'somebody' WHERE seq = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit SET after = NULL WHERE seq = 5", 5),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("UPDATE audit SET seq = 9 WHERE seq = 5", 5),
        (
            "INSERT INTO audit SELECT 6, at, actor, address, request_id, action, object_id, before, after, hash \
          FROM audit WHERE seq = 5",
            6,
        ),
    ] {
        let place = filled().await;
        let guards = "DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays;";
        place.connect().execute_batch(guards).unwrap();
        place.connect().execute_batch(sql).unwrap();
        let opened = place.open();
        let verdict = verify(&opened.stores, &Actor::console()).await.unwrap();
        assert_eq!(verdict, Verdict::Broken { seq: broken }, "{sql}");
    }
}
