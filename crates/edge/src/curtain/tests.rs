//! What is held back, and what goes on as it is.

use tokio::io::AsyncWriteExt;

use super::*;

fn date(age: Duration) -> String {
    let time = SystemTime::from(Timestamp::now()) - age;
    httpdate::fmt_http_date(time)
}

fn bare(status: &str, age: Duration) -> String {
    let date = date(age);
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: {date}\r\n\r\n")
}

/// What arrives of the writes, and what is held back after them.
fn written(writes: &[&str]) -> (String, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut curtain = Curtain::new(Vec::new());
        for bytes in writes {
            curtain.write_all(bytes.as_bytes()).await.unwrap();
            curtain.flush().await.unwrap();
        }
        curtain.shutdown().await.unwrap();
        let (arrived, held) = curtain.open();
        (
            String::from_utf8(arrived).unwrap(),
            String::from_utf8(held).unwrap(),
        )
    })
}

#[test]
fn hypers_own_answer_is_held_back_behind_whatever_it_stands() {
    for status in STATUSES {
        let own = bare(status, Duration::ZERO);
        assert_eq!(written(&[&own]), (String::new(), own.clone()), "{status}");
        let before = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let both = format!("{before}{own}");
        assert_eq!(written(&[&both]), (before.to_owned(), own.clone()));
        assert_eq!(written(&[before, &own]), (before.to_owned(), own));
    }
}

#[test]
fn other_answers_are_not() {
    let now = date(Duration::ZERO);
    for other in [
        format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\ndate: {now}\r\n\r\n"),
        format!("HTTP/1.1 400 Bad Request\r\nx: y\r\ncontent-length: 0\r\ndate: {now}\r\n\r\n"),
        format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 5\r\ndate: {now}\r\n\r\n"),
        format!("date: {now}\r\n\r\n"),
        bare("400 Bad Request", Duration::from_hours(1)),
        " GMT\r\n\r\n".to_owned(),
        String::new(),
    ] {
        assert_eq!(written(&[&other]), (other.clone(), String::new()));
    }
}

#[test]
fn what_was_held_back_goes_on_when_more_follows() {
    let own = bare("400 Bad Request", Duration::ZERO);
    let arrived = format!("{own}more");
    assert_eq!(written(&[&own, "more"]), (arrived, String::new()));
}
