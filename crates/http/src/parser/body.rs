//! Decodes a request body, framed by its length or in chunks (RFC 9112 §6 and §7.1).

use crate::limits::{MAX_BODY_BYTES, MAX_CHUNK_LINE_BYTES, MAX_HEADERS};
use crate::parser::error::RequestError;
use crate::parser::head::Framing;

/// Decodes a body incrementally. Only bytes that have arrived take memory, whatever length was announced.
pub struct BodyDecoder {
    state: State,
    body: Vec<u8>,
    /// Bytes of chunk framing in the present line, or in all trailers.
    line_bytes: usize,
    /// The trailer lines received, with the empty line that ends them.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In a body framed by its length: the bytes that are missing.
    Length(usize),
    /// In a chunk's size: its value and the number of digits so far.
    ChunkSize {
        size: usize,
        digits: usize,
    },
    /// In the blanks after the size; an extension may follow (RFC 9112 §7.1.1).
    AfterChunkSize {
        size: usize,
    },
    /// In a chunk extension, which is ignored.
    ChunkExtension {
        size: usize,
    },
    /// After the CR of the size line: LF must follow.
    ChunkSizeLf {
        size: usize,
    },
    /// In a chunk's data: the bytes that are missing.
    ChunkData(usize),
    /// After a chunk's data: CR and LF must follow.
    ChunkDataCr,
    ChunkDataLf,
    /// After the last chunk. Trailers must be fields, and are discarded (RFC 9112 §7.1.2).
    Trailers,
    Complete,
}

impl BodyDecoder {
    /// A decoder for the body of a request whose head has this framing.
    #[must_use]
    pub fn new(framing: Framing) -> BodyDecoder {
        let state = match framing {
            Framing::Length(0) => State::Complete,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize { size: 0, digits: 0 },
        };
        BodyDecoder { state, body: Vec::new(), line_bytes: 0, trailers: Vec::new() }
    }

    /// Whether the body is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// The decoded bytes that have arrived: the body, once it [is complete](BodyDecoder::is_complete).
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Takes the bytes that belong to this body from the beginning of `bytes`, and returns their number. The
    /// bytes that follow belong to the next request.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<usize, RequestError> {
        let mut used = 0;
        while used < bytes.len() && !self.is_complete() {
            let rest = &bytes[used..];
            match self.state {
                State::Length(missing) => {
                    let taken = self.take(rest, missing);
                    used += taken;
                    self.state =
                        if taken == missing { State::Complete } else { State::Length(missing - taken) };
                }
                State::ChunkData(missing) => {
                    let taken = self.take(rest, missing);
                    used += taken;
                    self.state =
                        if taken == missing { State::ChunkDataCr } else { State::ChunkData(missing - taken) };
                }
                _ => {
                    self.take_framing(rest[0])?;
                    used += 1;
                }
            }
        }
        Ok(used)
    }

    fn take(&mut self, bytes: &[u8], missing: usize) -> usize {
        let taken = bytes.len().min(missing);
        self.body.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// Takes one byte of chunk framing.
    fn take_framing(&mut self, byte: u8) -> Result<(), RequestError> {
        const MALFORMED: RequestError = RequestError::new(400, "the chunks are not well-formed");
        self.line_bytes += 1;
        if self.line_bytes > MAX_CHUNK_LINE_BYTES {
            return Err(RequestError::new(400, "a chunk's size line or the trailers are too long"));
        }
        self.state = match (self.state, byte) {
            (State::ChunkSize { size, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).map_or(0, |digit| digit as usize);
                let size = size * 16 + digit;
                if self.body.len() + size > MAX_BODY_BYTES {
                    return Err(RequestError::BODY_TOO_LARGE);
                }
                State::ChunkSize { size, digits: digits + 1 }
            }
            (State::ChunkSize { digits: 0, .. }, _) => return Err(MALFORMED),
            (
                State::ChunkSize { size, .. }
                | State::AfterChunkSize { size }
                | State::ChunkExtension { size },
                b'\r',
            ) => State::ChunkSizeLf { size },
            (State::ChunkSize { size, .. } | State::AfterChunkSize { size }, b' ' | b'\t') => {
                State::AfterChunkSize { size }
            }
            (State::ChunkSize { size, .. } | State::AfterChunkSize { size }, b';') => {
                State::ChunkExtension { size }
            }
            (State::ChunkExtension { size }, _) if !byte.is_ascii_control() || byte == b'\t' => {
                State::ChunkExtension { size }
            }
            (State::ChunkSizeLf { size }, b'\n') => {
                self.line_bytes = 0;
                if size == 0 { State::Trailers } else { State::ChunkData(size) }
            }
            (State::ChunkDataCr, b'\r') => State::ChunkDataLf,
            (State::ChunkDataLf, b'\n') => {
                self.line_bytes = 0;
                State::ChunkSize { size: 0, digits: 0 }
            }
            (State::Trailers, _) => {
                self.trailers.push(byte);
                if byte == b'\n' && !self.trailers.ends_with(b"\r\n") {
                    return Err(MALFORMED);
                }
                let is_end = self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n");
                if is_end && !are_fields(&self.trailers) {
                    return Err(MALFORMED);
                }
                if is_end { State::Complete } else { State::Trailers }
            }
            _ => return Err(MALFORMED),
        };
        Ok(())
    }
}

/// Whether these lines are fields, as in a head.
fn are_fields(lines: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    httparse::parse_headers(lines, &mut fields).is_ok_and(|status| status.is_complete())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body and the bytes after it, once the body is complete; or the status of an error.
    type Decoded = Result<Option<(Vec<u8>, Vec<u8>)>, u16>;

    /// Feeds `bytes` in pieces of `step` bytes.
    fn decode(framing: Framing, bytes: &[u8], step: usize) -> Decoded {
        let mut decoder = BodyDecoder::new(framing);
        let mut at = 0;
        while at < bytes.len() && !decoder.is_complete() {
            let piece = &bytes[at..bytes.len().min(at + step)];
            at += decoder.feed(piece).map_err(|error| error.status)?;
        }
        Ok(decoder.is_complete().then(|| (decoder.into_body(), bytes[at..].to_vec())))
    }

    #[test]
    fn a_body_ends_at_its_announced_end_and_the_next_request_begins_there() {
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
    fn malformed_chunks_are_refused() {
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

    /// Regression: another server could read the second number as the size, or the trailer as a request.
    #[test]
    fn ambiguous_chunk_extensions_and_trailers_are_refused() {
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
