//! Copies of pages, by everything in a request that a page depends on.

use std::borrow::Cow;
use std::hash::Hash;

use quick_cache::Equivalent;

use super::copies::{Copies, KeptCopy, Size};
use crate::types::id::{SessionId, UserId};

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
pub struct OwnedKey {
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

impl From<&PageKey<'_>> for OwnedKey {
    fn from(&PageKey { target, host, member, choices }: &PageKey) -> OwnedKey {
        OwnedKey { target: target.into(), host: host.map(Into::into), member, choices }
    }
}

impl Size for OwnedKey {
    fn bytes(&self) -> usize {
        self.target.len() + self.host.as_ref().map_or(0, |host| host.len())
    }
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The headers of the 200 response, with an `ETag`.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body, perhaps compressed.
    pub body: Vec<u8>,
}

/// The bytes of the headers of a page.
const HEADER_BYTES: usize = 768;

impl Size for Page {
    fn bytes(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }
}

/// A copy of a page.
pub type KeptPage = KeptCopy<Page>;

/// The copies of pages.
pub type KeptPages = Copies<OwnedKey, Page>;
