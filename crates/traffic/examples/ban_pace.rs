//! What bans cost an edge: `cargo run --release -p traffic --example ban_pace`.
//!
//! Lays lists of bans out, and looks addresses up in them that are banned and that are not. For counts that hold on a busy
//! machine: `perf stat -e instructions:u target/release/examples/ban_pace 100000 10000000`, with these numbers of bans and
//! of looks.

use std::env::args;
use std::hint::black_box;
use std::io::{self, Write, stdout};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use jiff::Timestamp;
use traffic::{Ban, BanList, MOST_BANS, Network};

fn main() -> io::Result<()> {
    let given: Vec<usize> = args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    if let [bans, looks] = given[..] {
        return measure(bans, looks);
    }
    for bans in [0, 1, 100, 10_000, MOST_BANS] {
        measure(bans, 2_000_000)?;
    }
    Ok(())
}

/// Each second address of a row of networks is banned, and each network of 16 addresses holds some.
fn bans(count: usize) -> Vec<Ban> {
    let ban = |number: usize| Ban {
        network: Network::of(address(number * 2)),
        reason: String::new(),
        by: "console".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        until: None,
        is_forced: false,
    };
    (0..count).map(ban).collect()
}

fn address(number: usize) -> IpAddr {
    let bits = u32::try_from(number).unwrap_or(u32::MAX) | 0x0a00_0000;
    IpAddr::V4(Ipv4Addr::from_bits(bits))
}

fn measure(count: usize, looks: usize) -> io::Result<()> {
    let bans = bans(count);
    let begun = Instant::now();
    let list = BanList::new(&bans);
    let laid_out = begun.elapsed();
    let begun = Instant::now();
    let mut found = 0;
    // A step that meets the places of the list in no order.
    for look in 0..looks {
        let asked = address(look.wrapping_mul(0x9e37_79b1) % (2 * MOST_BANS));
        found += usize::from(
            black_box(&list)
                .find(asked, || Timestamp::UNIX_EPOCH)
                .is_some(),
        );
    }
    let looked = begun.elapsed() / u32::try_from(looks.max(1)).unwrap_or(u32::MAX);
    writeln!(
        stdout(),
        "{count:>7} bans: laid out in {laid_out:.1?}, a look takes {looked:.1?}; {found} of {looks} found"
    )
}
