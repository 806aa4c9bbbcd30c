//! Files of a folder: how they are named, described, cut, and kept from those who ask for others.

mod changing;
mod confined;
mod described;
mod ranges;

use std::fs;
use std::path::{Path, PathBuf};

use edge::config::SiteConfig;
use tempfile::TempDir;
use testkit::{Raw, Response};

use crate::house::House;

/// An edge before a folder of the test's own.
struct Shelf {
    house: House,
    folder: TempDir,
}

impl Shelf {
    /// Serves `root` in the test's folder, which holds these files.
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        for (name, text) in files {
            write(&root.join(name), text);
        }
        let house = House::with(|plan| {
            plan.config.site = vec![SiteConfig {
                root: Some(root),
                ..SiteConfig::default()
            }];
            plan.web = false;
        });
        Self { house, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("root").join(name)
    }

    fn client(&self) -> Raw {
        self.house.plain()
    }

    fn get(&self, path: &str) -> Response {
        self.client().exchange(get(path, &[]))
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn get(path: &str, headers: &[(&str, &str)]) -> String {
    request("GET", path, headers)
}

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers: String = headers.collect();
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")
}
