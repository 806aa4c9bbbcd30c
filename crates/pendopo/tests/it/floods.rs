//! Attacks over HTTP/2 against the running server: each costs it a bounded amount, and others are served meanwhile.

mod attackers;
mod cost;
pub(crate) mod others;
mod siege;

use std::sync::atomic::Ordering::Relaxed;

use testkit::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PRIORITY, RESET, SETTINGS,
    WINDOW_UPDATE, block, frame, setting,
};

use attackers::Attack;
use siege::Siege;

/// Entries of SETTINGS.
const TABLE_SIZE: u16 = 1;
const INITIAL_WINDOW: u16 = 4;

const CANCEL: [u8; 4] = 8_u32.to_be_bytes();

/// Streams, or other frames, in each step.
const AT_ONCE: u32 = 50;

/// The client's streams have odd numbers.
fn stream(number: u32) -> u32 {
    2 * number + 1
}

fn asks(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let headers = [
        (":method", method),
        (":scheme", "https"),
        (":path", path),
        (":authority", "127.0.0.1"),
    ];
    block(&[&headers, more].concat())
}

/// A request that is complete.
fn get(stream: u32) -> Vec<u8> {
    let head = asks("GET", "/health", &[]);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)
}

/// A request whose body is still to come.
fn post(stream: u32) -> Vec<u8> {
    let head = asks("POST", "/user", &[("content-type", "application/json")]);
    frame(HEADERS, END_HEADERS, stream, &head)
}

/// An attack in which each of many streams is treated so.
fn on_each_stream(treat: fn(u32) -> Vec<u8>) -> Attack {
    let step = move |number: u32| {
        let numbers = number * AT_ONCE..(number + 1) * AT_ONCE;
        numbers.flat_map(|number| treat(stream(number))).collect()
    };
    Attack {
        settings: Vec::new(),
        step: Box::new(step),
        reads: true,
        insists: false,
    }
}

/// An attack that repeats these bytes after a beginning.
fn repeating(first: Vec<u8>, then: &[u8]) -> Attack {
    let many = then.repeat(AT_ONCE as usize);
    Attack {
        settings: Vec::new(),
        step: Box::new(move |number| match number {
            0 => first.iter().chain(&many).copied().collect(),
            _ => many.clone(),
        }),
        reads: true,
        insists: false,
    }
}

/// Attacks whose connections the server must end.
fn are_ended(attacks: Vec<Attack>) {
    let siege = Siege::begin();
    for attack in attacks {
        let met = siege.endure(&Attack {
            insists: true,
            ..attack
        });
        assert!(
            met.ended.load(Relaxed) > 0,
            "no connection was ended: {met:?}"
        );
    }
}

/// Attacks that the server may put up with.
fn are_endured(attacks: Vec<Attack>) {
    let siege = Siege::begin();
    for attack in attacks {
        siege.endure(&attack);
    }
}

#[test]
fn streams_opened_and_reset_at_once_end_the_connection() {
    are_ended(vec![
        on_each_stream(|stream| [get(stream), frame(RESET, 0, stream, &CANCEL)].concat()),
        on_each_stream(|stream| [post(stream), frame(RESET, 0, stream, &CANCEL)].concat()),
    ]);
}

#[test]
fn streams_that_the_server_is_made_to_reset_end_the_connection() {
    are_ended(vec![
        // RFC 9113 §6.9: an increment of nothing, and a window beyond 2^31-1.
        on_each_stream(|stream| [post(stream), frame(WINDOW_UPDATE, 0, stream, &[0; 4])].concat()),
        on_each_stream(|stream| {
            let most = 0x7fff_ffff_u32.to_be_bytes();
            [post(stream), frame(WINDOW_UPDATE, 0, stream, &most)].concat()
        }),
        // §6.3: a priority of another length than 5, and a stream that depends on itself.
        on_each_stream(|stream| [post(stream), frame(PRIORITY, 0, stream, &[0; 4])].concat()),
        on_each_stream(|stream| {
            let itself = [&stream.to_be_bytes()[..], &[0]].concat();
            [post(stream), frame(PRIORITY, 0, stream, &itself)].concat()
        }),
        // §5.1: data and headers after the end of a stream.
        on_each_stream(|stream| [get(stream), frame(DATA, 0, stream, b"more")].concat()),
        on_each_stream(|stream| [get(stream), get(stream)].concat()),
        // §8.1.1: malformed requests, and bodies of another length than announced.
        on_each_stream(|stream| {
            let head = asks("GET", "/health", &[("X-Upper", "1")]);
            frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)
        }),
        on_each_stream(|stream| {
            let head = asks("POST", "/user", &[("content-length", "1")]);
            let body = frame(DATA, END_STREAM, stream, b"more");
            [frame(HEADERS, END_HEADERS, stream, &head), body].concat()
        }),
        on_each_stream(|stream| {
            let trailers = frame(HEADERS, END_HEADERS, stream, &block(&[("x", "1")]));
            [post(stream), trailers].concat()
        }),
    ]);
}

