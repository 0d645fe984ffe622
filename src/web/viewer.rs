//! The signed-in user of a request.

/// The signed-in user of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Their number.
    pub id: i64,
    /// Their name.
    pub screen_name: String,
    /// The session they are signed in by.
    pub session_id: i64,
    /// They can moderate.
    pub is_admin: bool,
    /// They can only read, and leave.
    pub is_banned: bool,
}
