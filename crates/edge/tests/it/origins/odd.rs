//! Requests that are odd and have one reading.

/// All of them; several on one connection where that is what is odd.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    all.extend(TARGETS.map(|target| request("GET", target, "", "")));
    all.extend(METHODS.map(|method| request(method, "/method", "", "")));
    all.extend(HEADERS.map(|lines| request("GET", "/headers", lines, "")));
    all.push(b"GET /obs HTTP/1.1\r\nHost: a.example\r\nX-Odd: \xe4\xff\xc3\xa4\r\n\r\n".to_vec());
    let cookies: Vec<_> = (0..60)
        .map(|number| format!("cookie: c{number}=v\r\n"))
        .collect();
    let cookies = cookies.concat();
    all.push(request("GET", "/cookies", &cookies, ""));
    let long = format!("x-odd: {}\r\n", "l".repeat(6000));
    all.push(request("GET", "/long", &long, ""));
    all.push(request(
        "GET",
        &format!("/long?{}", "t".repeat(6000)),
        "",
        "",
    ));
    all.extend(bodies());
    all.push(b"GET http://b.example/absolute?x HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec());
    all.push(b"GET /feeds HTTP/1.1\nHost: a.example\nX-Odd: 1\n\n".to_vec());
    all.push(pipelined());
    all
}

/// `%00` and `%zz` are not among them: nginx and Apache refuse them by themselves.
const TARGETS: [&str; 14] = [
    "/",
    "/a%2Fb",
    "/a%2fb",
    "//a//b",
    "/a/../b",
    "/a/./b",
    "/a/%2e%2e/b",
    "/%41%7ex",
    "/a?b?c=/../d&&=",
    "/a;p=1/b",
    "/a?",
    "/!$&'()*+,=:@~",
    "/100%25",
    "/?q=%0d%0aX:%20y",
];

const METHODS: [&str; 7] = ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"];

const HEADERS: [&str; 9] = [
    "x-ODD: Value\r\n",
    "X-Odd:\t  spaces around \t\r\n",
    "x-empty:\r\n",
    "x-dup: 1\r\nx-dup: 2\r\nX-DUP: 3\r\n",
    "x_odd: dropped\r\nx-odd: kept\r\n",
    "Transfer---Encoding: chunked\r\ncontent--length: 4\r\n",
    "connection: x-odd\r\nx-odd: dropped\r\n",
    "authorization: Basic eDp5\r\ncookie: a=\"b c\"; d\r\n",
    "x-odd: \"quoted; HTTP/1.1 200 OK\"\r\n",
];

fn request(method: &str, target: &str, lines: &str, body: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n{body}").into_bytes()
}

/// Looks like another request to whoever passes over the body.
const HIDDEN: &str = "GET /hidden HTTP/1.1 x: y";

fn bodies() -> Vec<Vec<u8>> {
    let length = HIDDEN.len();
    let plain = format!("content-length: {length}\r\n");
    let chunked = "transfer-encoding: Chunked\r\n";
    let one = format!("{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n");
    let dressed =
        format!("000{length:X};a=b;c=\"d\"\r\n{HIDDEN}\r\n0;e\r\nx-odd: t\r\nhost: h\r\n\r\n");
    let many: Vec<_> = HIDDEN
        .chars()
        .map(|sign| format!("1\r\n{sign}\r\n"))
        .collect();
    let many = many.concat();
    let large = "b".repeat(200_000);
    vec![
        request("POST", "/length", &plain, HIDDEN),
        request(
            "POST",
            "/zeros",
            &format!("content-length: 00{length}\r\n"),
            HIDDEN,
        ),
        request("POST", "/same", &format!("{plain}{plain}"), HIDDEN),
        request("POST", "/none", "content-length: 0\r\n", ""),
        request("GET", "/none", "content-length: 0\r\n", ""),
        request("GET", "/length", &plain, HIDDEN),
        request("GET", "/chunks", chunked, &one),
        request("DELETE", "/length", &plain, HIDDEN),
        request("POST", "/one", chunked, &one),
        request("PUT", "/dressed", chunked, &dressed),
        request("POST", "/many", chunked, &format!("{many}0\r\n\r\n")),
        request("POST", "/nothing", chunked, "0\r\n\r\n"),
        request("POST", "/large", "content-length: 200000\r\n", &large),
        request(
            "POST",
            "/large",
            chunked,
            &format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len()),
        ),
        request(
            "POST",
            "/expects",
            &format!("expect: 100-Continue\r\n{plain}"),
            HIDDEN,
        ),
        request("POST", "/both", &format!("{chunked}{plain}"), &one),
    ]
}

fn pipelined() -> Vec<u8> {
    let plain = format!("content-length: {}\r\n", HIDDEN.len());
    [
        request("GET", "/first", "", ""),
        request("POST", "/second", &plain, HIDDEN),
        request("GET", "/third", &plain, HIDDEN),
        request(
            "POST",
            "/fourth",
            "transfer-encoding: chunked\r\n",
            "2\r\nhi\r\n0\r\n\r\n",
        ),
        request("GET", "/fifth", "", ""),
    ]
    .concat()
}
