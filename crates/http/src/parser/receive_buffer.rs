//! Bytes that were received and not used yet.

use crate::limits::MAX_HEAD_BYTES;
use crate::parser::body::BodyDecoder;
use crate::parser::error::RequestError;
use crate::parser::head::{self, RequestHead};

/// Received bytes that are not used yet, at most [`MAX_HEAD_BYTES`]. The buffer is allocated once.
pub struct ReceiveBuffer {
    /// The unused bytes are `buffer[start..end]`.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// The first `searched` unused bytes do not hold the end of a head.
    searched: usize,
}

impl Default for ReceiveBuffer {
    fn default() -> ReceiveBuffer {
        ReceiveBuffer { buffer: vec![0; MAX_HEAD_BYTES].into_boxed_slice(), start: 0, end: 0, searched: 0 }
    }
}

impl ReceiveBuffer {
    /// The place for the next bytes; [`advance`](ReceiveBuffer::advance) adds them. It is empty only after
    /// [`take_head`](ReceiveBuffer::take_head) has refused the bytes that fill the buffer.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buffer[self.end..]
    }

    /// Adds the first `count` bytes of [`space`](ReceiveBuffer::space), which the caller has written there.
    ///
    /// # Panics
    /// If `space` is shorter than `count`.
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.buffer.len() - self.end, "more bytes than there was space for");
        self.end += count;
    }

    /// Whether all received bytes were used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Discards the unused bytes.
    pub fn clear(&mut self) {
        (self.start, self.end, self.searched) = (0, 0, 0);
    }

    /// Takes the next request's head. `None`: it is not complete.
    ///
    /// # Errors
    /// The reason of the refusal; the bytes after it cannot be parsed.
    pub fn take_head(&mut self) -> Option<Result<RequestHead, RequestError>> {
        // Empty lines before a request are ignored (RFC 9112 §2.2). The CR of one may have arrived alone, and
        // have been searched.
        while self.unused().starts_with(b"\r\n") {
            self.start += 2;
            self.searched = 0;
        }
        let unused = self.unused();
        match head::end_of_head(unused, self.searched) {
            Some(length) => {
                let head = head::parse(&unused[..length]);
                self.start += length;
                self.searched = 0;
                Some(head)
            }
            None if unused.len() >= MAX_HEAD_BYTES => Some(Err(head::too_long(unused))),
            None => {
                self.searched = unused.len();
                None
            }
        }
    }

    /// Gives `body` the unused bytes that belong to it.
    ///
    /// # Errors
    /// The reason of the refusal; the bytes after it cannot be parsed.
    pub fn take_body(&mut self, body: &mut BodyDecoder) -> Result<(), RequestError> {
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

    /// Regression: after a CR that arrived alone, the second empty line was taken for the end of a head.
    #[test]
    fn empty_lines_before_a_request_may_arrive_in_pieces() {
        let sent = b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for first in 0..sent.len() {
            let mut received = ReceiveBuffer::default();
            let mut head = None;
            for piece in [&sent[..first], &sent[first..]] {
                assert!(head.is_none(), "complete after {first} bytes");
                received.space()[..piece.len()].copy_from_slice(piece);
                received.advance(piece.len());
                head = received.take_head();
            }
            let head = head.expect("the head is complete");
            assert_eq!(head.map(|head| head.target), Ok("/".to_owned()), "cut after {first} bytes");
            assert!(received.is_empty());
        }
    }
}
