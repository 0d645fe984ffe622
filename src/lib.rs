//! Lorem News: a Hacker-News style site on SQLite, without an async runtime.
//!
//! A request goes one way: [`lorem_http`] (bytes to a [`rouille::Request`]) → [`app::App::handle`]
//! (panic guard) → [`web::Cx`] → [`web::router`] (one line a route) → a noun's `handlers` → one
//! [`lorem_store::Database::read`] or [`lorem_store::Database::write`] with that noun's `sql` → its `views` → [`web::reply`].
//! `docs/architecture.md` tells the rest. The modules in the order in which they are best read:

// What the program is asked to do, and how it is put together.
pub mod app;
pub mod cli;
pub mod config;

// Mechanism: knows no noun. `sql` and `ui` have macros that the modules after them use.
#[macro_use]
mod sql;
#[macro_use]
pub mod ui;
pub mod metrics;
pub mod schema;
pub mod web;

// The nouns: each has types and rules, `sql`, `handlers`, `views`.
pub mod comment;
pub mod draft;
pub mod feed;
pub mod flag;
pub mod moderation;
pub mod post;
pub mod preference;
pub mod saved;
pub mod search;
pub mod session;
pub mod sitemap;
pub mod user;
pub mod visit;
pub mod vote;

// Pure functions.
pub mod markup;
pub mod rank;

// What is around the site.
pub mod benchmarking;
pub mod housekeeping;
pub mod replica;
pub mod seed;
