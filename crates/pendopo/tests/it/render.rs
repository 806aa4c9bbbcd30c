//! `pendopo render`: manifests that their orchestrators read, and whose settings Pendopo takes.

mod compose;
mod k8s;
mod manifest;
mod stack;

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::run;

/// Renders every file into a folder.
fn rendered(directory: &Path, words: &[&str]) -> PathBuf {
    let folder = directory.join("deploy");
    let words = [&["render"], words, &["--to", "deploy"]].concat();
    run(directory, &words).good();
    folder
}

/// What `pendopo check` says of a rendered configuration, with a secret in the place of those of `/run/secrets`.
fn accepts(directory: &Path, file: &Path) -> String {
    let secret = directory.join("secret");
    fs::write(&secret, "kuda laut menari").unwrap();
    let text = fs::read_to_string(file).unwrap();
    let lines = text
        .lines()
        .map(|line| match line.split_once(" = \"/run/secrets/") {
            Some((key, _)) => format!("{key} = \"{}\"", secret.display()),
            None => line.to_owned(),
        });
    let copy = directory.join("checked.toml");
    fs::write(&copy, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let checked = run(directory, &["check", "--config", "checked.toml"]);
    checked.good().to_owned()
}
