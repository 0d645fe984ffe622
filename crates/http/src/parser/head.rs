//! Parses and checks a request head. A head that two servers could read differently is refused, because a
//! proxy in front of this server might read it the other way (request smuggling, RFC 9112 §11.2).

use crate::limits::{MAX_BODY_BYTES, MAX_HEADERS};
use crate::parser::error::RequestError;
use crate::parser::host;

/// A checked request line with its headers.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// One of the methods of RFC 9110 §9.3, or PATCH (RFC 5789), in capitals.
    pub method: String,
    /// Path and query in origin form (RFC 9112 §3.2.1): begins with `/`, not decoded.
    pub target: String,
    /// Names and values as they were sent, without the blanks around a value. Bytes of a value that are not
    /// UTF-8 are replaced by U+FFFD. `Host` is that of an absolute target, if the target is one (RFC 9112
    /// §3.2.2), so there is one host to read.
    pub headers: Vec<(String, String)>,
    /// How the end of the body is found.
    pub framing: Framing,
    /// The client wants the connection to be kept (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    pub expects_continue: bool,
    /// HTTP/1.0: a response must say when the connection is kept.
    pub is_http_1_0: bool,
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Framing {
    /// Its length in bytes; 0 without a body.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// The length of the head at the start of `bytes`, with the empty line that ends it. The first `searched`
/// bytes are known not to hold the end, so a head that arrives slowly is scanned once.
pub(crate) fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    // The end may begin up to three bytes before the new bytes.
    let from = searched.saturating_sub(3);
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|&byte| byte == b'\n') {
        let next = at + found + 1;
        match bytes.get(next..) {
            Some([b'\n', ..]) => return Some(next + 1),
            Some([b'\r', b'\n', ..]) => return Some(next + 2),
            _ => at = next,
        }
    }
    None
}

/// The error for a head of [`MAX_HEAD_BYTES`](crate::limits::MAX_HEAD_BYTES) that has no end yet.
pub(crate) fn too_long(bytes: &[u8]) -> RequestError {
    if bytes.contains(&b'\n') {
        RequestError::new(431, "the headers are too long")
    } else {
        RequestError::new(414, "the address is too long")
    }
}

/// Parses a complete head, as found by [`end_of_head`].
pub(crate) fn parse(head: &[u8]) -> Result<RequestHead, RequestError> {
    // A recipient may accept a bare LF as the end of a line, or not (RFC 9112 §2.2).
    let is_bare_lf = |(at, byte): (usize, &u8)| *byte == b'\n' && (at == 0 || head[at - 1] != b'\r');
    if head.iter().enumerate().any(is_bare_lf) {
        return Err(RequestError::new(400, "a line must end with CR and LF"));
    }
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut lines);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(RequestError::new(400, "the request is not complete")),
        Err(error) => return Err(syntax_error(error)),
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(RequestError::new(400, "the request line is not complete"));
    };
    if !METHODS.contains(&method) {
        return Err(RequestError::new(501, "the method is not supported"));
    }
    let is_http_1_0 = version == 0;
    let target = host::target(target)?;
    let mut framing = FramingHeaders::default();
    let mut headers = Vec::with_capacity(parsed.headers.len() + 1);
    for line in parsed.headers.iter() {
        let bytes = line.value.trim_ascii();
        framing.observe(line.name, bytes)?;
        // A field value should be visible ASCII (RFC 9110 §5.5); other bytes are kept if they are UTF-8.
        let mut value = String::from_utf8_lossy(bytes).into_owned();
        if line.name.eq_ignore_ascii_case("host") {
            host::check(&value)?;
            value = target.host.map_or(value, str::to_owned);
        }
        headers.push((line.name.to_owned(), value));
    }
    if framing.host_count != 1 && !(is_http_1_0 && framing.host_count == 0) {
        return Err(RequestError::new(400, "there must be one Host header"));
    }
    if let Some(host) = target.host.filter(|_| framing.host_count == 0) {
        headers.push(("Host".to_owned(), host.to_owned()));
    }
    Ok(RequestHead {
        method: method.to_owned(),
        target: target.path,
        headers,
        framing: framing.body_framing(is_http_1_0)?,
        keep_alive: !framing.close && (!is_http_1_0 || framing.keep_alive),
        expects_continue: framing.expects_continue && !is_http_1_0,
        is_http_1_0,
    })
}

