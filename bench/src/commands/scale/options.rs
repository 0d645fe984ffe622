//! The options of `bin/bench scale`.

use std::path::PathBuf;

use clap::Args;

use crate::document::command_line;

/// Compare a large database with a small one
#[derive(Args, Debug)]
pub struct Options {
    /// Posts in the large database, made over ten years
    #[arg(long, default_value_t = POSTS, value_name = "N", value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    pub posts: u32,
    /// Comments per post
    #[arg(long, default_value_t = COMMENTS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub comments: u32,
    /// Votes per post, on average
    #[arg(long, default_value_t = VOTES, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub votes: u32,
    /// Sessions in the database when the older half of them is removed
    #[arg(long, default_value_t = SESSIONS, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    pub sessions: u32,
    /// Seconds of load for each page in each round
    #[arg(long, default_value_t = SECONDS, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,
    /// Rounds, in each of which both databases are measured once
    #[arg(long, default_value_t = ROUNDS, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Keep the databases in this folder; databases that are there are used again, whatever their size and whatever an
    /// earlier run has written into them
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
}

const POSTS: u32 = 1_000_000;
const COMMENTS: u32 = 10;
const VOTES: u32 = 10;
const SESSIONS: u32 = 5_000_000;
const SECONDS: u64 = 1;
const ROUNDS: u32 = 7;

/// Posts in the small database.
pub const SMALL_POSTS: u32 = 1_000;

impl Options {
    /// The command line of this run, without the folder that keeps the databases.
    pub fn command(&self) -> String {
        let Options { posts, comments, votes, sessions, seconds, rounds, keep: _ } = *self;
        let option =
            |name: &str, value: u64, default: u64| (value != default).then(|| format!("--{name} {value}"));
        command_line(&[
            Some("scale".to_owned()),
            option("posts", posts.into(), POSTS.into()),
            option("comments", comments.into(), COMMENTS.into()),
            option("votes", votes.into(), VOTES.into()),
            option("sessions", sessions.into(), SESSIONS.into()),
            option("seconds", seconds, SECONDS),
            option("rounds", rounds.into(), ROUNDS.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Scale {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_command_line_has_the_options_that_change_what_is_measured() {
        let command = |arguments: &[&str]| {
            let arguments = ["scale"].iter().chain(arguments);
            Scale::try_parse_from(arguments).map(|scale| scale.options.command()).expect("they are known")
        };
        assert_eq!(command(&["--keep", "folder"]), "bin/bench scale");
        assert_eq!(command(&["--rounds=3", "--posts=10000"]), "bin/bench scale --posts 10000 --rounds 3");
    }
}
