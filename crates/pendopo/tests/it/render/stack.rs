//! `pendopo render stack`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;
use yaml_rust2::Yaml;

use super::manifest::{entries, parse, texts};
use super::{accepts, rendered};
use crate::run::run;

/// What `docker stack deploy` says of a key of a service: that it ignores it, that it is deprecated, or nothing at all.
const WITHOUT_EFFECT: [&str; 20] = [
    "build",
    "cgroup_parent",
    "cgroupns_mode",
    "container_name",
    "depends_on",
    "devices",
    "domainname",
    "expose",
    "external_links",
    "ipc",
    "links",
    "mac_address",
    "network_mode",
    "pid",
    "privileged",
    "profiles",
    "restart",
    "security_opt",
    "shm_size",
    "userns_mode",
];

fn stack(directory: &Path, words: &[&str]) -> Yaml {
    let words = [&["stack"], words].concat();
    let folder = rendered(directory, &words);
    parse(&fs::read_to_string(folder.join("stack.yaml")).unwrap())
}

#[test]
fn nothing_is_said_that_a_stack_ignores() {
    let directory = tempdir().unwrap();
    let words = ["--postgres", "--redis", "--mongo"];
    let manifest = stack(directory.path(), &words);
    for (name, service) in entries(&manifest["services"]) {
        for key in WITHOUT_EFFECT {
            assert!(service[key].is_badvalue(), "{name} has {key}");
        }
    }
}

#[test]
fn docker_compose_finds_no_fault_with_the_stack() {
    let directory = tempdir().unwrap();
    stack(directory.path(), &["--postgres", "--web", "3"]);
    let folder = directory.path().join("deploy");
    // The limit of processes came into Docker's own schema later than into Debian's docker-compose.
    let text = fs::read_to_string(folder.join("stack.yaml")).unwrap();
    let lines = text.lines().filter(|line| !line.contains("pids:"));
    let text: Vec<&str> = lines.collect();
    fs::write(folder.join("without.yaml"), text.join("\n")).unwrap();
    let output = Command::new("/usr/bin/docker-compose")
        .args(["-f", "without.yaml", "config", "--quiet"])
        .current_dir(&folder)
        .env_clear()
        .output()
        .expect("docker-compose is there: `cargo xtask test` installs it");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn web_is_replaced_before_it_ends_and_the_edge_keeps_the_addresses_of_clients() {
    let directory = tempdir().unwrap();
    let manifest = stack(directory.path(), &["--postgres", "--web", "3"]);
    let web = &manifest["services"]["web"]["deploy"];
    assert_eq!(web["replicas"].as_i64(), Some(3));
    assert_eq!(web["endpoint_mode"].as_str(), Some("dnsrr"));
    assert_eq!(web["update_config"]["order"].as_str(), Some("start-first"));
    let edge = &manifest["services"]["edge"];
    assert_eq!(
        edge["deploy"]["update_config"]["order"].as_str(),
        Some("stop-first"),
        "two can't have one port of the node"
    );
    let ports = edge["ports"].as_vec().unwrap();
    assert!(
        ports
            .iter()
            .all(|port| port["mode"].as_str() == Some("host")),
        "{ports:?}"
    );
    for (name, service) in entries(&manifest["services"]) {
        if ["migrate", "backup"].contains(&name) {
            continue;
        }
        let failed = &service["deploy"]["update_config"]["failure_action"];
        assert_eq!(failed.as_str(), Some("rollback"), "{name}");
        assert!(
            !service["deploy"]["rollback_config"].is_badvalue(),
            "{name}"
        );
    }
}

#[test]
fn who_waits_for_a_store_is_not_ended_for_it() {
    let directory = tempdir().unwrap();
    let manifest = stack(directory.path(), &["--postgres", "--redis"]);
    for (name, service) in entries(&manifest["services"]) {
        if ["migrate", "backup"].contains(&name) {
            continue;
        }
        let words = texts(&service["healthcheck"]["test"]);
        let is_ours = ["edge", "web"].contains(&name);
        assert_eq!(
            words.ends_with(&["--role", name, "--started"]),
            is_ours,
            "{words:?}"
        );
    }
}

#[test]
fn records_in_a_file_are_for_one_web_on_one_node() {
    let directory = tempdir().unwrap();
    let manifest = stack(directory.path(), &[]);
    let web = &manifest["services"]["web"]["deploy"];
    assert_eq!(web["replicas"].as_i64(), Some(1));
    assert_eq!(web["update_config"]["order"].as_str(), Some("stop-first"));
    assert!(!texts(&web["placement"]["constraints"]).is_empty());
    let ended = run(directory.path(), &["render", "stack", "--web", "3"]);
    assert!(
        ended.complaint(2).contains("SQLite is for one `web`"),
        "{ended:?}"
    );
}

#[test]
fn configs_and_secrets_can_be_replaced_under_new_names() {
    let directory = tempdir().unwrap();
    let manifest = stack(directory.path(), &["--postgres"]);
    for (kind, version) in [
        ("configs", "CONFIG_VERSION"),
        ("secrets", "SECRETS_VERSION"),
    ] {
        for (name, body) in entries(&manifest[kind]) {
            let full = body["name"].as_str().unwrap();
            assert_eq!(
                full,
                format!("${{STACK:-pendopo}}-{name}-${{{version}:-1}}")
            );
        }
    }
    for (name, service) in entries(&manifest["services"]) {
        for secret in service["secrets"].as_vec().map_or(&[][..], Vec::as_slice) {
            assert_eq!(secret["mode"].as_i64(), Some(0o440), "{name}");
        }
    }
}

#[test]
fn jobs_wait_to_be_started_and_are_not_started_again() {
    let directory = tempdir().unwrap();
    for (words, name) in [(&["--postgres"][..], "migrate"), (&[], "backup")] {
        let manifest = stack(directory.path(), words);
        let job = &manifest["services"][name];
        assert_eq!(job["deploy"]["replicas"].as_i64(), Some(0));
        let policy = &job["deploy"]["restart_policy"]["condition"];
        assert_eq!(policy.as_str(), Some("none"));
        assert_eq!(texts(&job["command"])[0], name);
    }
}

#[test]
fn pendopo_takes_the_configuration_of_each_role() {
    let directory = tempdir().unwrap();
    stack(
        directory.path(),
        &[
            "--postgres",
            "--redis",
            "--mongo",
            "--domain",
            "sekolah.example",
        ],
    );
    for role in ["edge", "web"] {
        let file = directory.path().join(format!("deploy/{role}.toml"));
        let said = accepts(directory.path(), &file);
        assert_eq!(said.contains("sekolah.example"), role == "edge", "{said}");
    }
}
