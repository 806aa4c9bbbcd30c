//! Which addresses a name stands for, as answers come in: what to believe, and what to check first.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use super::target::{Target, Verdict};

/// A name has to be denied so often in a row before its last targets are let go.
const DENIALS: u32 = 3;
/// Addresses that vanished are remembered up to this number.
const MOST_VANISHED: usize = 1024;

/// What was heard of a name, by the kind of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) ipv4: Heard,
    pub(super) ipv6: Heard,
    /// Whether it is about each task of a service, and not about the service.
    pub(super) is_of_tasks: bool,
}

/// What was heard of its addresses of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// It stands for these; not empty.
    Addresses(Vec<IpAddr>),
    /// It stands for nothing.
    Nothing,
    /// Nobody could say, for this reason.
    Silence(String),
}

impl Answer {
    fn kinds(&self) -> [&Heard; 2] {
        [&self.ipv4, &self.ipv6]
    }

    /// Whether it names any address.
    pub(super) fn has_addresses(&self) -> bool {
        let is_good = |heard: &&Heard| matches!(heard, Heard::Addresses(_));
        self.kinds().iter().any(is_good)
    }

    /// Whether the name is certain to stand for nothing.
    pub(super) fn is_denial(&self) -> bool {
        self.kinds() == [&Heard::Nothing; 2]
    }

    /// Why nobody could say.
    pub(super) fn silences(&self) -> impl Iterator<Item = &str> {
        self.kinds().into_iter().filter_map(|heard| match heard {
            Heard::Silence(reason) => Some(reason.as_str()),
            _ => None,
        })
    }
}

/// One name's targets.
#[derive(Debug, Default)]
pub(super) struct Roster {
    current: Vec<Arc<Target>>,
    vanished: VecDeque<IpAddr>,
    denials: u32,
    has_heard: bool,
    is_of_tasks: bool,
}

impl Roster {
    pub(super) fn current(&self) -> &[Arc<Target>] {
        &self.current
    }

    /// Whether these are the tasks of a service.
    pub(super) fn is_of_tasks(&self) -> bool {
        self.is_of_tasks
    }

    /// The same with other targets in the place of each.
    pub(super) fn map(&self, make: impl FnMut(&Arc<Target>) -> Arc<Target>) -> Self {
        Self {
            current: self.current.iter().map(make).collect(),
            vanished: self.vanished.clone(),
            denials: self.denials,
            has_heard: self.has_heard,
            is_of_tasks: self.is_of_tasks,
        }
    }

    /// Takes an answer in; true if the targets changed. `make` makes a target that is there from the start or not.
    pub(super) fn hear(
        &mut self,
        answer: Answer,
        make: impl Fn(IpAddr, Verdict, bool) -> Arc<Target>,
    ) -> bool {
        if answer.is_denial() {
            return self.deny();
        }
        if !answer.has_addresses() {
            return false;
        }
        self.denials = 0;
        self.is_of_tasks = answer.is_of_tasks;
        let ipv4 = self.of_kind(answer.ipv4, IpAddr::is_ipv4);
        let ipv6 = self.of_kind(answer.ipv6, IpAddr::is_ipv6);
        self.update([ipv4, ipv6].concat(), make)
    }

    /// The addresses of one kind: the last good answer stands while nobody can say.
    fn of_kind(&self, heard: Heard, is_of_kind: fn(&IpAddr) -> bool) -> Vec<IpAddr> {
        match heard {
            Heard::Addresses(addresses) => addresses,
            Heard::Nothing => Vec::new(),
            Heard::Silence(_) => {
                let current = self.current.iter().map(|target| target.socket.ip());
                current.filter(is_of_kind).collect()
            }
        }
    }

    fn deny(&mut self) -> bool {
        self.denials += 1;
        let is_lost = self.denials >= DENIALS && !self.current.is_empty();
        if is_lost {
            self.become_these(Vec::new());
        }
        is_lost
    }

    fn update(
        &mut self,
        mut addresses: Vec<IpAddr>,
        make: impl Fn(IpAddr, Verdict, bool) -> Arc<Target>,
    ) -> bool {
        // The order of answers is random; that of targets is not, so that `ip_hash` means something.
        addresses.sort_unstable();
        addresses.dedup();
        let is_first = !std::mem::replace(&mut self.has_heard, true);
        let is_same = addresses.len() == self.current.len()
            && self
                .current
                .iter()
                .zip(&addresses)
                .all(|(target, address)| target.socket.ip() == *address);
        if is_same {
            return false;
        }
        // Somebody else may have the address by now.
        let verdict = |address: &IpAddr| {
            if self.vanished.contains(address) {
                Verdict::Pending
            } else {
                Verdict::Up
            }
        };
        let target = |address: &IpAddr| {
            let mut known = self.current.iter();
            known
                .find(|target| target.socket.ip() == *address)
                .cloned()
                .unwrap_or_else(|| make(*address, verdict(address), is_first))
        };
        let next = addresses.iter().map(target).collect();
        self.become_these(next);
        true
    }

    fn become_these(&mut self, next: Vec<Arc<Target>>) {
        let is_there = |address: IpAddr| next.iter().any(|target| target.socket.ip() == address);
        self.vanished.retain(|address| !is_there(*address));
        for target in &self.current {
            if !is_there(target.socket.ip()) {
                self.vanished.push_back(target.socket.ip());
            }
        }
        let excess = self.vanished.len().saturating_sub(MOST_VANISHED);
        self.vanished.drain(..excess);
        self.current = next;
    }
}

#[cfg(test)]
mod tests;
