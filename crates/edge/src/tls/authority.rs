//! The local certificate authority: made at first start, it signs the certificate that serves until a real one does.
//!
//! Whoever trusts it trusts it for this machine's names only: they stand in it as name constraints. `BoringSSL`, and with
//! it gRPC, knows none on addresses and refuses a certificate with an address under them; so whoever asks for a name is
//! shown one with names alone.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::{Names, Served, Source, TlsError};
use crate::files;
use crate::lease::{Held, Lease};

/// How long before its end a certificate is replaced.
pub(crate) const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

const AUTHORITY_DAYS: u64 = 3650;
const LEAF_DAYS: u64 = 365;
/// More than making both pairs takes.
const MAKING: Duration = Duration::from_secs(5);

/// The authority's directory and the names it signs for.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    directory: PathBuf,
    /// What every certificate is for.
    names: Names,
    /// What it is for as well, as long as the authority allows it: no reason to make a new authority, which
    /// everybody would have to trust anew.
    besides: Names,
    /// Who we are among the edges that share the directory.
    holder: String,
}

/// What the authority has signed: two certificates for one key.
#[derive(Debug)]
pub(crate) struct Leaves {
    /// For all names and addresses.
    pub(crate) whole: Served,
    /// For the names alone; it stands for the addresses as well once the handshake is over.
    pub(crate) named: Served,
}

impl Authority {
    pub(crate) fn new(directory: PathBuf, names: Names, besides: Names, holder: String) -> Self {
        Self {
            directory,
            names,
            besides,
            holder,
        }
    }

    /// From now on its certificates are for these.
    pub(crate) fn is_for(&mut self, names: Names) {
        self.names = names;
    }

    /// The certificates to serve: those on disk while they stand for all names and last, else new ones. Other edges
    /// may share the directory: one of them makes what is missing, and all serve it.
    pub(crate) fn certificates(&self, now: Timestamp) -> Result<Leaves, TlsError> {
        // A file that is broken may merely be half of a pair that another edge writes now.
        if let Ok(Some(leaves)) = self.find(now) {
            return Ok(leaves);
        }
        files::private_dir(&self.directory)
            .map_err(|error| TlsError::File(self.directory.clone(), error))?;
        let _held = self.alone()?;
        match self.find(now)? {
            Some(leaves) => Ok(leaves),
            None => self.make(now),
        }
    }

    fn find(&self, now: Timestamp) -> Result<Option<Leaves>, TlsError> {
        let Some(root) = self.find_root(now)? else {
            return Ok(None);
        };
        let names = self.names_under(&root);
        let [whole, named, key] = self.leaf();
        let find = |certificate: &Path, names: &Names| {
            let served = Served::find(certificate, &key)?;
            Ok::<_, TlsError>(served.filter(|served| {
                served.names.include(names)
                    && !is_due(served, now)
                    && served.authority == root.identifier
            }))
        };
        let whole = find(&whole, &names)?;
        // Nobody puts files of his own beside the pair: whatever is wrong with this one, it is made anew.
        let named = find(&named, &names.without_addresses()).ok().flatten();
        Ok(whole.zip(named).map(Leaves::of))
    }

    fn make(&self, now: Timestamp) -> Result<Leaves, TlsError> {
        let root = match self.find_root(now)? {
            Some(root) => root,
            None => self.make_root(now)?,
        };
        let names = self.names_under(&root);
        let [whole, named, key] = self.leaf();
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // The certificates go last: were the process killed in between, their absence would have all made anew.
        remove(&whole)?;
        remove(&named)?;
        write(&key, pair.serialize_pem().as_bytes(), 0o600)?;
        for (certificate, names) in [(&named, &names.without_addresses()), (&whole, &names)] {
            write(
                certificate,
                issue(&root, &pair, names, now)?.as_bytes(),
                0o644,
            )?;
        }
        Ok(Leaves::of((
            Served::read(&whole, &key)?,
            Served::read(&named, &key)?,
        )))
    }

