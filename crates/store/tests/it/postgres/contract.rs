//! The behaviour that the school expects of every adapter.

use school::contract::Fresh;

use super::house::House;

async fn fresh() -> Fresh {
    let house = House::new().await;
    let statements = ("statements", "kept prepared".to_owned());
    assert!(house.opened.status().more.contains(&statements));
    Fresh {
        stores: house.stores().clone(),
        kept: Box::new(house),
    }
}

school::contract_tests!(crate::postgres::contract::fresh);
