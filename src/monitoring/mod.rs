//! What programs that watch the site read.

pub mod handlers;
