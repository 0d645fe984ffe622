//! The options that limit how often a client or a user may act: `--no-rate-limits`, and a flag for each row
//! of [`RATE_LIMITS`].

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

use crate::site::rate_limits::{COUNT_RANGE, Limit, RATE_LIMITS, RateLimits};

/// The id of the option that turns off all limits.
const NO_RATE_LIMITS: &str = "no_rate_limits";

#[derive(Debug)]
pub(crate) struct RateLimitOptions(Option<RateLimits>);

impl RateLimitOptions {
    /// `None`: there are no limits.
    pub(crate) fn limits(&self) -> Option<RateLimits> {
        self.0.clone()
    }
}

impl Args for RateLimitOptions {
    fn augment_args(command: Command) -> Command {
        let off = Arg::new(NO_RATE_LIMITS)
            .long("no-rate-limits")
            .env("NO_RATE_LIMITS")
            .help("Turn off the limits on signing in, signing up, writing, changing, voting and the API (on in demo)")
            .action(ArgAction::SetTrue)
            .value_parser(FalseyValueParser::new());
        let limits = RATE_LIMITS.iter().map(|option| {
            Arg::new(option.flag)
                .long(option.flag)
                .env(option.env)
                .help(option.help)
                .value_name("N")
                .value_parser(value_parser!(u32).range(COUNT_RANGE))
                .default_value(option.default.count.to_string())
        });
        command.arg(off).args(limits)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RateLimitOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<RateLimitOptions, clap::Error> {
        if matches.get_flag(NO_RATE_LIMITS) {
            return Ok(RateLimitOptions(None));
        }
        let limits = RATE_LIMITS.iter().fold(RateLimits::default(), |limits, option| {
            let count = matches.get_one(option.flag).copied().unwrap_or(option.default.count);
            limits.with(option.key, Limit { count, ..option.default })
        });
        Ok(RateLimitOptions(Some(limits)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::rate_limits::RateLimit;
    use clap::Parser;

    #[derive(Parser, Debug)]
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
            "--sign-ins-per-minute-by-name=5",
            "--sign-ups-per-hour=2",
            "--writes-per-minute=3",
            "--votes-per-minute=4",
            "--changes-per-minute=5",
            "--api-requests-per-minute=6",
        ];
        let limits = parse(&flags).expect("the flags are valid").limits().expect("there are limits");
        assert_eq!(limits[RateLimit::SignIns], Limit::per_minute(1));
        assert_eq!(limits[RateLimit::NameSignIns], Limit::per_minute(5));
        assert_eq!(limits[RateLimit::SignUps], Limit::per_hour(2));
        assert_eq!(limits[RateLimit::Writes], Limit::per_minute(3));
        assert_eq!(limits[RateLimit::Votes], Limit::per_minute(4));
        assert_eq!(limits[RateLimit::Changes], Limit::per_minute(5));
        assert_eq!(limits[RateLimit::ApiRequests], Limit::per_minute(6));
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let limits = parse(&[]).expect("no flag is required").limits().expect("there are limits");
        assert!(RATE_LIMITS.iter().all(|option| limits[option.key] == option.default));
        assert!(parse(&["--no-rate-limits"]).expect("the flag is valid").limits().is_none());
    }

    #[test]
    fn limits_are_from_1_to_100_000() {
        for option in &RATE_LIMITS {
            for (number, is_valid) in [(0, false), (1, true), (100_000, true), (100_001, false)] {
                let argument = format!("--{}={number}", option.flag);
                assert_eq!(parse(&[&argument]).is_ok(), is_valid, "{argument}");
            }
        }
    }
}
