//! A request body, framed by its length or in chunks (RFC 9112 §6–7).

use crate::limits;
use crate::request::{Framing, Refusal, TOO_LARGE};

/// Takes bytes as they come and says when the body is whole. It keeps only what has really arrived,
/// so a client that announces a megabyte and sends nothing costs nothing.
pub struct Decoder {
    state: State,
    body: Vec<u8>,
    /// Bytes of chunk framing seen in the present line, or in all trailers.
    line: usize,
    /// Trailer lines so far, with the empty one that ends them.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many bytes are still to come, then the body is whole.
    Plain(usize),
    /// In a chunk's size line: its number so far, and whether a digit was seen.
    Size {
        size: usize,
        digits: usize,
    },
    /// After the size and a blank: more of them, or an extension (RFC 9112 §7.1.1).
    Blank {
        size: usize,
    },
    /// In a chunk extension, which is read over.
    Extension {
        size: usize,
    },
    /// The size line ended with CR; LF must follow.
    SizeEnd {
        size: usize,
    },
    /// So many bytes of this chunk are still to come.
    Data(usize),
    /// CR and LF after a chunk's data.
    DataCr,
    DataLf,
    /// After the last chunk. The trailers must be fields; then they are forgotten.
    Trailers,
    Whole,
}

impl Decoder {
    /// For the body of a request whose head says this.
    #[must_use]
    pub fn new(framing: Framing) -> Decoder {
        let state = match framing {
            Framing::Length(0) => State::Whole,
            Framing::Length(length) => State::Plain(length),
            Framing::Chunked => State::Size { size: 0, digits: 0 },
        };
        Decoder { state, body: Vec::new(), line: 0, trailers: Vec::new() }
    }

    /// Whether nothing is to come any more.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Whole)
    }

    /// What has come.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Takes from `bytes` what belongs to this body and says how much that was; what is left belongs
    /// to the next request.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut used = 0;
        while used < bytes.len() && !self.is_whole() {
            let rest = &bytes[used..];
            match self.state {
                State::Plain(left) => {
                    let taken = self.take(rest, left);
                    used += taken;
                    self.state = if taken == left { State::Whole } else { State::Plain(left - taken) };
                }
                State::Data(left) => {
                    let taken = self.take(rest, left);
                    used += taken;
                    self.state = if taken == left { State::DataCr } else { State::Data(left - taken) };
                }
                _ => {
                    self.frame(rest[0])?;
                    used += 1;
                }
            }
        }
        Ok(used)
    }

    fn take(&mut self, bytes: &[u8], left: usize) -> usize {
        let taken = bytes.len().min(left);
        self.body.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// One byte of chunk framing.
    fn frame(&mut self, byte: u8) -> Result<(), Refusal> {
        const WRONG: Refusal = Refusal(400, "the chunks are not well-formed");
        self.line += 1;
        if self.line > limits::CHUNK_LINE {
            return Err(Refusal(400, "a chunk's size line or the trailers are too long"));
        }
        self.state = match (self.state, byte) {
            (State::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).map_or(0, |digit| digit as usize);
                let size = size * 16 + digit;
                if self.body.len() + size > limits::BODY {
                    return Err(TOO_LARGE);
                }
                State::Size { size, digits: digits + 1 }
            }
            (State::Size { digits: 0, .. }, _) => return Err(WRONG),
            (State::Size { size, .. } | State::Blank { size } | State::Extension { size }, b'\r') => {
                State::SizeEnd { size }
            }
            (State::Size { size, .. } | State::Blank { size }, b' ' | b'\t') => State::Blank { size },
            (State::Size { size, .. } | State::Blank { size }, b';') => State::Extension { size },
            (State::Extension { size }, _) if !byte.is_ascii_control() || byte == b'\t' => {
                State::Extension { size }
            }
            (State::SizeEnd { size }, b'\n') => {
                self.line = 0;
                if size == 0 { State::Trailers } else { State::Data(size) }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                self.line = 0;
                State::Size { size: 0, digits: 0 }
            }
            (State::Trailers, _) => {
                self.trailers.push(byte);
                if byte == b'\n' && !self.trailers.ends_with(b"\r\n") {
                    return Err(WRONG);
                }
                let is_end = self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n");
                if is_end && !are_fields(&self.trailers) {
                    return Err(WRONG);
                }
                if is_end { State::Whole } else { State::Trailers }
            }
            _ => return Err(WRONG),
        };
        Ok(())
    }
}

