//! The limiter: it counts actions in memory. A restart forgets them, which gives each client at most one more
//! window's count.
//!
//! The limiter remembers the time of each action that it allowed for as long as the window lasts. "Five a
//! minute" is therefore never six in any minute, whatever the wall clock does, and a refusal says exactly
//! when the next action is allowed. A refused action is not recorded: trying again does not prolong the wait.
//!
//! To limit an action, add a row to `actions!`, and unless it shares a limit, one to the table in
//! [`rate_limits`](super::rate_limits).

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rate_limits::{Limit, RateLimit, RateLimits};
use crate::types::id::{SessionId, UserId};

/// Actions that each counter remembers, some 200 bytes each at worst: 20 MB a counter, enough for 20,000
/// addresses that sign in as often as they may. Beyond it the counter forgets its oldest action before the
/// window has passed, so a flood makes limits laxer, never stricter for anyone else. To have their own
/// actions forgotten, attackers would need 100,000 others that are allowed within a minute, from 20,000
/// addresses, and each of those addresses has five attempts of its own anyway.
const MAX_REMEMBERED_ACTIONS: usize = 100_000;

/// The table of actions: name, client, limit. Each action has a counter of its own.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident($client:ty) $limit:ident;)+) => {
        /// An action that is limited, with the client that it is counted for.
        #[derive(Clone, Copy, Debug)]
        pub enum Action<'a> { $($(#[$doc])* $name($client)),+ }

        /// The name of an [`Action`]. It indexes [`LIMITS`] and [`Windows`].
        #[derive(Clone, Copy, Debug)]
        enum Counter { $($name),+ }

        /// The limit of each counter.
        const LIMITS: [RateLimit; [$(Counter::$name),+].len()] = [$(RateLimit::$limit),+];

        impl Action<'_> {
            fn counter(self, name_hasher: &RandomState) -> (Counter, ClientKey) {
                match self { $(Action::$name(client) => (Counter::$name, client.key(name_hasher))),+ }
            }
        }
    };
}

