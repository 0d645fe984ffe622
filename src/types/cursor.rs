//! Keyset pagination: the next page starts after the last row of this one, not at an offset. No row is shown
//! twice or left out while new rows arrive, and the thousandth page costs no more than the first.

use std::fmt;

/// Rows on a page of a list.
pub const PAGE_SIZE: u32 = 30;

/// A position in a list that is sorted by a number and then by id, both descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key: a time in microseconds, or a rank.
    pub key: i64,
    /// The id of the row.
    pub id: i64,
}

/// The position before the first row.
pub const START: Cursor = Cursor { key: i64::MAX, id: i64::MAX };

impl Cursor {
    /// Parses the format of [`fmt::Display`]: two whole numbers, joined by `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Cursor> {
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let (key, id) = text.split_once('-')?;
        Some(Cursor { key: number(key)?, id: number(id)? })
    }
}

/// The format in addresses: `17-4`.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}-{}", self.key, self.id)
    }
}

/// A page of rows and the cursor of the next page.
pub struct Slice<T> {
    /// The rows, at most the requested number.
    pub rows: Vec<T>,
    /// The cursor of the next page; `None`: this is the last one.
    pub next: Option<Cursor>,
    /// The place of the first row of the next page, which decides whether there is one.
    pub beyond: Option<Cursor>,
}

impl<T> Slice<T> {
    /// A page of at most `limit` rows, from a query that selected one row more.
    #[must_use]
    pub fn of(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Slice<T> {
        let limit = limit as usize;
        let beyond = rows.get(limit).map(&cursor);
        rows.truncate(limit);
        let next = rows.last().filter(|_| beyond.is_some()).map(cursor);
        Slice { rows, next, beyond }
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
        assert_eq!(first.beyond, Some(Cursor { key: 0, id: 1 }));
    }
}
