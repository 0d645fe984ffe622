//! Threads that work beside the requests.

pub mod housekeeping;
pub mod indexer;
