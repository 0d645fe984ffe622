//! SQL that several nouns share: macros for expressions, the mapping of rows to structs, the removal of old
//! rows, and the search for a user's rows about the rows on a page.

use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, Row, params};
use smol_str::SmolStr;

use crate::types::id::UserId;
use crate::types::time::Timestamp;

/// SQL for a random number between the least and the greatest id of a table, inclusive. The first row at or
/// after it is a random row; a row after a gap in the ids is more likely than others.
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

/// SQL for the last reason in the moderation log for the state that a column records, such as `removed_at`;
/// NULL where the column is NULL. Only a row whose column is set costs a search of the log.
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

/// The rows that a step of housekeeping examines: some milliseconds of the writer's time if it removes all of
/// them.
pub const ROWS_PER_STEP: u32 = 100;

/// The result of a step of housekeeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The number of removed rows.
    pub removed: usize,
    /// The last examined id, if rows after it are left to examine.
    pub next: Option<i64>,
}

/// A step through rows whose ids grow with their times, from the id `after` on: of the next [`ROWS_PER_STEP`] rows
/// `remove` deletes the old ones up to an id, and returns their number. It is not called when none of their times
/// is before `cutoff`: then no later one is. `sql` selects the ids after `?1` and their times, at most `?2`, sorted
/// by id.
///
/// # Errors
/// When the query or `remove` fails.
pub fn remove_old(
    connection: &Connection,
    sql: &str,
    (after, cutoff): (i64, Timestamp),
    remove: impl FnOnce(i64) -> rusqlite::Result<usize>,
) -> rusqlite::Result<Step> {
    let slice: Vec<(i64, Timestamp)> = connection
        .prepare_cached(sql)?
        .query_map(params![after, ROWS_PER_STEP], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let any_old = slice.iter().any(|(_, time)| *time < cutoff);
    let Some((last, _)) = slice.last().filter(|_| any_old) else {
        return Ok(Step { removed: 0, next: None });
    };
    let more = slice.len() == ROWS_PER_STEP as usize;
    Ok(Step { removed: remove(*last)?, next: more.then_some(*last) })
}

/// The columns of a row, read in their order.
pub struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    /// A reader at the first column of a row.
    #[must_use]
    pub fn of(row: &'r Row<'r>) -> Columns<'r> {
        Columns { row, next: 0 }
    }

    /// The value of the next column.
    ///
    /// # Errors
    /// When no column is left, or its value is not a `T`.
    pub fn read<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// The value of the next column, borrowed from the row.
    ///
    /// # Errors
    /// When no column is left.
    pub fn read_ref(&mut self) -> rusqlite::Result<ValueRef<'r>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// Declares the columns of a struct together with the function that reads it. A line has a field and its SQL
/// expression, and a function that reads the field from [`Columns`] unless it is the value of one column. The
/// fields after `with` have no column.
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

/// A text column of short values, such as names: up to 23 bytes are stored without an allocation. `None` for
/// NULL.
///
/// # Errors
/// When the value is not a text.
pub fn short(columns: &mut Columns) -> rusqlite::Result<Option<SmolStr>> {
    Ok(columns.read_ref()?.as_str_or_null()?.map(SmolStr::new))
}

/// The rows that a query of [`for_each_of_user`] reads. Nearly all users have fewer between the first and the
/// last id of a page; a user with more costs at most this number of rows for each id.
const ROWS_PER_QUERY: u32 = 32;

/// Calls `found` with each row of a user about a row on a page, such as a vote for a post, and with its
/// position on the page. `on_page` gives positions and ids. `sql` selects the first `?4` rows of user `?1`
/// with an id from `?2` to `?3`, sorted by id, with the id as its first column.
///
/// # Errors
/// When a query or `found` fails.
pub fn for_each_of_user(
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
        let mut rows = statement.query(params![user_id, first, last, ROWS_PER_QUERY])?;
        let (mut seen, mut number) = (*first, 0);
        while let Some(row) = rows.next()? {
            (seen, number) = (row.get(0)?, number + 1);
            if let Ok(at) = left.binary_search_by_key(&seen, |(id, _)| *id) {
                found(left[at].1, row)?;
            }
        }
        // The next query starts at the next id of the page and skips the user's rows before it.
        let rest =
            if number < ROWS_PER_QUERY { left.len() } else { left.partition_point(|(id, _)| *id <= seen) };
        left = &left[rest..];
    }
    Ok(())
}

/// Runs statements that each delete at most `?2` rows of user `?1`; whether there were any.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn delete_some_of_user(
    connection: &Connection,
    statements: &[&str],
    user_id: UserId,
    number: u32,
) -> rusqlite::Result<bool> {
    let mut any = false;
    for sql in statements {
        any |= connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0;
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn all_rows_on_the_page_are_found_among_any_number_of_others(
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
            for_each_of_user(&connection, sql, UserId::new(1), ids.iter().copied().enumerate(), |place, row| {
                assert_eq!(row.get::<_, i64>(0)?, ids[place]);
                assert!(found.insert(ids[place]), "once");
                Ok(())
            }).expect("an answer");
            prop_assert_eq!(found, theirs.intersection(&on_page).copied().collect());
        }
    }
}
