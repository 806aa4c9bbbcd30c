//! A manifest as the orchestrator understands it.

use std::path::Path;
use std::process::Command;

use yaml_rust2::{Yaml, YamlLoader};

/// The one document of a text.
pub(crate) fn parse(text: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(text).expect("the manifest is YAML");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

/// What Compose makes of these files, its variables replaced; they must be good.
pub(crate) fn composed(folder: &Path, files: &[&str], variables: &[(&str, &str)]) -> Yaml {
    let mut command = Command::new("/usr/bin/docker-compose");
    for file in files {
        command.args(["-f", file]);
    }
    command.arg("config").current_dir(folder).env_clear();
    let output = command
        .envs(variables.iter().copied())
        .output()
        .expect("docker-compose is there: `cargo xtask test` installs it");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(complaint, "", "it has nothing to complain about");
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The names and bodies of a map.
pub(crate) fn entries(map: &Yaml) -> Vec<(&str, &Yaml)> {
    let entries = map.as_hash().expect("a map").iter();
    entries
        .map(|(name, body)| (name.as_str().expect("a name"), body))
        .collect()
}

/// The texts of a list; none for no list.
pub(crate) fn texts(list: &Yaml) -> Vec<&str> {
    let list = list.as_vec().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Yaml::as_str).collect()
}
