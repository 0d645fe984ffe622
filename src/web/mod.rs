//! From a request to a page, knowing no noun: routes, context, answers, errors, cookies, assets.

pub mod assets;
pub mod cookie;
pub mod csrf;
pub mod cx;
pub mod error;
pub mod flash;
pub mod form;
mod gzip;
pub mod origin;
pub mod paths;
pub mod preferences;
pub mod rate;
pub mod reply;
pub mod router;
pub mod session;
pub mod timing;
pub mod turns;
pub mod xml;

pub use cx::Cx;
pub use error::Error;

/// What a handler gives.
pub type Result<T = rouille::Response> = std::result::Result<T, Error>;
