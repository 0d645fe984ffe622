//! Versions: what a post or comment was before each edit.
//!
//! Everybody sees that it was edited, and when. Its author and admins can read the versions, and everybody can once another
//! user has answered, since the answer was to one of them. A version that holds private data can be struck.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::id::VersionId;
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;
use crate::web::paths::{self, Path};

/// The most versions of a post or comment that are kept, beside the present one. Beyond it the second oldest goes: how it
/// began and how it changed of late count most.
pub const MAX_VERSIONS: u32 = 20;

/// What a post or comment was.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// The time since when it was shown.
    pub created_at: Timestamp,
    /// The title of a post; `None` for a comment.
    pub title: Option<String>,
    /// The link of a post.
    pub url: Option<String>,
    /// The text, in the site's markup; empty once it is struck.
    pub text: String,
    /// When it was struck, and by whom.
    pub struck: Option<Struck>,
}

/// The end of a version.
#[derive(Debug, Clone)]
pub struct Struck {
    /// The time.
    pub at: Timestamp,
    /// The author or the admin; `None` once the account is deleted.
    pub by: Option<Author>,
}

/// A post or comment with its versions, for a viewer.
#[derive(Debug, Clone)]
pub struct History {
    /// The post or comment.
    pub of: Target,
    /// The time since when the present one is shown.
    pub edited_at: Timestamp,
    /// Whether the viewer may read the versions.
    pub is_readable: bool,
    /// Whether the viewer may strike them.
    pub is_strikable: bool,
    /// The versions, the newest first; empty if they may not be read, or were not kept yet.
    pub versions: Vec<Version>,
}

/// The page of the versions of a post or comment.
#[must_use]
pub fn path(of: Target) -> Path {
    match of {
        Target::Post(id) => paths::post_versions(id),
        Target::Comment(id) => paths::comment_versions(id),
    }
}
