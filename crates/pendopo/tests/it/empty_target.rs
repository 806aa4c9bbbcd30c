//! `pendopo drain`: emptying a target of the running server.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use tempfile::tempdir;
use testkit::Backend;
use testkit::backend::{self, Then};

use crate::run::run;
use crate::server::{Server, get};

#[test]
fn a_target_is_emptied_and_given_requests_again() {
    let directory = tempdir().unwrap();
    let (release, held) = channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let own = Backend::start(move |_, stream| {
        held.lock().unwrap().recv().unwrap();
        backend::write(stream, backend::text("mine"));
        Then::Keep
    });
    let other = Backend::saying("other");
    let settings = format!(
        "[[edge.upstream]]\nname = \"app\"\ntargets = [\"{}\", \"{}\"]\n\n[[edge.site]]\nupstream = \"app\"\n",
        own.url(),
        other.url()
    );
    std::fs::write(directory.path().join("pendopo.toml"), settings).unwrap();
    let own_address = own.address().to_string();
    let drain = |words: &[&str]| run(directory.path(), &[&["drain"], words].concat());
    let nobody = drain(&[&own_address]);
    assert!(
        nobody.complaint(1).contains("no server runs here"),
        "{nobody:?}"
    );

    let server = Server::start(directory.path(), &[]);
    let unknown = drain(&["10.0.0.1:80"]);
    let known = format!("`app/{own_address}`");
    assert!(unknown.complaint(1).contains(&known), "{unknown:?}");
    let mut client = server.http();
    client.send(get("/", ""));
    while own.requests() == 0 {
        std::thread::yield_now();
    }
    let late = drain(&[&own_address, "--within", "200ms"]);
    assert_eq!(late.code, Some(1), "{late:?}");
    assert!(late.stdout.contains("1 in flight"), "{late:?}");
    let last = drain(&[&other.address().to_string()]);
    assert!(
        last.complaint(1).contains("`app` would have nobody else"),
        "{last:?}"
    );
    release.send(()).unwrap();
    assert_eq!(client.response().text(), "mine");
    let text = format!("app/{own_address} is empty");
    assert!(drain(&[&own_address]).good().contains(&text));
    for _ in 0..10 {
        assert_eq!(server.http().exchange(get("/", "")).text(), "other");
    }
    drain(&[&own_address, "--undo"]).good();
    release.send(()).unwrap();
    let mut answers = (0..4).map(|_| {
        release.send(()).unwrap();
        server.http().exchange(get("/", "")).text().to_owned()
    });
    assert!(answers.any(|text| text == "mine"));
    server.stop();
    assert!(!directory.path().join("data/run/edge.sock").exists());
}
