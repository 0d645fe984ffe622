//! The site as its clients meet it: the real server on port 0, over sockets, and the real program.
//!
//! Each test has its own folder, database and port, so they run side by side. Nothing waits by
//! sleeping for a fixed time: `harness::eventually` asks again until a deadline.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

use lorem_test_support::{client, harness};

mod accounts;
mod administration;
mod ask_and_show;
mod benchmarking;
mod best;
mod bounds;
mod cli;
mod comfort;
mod coming_back;
mod contract;
mod devices;
mod directions;
mod drain;
mod durability;
mod environment;
mod exporting;
mod feed_ids;
mod feeds;
mod fetching;
mod file_modes;
mod following;
mod hashing;
mod hidden;
mod hiding;
mod hints;
mod hn_api;
mod hn_forms;
mod hn_search;
mod housekeeping;
mod http;
mod importing;
mod inbox;
mod kept;
mod known_links;
mod leaving;
mod limits;
mod links;
mod live;
mod logo;
mod mailed_replies;
mod mailing;
mod moderating;
mod naming;
mod neighbours;
mod newcomers;
mod operation;
mod past;
mod own_lists;
mod pages;
mod plans;
mod previewing;
mod own_data;
mod printing;
mod proxies;
mod replica;
mod resetting;
mod retitling;
mod saving;
mod searching;
mod security;
mod seen;
mod sessions;
mod settings;
mod site_api;
mod standing;
mod threads;
mod titles;
mod titles_in_time;
mod too_fast;
mod too_much;
mod tools;
mod two_tabs;
mod undoing;
mod versions;
mod voting;
mod writing_comments;
mod writing_posts;
mod writing_together;
