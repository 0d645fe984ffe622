//! The site's logo: an image that admins upload, see [`site::settings::logo`](crate::site::settings::logo).

pub mod handlers;
pub mod views;
