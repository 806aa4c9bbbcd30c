//! An answer as it stood on the wire.

/// Status, headers in their order and the body, with chunks put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// Reads a complete answer from the start of `bytes` and says how long it is; `None` when more must come.
    /// `is_end` says that nothing will: then a body without a length is complete.
    pub(crate) fn parse(bytes: &[u8], method: &str, is_end: bool) -> Option<(Self, usize)> {
        let head_length = bytes.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..head_length]).expect("a head in ASCII");
        let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
        let status_line = lines.next().expect("a status line");
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in `{status_line}`"));
        let headers = lines.map(header).collect();
        let mut response = Self {
            status,
            headers,
            body: Vec::new(),
        };
        let (body, length) = response.read_body(&bytes[head_length..], method, is_end)?;
        response.body = body;
        Some((response, head_length + length))
    }

    fn read_body(&self, bytes: &[u8], method: &str, is_end: bool) -> Option<(Vec<u8>, usize)> {
        if method == "HEAD" || self.status < 200 || self.status == 204 || self.status == 304 {
            return Some((Vec::new(), 0));
        }
        if self
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            return chunks(bytes);
        }
        match self
            .header("content-length")
            .map(|length| length.parse::<usize>().expect("a length"))
        {
            Some(length) if length <= bytes.len() => Some((bytes[..length].to_vec(), length)),
            Some(_) => None,
            None => is_end.then(|| (bytes.to_vec(), bytes.len())),
        }
    }
}

fn header(line: &str) -> (String, String) {
    let (name, value) = line
        .split_once(':')
        .unwrap_or_else(|| panic!("no colon in `{line}`"));
    (name.to_ascii_lowercase(), value.trim().to_owned())
}

fn chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line = bytes[at..].windows(2).position(|part| part == b"\r\n")?;
        let digits = std::str::from_utf8(&bytes[at..at + line]).expect("a chunk's size");
        let size = usize::from_str_radix(digits, 16).expect("a size in hexadecimal digits");
        let data = at + line + 2;
        let end = data + size + 2;
        body.extend_from_slice(
            bytes
                .get(data..end)?
                .strip_suffix(b"\r\n")
                .expect("a line end after a chunk"),
        );
        at = end;
        if size == 0 {
            return Some((body, at));
        }
    }
}
