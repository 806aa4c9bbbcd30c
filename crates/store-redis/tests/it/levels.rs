//! Limits that edges hold together: counted as one edge counts alone.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use testkit::Cable;
use testkit::redis::Server;
use tokio::runtime::Builder;
use tokio::time::timeout;
use traffic::limit::Level;
use traffic::shared_levels::{Claim, Found};
use traffic::{Decision, Delay, Policy, Rate, SharedLevels};

use crate::house::{at, until};

fn policy(rate: &str, burst: u32) -> Policy {
    Policy {
        rate: rate.parse::<Rate>().unwrap(),
        burst,
        delay: Delay::Never,
    }
}

fn claim<'a>(limit: &'a str, policy: &'a Policy) -> Claim<'a> {
    Claim {
        limit,
        key: 7,
        policy,
    }
}

/// The levels, once the connection stands.
async fn levels(url: &str) -> std::sync::Arc<dyn SharedLevels> {
    let levels = at(url).levels();
    until("the levels are there", async || {
        levels.count(&[]).await.is_ok()
    })
    .await;
    levels
}

/// What became of a request by what was found.
fn decide(policy: &Policy, found: Option<Found>) -> (Option<Level>, Decision) {
    let now = 10_000_000;
    let level = found.map(|found| Level {
        excess: found.excess,
        last_ms: now - u64::try_from(found.age.as_millis()).unwrap(),
    });
    (level, policy.admit(level, now).1)
}

#[tokio::test]
async fn two_edges_hold_one_limit_within_a_tenth() {
    let server = Server::default();
    let edges = [levels(&server.url()).await, levels(&server.url()).await];
    let policy = policy("20r/s", 10);
    let (begun, mut passed) = (Instant::now(), 0_u32);
    while begun.elapsed() < Duration::from_secs(3) {
        for edge in &edges {
            let found = edge.count(&[claim("address", &policy)]).await.unwrap();
            passed += u32::from(decide(&policy, found[0]).1 == Decision::Pass);
        }
    }
    let expected = 20.0 * begun.elapsed().as_secs_f64() + 11.0;
    let ratio = f64::from(passed) / expected;
    assert!(
        (0.9..=1.1).contains(&ratio),
        "{passed} passed, {expected:.1} were due"
    );
}

#[tokio::test]
async fn when_one_limit_rejects_none_is_raised() {
    let server = Server::default();
    let levels = levels(&server.url()).await;
    let (narrow, wide) = (policy("1r/m", 1), policy("1r/m", 1000));
    let claims = [claim("narrow", &narrow), claim("wide", &wide)];
    for _ in 0..5 {
        levels.count(&claims).await.unwrap();
    }
    // The first request was free, the second the burst.
    let found = levels.count(&claims).await.unwrap();
    let excess = |found: Option<Found>| found.map(|found| found.excess);
    assert_eq!(
        (excess(found[0]), excess(found[1])),
        (Some(1000), Some(1000))
    );
}

#[tokio::test]
async fn keys_and_limits_are_counted_apart_and_forgotten() {
    let server = Server::default();
    let levels = levels(&server.url()).await;
    let fast = policy("1000r/s", 5);
    levels.count(&[claim("a", &fast)]).await.unwrap();
    let other = Claim {
        key: 8,
        ..claim("a", &fast)
    };
    let found = levels.count(&[other, claim("b", &fast)]).await.unwrap();
    assert_eq!(found, [None, None]);
    until("levels that drained are gone", async || {
        server
            .run("EXISTS {pendopo}:limit:a:00000000000000000000000000000007")
            .starts_with(":0")
    })
    .await;
}

/// The script's arithmetic is the one of `traffic::limit`: what it raised is what the rule would have raised.
#[test]
fn the_server_counts_as_an_edge_alone_would() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::default();
    let levels = runtime.block_on(levels(&server.url()));
    let config = ProptestConfig {
        cases: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let cases = (any::<u128>(), 1_u32..200, 0_u32..20, vec(0_u64..15, 1..20));
    let outcome = TestRunner::new(config).run(&cases, |(key, rate, burst, pauses)| {
        let policy = Policy {
            rate: Rate::per_second(rate),
            burst,
            delay: Delay::Never,
        };
        let claim = Claim {
            limit: "model",
            key,
            policy: &policy,
        };
        let mut expected: Option<u32> = None;
        for pause in pauses {
            std::thread::sleep(Duration::from_millis(pause));
            let found = runtime.block_on(levels.count(&[claim])).unwrap()[0];
            let (level, _) = decide(&policy, found);
            // A level that drained to nothing is forgotten, which is the same.
            assert!(
                found.is_none() || found.map(|found| found.excess) == expected,
                "{found:?} {expected:?}"
            );
            expected = Some(policy.admit(level, 10_000_000).0.excess);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_told_of_soon() {
    let mut server = Server::default();
    let cable = Cable::to(server.address());
    let levels = levels(&format!("redis://{}", cable.address())).await;
    let policy = policy("20r/s", 10);
    cable.fall_silent();
    let begun = Instant::now();
    for _ in 0..50 {
        let told = levels.count(&[claim("a", &policy)]).await;
        assert!(told.is_err(), "{told:?}");
    }
    // One waited for the deadline, the others did not.
    assert!(
        begun.elapsed() < Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
    cable.speak();
    until("it counts again", async || {
        levels.count(&[claim("a", &policy)]).await.is_ok()
    })
    .await;
    server.kill();
    let told = timeout(
        Duration::from_millis(500),
        levels.count(&[claim("a", &policy)]),
    )
    .await;
    assert!(told.unwrap().is_err());
    server.start();
    until("it counts again", async || {
        levels.count(&[claim("a", &policy)]).await.is_ok()
    })
    .await;
}
