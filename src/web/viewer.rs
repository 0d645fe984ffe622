//! The signed-in user of a request.

use crate::types::id::{ApiTokenId, SessionId, UserId};

/// The signed-in user of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub screen_name: String,
    /// The id of the session that the request belongs to; 0, which no session has, for a request with a token.
    pub session_id: SessionId,
    /// The token that the request came with; `None`: it belongs to a session.
    pub grant: Option<Grant>,
    /// The number of unread comments in the user's inbox.
    pub unread_count: i64,
    /// The number of posts, users and sites that the user hides.
    pub hides_count: i64,
    /// The user can moderate.
    pub is_admin: bool,
    /// The user can only read, save, follow, hide and mute, use the inbox, sign out and delete their account.
    pub is_banned: bool,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token.
    pub token_id: ApiTokenId,
    /// Whether it may change something.
    pub may_write: bool,
}

impl Viewer {
    /// A member without posts, comments, votes and flags, for the HTML that members share. No user has this id.
    #[must_use]
    pub fn nobody() -> Viewer {
        Viewer {
            id: UserId::new(0),
            screen_name: String::new(),
            session_id: SessionId::new(0),
            grant: None,
            unread_count: 0,
            hides_count: 0,
            is_admin: false,
            is_banned: false,
        }
    }
}
