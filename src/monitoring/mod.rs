//! The page for programs that watch the site.

pub mod handlers;
