//! What a user does not want to see: posts, whatever certain users write, the links to certain sites, and the posts with
//! certain tags. Lists leave it out
//! for that user, and discussions fold the comments. Nobody else is told.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};

/// Something that a user hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hidden {
    /// A post.
    Post(PostId),
    /// The posts and comments of a user.
    User(UserId),
    /// The links to a site, by its name as posts have it.
    Site(String),
    /// The posts with a tag.
    Tag(String),
}

/// The most posts, users, sites and tags that a user hides, together. Beyond it a request is refused.
pub const MAX_HIDDEN: i64 = 500;

/// The outcome of a request to hide something, or to show it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is as requested, perhaps already before the request.
    Done,
    /// There is no such post or user.
    NotFound,
    /// Refused: the user hides [`MAX_HIDDEN`] things.
    TooMany,
}

/// The most times that a list is read for one page.
const MAX_READS: usize = 10;

/// A page of `limit` rows from `after` on: `read` reads rows from a cursor on, and `seen` leaves those that the viewer sees.
/// More are read in place of the others, but at most ten times: a page may have fewer rows, and leads on.
///
/// # Errors
/// Those of `read` and `seen`.
pub fn full_page<T, E>(
    after: Cursor,
    limit: u32,
    cursor: impl Fn(&T) -> Cursor,
    mut read: impl FnMut(Cursor, u32) -> Result<Slice<T>, E>,
    mut seen: impl FnMut(Vec<T>) -> Result<Vec<T>, E>,
) -> Result<Slice<T>, E> {
    let mut page = Slice { rows: Vec::new(), next: Some(after), beyond: None };
    for _ in 0..MAX_READS {
        let Some(from) = page.next else { break };
        let Slice { rows, next, beyond } = read(from, limit + 1)?;
        page.rows.append(&mut seen(rows)?);
        if page.rows.len() > limit as usize {
            return Ok(Slice::of(page.rows, limit, cursor));
        }
        (page.next, page.beyond) = (next, beyond);
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::cursor::START;

    /// The page of the numbers from 1,000 down to 1, without those that `is_hidden` names, and the number of reads.
    fn page(after: Cursor, is_hidden: impl Fn(i64) -> bool) -> (Slice<i64>, usize) {
        let mut reads = 0;
        let cursor = |number: &i64| Cursor { key: *number, id: *number };
        let read = |from: Cursor, limit: u32| {
            reads += 1;
            let rows =
                (1..=1_000).rev().filter(|number| *number < from.id).take(limit as usize + 1).collect();
            Ok::<_, ()>(Slice::of(rows, limit, cursor))
        };
        let seen = |rows: Vec<i64>| Ok(rows.into_iter().filter(|number| !is_hidden(*number)).collect());
        let page = full_page(after, 30, cursor, read, seen).expect("it is read");
        (page, reads)
    }

    #[test]
    fn a_page_without_hidden_rows_is_read_once() {
        let (page, reads) = page(START, |_| false);
        assert_eq!((page.rows, reads), ((971..=1_000).rev().collect::<Vec<_>>(), 1));
        assert_eq!(
            (page.next.map(|next| next.id), page.beyond.map(|beyond| beyond.id)),
            (Some(971), Some(970))
        );
    }

    #[test]
    fn pages_show_each_row_that_is_not_hidden_once() {
        for divisor in [2, 3, 40] {
            let (mut after, mut found) = (Some(START), Vec::new());
            while let Some(from) = after {
                let (mut page, _) = page(from, |number| number % divisor != 0);
                assert!(page.rows.len() == 30 || divisor == 40 || page.next.is_none());
                found.append(&mut page.rows);
                after = page.next;
            }
            assert_eq!(found, (1..=1_000).rev().filter(|number| number % divisor == 0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_page_of_hidden_rows_leads_on_after_a_bounded_number_of_reads() {
        let (page, reads) = page(START, |_| true);
        assert_eq!((page.rows.len(), reads), (0, MAX_READS));
        assert_eq!(page.next.map(|next| next.id), Some(1_000 - 31 * 10 + 1));
    }
}
