//! Sessions: the sign-ins of users.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::auth::token::Secret;
use crate::types::cursor::Cursor;
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;

/// Sessions on a page of a user's list.
pub const PAGE_SIZE: u32 = 10;

/// A session in its owner's list.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The time of the sign-in.
    pub created_at: Timestamp,
    /// The browser's `User-Agent` header.
    pub user_agent: String,
}

/// The values of a session to be inserted.
pub struct NewSession<'s> {
    /// Its owner.
    pub user_id: UserId,
    /// The secret in the cookie; only its hash is stored.
    pub secret: &'s Secret,
    /// The client's IP address.
    pub ip_address: &'s str,
    /// The client's `User-Agent` header.
    pub user_agent: &'s str,
    /// The time of the sign-in.
    pub created_at: Timestamp,
}

impl Session {
    /// The cursor of the list, which is sorted by id: ids grow with the time of sign-in.
    #[must_use]
    pub fn by_id(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id.get() }
    }
}
