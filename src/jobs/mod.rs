//! Background threads.

mod background;
pub mod housekeeping;
pub mod indexer;
