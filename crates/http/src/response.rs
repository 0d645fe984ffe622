//! A rouille response to bytes: head and body in one buffer, so that it leaves in one write.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use rouille::Response;

/// What a request asks of the form of its response.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// HEAD: everything but the body.
    pub(super) without_body: bool,
    pub(super) keep_alive: bool,
    pub(super) is_http_1_0: bool,
}

/// Replaces what is in `out` by the whole response; the number of body bytes.
///
/// # Errors
/// Those of reading the response's body.
pub(super) fn write(out: &mut Vec<u8>, response: Response, shape: Shape) -> std::io::Result<usize> {
    out.clear();
    let status = response.status_code;
    let (mut reader, size) = response.data.into_reader_and_size();
    write!(out, "HTTP/1.1 {status} {}\r\n", reason(status))?;
    append_date(out);
    for (name, value) in &response.headers {
        append_header(out, name, value);
    }
    if !shape.keep_alive {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if shape.is_http_1_0 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    // RFC 9110 §8.6: neither 1xx and 204 nor, here, 304 carries a length or a body.
    if status < 200 || status == 204 || status == 304 {
        out.extend_from_slice(b"\r\n");
        return Ok(0);
    }
    if let Some(size) = size {
        write!(out, "Content-Length: {size}\r\n\r\n")?;
        if shape.without_body {
            return Ok(0);
        }
        let head = out.len();
        out.reserve(size);
        reader.take(size as u64).read_to_end(out)?;
        return if out.len() - head == size {
            Ok(size)
        } else {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        };
    }
    // A body of unknown size is read first, so that its length can be said.
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    write!(out, "Content-Length: {}\r\n\r\n", body.len())?;
    if shape.without_body {
        return Ok(0);
    }
    out.extend_from_slice(&body);
    Ok(body.len())
}

/// These are the server's to say (rouille's documentation of `Response::headers` names them too).
const OURS: [&str; 7] =
    ["connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade"];

fn append_header(out: &mut Vec<u8>, name: &str, value: &str) {
    if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return;
    }
    // A line break would let whoever chose the value write headers of their own.
    let breaks = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if breaks(name) || breaks(value) {
        log::error!("a response header with a line break was left out: {name:?}");
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// `Date` (RFC 9110 §6.6.1), formatted once a second a thread.
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

/// The reason phrase: for people who read the wire.
pub(super) fn reason(status: u16) -> &'static str {
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

    const PLAIN: Shape = Shape { without_body: false, keep_alive: true, is_http_1_0: false };

    fn written(response: Response, shape: Shape) -> String {
        let mut out = b"left over".to_vec();
        write(&mut out, response, shape).expect("a body in memory can be read");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn says_its_length_whether_or_not_it_was_known() {
        let reader = Response::from_data("text/plain", "hello");
        assert!(written(reader, PLAIN).ends_with("Content-Length: 5\r\n\r\nhello"));
        let mut unknown = Response::text("");
        unknown.data = rouille::ResponseBody::from_reader(&b"hello"[..]);
        assert!(written(unknown, PLAIN).ends_with("Content-Length: 5\r\n\r\nhello"));
    }

    #[test]
    fn head_has_the_length_of_what_get_would_send_and_304_none() {
        let head = written(Response::text("hello"), Shape { without_body: true, ..PLAIN });
        assert!(head.ends_with("Content-Length: 5\r\n\r\n"), "{head}");
        let unchanged = written(Response::text("").with_status_code(304), PLAIN);
        assert!(unchanged.ends_with("\r\n\r\n") && !unchanged.contains("Content-Length"), "{unchanged}");
    }

    #[test]
    fn a_value_cannot_add_a_header_and_framing_is_ours() {
        let response = Response::text("x")
            .with_additional_header("Location", "/\r\nSet-Cookie: a=b")
            .with_additional_header("Content-Length", "999")
            .with_additional_header("X-Kept", "yes");
        let text = written(response, Shape { keep_alive: false, ..PLAIN });
        assert!(!text.contains("Set-Cookie") && !text.contains("999"), "{text}");
        assert!(text.contains("X-Kept: yes\r\n") && text.contains("Connection: close\r\n"), "{text}");
    }

    #[test]
    fn a_body_shorter_than_it_says_is_an_error_not_a_hang() {
        let mut response = Response::text("");
        response.data = rouille::ResponseBody::from_reader_and_size(&b"hel"[..], 5);
        assert!(write(&mut Vec::new(), response, PLAIN).is_err());
    }
}