#[test]
fn headers_continued_without_end_end_the_connection() {
    let open = |head: &[u8]| frame(HEADERS, 0, 1, head);
    let filler = block(&[("x-filler", "1")]);
    are_ended(vec![
        repeating(
            open(&asks("GET", "/health", &[])),
            &frame(CONTINUATION, 0, 1, &filler.repeat(1000)),
        ),
        repeating(
            open(&asks("GET", "/health", &[])),
            &frame(CONTINUATION, 0, 1, &filler),
        ),
        repeating(open(&[]), &frame(CONTINUATION, 0, 1, &[])),
    ]);
}

#[test]
fn headers_that_unpack_to_a_thousand_times_their_size_cost_little() {
    /// An entry of some 4 kB for the table, which one byte then stands for.
    fn entry() -> Vec<u8> {
        let value = [b'v'; 3900];
        // The length in HPACK's integers (RFC 7541 §5.1): 127, then the rest in groups of seven bits.
        [b"\x40\x01x\x7f\xbd\x1d", &value[..]].concat()
    }
    are_endured(vec![on_each_stream(|stream| {
        let head = [asks("GET", "/health", &[]), entry(), vec![0xbe; 8000]].concat();
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)
    })]);
}

#[test]
fn bodies_in_small_or_empty_parts_cost_little() {
    let part = |flags, payload: &[u8]| frame(DATA, flags, 1, payload);
    let padded = [&[255, b' '][..], &[0; 255]].concat();
    are_ended(vec![
        repeating(post(1), &part(0, b" ")),
        repeating(post(1), &part(PADDED, &padded)),
        repeating(post(1), &part(0, b"")),
        repeating(post(1), &part(PADDED, &[&[255][..], &[0; 255]].concat())),
    ]);
}

#[test]
fn bodies_in_small_parts_from_somebody_with_an_account_cost_little() {
    let siege = Siege::begin();
    let bearer = format!("Bearer {}", siege.token());
    let head = asks(
        "POST",
        "/user",
        &[
            ("authorization", &bearer),
            ("content-type", "application/json"),
        ],
    );
    let head = frame(HEADERS, END_HEADERS, 1, &head);
    siege.endure(&repeating(head.clone(), &frame(DATA, 0, 1, b" ")));
}

#[test]
fn frames_that_ask_for_nothing_end_the_connection() {
    let settings = setting(TABLE_SIZE, 0).repeat(2);
    let more = 1_u32.to_be_bytes();
    let ask = || {
        vec![
            repeating(get(1), &frame(PING, 0, 0, &[0; 8])),
            repeating(get(1), &frame(SETTINGS, 0, 0, &settings)),
            repeating(get(1), &frame(SETTINGS, 0, 0, &[])),
        ]
    };
    are_ended(ask());
    are_ended(vec![
        repeating(post(1), &frame(PRIORITY, 0, 1, &[0; 5])),
        repeating(post(1), &frame(WINDOW_UPDATE, 0, 1, &more)),
        // A kind that nobody knows is to be ignored (§5.5).
        repeating(get(1), &frame(0xbe, 0, 0, &[0; 8])),
    ]);
    // The same from clients who don't take the answers.
    let mut unread = ask();
    for attack in &mut unread {
        attack.reads = false;
    }
    are_endured(unread);
}

#[test]
fn answers_that_nobody_takes_cost_little() {
    let download = |stream| {
        let head = asks("GET", "/openapi.json", &[]);
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &head)
    };
    let hundred: Vec<u8> = (0..100)
        .flat_map(|number| download(stream(number)))
        .collect();
    let slow = frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes());
    let holding = |settings, after: Vec<u8>, reads| {
        let hundred = hundred.clone();
        Attack {
            settings,
            step: Box::new(move |number| match number {
                0 => hundred.clone(),
                _ => after.clone(),
            }),
            reads,
            insists: false,
        }
    };
    are_endured(vec![
        holding(setting(INITIAL_WINDOW, 0), Vec::new(), true),
        holding(Vec::new(), Vec::new(), false),
        holding(setting(INITIAL_WINDOW, 0), slow, true),
    ]);
}

#[test]
fn requests_that_never_end_cost_little() {
    let hundred: Vec<u8> = (0..100).flat_map(|number| post(stream(number))).collect();
    are_endured(vec![Attack {
        settings: Vec::new(),
        step: Box::new(move |number| {
            if number == 0 {
                hundred.clone()
            } else {
                Vec::new()
            }
        }),
        reads: true,
        insists: false,
    }]);
    // More streams than a connection may have are refused, each by a reset.
    are_ended(vec![on_each_stream(post)]);
}
