//! A network of addresses, as bans and lists of addresses name one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

/// An address alone is the network of that address. IPv4 written as IPv6 is IPv4, and no bit stands beyond the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

/// Why a text is no network, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// It is neither an address nor a network.
    #[error(
        "`{0}` is no address and no network: write one such as `203.0.113.7`, `203.0.113.0/24` or `2001:db8:1:2::/64`"
    )]
    Unreadable(String),
    /// Another network was meant, or one address of it.
    #[error(
        "`{text}` names an address and a network at once: write `{network}`, or `{address}` for that address alone"
    )]
    Beyond {
        /// What was written.
        text: String,
        /// The network that the address lies in.
        network: Network,
        /// The address.
        address: IpAddr,
    },
}

impl Network {
    /// The network of one address.
    pub fn of(address: IpAddr) -> Self {
        Self(IpNet::from(address.to_canonical()))
    }

    /// The network of so many leading bits that this address lies in; `None` where an address has fewer bits.
    pub fn around(address: IpAddr, prefix: u8) -> Option<Self> {
        let network = IpNet::new(address.to_canonical(), prefix).ok()?;
        Some(Self(network.trunc()))
    }

    /// The network's first address.
    pub fn first(self) -> IpAddr {
        self.0.network()
    }

    /// Its last address.
    pub fn last(self) -> IpAddr {
        self.0.broadcast()
    }

    /// How many leading bits all of its addresses share.
    pub fn prefix(self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether it is one address alone.
    pub fn is_address(self) -> bool {
        self.0.prefix_len() == self.0.max_prefix_len()
    }

    /// Whether the address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether some address lies in both.
    pub fn meets(self, other: Self) -> bool {
        self.contains(other.first()) || other.contains(self.first())
    }
}

impl From<IpNet> for Network {
    /// Bits beyond the prefix are dropped, as those do who ask whether such a network contains an address.
    fn from(network: IpNet) -> Self {
        Self(canonical(network).trunc())
    }
}

/// An IPv6 network that holds nothing but IPv4 addresses is theirs.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let (Some(v4), Some(prefix)) = (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96))
    else {
        return network;
    };
    Ipv4Net::new(v4, prefix).map_or(network, IpNet::V4)
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::of(address));
        }
        let network: IpNet = text
            .parse()
            .map_err(|_| InvalidNetwork::Unreadable(text.to_owned()))?;
        let network = canonical(network);
        if network.addr() != network.network() {
            return Err(InvalidNetwork::Beyond {
                text: text.to_owned(),
                network: Self(network.trunc()),
                address: network.addr(),
            });
        }
        Ok(Self(network))
    }
}

/// One address is written without its prefix.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_address() {
            fmt::Display::fmt(&self.0.addr(), f)
        } else {
            fmt::Display::fmt(&self.0, f)
        }
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

/// Networks that no stranger comes from: of this machine itself, and of the link it is on.
pub(crate) fn local() -> [Network; 4] {
    let v4 = |a, b, prefix| {
        Network(IpNet::V4(Ipv4Net::new_assert(
            Ipv4Addr::new(a, b, 0, 0),
            prefix,
        )))
    };
    let v6 = |address: Ipv6Addr, prefix| Network(IpNet::V6(Ipv6Net::new_assert(address, prefix)));
    let link = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
    [
        v4(127, 0, 8),
        v4(169, 254, 16),
        v6(Ipv6Addr::LOCALHOST, 128),
        v6(link, 10),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_back_as_written() {
        for text in [
            "203.0.113.7",
            "203.0.113.0/24",
            "0.0.0.0/0",
            "2001:db8:1:2::/64",
            "2001:db8::1",
            "::/0",
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        let same = |one: &str, other: &str| assert_eq!(one.parse::<Network>(), other.parse());
        same("203.0.113.7/32", "203.0.113.7");
        same("::ffff:203.0.113.7", "203.0.113.7");
        same("::ffff:203.0.113.0/120", "203.0.113.0/24");
        same("2001:DB8:0::/48", "2001:db8::/48");
    }

    #[test]
    fn what_is_no_network_is_told_what_to_write() {
        for text in [
            "",
            "203.0.113",
            "203.0.113.7/33",
            "2001:db8::/129",
            "sekolah.example",
            "1.2.3.4 ",
        ] {
            let told = text.parse::<Network>().unwrap_err().to_string();
            assert!(told.contains("`203.0.113.0/24`"), "{told}");
        }
        let told = "203.0.113.7/24".parse::<Network>().unwrap_err().to_string();
        assert!(
            told.contains("write `203.0.113.0/24`, or `203.0.113.7`"),
            "{told}"
        );
    }

    #[test]
    fn networks_meet_where_one_holds_the_other() {
        let network = |text: &str| text.parse::<Network>().unwrap();
        assert!(network("10.0.0.0/8").meets(network("10.1.2.3")));
        assert!(network("10.1.2.3").meets(network("10.0.0.0/8")));
        assert!(!network("10.0.0.0/8").meets(network("11.0.0.0/8")));
        assert!(!network("::/0").meets(network("10.0.0.0/8")));
        assert!(network("10.0.0.0/8").contains("::ffff:10.0.0.1".parse().unwrap()));
    }
}
