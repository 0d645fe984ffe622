//! `lorem-news seed`: demo data.

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, value_parser};
use lorem_store::Database;

use super::database::DatabaseOption;
use super::output;
use crate::seed;

#[derive(Args, Debug)]
pub(crate) struct SeedOptions {
    /// The seed of the random numbers: one seed always gives one and the same data
    #[arg(long, env, default_value_t = 2024, value_name = "N")]
    seed: u64,
    /// The number of posts, each with 5 to 15 comments
    #[arg(long, env, default_value_t = seed::POSTS, value_name = "N", value_parser = value_parser!(u32).range(..=10_000_000))]
    posts: u32,
}

impl SeedOptions {
    pub(crate) fn run(&self, database: &DatabaseOption) -> Result<()> {
        let is_filled = database.with_db(|db| self.fill(db))?;
        let path = database.path().display();
        ensure!(is_filled, "{path} has users already; only an empty database is seeded");
        Ok(())
    }

    /// Fills an empty database, with a progress display on a terminal. `false`: it is not empty.
    pub(crate) fn fill(&self, db: &Database) -> Result<bool> {
        let began = Instant::now();
        let is_terminal = std::io::stderr().is_terminal();
        let total = self.posts;
        let progress = move |posts: u32| {
            if is_terminal {
                output::prompt(format_args!("\rSeeding: {posts} of {total} posts"));
            }
        };
        let seeded = seed::run(db, self.seed, self.posts, progress)?;
        if let Some(seeded) = &seeded {
            output::error_line(format_args!(
                "{}Seeded {} users, {} posts and {} comments in {:.1} s; every user's password is \"{}\"",
                if is_terminal { "\r" } else { "" },
                seeded.users,
                seeded.posts,
                seeded.comments,
                began.elapsed().as_secs_f32(),
                seed::PASSWORD
            ));
        }
        Ok(seeded.is_some())
    }
}
