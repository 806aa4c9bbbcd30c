//! Heads of answers: what is read in them, what is refused, and that hyper reads the same.

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Empty};
use hyper::Request;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn head(text: &str) -> Result<Option<Head>, Malformed> {
    read(&mut BytesMut::from(text), false, &mut HeaderMap::new())
}

/// Where the body of an answer with these lines ends, and whether another answer may follow.
fn told(lines: &str) -> Result<(Framing, bool), Malformed> {
    let head = head(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))?.expect("a whole head");
    Ok((head.framing, head.persists))
}

#[test]
fn an_answer_says_where_its_body_ends_and_whether_another_may_follow() {
    for (lines, expected) in [
        ("content-length: 5\r\n", (Framing::Length(5), true)),
        ("Content-Length: 05\r\n", (Framing::Length(5), true)),
        (
            "content-length: 5\r\nconnection: close\r\n",
            (Framing::Length(5), false),
        ),
        (
            "content-length: 5\r\nconnection: x, CLOSE\r\n",
            (Framing::Length(5), false),
        ),
        (
            "content-length: 5\r\ncontent-length: 5\r\n",
            (Framing::Length(5), true),
        ),
        ("content-length: 5, 5\r\n", (Framing::Length(5), true)),
        ("transfer-encoding: Chunked\r\n", (Framing::Chunked, true)),
        ("", (Framing::Close, false)),
        ("connection: keep-alive\r\n", (Framing::Close, false)),
    ] {
        assert_eq!(told(lines), Ok(expected), "{lines:?}");
    }
    let old = |lines| head(&format!("HTTP/1.0 200 OK\r\n{lines}\r\n")).unwrap();
    assert!(!old("content-length: 5\r\n").unwrap().persists);
    let kept = "content-length: 5\r\nconnection: Keep-Alive\r\n";
    assert!(old(kept).unwrap().persists);
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    for status in ["100 Continue", "103 Early Hints", "204 No", "304 Not"] {
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: 5\r\n\r\n");
        let head = head(&text).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(0), "{status}");
    }
    let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let head = read(&mut BytesMut::from(text), true, &mut HeaderMap::new());
    let head = head.unwrap().unwrap();
    assert_eq!((head.framing, head.persists), (Framing::Length(0), true));
}

