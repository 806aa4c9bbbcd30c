//! Many servers on one database: started at once, and each with what the others wrote.

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::house::House;
use crate::server::{Server, Starting, get};

const TEN: usize = 10;

#[test]
fn ten_that_start_at_once_make_one_schema_one_administrator_and_one_token() {
    let house = House::default();
    let directories: Vec<TempDir> = (0..TEN).map(|_| TempDir::new().unwrap()).collect();
    let leading = house.leading();
    let start = |directory: &TempDir| Starting::start(directory.path(), &["--set", &leading]);
    let starting: Vec<Starting> = directories.iter().map(start).collect();
    let servers: Vec<Server> = starting.into_iter().map(Starting::ready).collect();
    let is_first = |server: &&Server| server.welcome().contains("one-time password");
    assert_eq!(servers.iter().filter(is_first).count(), 1);
    let first = servers.iter().find(is_first).unwrap();
    let count = |table: &str| house.database.sql(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((count("person"), count("token")), ("1".into(), "1".into()));
    assert_eq!(
        house
            .database
            .sql("SELECT count(*) - max(id) FROM migration"),
        "0"
    );
    let lists: BTreeSet<String> = servers
        .iter()
        .map(|server| {
            let answer = server.http().exchange(get("/users", &first.token()));
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.text().to_owned()
        })
        .collect();
    assert_eq!(lists.len(), 1);
    let other = servers.iter().find(|server| !is_first(server)).unwrap();
    assert!(
        other.welcome().contains("`pendopo token new"),
        "{}",
        other.welcome()
    );
}
