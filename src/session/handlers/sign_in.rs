//! A sign-in: the session, and what goes with it.

use rusqlite::Connection;

use super::super::{NewSession, sql};
use crate::auth::token::{Secret, Token};
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;
use crate::vote::{self, Vote};
use crate::web::Cx;
use crate::{auth, user};

/// A sign-in on its way into the database.
pub struct SignIn {
    /// Of which only the hash is kept.
    pub secret: Secret,
    ip_address: String,
    user_agent: String,
    /// The session that this browser had before.
    before: Option<Token>,
    /// What they wanted to vote for as a guest.
    vote: Option<vote::Target>,
    now: Timestamp,
}

impl SignIn {
    /// From where and with what the request came.
    #[must_use]
    pub fn of(cx: &Cx) -> SignIn {
        SignIn {
            secret: Secret::random(),
            ip_address: cx.ip().to_string(),
            user_agent: cx.user_agent().to_owned(),
            before: auth::token(cx),
            vote: vote::pending_vote(cx),
            now: cx.now,
        }
    }

    /// Signs a user in; the number of the session. The one that this browser had before ends: nobody
    /// could end it from here any more. What they had voted for as a guest is counted,
    /// unless they are banned.
    ///
    /// # Errors
    /// The database's.
    pub fn write(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<SessionId> {
        if let Some(before) = &self.before {
            sql::replace(connection, before)?;
        }
        if let Some(target) = self.vote
            && auth::sql::ban_reason(connection, user_id)?.is_none()
        {
            vote::sql::change(connection, user_id, target, Vote::Cast, self.now)?;
        }
        user::sql::record_sign_in(connection, user_id, self.now)?;
        self.insert(connection, user_id)
    }

    /// Only the session's row; that its user has signed in is noted already.
    ///
    /// # Errors
    /// The database's.
    pub fn insert(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<SessionId> {
        let SignIn { secret, ip_address, user_agent, now, .. } = self;
        sql::create(connection, &NewSession { user_id, secret, ip_address, user_agent, created_at: *now })
    }
}
