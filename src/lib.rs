//! Lorem News: a Hacker-News style site on SQLite, without an async runtime.
//!
//! A request goes one way: [`lorem_http`] (bytes to a [`rouille::Request`]) → [`app::App::handle`] (panic guard) →
//! [`routes`] (one line a route) → a noun's `handlers` → one [`lorem_store::Db::read`] or
//! [`lorem_store::Db::write`] with that noun's `sql` → its `views` → [`web::reply`]. `docs/architecture.md` has
//! the rest.
//!
//! The modules stand from the top floor to the ground: a file uses what is on its own floor or below, which
//! `tests/architecture` checks. All nouns share four floors: handlers, views, SQL, types.

// What the program is asked to do, and how it is put together.
pub mod cli;
pub mod app;
pub mod routes;
pub mod benchmarking;
pub mod seed;
pub mod jobs;

// The nouns.
pub mod monitoring;
pub mod status;
pub mod feed;
pub mod sitemap;
pub mod search;
pub mod preference;
pub mod flag;
pub mod moderation;
pub mod saved;
pub mod user;
pub mod post;
pub mod comment;
pub mod visit;
pub mod vote;
pub mod session;
pub mod draft;

// What all pages share.
pub mod error_page;
pub mod ui;
pub mod auth;
pub mod web;
pub mod site;

// The ground: knows no request.
pub mod replica;
pub mod metrics;
pub mod schema;
pub mod sql;
pub mod markup;
pub mod html;
pub mod rank;
pub mod text;
pub mod errors;
pub mod types;
