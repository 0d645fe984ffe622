//! Whether the site is up, and how its replica is: the health check and the status page.

pub mod handlers;
pub mod views;
