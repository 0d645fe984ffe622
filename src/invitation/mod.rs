//! Invitations: links with which members let others sign up where that is by invitation, and the tree of who invited whom.
//!
//! A link works once, for [`LIFETIME`], while its maker is not banned. The database has the hash of its secret alone, so
//! that the page that makes it is the only one that ever shows it.

pub mod handlers;
pub mod sql;
pub mod views;

use std::time::Duration;

use crate::types::cursor::Cursor;
use crate::types::id::{InvitationId, UserId};
use crate::types::time::{DAY, Timestamp};
use crate::user::Author;

/// How long a link works.
pub const LIFETIME: Duration = DAY.saturating_mul(14);
/// The most open invitations of a member who is no admin.
pub const MAX_OPEN: u32 = 5;
/// The withdrawn and expired invitations of a user that are kept, the newest: the next one that is made removes the others.
pub const MAX_ENDED: u32 = 20;
/// The levels of the tree on a page, that at which it begins included: on a phone there is no room for more.
pub const MAX_LEVELS: u32 = 5;
/// The users whom another one invited that the tree has on a page below them.
pub const MAX_CHILDREN: u32 = 20;
/// The users of the tree on a page, beside those at whom it begins.
pub const MAX_NODES: u32 = 300;
/// The users whom another one invited that are named on their page, for admins.
pub const MAX_NAMED: u32 = 20;

/// An invitation, as its maker sees it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The primary key, which is in its address.
    pub id: InvitationId,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time of the sign-up with it.
    pub used_at: Option<Timestamp>,
    /// The user who signed up; `None` where none did, or the account was deleted.
    pub invited: Option<Author>,
    /// The time at which it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// What has become of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A person can sign up with it.
    Open,
    /// A person signed up with it then.
    Used(Timestamp),
    /// It was withdrawn then.
    Withdrawn(Timestamp),
    /// Nobody used it in time, which ended then.
    Expired(Timestamp),
}

impl Invitation {
    /// Its state at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        let end = self.created_at + LIFETIME;
        match (self.used_at, self.withdrawn_at) {
            (Some(at), _) => State::Used(at),
            (None, Some(at)) => State::Withdrawn(at),
            (None, None) if end > now => State::Open,
            (None, None) => State::Expired(end),
        }
    }

    /// Its position in the list of its maker.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.id.get(), id: self.id.get() }
    }
}

/// An invitation that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The invitation.
    pub id: InvitationId,
    /// Its maker.
    pub inviter: Author,
}

/// How a user was invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The user who invited them; `None` once that account is deleted.
    pub by: Option<Author>,
}

/// The outcome of withdrawing an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// It is withdrawn, perhaps since before, or has expired.
    Done,
    /// A person has used it.
    Used,
    /// The user has no such invitation.
    NotFound,
}

/// A user in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The user.
    pub author: Author,
    /// The users whom they invited, as far as the page has room, the newest first.
    pub invited: Vec<Node>,
    /// Whether they invited more users.
    pub has_more: bool,
}

impl Node {
    /// Its position among the users at whom the tree of a page begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.author.id.get(), id: self.author.id.get() }
    }
}

/// The users at whom the tree of a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// Those whom nobody invited, or whose inviter's account was deleted.
    Roots,
    /// Those whom this user invited.
    InvitedBy(UserId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_open_until_it_is_used_withdrawn_or_too_old() {
        let made = Timestamp::EPOCH + DAY;
        let of = |used_at, withdrawn_at| Invitation {
            id: InvitationId::new(1),
            created_at: made,
            used_at,
            invited: None,
            withdrawn_at,
        };
        let (end, later) = (made + LIFETIME, made + DAY);
        assert_eq!(of(None, None).state(end - Duration::from_micros(1)), State::Open);
        assert_eq!(of(None, None).state(end), State::Expired(end));
        assert_eq!(of(Some(later), None).state(end), State::Used(later));
        assert_eq!(of(None, Some(later)).state(end), State::Withdrawn(later));
    }
}
