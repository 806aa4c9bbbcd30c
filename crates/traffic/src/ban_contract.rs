//! The behaviour that every store of bans must show, written once against the port.
//!
//! An adapter's tests call [`ban_contract_tests!`](crate::ban_contract_tests) with a function that makes fresh bans, and
//! get a named test for each behaviour.

pub mod changes;
pub mod reading;

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::ban::Ban;
use crate::ban_store::{Author, BanState, BanStore};
use crate::network::Network;

/// Bans of one test's own, of which there are none.
pub struct Fresh {
    /// The bans.
    pub bans: Arc<dyn BanStore>,
    /// Where their changes are told.
    pub trail: Box<dyn Trail>,
    /// What must live as long as they do, such as a directory.
    pub kept: Box<dyn Any + Send>,
}

/// The audit trail in which changes are told.
#[async_trait]
pub trait Trail: Send + Sync {
    /// What was told, oldest first.
    async fn told(&self) -> Vec<Told>;
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What was done.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// The number of the change.
    pub number: Option<i64>,
    /// The ban before.
    pub before: Option<Ban>,
    /// The ban after.
    pub after: Option<Ban>,
}

impl Told {
    /// An entry as a trail keeps it, with the bans as JSON.
    pub fn read(
        action: String,
        actor: String,
        number: Option<i64>,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Self {
        let ban = |text| serde_json::from_str(text).expect("a ban in the trail");
        Self {
            action,
            actor,
            number,
            before: before.map(ban),
            after: after.map(ban),
        }
    }
}

/// Makes a test of every behaviour: the attribute that makes a function a test, and a function that answers a future of
/// `Fresh`.
#[macro_export]
macro_rules! ban_contract_tests {
    ($test:meta, $fresh:ident) => {
        $crate::ban_contract_tests! { $test, $fresh;
            reading:
                a_ban_is_read_back_as_written
                bans_come_in_the_order_of_their_networks
                the_state_is_another_after_each_change_and_only_then
                a_ban_that_has_ended_is_none;
            changes:
                a_ban_takes_the_place_of_the_one_before
                a_ban_is_changed_only_as_it_was_seen
                of_many_who_ban_one_network_one_does
                many_bans_at_once_are_all_kept
                each_change_is_told_with_the_ban_before_and_after
                what_failed_leaves_no_trace;
        }
    };
    ($test:meta, $fresh:ident; $($module:ident: $($name:ident)+;)+) => {
        $crate::ban_contract_tests! { @each $test, $fresh; $($($module $name)+)+ }
    };
    (@each $test:meta, $fresh:ident; $($module:ident $name:ident)+) => {
        $(#[$test]
        async fn $name() {
            let fresh = $fresh().await;
            $crate::ban_contract::$module::$name(&fresh).await;
        })+
    };
}

/// Noon of a day, and so many seconds.
pub fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-11-20T12:00:00.000001Z".parse().expect("it is a time");
    noon + SignedDuration::from_secs(seconds)
}

/// A ban for good, since noon.
pub fn ban(network: &str) -> Ban {
    Ban {
        network: network.parse().expect("it is a network"),
        reason: "guesses passwords".to_owned(),
        by: "console".to_owned(),
        since: at(0),
        until: None,
        is_forced: false,
    }
}

/// Who makes bans in tests.
pub fn author() -> Author {
    Author {
        name: "console".to_owned(),
        address: None,
        request_id: None,
    }
}

impl Fresh {
    async fn put(&self, ban: &Ban) -> i64 {
        let put = self.bans.put(ban, None, &author()).await;
        put.expect("the store takes a ban")
    }

    async fn list(&self, second: i64) -> Vec<Ban> {
        let listed = self.bans.list(at(second)).await;
        listed.expect("the store lists bans")
    }

    async fn find(&self, network: Network, second: i64) -> Option<Ban> {
        let found = self.bans.find(network, at(second)).await;
        found.expect("the store finds bans")
    }

    async fn state(&self) -> BanState {
        let found = self.bans.changes(None, at(0)).await;
        found
            .expect("the store tells its state")
            .expect("nothing is known")
            .0
    }
}
