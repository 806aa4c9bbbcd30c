//! `pendopo copy`, killed in its middle.

use std::process::Stdio;

use testkit::postgres;

use super::house::House;
use crate::run::{command, run};
use crate::server::{Server, post};

const FILE: &str = "sqlite:data/pendopo.db";
const TRUST: &str = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

/// Has the rows of messages wait in the database that is being made.
const SLOW: &str = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
    CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.message') THEN
    CREATE TRIGGER waits BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION wait(); END IF; END $$;
    CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION slow()";
const QUICK: &str = "DROP EVENT TRIGGER slow; DROP FUNCTION slow; DROP FUNCTION wait CASCADE";

fn says(server: &Server, text: &str) {
    let body = format!(r#"{{"message":"{text}"}}"#);
    let said = post("/messages", &server.token(), "", &body);
    let answer = server.http().exchange(said);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn a_copy_that_is_killed_harms_neither_side_and_can_be_made_again() {
    let settings = [("client_connection_check_interval", "50")];
    let house = House::of(postgres::Server::with(TRUST, &settings));
    let server = Server::start(house.path(), &[]);
    says(&server, "satu");
    house.database.sql(SLOW);
    let to = house.database.url();
    let words = ["copy", "--from", FILE, "--to", &to];
    let mut copying = command(house.path())
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    house.await_activity("COPY message%");
    copying.kill().unwrap();
    copying.wait().unwrap();
    house.database.sql(QUICK);
    let kept = house.database.sql("SELECT count(*) FROM person");
    assert_eq!(kept, "0", "rows of the half copy");
    // Those who write to the old records are held up by nobody.
    says(&server, "dua");
    let again = run(house.path(), &words);
    assert!(again.good().contains("is the same in both"));
    assert_eq!(house.database.sql("SELECT count(*) FROM message"), "2");
    server.stop();
}
