//! Ids of rows: a type for each noun, so that the compiler keeps the id of a post apart from that of a
//! comment.

use std::fmt;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

/// Declares id types: an `i64` in SQLite, shown as its digits.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(i64);

        impl $id {
            /// The id of a row with this number.
            #[must_use]
            pub const fn new(number: i64) -> $id {
                $id(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// Parses a segment of a path, see [`number_from_path`].
            #[must_use]
            pub fn from_path(segment: &str) -> Option<$id> {
                number_from_path(segment).map($id)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef) -> FromSqlResult<$id> {
                i64::column_result(value).map($id)
            }
        }
    )+ };
}

ids! {
    /// The id of a user.
    UserId
    /// The id of a post.
    PostId
    /// The id of a comment.
    CommentId
    /// The id of a session.
    SessionId
    /// The id of a token for the API.
    ApiTokenId
    /// The id of the draft of a comment.
    DraftId
    /// The id of an earlier version of a post or comment.
    VersionId
    /// The id of an invitation.
    InvitationId
    /// The id of a group of recorded errors, in a database file of its own.
    ErrorGroupId
}

/// The number in a segment of a path, in the one form that the site writes. A sign or a leading zero, which
/// `parse` accepts, would give a page a second address.
#[must_use]
pub fn number_from_path(segment: &str) -> Option<i64> {
    let is_canonical = segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.starts_with('0');
    segment.parse().ok().filter(|_| is_canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form_in_a_path() {
        assert_eq!(PostId::from_path("17"), Some(PostId::new(17)));
        assert_eq!(UserId::from_path("9223372036854775807").map(UserId::get), Some(i64::MAX));
        for other in ["", "0", "017", "+17", "-17", "1e3", "1 ", "９", "9223372036854775808"] {
            assert_eq!(PostId::from_path(other), None, "{other:?}");
        }
    }
}
