//! Background threads.

pub mod housekeeping;
pub mod indexer;
