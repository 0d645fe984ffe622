//! Lorem News: a Hacker-News style site on SQLite, without an async runtime.
//!
//! # Request lifecycle
//!
//! [`lorem_http`] parses the bytes into a [`rouille::Request`] → [`app::handle`] starts the timing and
//! catches panics → [`routes`] finds the handler → the handler (in a noun's `handlers`) calls
//! [`web::Cx::read`] or [`web::Cx::write`] once, with functions of the noun's `sql` → the noun's `views`
//! render → [`web::reply`] makes the response.
//!
//! # Layers
//!
//! The modules below are listed from the top layer to the bottom. A file uses only files of its own layer or
//! of a lower one, and no files form a circle; `tests/architecture` checks this. No noun is above
//! another: all of them share four layers, by the kind of file: handlers, views, SQL, types.
//! `docs/architecture.md` explains more, `docs/glossary.md` defines the terms.

// The program: commands, wiring, routes, background jobs.
pub mod cli;
pub mod app;
pub mod routes;
pub mod kept;
pub mod benchmarking;
pub mod seed;
pub mod doctor;
pub mod export;
pub mod hn_import;
pub mod jobs;

// The nouns: each has types and rules, SQL, views and handlers.
pub mod monitoring;
pub mod status;
pub mod admin;
pub mod error_group;
pub mod hn_api;
pub mod hn_search;
pub mod hn_forms;
pub mod site_api;
pub mod feed;
pub mod sitemap;
pub mod search;
pub mod preference;
pub mod flag;
pub mod dead;
pub mod moderation;
pub mod moving;
pub mod saved;
pub mod setting;
pub mod tag;
pub mod hint;
pub mod logo;
pub mod first_admin;
pub mod inbox;
pub mod follow;
pub mod hiding;
pub mod invitation;
pub mod user;
pub mod own_data;
pub mod post;
pub mod comment;
pub mod visit;
pub mod version;
pub mod vote;
pub mod deletion;
pub mod session;
pub mod api_token;
pub mod reset;
pub mod mail;
pub mod draft;
pub mod device;

// Shared by all pages: layout, authentication, requests and responses, the site's state.
pub mod error_page;
pub mod ui;
pub mod auth;
pub mod web;
pub mod site;

// Independent of requests: the replica, metrics, changes, schema, text, types.
pub mod page_title;
pub mod replica;
pub mod file_mode;
pub mod metrics;
pub mod changes;
pub mod schema;
pub mod visibility;
pub mod sql;
pub mod markup;
pub mod html;
pub mod rank;
pub mod text;
pub mod errors;
pub mod types;
