//! What is compressed, for whom, and how it comes out again.

use std::io::Read;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};

use super::*;
use crate::content::BoxError;

fn terms(method: &str, is_secure: bool, headers: &[(&str, &str)]) -> Terms {
    let mut request = Request::builder().method(method);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    Terms::read(
        &head,
        Codings::read(&head.headers),
        Version::HTTP_11,
        is_secure,
    )
}

fn answer(headers: &[(&str, &str)], text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::builder();
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = Full::new(text.into()).map_err(|never| match never {});
    response.body(body.boxed_unsync()).unwrap()
}

const HTML: (&str, &str) = ("content-type", "text/html");
const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn is_compressed(terms: Terms, headers: &[(&str, &str)], length: usize) -> bool {
    let response = terms.apply(answer(headers, vec![b'a'; length]), &Arc::default());
    response.headers().contains_key(CONTENT_ENCODING)
}

#[test]
fn long_whole_texts_are_compressed_and_nothing_else() {
    let check = |headers: &[(&str, &str)], length, expected| {
        let is = is_compressed(terms("GET", false, &[GZIP]), headers, length);
        assert_eq!(is, expected, "{headers:?} of {length}");
    };
    check(&[HTML], 1024, true);
    check(&[("content-type", "application/problem+json")], 5000, true);
    check(&[HTML], 1023, false);
    check(&[], 5000, false);
    check(&[("content-type", "image/png")], 5000, false);
    check(&[("content-type", "text/event-stream")], 5000, false);
    check(&[HTML, ("x-accel-buffering", "no")], 5000, false);
    check(&[HTML, ("x-accel-buffering", "yes")], 5000, true);
    check(
        &[HTML, ("cache-control", "private, No-Transform")],
        5000,
        false,
    );
    check(&[HTML, ("content-range", "bytes 0-1/2")], 5000, false);
    check(&[HTML, ("content-digest", "sha-256=:a:")], 5000, false);
    assert!(!is_compressed(terms("GET", false, &[]), &[HTML], 5000));
    assert!(!is_compressed(Terms::OFF, &[HTML], 5000));
    for status in [StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED] {
        let mut response = answer(&[HTML], vec![b'a'; 5000]);
        *response.status_mut() = status;
        let response = terms("GET", false, &[GZIP]).apply(response, &Arc::default());
        assert!(!response.headers().contains_key(CONTENT_ENCODING));
    }
}

#[test]
fn a_coding_that_is_there_already_is_left_as_it_is() {
    let coded = answer(&[HTML, ("content-encoding", "br")], vec![b'a'; 5000]);
    let coded = terms("GET", false, &[GZIP]).apply(coded, &Arc::default());
    assert_eq!(coded.headers()[CONTENT_ENCODING], "br");
}

#[test]
fn what_is_no_longer_true_is_taken_back() {
    let headers = [
        HTML,
        ("content-length", "5000"),
        ("etag", "\"a\""),
        ("accept-ranges", "bytes"),
        ("vary", "cookie"),
    ];
    for method in ["GET", "HEAD"] {
        let text = if method == "HEAD" { 0 } else { 5000 };
        let response = answer(&headers, vec![b'a'; text]);
        let response = terms(method, false, &[GZIP]).apply(response, &Arc::default());
        let headers = response.headers();
        assert_eq!(headers[CONTENT_ENCODING], "gzip", "{method}");
        assert_eq!(headers[ETAG], "W/\"a\"");
        assert!(!headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(ACCEPT_RANGES));
        let vary: Vec<_> = headers.get_all(VARY).iter().collect();
        assert_eq!(vary, ["cookie", "accept-encoding"]);
    }
    let said = [HTML, ("vary", "Cookie, Accept-Encoding")];
    let response =
        terms("GET", false, &[GZIP]).apply(answer(&said, vec![b'a'; 5000]), &Arc::default());
    assert_eq!(response.headers().get_all(VARY).iter().count(), 1);
    let plain = answer(&headers, vec![b'a'; 5000]);
    let plain = terms("GET", false, &[]).apply(plain, &Arc::default());
    assert_eq!(plain.headers().get_all(VARY).iter().count(), 2);
    assert_eq!(plain.headers()[ETAG], "\"a\"");
}

