//! Cookies of a former name, which [`Cx`](super::Cx) holds until the response sets them under the present one.

use std::time::Duration;

/// A cookie that the browser has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookie<'r> {
    /// Its name, without prefix and letters.
    pub name: &'r str,
    /// Its value.
    pub value: &'r str,
    /// It has the name that version 0.1 gave it.
    pub is_former: bool,
}

/// The deletion of a cookie with a former name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormerCookie {
    /// The response deletes it.
    Deleted,
    /// It stays: another site on this host may use it.
    Kept,
}

/// A cookie of a former name, to be set again by the response.
pub struct Taken<'r> {
    /// The cookie.
    pub cookie: Cookie<'r>,
    /// The time for which the browser keeps it.
    pub max_age: Duration,
    /// What becomes of the former one.
    pub former: FormerCookie,
}
