//! The rule as SQL: conditions, and the columns of titles and texts. No other file names those columns
//! (`tests/architecture/tidy.rs`), except the SQL of the pages for admins.

use smol_str::SmolStr;

use super::{DELETED, Place, Reader, Shown, State, shown};
use crate::sql::{Columns, short};

// The SQL below holds for these cells of the rule, for all readers.
const _: () = {
    let readers = [Reader::Guest, Reader::Author, Reader::Other, Reader::Admin];
    let mut at = 0;
    while at < readers.len() {
        assert!(matches!(shown(State::Removed, Place::List, readers[at]), Shown::Nothing));
        assert!(matches!(shown(State::Deleted, Place::List, readers[at]), Shown::Nothing));
        assert!(matches!(shown(State::Banned, Place::List, readers[at]), Shown::Everything));
        assert!(matches!(shown(State::Removed, Place::Page, readers[at]), Shown::Placeholder));
        assert!(matches!(shown(State::Removed, Place::Mention, readers[at]), Shown::Placeholder));
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

/// The condition for rows of `posts` or `comments` that have a page, perhaps as `[deleted]` or `[removed]`. The others
/// are deleted, with nothing below them that a page shows, and wait only for an undo
/// (`docs/decisions/0029-undo.md`): to every reader they are not there.
macro_rules! on_page {
    ($table:literal) => {
        concat!($table, ".gone_at IS NULL")
    };
}
pub(crate) use on_page;

/// The columns of a post's title in one of its places: `listed` where the statement has [`listed`] as a
/// condition, for [`title`]; `mentioned` for [`mentioned_title`]; `or_null` where the reader shows something
/// else for a hidden title.
macro_rules! post_title {
    (listed) => {
        "posts.title"
    };
    (mentioned) => {
        "posts.title, posts.removed_at IS NOT NULL"
    };
    (or_null) => {
        "iif(posts.deleted_at IS NULL, posts.title, NULL)"
    };
}
pub(crate) use post_title;

/// The column of a post's text, where the statement has [`listed`] as a condition, or its reader hides the
/// text.
macro_rules! post_text {
    (listed) => {
        "descriptions.text"
    };
}
pub(crate) use post_text;

/// The column of a comment's text: `listed` where the statement has [`listed`] as a condition; `on_page` in a
/// discussion, where the text of a removed comment is empty.
macro_rules! comment_text {
    (listed) => {
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
/// When the values are not a text and a truth value.
pub fn mentioned_title(columns: &mut Columns) -> rusqlite::Result<SmolStr> {
    let (title, is_removed) = (title(columns)?, columns.read()?);
    Ok(State::of(is_removed, is_removed).placeholder().map_or(title, SmolStr::new_static))
}
