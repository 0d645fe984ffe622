//! The rate limits that the operator sets: their table, and the limits in force.

use std::ops::{Index, RangeInclusive};
use std::time::Duration;

/// The greatest number of actions in any period of a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Actions that are allowed within the window.
    pub count: u32,
    /// The length of that period.
    pub window: Duration,
}

impl Limit {
    /// `count` actions in any minute.
    #[must_use]
    pub const fn per_minute(count: u32) -> Limit {
        Limit { count, window: Duration::from_secs(60) }
    }

    /// `count` actions in any hour.
    #[must_use]
    pub const fn per_hour(count: u32) -> Limit {
        Limit { count, window: Duration::from_secs(60 * 60) }
    }
}

/// How the operator sets a [`RateLimit`].
#[derive(Clone, Copy, Debug)]
pub struct RateLimitOption {
    /// The limit.
    pub key: RateLimit,
    /// The limit unless the operator sets another count. The window is fixed: the flag names it.
    pub default: Limit,
    /// The flag, without its two dashes.
    pub flag: &'static str,
    /// The environment variable.
    pub env: &'static str,
    /// The flag's help text.
    pub help: &'static str,
}

/// The table of limits: key, default, flag, environment variable, help.
macro_rules! rate_limits {
    ($($(#[$doc:meta])* $key:ident $default:expr, $flag:literal, $env:literal, $help:literal;)+) => {
        /// A limit that the operator sets. It indexes [`RATE_LIMITS`] and [`RateLimits`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RateLimit { $($(#[$doc])* $key),+ }

        /// All rate limits, in the order of [`RateLimit`].
        pub const RATE_LIMITS: [RateLimitOption; [$(RateLimit::$key),+].len()] = [$(RateLimitOption {
            key: RateLimit::$key,
            default: $default,
            flag: $flag,
            env: $env,
            help: $help,
        }),+];
    };
}

rate_limits! {
    /// Attempts to sign in, to state a password in a session, and to set one by a link.
    SignIns Limit::per_minute(5), "sign-ins-per-minute", "SIGN_INS_PER_MINUTE",
        "Attempts to sign in per minute: from an address, and as a user in a browser that has signed in as that user before";
    /// Attempts to sign in by one name from all addresses. Twenty addresses can use them up.
    NameSignIns Limit::per_minute(100), "sign-ins-per-minute-by-name", "SIGN_INS_PER_MINUTE_BY_NAME",
        "Attempts to sign in per minute as a user in all other browsers together";
    /// New accounts.
    SignUps Limit::per_hour(5), "sign-ups-per-hour", "SIGN_UPS_PER_HOUR",
        "New accounts per hour from an address";
    /// Posts, comments and flags; guests' drafts count by address.
    Writes Limit::per_minute(10), "writes-per-minute", "WRITES_PER_MINUTE",
        "Posts and comments per minute of a user";
    /// Deletions, changes of the account, ended sessions, decisions of admins, and previews of texts; each counts alone.
    Changes Limit::per_minute(30), "changes-per-minute", "CHANGES_PER_MINUTE",
        "Deletions, changes of the account and moderation per minute of a user";
    /// Votes and saved posts.
    Votes Limit::per_minute(60), "votes-per-minute", "VOTES_PER_MINUTE",
        "Votes and saved posts per minute of a user";
    /// Requests to the site's own API; what they change counts as on pages, too.
    ApiRequests Limit::per_minute(300), "api-requests-per-minute", "API_REQUESTS_PER_MINUTE",
        "Requests to the API per minute of a user's tokens";
}

/// The counts that the operator's flags may set.
pub const COUNT_RANGE: RangeInclusive<i64> = 1..=100_000;

/// The limits in force, indexed by [`RateLimit`].
#[derive(Clone, Debug)]
pub struct RateLimits([Limit; RATE_LIMITS.len()]);

impl RateLimits {
    /// These limits, with another `limit` for `key`.
    #[must_use]
    pub fn with(mut self, key: RateLimit, limit: Limit) -> RateLimits {
        self.0[key as usize] = limit;
        self
    }
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits(RATE_LIMITS.map(|option| option.default))
    }
}

impl Index<RateLimit> for RateLimits {
    type Output = Limit;

    fn index(&self, key: RateLimit) -> &Limit {
        &self.0[key as usize]
    }
}
