//! Pieces of a page that belong to no noun.

pub mod button;
pub mod field;
pub mod layout;
pub mod message;
pub mod pager;
pub mod time;
