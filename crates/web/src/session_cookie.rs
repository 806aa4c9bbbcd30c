//! The cookie that carries a session's secret.
//!
//! Over HTTPS it is `__Host-session` with `Secure`: no other host and no plain connection can plant or read it.
//! Browsers refuse that cookie over plain HTTP, so on a loopback address, where nothing can listen in between, a
//! plain `session` stands in for it. Over plain HTTP from anywhere else nobody can sign in.

use axum::http::HeaderMap;
use http::HeaderValue;
use school::secret::Secret;
use school::sessions::ABSOLUTE;
use traffic::Client;

use crate::cookies;
use crate::error::Error;
use crate::problem::Problem;

const SECURE: &str = "__Host-session";
const LOOPBACK: &str = "session";

/// The secret that the client's session cookie holds, if there is one that counts on this connection.
pub(crate) fn find<'a>(headers: &'a HeaderMap, client: &Client) -> Option<&'a str> {
    cookies::find(headers, name(client)?)
}

/// Refuses to sign somebody in whose secret others could read.
pub(crate) fn must_be_safe(client: &Client) -> Result<(), Error> {
    name(client).map(drop).ok_or_else(|| {
        Error::new(
            &Problem::INSECURE,
            "sign in over HTTPS: over plain HTTP your password could be read on the way",
        )
    })
}

/// The header that gives the browser a session.
pub(crate) fn grant(client: &Client, secret: &Secret) -> Result<HeaderValue, Error> {
    must_be_safe(client)?;
    Ok(cookie(client, secret.reveal(), ABSOLUTE.as_secs()))
}

/// The header that takes the session away.
pub(crate) fn withdraw(client: &Client) -> HeaderValue {
    cookie(client, "", 0)
}

fn cookie(client: &Client, value: &str, seconds: u64) -> HeaderValue {
    let name = name(client).unwrap_or(SECURE);
    let secure = if name == SECURE { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::from_str(&text).expect("secrets are base64url");
    header.set_sensitive(true);
    header
}

fn name(client: &Client) -> Option<&'static str> {
    if client.secure {
        return Some(SECURE);
    }
    client
        .address
        .to_canonical()
        .is_loopback()
        .then_some(LOOPBACK)
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;
    use traffic::RequestId;

    fn client(address: &str, secure: bool) -> Client {
        Client {
            address: address.parse().unwrap(),
            secure,
            request_id: RequestId(1),
        }
    }

    fn check(client: &Client, cookies: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookies).unwrap());
        assert_eq!(find(&headers, client), expected, "{cookies}");
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let client = client("192.0.2.1", true);
        let header = grant(&client, &Secret::random()).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.starts_with("__Host-session="), "{text}");
        assert!(
            text.ends_with("; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"),
            "{text}"
        );
        check(&client, "a=1; __Host-session=x; b=2", Some("x"));
        check(&client, "session=x", None);
    }

    #[test]
    fn over_plain_http_only_a_loopback_address_gets_a_session() {
        let local = client("::ffff:127.0.0.1", false);
        let header = grant(&local, &Secret::random()).unwrap();
        let text = header.to_str().unwrap();
        assert!(
            text.starts_with("session=") && !text.contains("Secure"),
            "{text}"
        );
        check(&local, "session=x", Some("x"));
        let remote = client("192.0.2.1", false);
        assert!(grant(&remote, &Secret::random()).is_err());
        check(&remote, "session=x", None);
        check(&remote, "__Host-session=x", None);
    }
}
