//! `pendopo reload` and SIGHUP: another configuration for the running server.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tempfile::tempdir;
use testkit::Backend;

use crate::run::run;
use crate::server::{Server, get};

/// One site, before this server, with these lines in front.
fn write(directory: &Path, lines: &str, backend: &Backend) {
    let text = format!(
        "{lines}\n[[edge.upstream]]\nname = \"app\"\ntargets = [\"{}\"]\n\n[[edge.site]]\nupstream = \"app\"\n",
        backend.url()
    );
    fs::write(directory.join("pendopo.toml"), text).unwrap();
}

#[test]
fn what_differs_is_told_by_key_and_put_in_force() {
    let directory = tempdir().unwrap();
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    write(directory.path(), "", &one);
    let reload = || run(directory.path(), &["reload"]);
    assert!(reload().complaint(1).contains("no server runs here"));
    let server = Server::start(directory.path(), &[]);
    let mut client = server.http();
    assert_eq!(client.exchange(get("/", "")).text(), "one");
    assert_eq!(reload().good(), "nothing has changed\n");

    write(directory.path(), "edge.hsts = \"1d\"", &other);
    let told = reload();
    let targets = format!(
        "edge.upstream[app].targets: [\"{}\"] -> [\"{}\"]",
        one.url(),
        other.url()
    );
    let expected =
        format!("edge.hsts: \"365d\" -> \"1d\"\n{targets}\nthe new configuration is in force\n");
    assert_eq!(told.good(), expected);
    assert_eq!(client.exchange(get("/", "")).text(), "other");
    server.await_log(&format!("reload: {targets}"));

    write(directory.path(), "edge.hsts = \"1d\"", &one);
    server.signal(Signal::HUP);
    server.await_log(&format!("-> [\"{}\"]", one.url()));
    assert_eq!(client.exchange(get("/", "")).text(), "one");
    server.stop();
}

#[test]
fn a_site_that_no_certificate_stands_for_is_warned_of() {
    let directory = tempdir().unwrap();
    let write = |domains: &str| {
        let text = format!(
            "domains = {domains}\nedge.acme.directory = \"off\"\n\
             [[edge.site]]\nhost = \"rapor.example\"\nupstream = \"web\"\n"
        );
        fs::write(directory.path().join("pendopo.toml"), text).unwrap();
    };
    write("[\"sekolah.example\"]");
    let server = Server::start(directory.path(), &[]);
    server.await_log("no certificate stands for the site `rapor.example`");
    write("[\"sekolah.example\", \"rapor.example\"]");
    run(directory.path(), &["reload"]).good();
    server.await_log("reload: domains");
    let warnings = server.log().matches("no certificate stands").count();
    assert_eq!(warnings, 1, "{}", server.log());
    server.stop();
}

#[test]
fn a_configuration_that_is_wrong_or_needs_a_restart_changes_nothing() {
    let directory = tempdir().unwrap();
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    write(directory.path(), "", &one);
    let server = Server::start(directory.path(), &[]);
    let reload = || run(directory.path(), &["reload"]);
    let mut client = server.http();
    for (lines, complaint) in [
        ("edge.hsst = \"1d\"", "did you mean `edge.hsts`?"),
        ("edge.hsts = ", "pendopo.toml:1"),
        (
            "log.level = \"debug\"",
            "this needs a restart: log.level: \"info\" -> \"debug\"; `pendopo serve --takeover` is one",
        ),
        (
            "domains = [\"a.example\"]\nedge.http = \"127.0.0.1:0\"\nedge.https = \"127.0.0.1:0\"",
            "domains: [] -> [\"a.example\"]",
        ),
    ] {
        write(directory.path(), lines, &other);
        let refused = reload();
        let text = refused.complaint(1);
        assert!(text.contains("nothing was changed"), "{text}");
        assert!(text.contains(complaint), "{text}");
        server.await_log(complaint.split('"').next().unwrap());
        assert_eq!(client.exchange(get("/", "")).text(), "one");
    }
    write(directory.path(), "", &other);
    reload().good();
    assert_eq!(client.exchange(get("/", "")).text(), "other");
    server.stop();
}
