//! A server that is attacked while others ask it, and what that costs.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use tempfile::{TempDir, tempdir};

use super::attackers::{ATTACKERS, Attack, Attackers, Met, Over};
use super::cost::Cost;
use super::others::Others;
use crate::server::Server;

/// Others are served at least so often during an attack.
const ROUNDS: u32 = 10;

/// So much memory all attackers together may have cost at any time.
const MOST_MEMORY: u64 = 32 * 1024 * 1024;

/// A connection of an attacker may cost as much processor time as so many rounds of others: before a connection is
/// judged, it may be read for some time without a pause.
const MOST_ROUNDS: u32 = 100;

pub(crate) struct Siege {
    server: Server,
    _directory: TempDir,
}

impl Siege {
    pub(crate) fn begin() -> Self {
        let directory = tempdir().unwrap();
        Self {
            server: Server::start(directory.path(), &[]),
            _directory: directory,
        }
    }

    /// For an attacker who has an account.
    pub(crate) fn token(&self) -> String {
        self.server.token()
    }

    /// Lets attackers loose; fails if others aren't served meanwhile, or the server pays too much.
    pub(crate) fn endure(&self, attack: &Attack) -> Met {
        let mut others = Others::meet(&self.server);
        let mut serve = |count| (0..count).for_each(|_| others.ask());
        serve(ROUNDS);
        let calm = self.cost();
        serve(ROUNDS);
        let round = self.cost().processor_since(&calm) / ROUNDS;
        Cost::forget_peak(self.server.pid());
        let trust = self.server.trust();
        let attackers = Attackers::new(attack, self.server.https_address(), &trust);
        let before = self.cost();
        thread::scope(|scope| {
            let over = Over(&attackers);
            for _ in 0..ATTACKERS {
                scope.spawn(|| attackers.attack());
            }
            let mut rounds = ROUNDS;
            serve(rounds);
            while !attackers.have_done_enough() {
                serve(1);
                rounds += 1;
            }
            judge(&attackers.met, (before, self.cost()), (round, rounds));
            drop(over);
        });
        serve(1);
        attackers.met
    }

    fn cost(&self) -> Cost {
        Cost::of(self.server.pid())
    }
}

fn judge(met: &Met, (before, after): (Cost, Cost), (round, rounds): (Duration, u32)) {
    let memory = after.peak.saturating_sub(before.memory);
    assert!(memory <= MOST_MEMORY, "{memory} bytes more for {met:?}");
    let spent = after
        .processor_since(&before)
        .saturating_sub(round * rounds);
    let connections = u32::try_from(met.connections.load(Relaxed)).expect("a moderate number");
    let most = round * MOST_ROUNDS * connections;
    assert!(spent <= most, "{spent:?} of {most:?} for {met:?}");
}
