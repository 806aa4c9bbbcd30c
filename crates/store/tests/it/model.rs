//! Random operations on SQLite and on a school in plain memory.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::proptest;
use tokio::runtime::Builder;

use crate::place::Place;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_and_a_school_in_memory_agree(bytes in vec(any::<[u8; 4]>(), 0..120)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let place = Place::new();
        let opened = place.open();
        runtime.block_on(school::contract::model::agrees(&opened.stores, &bytes));
    }
}
