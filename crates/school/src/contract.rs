//! The behaviour that every adapter must show, written once against the ports.
//!
//! An adapter's tests call [`contract_tests!`](crate::contract_tests) with a function that makes fresh stores, and get a
//! named test for each behaviour; and drive [`model::agrees`] with random operations.

pub mod audit;
mod crowd;
pub mod messages;
pub mod model;
pub mod people;
pub mod people_kept;
pub mod people_listed;
pub mod repeat;
mod sample;
pub mod sessions;
pub mod settings;
pub mod tokens;

use std::any::Any;

use crate::stores::Stores;

/// Empty stores of one test's own.
pub struct Fresh {
    /// The stores.
    pub stores: Stores,
    /// What must live as long as they do, such as a directory.
    pub kept: Box<dyn Any + Send>,
}

/// Every behaviour, handed to another macro as `module: names;`.
#[macro_export]
macro_rules! contract_behaviours {
    ($then:ident, $($with:tt)*) => {
        $crate::$then! { $($with)*
            people:
                a_person_is_read_back_as_written
                the_longest_texts_are_kept
                an_unknown_id_finds_nobody
                names_to_sign_in_with_are_unique_whatever_their_case
                of_many_who_want_one_address_one_gets_it
                somebody_is_found_by_either_name_to_sign_in_with
                ids_are_never_given_twice
                an_update_of_another_version_is_stale_and_changes_nothing
                of_many_updates_of_one_version_one_is_done
                somebody_who_is_gone_is_not_found
                what_failed_leaves_no_trace;
            people_kept:
                the_last_administrator_stays
                only_administrators_who_can_sign_in_count
                of_two_administrators_who_remove_each_other_one_stays
                a_school_may_begin_without_an_administrator
                disabling_ends_every_session
                a_new_password_ends_all_sessions_but_the_one_kept
                removal_takes_sessions_and_tokens_and_leaves_messages;
            people_listed:
                pages_come_by_id_and_with_the_total
                a_walk_meets_each_row_once_while_others_come_and_go
                a_search_finds_text_in_any_name_whatever_its_case
                in_a_search_wildcards_mean_themselves
                a_search_is_paged_like_the_list;
            sessions:
                a_session_is_read_back_as_written
                a_persons_sessions_come_last_used_first
                signing_in_clears_what_is_dead_or_replaced
                use_is_noted_and_never_goes_back
                only_its_owner_ends_a_session
                nobody_signs_in_who_is_gone_or_disabled;
            tokens:
                a_token_is_read_back_as_written
                tokens_come_newest_first_and_by_owner
                a_token_is_revoked_only_by_whom_it_is_said
                a_token_comes_with_its_owner_as_they_are_now
                a_token_needs_an_owner;
            messages:
                messages_come_newest_first
                a_message_is_read_back_as_written
                a_walk_meets_each_message_once_while_others_come_and_go
                a_message_is_removed_once
                a_message_of_somebody_gone_has_no_author;
            repeat:
                a_request_sent_twice_is_done_once
                a_key_used_for_another_request_is_refused
                two_callers_may_use_the_same_key
                a_key_is_forgotten_after_a_day
                of_many_requests_with_one_key_one_is_done
                what_failed_is_not_remembered
                messages_and_people_share_the_keys;
            audit:
                each_change_is_told_with_its_object
                the_trail_comes_newest_first_and_with_its_length
                the_trail_is_walked_from_its_start
                what_another_store_changed_is_told_once
                the_chain_is_sound_under_many_writers
                everything_told_is_chained;
            settings:
                the_first_value_stays
                many_who_start_together_agree
                the_store_says_that_it_is_well;
        }
    };
}

/// Makes a test of every behaviour: `school::contract_tests!(crate::place::fresh);` names a function, by its
/// path from the root of the crate, that answers a future of `Fresh`.
#[macro_export]
macro_rules! contract_tests {
    ($fresh:path) => {
        $crate::contract_behaviours! { contract_tests, $fresh; }
    };
    ($fresh:path; $($module:ident: $($name:ident)+;)+) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let fresh = $fresh().await;
                $crate::contract::$module::$name(&fresh.stores).await;
            })+
        })+
    };
}

/// Runs every behaviour in turn, for a server that takes long to start: `school::contract_in_turn!(fresh);` calls
/// `fresh` with each behaviour's name, and gets a future of `Fresh`.
#[macro_export]
macro_rules! contract_in_turn {
    ($fresh:expr) => {
        $crate::contract_behaviours! { contract_in_turn, $fresh; }
    };
    ($fresh:expr; $($module:ident: $($name:ident)+;)+) => {
        $($(
            let fresh = $fresh(stringify!($name)).await;
            $crate::contract::$module::$name(&fresh.stores).await;
        )+)+
    };
}

/// The names alone.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_names {
    ($($module:ident: $($name:ident)+;)+) => {
        &[$($((stringify!($module), stringify!($name))),+),+]
    };
}

#[cfg(test)]
mod tests {
    const NAMES: &[(&str, &str)] = crate::contract_behaviours!(contract_names,);
    const SOURCES: &[(&str, &str)] = &[
        ("audit", include_str!("contract/audit.rs")),
        ("messages", include_str!("contract/messages.rs")),
        ("people", include_str!("contract/people.rs")),
        ("people_kept", include_str!("contract/people_kept.rs")),
        ("people_listed", include_str!("contract/people_listed.rs")),
        ("repeat", include_str!("contract/repeat.rs")),
        ("sessions", include_str!("contract/sessions.rs")),
        ("settings", include_str!("contract/settings.rs")),
        ("tokens", include_str!("contract/tokens.rs")),
    ];

    #[test]
    fn no_behaviour_is_left_out_of_the_tests() {
        let names = SOURCES.iter().flat_map(|(module, source)| {
            let heads = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn "));
            heads.map(|head| (*module, head.split('(').next().unwrap_or_default()))
        });
        let left_out = names.filter(|name| !NAMES.contains(name));
        assert_eq!(left_out.collect::<Vec<_>>(), []);
    }
}
