//! `pendopo render compose`.

use std::fs;

use tempfile::tempdir;
use yaml_rust2::{Yaml, YamlEmitter};

use super::manifest::{composed, entries, parse, texts};
use super::rendered;
use crate::run::{command, run};

const FILES: [&str; 1] = ["compose.yaml"];
/// The later of the two that have messages wins.
const EVERYTHING: [&str; 6] = [
    "compose.yaml",
    "compose.postgres.yaml",
    "compose.pgbouncer.yaml",
    "compose.mongo.yaml",
    "compose.redis.yaml",
    "compose.log-reader.yaml",
];
/// What is not ours.
const SERVERS: [&str; 5] = ["postgres", "pgbouncer", "redis", "mongo", "log-reader"];

#[test]
fn every_container_is_bounded_and_may_do_nothing_that_it_needs_not() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose"]);
    let manifest = composed(&folder, &EVERYTHING, &[]);
    let services = entries(&manifest["services"]);
    assert_eq!(services.len(), 7);
    for (name, service) in services {
        assert_eq!(service["read_only"].as_bool(), Some(true), "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(
            texts(&service["security_opt"]),
            ["no-new-privileges:true"],
            "{name}"
        );
        assert!(
            !service["user"].as_str().unwrap().starts_with('0'),
            "{name}"
        );
        for key in ["privileged", "cap_add", "devices", "network_mode", "pid"] {
            assert!(service[key].is_badvalue(), "{name} has {key}");
        }
        for limit in ["cpus", "mem_limit", "pids_limit"] {
            assert!(!service[limit].is_badvalue(), "{name} has no {limit}");
        }
        assert_eq!(service["restart"].as_str(), Some("unless-stopped"));
        assert!(!service["stop_grace_period"].is_badvalue(), "{name}");
        assert!(!service["logging"]["options"]["max-size"].is_badvalue());
        let health = texts(&service["healthcheck"]["test"]);
        assert_eq!(health[..1], ["CMD"], "a scratch image has no shell: {name}");
        assert_eq!(service["image"].as_str().unwrap().split(':').count(), 2);
    }
}

#[test]
fn only_the_edge_is_published_and_the_backend_has_no_way_out() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose"]);
    let manifest = composed(&folder, &EVERYTHING, &[]);
    for (name, service) in entries(&manifest["services"]) {
        assert_eq!(service["ports"].is_badvalue(), name != "edge", "{name}");
        let networks = entries(&service["networks"]);
        let networks: Vec<&str> = networks.iter().map(|(name, _)| *name).collect();
        let expected: &[&str] = match name {
            "edge" => &["frontend"],
            "web" => &["backend", "frontend"],
            _ => &["backend"],
        };
        assert_eq!(networks, expected, "{name}");
    }
    let networks = &manifest["networks"];
    assert_eq!(networks["backend"]["internal"].as_bool(), Some(true));
    assert!(networks["frontend"]["internal"].is_badvalue());
}

