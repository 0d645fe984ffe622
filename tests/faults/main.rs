//! What breaks, broken for real under the real program: the disk is full, refuses, forgets or is taken
//! away, the clock is wrong, descriptors and threads are used up, and the process is killed. What
//! was answered must be there afterwards, and the site must come back by itself.
//!
//! Run as root, or as root of a namespace of one's own, which needs no rights on most machines and is what
//! `bin/test` does: `unshare -Urm cargo test --test faults`. It needs Linux and strace.

#![allow(clippy::unwrap_used, missing_docs)]

use lorem_test_support::{client, harness, strace};

mod disk;
mod writers;

mod clock;
mod descriptors;
mod full_disk;
mod hanging_disk;
mod killing;
mod memory;
mod moved;
mod power_cut;
mod read_only;
mod refused_flush;
mod torn_wal;
