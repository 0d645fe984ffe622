//! Pieces of a page that belong to no noun.

pub mod layout;
pub mod pager;
pub mod text;
pub mod time;