/// Whether these lines could be headers.
fn are_fields(lines: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; limits::HEADERS];
    httparse::parse_headers(lines, &mut fields).is_ok_and(|status| status.is_complete())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body and what was left over, once the body is whole; or the status of a refusal.
    type Decoded = Result<Option<(Vec<u8>, Vec<u8>)>, u16>;

    /// Feeds `bytes` in pieces of `step`.
    fn decode(framing: Framing, bytes: &[u8], step: usize) -> Decoded {
        let mut decoder = Decoder::new(framing);
        let mut at = 0;
        while at < bytes.len() && !decoder.is_whole() {
            let piece = &bytes[at..bytes.len().min(at + step)];
            at += decoder.feed(piece).map_err(|refusal| refusal.0)?;
        }
        Ok(decoder.is_whole().then(|| (decoder.into_body(), bytes[at..].to_vec())))
    }

    #[test]
    fn a_body_ends_where_it_says_and_the_next_request_begins_there() {
        for step in 1..12 {
            for (framing, bytes) in [
                (Framing::Length(11), &b"hello worldGET /"[..]),
                (Framing::Chunked, b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\nGET /"),
                (Framing::Chunked, b"b \t;a=\"b\tc\"\r\nhello world\r\n0;\r\n\r\nGET /"),
                (Framing::Chunked, b"00b \r\nhello world\r\n0\r\nA: b\r\nC: d\r\n\r\nGET /"),
            ] {
                let expected = Ok(Some((b"hello world".to_vec(), b"GET /".to_vec())));
                assert_eq!(decode(framing, bytes, step), expected, "{framing:?} in steps of {step}");
            }
        }
        assert_eq!(decode(Framing::Length(5), b"hell", 9), Ok(None));
        assert_eq!(decode(Framing::Chunked, b"5\r\nhello\r\n0\r\n", 9), Ok(None));
    }

    #[test]
    fn chunks_that_break_the_rules_are_refused() {
        for (bytes, status) in [
            (&b"\r\n"[..], 400),
            (b"g\r\n", 400),
            (b"-1\r\n", 400),
            (b"0x5\r\n", 400),
            (b"5\nhello", 400),
            (b"5\r\nhelloX", 400),
            (b"5\r\nhello\n", 400),
            (b"0\r\nA: b\n", 400),
            (b"ffffffffffffffffffffffff\r\n", 413),
            (b"100001\r\n", 413),
        ] {
            assert_eq!(
                decode(Framing::Chunked, bytes, 3),
                Err(status),
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
        let endless = vec![b'a'; 4096];
        assert_eq!(decode(Framing::Chunked, &[b"5;", &endless[..]].concat(), 100), Err(400));
        assert_eq!(decode(Framing::Chunked, &[b"0\r\n", &endless[..]].concat(), 100), Err(400));
        let many = b"8000\r\n".iter().chain(&vec![b'a'; 0x8000]).chain(b"\r\n").copied().collect::<Vec<_>>();
        assert_eq!(decode(Framing::Chunked, &many.repeat(33), 9999), Err(413));
    }

    /// Found by comparing with a reader that refuses what is not in the grammar: another server could take
    /// the second number for the size, or the trailer for a request.
    #[test]
    fn chunk_extensions_and_trailers_that_could_be_something_else_are_refused() {
        for bytes in [
            &b"5 6\r\nhello\r\n"[..],
            b"5 \n",
            b"5;\0",
            b"5;a\x7f",
            b"0\r\nGET /admin HTTP/1.1\r\n\r\n",
            b"0\r\n folded: line\r\n\r\n",
            b"0\r\nA: b\rc\r\n\r\n",
            b"0\r\nA : b\r\n\r\n",
        ] {
            assert_eq!(
                decode(Framing::Chunked, bytes, 3),
                Err(400),
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
    }
}
