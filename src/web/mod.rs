//! Requests and responses, independent of the nouns: context, forms, replies, errors, cookies, paths, assets.

pub mod account;
pub mod api;
pub mod assets;
pub mod cookie;
pub mod csrf;
pub mod cx;
pub mod error;
pub mod flash;
pub mod form;
mod gzip;
pub mod header;
pub mod list_header;
pub mod observer;
pub mod panics;
pub mod paths;
pub mod pieces;
pub mod preferences;
pub mod reply;
pub mod route;
pub mod taken_cookie;
pub mod timing;
pub mod timing_report;
pub mod viewer;
pub mod xml;

pub use cx::Cx;
pub use error::{ALREADY_DELETED, ALREADY_REMOVED, Error, NO_HOST, Result};
pub use viewer::{Grant, Viewer};
