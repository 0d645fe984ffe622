//! Pages of a list that moves: the next page begins after the last row seen, not at a count, so no
//! row comes twice or is left out while new ones arrive, and the thousandth page costs what the first does.

use std::fmt;

/// Rows on a page of a list.
pub const PAGE_SIZE: u32 = 30;

/// A place in a list that is sorted by a number and then by id, both falling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The number: a time or a rank.
    pub key: i64,
    /// The id of the row.
    pub id: i64,
}

/// Before the first row.
pub const START: Cursor = Cursor { key: i64::MAX, id: i64::MAX };

impl Cursor {
    /// Reads what [`fmt::Display`] writes: two whole numbers.
    #[must_use]
    pub fn parse(text: &str) -> Option<Cursor> {
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let (key, id) = text.split_once('-')?;
        Some(Cursor { key: number(key)?, id: number(id)? })
    }
}

/// As addresses have it: `17-4`.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}-{}", self.key, self.id)
    }
}

/// One page of rows, and where the next begins if there is one.
pub struct Slice<T> {
    /// At most as many as were asked for.
    pub rows: Vec<T>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

impl<T> Slice<T> {
    /// Makes a page of `limit` from a query that asked for one row more.
    #[must_use]
    pub fn of(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Slice<T> {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Slice { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_two_whole_numbers() {
        assert_eq!(Cursor::parse("17-4"), Some(Cursor { key: 17, id: 4 }));
        for text in ["", "-", "17", "17-", "-4", "17-4-", "17-+4", "a-b", "17-99999999999999999999", "１-２"]
        {
            assert_eq!(Cursor::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = |rows: Vec<i64>| Slice::of(rows, 2, |&id| Cursor { key: 0, id });
        assert_eq!(page(vec![3, 2]).next, None);
        let first = page(vec![3, 2, 1]);
        assert_eq!((first.rows, first.next), (vec![3, 2], Some(Cursor { key: 0, id: 2 })));
    }
}
