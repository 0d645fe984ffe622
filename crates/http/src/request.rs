//! Bytes to a checked request head. What two servers could read in two ways is refused, because a
//! proxy in front of us might read it the other way (request smuggling, RFC 9112 §11.2).

use crate::limits;

/// A request line and headers that keep the rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// One of those that are known, in capitals.
    pub method: String,
    /// In origin form: begins with `/`.
    pub target: String,
    /// Names and values as they were sent, without the blanks around a value.
    pub headers: Vec<(String, String)>,
    /// How the end of the body is known.
    pub framing: Framing,
    /// The client wants the connection kept.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// HTTP/1.0: it must be told when the connection is kept.
    pub is_http_1_0: bool,
}

/// How the end of the body is known.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Framing {
    /// So many bytes; 0 when there is no body.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// A request that is not served, with the status and a sentence that says why.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Refusal(pub u16, pub &'static str);

/// The length of the head at the start of `bytes`, including the empty line that ends it.
/// `searched` bytes are known not to hold the end, so a head that trickles in is scanned once.
pub(super) fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    // The end may have begun up to three bytes before what is new.
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

/// Which limit a head broke that is [`limits::HEAD`] long and has no end yet.
pub(super) fn too_long(bytes: &[u8]) -> Refusal {
    if bytes.contains(&b'\n') {
        Refusal(431, "the headers are too long")
    } else {
        Refusal(414, "the address is too long")
    }
}

/// Reads a whole head, as found by [`end_of_head`].
pub(super) fn parse(head: &[u8]) -> Result<Head, Refusal> {
    // A proxy may take a bare LF for the end of a line, or not.
    let bare = |(at, byte): (usize, &u8)| *byte == b'\n' && (at == 0 || head[at - 1] != b'\r');
    if head.iter().enumerate().any(bare) {
        return Err(Refusal(400, "a line must end with CR and LF"));
    }
    let mut lines = [httparse::EMPTY_HEADER; limits::HEADERS];
    let mut parsed = httparse::Request::new(&mut lines);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Refusal(400, "the request is not complete")),
        Err(error) => return Err(refused_syntax(error)),
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(Refusal(400, "the request line is not complete"));
    };
    if !METHODS.contains(&method) {
        return Err(Refusal(501, "this method is not known here"));
    }
    let is_http_1_0 = version == 0;
    let mut facts = Facts::default();
    let mut headers = Vec::with_capacity(parsed.headers.len() + 1);
    for line in parsed.headers.iter() {
        let value = trimmed(line.value);
        facts.note(line.name, value)?;
        // A field value is visible ASCII; anything else is kept as well as it can be.
        headers.push((line.name.to_owned(), String::from_utf8_lossy(value).into_owned()));
    }
    if facts.hosts != 1 && !(is_http_1_0 && facts.hosts == 0) {
        return Err(Refusal(400, "there must be one Host header"));
    }
    Ok(Head {
        method: method.to_owned(),
        target: origin_form(target)?,
        headers,
        framing: facts.framing(is_http_1_0)?,
        keep_alive: !facts.close && (!is_http_1_0 || facts.keep_alive),
        expects_continue: facts.expects_continue && !is_http_1_0,
        is_http_1_0,
    })
}

/// RFC 9110 §9.3 and RFC 5789; anything else is 501.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// What the headers say about the message itself.
#[derive(Default)]
struct Facts {
    hosts: usize,
    length: Option<usize>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl Facts {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), Refusal> {
        if name.eq_ignore_ascii_case("host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case("content-length") {
            if self.length.is_some() {
                return Err(Refusal(400, "there are two Content-Length headers"));
            }
            self.length = Some(content_length(value)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal(501, "no other Transfer-Encoding than chunked is known here"));
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|&byte| byte == b',').map(trimmed) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if name.eq_ignore_ascii_case("expect") {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                return Err(Refusal(417, "no other Expect than 100-continue is known here"));
            }
            self.expects_continue = true;
        }
        Ok(())
    }

    fn framing(&self, is_http_1_0: bool) -> Result<Framing, Refusal> {
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Refusal(400, "there are both Content-Length and Transfer-Encoding")),
            (None, true) if is_http_1_0 => Err(Refusal(400, "HTTP/1.0 has no Transfer-Encoding")),
            (None, true) => Ok(Framing::Chunked),
            (length, false) => match length.unwrap_or(0) {
                length if length > limits::BODY => Err(TOO_LARGE),
                length => Ok(Framing::Length(length)),
            },
        }
    }
}

/// A body over [`limits::BODY`], announced or sent.
pub(super) const TOO_LARGE: Refusal = Refusal(413, "the body is too large");

/// Digits only: `+5`, `5, 5` and an empty value are read differently by different servers.
fn content_length(value: &[u8]) -> Result<usize, Refusal> {
    const WRONG: Refusal = Refusal(400, "Content-Length is not a number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    // All digits, so the only error left is a number too large to hold.
    std::str::from_utf8(value).map_err(|_| WRONG)?.parse().map_err(|_| TOO_LARGE)
}

/// The path and query of a request target; `http://host/path` is what a proxy would send (RFC 9112 §3.2.2).
fn origin_form(target: &str) -> Result<String, Refusal> {
    if target.starts_with('/') {
        return Ok(target.to_owned());
    }
    for scheme in ["http://", "https://"] {
        let Some((start, rest)) = target.split_at_checked(scheme.len()) else { continue };
        if start.eq_ignore_ascii_case(scheme) {
            return Ok(match rest.find(['/', '?']) {
                Some(at) if rest[at..].starts_with('/') => rest[at..].to_owned(),
                Some(at) => format!("/{}", &rest[at..]),
                None => "/".to_owned(),
            });
        }
    }
    Err(Refusal(400, "the address must begin with a slash"))
}

fn refused_syntax(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Refusal(431, "there are too many headers"),
        httparse::Error::Version => Refusal(505, "only HTTP/1.0 and HTTP/1.1 are spoken here"),
        _ => Refusal(400, "this is not HTTP"),
    }
}

fn trimmed(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(head: &str) -> u16 {
        parse(head.as_bytes()).map(|head| panic!("accepted: {head:?}")).unwrap_err().0
    }

    fn framing(headers: &str) -> Result<Framing, u16> {
        parse(format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes())
            .map(|head| head.framing)
            .map_err(|refusal| refusal.0)
    }

    #[test]
    fn finds_the_end_of_a_head_however_it_arrives() {
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
        assert_eq!(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    }

    #[test]
    fn what_is_not_http_1_is_refused_with_its_own_status() {
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
            assert_eq!(refusal(head), status, "{head:?}");
        }
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(limits::HEADERS));
        assert_eq!(refusal(&many), 431);
    }

    #[test]
    fn the_connection_is_kept_as_the_version_says() {
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
    fn an_absolute_address_is_taken_as_its_path() {
        for (target, path) in [
            ("http://news.example/posts?page=2", "/posts?page=2"),
            ("HTTP://news.example", "/"),
            ("https://news.example?q=1", "/?q=1"),
            ("//news.example/posts", "//news.example/posts"),
        ] {
            assert_eq!(origin_form(target), Ok(path.to_owned()), "{target}");
        }
    }
}
