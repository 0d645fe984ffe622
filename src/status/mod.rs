//! The health check and the status page, which show whether the site is up and the replica is healthy.

pub mod handlers;
pub mod views;
