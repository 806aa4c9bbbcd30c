//! What speaks against a ban: those whom it would hit by mistake.

use std::fmt;
use std::net::IpAddr;

use crate::network::{Network, local};

/// Networks of fewer leading bits hold whole providers.
const WIDE_V4: u8 = 16;
const WIDE_V6: u8 = 32;
/// One subscriber has so many leading bits of IPv6, and may take any address below them.
const SUBSCRIBER: u8 = 64;

/// Whom a server knows that bans should not hit.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Proxies that tell who their clients are.
    pub trusted: Vec<Network>,
    /// The machine's own addresses.
    pub own: Vec<IpAddr>,
    /// Gateways behind which everybody may stand.
    pub gateways: Vec<IpAddr>,
    /// The address from which nearly all requests come, where a running server says so.
    pub masking: Option<IpAddr>,
}

/// Why a ban is refused unless it is forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// It holds addresses of this machine, or of its link.
    Local(Network),
    /// It holds a trusted proxy.
    Trusted(Network),
    /// It holds an address of this machine.
    Own(IpAddr),
    /// It holds a gateway.
    Gateway(IpAddr),
    /// It holds the address behind which nearly everybody stands.
    Masking(IpAddr),
}

/// What should be known of a ban that is made all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// It holds very many addresses.
    Wide(Network),
    /// Its owner has others beside it: those of this network.
    Narrow(Network),
}

impl Surroundings {
    /// Why a ban of this network is refused unless it is forced: the first reason.
    pub fn objection(&self, network: Network) -> Option<Objection> {
        let local = local().into_iter().find(|local| network.meets(*local));
        let trusted = self.trusted.iter().find(|proxies| network.meets(**proxies));
        let holds = |addresses: &[IpAddr]| {
            addresses
                .iter()
                .copied()
                .find(|address| network.contains(*address))
        };
        None.or(local.map(Objection::Local))
            .or(trusted.copied().map(Objection::Trusted))
            .or(holds(&self.own).map(Objection::Own))
            .or(holds(&self.gateways).map(Objection::Gateway))
            .or(self
                .masking
                .filter(|address| network.contains(*address))
                .map(Objection::Masking))
    }
}

/// What should be known of a ban of this network.
pub fn warning(network: Network) -> Option<Warning> {
    let wide = if network.first().is_ipv4() {
        WIDE_V4
    } else {
        WIDE_V6
    };
    if network.prefix() < wide {
        return Some(Warning::Wide(network));
    }
    let is_narrow = network.first().is_ipv6() && network.prefix() > SUBSCRIBER;
    let subscriber = Network::around(network.first(), SUBSCRIBER).filter(|_| is_narrow);
    subscriber.map(Warning::Narrow)
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(network) => write!(
                f,
                "it meets {network}, which is this machine itself or its link"
            ),
            Self::Trusted(network) => write!(
                f,
                "it meets {network} of `edge.trusted_proxies`: ban the clients that the proxies name"
            ),
            Self::Own(address) => write!(f, "it holds {address}, an address of this machine"),
            Self::Gateway(address) => {
                write!(
                    f,
                    "it holds {address}, a gateway of this machine, behind which everybody may stand"
                )
            }
            Self::Masking(address) => write!(
                f,
                "it holds {address}, behind which nearly all clients stand: with it, all of them were banned"
            ),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wide(network) => {
                write!(
                    f,
                    "{network} is very wide: it holds many who have done nothing"
                )
            }
            Self::Narrow(network) => write!(
                f,
                "whoever has this address can take any other of {network}: a ban of that holds them off"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings {
            trusted: vec!["10.1.0.0/16".parse().unwrap()],
            own: vec![
                "198.51.100.4".parse().unwrap(),
                "2001:db8::4".parse().unwrap(),
            ],
            gateways: vec!["172.17.0.1".parse().unwrap()],
            masking: Some("10.0.0.2".parse().unwrap()),
        }
    }

    #[test]
    fn whoever_must_not_be_hit_speaks_against_a_ban() {
        let check = |text: &str, expected: &str| {
            let objection = surroundings().objection(text.parse().unwrap());
            let told = objection
                .map(|objection| format!("{objection:?}"))
                .unwrap_or_default();
            assert!(
                told.starts_with(expected) && told.is_empty() == expected.is_empty(),
                "{text}: {told}"
            );
        };
        check("127.0.0.1", "Local");
        check("0.0.0.0/0", "Local");
        check("::/0", "Local");
        check("fe80::1", "Local");
        check("10.1.2.3", "Trusted");
        check("10.0.0.0/8", "Trusted");
        check("198.51.100.0/24", "Own");
        check("2001:db8::/64", "Own");
        check("172.17.0.1", "Gateway");
        check("10.0.0.0/24", "Masking");
        check("203.0.113.0/24", "");
        check("192.168.1.20", "");
    }

    #[test]
    fn very_wide_networks_and_single_addresses_of_many_are_warned_of() {
        let told = |text: &str| warning(text.parse().unwrap());
        assert!(matches!(told("203.0.0.0/15"), Some(Warning::Wide(_))));
        assert!(matches!(told("2001:d00::/24"), Some(Warning::Wide(_))));
        assert_eq!(told("203.0.0.0/16"), None);
        assert_eq!(told("203.0.113.7"), None);
        assert_eq!(told("2001:db8:1:2::/64"), None);
        let subscriber = "2001:db8:1:2::/64".parse().unwrap();
        assert_eq!(told("2001:db8:1:2::7"), Some(Warning::Narrow(subscriber)));
    }
}
