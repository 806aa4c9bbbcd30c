//! Certificates: the local authority's, the operator's own, and what goes wrong with files.

mod own;
mod sessions;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use edge::config::Span;
use tempfile::TempDir;
use testkit::Authority;

use crate::house::{House, eventually};
use crate::proxy::python;

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

const FILES: [&str; 5] = [
    "tls/ca.pem",
    "tls/ca.key",
    "tls/leaf.pem",
    "tls/leaf-named.pem",
    "tls/leaf.key",
];

fn content(house: &House) -> [Vec<u8>; 5] {
    FILES.map(|name| fs::read(house.file(name)).unwrap())
}

#[test]
fn the_first_start_makes_an_authority_and_a_certificate_that_later_starts_keep() {
    let house = House::open();
    let made = content(&house);
    for name in ["tls/ca.key", "tls/leaf.key"] {
        assert_eq!(
            fs::metadata(house.file(name)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{name}"
        );
    }
    assert_eq!(
        fs::metadata(house.file("tls"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    let house = House::within(house.close(), |_| {}).unwrap();
    assert_eq!(content(&house), made);
    assert_eq!(house.tls().exchange(GET).status, 200);
}

#[test]
fn the_local_certificate_is_good_for_loopback_and_domains_and_for_nothing_else() {
    let house = House::with(|plan| plan.domains = vec!["sekolah.example".to_owned()]);
    let connect = |name: &str| house.trust().connect(house.address("https"), name);
    for name in ["localhost", "127.0.0.1", "::1", "sekolah.example"] {
        let host = if name == "::1" { "[::1]" } else { name };
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
        assert_eq!(connect(name).exchange(request).status, 200, "{name}");
    }
    assert!(connect("other.example").try_send(GET.as_bytes()).is_err());
    assert!(
        Authority::default()
            .trust()
            .connect(house.address("https"), "localhost")
            .try_send(b"x")
            .is_err()
    );
}

#[test]
fn a_new_domain_has_the_certificate_made_anew() {
    let house = House::open();
    let before = content(&house);
    let house = House::within(house.close(), |plan| {
        plan.domains = vec!["baru.example".to_owned()];
    })
    .unwrap();
    assert_ne!(content(&house), before);
    let mut client = house
        .trust()
        .connect(house.address("https"), "baru.example");
    assert_eq!(
        client
            .exchange("GET / HTTP/1.1\r\nhost: baru.example\r\n\r\n")
            .status,
        200
    );
}

#[test]
fn a_missing_file_has_the_pair_made_anew() {
    let mut house = House::open();
    // The last is not there where an earlier version made the others.
    for missing in ["tls/leaf.key", "tls/leaf-named.pem"] {
        let before = content(&house);
        let directory = house.close();
        fs::remove_file(directory.path().join(missing)).unwrap();
        house = House::within(directory, |_| {}).unwrap();
        let after = content(&house);
        assert_eq!(before[..2], after[..2], "the authority stays");
        assert_ne!(before[2..], after[2..]);
        assert_eq!(house.tls().exchange(GET).status, 200);
    }
}

#[test]
fn openssl_trusts_the_authority_by_name_and_address_and_grpc_by_name() {
    let house = House::with(|plan| plan.domains = vec!["sekolah.example".to_owned()]);
    let mut python = Command::new(python());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/certificates/clients.py");
    python.arg(script).arg(house.file("tls/ca.pem"));
    let output = python
        .arg(house.address("https").port().to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let expected = "openssl localhost: trusted\nopenssl 127.0.0.1: trusted\nopenssl sekolah.example: trusted\n\
                    openssl other.example: refused\n\
                    grpc localhost: trusted\ngrpc sekolah.example: trusted\n";
    assert_eq!(
        said,
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What the start says after the test has spoilt a file.
fn complaint(spoil: impl FnOnce(&TempDir)) -> String {
    let directory = House::open().close();
    spoil(&directory);
    House::within(directory, |_| {})
        .err()
        .expect("a start that fails")
        .to_string()
}

#[test]
fn a_broken_file_is_one_clear_error() {
    let broken = complaint(|directory| {
        fs::write(directory.path().join("tls/leaf.pem"), "nonsense").unwrap();
    });
    assert!(
        broken.contains("leaf.pem")
            && broken.contains("certificate")
            && broken.contains("move the file away"),
        "{broken}"
    );
    let broken = complaint(|directory| fs::write(directory.path().join("tls/ca.key"), "").unwrap());
    assert!(
        broken.contains("ca.key") && broken.contains("private key"),
        "{broken}"
    );
    let mixed = complaint(|directory| {
        let tls = directory.path().join("tls");
        fs::copy(tls.join("ca.key"), tls.join("leaf.key")).unwrap();
    });
    assert!(
        mixed.contains("leaf.pem")
            && mixed.contains("leaf.key")
            && mixed.contains("do not belong together"),
        "{mixed}"
    );
}

#[test]
fn an_own_certificate_is_served_and_browsers_are_told_to_insist_on_it() {
    let (authority, directory) = (Authority::default(), tempfile::tempdir().unwrap());
    let (certificate, key) = authority.issue(directory.path(), &["sekolah.example"]);
    let open = |hsts: Span| {
        House::with(|plan| {
            (plan.config.tls.certificate, plan.config.tls.key) =
                (Some(certificate.clone()), Some(key.clone()));
            plan.config.hsts = hsts;
        })
    };
    let house = open(Span::from_days(365));
    let request = "GET / HTTP/1.1\r\nhost: sekolah.example\r\n\r\n";
    let mut client = authority
        .trust()
        .connect(house.address("https"), "sekolah.example");
    let response = client.exchange(request);
    assert_eq!(
        (
            response.status,
            response.header("strict-transport-security")
        ),
        (200, Some("max-age=31536000"))
    );
    assert!(!house.file("tls").exists(), "no local authority is made");
    assert_eq!(
        house
            .plain()
            .exchange(request)
            .header("strict-transport-security"),
        None
    );
    let house = open(Span::from_secs(0));
    let mut client = authority
        .trust()
        .connect(house.address("https"), "sekolah.example");
    assert_eq!(
        client.exchange(request).header("strict-transport-security"),
        None
    );
}

#[test]
fn browsers_are_never_told_to_insist_on_the_local_certificate() {
    let house = House::open();
    assert_eq!(
        house
            .tls()
            .exchange(GET)
            .header("strict-transport-security"),
        None
    );
}

#[test]
fn the_certificate_and_the_log_are_stated_as_facts() {
    let house = House::open();
    let facts = house.facts.list();
    let fact = |name: &str| {
        facts
            .iter()
            .find(|fact| fact.1 == name)
            .map(|fact| fact.2.clone())
            .unwrap()
    };
    assert_eq!(
        (fact("certificate"), fact("log generation")),
        ("local".to_owned(), "1".to_owned())
    );
    assert!(fact("certificate names").contains("localhost"));
    assert!(fact("certificate expires").ends_with('Z'));
    let expires: jiff::Timestamp = fact("certificate expires").parse().unwrap();
    assert_eq!(
        house.metric("edge_certificate_expires"),
        expires.as_second().unsigned_abs()
    );
    assert!(fact("access log").ends_with("logs/access.log"));
}

#[test]
fn half_of_an_own_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = House::within(directory, |plan| {
        plan.config.tls.key = Some("/nowhere.key".into());
    });
    assert!(error.err().unwrap().to_string().contains("set both"));
    let directory = tempfile::tempdir().unwrap();
    let error = House::within(directory, |plan| {
        plan.config.tls.certificate = Some("/nowhere.pem".into());
        plan.config.tls.key = Some("/nowhere.key".into());
    });
    assert!(error.err().unwrap().to_string().contains("/nowhere.pem"));
}

#[test]
fn both_versions_of_tls_are_spoken_and_a_session_is_resumed() {
    let house = House::with(|plan| plan.threads = 2);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = house.trust().config_of(&["http/1.1"], &[version]);
        let mut resumed = false;
        // The first handshake brings a ticket; a later one uses it, on whichever thread it lands.
        for _ in 0..4 {
            let mut client =
                testkit::tls::connect(config.clone(), house.address("https"), "localhost");
            assert_eq!(client.exchange(GET).status, 200);
            let session = client.session().unwrap();
            assert_eq!(session.protocol_version(), Some(version.version));
            resumed |= session.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        }
        assert!(resumed, "{:?}", version.version);
    }
}

#[test]
fn trust_in_the_local_authority_is_trust_for_its_own_names_only() {
    use rcgen::{CertificateParams, Issuer, KeyPair};
    let house = House::open();
    let read = |name: &str| fs::read_to_string(house.file(name)).unwrap();
    let key = KeyPair::from_pem(&read("tls/ca.key")).unwrap();
    let thief = Issuer::from_ca_cert_pem(&read("tls/ca.pem"), key).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let pair = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["bank.example".to_owned()]).unwrap();
    let files = (
        directory.path().join("a.pem"),
        directory.path().join("a.key"),
    );
    fs::write(&files.0, params.signed_by(&pair, &thief).unwrap().pem()).unwrap();
    fs::write(&files.1, pair.serialize_pem()).unwrap();
    let bank = House::with(|plan| {
        (plan.config.tls.certificate, plan.config.tls.key) = (Some(files.0), Some(files.1));
    });
    let error = house
        .trust()
        .connect(bank.address("https"), "bank.example")
        .try_send(b"x")
        .unwrap_err();
    assert!(error.to_string().contains("NameConstraint"), "{error}");
}

#[test]
fn a_client_that_asks_for_an_unknown_name_is_refused_with_the_alert_for_it() {
    let house = House::with(|plan| plan.domains = vec!["sekolah.example".to_owned()]);
    let alert = |name: &str| {
        let mut client = house.trust().connect(house.address("https"), name);
        client
            .try_send(b"GET / HTTP/1.1\r\n\r\n")
            .unwrap_err()
            .to_string()
    };
    for name in ["lain.example", "www.sekolah.example", "example"] {
        let told = alert(name);
        assert!(told.contains("Unrecogni"), "{name}: {told}");
    }
    eventually("three counts", || {
        house.metric("edge_handshakes_failed_total{cause=\"refused\"}") == 3
    });
    let anybody = House::open();
    let mut client = anybody
        .trust()
        .connect(anybody.address("https"), "lain.example");
    let told = client.try_send(b"x").unwrap_err().to_string();
    assert!(told.contains("not valid for name"), "{told}");
}
