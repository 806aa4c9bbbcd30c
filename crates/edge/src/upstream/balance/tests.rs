//! The promises of each way to spread requests.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn seat(weight: u32) -> Seat {
    Seat {
        weight: weight * WEIGHT,
        in_flight: 0,
        is_open: true,
        is_backup: false,
        name_hash: mix(u64::from(weight) + 77),
    }
}

fn seats(count: u64) -> Vec<Seat> {
    (0..count)
        .map(|index| Seat {
            name_hash: mix(index + 1),
            ..seat(1)
        })
        .collect()
}

fn client(number: u32) -> IpAddr {
    IpAddr::V4(number.into())
}

fn picks(balance: Balance, seats: &[Seat], clients: impl Iterator<Item = IpAddr>) -> Vec<usize> {
    let mut balancer = Balancer::default();
    clients
        .map(|client| balancer.pick(balance, seats, client).unwrap())
        .collect()
}

#[test]
fn round_robin_is_as_smooth_as_nginxs() {
    let seats = [seat(5), seat(1), seat(1)];
    let picked = picks(Balance::RoundRobin, &seats, (0..14).map(client));
    assert_eq!(picked, [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn backups_serve_only_while_nobody_else_can() {
    for balance in [
        Balance::RoundRobin,
        Balance::LeastConn,
        Balance::IpHash,
        Balance::Rendezvous,
    ] {
        let mut seats = seats(3);
        seats[2].is_backup = true;
        let picked = picks(balance, &seats, (0..200).map(|number| client(number << 8)));
        assert!(!picked.contains(&2), "{balance:?}");
        seats[0].is_open = false;
        seats[1].is_open = false;
        assert_eq!(
            picks(balance, &seats, [client(1)].into_iter()),
            [2],
            "{balance:?}"
        );
        seats[2].is_open = false;
        assert_eq!(
            Balancer::default().pick(balance, &seats, client(1)),
            None,
            "{balance:?}"
        );
    }
}

#[test]
fn ip_hash_sends_a_network_where_nginx_would() {
    // Computed by hand from ngx_http_upstream_ip_hash_module.c: 89 → (89·113+10)%6271 → … % total weight.
    let hash = |octets: [u64; 3]| {
        octets
            .iter()
            .fold(89, |hash, octet| (hash * 113 + octet) % 6271)
    };
    let seats = seats(3);
    for octets in [[10, 0, 0], [192, 0, 2], [198, 51, 100], [127, 0, 0]] {
        #[expect(clippy::cast_possible_truncation, reason = "octets")]
        let address = IpAddr::from([octets[0] as u8, octets[1] as u8, octets[2] as u8, 9]);
        let expected = usize::try_from(hash(octets) % 3).unwrap();
        assert_eq!(
            picks(Balance::IpHash, &seats, [address].into_iter()),
            [expected]
        );
    }
}

#[test]
fn ip_hash_leaves_no_target_without_clients() {
    for count in [3, 12] {
        let networks = (0..200).map(|number| client(number << 8));
        let mut places = picks(Balance::IpHash, &seats(count), networks);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len() as u64, count);
    }
}

#[test]
fn ip_hash_keeps_the_clients_of_open_targets_where_they_are_when_another_closes() {
    let mut seats = seats(4);
    let clients = || (0..500).map(|number| client(number << 8 | 5));
    let before = picks(Balance::IpHash, &seats, clients());
    seats[1].is_open = false;
    let after = picks(Balance::IpHash, &seats, clients());
    for (before, after) in before.iter().zip(after) {
        assert!(*before == after || *before == 1 && after != 1);
    }
}

#[test]
fn rendezvous_spreads_by_weight() {
    let mut seats = seats(3);
    seats[2].weight = 2 * WEIGHT;
    let mut counts: HashMap<usize, u32> = HashMap::new();
    for place in picks(Balance::Rendezvous, &seats, (0..20_000).map(client)) {
        *counts.entry(place).or_default() += 1;
    }
    for (place, expected) in [(0, 5000), (1, 5000), (2, 10_000)] {
        assert!(counts[&place].abs_diff(expected) < 400, "{counts:?}");
    }
}

proptest! {
    #[test]
    fn round_robin_gives_each_open_target_its_exact_share(weights in prop::collection::vec(1_u32..20, 1..8)) {
        let seats: Vec<_> = weights.iter().map(|weight| seat(*weight)).collect();
        let total: u32 = weights.iter().sum();
        let picked = picks(Balance::RoundRobin, &seats, (0..total).map(client));
        for (place, weight) in weights.iter().enumerate() {
            let count = picked.iter().filter(|picked| **picked == place).count();
            prop_assert_eq!(count, *weight as usize);
        }
    }

    #[test]
    fn least_conn_never_picks_a_strictly_more_loaded_target(
        rows in prop::collection::vec((1_u32..10, 0_usize..50, any::<bool>(), any::<bool>()), 1..10),
        rounds in 1_usize..5,
    ) {
        let seats: Vec<_> = rows
            .iter()
            .map(|&(weight, in_flight, is_open, is_backup)| Seat { in_flight, is_open, is_backup, ..seat(weight) })
            .collect();
        let mut balancer = Balancer::default();
        for _ in 0..rounds {
            let Some(picked) = balancer.pick(Balance::LeastConn, &seats, client(0)) else {
                prop_assert!(seats.iter().all(|seat| !seat.is_open));
                continue;
            };
            let picked = &seats[picked];
            prop_assert!(picked.is_open);
            for other in seats.iter().filter(|other| other.is_open && other.is_backup == picked.is_backup) {
                prop_assert!(!is_less_loaded(other, picked), "{:?} over {:?}", picked, other);
            }
        }
    }

    #[test]
    fn rendezvous_moves_only_the_clients_of_a_target_that_closes(gone in 0_usize..5, number in any::<u32>()) {
        let mut seats = seats(5);
        let before = picks(Balance::Rendezvous, &seats, [client(number)].into_iter())[0];
        seats[gone].is_open = false;
        let after = picks(Balance::Rendezvous, &seats, [client(number)].into_iter())[0];
        prop_assert!(before == after || before == gone);
    }

    #[test]
    fn an_open_target_is_always_found_and_a_closed_one_never(
        rows in prop::collection::vec((1_u32..5, any::<bool>(), any::<bool>()), 1..10),
        number in any::<u32>(),
        which in 0_usize..4,
    ) {
        let balance = [Balance::RoundRobin, Balance::LeastConn, Balance::IpHash, Balance::Rendezvous][which];
        let seats: Vec<_> = rows
            .iter()
            .map(|&(weight, is_open, is_backup)| Seat { is_open, is_backup, ..seat(weight) })
            .collect();
        let picked = Balancer::default().pick(balance, &seats, client(number));
        prop_assert_eq!(picked.is_some(), seats.iter().any(|seat| seat.is_open));
        prop_assert!(picked.is_none_or(|place| seats[place].is_open));
    }
}
