//! HTTP/1.1 over `std::net`: one thread serves a connection, one request at a time.
//!
//! The application is a plain `Fn(&rouille::Request) -> rouille::Response`, so the same handler
//! also runs on rouille's own server.
//!
//! The modules from the top floor to the ground; a file uses only files below it.

mod server;

mod connection;

mod refuse;

mod response;

mod load;

mod shared;

mod registry;

mod options;

pub mod received;

pub mod body;

pub mod request;

pub mod limits;

pub use limits::Limits;
pub use load::Load;
pub use options::Options;
pub use server::{Drained, Server, Stopper};
