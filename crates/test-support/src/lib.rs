//! Shared test support for Lorem News.
//!
//! - [`harness`]: the site as a server in this process, the real program as a child process, databases with
//!   known rows, and a raw HTTP client.
//! - [`client`]: an HTTP client that keeps cookies and sends forms, as a browser or htmx does.
//! - [`hn`]: made items of Hacker News.
//! - [`smtp`]: a mail server that takes, refuses, hangs and dies.
//! - [`strace`]: strace attached to the real program, to trace, delay or fail its system calls.
//!
//! Every helper panics on an error: a test that cannot be set up has failed.

pub mod client;
pub mod harness;
pub mod hn;
pub mod smtp;
pub mod strace;