actions! {
    /// An attempt to sign in by a name, as names are compared, on a device of that user: the hash of the
    /// device's secret. No other attempt counts, so that no other client can use it up.
    SignInOn((&'a str, &'a [u8; 32])) SignIns;
    /// An attempt to sign in from this address without such a device, under any name: so the attempts by one
    /// name from one address have this limit, too. Check it before [`Action::SignInAs`], so that a client cannot
    /// use up the attempts of many names from one address.
    SignInFrom(IpAddr) SignIns;
    /// An attempt to sign in by this name, as names are compared, without such a device, from any address.
    /// Other clients can use it up, so its limit is high.
    SignInAs(&'a str) NameSignIns;
    /// A right password for a name, as names are compared, from this address, which then has cost no attempt.
    RightPasswordFrom((&'a str, IpAddr)) Votes;
    /// An attempt in this session to state its user's password, to change it or to delete the account. It
    /// counts by session, so that a client with another session of the user cannot use it up.
    PasswordIn(SessionId) SignIns;
    /// Such an attempt in any session of this user: a user can have many. "Sign out everywhere else" needs no password
    /// and ends those of a stranger.
    PasswordBy(UserId) Changes;
    /// A change from this address by a link with a secret: a new password, or the confirmation of a mail address.
    LinkFrom(IpAddr) SignIns;
    /// A request from this address for a mail with a link to set a new password.
    ResetAskedFrom(IpAddr) SignIns;
    /// A new account.
    SignUpFrom(IpAddr) SignUps;
    /// A post, a comment or a flag of this user.
    WriteBy(UserId) Writes;
    /// A guest's text, kept as a draft until they have signed in.
    WriteFrom(IpAddr) Writes;
    /// A deletion by this user, a change of their account, or a decision as an admin.
    ChangeBy(UserId) Changes;
    /// A title of a linked page, fetched for this user.
    TitleFetchBy(UserId) Writes;
    /// A preview of a text of this user.
    PreviewBy(UserId) Changes;
    /// A request in this session to end others of its user. It counts by session, so that a stranger with one
    /// cannot keep the owner from ending it.
    SessionEndIn(SessionId) Changes;
    /// A vote of this user, or a post that they save.
    VoteBy(UserId) Votes;
    /// A request by this user's tokens.
    ApiRequestBy(UserId) ApiRequests;
}

/// The refusal of an action that exceeds its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Until the action is allowed: rounded up, at least 1.
    pub seconds: u64,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The limit.
    pub limit: Limit,
    /// Actions that are allowed at once.
    pub remaining: u32,
    /// Seconds until one more is allowed: rounded up.
    pub reset: u64,
}

/// Counts actions and refuses those beyond their limit.
pub struct Limiter {
    /// `None`: nothing is limited. One lock is enough: only sign-ins and writes take it, and each of them
    /// costs a thousand times as much as the work under the lock.
    windows: Option<Mutex<Windows>>,
    /// Hashes names with keys that no client can predict.
    name_hasher: RandomState,
}

type Windows = [Window; LIMITS.len()];

/// The recent actions of one counter.
struct Window {
    limit: Limit,
    max_remembered: usize,
    /// Times and clients, oldest first.
    actions: VecDeque<(Instant, ClientKey)>,
    /// The times of `actions` by client, oldest first; no list is empty.
    by_client: HashMap<ClientKey, VecDeque<Instant>>,
}

/// A user's number, the hash of a name, or an address: of one size, whatever a client sends.
type ClientKey = u128;

impl Limiter {
    /// A limiter with these limits; `None`: it allows everything.
    #[must_use]
    pub fn new(limits: Option<&RateLimits>) -> Limiter {
        let windows = limits.map(|limits| Mutex::new(LIMITS.map(|key| Window::new(limits[key]))));
        Limiter { windows, name_hasher: RandomState::new() }
    }

    /// Records the action if its limit allows it.
    ///
    /// # Errors
    /// [`RetryAfter`] where it does not; the action is not recorded then.
    pub fn check_and_record(&self, action: Action) -> Result<(), RetryAfter> {
        let Some(windows) = &self.windows else {
            return Ok(());
        };
        let mut windows = lock(windows);
        // Read under the lock, so that the recorded times ascend.
        self.record_at(&mut windows, action, Instant::now())
    }

    /// What is left of the limit of an action; `None`: nothing is limited.
    #[must_use]
    pub fn quota(&self, action: Action) -> Option<Quota> {
        let windows = self.windows.as_ref()?;
        let (counter, client) = action.counter(&self.name_hasher);
        Some(lock(windows)[counter as usize].quota(client, Instant::now()))
    }

    /// Takes back the last action that was recorded for the client, as if it had not been made.
    pub fn take_back(&self, action: Action) {
        if let Some(windows) = &self.windows {
            let (counter, client) = action.counter(&self.name_hasher);
            lock(windows)[counter as usize].take_back(client);
        }
    }

    fn record_at(&self, windows: &mut Windows, action: Action, now: Instant) -> Result<(), RetryAfter> {
        let (counter, client) = action.counter(&self.name_hasher);
        windows[counter as usize].check_and_record(client, now)
    }

    #[cfg(test)]
    fn check_and_record_at(&self, action: Action, now: Instant) -> Result<(), RetryAfter> {
        self.windows.as_ref().map_or(Ok(()), |windows| self.record_at(&mut lock(windows), action, now))
    }
}

fn lock(windows: &Mutex<Windows>) -> MutexGuard<'_, Windows> {
    // Nothing panics while it is held.
    windows.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client that actions are counted for.
trait Client {
    fn key(self, name_hasher: &RandomState) -> ClientKey;
}

/// An IPv4 address in any of its spellings; of an IPv6 address the /64, which is the size of one customer's
/// network (RFC 6177), so that all its addresses count as one client. The two ranges of keys do not overlap.
impl Client for IpAddr {
    fn key(self, _: &RandomState) -> ClientKey {
        match self.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits() >> 64 << 64,
        }
    }
}

/// A name.
impl Client for &str {
    fn key(self, name_hasher: &RandomState) -> ClientKey {
        name_hasher.hash_one(self).into()
    }
}

/// A name on a device.
impl Client for (&str, &[u8; 32]) {
    fn key(self, name_hasher: &RandomState) -> ClientKey {
        name_hasher.hash_one(self).into()
    }
}

/// A name at an address.
impl Client for (&str, IpAddr) {
    fn key(self, name_hasher: &RandomState) -> ClientKey {
        name_hasher.hash_one((self.0, self.1.key(name_hasher))).into()
    }
}

/// A session's number.
impl Client for SessionId {
    fn key(self, _: &RandomState) -> ClientKey {
        self.get().unsigned_abs().into()
    }
}

/// A user's number.
impl Client for UserId {
    fn key(self, _: &RandomState) -> ClientKey {
        self.get().unsigned_abs().into()
    }
}

impl Window {
    fn new(limit: Limit) -> Window {
        Window {
            limit,
            max_remembered: MAX_REMEMBERED_ACTIONS,
            actions: VecDeque::new(),
            by_client: HashMap::new(),
        }
    }

    fn check_and_record(&mut self, client: ClientKey, now: Instant) -> Result<(), RetryAfter> {
        let Limit { count, window } = self.limit;
        while self.actions.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= window) {
            self.forget_oldest();
        }
        let recorded = self.by_client.get(&client);
        if recorded.map_or(0, VecDeque::len) >= count as usize {
            let oldest = recorded.and_then(VecDeque::front).copied().unwrap_or(now);
            let age = now.saturating_duration_since(oldest);
            return Err(RetryAfter::from_duration(window.saturating_sub(age)));
        }
        if self.actions.len() >= self.max_remembered {
            self.forget_oldest();
        }
        self.actions.push_back((now, client));
        self.by_client.entry(client).or_default().push_back(now);
        Ok(())
    }

    fn quota(&self, client: ClientKey, now: Instant) -> Quota {
        let Limit { count, window } = self.limit;
        let ages = self.by_client.get(&client).into_iter().flatten();
        let ages = ages.map(|at| now.saturating_duration_since(*at)).filter(|age| *age < window);
        let (oldest, used) = ages.fold((None, 0), |(oldest, used), age| (oldest.or(Some(age)), used + 1));
        let reset = oldest.map_or(0, |age| RetryAfter::from_duration(window.saturating_sub(age)).seconds);
        Quota { limit: self.limit, remaining: count.saturating_sub(used), reset }
    }

    fn take_back(&mut self, client: ClientKey) {
        // It was recorded just now, so it is among the last.
        let Some(at) = self.actions.iter().rposition(|(_, other)| *other == client) else {
            return;
        };
        self.actions.remove(at);
        if let Some(recorded) = self.by_client.get_mut(&client) {
            recorded.pop_back();
            if recorded.is_empty() {
                self.by_client.remove(&client);
            }
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, client)) = self.actions.pop_front() else {
            return;
        };
        if let Some(recorded) = self.by_client.get_mut(&client) {
            recorded.pop_front();
            if recorded.is_empty() {
                self.by_client.remove(&client);
            }
        }
    }
}

