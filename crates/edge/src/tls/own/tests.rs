//! Files that change while they are looked at, and what ten thousand new pairs leave behind.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use testkit::Authority;
use tokio_rustls::TlsConnector;

use super::super::{Notice, accept};
use super::*;

struct Table {
    authority: Authority,
    directory: TempDir,
    own: Own,
    certificates: Certificates,
}

impl Table {
    fn new() -> Self {
        let (authority, directory) = (Authority::default(), tempfile::tempdir().unwrap());
        let (certificate, key) = authority.issue(directory.path(), &["localhost"]);
        let own = Own::read(vec![PairConfig { certificate, key }]).unwrap();
        let certificates = Certificates::new(None, None, Notice::default()).unwrap();
        certificates.serve(own.served());
        Self {
            authority,
            directory,
            own,
            certificates,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn look(&mut self) {
        self.own.look(&self.certificates);
    }

    fn leaf(&self) -> Vec<u8> {
        let offer = self.certificates.choose(Some("localhost")).unwrap();
        offer.served.key.cert[0].to_vec()
    }

    fn faults(&self) -> i64 {
        self.certificates.notice.faults.get()
    }
}

#[test]
fn a_change_counts_at_the_second_look_that_sees_it() {
    let mut table = Table::new();
    let first = table.leaf();
    table.look();
    table
        .authority
        .issue(table.directory.path(), &["localhost"]);
    table.look();
    assert_eq!(table.leaf(), first);
    table.look();
    assert_ne!(table.leaf(), first);
}

#[test]
fn a_pair_that_is_replaced_file_by_file_is_never_complained_about() {
    let mut table = Table::new();
    let first = table.leaf();
    let elsewhere = tempfile::tempdir().unwrap();
    let (certificate, key) = table.authority.issue(elsewhere.path(), &["localhost"]);
    fs::copy(certificate, table.path().join("certificate.pem")).unwrap();
    table.look();
    fs::copy(key, table.path().join("certificate.key")).unwrap();
    table.look();
    assert_eq!((table.leaf(), table.faults()), (first.clone(), 0));
    table.look();
    assert_ne!(table.leaf(), first);
    assert_eq!(table.faults(), 0);
}

#[test]
fn a_fault_is_told_once_and_forgotten_when_the_old_pair_comes_back() {
    let mut table = Table::new();
    let key = fs::read(table.path().join("certificate.key")).unwrap();
    fs::write(table.path().join("certificate.key"), "").unwrap();
    let changes = |table: &mut Table| table.own.pairs()[0].look();
    let told: Vec<_> = (0..5).map(|_| changes(&mut table)).collect();
    assert_eq!(told, [false, true, false, false, false]);
    fs::write(table.path().join("certificate.key"), key).unwrap();
    table.look();
    table.look();
    assert_eq!(table.faults(), 0);
}

/// The process's memory in bytes, and its open files.
fn footprint() -> (u64, usize) {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    (pages * 4096, fs::read_dir("/proc/self/fd").unwrap().count())
}

async fn shake(certificates: &Certificates, client: Arc<ClientConfig>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(client);
    let (served, shaken) =
        tokio::join!(accept(certificates, ours), connector.connect(name, theirs));
    served.unwrap();
    shaken.unwrap();
}

/// Replaces both files at once, as a volume of secrets does: the folder that holds them is a link.
fn lead(now: &Path, to: &Path) {
    let next = now.with_extension("next");
    symlink(to, &next).unwrap();
    fs::rename(next, now).unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn ten_thousand_swaps_under_handshakes_leave_memory_and_files_where_they_were() {
    let mut table = Table::new();
    let client = Arc::new(table.authority.trust().config(&["http/1.1"]));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for folder in &folders {
        table.authority.issue(folder.path(), &["localhost"]);
    }
    let now = table.path().join("now");
    lead(&now, folders[1].path());
    table.own = Own::read(vec![PairConfig {
        certificate: now.join("certificate.pem"),
        key: now.join("certificate.key"),
    }])
    .unwrap();
    let (count, mut begun) = (10_000, (0, 0));
    for swap in 0..count {
        if swap == count / 5 {
            begun = footprint();
        }
        lead(&now, folders[swap % 2].path());
        let before = table.leaf();
        table.look();
        table.look();
        assert_ne!(table.leaf(), before, "swap {swap}");
        if swap % 4 == 0 {
            shake(&table.certificates, Arc::clone(&client)).await;
        }
    }
    let ended = footprint();
    assert_eq!(ended.1, begun.1, "open files");
    let growth = ended.0.saturating_sub(begun.0);
    assert!(growth < 1024 * 1024, "{growth} bytes more");
}
