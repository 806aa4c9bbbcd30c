//! The behaviour that the school expects of every adapter.

use std::future::{Ready, ready};

use school::contract::Fresh;

use crate::place::Place;

fn fresh() -> Ready<Fresh> {
    let place = Place::new();
    let opened = place.open();
    ready(Fresh {
        stores: opened.stores.clone(),
        kept: Box::new((opened, place)),
    })
}

school::contract_tests!(crate::contract::fresh);
