//! Replication drills: the real program with a real Litestream and a real S3 store. The processes are stopped,
//! killed and misconfigured, and the restored database is checked.
//!
//! `bin/tools` installs Litestream and the store. Each test has its own folder, store and ports, so tests run in
//! parallel. Every wait has a timeout, and no wait is for a fixed time. The tests read `/proc`, so they need Linux.

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
mod trying;
mod verifying;
