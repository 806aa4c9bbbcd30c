//! A small HTTP/1.1 client for setting servers up and asking them: plain, one exchange at a time, keep-alive.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    authorization: Option<String>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        Self::over(TcpStream::connect_timeout(
            &address,
            Duration::from_secs(5),
        )?)
    }

    /// Over a connection that stands.
    pub(crate) fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            stream: BufReader::new(stream),
            authorization: None,
        })
    }

    /// Every further request carries this header.
    pub(crate) fn authorize(&mut self, value: &str) {
        self.authorization = Some(value.to_owned());
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.exchange("GET", path, "")
    }

    /// Posts JSON and returns the JSON of a good answer.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.exchange("POST", path, &body.to_string())?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            (200..300).contains(&answer.status),
            "POST {path} was answered {}: {text}",
            answer.status
        );
        serde_json::from_str(&text)
            .with_context(|| format!("POST {path} was answered with no JSON"))
    }

    /// Sends what is no whole request yet.
    pub(crate) fn send_part(&mut self, part: &str) -> Result<()> {
        Ok(self.stream.get_mut().write_all(part.as_bytes())?)
    }

    /// The answer to what was sent in parts.
    pub(crate) fn read(&mut self) -> Result<Answer> {
        read_answer(&mut self.stream)
    }

    fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: xtask\r\n");
        if let Some(authorization) = &self.authorization {
            write!(request, "Authorization: {authorization}\r\n")?;
        }
        if !body.is_empty() {
            let length = body.len();
            write!(
                request,
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            )?;
        }
        self.stream
            .get_mut()
            .write_all(format!("{request}\r\n{body}").as_bytes())?;
        self.read()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.0 == name)
            .map(|header| header.1.as_str())
    }
}

fn read_answer(stream: &mut impl BufRead) -> Result<Answer> {
    let status = line(stream)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.context("the answer begins with no status")?;
    let mut answer = Answer {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    };
    while let Some((name, value)) = line(stream)?.split_once(':') {
        answer
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    answer.body = match answer.header("content-length") {
        _ if answer.header("transfer-encoding") == Some("chunked") => chunks(stream)?,
        Some(length) => exactly(stream, length.parse()?)?,
        None => Vec::new(),
    };
    Ok(answer)
}

fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    ensure!(
        stream.read_line(&mut line)? > 0,
        "the connection was closed"
    );
    Ok(line.trim_end().to_owned())
}

fn chunks(stream: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(stream)?, 16).context("a chunk has no length")?;
        body.extend(exactly(stream, length)?);
        line(stream)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn exactly(stream: &mut impl BufRead, length: usize) -> Result<Vec<u8>> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, status: u16, body: &str) {
        let answer = read_answer(&mut answer.as_bytes()).expect("the answer is whole");
        assert_eq!(
            (
                answer.status,
                String::from_utf8_lossy(&answer.body).as_ref()
            ),
            (status, body)
        );
    }

    #[test]
    fn answers_are_read_by_length_and_by_chunks() {
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhirest",
            200,
            "hi",
        );
        check(
            "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n",
            201,
            "hi!",
        );
        check("HTTP/1.1 304 Not Modified\r\n\r\n", 304, "");
    }

    #[test]
    fn a_closed_connection_is_an_error() {
        assert!(read_answer(&mut "".as_bytes()).is_err());
    }
}