#[test]
fn pendopo_takes_every_setting_of_the_manifest() {
    let directory = tempdir().unwrap();
    let folder = rendered(
        directory.path(),
        &["compose", "--domain", "sekolah.example"],
    );
    fs::write(directory.path().join("admin"), "kuda laut menari").unwrap();
    let manifest = composed(&folder, &EVERYTHING, &[("BALANCE", "ip_hash")]);
    for (name, service) in entries(&manifest["services"]) {
        if SERVERS.contains(&name) {
            continue;
        }
        let mut check = command(directory.path());
        for (variable, value) in entries(&service["environment"]) {
            let value = value.as_str().unwrap();
            let is_secret = value.starts_with("/run/secrets/");
            check.env(variable, if is_secret { "admin" } else { value });
        }
        let output = check.arg("check").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {output:?}");
        let word = match name {
            "edge" => "balance = \"ip_hash\"",
            _ => "store.records = \"postgres://pendopo@pgbouncer:6432/pendopo\"",
        };
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_domain_opens_the_public_ports_and_the_environment_may_name_others() {
    let directory = tempdir().unwrap();
    let published = |words: &[&str], variables: &[(&str, &str)]| {
        let folder = rendered(directory.path(), words);
        let manifest = composed(&folder, &FILES, variables);
        let ports = manifest["services"]["edge"]["ports"]
            .as_vec()
            .unwrap()
            .clone();
        let port = |port: &Yaml| (port["published"].as_i64(), port["target"].as_i64());
        ports.iter().map(port).collect::<Vec<_>>()
    };
    assert_eq!(
        published(&["compose"], &[]),
        [(Some(8080), Some(80)), (Some(8443), Some(443))]
    );
    assert_eq!(
        published(&["compose", "--domain", "sekolah.example"], &[]),
        [(Some(80), Some(80)), (Some(443), Some(443))]
    );
    assert_eq!(
        published(&["compose"], &[("HTTP_PORT", "8081")])[0],
        (Some(8081), Some(80))
    );
}

#[test]
fn the_example_of_the_environment_has_every_variable_and_no_secret() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose", "--build", ".."]);
    let manifest = fs::read_to_string(folder.join("compose.yaml")).unwrap();
    let example = fs::read_to_string(folder.join(".env.example")).unwrap();
    let all = EVERYTHING.map(|file| fs::read_to_string(folder.join(file)).unwrap());
    let all = all.concat();
    let variables = all.split("${").skip(1);
    for variable in variables.map(|text| text.split_once(":-").unwrap().0) {
        assert!(
            example.contains(&format!("\n#{variable}=")),
            "{variable}: {example}"
        );
    }
    for (name, _) in entries(&parse(&manifest)["secrets"]) {
        assert!(!example.contains(name), "{name}");
    }
    assert!(!example.to_lowercase().contains("password="), "{example}");
}

#[test]
fn the_manifest_on_standard_output_is_the_file() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose"]);
    let file = fs::read_to_string(folder.join("compose.yaml")).unwrap();
    let printed = run(directory.path(), &["render", "compose"]);
    assert_eq!(printed.good(), file);
}

#[test]
fn the_overlay_makes_of_the_base_what_would_be_rendered_at_once() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose"]);
    let laid = composed(&folder, &EVERYTHING, &[]);
    let whole = run(
        directory.path(),
        &[
            "render",
            "compose",
            "--postgres",
            "--pgbouncer",
            "--redis",
            "--mongo",
            "--log-reader",
        ],
    );
    fs::write(folder.join("whole.yaml"), whole.good()).unwrap();
    let whole = composed(&folder, &["whole.yaml"], &[]);
    for name in ["edge", "web"].into_iter().chain(SERVERS) {
        let (one, other) = (&laid["services"][name], &whole["services"][name]);
        assert_eq!(sorted(one), sorted(other), "{name}");
    }
    let places = laid["services"]["web"]["volumes"].as_vec().unwrap();
    let data = places
        .iter()
        .find(|place| place["target"].as_str() == Some("/data"));
    assert_eq!(
        data.unwrap()["type"].as_str(),
        Some("tmpfs"),
        "each `web` by itself, so that there may be many"
    );
}

/// The lines of a value, in no order: Compose orders lists as it likes when it lays files over each other.
fn sorted(value: &Yaml) -> Vec<String> {
    let mut text = String::new();
    YamlEmitter::new(&mut text)
        .dump(value)
        .expect("it can be written");
    let lines = text.replace(": {}", ": ~");
    let mut lines: Vec<String> = lines
        .lines()
        .map(|line| line.trim_matches([' ', '-']).to_owned())
        .collect();
    lines.sort();
    lines
}

#[test]
fn many_web_are_rendered_with_postgres_alone() {
    let directory = tempdir().unwrap();
    let words = ["render", "compose", "--web", "3"];
    let ended = run(directory.path(), &words);
    assert!(ended.complaint(2).contains("`--postgres`"), "{ended:?}");
    let words = ["render", "compose", "--pgbouncer"];
    let ended = run(directory.path(), &words);
    assert!(ended.complaint(2).contains("`--postgres`"), "{ended:?}");
    let words = ["render", "compose", "--web", "3", "--postgres"];
    let whole = run(directory.path(), &words);
    let manifest = parse(whole.good());
    assert_eq!(manifest["services"]["web"]["scale"].as_i64(), Some(3));
}

#[test]
fn the_overlay_for_development_is_read_with_the_base() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["compose", "--build", ".."]);
    let files = ["compose.yaml", "compose.dev.yaml"];
    let manifest = composed(&folder, &files, &[]);
    for role in ["edge", "web"] {
        let service = &manifest["services"][role];
        assert_eq!(service["build"]["target"].as_str(), Some("compiler"));
        let command = [texts(&service["entrypoint"]), texts(&service["command"])].concat();
        assert!(command.ends_with(&["dev", "--role", role]), "{command:?}");
    }
}
