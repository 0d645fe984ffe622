//! The signed-in user of a request.

use crate::types::id::{SessionId, UserId};
/// The signed-in user of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub screen_name: String,
    /// The id of the session that the request belongs to.
    pub session_id: SessionId,
    /// The user can moderate.
    pub is_admin: bool,
    /// The user can only read, save posts, sign out and delete their account.
    pub is_banned: bool,
}
