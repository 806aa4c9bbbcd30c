//! Bans on PostgreSQL: the contract of their port, directly and through a pooler, and a server that is killed.

use std::time::Duration;

use testkit::Cable;
use testkit::postgres::{Pooler, Server};
use tokio::time::timeout;
use traffic::BanError;
use traffic::ban_contract::{Fresh, at, author, ban};

use crate::bans::of;
use crate::postgres::house::{House, open_at};

async fn fresh() -> Fresh {
    let house = House::new().await;
    Fresh {
        bans: house.opened.bans.clone(),
        trail: of(&house.opened),
        kept: Box::new(house),
    }
}

traffic::ban_contract_tests!(
    tokio::test(flavor = "multi_thread", worker_threads = 2),
    fresh
);

mod pooled {
    //! The same through `PgBouncer`.

    use super::*;

    async fn fresh() -> Fresh {
        let server = Server::default();
        let pooler = Pooler::before(&server);
        let opened = open_at(pooler.address()).await;
        Fresh {
            bans: opened.bans.clone(),
            trail: of(&opened),
            kept: Box::new((opened, pooler, server)),
        }
    }

    traffic::ban_contract_tests!(
        tokio::test(flavor = "multi_thread", worker_threads = 2),
        fresh
    );
}

mod bad_way {
    //! The same over a slow way whose connections were just cut.

    use super::*;

    async fn fresh() -> Fresh {
        let server = Server::default();
        let cable = Cable::to(server.address());
        cable.delay(Duration::from_millis(1));
        let opened = open_at(cable.address()).await;
        assert_eq!(opened.bans.list(at(0)).await.unwrap(), []);
        cable.cut();
        Fresh {
            bans: opened.bans.clone(),
            trail: of(&opened),
            kept: Box::new((opened, cable, server)),
        }
    }

    traffic::ban_contract_tests!(
        tokio::test(flavor = "multi_thread", worker_threads = 2),
        fresh
    );
}

#[tokio::test]
async fn bans_outlive_a_server_that_was_killed() {
    let mut house = House::new().await;
    let (first, second) = (ban("203.0.113.7"), ban("203.0.113.8"));
    house
        .opened
        .bans
        .put(&first, None, &author())
        .await
        .unwrap();
    house.server.kill();
    let away = house.opened.bans.list(at(0)).await;
    assert!(matches!(away, Err(BanError::Away(_))), "{away:?}");
    house.server.start();
    let back = async {
        while house
            .opened
            .bans
            .put(&second, None, &author())
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), back).await.unwrap();
    assert_eq!(
        house.opened.bans.list(at(0)).await.unwrap(),
        [first, second]
    );
}
