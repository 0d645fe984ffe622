//! The first admin of a site: a person with an account who opens the link that the server prints while no user is an
//! admin.

pub mod handlers;
