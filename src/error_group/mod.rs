//! The pages on which admins see what has gone wrong: errors by their causes, see
//! [`site::error_log`](crate::site::error_log).

pub mod handlers;
pub mod views;