#[test]
fn a_length_in_many_words_is_handed_on_in_one() {
    for lines in [
        "content-length: 5, 5",
        "content-length: 5\r\ncontent-length: 5",
    ] {
        let head = head(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n"));
        let headers = head.unwrap().unwrap().headers;
        let lengths: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
        assert_eq!(lengths, ["5"]);
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for lines in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: +5\r\n",
        "content-length: -5\r\n",
        "content-length: 0x5\r\n",
        "content-length: 5 5\r\n",
        "content-length: 5,\r\n",
        "content-length:\r\n",
        "content-length: 18446744073709551616\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: chunked;x=y\r\n",
        "transfer-encoding:\r\n",
        "x: a\r\n b\r\n",
        "x : a\r\n",
        " x: a\r\n",
        "x y: a\r\n",
        ": a\r\n",
        "x\r\n",
        "x: a\0b\r\n",
        "x: a\rb\r\n",
    ] {
        assert_eq!(told(lines), Err(Malformed::Unclear), "{lines:?}");
    }
    for text in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        assert!(head(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_line_feed_alone_ends_no_line() {
    for text in [
        "HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\nx: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\n",
        "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        "\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "\r\n\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nx:\ny: \t\n\r\n",
        "HTTP/1.1 200 OK\r\nx:\ny:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: y \t\n\r\n",
        "HTTP/1.1 200\n\r\n",
        "HTTP/1.1 200\r\n\n",
    ] {
        assert_eq!(head(text).unwrap_err(), Malformed::LineEnd, "{text:?}");
    }
}

#[test]
fn a_head_has_an_end_and_not_too_many_headers() {
    let lines = |count| "x: y\r\n".repeat(count);
    assert!(told(&lines(MOST_HEADERS)).is_ok());
    assert!(told(&lines(MOST_HEADERS + 1)).is_err());
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(MOST_BYTES));
    assert!(head(&long[..MOST_BYTES - 1]).unwrap().is_none());
    assert!(head(&long).is_err());
}

#[test]
fn words_for_a_status_are_kept_where_they_are_others_than_usual() {
    let reason = |text: &str| head(text).unwrap().unwrap().reason;
    assert_eq!(reason("HTTP/1.1 200 OK\r\n\r\n"), None);
    let own = Bytes::from_static(b"Baik Sekali");
    assert_eq!(reason("HTTP/1.1 200 Baik Sekali\r\n\r\n"), Some(own));
}

#[test]
fn what_follows_a_head_stays() {
    let mut input = BytesMut::from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello");
    let head = read(&mut input, false, &mut HeaderMap::new())
        .unwrap()
        .unwrap();
    assert_eq!(head.headers["content-length"], "2");
    assert_eq!(&input[..], b"hello");
}

/// What hyper's client makes of an answer's bytes, after which the connection closes.
fn by_hyper(text: &[u8]) -> Option<(StatusCode, HeaderMap, Option<Bytes>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (near, mut far) = tokio::io::duplex(1024 * 1024);
        let handshake = hyper::client::conn::http1::Builder::new().handshake(TokioIo::new(near));
        let (mut sender, connection) = handshake.await.unwrap();
        let text = text.to_vec();
        let driven = tokio::spawn(connection);
        tokio::spawn(async move {
            // hyper does not read what it has not asked for.
            far.read_exact(&mut [0; 5]).await.unwrap();
            far.write_all(&text).await.unwrap();
            far.shutdown().await.unwrap();
        });
        let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.ok();
        let answer = match response {
            None => None,
            Some(response) => {
                let (head, body) = response.into_parts();
                let body = body.collect().await.ok().map(Collected::to_bytes);
                Some((head.status, head.headers, body))
            }
        };
        driven.abort();
        answer
    })
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("content-length: 3".to_owned()),
        Just("content-length: 4".to_owned()),
        Just("transfer-encoding: chunked".to_owned()),
        Just("connection: close".to_owned()),
        "[a-z-]{1,8}: [ -~]{0,12}",
        "[A-Za-z :\t]{0,10}",
    ];
    prop::collection::vec(line, 0..5).prop_map(|lines| lines.join("\r\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// It may be stricter, but what it lets in is what hyper reads, to the last byte of the body.
    #[test]
    fn what_is_let_in_is_what_hyper_reads(
        status in prop_oneof![Just(200_u16), Just(204), Just(304), Just(404), 200_u16..600],
        lines in lines(),
        end in prop_oneof![9 => Just("\r\n"), 1 => Just("\n")],
        body in prop_oneof![Just("abcd".to_owned()), Just("3\r\nabc\r\n0\r\n\r\n".to_owned())],
    ) {
        let gap = if lines.is_empty() { "" } else { end };
        let text = format!("HTTP/1.1 {status} X{end}{lines}{gap}{end}{body}");
        let mut input = BytesMut::from(text.as_str());
        let Ok(Some(own)) = read(&mut input, false, &mut HeaderMap::new()) else {
            return Ok(());
        };
        prop_assert_eq!(end, "\r\n");
        let Some((status, mut headers, collected)) = by_hyper(text.as_bytes()) else {
            return Err(TestCaseError::fail(format!("hyper refuses {text:?}")));
        };
        // A length that is said twice is handed on once.
        if let Some(length) = own.headers.get(CONTENT_LENGTH) {
            headers.insert(CONTENT_LENGTH, length.clone());
        }
        prop_assert_eq!((own.status, &own.headers), (status, &headers));
        let read = match own.framing {
            Framing::Length(length) => {
                let length = usize::try_from(length).unwrap();
                (length <= input.len()).then(|| input.split_to(length).freeze())
            }
            Framing::Close => Some(input.split().freeze()),
            // The other reader is shown elsewhere; here it is enough that both take the body for chunks.
            Framing::Chunked => collected.clone(),
        };
        if let Some(expected) = collected {
            prop_assert_eq!(read, Some(expected));
        }
    }
}
