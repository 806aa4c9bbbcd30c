//! The behaviour that the school expects of every adapter, with messages and sessions on the server.

school::contract_tests!(crate::house::fresh);

mod near {
    //! The same with people kept near.

    use school::contract::Fresh;

    use crate::near::House;

    async fn fresh() -> Fresh {
        let house = House::new();
        house.must_hear().await;
        Fresh {
            stores: house.one.stores.clone(),
            kept: Box::new(house),
        }
    }

    school::contract_tests!(crate::contract::near::fresh);
}
