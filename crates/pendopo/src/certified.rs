//! The certificates between `web` and a store, by an authority whose key nobody has afterwards.

use anyhow::Result;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use school::Clock;

/// Nobody renews them, and nobody outside of the deployment ever sees them.
const YEARS: i64 = 10;

/// A store that is reached over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Redis,
    Mongo,
}

/// The authority of a server, and what it vouches for, in PEM.
pub(crate) struct Certified {
    pub(crate) server: Server,
    pub(crate) authority: String,
    pub(crate) of_server: Pair,
    pub(crate) of_client: Pair,
}

/// A certificate and its key, in PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Server {
    /// The name by which it is reached.
    fn host(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Mongo => "mongo",
        }
    }
}

impl Certified {
    pub(crate) fn make(server: Server) -> Result<Self> {
        let host = server.host();
        let now = Timestamp::from_microsecond(Clock::System.now().0)?;
        let now = now.to_zoned(TimeZone::UTC).date();
        let mut params = lasting(&format!("authority of {host}"), now)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let mut of_server = lasting(host, now)?;
        let names = [host, "localhost", "127.0.0.1"];
        of_server.subject_alt_names =
            CertificateParams::new(names.map(str::to_owned))?.subject_alt_names;
        // A server of MongoDB is a client of the others of its set.
        of_server.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let mut of_client = lasting("web", now)?;
        of_client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self {
            server,
            of_server: sign(&of_server, &authority)?,
            of_client: sign(&of_client, &authority)?,
            authority: authority.pem(),
        })
    }
}

impl Pair {
    /// As one file has them.
    pub(crate) fn both(&self) -> String {
        format!("{}{}", self.certificate, self.key)
    }
}

fn sign(params: &CertificateParams, authority: &CertifiedIssuer<'_, KeyPair>) -> Result<Pair> {
    let key = KeyPair::generate()?;
    Ok(Pair {
        certificate: params.signed_by(&key, authority)?.pem(),
        key: key.serialize_pem(),
    })
}

/// From yesterday, since clocks differ.
fn lasting(name: &str, today: Date) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let day = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    params.not_before = day(today.checked_sub(1.day())?);
    params.not_after = day(today.checked_add(YEARS.years())?);
    Ok(params)
}
