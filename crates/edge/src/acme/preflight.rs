//! Trying what the authority will try: whether plain HTTP at each of a name's addresses leads to this server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};

use super::challenges::Challenges;
use super::failure::Failure;
use crate::random;
use crate::redirect::CHALLENGES;

/// The authority waits about as long.
const DEADLINE: Duration = Duration::from_secs(10);
/// More than our own answer takes.
const MOST_BYTES: u64 = 16 * 1024;

const SWITCH: &str = "if this machine merely can't reach itself by its public name, set `edge.acme.preflight = false`";

/// Tries all of these names at once; the failure tells of each that does not lead here.
pub(crate) async fn fly(
    challenges: &Challenges,
    names: &[String],
    port: u16,
) -> Result<(), Failure> {
    let tried = names.iter().map(|name| fly_to(challenges, name, port));
    let failures = join_all(tried).await.into_iter().filter_map(Result::err);
    Failure::together(failures).map_or(Ok(()), Err)
}

/// Fetches a text of our own through the name, as the authority will; the failure says where it went instead.
async fn fly_to(challenges: &Challenges, domain: &str, port: u16) -> Result<(), Failure> {
    let token = random::token().map_err(|error| Failure::new(error.to_string()))?;
    let text = format!("{token}.preflight");
    let _shown = challenges.show_text(&token, &text)?;
    let mut reached = false;
    for address in addresses(domain, port).await? {
        let fetched = tokio::time::timeout(DEADLINE, fetch(address, domain, &token)).await;
        match fetched.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            // The way there may be missing here and not at the authority.
            Err(error) if error.kind() == io::ErrorKind::NetworkUnreachable => {}
            Err(error) => return Err(Failure::of(domain, unanswered(domain, address, &error))),
            Ok(answer) if !answer.ends_with(&text) => {
                return Err(Failure::of(domain, elsewhere(domain, address, &answer)));
            }
            Ok(_) => reached = true,
        }
    }
    if reached {
        Ok(())
    } else {
        Err(Failure::of(
            domain,
            format!("no address of `{domain}` can be reached from this network: {SWITCH}"),
        ))
    }
}

async fn addresses(domain: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let fault = |error: &dyn std::fmt::Display| {
        Failure::of(
            domain,
            format!(
                "`{domain}` has no address ({error}): have its A or AAAA record point at this server"
            ),
        )
    };
    let found = tokio::time::timeout(DEADLINE, lookup_host((domain, port))).await;
    match found {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(fault(&"the name server does not answer")),
    }
}

fn unanswered(domain: &str, address: SocketAddr, error: &io::Error) -> String {
    format!(
        "`{domain}` leads to {address}, where plain HTTP is not answered ({error}): open that port to `edge.http`; {SWITCH}"
    )
}

fn elsewhere(domain: &str, address: SocketAddr, answer: &str) -> String {
    let status = answer.lines().next().unwrap_or_default();
    let status: String = status.chars().take(60).collect();
    format!(
        "`{domain}` leads to {address}, where another server answers (`{status}`): have its A or AAAA record point at this server"
    )
}

/// The whole answer, head and body.
async fn fetch(address: SocketAddr, domain: &str, token: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(address).await?;
    let host = if address.port() == 80 {
        domain.to_owned()
    } else {
        format!("{domain}:{}", address.port())
    };
    let request =
        format!("GET {CHALLENGES}{token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.take(MOST_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
