//! Answers to requests whose head could not be read, or never came to its end: written by hand, since hyper knows of no
//! request that could be answered.

use std::time::SystemTime;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LENGTH, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use jiff::Timestamp;

use crate::error::{self, Refusal, Refused};
use crate::error_page;
use crate::exchange;
use crate::headers::{X_REQUEST_ID, request_id};
use crate::link::Link;
use crate::refuse;

/// The answer to a head that hyper could not read. `None` where the error is another one.
pub(crate) fn unreadable(link: &Link, error: &hyper::Error, received: &[u8]) -> Option<Vec<u8>> {
    if !error.is_parse() {
        return None;
    }
    // What is still on its way must be taken in, or the answer would be lost in a reset.
    link.pulse.leaves_body_unread();
    let refusal = if !error.is_parse_too_large() {
        &error::HEAD_UNREADABLE
    } else if first_line(received).len() > link.config.request.target.len() {
        &error::TARGET_TOO_LONG
    } else {
        &error::HEAD_TOO_LONG
    };
    Some(answer(link, refusal, received))
}

/// The answer to a head that did not arrive in time.
pub(crate) fn unfinished(link: &Link, received: &[u8]) -> Vec<u8> {
    answer(link, &error::HEAD_TOO_SLOW, received)
}

/// Notes the request and writes the whole answer, for a page's reader or for a program.
fn answer(link: &Link, refusal: &'static Refusal, received: &[u8]) -> Vec<u8> {
    let (rules, id) = (link.desk.rules(), link.desk.ids.next());
    exchange::note_headless(link, refusal, id);
    let stated = [ACCEPT, ACCEPT_LANGUAGE].into_iter().filter_map(|name| {
        let value = HeaderValue::from_bytes(stated(received, &name)?).ok()?;
        Some((name, value))
    });
    let reader = error_page::reader(&stated.collect(), rules.config.language);
    let refused = Refused::from(refusal);
    let (text, media_type) = refuse::text(&refused, reader, None, id);
    let mut headers = HeaderMap::new();
    refuse::describe(&mut headers, media_type, &refused, Version::HTTP_11);
    // Behind a proxy it is not known whose request this was.
    if !link.is_trusted && rules.explains_to(link.peer) {
        headers.insert(refuse::WHY, HeaderValue::from_static(refusal.cause));
    }
    rules.security.apply(&mut headers, false, link.is_real());
    headers.insert(X_REQUEST_ID, request_id(id));
    headers.insert(CONTENT_LENGTH, text.len().into());
    let now = httpdate::fmt_http_date(SystemTime::from(Timestamp::now()));
    if let Ok(now) = HeaderValue::try_from(now) {
        headers.insert(DATE, now);
    }
    let is_head = received.starts_with(b"HEAD ");
    written(refusal.status, &headers, if is_head { &[] } else { &text })
}

fn written(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut answer = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in headers {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend(b"\r\n");
    answer.extend(body);
    answer
}

fn first_line(received: &[u8]) -> &[u8] {
    received
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default()
}

/// The value of a line that looks like this header: all that can be said of a head that can't be read.
fn stated<'a>(received: &'a [u8], name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = received.split(|&byte| byte == b'\n').skip(1);
    lines.find_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (own, value) = line.split_at(colon);
        let is_it = own.eq_ignore_ascii_case(name.as_str().as_bytes());
        is_it.then(|| value[1..].trim_ascii())
    })
}
