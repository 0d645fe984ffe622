//! The paths of the pages for admins.

use super::Path;
use crate::types::id::ErrorGroupId;

/// The overview.
pub const ADMIN: &str = "/admin";
/// The newest users, and a search by name.
pub const PEOPLE: &str = "/admin/people";
/// The users who are banned.
pub const BANNED_PEOPLE: &str = "/admin/people/banned";
/// The admins.
pub const ADMINS: &str = "/admin/people/admins";
/// Hints: users who vote for each other, and users with one address.
pub const HINTS: &str = "/admin/hints";
/// The errors that are open, by their causes.
pub const ERRORS: &str = "/admin/errors";
/// Those that are resolved.
pub const RESOLVED_ERRORS: &str = "/admin/errors/resolved";
/// The backup, and a copy of it to try.
pub const BACKUP: &str = "/admin/backup";
/// Restoring a copy to try (POST), and deleting it (DELETE).
pub const TRIAL: &str = "/admin/backup/copy";

/// A group of errors.
#[must_use]
pub fn error_group(id: ErrorGroupId) -> Path {
    Path { before: "/admin/errors/", number: id.get(), after: "" }
}

/// Marking a group as resolved (POST).
#[must_use]
pub fn resolve_error(id: ErrorGroupId) -> Path {
    Path { before: "/admin/errors/", number: id.get(), after: "/resolve" }
}

/// Opening it again (POST).
#[must_use]
pub fn reopen_error(id: ErrorGroupId) -> Path {
    Path { before: "/admin/errors/", number: id.get(), after: "/reopen" }
}
