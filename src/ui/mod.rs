//! Views that the nouns share.

pub mod badge;
pub mod button;
pub mod choice;
pub mod field;
pub mod layout;
pub mod message;
pub mod pager;
pub mod preview;
pub mod tabs;
pub mod time;