impl RetryAfter {
    fn from_duration(time: Duration) -> RetryAfter {
        let is_whole = u64::from(time.subsec_nanos() == 0);
        RetryAfter { seconds: (time.as_secs() + 1 - is_whole).max(1) }
    }
}

/// `40 seconds`; above two minutes `3 minutes`, rounded up.
impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.seconds {
            1 => f.write_str("1 second"),
            seconds @ ..=120 => write!(f, "{seconds} seconds"),
            seconds => write!(f, "{} minutes", seconds.div_ceil(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    const MINUTE: Duration = Duration::from_secs(60);

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The wait in seconds of an action at each of these times; 0: it was allowed.
    fn waits(limiter: &Limiter, action: Action, start: Instant, at: &[f64]) -> Vec<u64> {
        at.iter()
            .map(|at| {
                limiter
                    .check_and_record_at(action, start + seconds(*at))
                    .map_or_else(|wait| wait.seconds, |()| 0)
            })
            .collect()
    }

    fn limited() -> Limiter {
        Limiter::new(Some(&RateLimits::default()))
    }

    #[test]
    fn actions_are_refused_until_the_oldest_leaves_the_window() {
        let action = Action::SignInFrom(address("192.0.2.1"));
        for (at, expected) in [
            // Five at once; the sixth is allowed when the first is a minute old.
            (&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 59.999, 60.0][..], &[0, 0, 0, 0, 0, 60, 1, 0][..]),
            // They leave the window one by one.
            (
                &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 60.0, 70.0, 70.0],
                &[0, 0, 0, 0, 0, 10, 0, 10, 0, 10],
            ),
            // Whole seconds, rounded up, and never 0.
            (&[0.0, 0.0, 0.0, 0.0, 0.0, 18.0, 18.001, 18.999, 59.9999], &[0, 0, 0, 0, 0, 42, 42, 42, 1]),
            // The window slides: there are no six around the full minute.
            (&[58.0, 58.0, 58.0, 58.0, 58.0, 61.0, 117.9, 118.0], &[0, 0, 0, 0, 0, 57, 1, 0]),
            // An action every 15 seconds is never refused.
            (&[0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 105.0], &[0; 8]),
        ] {
            assert_eq!(waits(&limited(), action, Instant::now(), at), expected, "{at:?}");
        }
    }

    #[test]
    fn a_refused_attempt_does_not_prolong_the_wait() {
        let (limiter, start) = (limited(), Instant::now());
        let action = Action::SignInFrom(address("192.0.2.1"));
        assert_eq!(waits(&limiter, action, start, &[0.0; 5]), [0; 5]);
        for second in 0_u32..60 {
            assert_eq!(waits(&limiter, action, start, &[second.into()]), [60 - u64::from(second)]);
        }
        assert_eq!(waits(&limiter, action, start, &[60.0; 6]), [0, 0, 0, 0, 0, 60]);
    }

    #[test]
    fn what_is_left_of_a_limit_comes_back_with_its_oldest_action() {
        let (limiter, action) = (limited(), Action::VoteBy(UserId::new(7)));
        let left = |limiter: &Limiter| limiter.quota(action).map(|quota| (quota.remaining, quota.reset));
        assert_eq!(left(&limiter), Some((60, 0)));
        let now = Instant::now();
        let at = |before: f64| now.checked_sub(seconds(before)).expect("the machine runs that long");
        assert!(limiter.check_and_record_at(action, at(50.0)).is_ok());
        assert!(limiter.check_and_record_at(action, at(5.0)).is_ok());
        let (remaining, reset) = left(&limiter).expect("it is limited");
        assert!(remaining == 58 && (9..=10).contains(&reset), "{remaining} {reset}");
        assert_eq!(left(&Limiter::new(None)), None);
    }

    #[test]
    fn each_action_has_its_own_limit() {
        let from = address("192.0.2.1");
        for (action, count, wait) in [
            (Action::SignInFrom(from), 5, 60),
            (Action::SignInOn(("somebody", &[7; 32])), 5, 60),
            (Action::SignInAs("somebody"), 100, 60),
            (Action::PasswordIn(SessionId::new(7)), 5, 60),
            (Action::SignUpFrom(from), 5, 3600),
            (Action::WriteBy(UserId::new(7)), 10, 60),
            (Action::WriteFrom(from), 10, 60),
            (Action::VoteBy(UserId::new(7)), 60, 60),
            (Action::ChangeBy(UserId::new(7)), 30, 60),
            (Action::ApiRequestBy(UserId::new(7)), 300, 60),
        ] {
            let (limiter, start) = (limited(), Instant::now());
            assert_eq!(waits(&limiter, action, start, &vec![0.0; count]), vec![0; count], "{action:?}");
            assert_eq!(waits(&limiter, action, start, &[0.0]), [wait], "{action:?}");
        }
        let (limiter, start) = (limited(), Instant::now());
        let actions = [Action::SignInFrom(from), Action::SignUpFrom(from), Action::WriteFrom(from)];
        for action in
            actions.into_iter().chain([Action::WriteBy(UserId::new(7)), Action::VoteBy(UserId::new(7))])
        {
            assert_eq!(
                waits(&limiter, action, start, &[0.0; 5]),
                [0; 5],
                "{action:?} is not counted with the others"
            );
        }
    }

    #[test]
    fn which_actions_count_for_the_same_client() {
        let from = |text| Action::SignInFrom(address(text));
        for (one, other, same) in [
            (from("192.0.2.1"), from("192.0.2.1"), true),
            (from("192.0.2.1"), from("192.0.2.2"), false),
            (from("192.0.2.1"), from("::ffff:192.0.2.1"), true),
            (from("::ffff:192.0.2.1"), from("::ffff:192.0.2.2"), false),
            (from("2001:db8::1"), from("2001:db8::ffff:ffff:ffff:ffff"), true),
            (from("2001:db8::1"), from("2001:db8:0:1::1"), false),
            (from("::192.0.2.1"), from("192.0.2.1"), false),
            (from("0.0.0.0"), from("::"), false),
            (Action::SignInAs("somebody"), Action::SignInAs("somebody"), true),
            (Action::SignInAs("somebody"), Action::PasswordIn(SessionId::new(1)), false),
            (Action::SignInOn(("somebody", &[7; 32])), Action::SignInOn(("somebody", &[7; 32])), true),
            (Action::SignInOn(("somebody", &[7; 32])), Action::SignInOn(("somebody", &[8; 32])), false),
            (Action::SignInOn(("somebody", &[7; 32])), Action::SignInOn(("another", &[7; 32])), false),
            (Action::SignInOn(("somebody", &[7; 32])), Action::SignInAs("somebody"), false),
            (Action::SignInAs("somebody"), Action::SignInOn(("somebody", &[7; 32])), false),
            (Action::PasswordIn(SessionId::new(1)), Action::PasswordIn(SessionId::new(2)), false),
            (Action::SignInAs("somebody"), Action::SignInAs("somebody_else"), false),
            (Action::WriteBy(UserId::new(1)), Action::WriteBy(UserId::new(1)), true),
            (Action::WriteBy(UserId::new(1)), Action::WriteBy(UserId::new(2)), false),
        ] {
            let (limiter, start) = (limited(), Instant::now());
            while limiter.check_and_record_at(one, start).is_ok() {}
            assert_eq!(limiter.check_and_record_at(other, start).is_err(), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let limiter = Limiter::new(None);
        assert!((0..1000).all(|_| limiter.check_and_record(Action::SignInAs("somebody")).is_ok()));
    }

    #[test]
    fn actions_that_left_the_window_take_no_memory() {
        let (mut window, start) = (Window::new(Limit::per_minute(5)), Instant::now());
        for key in 0..1000 {
            assert!(window.check_and_record(key, start).is_ok());
        }
        assert_eq!((window.actions.len(), window.by_client.len()), (1000, 1000));
        assert!(window.check_and_record(7, start + MINUTE).is_ok());
        assert_eq!((window.actions.len(), window.by_client.len()), (1, 1));
    }

    #[test]
    fn an_action_that_is_taken_back_was_not_made_and_others_were() {
        let (limiter, start) = (limited(), Instant::now());
        let [own, other] = ["192.0.2.1", "192.0.2.2"].map(|from| Action::SignInFrom(address(from)));
        limiter.take_back(own);
        assert_eq!(waits(&limiter, own, start, &[0.0; 4]), [0; 4]);
        assert_eq!(waits(&limiter, other, start, &[0.0; 5]), [0; 5]);
        for _ in 0..10 {
            assert_eq!(waits(&limiter, own, start, &[1.0]), [0]);
            limiter.take_back(own);
        }
        // The four before stay, and so do those of the other address.
        assert_eq!(waits(&limiter, own, start, &[1.0; 2]), [0, 59]);
        assert_eq!(waits(&limiter, other, start, &[1.0]), [59]);
    }

    #[test]
    fn a_full_window_forgets_the_oldest_action() {
        let start = Instant::now();
        let mut window = Window { max_remembered: 100, ..Window::new(Limit::per_minute(5)) };
        for _ in 0..5 {
            assert!(window.check_and_record(0, start).is_ok());
        }
        assert!(window.check_and_record(0, start + seconds(1.0)).is_err());
        // Others fill the window; while nothing is forgotten, the limit holds.
        for other in 1..=95 {
            assert!(window.check_and_record(other, start + seconds(2.0)).is_ok());
        }
        assert!(window.check_and_record(0, start + seconds(3.0)).is_err());
        // The next action replaces the oldest one.
        assert!(window.check_and_record(96, start + seconds(4.0)).is_ok());
        assert!(window.check_and_record(0, start + seconds(5.0)).is_ok());
        for other in 97..10_000 {
            assert!(
                window.check_and_record(other, start + seconds(6.0)).is_ok(),
                "a flood causes no refusal"
            );
            assert!(window.actions.len() <= 100 && window.by_client.len() <= 100);
        }
        let kept: usize = window.by_client.values().map(VecDeque::len).sum();
        assert_eq!((window.actions.len(), kept), (100, 100));
    }

    #[test]
    fn threads_together_do_not_exceed_the_limit() {
        let limiter = Limiter::new(Some(&RateLimits::default().with(RateLimit::Votes, Limit::per_hour(500))));
        let allowed = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if limiter.check_and_record(Action::VoteBy(UserId::new(1))).is_ok() {
                            allowed.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(allowed.into_inner(), 500);
    }

    #[test]
    fn a_wait_is_shown_in_words() {
        for (seconds, words) in [
            (1, "1 second"),
            (2, "2 seconds"),
            (60, "60 seconds"),
            (120, "120 seconds"),
            (121, "3 minutes"),
            (180, "3 minutes"),
            (3600, "60 minutes"),
        ] {
            assert_eq!(RetryAfter { seconds }.to_string(), words);
        }
        assert_eq!(RetryAfter::from_duration(Duration::from_nanos(1)), RetryAfter { seconds: 1 });
        assert_eq!(RetryAfter::from_duration(Duration::ZERO), RetryAfter { seconds: 1 });
        assert_eq!(RetryAfter::from_duration(seconds(42.0)), RetryAfter { seconds: 42 });
        assert_eq!(RetryAfter::from_duration(seconds(42.001)), RetryAfter { seconds: 43 });
    }
}
