//! The HTTP parser reads the requests that a simple reference reads, however the bytes are split.

use lorem_http::limits;
use lorem_http::parser::{BodyDecoder, ReceiveBuffer, RequestError, RequestHead};

/// A request as the application receives it.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    is_kept: bool,
    is_waiting_for_100: bool,
}

/// The reason why no further request follows.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The next request is incomplete.
    Waiting,
    /// The next request is refused.
    Refused,
    /// The last request closes the connection.
    Closed,
}

/// The first byte seeds the sizes of the pieces in which the others arrive.
pub fn holds(input: &[u8]) {
    let Some((&seed, wire)) = input.split_first() else {
        return;
    };
    let mut state = u32::from(seed);
    let mixed = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 24) as usize % (1 + usize::from(seed))
    });
    let whole = read(wire, std::iter::repeat(usize::MAX));
    assert_eq!(read(wire, std::iter::repeat(1)), whole, "split into single bytes");
    assert_eq!(read(wire, mixed), whole, "split into pieces");
    let (requests, end, _) = whole;
    assert_eq!((requests, end), expected(wire), "the reference differs");
}

/// The requests that the parser reads, the reason for their end, and the status of a refusal.
fn read(wire: &[u8], mut pieces: impl Iterator<Item = usize>) -> (Vec<Request>, End, Option<u16>) {
    let mut rest = wire;
    let mut arrives = |received: &mut ReceiveBuffer| {
        let space = received.space();
        assert!(!space.is_empty(), "the buffer has no space");
        let length = pieces.next().expect("endless").min(rest.len()).min(space.len());
        let (piece, after) = rest.split_at(length);
        space[..length].copy_from_slice(piece);
        received.advance(length);
        rest = after;
        length > 0
    };
    let (mut received, mut requests) = (ReceiveBuffer::default(), Vec::new());
    loop {
        match next_request(&mut received, &mut arrives) {
            Ok(Some(request)) => requests.push(request),
            Ok(None) => return (requests, End::Waiting, None),
            Err(RequestError { status, .. }) => return (requests, End::Refused, Some(status)),
        }
        if requests.last().is_some_and(|last| !last.is_kept) {
            return (requests, End::Closed, None);
        }
    }
}

/// Reads a request as `connection.rs` in crates/http does.
fn next_request(
    received: &mut ReceiveBuffer,
    arrives: &mut impl FnMut(&mut ReceiveBuffer) -> bool,
) -> Result<Option<Request>, RequestError> {
    let head = loop {
        match received.take_head() {
            Some(head) => break head?,
            None if arrives(received) => {}
            None => return Ok(None),
        }
    };
    let mut body = BodyDecoder::new(head.framing);
    loop {
        received.take_body(&mut body)?;
        if body.is_complete() {
            break;
        }
        if !arrives(received) {
            return Ok(None);
        }
    }
    let RequestHead { method, target, headers, keep_alive, expects_continue, .. } = head;
    let (body, is_kept, is_waiting_for_100) = (body.into_body(), keep_alive, expects_continue);
    Ok(Some(Request { method, target, headers, body, is_kept, is_waiting_for_100 }))
}

// The reference implements RFC 9112 for bytes that are all present, without regard to speed. It refuses every
// request that could be read in two ways.

fn expected(wire: &[u8]) -> (Vec<Request>, End) {
    let (mut requests, mut rest) = (Vec::new(), wire);
    loop {
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        }
        match expected_request(rest) {
            Ok((request, after)) => {
                let is_kept = request.is_kept;
                requests.push(request);
                if !is_kept {
                    return (requests, End::Closed);
                }
                rest = after;
            }
            Err(end) => return (requests, end),
        }
    }
}

fn expected_request(bytes: &[u8]) -> Result<(Request, &[u8]), End> {
    let possible = &bytes[..bytes.len().min(limits::MAX_HEAD_BYTES)];
    let Some(length) = length_of_head(possible) else {
        return Err(if possible.len() == limits::MAX_HEAD_BYTES { End::Refused } else { End::Waiting });
    };
    let (head, rest) = bytes.split_at(length);
    let mut lines = lines(head).ok_or(End::Refused)?.into_iter();
    let request_line = lines.next().ok_or(End::Refused)?;
    let (method, (host, target), is_1_0) = request_line_of(request_line).ok_or(End::Refused)?;
    let headers: Vec<(&str, &[u8])> = lines.map(field).collect::<Option<_>>().ok_or(End::Refused)?;
    if headers.len() > limits::MAX_HEADERS {
        return Err(End::Refused);
    }
    let all = |name: &str| -> Vec<&[u8]> {
        headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1).collect()
    };
    let hosts = all("host");
    let are_hosts = hosts.iter().copied().chain(host.map(str::as_bytes)).all(is_host);
    if !are_hosts || !(hosts.len() == 1 || is_1_0 && hosts.is_empty()) {
        return Err(End::Refused);
    }
    let expectations = all("expect");
    if expectations.iter().any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return Err(End::Refused);
    }
    let (body, rest) = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => (Vec::new(), rest),
        ([length], []) => {
            let length = number(length).ok_or(End::Refused)?;
            let (body, rest) = rest.split_at_checked(length).ok_or(End::Waiting)?;
            (body.to_vec(), rest)
        }
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && !is_1_0 => chunks(rest)?,
        _ => return Err(End::Refused),
    };
    let connection = all("connection");
    let asks = |wanted: &[u8]| {
        connection
            .iter()
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(wanted))
    };
    let is_kept = !asks(b"close") && (!is_1_0 || asks(b"keep-alive"));
    let is_waiting_for_100 = !is_1_0 && !expectations.is_empty();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut headers: Vec<(String, String)> =
        headers.iter().map(|&(name, value)| (name.to_owned(), text(value))).collect();
    if let Some(host) = host {
        match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("host")) {
            Some((_, value)) => host.clone_into(value),
            None => headers.push(("Host".to_owned(), host.to_owned())),
        }
    }
    Ok((Request { method: method.to_owned(), target, headers, body, is_kept, is_waiting_for_100 }, rest))
}

