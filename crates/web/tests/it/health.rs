//! `GET /health`, and answers while a store is away.

use std::sync::Arc;

use async_trait::async_trait;
use school::StoreError;
use school::stores::StoreHealth;
use serde_json::json;

use crate::support::School;

/// A store that never answers.
struct Silent;

#[async_trait]
impl StoreHealth for Silent {
    async fn check(&self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

/// A store that says that it is away.
struct Away;

#[async_trait]
impl StoreHealth for Away {
    async fn check(&self) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("no connection to 10.0.0.7".into()))
    }
}

#[tokio::test]
async fn a_healthy_server_says_so_in_the_agreed_form() {
    let school = School::open().await;
    let answer = school.anonymous().get("/health").await.expect(200);
    assert_eq!(
        answer.text(),
        r#"{"status":"healthy","timestamp":"2026-11-20T12:00:00Z"}"#
    );
    assert_eq!(answer.header("content-type"), "application/json");
    school.pass(std::time::Duration::from_millis(1234));
    let answer = school.anonymous().get("/health").await.expect(200);
    assert_eq!(answer.json()["timestamp"], json!("2026-11-20T12:00:01Z"));
}

#[tokio::test]
async fn a_store_that_is_away_or_silent_makes_it_503_within_a_second() {
    for health in [Arc::new(Away) as Arc<dyn StoreHealth>, Arc::new(Silent)] {
        let school = School::with(|app| app.stores.health = health).await;
        let started = std::time::Instant::now();
        let answer = school.anonymous().get("/health").await;
        assert!(started.elapsed() < std::time::Duration::from_millis(1500));
        assert_eq!(answer.header("retry-after"), "2");
        let problem = answer.expect_problem(503, "unavailable");
        assert!(!problem.to_string().contains("10.0.0.7"), "{problem}");
    }
}
