//! People.

pub mod handlers;
pub mod password;
pub mod sql;
pub mod views;

use crate::ui::time::Micros;

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Their number, which is in their page's address.
    pub id: i64,
    /// Their name.
    pub screen_name: String,
}

/// Someone as their page shows them.
#[derive(Debug, Clone)]
pub struct User {
    /// Their number.
    pub id: i64,
    /// Their name, unique whatever its case.
    pub screen_name: String,
    /// What they say of themselves.
    pub about: String,
    /// When they signed up.
    pub created_at: Micros,
    /// How much they posted.
    pub posts_count: i64,
    /// How much they commented.
    pub comments_count: i64,
    /// How many sign-ins are kept.
    pub sessions_count: i64,
}

/// Someone who signs up.
pub struct NewUser<'u> {
    /// Their name, unique whatever its case.
    pub screen_name: &'u str,
    /// See [`password`].
    pub password_hash: &'u str,
    /// May be empty.
    pub about: &'u str,
    /// When.
    pub created_at: Micros,
}
