//! Real faults under the real program: the disk is full, read-only, fails, hangs or loses its files, the clock
//! is wrong, descriptors or memory run out, clients read or send next to nothing, or the process is killed. Every
//! acknowledged write must survive, and the site must recover by itself.
//!
//! The tests need Linux, strace and root, or root of a user namespace, which needs no privilege on most machines:
//! `unshare -Urm cargo test --test faults`, as `bin/test` does.

#![allow(clippy::unwrap_used, missing_docs)]

use lorem_test_support::{client, harness, strace};

mod disk;
mod writers;

mod clock;
mod crowd;
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
