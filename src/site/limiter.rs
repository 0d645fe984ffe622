//! How often one may do what costs us or annoys others: rate limits, kept in memory. A restart
//! forgets them, which gives everybody at most one more helping.
//!
//! What is kept is the moment of each act that was let through, for as long as its window is: "five a
//! minute" is never six in any minute, however the clock stands, and who is refused can be told
//! exactly when the next act is due. A refused act is not noted: trying on does not prolong the wait.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Acts of a kind that are remembered, some 200 bytes each at worst: 20 MB a kind, and room for
/// 20,000 addresses that sign in as often as they may. Beyond it the oldest of all is forgotten
/// before its window is over, so a flood makes limits laxer, never stricter for anybody else. To have
/// their own acts forgotten attackers would need 100,000 others that are let through within a minute,
/// from 20,000 addresses, each of which would have got them five attempts anyway.
const REMEMBERED: usize = 100_000;

/// So many in any period of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// In how long.
    pub window: Duration,
}

/// What is limited, and by whom it is done.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// An attempt to sign in, whoever as. Take it before [`Action::SignInAs`], so that nobody uses up
    /// many names' attempts from one address.
    SignInFrom(IpAddr),
    /// An attempt to sign in by this name, wherever from: the name as it is compared.
    SignInAs(&'a str),
    /// An attempt to change the password of this user, who is signed in. It is none to sign in: who is
    /// kept from that by somebody else's attempts can still change it.
    PasswordBy(i64),
    /// A new account.
    SignUpFrom(IpAddr),
    /// A post or a comment of this user.
    WriteBy(i64),
    /// A guest's text that is kept until they have signed in.
    WriteFrom(IpAddr),
    /// A vote of this user.
    VoteBy(i64),
}

/// Too fast: how long until the same act is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Rounded up, at least 1.
    pub seconds: u64,
}

/// Who has done what lately.
pub struct Limiter {
    /// `None`: nothing is limited. One lock is enough: it is taken by sign-ins and writes only, each
    /// of which costs a thousand times as much as what is done while it is held.
    memory: Option<Mutex<Memory>>,
    /// Makes a number of a name, one that nobody outside can foresee.
    names: RandomState,
}

struct Memory {
    sign_ins_from: Kind,
    sign_ins_as: Kind,
    passwords_by: Kind,
    sign_ups_from: Kind,
    writes_by: Kind,
    writes_from: Kind,
    votes_by: Kind,
}

/// The acts of one kind within the window.
struct Kind {
    limit: Limit,
    remembered: usize,
    /// When, and whose: oldest first.
    acts: VecDeque<(Instant, Key)>,
    /// The same by whose, oldest first; nobody's is empty.
    of: HashMap<Key, VecDeque<Instant>>,
}

/// A user's number, the hash of a name, or an address: of one size whatever a client sends.
type Key = u128;

impl Limit {
    /// So many a minute.
    #[must_use]
    pub fn a_minute(count: u32) -> Limit {
        Limit { count, window: Duration::from_secs(60) }
    }

    /// So many an hour.
    #[must_use]
    pub fn an_hour(count: u32) -> Limit {
        Limit { count, window: Duration::from_secs(60 * 60) }
    }
}

/// How often one may do what, see [`Action`](Action).
#[derive(Debug, Clone)]
pub struct RateLimits {
    /// Attempts to sign in: from an address, and as often by a name.
    pub sign_ins: Limit,
    /// New accounts from an address.
    pub sign_ups: Limit,
    /// A user's posts and comments together; a guest's count by their address.
    pub writes: Limit,
    /// A user's votes, and the posts that they save.
    pub votes: Limit,
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            sign_ins: Limit::a_minute(5),
            sign_ups: Limit::an_hour(5),
            writes: Limit::a_minute(10),
            votes: Limit::a_minute(60),
        }
    }
}

impl Limiter {
    /// With these limits, or none at all.
    #[must_use]
    pub fn new(limits: Option<&RateLimits>) -> Limiter {
        let memory = limits.map(|limits| {
            Mutex::new(Memory {
                sign_ins_from: Kind::new(limits.sign_ins),
                sign_ins_as: Kind::new(limits.sign_ins),
                passwords_by: Kind::new(limits.sign_ins),
                sign_ups_from: Kind::new(limits.sign_ups),
                writes_by: Kind::new(limits.writes),
                writes_from: Kind::new(limits.writes),
                votes_by: Kind::new(limits.votes),
            })
        });
        Limiter { memory, names: RandomState::new() }
    }

    /// Notes the act, unless it comes too soon.
    ///
    /// # Errors
    /// How long until it is let through; it is not noted then.
    pub fn take(&self, act: Action) -> Result<(), RetryAfter> {
        // The moment is taken when the lock is held, so that acts are noted in their order.
        self.memory.as_ref().map_or(Ok(()), |memory| self.note(&mut lock(memory), act, Instant::now()))
    }

