//! Two processes on one file, as when the command line writes beside the server.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use store::sqlite::{Options, open};
use tokio::task::JoinSet;

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
