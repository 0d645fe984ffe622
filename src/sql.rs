//! SQL that several nouns share: macros for expressions, and the rows that a user has for those on a page.

use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, Row, params};
use smol_str::SmolStr;

use crate::types::id::UserId;

/// SQL for a number between the least and the greatest id of a table, both included. The first row at
/// or after it is one picked at random, as far as ids have no gaps.
macro_rules! random_id {
    ($table:literal) => {
        concat!(
            "((SELECT min(id) FROM ",
            $table,
            ") + (random() & 0x7fffffffffffffff) % \
             ((SELECT max(id) FROM ",
            $table,
            ") - (SELECT min(id) FROM ",
            $table,
            ") + 1))"
        )
    };
}
pub(crate) use random_id;

/// SQL for the reason that was last given for what a column of a row says, such as `removed_at`; NULL where the
/// column is. Only rows whose column is set cost a look into the log.
macro_rules! moderation_reason {
    ($noun:literal, $table:literal, $column:literal, $verb:literal) => {
        concat!(
            "CASE WHEN ",
            $table,
            ".",
            $column,
            " IS NOT NULL THEN coalesce((SELECT acts.reason FROM acts WHERE acts.",
            $noun,
            "_id = ",
            $table,
            ".id AND acts.verb = '",
            $verb,
            "' ORDER BY acts.id DESC LIMIT 1), '') END"
        )
    };
}
pub(crate) use moderation_reason;

/// Rows that a step looks at: some milliseconds of the writer's time if all of them go.
pub const ROWS_PER_STEP: u32 = 100;

/// What a step of a chore came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many were removed.
    pub removed: usize,
    /// The last id that was looked at, when there may be more to remove after it.
    pub next: Option<i64>,
}

/// The columns of a row, read one after the other.
pub struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    /// All columns of a row.
    #[must_use]
    pub fn of(row: &'r Row<'r>) -> Columns<'r> {
        Columns { row, next: 0 }
    }

    /// The value of the next column.
    ///
    /// # Errors
    /// When there is none, or it is of another type.
    pub fn read<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// The value of the next column, borrowed from the row.
    ///
    /// # Errors
    /// When there is none.
    pub fn read_ref(&mut self) -> rusqlite::Result<ValueRef<'r>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// Declares the columns of a struct, and how it is read from them, in one place. A line is a field and its
/// SQL expression, with a function that reads the field from [`Columns`] where it is not the value of one
/// column. The fields after `with` have no column.
///
/// ```text
/// row! {
///     /// A page of a book.
///     fn page() -> Page, columns page_columns {
///         number: "pages.number",
///         author: author_columns!("users") => user::sql::author,
///     } with { is_read: false }
/// }
/// ```
///
/// This makes a macro `page_columns!()`, the list of columns as a literal for `concat!`, and a function
/// `page(&mut Columns)`, which reads these columns in this order. A statement may select more columns behind
/// them, which its caller reads next.
macro_rules! row {
    (@list $first:expr $(, $rest:expr)*) => { concat!($first $(, ", ", $rest)*) };
    (@read $columns:ident) => { $columns.read()? };
    (@read $columns:ident $read:expr) => { $read($columns)? };
    (
        $(#[$doc:meta])*
        $vis:vis fn $read_row:ident() -> $struct:ident, columns $list:ident {
            $($field:ident: $sql:expr $(=> $read:expr)?,)+
        } $(with { $($constant:ident: $value:expr),+ })?
    ) => {
        macro_rules! $list {
            () => { $crate::sql::row!(@list $($sql),+) };
        }

        $(#[$doc])*
        $vis fn $read_row(columns: &mut $crate::sql::Columns) -> rusqlite::Result<$struct> {
            Ok($struct {
                $($field: $crate::sql::row!(@read columns $($read)?),)+
                $($($constant: $value),+)?
            })
        }
    };
}
pub(crate) use row;

/// A text that is mostly as short as a name or a title: up to 23 bytes of it need no memory of their own.
/// `None` for NULL.
///
/// # Errors
/// When the column is of another type.
pub fn short(columns: &mut Columns) -> rusqlite::Result<Option<SmolStr>> {
    Ok(columns.read_ref()?.as_str_or_null()?.map(SmolStr::new))
}

/// Rows that [`among`] reads at once. Nearly all users have fewer between the first and the last id of a
/// page; one with more costs at most this number for each id.
const STEP: u32 = 32;

/// Calls `found` with each row that a user has for one of the rows on a page, such as a vote for a post, and
/// with the position there. `on_page` gives positions and ids. `sql` selects that id first, and of the rows
/// of user `?1` the first `?4` from id `?2` to `?3`, sorted by id.
///
/// # Errors
/// The database's, and those of `found`.
pub fn among(
    connection: &Connection,
    sql: &str,
    user_id: UserId,
    on_page: impl Iterator<Item = (usize, i64)>,
    mut found: impl FnMut(usize, &Row) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut on_page: Vec<(i64, usize)> = on_page.map(|(position, id)| (id, position)).collect();
    on_page.sort_unstable();
    let mut left = &on_page[..];
    while let [(first, _), ..] = left {
        let (last, _) = left[left.len() - 1];
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![user_id, first, last, STEP])?;
        let (mut seen, mut number) = (*first, 0);
        while let Some(row) = rows.next()? {
            (seen, number) = (row.get(0)?, number + 1);
            if let Ok(at) = left.binary_search_by_key(&seen, |(id, _)| *id) {
                found(left[at].1, row)?;
            }
        }
        // What lies between two ids of the page is not read to the end, but passed over.
        let rest = if number < STEP { left.len() } else { left.partition_point(|(id, _)| *id <= seen) };
        left = &left[rest..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_finds_what_is_there_however_many_lie_between(
            theirs in prop::collection::btree_set(0..400i64, 0..400),
            on_page in prop::collection::btree_set(0..400i64, 0..30),
            turned in any::<bool>(),
        ) {
            let connection = Connection::open_in_memory().expect("a database");
            connection.execute_batch("CREATE TABLE votes (user_id, id, PRIMARY KEY (user_id, id))").expect("a table");
            for (user_id, id) in theirs.iter().map(|id| (1, *id)).chain((0..400).map(|id| (2, id))) {
                connection.execute("INSERT INTO votes VALUES (?1, ?2)", [user_id, id]).expect("a row");
            }
            let mut ids: Vec<i64> = on_page.iter().copied().collect();
            if turned {
                ids.reverse();
            }
            let sql = "SELECT id FROM votes WHERE user_id = ?1 AND id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4";
            let mut found = BTreeSet::new();
            among(&connection, sql, UserId::new(1), ids.iter().copied().enumerate(), |place, row| {
                assert_eq!(row.get::<_, i64>(0)?, ids[place]);
                assert!(found.insert(ids[place]), "once");
                Ok(())
            }).expect("an answer");
            prop_assert_eq!(found, theirs.intersection(&on_page).copied().collect());
        }
    }
}
