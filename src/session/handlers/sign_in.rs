//! The database part of a sign-in: the new session, and the changes that go with it.

use rusqlite::Connection;

use super::super::{NewSession, sql};
use crate::auth::token::{Secret, Token};
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;
use crate::vote::{self, PendingVote, Vote, VoteOutcome};
use crate::web::Cx;
use crate::{auth, device, user};

/// A sign-in to be written.
pub struct SignIn {
    /// The secret in the session's cookie; only its hash is stored.
    pub secret: Secret,
    ip_address: String,
    user_agent: String,
    /// The session that this browser had before.
    former_session: Option<Token>,
    /// The secret in the device's cookie.
    device: Option<Secret>,
    /// The vote that waits for the sign-in.
    vote: Option<PendingVote>,
    /// The days in which a user counts as new, whose vote is not counted.
    new_user_days: u32,
    /// The time of the request.
    pub now: Timestamp,
}

/// A sign-in that is written: the new session and its cookies' secrets.
pub struct SignedIn {
    /// The id of the session.
    pub session_id: SessionId,
    /// The secret for the device's cookie.
    pub device: Secret,
    /// Whether the vote of the guest is counted now.
    pub has_voted: bool,
}

impl SignIn {
    /// Takes address, browser and cookies from the request.
    #[must_use]
    pub fn of(cx: &Cx) -> SignIn {
        let vote = vote::pending_vote(cx);
        SignIn {
            secret: Secret::random(),
            ip_address: cx.ip().to_string(),
            user_agent: cx.user_agent().to_owned(),
            former_session: auth::token(cx),
            device: device::secret(cx),
            new_user_days: if vote.is_some() { cx.settings().new_user_days() } else { 0 },
            vote,
            now: cx.now,
        }
    }

    /// Signs a user in. The browser's former session ends, because its cookie is overwritten. The vote that waits
    /// for the sign-in is counted, unless it is another user's or the user is banned or new.
    ///
    /// # Errors
    /// [`rusqlite::Error`] when SQLite fails.
    pub fn write(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<SignedIn> {
        if let Some(former_session) = &self.former_session {
            sql::replace(connection, former_session)?;
        }
        let has_voted = match self.vote {
            Some(vote) if vote.is_of(user_id) && self.may_vote(connection, user_id)? => {
                let voted = vote::sql::change(connection, user_id, vote.target, Vote::Cast, self.now)?;
                matches!(voted, VoteOutcome::Score(_))
            }
            _ => false,
        };
        user::sql::record_sign_in(connection, user_id, self.now)?;
        let device = device::sql::record(connection, self.device.as_ref(), user_id, self.now)?;
        Ok(SignedIn { session_id: self.insert(connection, user_id)?, device, has_voted })
    }

    fn may_vote(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<bool> {
        let is_banned = auth::sql::ban_reason(connection, user_id)?.is_some();
        let new = user::sql::newcomer_until(connection, user_id, self.new_user_days, self.now)?;
        Ok(!is_banned && new.is_none())
    }

    /// Inserts only the session, for a user whose sign-in is noted already.
    ///
    /// # Errors
    /// [`rusqlite::Error`] when SQLite fails.
    pub fn insert(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<SessionId> {
        let SignIn { secret, ip_address, user_agent, now, .. } = self;
        sql::create(connection, &NewSession { user_id, secret, ip_address, user_agent, created_at: *now })
    }
}
