//! Requests whose body a target may pass over, so that it reads the rest as the next request.

use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use crate::proxy::{GET, before};

/// Answers without having read anything but the head, as a target does that knows no body there (`0.CL`).
fn heedless() -> Backend {
    Backend::start(|asked: &Asked, stream| {
        backend::write(stream, backend::text(asked.target()));
        Then::Keep
    })
}

#[test]
fn nothing_follows_the_body_of_a_get_on_its_connection() {
    let backend = heedless();
    let house = before(&[&backend]);
    let mut client = house.plain();
    let hidden = "GET /hidden HTTP/1.1\r\nx: ";
    for method in ["GET", "HEAD"] {
        let before = backend.connections();
        client.exchange(GET);
        client.send(format!(
            "{method} /con HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{hidden}",
            hidden.len()
        ));
        assert_eq!(client.try_response(method).unwrap().status, 200);
        assert_eq!(client.exchange(GET).text(), "/");
        assert!(backend.connections() > before, "{method}");
    }
}

#[test]
fn an_expectation_is_kept_from_the_target_which_gets_head_and_body_together() {
    let backend = Backend::start(|asked: &Asked, stream| {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let told = format!("{:?} {body}", asked.header("expect"));
        backend::write(stream, backend::text(&told));
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for method in ["POST", "GET"] {
        client.send(format!(
            "{method} / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        ));
        assert_eq!(client.response().status, 100, "{method}");
        client.send("hi");
        assert_eq!(client.response().text(), "None hi", "{method}");
    }
    // A client that does not wait is understood as well.
    client
        .send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi");
    let first = client.response();
    let last = if first.status == 100 {
        client.response()
    } else {
        first
    };
    assert_eq!(last.text(), "None hi");
    assert_eq!(client.exchange(GET).text(), "None ");
}
