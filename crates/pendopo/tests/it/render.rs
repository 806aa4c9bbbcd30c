//! `pendopo render`: manifests that their orchestrators read, and whose settings Pendopo takes.

mod compose;
mod manifest;

use std::path::{Path, PathBuf};

use crate::run::run;

/// Renders every file into a folder.
fn rendered(directory: &Path, words: &[&str]) -> PathBuf {
    let folder = directory.join("deploy");
    let words = [&["render"], words, &["--to", "deploy"]].concat();
    run(directory, &words).good();
    folder
}
