//! Sign-ins.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::auth::token::Secret;
use crate::types::cursor::Cursor;
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;

/// Sessions on a page of one's own.
pub const PAGE_SIZE: u32 = 10;

/// A sign-in as its owner sees it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// When.
    pub created_at: Timestamp,
    /// With what, as the browser says.
    pub user_agent: String,
}

/// A sign-in to be noted.
pub struct NewSession<'s> {
    /// Whose.
    pub user_id: UserId,
    /// Of which only the hash is kept.
    pub secret: &'s Secret,
    /// From where.
    pub ip_address: &'s str,
    /// With what.
    pub user_agent: &'s str,
    /// When.
    pub created_at: Timestamp,
}

impl Session {
    /// Its place in the list: sessions are numbered in the order of their making.
    #[must_use]
    pub fn by_id(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id.get() }
    }
}
