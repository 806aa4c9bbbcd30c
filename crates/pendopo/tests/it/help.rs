//! What each subcommand says of itself, and how wrong usage ends.

use tempfile::tempdir;

use crate::run::run;

#[test]
fn every_subcommand_explains_itself() {
    let directory = tempdir().unwrap();
    let reference = run(directory.path(), &["generate", "cli"])
        .good()
        .to_owned();
    let names = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `pendopo")?.strip_suffix('`'));
    let names: Vec<&str> = names.collect();
    for name in [
        "",
        " serve",
        " doctor",
        " user add",
        " token revoke",
        " cert renew",
        " audit verify",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for name in names {
        let words: Vec<&str> = name.split_whitespace().chain(["--help"]).collect();
        let help = run(directory.path(), &words);
        assert!(
            help.good().contains(&format!("Usage: pendopo{name}")),
            "{help:?}"
        );
        assert!(
            help.good().contains("--data"),
            "the global options go with `{name}`"
        );
    }
    assert!(
        run(directory.path(), &["--version"])
            .good()
            .starts_with("pendopo ")
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let directory = tempdir().unwrap();
    for words in [
        &["serv"][..],
        &["--role", "king"],
        &["user"],
        &["user", "passwd", "ani", "--password", "geheim"],
        &["--open-api", "check"],
    ] {
        let ended = run(directory.path(), words);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{words:?}"
        );
        assert!(!ended.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn check_prints_every_key_with_its_value_and_origin() {
    let directory = tempdir().unwrap();
    let file = "domains = [\"sekolah.example\"]\n\n[edge.limit]\nrate = \"600r/m\"\n\n[admin]\npassword = \"kuda laut menari\"\n";
    std::fs::write(directory.path().join("pendopo.toml"), file).unwrap();
    let mut command = crate::run::command(directory.path());
    command.env("PENDOPO_LOG__LEVEL", "debug").args([
        "check",
        "--set",
        "web.posting=signed_in",
        "--data",
        "/srv/school",
    ]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    let set: Vec<&str> = text
        .lines()
        .filter(|line| !line.ends_with("  # default"))
        .collect();
    insta::assert_snapshot!(set.join("\n"));
}
