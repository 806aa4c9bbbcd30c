//! Addresses looked up among bans, also by chance.

use proptest::prelude::*;

use super::*;
use crate::network::Network;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ban(network: &str, until: Option<i64>, is_forced: bool) -> Ban {
    Ban {
        network: network.parse().unwrap(),
        reason: String::new(),
        by: "console".to_owned(),
        since: at(0),
        until: until.map(at),
        is_forced,
    }
}

fn find(list: &BanList, address: &str, second: i64) -> Option<Force> {
    list.find(address.parse().unwrap(), || at(second))
}

#[test]
fn an_address_is_banned_by_every_network_that_holds_it() {
    let list = BanList::new(&[
        ban("203.0.113.0/24", Some(10), false),
        ban("203.0.113.7", Some(20), false),
        ban("203.0.0.0/16", Some(5), true),
        ban("2001:db8:1:2::/64", None, false),
    ]);
    assert_eq!(list.len(), 4);
    for (address, second, expected) in [
        ("203.0.113.7", 0, Some(Force::Forced)),
        ("203.0.113.7", 5, Some(Force::Plain)),
        ("203.0.113.7", 19, Some(Force::Plain)),
        ("203.0.113.7", 20, None),
        // The narrowest ended, and a wider one that begins before another holds.
        ("203.0.113.255", 9, Some(Force::Plain)),
        ("203.0.113.255", 10, None),
        ("203.0.114.1", 4, Some(Force::Forced)),
        ("203.1.0.0", 0, None),
        ("202.255.255.255", 0, None),
        ("2001:db8:1:2:ffff::1", 99, Some(Force::Plain)),
        ("2001:db8:1:3::", 0, None),
        ("::ffff:203.0.113.7", 6, Some(Force::Plain)),
    ] {
        assert_eq!(
            find(&list, address, second),
            expected,
            "{address} at {second}"
        );
    }
}

#[test]
fn a_ban_of_all_of_one_kind_is_none_of_the_other() {
    let list = BanList::new(&[ban("::/0", None, false)]);
    assert_eq!(find(&list, "203.0.113.7", 0), None);
    assert_eq!(find(&list, "::", 0), Some(Force::Plain));
    assert_eq!(
        find(&list, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0),
        Some(Force::Plain)
    );
    assert!(BanList::new(&[]).is_empty());
}

#[test]
fn a_ban_takes_as_many_bytes_as_is_said() {
    assert_eq!(size_of::<u128>() + size_of::<Rest>(), 48);
}

fn networks() -> impl Strategy<Value = Vec<(u32, u8, Option<i64>, bool)>> {
    // Few leading bits, so that networks hold each other.
    let one = (
        0..64_u32,
        0..=32_u8,
        proptest::option::of(0..20_i64),
        any::<bool>(),
    );
    proptest::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn an_address_is_found_as_if_each_ban_were_asked(
        given in networks(), bits in 0..64_u32, low in 0..4_u32, second in 0..20_i64,
    ) {
        let bans: Vec<_> = given
            .into_iter()
            .map(|(bits, prefix, until, is_forced)| Ban {
                network: Network::around(IpAddr::from((bits << 26).to_be_bytes()), prefix).unwrap(),
                ..ban("::", until, is_forced)
            })
            .collect();
        let address = IpAddr::from((bits << 26 | low).to_be_bytes());
        let holding = bans.iter().filter(|ban| ban.network.contains(address) && ban.is_in_force(at(second)));
        let expected = holding.map(|ban| if ban.is_forced { Force::Forced } else { Force::Plain }).max();
        prop_assert_eq!(BanList::new(&bans).find(address, || at(second)), expected);
    }
}
