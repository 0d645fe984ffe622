//! A hardened HTTP/1.1 server for [`rouille`] handlers on `std::net`: one thread per connection, one request
//! at a time, and a stop that answers every request that was sent.
//!
//! The application is a function from a [`rouille::Request`] to a [`rouille::Response`], so the same handler
//! also runs on rouille's own server. Every resource that a client can use has a limit, see [`limits`]. A
//! request that two servers could read differently is refused, see [`parser`].
//!
//! # Example
//!
//! A server on a free port answers one request and stops.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::thread;
//!
//! use lorem_http::{Drained, Options, Server};
//! use rouille::Response;
//!
//! # fn main() -> std::io::Result<()> {
//! let server = Server::bind("127.0.0.1:0", Options::default())?;
//! let (address, stopper) = (server.address(), server.stopper());
//! let running = thread::spawn(move || server.run(|request| Response::text(request.url())));
//!
//! let mut client = TcpStream::connect(address)?;
//! client.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n/hello"));
//!
//! stopper.stop();
//! assert_eq!(running.join().expect("the handler does not panic"), Drained { aborted: 0 });
//! # Ok(())
//! # }
//! ```
//!
//! # Streams
//!
//! A response with an [`upgrade`](rouille::Response::upgrade) is a stream, such as server-sent events: its head is sent
//! without a length, then [`build`](rouille::Upgrade::build) gets the connection and returns when the stream is over. Each
//! write is sent at once, within [`limits::WRITE_TIMEOUT`]; [`limits::RESPONSE_TIMEOUT`] is for each write alone. A read never
//! waits: 0 bytes mean that the stream has to end, since the client has left, the connection was closed for another one,
//! or the server stops; [`WouldBlock`](std::io::ErrorKind::WouldBlock) means that it goes on. So look for it now and then,
//! more often than [`limits::DRAIN_TIMEOUT`]. Between two writes the connection is like an idle one: it may be closed when
//! connections run out.
//!
//! `examples/hello.rs` is a complete program that stops on SIGTERM.
//!
//! # Logging
//!
//! The crate logs through [`log`]. Target `access`, level `info`, has one line for each answer: the request's
//! id, the client's address, method, target, status, body bytes (or `gone` if the client left) and
//! microseconds; for a refused request the id, the peer's address, `refused:`, the status and the reason. All
//! other lines have the crate's module as their target.
//!
//! # Threads
//!
//! | name | number | work |
//! |---|---|---|
//! | the caller of [`Server::run`] | 1 | accepts connections, then drains |
//! | `connection` | one per connection | reads requests, runs the handler, writes responses |
//! | `overload` | 1 | answers 503 to connections beyond the limit |

// The modules from the top layer to the bottom: a file uses only files below it.

mod server;

mod connection;

mod stream;

mod delivery;

mod overload;

mod forwarded;

mod node;

mod response;

mod loggable;

mod stats;

mod shared;

mod registry;

mod eviction;

mod slot;

mod socket;

mod options;

mod network;

mod descriptors;

pub mod parser;

pub mod limits;

pub use limits::Limits;
pub use loggable::loggable;
pub use network::{InvalidNetwork, Network};
pub use options::{Options, ProxyHeaders};
pub use server::{Drained, Server, Stopper};
pub use stats::ServerStats;

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
