//! Whom this machine knows that bans should not hit: its own addresses, its gateways, and its trusted proxies.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use traffic::Network;
use traffic::ban_caution::Surroundings;

use crate::config::Config;
use crate::gateways::Gateways;

/// Reads the kernel's tables; what they don't show is not known.
pub fn surroundings(config: &Config) -> Surroundings {
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let trusted = config.trusted_proxies.iter();
    Surroundings {
        trusted: trusted.map(|network| Network::from(*network)).collect(),
        own: own(&text("/proc/net/fib_trie"), &text("/proc/net/if_inet6")),
        gateways: Gateways::read().addresses().collect(),
        masking: None,
    }
}

/// The machine's addresses, each once: of the trie of routes those that are local, and the table of IPv6 interfaces.
fn own(trie: &str, interfaces: &str) -> Vec<IpAddr> {
    let lines: Vec<&str> = trie.lines().map(str::trim).collect();
    let pairs = lines.windows(2);
    let v4 = pairs.filter_map(|pair| {
        let address = pair[0].strip_prefix("|-- ")?;
        let is_local = pair[1].starts_with("/32 host LOCAL");
        address.parse::<Ipv4Addr>().ok().filter(|_| is_local)
    });
    let v6 = interfaces.lines().filter_map(|line| {
        let digits = line.split_ascii_whitespace().next()?;
        u128::from_str_radix(digits, 16)
            .ok()
            .map(Ipv6Addr::from_bits)
    });
    let mut own: Vec<_> = v4.map(IpAddr::V4).chain(v6.map(IpAddr::V6)).collect();
    own.sort_unstable();
    own.dedup();
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/28 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.15
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 3 0 5
           |-- 192.0.2.15
              /32 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
";
    const INTERFACES: &str = "\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000004 02 40 00 80     eth0
";

    #[test]
    fn the_machines_addresses_are_read_from_the_kernels_tables() {
        let expected = ["127.0.0.1", "192.0.2.15", "::1", "2001:db8::4"];
        let expected = expected.map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(own(TRIE, INTERFACES), expected);
        assert_eq!(own("|-- x\n/32 host LOCAL", "zz\n\n"), [] as [IpAddr; 0]);
    }

    #[test]
    fn this_machine_knows_itself() {
        let own = surroundings(&Config::default()).own;
        assert!(own.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{own:?}");
    }
}
