//! What the tests share: a real server in this process or as a program, a client, a tracer.

#![allow(clippy::unwrap_used, missing_docs)]

pub mod client;
pub mod harness;
pub mod strace;
