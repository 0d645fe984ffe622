//! The site from outside: over HTTP and as a process.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

mod cli;
mod drain;
mod durability;
mod harness;
