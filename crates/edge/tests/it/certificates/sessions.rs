//! Sessions are resumed for the name that they were made for, and for no other.

use std::sync::{Arc, Mutex};

use edge::config::PairConfig;
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, NamedGroup, SupportedProtocolVersion};
use testkit::Authority;

use crate::house::House;

/// A client's sessions, which it shows whatever name it asks for.
#[derive(Debug, Default)]
struct Careless {
    old: Mutex<Option<Tls12ClientSessionValue>>,
    new: Mutex<Vec<Tls13ClientSessionValue>>,
}

impl ClientSessionStore for Careless {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        *self.old.lock().unwrap() = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.old.lock().unwrap().clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.old.lock().unwrap().take();
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.new.lock().unwrap().push(value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.new.lock().unwrap().pop()
    }
}

/// Two sites, each with a certificate of its own.
struct Sites {
    house: House,
    /// The same for every connection: rustls resumes no session of other settings.
    client: ClientConfig,
}

impl Sites {
    fn open(version: &'static SupportedProtocolVersion) -> Self {
        let (authority, directory) = (Authority::default(), tempfile::tempdir().unwrap());
        let issue = |name: &str| {
            let folder = directory.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let (certificate, key) = authority.issue(&folder, &[name]);
            PairConfig { certificate, key }
        };
        let pairs = ["sekolah.example", "lain.example"].map(issue);
        let mut client = authority.trust().config_of(&["http/1.1"], &[version]);
        client.resumption = Resumption::store(Arc::new(Careless::default()));
        Self {
            house: House::with(|plan| plan.config.tls.pair = pairs.to_vec()),
            client,
        }
    }

    /// How the handshake for this name went, the answer for this host, and the certificate.
    fn ask(&self, name: &str, host: &str) -> (HandshakeKind, u16, Vec<u8>) {
        let address = self.house.address("https");
        let mut client = testkit::tls::connect(self.client.clone(), address, name);
        let answer = client.exchange(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        let session = client.session().unwrap();
        let leaf = session.peer_certificates().unwrap()[0].to_vec();
        (session.handshake_kind().unwrap(), answer.status, leaf)
    }
}

#[test]
fn a_session_of_one_name_is_not_resumed_for_another() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let sites = Sites::open(version);
        let (kind, status, own) = sites.ask("sekolah.example", "sekolah.example");
        assert_eq!((kind, status), (HandshakeKind::Full, 200));
        // It is worth something where it belongs, and no more than the handshake that it came from.
        let (kind, status, _) = sites.ask("sekolah.example", "sekolah.example");
        assert_eq!((kind, status), (HandshakeKind::Resumed, 200), "{version:?}");
        let (kind, status, _) = sites.ask("sekolah.example", "lain.example");
        assert_eq!((kind, status), (HandshakeKind::Resumed, 421), "{version:?}");
        let (kind, status, other) = sites.ask("lain.example", "lain.example");
        assert_eq!((kind, status), (HandshakeKind::Full, 200), "{version:?}");
        assert_ne!(own, other, "{version:?}");
    }
}