#[test]
fn a_request_that_another_site_may_have_made_gets_no_compressed_secret() {
    let check = |is_secure, headers: &[(&str, &str)], expected| {
        let headers: Vec<_> = headers.iter().copied().chain([GZIP]).collect();
        let is = is_compressed(terms("GET", is_secure, &headers), &[HTML], 5000);
        assert_eq!(is, expected, "{headers:?}");
    };
    let cookie = ("cookie", "a=b");
    check(true, &[], true);
    check(true, &[("sec-fetch-site", "cross-site")], true);
    check(true, &[cookie, ("sec-fetch-site", "same-origin")], true);
    check(true, &[cookie, ("sec-fetch-site", "none")], true);
    check(true, &[cookie, ("sec-fetch-site", "same-site")], false);
    check(true, &[cookie, ("sec-fetch-site", "cross-site")], false);
    check(true, &[cookie], false);
    check(true, &[("authorization", "Basic YTpi")], false);
    check(true, &[("authorization", "bearer abc")], true);
    // There is nothing to find out about what anybody on the way can read.
    check(false, &[cookie], true);
}

#[test]
fn only_so_many_answers_are_compressed_at_a_time() {
    let running = Arc::default();
    let terms = terms("GET", false, &[GZIP]);
    let apply = || terms.apply(answer(&[HTML], vec![b'a'; 5000]), &running);
    let mut held: Vec<_> = (0..MOST).map(|_| apply()).collect();
    assert!(!apply().headers().contains_key(CONTENT_ENCODING));
    held.pop();
    assert!(apply().headers().contains_key(CONTENT_ENCODING));
}

fn undone(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match coding {
        Coding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text),
        Coding::Zstd => zstd::stream::read::Decoder::new(bytes)
            .unwrap()
            .read_to_end(&mut text),
        Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
    }
    .unwrap();
    text
}

fn in_parts(parts: Vec<Vec<u8>>) -> Body {
    let frames = parts
        .into_iter()
        .map(|part| Ok::<_, BoxError>(Frame::data(Bytes::from(part))));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

fn shrinking(coding: Coding, body: Body) -> Shrinking {
    let place = Arc::<Running>::default().enter().unwrap();
    Shrinking::new(body, Encoder::new(coding, None).unwrap(), place)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

proptest! {
    #[test]
    fn every_text_comes_out_as_it_went_in(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40_000), 0..5),
        place in 0..3_usize,
    ) {
        let coding = Coding::ALL[place];
        let text = parts.concat();
        let body = shrinking(coding, in_parts(parts));
        let bytes = wait(body.collect()).unwrap().to_bytes();
        prop_assert_eq!(undone(coding, &bytes), text);
    }
}

#[test]
fn what_came_before_a_pause_arrives_before_it_ends() {
    for coding in Coding::ALL {
        let first =
            futures_util::stream::iter([Ok::<_, BoxError>(Frame::data(Bytes::from("first")))]);
        let stream = first.chain(futures_util::stream::pending());
        let mut body = shrinking(coding, Body::new(StreamBody::new(stream)));
        let mut sent = Vec::new();
        while let Some(Some(Ok(frame))) = body.frame().now_or_never() {
            sent.extend(frame.into_data().unwrap());
        }
        let mut begun = [0; 5];
        match coding {
            Coding::Brotli => brotli::Decompressor::new(&sent[..], 4096).read_exact(&mut begun),
            Coding::Zstd => zstd::stream::read::Decoder::new(&sent[..])
                .unwrap()
                .read_exact(&mut begun),
            Coding::Gzip => flate2::read::GzDecoder::new(&sent[..]).read_exact(&mut begun),
        }
        .unwrap();
        assert_eq!(&begun, b"first", "{coding:?}");
    }
}

#[test]
fn trailers_come_after_the_end() {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from("text")), Frame::trailers(trailers)];
    let stream = futures_util::stream::iter(frames.map(Ok::<_, BoxError>));
    let body = shrinking(Coding::Gzip, Body::new(StreamBody::new(stream)));
    let whole = wait(body.collect()).unwrap();
    assert_eq!(whole.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(undone(Coding::Gzip, &whole.to_bytes()), b"text");
}
