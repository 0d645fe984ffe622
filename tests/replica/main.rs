//! The drill: the real program with a real Litestream and a real S3 store, each of which is stopped,
//! killed and lied to; and what is left of the database afterwards.
//!
//! `bin/tools` installs Litestream and the store. Each test has its own folder, store and ports, so they
//! run side by side; every wait has an end and none is for a fixed time. Processes are looked at in
//! `/proc`, so this needs Linux.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

use lorem_test_support::{client, harness, strace};

mod drill;
mod load;
mod processes;
mod store;

mod half_written;
mod killing;
mod losing;
mod secrets;
mod seen;
mod starting;
mod verifying;
