//! The rule as SQL: conditions, and the columns of titles and texts. No other file names those columns
//! (`tests/architecture/tidy.rs`), except the SQL of the pages for admins.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use smol_str::SmolStr;

use super::{DELETED, Place, Reader, Remover, Shown, State, shown};
use crate::sql::{Columns, short};

// The SQL below holds for these cells of the rule, for all readers.
const _: () = {
    let readers = [Reader::Guest, Reader::Author, Reader::Other, Reader::Admin];
    let mut at = 0;
    while at < readers.len() {
        assert!(matches!(shown(State::Removed, Place::List, readers[at]), Shown::Nothing));
        assert!(matches!(shown(State::Flagged, Place::List, readers[at]), Shown::Nothing));
        assert!(matches!(shown(State::Deleted, Place::List, readers[at]), Shown::Nothing));
        assert!(matches!(shown(State::Banned, Place::List, readers[at]), Shown::Everything));
        assert!(matches!(shown(State::Removed, Place::Page, readers[at]), Shown::Placeholder));
        assert!(matches!(shown(State::Removed, Place::Mention, readers[at]), Shown::Placeholder));
        assert!(matches!(shown(State::Flagged, Place::Page, readers[at]), Shown::Placeholder));
        assert!(matches!(shown(State::Flagged, Place::Mention, readers[at]), Shown::Placeholder));
        at += 1;
    }
};

/// The condition for rows of `posts` or `comments` that [lists](Place::List) show. Indexes of lists have only
/// these rows, so that no list steps over others.
macro_rules! listed {
    ($table:literal) => {
        concat!($table, ".deleted_at IS NULL")
    };
}
pub(crate) use listed;

/// The condition for rows of `posts` or `comments` that have a page, perhaps as `[deleted]`, `[removed]` or `[flagged]`. The others
/// are deleted, with nothing below them that a page shows, and wait only for an undo
/// (`docs/decisions/0029-undo.md`): to every reader they are not there.
macro_rules! on_page {
    ($table:literal) => {
        concat!($table, ".gone_at IS NULL")
    };
}
pub(crate) use on_page;

/// The column of the [`Remover`] of a post or comment; NULL: it is not removed. Only a removed one costs a search.
macro_rules! remover {
    (post) => {
        "iif(posts.removed_at IS NULL, NULL, \
         EXISTS (SELECT 1 FROM verdicts WHERE verdicts.post_id = posts.id AND verdicts.is_dead = 1))"
    };
    (comment) => {
        "iif(comments.removed_at IS NULL, NULL, \
         EXISTS (SELECT 1 FROM verdicts WHERE verdicts.comment_id = comments.id AND verdicts.is_dead = 1))"
    };
}
pub(crate) use remover;

/// 1: flags; 0: an admin.
impl FromSql for Remover {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Remover> {
        Ok(if bool::column_result(value)? { Remover::Flags } else { Remover::Admin })
    }
}

/// The columns of a post's title in one of its places: `listed` where the statement has [`listed`] as a
/// condition, for [`title`]; `mentioned` for [`mentioned_title`]; `or_null` where the reader shows something
/// else for a hidden title; `dead` on the page of dead things, where the statement has `verdicts.is_dead = 1` as a
/// condition.
macro_rules! post_title {
    (listed) => {
        "posts.title"
    };
    (mentioned) => {
        concat!("posts.title, ", $crate::visibility::sql::remover!(post))
    };
    (dead) => {
        "posts.title"
    };
    (or_null) => {
        "iif(posts.deleted_at IS NULL, posts.title, NULL)"
    };
}
pub(crate) use post_title;

/// The column of a post's text, where the statement has [`listed`] as a condition, or its reader hides the
/// text; `dead` as in [`post_title`].
macro_rules! post_text {
    (listed) => {
        "descriptions.text"
    };
    (dead) => {
        "descriptions.text"
    };
}
pub(crate) use post_text;

/// The column of a comment's text: `listed` where the statement has [`listed`] as a condition; `on_page` in a
/// discussion, where the text of a removed comment is empty; `dead` as in [`post_title`].
macro_rules! comment_text {
    (listed) => {
        "comments.body"
    };
    (dead) => {
        "comments.body"
    };
    (on_page) => {
        "iif(comments.removed_at IS NULL, comments.body, '')"
    };
}
pub(crate) use comment_text;

/// The join of a comment's author in a discussion: a removed comment has none.
macro_rules! comment_author {
    (on_page) => {
        " LEFT JOIN users ON users.id = comments.user_id AND comments.removed_at IS NULL "
    };
}
pub(crate) use comment_author;

/// The title of a post: one column, [`DELETED`] for NULL.
///
/// # Errors
/// When the value is not a text.
pub fn title(columns: &mut Columns) -> rusqlite::Result<SmolStr> {
    Ok(short(columns)?.unwrap_or(SmolStr::new_static(DELETED)))
}

/// The title of a post that something else mentions: two columns. That of a hidden post is a placeholder.
///
/// # Errors
/// When the values are not a text and a remover.
pub fn mentioned_title(columns: &mut Columns) -> rusqlite::Result<SmolStr> {
    let (title, remover): (_, Option<Remover>) = (title(columns)?, columns.read()?);
    Ok(State::of(remover.is_some(), remover).placeholder().map_or(title, SmolStr::new_static))
}
