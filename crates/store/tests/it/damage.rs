//! Files that are no database of ours, and damaged ones: each refused in words, none touched.

use std::fs;

use store::OpenError;

use crate::person::add;
use crate::place::Place;

fn refusal(place: &Place) -> OpenError {
    match place.try_open() {
        Ok(_) => panic!("the file was opened"),
        Err(error) => error,
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    for text in ["hello", "SQLite format 2\0 and more", &"x".repeat(100_000)] {
        let place = Place::new();
        fs::write(place.path(), text).unwrap();
        let error = refusal(&place);
        assert!(matches!(error, OpenError::NotADatabase(_)), "{error}");
        assert!(error.to_string().contains("move it away"), "{error}");
        assert_eq!(fs::read_to_string(place.path()).unwrap(), text);
    }
}

#[test]
fn an_empty_file_is_a_new_database() {
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    assert_eq!(place.open().status().schema, store::newest_schema());
}

#[test]
fn a_header_with_nothing_behind_it_is_refused() {
    let place = Place::new();
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.extend([0xAB; 5_000]);
    fs::write(place.path(), &bytes).unwrap();
    let error = refusal(&place);
    assert!(
        matches!(
            error,
            OpenError::NotADatabase(_) | OpenError::Damaged { .. }
        ),
        "{error}"
    );
}

#[test]
fn another_programs_database_is_refused() {
    let place = Place::new();
    place
        .connect()
        .execute_batch("CREATE TABLE photo (id INTEGER)")
        .unwrap();
    let error = refusal(&place);
    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
    assert_eq!(place.count("photo"), 0);
}

#[test]
fn a_directory_and_a_missing_one_are_told_apart() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    assert!(matches!(refusal(&place), OpenError::IsDirectory(_)));
    let missing = Place::new();
    fs::remove_dir(missing.directory()).unwrap();
    let error = refusal(&missing);
    assert!(matches!(error, OpenError::NoDirectory(_)), "{error}");
    fs::create_dir(missing.directory()).unwrap();
}

#[test]
fn a_newer_schema_is_refused_with_the_mend() {
    let place = Place::new();
    place.open().close();
    let newer =
        "INSERT INTO migration (id, name, checksum, applied_at) VALUES (9, 'later', x'00', 0)";
    place.connect().execute_batch(newer).unwrap();
    let error = refusal(&place);
    let known = store::newest_schema();
    let expected =
        format!("has schema 9, and this version knows none above {known}; run the newer version");
    assert!(error.to_string().contains(&expected), "{error}");
}

/// After a crash the file is looked through before it is used.
#[tokio::test]
async fn a_damaged_page_is_found_when_the_last_run_crashed() {
    let place = Place::new();
    let opened = place.open();
    for number in 0..300 {
        add(&opened.stores, &format!("Murid {number}"))
            .await
            .unwrap();
    }
    opened.close();
    let left = Place::new();
    let keeping = place.open();
    add(&keeping.stores, "one more in the log").await.unwrap();
    fs::copy(place.log_path(), left.log_path()).unwrap();
    let mut bytes = fs::read(place.path()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5A);
    fs::write(left.path(), &bytes).unwrap();
    let error = refusal(&left);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
}
