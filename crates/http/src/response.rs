//! Encodes a rouille response: head and body in one buffer, so that one write sends both.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use rouille::Response;

/// How a request wants its response to be encoded.
#[derive(Clone, Copy)]
pub(crate) struct ResponseOptions {
    /// The response to HEAD: all headers, no body.
    pub(crate) omit_body: bool,
    pub(crate) keep_alive: bool,
    pub(crate) is_http_1_0: bool,
}

/// Replaces the content of `out` by the encoded response. Returns the number of body bytes.
///
/// # Errors
/// Those of reading the response's body; `UnexpectedEof` if it is shorter than its announced size.
pub(crate) fn encode(out: &mut Vec<u8>, response: Response, options: ResponseOptions) -> io::Result<usize> {
    append_start(out, &response)?;
    let status = response.status_code;
    let (mut reader, size) = response.data.into_reader_and_size();
    if !options.keep_alive {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if options.is_http_1_0 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    // 1xx and 204 must not have a length (RFC 9110 §8.6); for 304 it is optional. None has a body.
    if status < 200 || status == 204 || status == 304 {
        out.extend_from_slice(b"\r\n");
        return Ok(0);
    }
    if let Some(size) = size {
        write!(out, "Content-Length: {size}\r\n\r\n")?;
        if options.omit_body {
            return Ok(0);
        }
        let head = out.len();
        out.reserve(size);
        reader.take(size as u64).read_to_end(out)?;
        return if out.len() - head == size { Ok(size) } else { Err(ErrorKind::UnexpectedEof.into()) };
    }
    // A body of unknown size is read first, to find its length.
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    write!(out, "Content-Length: {}\r\n\r\n", body.len())?;
    if options.omit_body {
        return Ok(0);
    }
    out.extend_from_slice(&body);
    Ok(body.len())
}

/// Replaces the content of `out` by the head of a stream, which ends with the connection (RFC 9112 §6.3).
///
/// # Errors
/// None: writing to memory does not fail.
pub(crate) fn encode_stream(out: &mut Vec<u8>, response: &Response) -> io::Result<()> {
    append_start(out, response)?;
    out.extend_from_slice(b"Connection: close\r\n\r\n");
    Ok(())
}

/// Replaces the content of `out` by the status line and the headers that do not depend on the body.
fn append_start(out: &mut Vec<u8>, response: &Response) -> io::Result<()> {
    out.clear();
    let status = response.status_code;
    write!(out, "HTTP/1.1 {status} {}\r\n", reason_phrase(status))?;
    append_date(out);
    for (name, value) in &response.headers {
        append_header(out, name, value);
    }
    Ok(())
}

/// Headers that the server sets or does without; a handler's are left out, as in rouille's own server (see
/// `rouille::Response::headers`).
const SERVER_HEADERS: [&str; 7] =
    ["connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade"];

fn append_header(out: &mut Vec<u8>, name: &str, value: &str) {
    if SERVER_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return;
    }
    // A line break would let the author of the value add headers (response splitting, RFC 9110 §5.5).
    let has_break = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if has_break(name) || has_break(value) {
        lorem_counted_log::error!("a response header with a line break was left out: {name:?}");
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends `Date` (RFC 9110 §6.6.1), which each thread formats once a second.
fn append_date(out: &mut Vec<u8>) {
    thread_local!(static LINE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LINE.with_borrow_mut(|(second, line)| {
        if *second != now {
            let date = i64::try_from(now).ok().and_then(|now| Timestamp::from_second(now).ok());
            let date = date.and_then(|date| DateTimePrinter::new().timestamp_to_rfc9110_string(&date).ok());
            *line = date.map_or(String::new(), |date| format!("Date: {date}\r\n"));
            *second = now;
        }
        out.extend_from_slice(line.as_bytes());
    });
}

/// The reason phrase of RFC 9110 §15; empty for a status that is not listed, which RFC 9112 §4 permits.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: ResponseOptions = ResponseOptions { omit_body: false, keep_alive: true, is_http_1_0: false };

    fn encoded(response: Response, options: ResponseOptions) -> String {
        let mut out = b"left over".to_vec();
        encode(&mut out, response, options).expect("a body in memory can be read");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_length_is_sent_even_if_the_body_did_not_announce_it() {
        let reader = Response::from_data("text/plain", "hello");
        assert!(encoded(reader, PLAIN).ends_with("Content-Length: 5\r\n\r\nhello"));
        let mut unknown = Response::text("");
        unknown.data = rouille::ResponseBody::from_reader(&b"hello"[..]);
        assert!(encoded(unknown, PLAIN).ends_with("Content-Length: 5\r\n\r\nhello"));
    }

    #[test]
    fn head_has_the_length_of_the_get_response_and_304_has_none() {
        let head = encoded(Response::text("hello"), ResponseOptions { omit_body: true, ..PLAIN });
        assert!(head.ends_with("Content-Length: 5\r\n\r\n"), "{head}");
        let unchanged = encoded(Response::text("").with_status_code(304), PLAIN);
        assert!(unchanged.ends_with("\r\n\r\n") && !unchanged.contains("Content-Length"), "{unchanged}");
    }

    #[test]
    fn a_value_cannot_add_a_header_or_change_the_framing() {
        let response = Response::text("x")
            .with_additional_header("Location", "/\r\nSet-Cookie: a=b")
            .with_additional_header("Content-Length", "999")
            .with_additional_header("X-Kept", "yes");
        let text = encoded(response, ResponseOptions { keep_alive: false, ..PLAIN });
        assert!(!text.contains("Set-Cookie") && !text.contains("999"), "{text}");
        assert!(text.contains("X-Kept: yes\r\n") && text.contains("Connection: close\r\n"), "{text}");
    }

    #[test]
    fn a_body_shorter_than_its_announced_size_is_an_error() {
        let mut response = Response::text("");
        response.data = rouille::ResponseBody::from_reader_and_size(&b"hel"[..], 5);
        assert!(encode(&mut Vec::new(), response, PLAIN).is_err());
    }
}
