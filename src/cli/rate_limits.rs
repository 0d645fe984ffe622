//! The options that limit how often a client or a user may act.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, value_parser};

use crate::site::limiter::Limit;
use crate::site::limiter::RateLimits;

#[derive(Args, Debug)]
pub(crate) struct RateLimitOptions {
    /// Turn off the limits on signing in, signing up, writing and voting (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    no_rate_limits: bool,
    /// Attempts to sign in per minute: from an address, and as a user
    #[arg(long, env, default_value_t = RateLimits::default().sign_ins.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    sign_ins_per_minute: u32,
    /// New accounts per hour from an address
    #[arg(long, env, default_value_t = RateLimits::default().sign_ups.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    sign_ups_per_hour: u32,
    /// Posts and comments per minute of a user
    #[arg(long, env, default_value_t = RateLimits::default().writes.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    writes_per_minute: u32,
    /// Votes and saved posts per minute of a user
    #[arg(long, env, default_value_t = RateLimits::default().votes.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    votes_per_minute: u32,
}

impl RateLimitOptions {
    /// `None`: there are no limits.
    pub(crate) fn limits(&self) -> Option<RateLimits> {
        (!self.no_rate_limits).then(|| RateLimits {
            sign_ins: Limit::a_minute(self.sign_ins_per_minute),
            sign_ups: Limit::an_hour(self.sign_ups_per_hour),
            writes: Limit::a_minute(self.writes_per_minute),
            votes: Limit::a_minute(self.votes_per_minute),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        limits: RateLimitOptions,
    }

    fn parse(arguments: &[&str]) -> Result<RateLimitOptions, clap::Error> {
        Options::try_parse_from(["lorem-news"].iter().chain(arguments)).map(|options| options.limits)
    }

    #[test]
    fn each_limit_has_its_own_flag() {
        let flags = [
            "--sign-ins-per-minute=1",
            "--sign-ups-per-hour=2",
            "--writes-per-minute=3",
            "--votes-per-minute=4",
        ];
        let limits = parse(&flags).expect("the flags are valid").limits().expect("there are limits");
        assert_eq!(limits.sign_ins, Limit::a_minute(1));
        assert_eq!(limits.sign_ups, Limit::an_hour(2));
        assert_eq!(limits.writes, Limit::a_minute(3));
        assert_eq!(limits.votes, Limit::a_minute(4));
    }

    #[test]
    fn limits_are_from_1_to_100_000() {
        for flag in
            ["--sign-ins-per-minute", "--sign-ups-per-hour", "--writes-per-minute", "--votes-per-minute"]
        {
            for (number, is_valid) in [(0, false), (1, true), (100_000, true), (100_001, false)] {
                let argument = format!("{flag}={number}");
                assert_eq!(parse(&[&argument]).is_ok(), is_valid, "{argument}");
            }
        }
    }
}
