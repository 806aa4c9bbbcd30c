//! The access log on disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use edge::config::{ByteSize, Span};
use serde_json::Value;

use crate::house::{House, eventually, lines};

fn get(house: &House, target: &str) {
    house.plain().exchange(format!(
        "GET {target} HTTP/1.1\r\nhost: sekolah.example:80\r\n\r\n"
    ));
}

fn sequence(records: &[Value]) -> Vec<u64> {
    records
        .iter()
        .map(|record| record["seq"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_record_tells_all_that_is_known_of_a_request() {
    let house = House::open();
    let mut client = house.tls();
    client.exchange(
        "POST /echo?q=1&token=s3cret HTTP/1.1\r\nhost: localhost:8443\r\nuser-agent: test/1\r\n\
         referer: https://a.example/?code=s3cret\r\ncontent-length: 5\r\n\r\nhello",
    );
    let record = house.records(1).remove(0);
    assert_eq!(
        (record["gen"].as_u64(), record["seq"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(record["client"], "127.0.0.1");
    assert_eq!(
        (record["scheme"].as_str(), record["protocol"].as_str()),
        (Some("https"), Some("HTTP/1.1"))
    );
    assert_eq!(
        (record["method"].as_str(), record["host"].as_str()),
        (Some("POST"), Some("localhost"))
    );
    assert_eq!(record["target"], "/echo?q=1&token=***");
    assert_eq!(
        (record["status"].as_u64(), record["bytes_in"].as_u64()),
        (Some(200), Some(5))
    );
    assert!(record["bytes_out"].as_u64().unwrap() > 100);
    assert!(record["duration_us"].as_u64().unwrap() > 0);
    assert_eq!(
        (record["upstream"].as_str(), record["agent"].as_str()),
        (Some("web"), Some("test/1"))
    );
    assert_eq!(record["referer"], "https://a.example/?code=***");
    assert_eq!(record["id"].as_str().unwrap().len(), 32);
    let time = record["time"].as_str().unwrap();
    assert!(
        time.len() == "2026-11-20T12:00:00.000001Z".len() && time.ends_with('Z'),
        "{time}"
    );
    let text = fs::read_to_string(house.file("logs/access.log")).unwrap();
    assert!(traffic::Line::parse(text.trim_end().as_bytes()).is_ok());
}

#[test]
fn lines_are_numbered_without_a_gap_and_each_start_has_a_generation() {
    let house = House::with(|plan| plan.threads = 2);
    for _ in 0..50 {
        get(&house, "/");
    }
    assert_eq!(sequence(&house.records(50)), (1..=50).collect::<Vec<_>>());
    let house = House::within(house.close(), |_| {}).unwrap();
    get(&house, "/");
    let last = house.records(51).remove(50);
    assert_eq!(
        (last["gen"].as_u64(), last["seq"].as_u64()),
        (Some(2), Some(1))
    );
}

#[test]
fn the_log_is_for_its_owner_and_group_only() {
    let house = House::open();
    get(&house, "/");
    house.records(1);
    let mode = |name: &str| fs::metadata(house.file(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("logs/access.log") & !0o640, mode("logs")), (0, 0o700));
}

#[test]
fn nothing_is_lost_at_the_end() {
    let house = House::open();
    for _ in 0..20 {
        get(&house, "/");
    }
    let directory = house.close();
    let text = fs::read_to_string(directory.path().join("logs/access.log")).unwrap();
    assert_eq!(lines(&text).len(), 20);
}

#[test]
fn half_a_line_that_a_killed_run_left_is_ended() {
    let directory = House::open().close();
    let log = directory.path().join("logs/access.log");
    fs::write(&log, "{\"gen\":1,\"se").unwrap();
    let house = House::within(directory, |_| {}).unwrap();
    get(&house, "/");
    eventually("a second line", || {
        fs::read_to_string(&log).unwrap().lines().count() == 2
    });
    assert!(
        fs::read_to_string(&log)
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("{\"gen\":2,\"seq\":1,")
    );
}

/// Every line in the finished files, the oldest first, and in the current one.
fn everything(house: &House) -> Vec<Value> {
    let mut paths: Vec<_> = fs::read_dir(house.file("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "zst"));
    paths.sort();
    let mut text: String = paths
        .iter()
        .map(|path| {
            String::from_utf8(zstd::decode_all(fs::File::open(path).unwrap()).unwrap()).unwrap()
        })
        .collect();
    text += &fs::read_to_string(house.file("logs/access.log")).unwrap();
    lines(&text)
}

#[test]
fn a_full_file_makes_way_for_a_new_one_and_is_compressed_without_losing_a_line() {
    let house = House::with(|plan| plan.config.log.size = ByteSize::kib(4));
    for count in 1..=60 {
        get(&house, "/");
        eventually("the line", || {
            house.metric("edge_request_duration_seconds_count") == count
        });
    }
    let house = House::within(house.close(), |plan| {
        plan.config.log.size = ByteSize::kib(4);
    })
    .unwrap();
    eventually("all finished files compressed", || {
        everything(&house).len() == 60
    });
    assert_eq!(sequence(&everything(&house)), (1..=60).collect::<Vec<_>>());
}

#[test]
fn only_so_many_finished_files_are_kept() {
    let config = |plan: &mut crate::house::Plan| {
        (plan.config.log.size, plan.config.log.keep) = (ByteSize::bytes(1), 2);
    };
    let house = House::with(config);
    for count in 1..=10 {
        get(&house, "/");
        eventually("the line", || {
            house.metric("edge_request_duration_seconds_count") == count
        });
    }
    let house = House::within(house.close(), config).unwrap();
    let finished = || {
        let names = fs::read_dir(house.file("logs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("access-")).collect();
        names.sort();
        names
    };
    eventually("two files", || {
        finished().len() == 2 && finished().iter().all(|name| name.ends_with(".log.zst"))
    });
    assert!(
        sequence(&everything(&house)).contains(&9),
        "the newest are kept"
    );
}

#[test]
fn a_reload_has_the_next_line_begin_a_file_that_is_full_by_the_new_settings() {
    let house = House::open();
    get(&house, "/");
    house.records(1);
    let mut config = house.config.clone();
    config.log.size = ByteSize::bytes(1);
    house.control.reload(config, &[]).unwrap();
    get(&house, "/");
    eventually("a new file", || {
        let text = fs::read_to_string(house.file("logs/access.log")).unwrap_or_default();
        text.starts_with("{\"gen\":1,\"seq\":2,")
    });
    assert_eq!(
        sequence(&everything(&House::within(house.close(), |_| {}).unwrap())),
        [1, 2]
    );
}

#[test]
fn an_old_file_makes_way_for_a_new_one() {
    let house = House::with(|plan| plan.config.log.age = Span::from_millis(200));
    get(&house, "/");
    house.records(1);
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    get(&house, "/");
    eventually("a new file", || {
        let text = fs::read_to_string(house.file("logs/access.log")).unwrap_or_default();
        text.starts_with("{\"gen\":1,\"seq\":2,")
    });
}

#[test]
fn a_file_that_was_moved_away_is_begun_anew() {
    let house = House::open();
    get(&house, "/");
    house.records(1);
    fs::rename(house.file("logs/access.log"), house.file("logs/moved")).unwrap();
    eventually("a new file", || {
        get(&house, "/");
        house.file("logs/access.log").exists()
    });
    house.records(1);
}

#[test]
fn a_full_disk_delays_lines_and_no_request() {
    let directory = House::open().close();
    let log = directory.path().join("logs/access.log");
    fs::remove_file(&log).unwrap();
    symlink("/dev/full", &log).unwrap();
    let house = House::within(directory, |_| {}).unwrap();
    for _ in 0..100 {
        get(&house, "/");
    }
    eventually("a failed write", || {
        house.metric("edge_log_errors_total") >= 2
    });
    fs::remove_file(&log).unwrap();
    let records = house.records(100);
    assert_eq!(sequence(&records), (1..=100).collect::<Vec<_>>());
    assert_eq!(house.metric("edge_log_dropped_total"), 0);
}

#[test]
fn an_unusable_log_directory_is_one_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("logs"), "a file").unwrap();
    let error = House::within(directory, |_| {}).err().unwrap().to_string();
    assert!(
        error.contains("logs") && error.contains("access log"),
        "{error}"
    );
}

#[test]
fn texts_are_cut_and_odd_bytes_are_shown() {
    let house = House::open();
    let long = "x".repeat(5000);
    let request = format!("GET /{long} HTTP/1.1\r\nhost: a\r\nuser-agent: caf\u{e9}\r\n\r\n");
    house.plain().exchange(request);
    let odd = b"GET / HTTP/1.1\r\nhost: a\r\nuser-agent: \xff\"\r\n\r\n";
    house.plain().exchange(odd);
    let records = house.records(2);
    assert_eq!(records[0]["target"].as_str().unwrap().len(), 2048);
    assert_eq!(records[0]["agent"], "caf\u{e9}");
    assert_eq!(records[1]["agent"], "\u{fffd}\"");
}
