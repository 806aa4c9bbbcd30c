//! Two processes on one file, as when the command line writes beside the server.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use school::tokens::{self, NewToken, Scope};
use school::{Actor, Clock};
use store::sqlite::{Options, open};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::person::{add, sound_entries, total};
use crate::place::Place;

/// Names the database to the second process, which runs this same test.
const DATABASE: &str = "PENDOPO_TEST_DATABASE";
const EACH: usize = 400;

async fn write(path: PathBuf) {
    let opened = open(&path, &Options::default()).unwrap();
    let tasks: JoinSet<_> = (0..8)
        .map(|_| {
            let stores = opened.stores.clone();
            async move {
                for number in 0..EACH / 8 {
                    add(&stores, &format!("Murid {number}")).await.unwrap();
                }
            }
        })
        .collect();
    tasks.join_all().await;
}

#[tokio::test]
async fn two_processes_write_into_one_sound_trail() {
    if let Some(path) = env::var_os(DATABASE) {
        return write(PathBuf::from(path)).await;
    }
    let place = Place::new();
    let mut second = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "processes::two_processes_write_into_one_sound_trail",
        ])
        .env(DATABASE, place.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    write(place.path()).await;
    assert!(second.wait().unwrap().success());
    let opened = place.open();
    assert_eq!(total(&opened.stores).await, 2 * EACH as u64);
    assert_eq!(
        sound_entries(&opened.stores).await,
        2 * i64::try_from(EACH).unwrap()
    );
    opened.close();
    place.must_be_sound();
}

#[tokio::test]
async fn a_token_revoked_by_another_process_is_refused_within_a_second() {
    let place = Place::new();
    let (server, console) = (place.open(), place.open());
    let (actor, now) = (Actor::console(), Clock::default().now());
    let new = NewToken {
        person_id: add(&server.stores, "Ani").await.unwrap(),
        label: "absensi".to_owned(),
        scope: Scope::Write,
        days: None,
    };
    let (token, secret) = tokens::create(&server.stores, &actor, new, now)
        .await
        .unwrap();
    let is_good = async || {
        let found = tokens::resume(&server.stores, secret.reveal(), now).await;
        found.unwrap().is_some()
    };
    assert!(is_good().await);
    tokens::revoke(&console.stores, &actor, token.id, now)
        .await
        .unwrap();
    let refused = async {
        let mut tries = interval(Duration::from_millis(10));
        while is_good().await {
            tries.tick().await;
        }
    };
    timeout(Duration::from_secs(1), refused).await.unwrap();
}
