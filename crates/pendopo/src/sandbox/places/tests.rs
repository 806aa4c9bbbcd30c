//! Each role inside its fences, on one data directory.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::thread;

use lifecycle::sandbox::Calls;
use tempfile::TempDir;

use super::*;
use crate::cli::RoleName::{Edge, Web};

/// A data directory that edge and web share, with a configuration beside it, as on one machine without containers.
struct House {
    place: TempDir,
    config: Config,
    file: PathBuf,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir_all(data.join("tls")).unwrap();
        for directory in ["srv", "etc"] {
            fs::create_dir(place.path().join(directory)).unwrap();
        }
        for file in [
            "data/tls/ca.key",
            "data/admin-token",
            "srv/index.html",
            "pendopo.toml",
            "etc/pendopo.toml",
        ] {
            fs::write(place.path().join(file), "text").unwrap();
        }
        let text = format!(
            "data = '{0}/data'\n[store]\nrecords = 'sqlite:{0}/data/pendopo.db'\n[backup]\nto = '{0}/data/backups'\n\
             [[edge.site]]\nroot = '{0}/srv'\n",
            place.path().display()
        );
        let config = toml::from_str(&text).unwrap();
        let file = place.path().join("pendopo.toml");
        Self {
            place,
            config,
            file,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Runs `attempt` in a thread that is confined as a process of these roles.
    fn inside(&self, roles: &[RoleName], attempt: impl FnOnce(&Self) + Send) {
        let files = std::slice::from_ref(&self.file);
        let places = Places::of(roles, &self.config, files);
        places.lay_out().unwrap();
        let reach = places.reach();
        let binds = roles.contains(&Edge);
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                reach.confine_thread().unwrap();
                Calls { binds }.confine_thread().unwrap();
                attempt(self);
            });
            inside.join().unwrap();
        });
    }
}

/// Opens the database as the server does.
fn open(house: &House) -> Result<store::Opened, store::OpenError> {
    let path = house.path("data/pendopo.db");
    store::sqlite::open(&path, &store::sqlite::Options::default())
}

fn is_closed<T>(outcome: io::Result<T>) {
    let error = outcome.err().expect("it must be closed");
    // Moving a file to where more may be done with it is refused as if it were another disk.
    let refusals = [ErrorKind::PermissionDenied, ErrorKind::CrossesDevices];
    assert!(refusals.contains(&error.kind()), "{error}");
}

#[test]
fn an_edge_serves_its_files_and_cannot_open_the_database() {
    let house = House::new();
    // Made by the web beside it.
    open(&house).unwrap().close();
    fs::create_dir(house.path("data/backups")).unwrap();
    house.inside(&[Edge], |house| {
        for open in ["data/tls/ca.key", "srv/index.html", "pendopo.toml"] {
            File::open(house.path(open)).unwrap();
        }
        for written in ["data/tls/new", "data/logs/access.log", "data/run/edge.sock"] {
            fs::write(house.path(written), "").unwrap();
        }
        for closed in [
            "data/pendopo.db",
            "data/admin-token",
            "data/run/../pendopo.db",
        ] {
            is_closed(File::open(house.path(closed)));
            is_closed(fs::remove_file(house.path(closed)));
        }
        is_closed(fs::read_dir(house.path("data/backups")));
        is_closed(fs::write(house.path("srv/index.html"), ""));
        is_closed(fs::hard_link(
            house.path("data/pendopo.db"),
            house.path("data/tls/db"),
        ));
        assert!(open(house).is_err());
    });
}

#[test]
fn a_web_keeps_records_and_cannot_open_the_certificate_keys() {
    let house = House::new();
    house.inside(&[Web], |house| {
        open(house).unwrap().close();
        fs::write(house.path("data/run/token"), "secret").unwrap();
        fs::rename(house.path("data/run/token"), house.path("data/admin-token")).unwrap();
        fs::create_dir(house.path("data/backups/.scratch")).unwrap();
        File::open(house.path("pendopo.toml")).unwrap();
        is_closed(File::open(house.path("data/tls/ca.key")));
        is_closed(fs::write(house.path("data/tls/ca.key"), ""));
        is_closed(fs::hard_link(
            house.path("data/tls/ca.key"),
            house.path("data/logs/key"),
        ));
        is_closed(fs::rename(
            house.path("data/tls/ca.key"),
            house.path("data/logs/key"),
        ));
        is_closed(File::open(house.path("srv/index.html")));
    });
}

#[test]
fn a_process_of_all_roles_reaches_what_each_needs_and_nothing_else() {
    let mut house = House::new();
    fs::write(house.path("diary"), "").unwrap();
    house.file = house.path("etc/pendopo.toml");
    house.inside(&RoleName::ALL, |house| {
        open(house).unwrap().close();
        File::open(house.path("data/tls/ca.key")).unwrap();
        File::open("/etc/hosts").unwrap();
        is_closed(File::open(house.path("diary")));
        is_closed(File::create(house.path("srv/new")));
        is_closed(fs::read_dir("/root"));
        is_closed(std::process::Command::new("/bin/true").status());
    });
}

#[test]
fn a_file_that_replaces_the_configuration_can_be_read() {
    let house = House::new();
    let files = [house.path("etc/pendopo.toml")];
    let reach = Places::of(&[Web], &house.config, &files).reach();
    fs::write(house.path("etc/new"), "new").unwrap();
    fs::rename(house.path("etc/new"), &files[0]).unwrap();
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            reach.confine_thread().unwrap();
            assert_eq!(fs::read_to_string(&files[0]).unwrap(), "new");
        });
        inside.join().unwrap();
    });
}

#[test]
fn a_root_that_a_reload_adds_is_told_as_closed_and_one_below_a_known_root_is_not() {
    let mut house = House::new();
    let files = [house.path("pendopo.toml")];
    let held = Places::of(&[Edge], &house.config, &files).reach();
    for (root, lacks) in [("srv/deep", false), ("elsewhere", true)] {
        fs::create_dir(house.path(root)).unwrap();
        house.config.edge.site[0].root = Some(house.path(root));
        let wanted = Places::of(&[Edge], &house.config, &files).of_reload();
        assert_eq!(!held.lacks(&wanted).is_empty(), lacks, "{root}");
    }
}
