//! As much of the `WebDriver` protocol (W3C) as the journeys need: JSON over HTTP, one connection a command.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any page takes, so that a hang is told as one.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a driver listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) port: u16,
}

impl Endpoint {
    /// Sends one command; its value, or the driver's words on why it failed.
    pub(crate) fn command(self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self
            .exchange(method, path, body)
            .map_err(|error| format!("{method} {path}: {error}"))?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|error| format!("{method} {path}: {error}"))?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!(
                "{error}: {}",
                value["message"].as_str().unwrap_or_default()
            )),
            None => Ok(value),
        }
    }

    fn exchange(self, method: &str, path: &str, body: &Value) -> std::io::Result<Vec<u8>> {
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut answer = vec![0; content_length(&mut reader)?];
        reader.read_exact(&mut answer)?;
        Ok(answer)
    }
}

/// Reads the head; only the length in it matters, since a failure is told in the body as well.
fn content_length(reader: &mut impl BufRead) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(length);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
}