/// The length of the head with its empty line, which is not the first line.
fn length_of_head(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let is_first = length == 0;
        length += line.len();
        if !is_first && (line == b"\n" || line == b"\r\n") {
            return Some(length);
        }
    }
    None
}

/// The lines without their CR LF, and without the empty line at the end. `None` if a line ends otherwise.
fn lines(text: &[u8]) -> Option<Vec<&[u8]>> {
    let lines = text.strip_suffix(b"\r\n")?.split_inclusive(|&byte| byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r\n")).collect()
}

/// The host of an absolute target, and the path with the query.
type Target<'t> = (Option<&'t str>, String);

fn request_line_of(line: &[u8]) -> Option<(&str, Target<'_>, bool)> {
    let parts: Vec<&str> = std::str::from_utf8(line).ok()?.split(' ').collect();
    let [method, target, version] = parts[..] else {
        return None;
    };
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    if !methods.contains(&method) || target.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let is_1_0 = match version {
        "HTTP/1.0" => true,
        "HTTP/1.1" => false,
        _ => return None,
    };
    Some((method, target_of(target)?, is_1_0))
}

/// The host and the origin form, `/path?query`, of a target in origin form or absolute form
/// (`http://host/path?query`).
fn target_of(target: &str) -> Option<Target<'_>> {
    if target.starts_with('/') {
        return Some((None, target.to_owned()));
    }
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some((Some(host), path))
}

/// A name or an address, and perhaps a port.
fn is_host(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let is_name = match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok()),
        None => name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._~".contains(letter)),
    };
    let is_port = port.chars().all(|digit| digit.is_ascii_digit());
    !name.is_empty() && is_name && is_port && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// The name and value of a header field.
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_name = !name.is_empty() && name.iter().all(is_token);
    if !is_name || has_control(value) {
        return None;
    }
    Some((std::str::from_utf8(name).ok()?, value.trim_ascii()))
}

fn has_control(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t')
}

/// A decimal number up to the limit of a body.
fn number(digits: &[u8]) -> Option<usize> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    digits.parse().ok().filter(|&number: &usize| number <= limits::MAX_BODY_BYTES)
}

/// The body of a chunked message, and the bytes after it.
fn chunks(bytes: &[u8]) -> Result<(Vec<u8>, &[u8]), End> {
    let (mut body, mut rest) = (Vec::new(), bytes);
    loop {
        let (size, after) = chunk_size(rest, limits::MAX_BODY_BYTES - body.len())?;
        if size == 0 {
            return Ok((body, after_trailers(after)?));
        }
        let (data, after) = after.split_at_checked(size).ok_or(End::Waiting)?;
        body.extend_from_slice(data);
        rest = match after {
            [b'\r', b'\n', rest @ ..] => rest,
            [] | [b'\r'] => return Err(End::Waiting),
            _ => return Err(End::Refused),
        };
    }
}

/// The size of a chunk, and the bytes after its line. A line has hexadecimal digits, optional blanks, and an
/// optional extension that begins with a semicolon. An incomplete line is checked as far as it goes.
fn chunk_size(bytes: &[u8], most: usize) -> Result<(usize, &[u8]), End> {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
    if line.len() > limits::MAX_CHUNK_LINE_BYTES {
        return Err(End::Refused);
    }
    let text = match end {
        Some(_) => line.strip_suffix(b"\r\n").ok_or(End::Refused)?,
        None => line.strip_suffix(b"\r").unwrap_or(line),
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extension) = text.split_at(digits);
    let is_extension = extension.trim_ascii_start().is_empty() || extension.trim_ascii_start()[0] == b';';
    if !is_extension || has_control(extension) || digits.is_empty() && !line.is_empty() {
        return Err(End::Refused);
    }
    let size = digits.iter().try_fold(0, |size, &digit| {
        let size = size * 16 + char::from(digit).to_digit(16).map_or(0, |digit| digit as usize);
        Some(size).filter(|&size| size <= most)
    });
    let size = size.ok_or(End::Refused)?;
    if end.is_some() { Ok((size, rest)) } else { Err(End::Waiting) }
}

/// The bytes after the trailers, which are header fields that the parser checks and drops.
fn after_trailers(bytes: &[u8]) -> Result<&[u8], End> {
    let mut length = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        length += line.len();
        if length > limits::MAX_CHUNK_LINE_BYTES || line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
            return Err(End::Refused);
        }
        if line == b"\r\n" {
            let (trailers, rest) = bytes.split_at(length);
            let lines = lines(trailers).ok_or(End::Refused)?;
            let are_fields =
                lines.len() <= limits::MAX_HEADERS && lines.into_iter().all(|line| field(line).is_some());
            return if are_fields { Ok(rest) } else { Err(End::Refused) };
        }
    }
    Err(End::Waiting)
}
