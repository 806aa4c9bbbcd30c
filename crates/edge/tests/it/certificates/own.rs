//! The operator's own certificates: several of them, and what becomes of files that change while they are served.

use std::fs;
use std::path::Path;

use edge::config::PairConfig;
use tempfile::TempDir;
use testkit::{Authority, Raw};

use crate::house::{House, eventually};

/// Two pairs in folders of their own.
struct Pairs {
    authority: Authority,
    directory: TempDir,
}

impl Pairs {
    fn new() -> Self {
        Self {
            authority: Authority::default(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// Writes a certificate for these names into a folder, in place of what is there.
    fn issue(&self, folder: &str, names: &[&str]) -> PairConfig {
        let folder = self.directory.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let (certificate, key) = self.authority.issue(&folder, names);
        PairConfig { certificate, key }
    }

    fn connect(&self, house: &House, name: &str) -> Raw {
        self.authority.trust().connect(house.address("https"), name)
    }

    /// The leaf that a client gets who asks for this name.
    fn leaf(&self, house: &House, name: &str) -> Option<Vec<u8>> {
        let mut client = self.connect(house, name);
        client.try_send(b"GET / HTTP/1.1\r\n").ok()?;
        let chain = client.session()?.peer_certificates()?;
        Some(chain[0].to_vec())
    }
}

fn open(pairs: Vec<PairConfig>) -> House {
    House::with(|plan| plan.config.tls.pair = pairs)
}

fn fault(house: &House) -> String {
    let facts = house.facts.list();
    let fact = facts
        .into_iter()
        .find(|(_, name, _)| name == "certificate fault");
    fact.map(|(_, _, value)| value).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

#[test]
fn a_new_pair_takes_effect_without_a_reload_and_open_connections_live_on() {
    let pairs = Pairs::new();
    let house = open(vec![pairs.issue("a", &["sekolah.example"])]);
    let request = "GET / HTTP/1.1\r\nhost: sekolah.example\r\n\r\n";
    let mut open = pairs.connect(&house, "sekolah.example");
    assert_eq!(open.exchange(request).status, 200);
    let before = pairs.leaf(&house, "sekolah.example");
    pairs.issue("a", &["sekolah.example", "baru.example"]);
    eventually("the new certificate", || {
        pairs.leaf(&house, "baru.example").is_some()
    });
    assert_ne!(pairs.leaf(&house, "sekolah.example"), before);
    assert_eq!(open.exchange(request).status, 200);
    assert_eq!(fault(&house), "none");
    let facts = house.facts.list();
    let names = facts.iter().find(|fact| fact.1 == "certificate names");
    assert_eq!(names.unwrap().2, "sekolah.example, baru.example");
}

#[test]
fn a_pair_that_can_not_be_used_leaves_the_last_good_one_and_is_told_until_it_is_mended() {
    let pairs = Pairs::new();
    let pair = pairs.issue("a", &["sekolah.example"]);
    let house = open(vec![pair.clone(), pairs.issue("b", &["lain.example"])]);
    let good = pairs.leaf(&house, "sekolah.example").unwrap();
    let other = pairs.issue("other", &["sekolah.example"]);
    let spoil: [(&dyn Fn(), &str); 4] = [
        (&|| copy(&other.key, &pair.key), "do not belong together"),
        (&|| fs::write(&pair.key, "").unwrap(), "private key"),
        (&|| fs::remove_file(&pair.key).unwrap(), "can't use"),
        (
            &|| {
                copy(&other.key, &pair.key);
                let whole = fs::read(&other.certificate).unwrap();
                fs::write(&pair.certificate, &whole[..whole.len() / 2]).unwrap();
            },
            "holds no certificate",
        ),
    ];
    for (spoil, complaint) in spoil {
        spoil();
        eventually(complaint, || fault(&house).contains(complaint));
        assert_eq!(house.metric("edge_certificate_faults"), 1);
        assert_eq!(pairs.leaf(&house, "sekolah.example").as_ref(), Some(&good));
        assert!(pairs.leaf(&house, "lain.example").is_some());
    }
    copy(&other.certificate, &pair.certificate);
    eventually("the mended pair", || fault(&house) == "none");
    assert_eq!(house.metric("edge_certificate_faults"), 0);
    let mended = pairs.leaf(&house, "sekolah.example").unwrap();
    assert_ne!(mended, good);
}

#[test]
fn of_several_certificates_a_client_gets_the_one_for_the_name_it_asks_for() {
    let pairs = Pairs::new();
    let wide = pairs.issue("wide", &["*.kota.example", "kota.example"]);
    let exact = pairs.issue("exact", &["sd1.kota.example"]);
    let house = House::with(|plan| {
        (plan.config.tls.certificate, plan.config.tls.key) =
            (Some(wide.certificate), Some(wide.key));
        plan.config.tls.pair = vec![exact, pairs.issue("third", &["toko.example", "127.0.0.1"])];
    });
    let leaf = |name: &str| pairs.leaf(&house, name);
    let (wide, exact) = (leaf("kota.example"), leaf("sd1.kota.example"));
    assert!(wide.is_some() && exact.is_some() && leaf("toko.example").is_some());
    assert_ne!(exact, wide, "the very name comes before a wildcard");
    assert_eq!(leaf("sd2.kota.example"), wide);
    for name in ["lain.example", "a.b.kota.example", "sd1.kota.example.evil"] {
        let told = pairs.connect(&house, name).try_send(b"x").unwrap_err();
        assert!(told.to_string().contains("Unrecogni"), "{name}: {told}");
    }
    // Who names nothing gets the first, which is not for this address.
    let told = pairs.connect(&house, "127.0.0.1").try_send(b"x");
    let told = told.unwrap_err().to_string();
    assert!(told.contains("not valid for name"), "{told}");
}

#[test]
fn a_connection_made_for_one_certificate_is_not_used_for_a_host_of_another() {
    let pairs = Pairs::new();
    let house = open(vec![
        pairs.issue("a", &["sekolah.example", "www.sekolah.example"]),
        pairs.issue("b", &["toko.example"]),
    ]);
    let status = |host: &str| {
        let mut client = pairs.connect(&house, "sekolah.example");
        client
            .exchange(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"))
            .status
    };
    assert_eq!(status("sekolah.example"), 200);
    assert_eq!(status("www.sekolah.example"), 200);
    assert_eq!(status("toko.example"), 421);
}

#[test]
fn a_reload_puts_other_files_in_force_or_changes_nothing() {
    let pairs = Pairs::new();
    let [first, second] =
        [("a", "a.example"), ("b", "b.example")].map(|(folder, name)| pairs.issue(folder, &[name]));
    let house = open(vec![first.clone()]);
    let reload = |pair: Vec<PairConfig>| {
        let mut config = house.config.clone();
        config.tls.pair = pair;
        house.control.reload(config, &[])
    };
    let mut client = pairs.connect(&house, "a.example");
    let get = "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n";
    assert_eq!(client.exchange(get).status, 200);
    let before = pairs.leaf(&house, "a.example").unwrap();
    assert_eq!(pairs.leaf(&house, "b.example"), None);

    let missing = PairConfig {
        key: "/nowhere.key".into(),
        ..second.clone()
    };
    for (pair, complaint) in [
        (vec![missing], "/nowhere.key"),
        (Vec::new(), "takes a restart"),
    ] {
        let error = reload(pair).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
        assert_eq!(pairs.leaf(&house, "a.example").as_ref(), Some(&before));
    }

    // One that is in force already stays, even if its files are gone.
    fs::remove_file(&first.key).unwrap();
    reload(vec![second.clone(), first]).unwrap();
    assert!(pairs.leaf(&house, "b.example").is_some());
    assert_eq!(pairs.leaf(&house, "a.example"), Some(before));
    reload(vec![second]).unwrap();
    assert_eq!(pairs.leaf(&house, "a.example"), None);
    assert_eq!(client.exchange(get).status, 200, "who is in is served on");

    let replaced = pairs.leaf(&house, "b.example");
    pairs.issue("b", &["b.example"]);
    eventually("the new pair's certificate", || {
        pairs.leaf(&house, "b.example") != replaced
    });
}
