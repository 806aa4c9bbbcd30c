//! Backups in a bucket: there, proved, brought back, and a clear failure where the bucket is not to be had.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};
use testkit::Buckets;

use crate::run::{self, Ended};
use crate::server::Server;

const TO: &str = "backup.to=s3://school/pendopo/nightly";

/// A school that backs up to this server's bucket.
struct School {
    directory: TempDir,
    settings: Vec<String>,
}

impl School {
    fn new(endpoint: &str) -> Self {
        let directory = tempdir().unwrap();
        Server::start(directory.path(), &[]).stop();
        let key = directory.path().join("bucket-key");
        fs::write(&key, "a-key-for-tests\n").unwrap();
        let settings = [
            TO.to_owned(),
            format!("backup.endpoint={endpoint}"),
            "backup.access_key=school".to_owned(),
            format!("backup.secret_key_file={}", key.display()),
        ];
        Self {
            directory,
            settings: settings.to_vec(),
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn run(&self, words: &[&str]) -> Ended {
        let settings = self.settings.iter().flat_map(|one| ["--set", one]);
        let words: Vec<_> = settings.chain(words.iter().copied()).collect();
        run::run(self.path(), &words)
    }

    fn good(&self, words: &[&str]) -> String {
        self.run(words).good().to_owned()
    }

    fn add(&self, name: &str) {
        self.good(&["user", "add", name, "Wijaya"]);
    }

    /// The name of the newest backup.
    fn newest(&self) -> String {
        let text = self.good(&["backup", "list"]);
        text.split(' ').next().unwrap_or_default().to_owned()
    }

    /// What the way through the disk left behind.
    fn archives_on_disk(&self) -> Vec<String> {
        let left = fs::read_dir(self.path().join("data/backups")).unwrap();
        let names = left.map(|one| one.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("tar")).collect()
    }
}

#[test]
fn a_backup_in_a_bucket_is_proved_and_brings_the_school_back() {
    let buckets = Buckets::with("school");
    let school = School::new(&buckets.url());
    school.add("Ani");
    let text = school.good(&["backup", "create"]);
    assert!(text.contains("in s3://school/pendopo/nightly"), "{text}");
    assert!(text.contains("found whole"), "{text}");
    school.add("Budi");

    // The machine is gone; what is left is the bucket and its key.
    let name = school.newest();
    fs::remove_dir_all(school.path().join("data")).unwrap();
    let text = school.good(&["backup", "verify", &name]);
    assert!(text.contains("found whole"), "{text}");
    school.good(&["backup", "restore", &name]);
    let people = school.good(&["user", "list"]);
    assert!(
        people.contains("Ani") && !people.contains("Budi"),
        "{people}"
    );
    assert_eq!(school.archives_on_disk(), Vec::<String>::new());
}

#[test]
fn a_backup_that_changed_in_the_bucket_is_found_out() {
    let buckets = Buckets::with("school");
    let school = School::new(&buckets.url());
    school.good(&["backup", "create"]);
    let name = school.newest();
    let object = format!("school/pendopo/nightly/{name}");
    let mut content = buckets.read(&object);
    let middle = content.len() / 2;
    content[middle] ^= 1;
    buckets.write(&object, &content);
    for command in ["verify", "restore"] {
        let ran = school.run(&["backup", command, &name]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
    let ran = school.run(&["backup", "restore", "pendopo-none.tar.zst"]);
    assert!(ran.stderr.contains("`pendopo backup list`"), "{ran:?}");
    buckets.write(&object, &content[..middle]);
    let listed = school.run(&["backup", "list"]);
    assert_eq!(listed.code, Some(1), "{listed:?}");
    assert!(listed.stdout.contains("DAMAGED"), "{listed:?}");
}

#[test]
fn a_bucket_that_is_away_or_locked_fails_by_name_and_leaves_nothing() {
    let locked = Buckets::locked("school");
    let away = Buckets::with("school").url();
    for endpoint in [locked.url(), away] {
        let school = School::new(&endpoint);
        let ran = school.run(&["backup", "create"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.stderr.contains("s3://school/pendopo/nightly"),
            "{ran:?}"
        );
        assert!(!ran.stderr.contains("a-key-for-tests"), "{ran:?}");
        assert_eq!(school.archives_on_disk(), Vec::<String>::new());
    }
}

#[test]
fn doctor_warns_of_a_bucket_that_others_could_read() {
    let buckets = Buckets::with("school");
    let school = School::new(&buckets.url());
    let text = school.run(&["doctor"]).stdout;
    assert!(text.contains("backup.recipient"), "{text}");
}

#[test]
fn a_bucket_over_https_is_reached_from_where_no_authorities_are_installed() {
    let buckets = Buckets::over_tls("school");
    let mut school = School::new(&buckets.url());
    // As in an image that holds nothing but the program.
    let alone = |school: &School| {
        let settings = school.settings.iter().flat_map(|one| ["--set", one]);
        let words: Vec<_> = settings.chain(["backup", "create"]).collect();
        let mut command = run::command(school.path());
        command.env("SSL_CERT_FILE", school.path().join("bucket-key"));
        run::end(command.env("SSL_CERT_DIR", school.path()).args(words))
    };
    let ran = alone(&school);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("UnknownIssuer"), "{ran:?}");
    let root = buckets.root();
    let file = format!("backup.ca_file={}", root.display());
    school.settings.push(file);
    let text = alone(&school).good().to_owned();
    assert!(text.contains("found whole"), "{text}");
    fs::write(&root, "no certificate\n").unwrap();
    let ran = alone(&school);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("holds no certificate"), "{ran:?}");
}
