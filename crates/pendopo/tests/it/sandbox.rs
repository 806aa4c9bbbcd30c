//! What a running server has given up: looked at from outside, and found by asking it for what is closed.

use std::fs;
use std::path::Path;

use tempfile::tempdir;
use testkit::Raw;

use crate::run::run;
use crate::server::{Server, get, post};

/// What the kernel says of every thread of a process.
fn threads(server: &Server) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let status = |task: std::io::Result<fs::DirEntry>| {
        fs::read_to_string(task.unwrap().path().join("status")).ok()
    };
    tasks.filter_map(status).collect()
}

fn doctor(directory: &Path, server: &Server) -> String {
    let address = format!("admin.listen={}", server.private());
    run(directory, &["doctor", "--set", &address]).stdout
}

#[test]
fn every_thread_stands_inside_and_doctor_says_so() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    server.ask_until("/readyz", |answer| answer.status == 200);
    server.https().exchange(get("/health", ""));
    let threads = threads(&server);
    assert!(threads.len() > 5, "{}", threads.len());
    for thread in &threads {
        assert!(thread.contains("NoNewPrivs:\t1"), "{thread}");
        assert!(thread.contains("Seccomp:\t2"), "{thread}");
    }
    let text = doctor(directory.path(), &server);
    for line in [
        "ok    new privileges  none can be gained",
        "ok    files           Landlock ",
        "ok    system calls    seccomp, ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("stand outside"), "{text}");
    server.stop();
}

#[test]
fn edge_and_web_share_a_directory_and_stay_out_of_each_others_files() {
    let directory = tempdir().unwrap();
    let web = Server::start(
        directory.path(),
        &["--role", "web", "--set", "web.listen=127.0.0.1:0"],
    );
    let config = format!(
        "[[edge.upstream]]\nname = \"school\"\ntargets = [\"http://{}\"]\n[[edge.site]]\nupstream = \"school\"\n",
        web.http_address()
    );
    fs::write(directory.path().join("edge.toml"), config).unwrap();
    let edge = Server::start(
        directory.path(),
        &["--role", "edge", "--config", "edge.toml"],
    );
    let mut client = Raw::connect(edge.sites_address());
    let created = post(
        "/user",
        &web.token(),
        "",
        r#"{"first_name":"Ani","last_name":"Wati"}"#,
    );
    assert_eq!(client.exchange(created).status, 201);
    assert!(directory.path().join("data/tls/ca.pem").exists());
    // A folder that the edge did not know of when it started is closed to it, whoever owns it.
    fs::create_dir(directory.path().join("private")).unwrap();
    let more = "[[edge.site]]\npath = \"/files\"\nroot = \"private\"\n";
    let file = directory.path().join("edge.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + more).unwrap();
    let refused = run(directory.path(), &["reload", "--config", "edge.toml"]);
    let text = refused.complaint(1);
    assert!(
        text.contains("this needs a restart: the sandbox closed"),
        "{text}"
    );
    edge.stop();
    web.stop();
}

#[test]
fn without_the_sandbox_the_server_says_so_loudly() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--set", "sandbox=off"]);
    server.await_log("the sandbox is off");
    assert!(
        threads(&server)
            .iter()
            .all(|thread| thread.contains("Seccomp:\t0"))
    );
    let text = doctor(directory.path(), &server);
    assert!(text.contains("warn  system calls    not fenced"), "{text}");
    server.stop();
}
