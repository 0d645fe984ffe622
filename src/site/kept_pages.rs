//! Copies of pages, by everything in a request that a page depends on.

use std::borrow::Cow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, Weighter};

use crate::changes::{Changes, Shown, Since};
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;

/// What a page depends on besides the database and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKey<'k> {
    /// Path and query, as they were sent.
    pub target: &'k str,
    /// The `Host` header, where the page's links depend on it.
    pub host: Option<&'k str>,
    /// The member and the session to which alone the page is sent; `None`: it is for guests. The number of a session that
    /// has ended is given again, that of a user never.
    pub member: Option<(UserId, SessionId)>,
    /// What is chosen by other headers and cookies: the scheme, the coding, the preferences.
    pub choices: [u8; 5],
}

/// A [`PageKey`] with its own texts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnedKey {
    target: Box<str>,
    host: Option<Box<str>>,
    member: Option<(UserId, SessionId)>,
    choices: [u8; 5],
}

impl OwnedKey {
    fn borrowed(&self) -> PageKey<'_> {
        PageKey {
            target: &self.target,
            host: self.host.as_deref(),
            member: self.member,
            choices: self.choices,
        }
    }
}

impl Hash for OwnedKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Equivalent<OwnedKey> for PageKey<'_> {
    fn equivalent(&self, key: &OwnedKey) -> bool {
        *self == key.borrowed()
    }
}

/// A copy of a page.
#[derive(Debug)]
pub struct KeptPage {
    /// The headers of the 200 response, with an `ETag`.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body, perhaps compressed.
    pub body: Vec<u8>,
    /// What it shows.
    pub shown: Shown,
    /// Since when nothing of that may have changed.
    pub since: Since,
    /// The moments at which it is right, without the last: its ages are in words.
    pub times: std::ops::Range<Timestamp>,
}

impl KeptPage {
    fn is_right(&self, changes: &Changes, now: Timestamp) -> bool {
        self.times.contains(&now) && changes.has_none(&self.shown, &self.since)
    }
}

/// The bytes that a page takes beside its body and the texts of its key: its headers and its places in tables.
const BESIDE_BODY_BYTES: usize = 1024;
/// The bytes of a usual page, for the size of the tables.
const USUAL_BYTES: u64 = 8 * 1024;

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<OwnedKey, Arc<KeptPage>> for ByBytes {
    fn weight(&self, key: &OwnedKey, page: &Arc<KeptPage>) -> u64 {
        let host = key.host.as_ref().map_or(0, |host| host.len());
        (BESIDE_BODY_BYTES + key.target.len() + host + page.body.len()) as u64
    }
}

/// Counts the pages that leave to make room.
#[derive(Debug, Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<OwnedKey, Arc<KeptPage>> for Evictions {
    type RequestState = ();

    // `on_evict` would also count a page that is replaced by a newer one.
    fn before_evict(&self, (): &mut (), _: &OwnedKey, _: &mut Arc<KeptPage>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The copies. The cache keeps out what is asked for once: a crawler of many addresses does not push out the front page.
pub struct KeptPages {
    cache: Cache<OwnedKey, Arc<KeptPage>, ByBytes, DefaultHashBuilder, Evictions>,
    evictions: Evictions,
}

impl KeptPages {
    /// Room for this many bytes of pages.
    #[must_use]
    pub fn new(bytes: u64) -> KeptPages {
        let evictions = Evictions::default();
        let pages = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        let cache = Cache::with(pages, bytes, ByBytes, DefaultHashBuilder::default(), evictions.clone());
        KeptPages { cache, evictions }
    }

    /// The page, if the copy is what rendering it now would give.
    #[must_use]
    pub fn find(&self, key: &PageKey, changes: &Changes, now: Timestamp) -> Option<Arc<KeptPage>> {
        self.cache.get(key).filter(|page| page.is_right(changes, now))
    }

    /// Keeps a page, if it is right at this moment, and returns whether it is.
    pub fn keep(&self, key: &PageKey, page: &Arc<KeptPage>, changes: &Changes, now: Timestamp) -> bool {
        let is_right = page.is_right(changes, now);
        if is_right {
            let (target, host) = (key.target.into(), key.host.map(Into::into));
            self.cache.insert(
                OwnedKey { target, host, member: key.member, choices: key.choices },
                Arc::clone(page),
            );
        }
        is_right
    }

    /// The bytes that the pages take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// The number of pages that have left to make room for others.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(changes: &Changes, bytes: usize) -> Arc<KeptPage> {
        let since = changes.since_now();
        let times = Timestamp::EPOCH..Timestamp::MAX;
        Arc::new(KeptPage {
            headers: vec![],
            body: vec![0; bytes],
            shown: Shown::of(&[], None),
            since,
            times,
        })
    }

    fn key(target: &str) -> PageKey<'_> {
        PageKey { target, host: None, member: None, choices: [0; 5] }
    }

    #[test]
    fn a_crawler_of_many_addresses_does_not_push_out_the_front_page() {
        let (pages, changes, now) = (KeptPages::new(1_000_000), Changes::default(), Timestamp::EPOCH);
        for _ in 0..2 {
            pages.keep(&key("/"), &page(&changes, 4_000), &changes, now);
        }
        assert_eq!(pages.evictions(), 0, "a newer page is no eviction");
        for number in 0..20_000 {
            let target = format!("/posts/{number}");
            pages.keep(&key(&target), &page(&changes, 4_000), &changes, now);
            assert!(pages.find(&key("/"), &changes, now).is_some(), "after {number} pages");
        }
        assert!(pages.bytes() <= 1_000_000 && pages.evictions() > 10_000);
        pages.keep(&key("/large"), &page(&changes, 2_000_000), &changes, now);
        assert!(pages.find(&key("/large"), &changes, now).is_none() && pages.bytes() <= 1_000_000);
    }

    #[test]
    fn a_page_is_found_at_its_times_alone() {
        let (pages, changes) = (KeptPages::new(1_000_000), Changes::default());
        let at = Timestamp::from_micros;
        let page =
            KeptPage { times: at(10)..at(20), ..Arc::into_inner(page(&changes, 1)).expect("one owner") };
        assert!(pages.keep(&key("/"), &Arc::new(page), &changes, at(10)));
        for (now, is_found) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(pages.find(&key("/"), &changes, at(now)).is_some(), is_found, "{now}");
        }
        assert_eq!(
            pages.find(&PageKey { choices: [0, 0, 0, 0, 1], ..key("/") }, &changes, at(15)).map(drop),
            None
        );
    }
}
