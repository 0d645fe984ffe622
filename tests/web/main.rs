//! The site over TCP, and the rules of its source.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

mod benchmarking;
mod harness;
mod pages;
mod plans;
mod tidy;