    /// Waits until no other edge makes anything here.
    fn alone(&self) -> Result<Held, TlsError> {
        let mut lease = Lease::new(self.directory.clone(), "local", self.holder.clone(), MAKING);
        let begun = Instant::now();
        let fault = |error| TlsError::File(self.directory.clone(), error);
        while begun.elapsed() < 4 * MAKING {
            if let Some(held) = lease.take(Instant::now()).map_err(fault)? {
                return Ok(held);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(fault(std::io::ErrorKind::TimedOut.into()))
    }

    /// The certificate, the one with names alone, and the key of both.
    fn leaf(&self) -> [PathBuf; 3] {
        ["leaf.pem", "leaf-named.pem", "leaf.key"].map(|name| self.directory.join(name))
    }

    fn names_under(&self, root: &Root) -> Names {
        self.names
            .with(&self.besides, |name| root.permitted.cover(name))
    }

    fn find_root(&self, now: Timestamp) -> Result<Option<Root>, TlsError> {
        let (certificate, key) = (self.directory.join("ca.pem"), self.directory.join("ca.key"));
        let root = Root::find(&certificate, &key)?;
        Ok(root.filter(|root| {
            root.permitted.include(&self.names) && root.not_after > after(now, LEAF_DAYS)
        }))
    }

    fn make_root(&self, now: Timestamp) -> Result<Root, TlsError> {
        let (certificate, key) = (self.directory.join("ca.pem"), self.directory.join("ca.key"));
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let made = self.root_params(now).self_signed(&pair)?;
        remove(&certificate)?;
        write(&key, pair.serialize_pem().as_bytes(), 0o600)?;
        write(&certificate, made.pem().as_bytes(), 0o644)?;
        let missing = || TlsError::File(certificate.clone(), std::io::ErrorKind::NotFound.into());
        Root::find(&certificate, &key)?.ok_or_else(missing)
    }

    fn root_params(&self, now: Timestamp) -> CertificateParams {
        let names = self.names.with(&self.besides, |_| true);
        let mut params = lasting(now, AUTHORITY_DAYS);
        params
            .distinguished_name
            .push(DnType::CommonName, "Pendopo local authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let dns = names
            .dns
            .iter()
            .map(|name| GeneralSubtree::DnsName(name.clone()));
        let addresses = names
            .addresses
            .iter()
            .map(|address| GeneralSubtree::IpAddress(whole(*address)));
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: dns.chain(addresses).collect(),
            excluded_subtrees: Vec::new(),
        });
        params
    }
}

impl Leaves {
    fn of((whole, named): (Served, Served)) -> Self {
        let local = |served: Served, names: Names| Served {
            is_real: false,
            source: Source::Local,
            names,
            ..served
        };
        let names = whole.names.clone();
        Self {
            named: local(named, names.clone()),
            whole: local(whole, names),
        }
    }
}

/// A certificate for these names and this key, in PEM.
fn issue(root: &Root, pair: &KeyPair, names: &Names, now: Timestamp) -> Result<String, TlsError> {
    let mut params = CertificateParams::new(names.texts())?;
    let dated = lasting(now, LEAF_DAYS);
    (params.not_before, params.not_after) = (dated.not_before, dated.not_after);
    params.distinguished_name = dated.distinguished_name;
    params
        .distinguished_name
        .push(DnType::CommonName, "Pendopo");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_ca_cert_der(&root.der, KeyPair::from_pem(&root.key_pem)?)?;
    Ok(params.signed_by(pair, &issuer)?.pem())
}

/// Whether a certificate shall be replaced now.
fn is_due(served: &Served, now: Timestamp) -> bool {
    served.said.not_after.duration_since(now).as_secs() < RENEW_BEFORE.as_secs().cast_signed()
}

/// The authority as it stands on disk.
struct Root {
    der: CertificateDer<'static>,
    key_pem: String,
    permitted: Names,
    not_after: Timestamp,
    identifier: Option<Vec<u8>>,
}

impl Root {
    fn find(certificate: &Path, key: &Path) -> Result<Option<Self>, TlsError> {
        let Some(served) = Served::find(certificate, key)? else {
            return Ok(None);
        };
        let file = |path: &Path, error| TlsError::File(path.to_owned(), error);
        let key_pem = std::fs::read_to_string(key).map_err(|error| file(key, error))?;
        let pem = std::fs::read(certificate).map_err(|error| file(certificate, error))?;
        let broken = |error: String| TlsError::Broken(certificate.to_owned(), "certificate", error);
        let der =
            CertificateDer::from_pem_slice(&pem).map_err(|error| broken(error.to_string()))?;
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|error| broken(error.to_string()))?;
        let (permitted, identifier) = (permitted(&parsed), identifier(&parsed));
        Ok(Some(Self {
            permitted,
            identifier,
            key_pem,
            not_after: served.said.not_after,
            der,
        }))
    }
}

fn permitted(root: &X509Certificate<'_>) -> Names {
    let mut names = Names::default();
    let constraints = root.name_constraints().ok().flatten();
    let subtrees = constraints.and_then(|extension| extension.value.permitted_subtrees.as_ref());
    for subtree in subtrees.into_iter().flatten() {
        match &subtree.base {
            GeneralName::DNSName(name) => names.add(name),
            GeneralName::IPAddress(bytes) => {
                names.addresses.extend(address(&bytes[..bytes.len() / 2]));
            }
            _ => {}
        }
    }
    names
}

fn identifier(root: &X509Certificate<'_>) -> Option<Vec<u8>> {
    root.extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        })
}

/// The address in a certificate's bytes; `None` when there are neither 4 nor 16 of them.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn whole(address: IpAddr) -> CidrSubnet {
    CidrSubnet::from_addr_prefix(address, if address.is_ipv4() { 32 } else { 128 })
}

/// Parameters that hold from yesterday (clocks differ) for so many days.
fn lasting(now: Timestamp, days: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let (year, month, day) = date(now - Duration::from_hours(24));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = date(after(now, days));
    params.not_after = rcgen::date_time_ymd(year, month, day);
    params
}

fn after(now: Timestamp, days: u64) -> Timestamp {
    now.saturating_add(Duration::from_hours(days * 24))
        .unwrap_or(Timestamp::MAX)
}

fn date(time: Timestamp) -> (i32, u8, u8) {
    let date = time.to_zoned(TimeZone::UTC).date();
    (
        date.year().into(),
        date.month().unsigned_abs(),
        date.day().unsigned_abs(),
    )
}

fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    files::replace(path, content, mode).map_err(|error| TlsError::File(path.to_owned(), error))
}

fn remove(path: &Path) -> Result<(), TlsError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TlsError::File(path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
