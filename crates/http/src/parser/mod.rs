//! The parsing layer: bytes to checked requests, without sockets. [`Server`](crate::Server) uses it; it is
//! public so that tests and fuzzers can.
//!
//! Put received bytes into a [`ReceiveBuffer`], take a [`RequestHead`] from it, then the body into a
//! [`BodyDecoder`]. The requests are independent of the pieces in which the bytes arrive.
//!
//! ```
//! use lorem_http::parser::{BodyDecoder, ReceiveBuffer};
//!
//! # fn main() -> Result<(), lorem_http::parser::RequestError> {
//! let sent = b"POST /echo HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello";
//! let mut buffer = ReceiveBuffer::default();
//! buffer.space()[..sent.len()].copy_from_slice(sent);
//! buffer.advance(sent.len());
//!
//! let head = buffer.take_head().expect("the head is complete")?;
//! assert_eq!((&*head.method, &*head.target), ("POST", "/echo"));
//! let mut body = BodyDecoder::new(head.framing);
//! buffer.take_body(&mut body)?;
//! assert!(body.is_complete());
//! assert_eq!(body.into_body(), b"hello");
//! # Ok(())
//! # }
//! ```

pub(crate) mod receive_buffer;

pub(crate) mod body;

pub(crate) mod head;

mod host;

pub(crate) mod error;

pub use body::BodyDecoder;
pub use error::RequestError;
pub use head::{Framing, RequestHead};
pub use receive_buffer::ReceiveBuffer;
