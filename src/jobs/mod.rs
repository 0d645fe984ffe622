//! Work beside the pages: background threads, and what the start prepares.

mod background;
pub mod housekeeping;
pub mod indexer;
pub mod look_alikes;
pub mod mailer;
