//! The names a certificate stands for, and whether a host is one of them.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

/// DNS names in lower case, perhaps with a leading `*.`, and addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) dns: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
}

impl Names {
    /// The names under which this server is reached: loopback, the domains it serves, the address it listens on.
    pub(crate) fn of_server(domains: &[String], listens: IpAddr) -> Self {
        let mut names = Self::default();
        let own = domains
            .iter()
            .map(String::as_str)
            .filter(|name| is_dns_name(name));
        for name in ["localhost", "127.0.0.1", "::1"].into_iter().chain(own) {
            names.add(name);
        }
        if !listens.is_unspecified() {
            names.add(&listens.to_string());
        }
        names
    }

    /// Those, and the machine's own: the names that are served, whatever the certificates say.
    pub(crate) fn known(domains: &[String], listens: IpAddr) -> Self {
        Self::of_server(domains, listens).with(&Self::of_machine(), |_| true)
    }

    /// The machine's own name, which a container changes with each start.
    pub(crate) fn of_machine() -> Self {
        let mut names = Self::default();
        let system = rustix::system::uname();
        let machine = system
            .nodename()
            .to_str()
            .ok()
            .filter(|name| is_dns_name(name));
        if let Some(name) = machine {
            names.add(name);
        }
        names
    }

    /// Those that a certificate stands for.
    pub(super) fn of(leaf: &X509Certificate<'_>) -> Self {
        let mut names = Self::default();
        let alternative = leaf.subject_alternative_name().ok().flatten();
        for name in alternative
            .iter()
            .flat_map(|extension| &extension.value.general_names)
        {
            match name {
                GeneralName::DNSName(name) => names.add(name),
                GeneralName::IPAddress(bytes) => {
                    names.addresses.extend(super::authority::address(bytes));
                }
                _ => {}
            }
        }
        names
    }

    /// These, and those of `others` that `may` covers.
    pub(super) fn with(&self, others: &Self, may: impl Fn(&str) -> bool) -> Self {
        let mut all = self.clone();
        for name in others.texts().iter().filter(|name| may(name)) {
            all.add(name);
        }
        all
    }

    /// Those that are no addresses.
    pub(super) fn without_addresses(&self) -> Self {
        Self {
            dns: self.dns.clone(),
            addresses: Vec::new(),
        }
    }

    /// Adds a name or an address; what is there already is not added again.
    pub(crate) fn add(&mut self, name: &str) {
        match name.parse::<IpAddr>() {
            Ok(address) if !self.addresses.contains(&address) => self.addresses.push(address),
            Ok(_) => {}
            Err(_)
                if self
                    .dns
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name)) => {}
            Err(_) => self.dns.push(name.to_ascii_lowercase()),
        }
    }

    /// Whether a host without port is one of them. An address in a URL may stand in brackets.
    pub(crate) fn cover(&self, host: &str) -> bool {
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) => self.addresses.contains(&address),
            Err(_) => self.dns.iter().any(|name| matches(name, bare)),
        }
    }

    /// Whether a host stands among them as it is, and not merely under a wildcard.
    pub(crate) fn list(&self, host: &str) -> bool {
        self.dns.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Whether there are none at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.addresses.is_empty()
    }

    /// Whether all the names of `others` are among these.
    pub(crate) fn include(&self, others: &Self) -> bool {
        others.dns.iter().all(|name| self.dns.contains(name))
            && others
                .addresses
                .iter()
                .all(|address| self.addresses.contains(address))
    }

    /// Every name as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.dns
            .iter()
            .cloned()
            .chain(self.addresses.iter().map(IpAddr::to_string))
            .collect()
    }
}

fn is_dns_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A `*` stands for exactly one label (RFC 9525 §6.3).
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Names {
        let mut names = Names::default();
        for text in texts {
            names.add(text);
        }
        names
    }

    #[test]
    fn a_host_is_covered_by_its_name_its_wildcard_or_its_address() {
        let names = names(&[
            "Sekolah.example",
            "*.kota.example",
            "127.0.0.1",
            "::1",
            "sekolah.example",
        ]);
        assert_eq!(names.dns.len(), 2);
        for host in [
            "sekolah.example",
            "SEKOLAH.example",
            "sd1.kota.example",
            "127.0.0.1",
            "[::1]",
            "::1",
        ] {
            assert!(names.cover(host), "{host}");
        }
        for host in [
            "",
            "www.sekolah.example",
            "kota.example",
            "a.b.kota.example",
            "127.0.0.2",
            "example",
        ] {
            assert!(!names.cover(host), "{host}");
        }
    }
}