    fn note(&self, memory: &mut Memory, act: Action, now: Instant) -> Result<(), RetryAfter> {
        match act {
            Action::SignInFrom(address) => memory.sign_ins_from.take(of_address(address), now),
            Action::SignInAs(name) => memory.sign_ins_as.take(self.of_name(name), now),
            Action::PasswordBy(user) => memory.passwords_by.take(of_user(user), now),
            Action::SignUpFrom(address) => memory.sign_ups_from.take(of_address(address), now),
            Action::WriteBy(user) => memory.writes_by.take(of_user(user), now),
            Action::WriteFrom(address) => memory.writes_from.take(of_address(address), now),
            Action::VoteBy(user) => memory.votes_by.take(of_user(user), now),
        }
    }

    fn of_name(&self, name: &str) -> Key {
        self.names.hash_one(name).into()
    }

    #[cfg(test)]
    fn take_at(&self, act: Action, now: Instant) -> Result<(), RetryAfter> {
        self.memory.as_ref().map_or(Ok(()), |memory| self.note(&mut lock(memory), act, now))
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    // Nothing panics while it is held.
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An IPv4 address as it is, however it is written; of an IPv6 address the /64, which is what one
/// customer gets (RFC 6177): all its addresses are one person's. The two kinds cannot meet.
fn of_address(address: IpAddr) -> Key {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

fn of_user(id: i64) -> Key {
    id.unsigned_abs().into()
}

impl Kind {
    fn new(limit: Limit) -> Kind {
        Kind { limit, remembered: REMEMBERED, acts: VecDeque::new(), of: HashMap::new() }
    }

    fn take(&mut self, key: Key, now: Instant) -> Result<(), RetryAfter> {
        while self.acts.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= self.limit.window)
        {
            self.forget_oldest();
        }
        let noted = self.of.get(&key);
        if noted.map_or(0, VecDeque::len) >= self.limit.count as usize {
            let oldest = noted.and_then(VecDeque::front).copied().unwrap_or(now);
            let gone = now.saturating_duration_since(oldest);
            return Err(RetryAfter::of(self.limit.window.saturating_sub(gone)));
        }
        if self.acts.len() >= self.remembered {
            self.forget_oldest();
        }
        self.acts.push_back((now, key));
        self.of.entry(key).or_default().push_back(now);
        Ok(())
    }

    fn forget_oldest(&mut self) {
        let Some((_, key)) = self.acts.pop_front() else {
            return;
        };
        if let Some(noted) = self.of.get_mut(&key) {
            noted.pop_front();
            if noted.is_empty() {
                self.of.remove(&key);
            }
        }
    }
}

impl RetryAfter {
    fn of(time: Duration) -> RetryAfter {
        let whole = u64::from(time.subsec_nanos() == 0);
        RetryAfter { seconds: (time.as_secs() + 1 - whole).max(1) }
    }
}

/// `40 seconds`, and from two minutes on `3 minutes`: what is left of the last minute counts as one.
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

    /// What comes of acts at these seconds: how long to wait, 0 when it was let through.
    fn waits(limiter: &Limiter, act: Action, start: Instant, at: &[f64]) -> Vec<u64> {
        at.iter()
            .map(|at| limiter.take_at(act, start + seconds(*at)).map_or_else(|wait| wait.seconds, |()| 0))
            .collect()
    }

    fn limited() -> Limiter {
        Limiter::new(Some(&RateLimits::default()))
    }

    #[test]
    fn acts_are_refused_until_the_oldest_leaves_the_window() {
        let act = Action::SignInFrom(address("192.0.2.1"));
        for (at, expected) in [
            // Five at once, and the sixth when the first is a minute old.
            (&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 59.999, 60.0][..], &[0, 0, 0, 0, 0, 60, 1, 0][..]),
            // They leave one by one.
            (
                &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 60.0, 70.0, 70.0],
                &[0, 0, 0, 0, 0, 10, 0, 10, 0, 10],
            ),
            // PostDetail seconds, rounded up, and never 0.
            (&[0.0, 0.0, 0.0, 0.0, 0.0, 18.0, 18.001, 18.999, 59.9999], &[0, 0, 0, 0, 0, 42, 42, 42, 1]),
            // A window that slides: no six around the full minute.
            (&[58.0, 58.0, 58.0, 58.0, 58.0, 61.0, 117.9, 118.0], &[0, 0, 0, 0, 0, 57, 1, 0]),
            // Slow ones are never refused.
            (&[0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 105.0], &[0; 8]),
        ] {
            assert_eq!(waits(&limited(), act, Instant::now(), at), expected, "{at:?}");
        }
    }

    #[test]
    fn a_refused_attempt_does_not_prolong_the_wait() {
        let (limiter, start) = (limited(), Instant::now());
        let act = Action::SignInAs("somebody");
        assert_eq!(waits(&limiter, act, start, &[0.0; 5]), [0; 5]);
        for second in 0_u32..60 {
            assert_eq!(waits(&limiter, act, start, &[second.into()]), [60 - u64::from(second)]);
        }
        assert_eq!(waits(&limiter, act, start, &[60.0; 6]), [0, 0, 0, 0, 0, 60]);
    }

    #[test]
    fn each_kind_has_its_own_limit() {
        let from = address("192.0.2.1");
        for (act, count, wait) in [
            (Action::SignInFrom(from), 5, 60),
            (Action::SignInAs("somebody"), 5, 60),
            (Action::SignUpFrom(from), 5, 3600),
            (Action::WriteBy(7), 10, 60),
            (Action::WriteFrom(from), 10, 60),
            (Action::VoteBy(7), 60, 60),
        ] {
            let (limiter, start) = (limited(), Instant::now());
            assert_eq!(waits(&limiter, act, start, &vec![0.0; count]), vec![0; count], "{act:?}");
            assert_eq!(waits(&limiter, act, start, &[0.0]), [wait], "{act:?}");
        }
        let (limiter, start) = (limited(), Instant::now());
        let acts = [Action::SignInFrom(from), Action::SignUpFrom(from), Action::WriteFrom(from)];
        for act in acts.into_iter().chain([Action::WriteBy(7), Action::VoteBy(7)]) {
            assert_eq!(
                waits(&limiter, act, start, &[0.0; 5]),
                [0; 5],
                "{act:?} has nothing to do with the others"
            );
        }
    }

    #[test]
    fn who_is_the_same_and_who_is_not() {
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
            (Action::SignInAs("somebody"), Action::PasswordBy(1), false),
            (Action::SignInAs("somebody"), Action::SignInAs("somebody_else"), false),
            (Action::WriteBy(1), Action::WriteBy(1), true),
            (Action::WriteBy(1), Action::WriteBy(2), false),
        ] {
            let (limiter, start) = (limited(), Instant::now());
            while limiter.take_at(one, start).is_ok() {}
            assert_eq!(limiter.take_at(other, start).is_err(), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let limiter = Limiter::new(None);
        assert!((0..1000).all(|_| limiter.take(Action::SignInAs("somebody")).is_ok()));
    }

    #[test]
    fn what_has_left_the_window_takes_no_room() {
        let (mut kind, start) = (Kind::new(Limit::a_minute(5)), Instant::now());
        for key in 0..1000 {
            assert!(kind.take(key, start).is_ok());
        }
        assert_eq!((kind.acts.len(), kind.of.len()), (1000, 1000));
        assert!(kind.take(7, start + MINUTE).is_ok());
        assert_eq!((kind.acts.len(), kind.of.len()), (1, 1));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_the_oldest_goes_first() {
        let start = Instant::now();
        let mut kind = Kind { remembered: 100, ..Kind::new(Limit::a_minute(5)) };
        for _ in 0..5 {
            assert!(kind.take(0, start).is_ok());
        }
        assert!(kind.take(0, start + seconds(1.0)).is_err());
        // Others fill the room; as long as nothing is forgotten the limit holds.
        for other in 1..=95 {
            assert!(kind.take(other, start + seconds(2.0)).is_ok());
        }
        assert!(kind.take(0, start + seconds(3.0)).is_err());
        // The next one takes the oldest one's place, nobody else's.
        assert!(kind.take(96, start + seconds(4.0)).is_ok());
        assert!(kind.take(0, start + seconds(5.0)).is_ok());
        for other in 97..10_000 {
            assert!(kind.take(other, start + seconds(6.0)).is_ok(), "a flood refuses nobody");
            assert!(kind.acts.len() <= 100 && kind.of.len() <= 100);
        }
        let kept: usize = kind.of.values().map(VecDeque::len).sum();
        assert_eq!((kind.acts.len(), kept), (100, 100));
    }

    #[test]
    fn many_at_once_are_never_more_than_the_limit() {
        let limiter = Limiter::new(Some(&RateLimits { votes: Limit::an_hour(500), ..RateLimits::default() }));
        let let_through = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if limiter.take(Action::VoteBy(1)).is_ok() {
                            let_through.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(let_through.into_inner(), 500);
    }

    #[test]
    fn a_wait_is_told_in_words() {
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
        assert_eq!(RetryAfter::of(Duration::from_nanos(1)), RetryAfter { seconds: 1 });
        assert_eq!(RetryAfter::of(Duration::ZERO), RetryAfter { seconds: 1 });
        assert_eq!(RetryAfter::of(seconds(42.0)), RetryAfter { seconds: 42 });
        assert_eq!(RetryAfter::of(seconds(42.001)), RetryAfter { seconds: 43 });
    }
}
