//! The addresses behind which everybody may stand: this machine's gateways, and Swarm's mesh.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Swarm's mesh gives each request an address of the node that took it, of one of these networks unless told otherwise:
/// the default since Docker 18.09, and the one before.
const MESH: [[u8; 3]; 2] = [[10, 0, 0], [10, 255, 0]];

/// Addresses that may stand for many clients.
#[derive(Debug, Default)]
pub(crate) struct Gateways(Vec<IpAddr>);

impl Gateways {
    /// Reads the kernel's tables of routes; where there are none, only the mesh is known.
    pub(crate) fn read() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        Self::parse(&text("/proc/net/route"), &text("/proc/net/ipv6_route"))
    }

    /// Of both tables, the private gateways of the routes to everywhere: a public one is a router, not a translator.
    fn parse(v4: &str, v6: &str) -> Self {
        let v4 = v4.lines().filter_map(gateway_v4).map(IpAddr::V4);
        let all = v4.chain(v6.lines().filter_map(gateway_v6).map(IpAddr::V6));
        Self(all.filter(|address| is_private(*address)).collect())
    }

    /// Those of this machine.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.0.iter().copied()
    }

    /// Whether many clients may stand behind this address.
    pub(crate) fn may_hide(&self, address: IpAddr) -> bool {
        let is_mesh = match address {
            IpAddr::V4(v4) => MESH.iter().any(|network| v4.octets().starts_with(network)),
            IpAddr::V6(_) => false,
        };
        is_mesh || self.0.contains(&address)
    }
}

/// Columns: interface, destination, gateway, …; addresses are hexadecimal, in the machine's order of bytes.
fn gateway_v4(line: &str) -> Option<Ipv4Addr> {
    let mut columns = line.split_ascii_whitespace().skip(1);
    let mut address = || u32::from_str_radix(columns.next()?, 16).ok();
    let (destination, gateway) = (address()?, address()?);
    (destination == 0 && gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
}

/// Columns: destination, its length, source, its length, next hop, …; all hexadecimal.
fn gateway_v6(line: &str) -> Option<Ipv6Addr> {
    let columns: Vec<_> = line.split_ascii_whitespace().collect();
    let address = |place: usize| u128::from_str_radix(columns.get(place)?, 16).ok();
    let is_everywhere = address(0)? == 0 && *columns.get(1)? == "00";
    let gateway = address(4)?;
    (is_everywhere && gateway != 0).then(|| Ipv6Addr::from_bits(gateway))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t00000000\t01FF33C6\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
";
    const V6: &str = "\
fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    fn may_hide(address: &str) -> bool {
        Gateways::parse(V4, V6).may_hide(address.parse().unwrap())
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn private_gateways_are_read_from_the_kernels_tables() {
        assert!(may_hide("172.17.0.1"));
        assert!(may_hide("fd00::1"));
        for other in [
            "198.51.255.1",
            "172.17.0.2",
            "172.17.0.0",
            "fd00::2",
            "::",
            "0.0.0.0",
        ] {
            assert!(!may_hide(other), "{other}");
        }
    }

    #[test]
    fn swarms_mesh_may_hide_everybody() {
        assert!(may_hide("10.0.0.2") && may_hide("10.255.0.3"));
        assert!(!may_hide("10.0.1.2") && !may_hide("10.1.0.0"));
    }

    #[test]
    fn tables_that_make_no_sense_name_nobody() {
        let gateways = Gateways::parse("a b c\n\neth0\t0\n", "0 00\nx\n");
        assert_eq!(gateways.0, [] as [IpAddr; 0]);
    }
}
