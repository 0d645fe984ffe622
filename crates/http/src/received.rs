//! What a client has sent and nobody has used yet. Requests are taken from it, and it knows no socket:
//! however their bytes come in pieces, they are the same requests (`tests/properties/http.rs`).

use crate::body::Decoder;
use crate::limits;
use crate::request::{self, Head, Refusal};

/// The bytes, in a buffer as large as the limit of a head.
pub struct Received {
    /// What is not used yet is `buffer[start..end]`.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// So many of the unused bytes are known not to hold the end of a head.
    searched: usize,
}

impl Default for Received {
    fn default() -> Received {
        Received { buffer: vec![0; limits::HEAD].into_boxed_slice(), start: 0, end: 0, searched: 0 }
    }
}

impl Received {
    /// Where the next bytes go. There is room, unless [`Received::take_head`] has refused what is here.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buffer[self.end..]
    }

    /// So many bytes have been put into [`Received::space`].
    pub fn add(&mut self, count: usize) {
        self.end += count;
    }

    /// Whether all that came was used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Throws away what was not used.
    pub fn clear(&mut self) {
        (self.start, self.end, self.searched) = (0, 0, 0);
    }

    /// The next request's head, once it is whole; or why it is refused, and then nothing that follows can
    /// be understood.
    pub fn take_head(&mut self) -> Option<Result<Head, Refusal>> {
        // An empty line before a request is ignored (RFC 9112 §2.2).
        // Its CR may have come alone, and have been searched.
        while self.unused().starts_with(b"\r\n") {
            self.start += 2;
            self.searched = 0;
        }
        let unused = self.unused();
        match request::end_of_head(unused, self.searched) {
            Some(length) => {
                let head = request::parse(&unused[..length]);
                self.start += length;
                self.searched = 0;
                Some(head)
            }
            None if unused.len() >= limits::HEAD => Some(Err(request::too_long(unused))),
            None => {
                self.searched = unused.len();
                None
            }
        }
    }

    /// Gives `body` what is here of it.
    ///
    /// # Errors
    /// Why the request is refused; nothing that follows can be understood then.
    pub fn take_body(&mut self, body: &mut Decoder) -> Result<(), Refusal> {
        self.start += body.feed(&self.buffer[self.start..self.end])?;
        Ok(())
    }

    fn unused(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by reading the same bytes in other pieces: after a CR that came alone, the second empty line
    /// was taken for the end of a head.
    #[test]
    fn empty_lines_before_a_request_may_come_in_pieces() {
        let sent = b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for first in 0..sent.len() {
            let mut received = Received::default();
            let mut head = None;
            for piece in [&sent[..first], &sent[first..]] {
                assert!(head.is_none(), "it is not whole after {first} bytes");
                received.space()[..piece.len()].copy_from_slice(piece);
                received.add(piece.len());
                head = received.take_head();
            }
            let head = head.expect("it is whole");
            assert_eq!(head.map(|head| head.target), Ok("/".to_owned()), "cut after {first} bytes");
            assert!(received.is_empty());
        }
    }
}
