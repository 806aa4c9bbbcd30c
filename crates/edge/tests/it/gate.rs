//! Malformed and ambiguous requests at the socket: what hyper stops, what the gate stops, and what is harmless.

mod headless;
pub(crate) mod http2;
mod refused;
mod taken;
mod told;

use testkit::Response;

use crate::house::House;

/// Sends the bytes on a connection of their own and returns the answer, if there was one; the server must close
/// the connection, so that nothing after them can be taken for a request.
fn answer_and_close(house: &House, bytes: &[u8]) -> Option<Response> {
    let mut client = house.plain();
    client.send(bytes);
    let response = client.try_response("GET");
    if response.is_some() {
        assert!(client.is_closed(), "open after {}", show(bytes));
    }
    response
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(120)])
        .escape_debug()
        .to_string()
}