/// RFC 9110 §9.3 and RFC 5789. Other methods are answered 501.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// The headers that say where the message ends and whether the connection is kept.
#[derive(Default)]
struct FramingHeaders {
    host_count: usize,
    content_length: Option<usize>,
    is_chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl FramingHeaders {
    fn observe(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        if name.eq_ignore_ascii_case("host") {
            self.host_count += 1;
        } else if name.eq_ignore_ascii_case("content-length") {
            if self.content_length.is_some() {
                return Err(RequestError::new(400, "there are two Content-Length headers"));
            }
            self.content_length = Some(content_length(value)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(RequestError::new(501, "the only supported Transfer-Encoding is chunked"));
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case("expect") {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                return Err(RequestError::new(417, "the only supported Expect is 100-continue"));
            }
            self.expects_continue = true;
        }
        Ok(())
    }

    fn body_framing(&self, is_http_1_0: bool) -> Result<Framing, RequestError> {
        match (self.content_length, self.is_chunked) {
            (Some(_), true) => {
                Err(RequestError::new(400, "there are both Content-Length and Transfer-Encoding"))
            }
            (None, true) if is_http_1_0 => Err(RequestError::new(400, "HTTP/1.0 has no Transfer-Encoding")),
            (None, true) => Ok(Framing::Chunked),
            (length, false) => match length.unwrap_or(0) {
                length if length > MAX_BODY_BYTES => Err(RequestError::BODY_TOO_LARGE),
                length => Ok(Framing::Length(length)),
            },
        }
    }
}

/// Parses digits only: servers differ in how they read `+5`, `5, 5` and an empty value (RFC 9112 §6.3).
fn content_length(value: &[u8]) -> Result<usize, RequestError> {
    const MALFORMED: RequestError = RequestError::new(400, "Content-Length is not a number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(MALFORMED);
    }
    // The value has digits only, so a failure means that the number is too large.
    std::str::from_utf8(value).map_err(|_| MALFORMED)?.parse().map_err(|_| RequestError::BODY_TOO_LARGE)
}

fn syntax_error(error: httparse::Error) -> RequestError {
    match error {
        httparse::Error::TooManyHeaders => RequestError::new(431, "there are too many headers"),
        httparse::Error::Version => RequestError::new(505, "only HTTP/1.0 and HTTP/1.1 are supported"),
        _ => RequestError::new(400, "this is not HTTP"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_status(head: &str) -> u16 {
        parse(head.as_bytes()).map(|head| panic!("accepted: {head:?}")).unwrap_err().status
    }

    fn framing(headers: &str) -> Result<Framing, u16> {
        parse(format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes())
            .map(|head| head.framing)
            .map_err(|error| error.status)
    }

    #[test]
    fn the_end_of_a_head_is_found_in_any_pieces() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        for searched in 0..head.len() - 4 {
            assert_eq!(end_of_head(&head[..head.len() - 4], searched.min(24)), Some(27), "{searched}");
        }
        assert_eq!(end_of_head(b"GET / HTTP/1.1\nHost: a\n\nrest", 0), Some(24));
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\nHost: a\r\n\r", 0), None);
        assert_eq!(end_of_head(b"", 0), None);
    }

    #[test]
    fn a_body_has_one_length() {
        for (headers, expected) in [
            ("", Ok(Framing::Length(0))),
            ("Content-Length: 5\r\n", Ok(Framing::Length(5))),
            ("Content-Length: 1048576\r\n", Ok(Framing::Length(1_048_576))),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Content-Length: 1048577\r\n", Err(413)),
            ("Content-Length: 99999999999999999999999\r\n", Err(413)),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", Err(400)),
            ("Content-Length: 5, 5\r\n", Err(400)),
            ("Content-Length: +5\r\n", Err(400)),
            ("Content-Length: -1\r\n", Err(400)),
            ("Content-Length: 0x5\r\n", Err(400)),
            ("Content-Length:\r\n", Err(400)),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(400)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(501)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(501)),
        ] {
            assert_eq!(framing(headers), expected, "{headers:?}");
        }
        assert_eq!(refused_status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    }

    #[test]
    fn each_violation_is_refused_with_its_status() {
        for (head, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
            ("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("PRI * HTTP/2.0\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n", 417),
        ] {
            assert_eq!(refused_status(head), status, "{head:?}");
        }
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(MAX_HEADERS));
        assert_eq!(refused_status(&many), 431);
    }

    #[test]
    fn the_version_and_connection_header_decide_whether_the_connection_is_kept() {
        for (head, kept) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ] {
            assert_eq!(parse(head.as_bytes()).map(|head| head.keep_alive), Ok(kept), "{head:?}");
        }
    }

    #[test]
    fn the_host_of_an_absolute_target_replaces_that_of_the_header() {
        let host = |head: &str| {
            let head = parse(head.as_bytes()).map_err(|error| error.status)?;
            let hosts: Vec<String> =
                head.headers.into_iter().filter(|(name, _)| name == "Host").map(|(_, host)| host).collect();
            Ok((head.target, hosts.join("|")))
        };
        for (head, expected) in [
            ("GET /x HTTP/1.1\r\nHost: b\r\n\r\n", Ok(("/x", "b"))),
            ("GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n", Ok(("/x", "a"))),
            ("GET http://a:8080 HTTP/1.1\r\nX: y\r\nHost: b\r\n\r\n", Ok(("/", "a:8080"))),
            ("GET http://a/x HTTP/1.0\r\n\r\n", Ok(("/x", "a"))),
            ("GET /x HTTP/1.0\r\n\r\n", Ok(("/x", ""))),
            ("GET http://a/x HTTP/1.1\r\n\r\n", Err(400)),
            ("GET http://a/x HTTP/1.1\r\nHost: b c\r\n\r\n", Err(400)),
            ("GET http://me@a/x HTTP/1.1\r\nHost: a\r\n\r\n", Err(400)),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", Err(400)),
            ("GET /x HTTP/1.1\r\nHost:\r\n\r\n", Err(400)),
            ("GET /x HTTP/1.0\r\nHost: \r\n\r\n", Err(400)),
            ("GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n", Err(400)),
            ("GET /x HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", Err(400)),
        ] {
            let expected = expected.map(|(target, host): (&str, &str)| (target.to_owned(), host.to_owned()));
            assert_eq!(host(head), expected, "{head:?}");
        }
    }
}
