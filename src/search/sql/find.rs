//! A search, put to the two tables of words.

use std::cmp::Reverse;

use rusqlite::Connection;

use super::super::query::{Kind, PREFIX_LENGTH, Query, Term, folded_words};
use super::super::{Found, MAX_BLOCKS, MAX_ENDINGS, MAX_MATCHES, Match, Order, ROWS_PER_BLOCK};
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user;

/// So many bytes of texts are read to see whether words stand side by side.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// What a query finds, ranked; `None`: nobody has the name that `by:` gives.
///
/// # Errors
/// The database's.
pub fn find(
    connection: &Connection,
    query: &Query,
    order: Order,
    now: Timestamp,
) -> rusqlite::Result<Option<Found>> {
    let author = match &query.by {
        Some(name) => match super::author(connection, &user::name::folded(name))? {
            Some(id) => Some(id),
            None => return Ok(None),
        },
        None => None,
    };
    let mut found = Found::default();
    for kind in [Kind::Post, Kind::Comment] {
        // A comment leads nowhere.
        if query.kind.is_none_or(|wanted| wanted == kind) && (kind == Kind::Post || query.site.is_none()) {
            Search::new(connection, query, author, kind)?.run(&mut found)?;
        }
    }
    let matches = &mut found.matches;
    matches.sort_by_key(|found| Reverse((found.created_at, found.id)));
    found.is_more |= matches.len() > MAX_MATCHES as usize;
    matches.truncate(MAX_MATCHES as usize);
    if order == Order::Relevance {
        matches.sort_by(|a, b| b.relevance(now).total_cmp(&a.relevance(now)));
    }
    Ok(Some(found))
}

/// A query put to one of the two tables.
struct Search<'c> {
    connection: &'c Connection,
    kind: Kind,
    terms: &'c [Term],
    /// What FTS5 is asked for: one expression a word and filter. `None`: a word was begun, and there is
    /// none that goes on so.
    parts: Option<Vec<String>>,
}

impl<'c> Search<'c> {
    fn new(
        connection: &'c Connection,
        query: &'c Query,
        author: Option<UserId>,
        kind: Kind,
    ) -> rusqlite::Result<Search<'c>> {
        let mut parts = Some(Vec::new());
        for term in &query.terms {
            let last = term.words.len() - 1;
            for (at, word) in term.words.iter().enumerate() {
                let part = match term.is_begun && at == last {
                    true => begun(connection, kind, word)?,
                    false => Some(quoted(word)),
                };
                parts = parts.zip(part).map(|(mut parts, part)| {
                    parts.push(part);
                    parts
                });
            }
        }
        let author = author.map(super::mark_of_author);
        let marks = author.into_iter().chain(query.site.as_deref().map(super::mark_of_site));
        if let Some(parts) = &mut parts {
            parts.extend(marks.map(|mark| quoted(&mark)));
        }
        Ok(Search { connection, kind, terms: &query.terms, parts })
    }

    fn run(&self, found: &mut Found) -> rusqlite::Result<()> {
        let Some(parts) = &self.parts else {
            return Ok(());
        };
        let mut expression = parts.join(" AND ");
        let newest = super::newest(self.connection, self.kind)? / ROWS_PER_BLOCK;
        let is_bounded = parts.len() > 1 && newest >= MAX_BLOCKS && !self.has_rare(parts)?;
        if is_bounded {
            let blocks = (newest - MAX_BLOCKS + 1..=newest).map(|block| quoted(&super::mark_of_block(block)));
            expression += &format!(" AND ({})", blocks.collect::<Vec<String>>().join(" OR "));
        }
        let mut matches = super::matches(self.connection, self.kind, &expression)?;
        let is_more = matches.len() > MAX_MATCHES as usize;
        matches.truncate(MAX_MATCHES as usize);
        found.is_more |= is_more;
        found.is_partial |= is_bounded && !is_more;
        let matches = self.side_by_side(matches, found)?;
        found.matches.extend(matches.into_iter().map(|(found, title)| self.titled(found, title.as_deref())));
        Ok(())
    }

    /// Whether one of the words is in few enough to look through all of them.
    fn has_rare(&self, parts: &[String]) -> rusqlite::Result<bool> {
        for part in parts {
            if super::is_rare(self.connection, self.kind, part, MAX_MATCHES)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those in whose texts the words stand side by side that should. The index does not know.
    fn side_by_side(
        &self,
        mut matches: Vec<(Match, Option<String>)>,
        found: &mut Found,
    ) -> rusqlite::Result<Vec<(Match, Option<String>)>> {
        let together: Vec<&Term> = self.terms.iter().filter(|term| term.words.len() > 1).collect();
        if together.is_empty() {
            return Ok(matches);
        }
        let (mut kept, mut left) = (Vec::new(), MAX_READ_BYTES);
        for (one, title) in matches.drain(..) {
            let text = super::text(self.connection, self.kind, one.id)?.unwrap_or_default();
            if text.len() > left {
                found.is_partial = true;
                break;
            }
            left -= text.len();
            let words: Vec<String> = folded_words(&text).collect();
            if together.iter().all(|term| term.is_in(&words)) {
                kept.push((one, title));
            }
        }
        Ok(kept)
    }

    /// A match that knows whether the words are in its title.
    fn titled(&self, found: Match, title: Option<&str>) -> Match {
        let Some(title) = title.filter(|_| !self.terms.is_empty()) else {
            return found;
        };
        let words: Vec<String> = folded_words(title).collect();
        let detail = |term: &Term| Term { is_begun: false, ..term.clone() };
        let is_titled = self.terms.iter().all(|term| term.is_in(&words));
        let is_exact =
            is_titled && self.terms.iter().all(|term| !term.is_begun || detail(term).is_in(&words));
        Match { is_titled, is_exact, ..found }
    }
}

/// A word as FTS5 takes it: whatever is in it, it is no syntax. (A word has no quotes.)
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', ""))
}

/// The words that begin so. Three letters have an index of their own; FTS5 would merge the lists of all
/// that begin with more, however long they are, so it is told which. To find a word in its alphabet FTS5 goes through
/// the whole list of the word before that one: where no word has even the three letters, it is not asked.
fn begun(connection: &Connection, kind: Kind, word: &str) -> rusqlite::Result<Option<String>> {
    let letters: String = word.chars().take(PREFIX_LENGTH).collect();
    let by_letters = quoted(&letters) + " *";
    if letters == word {
        return Ok(Some(by_letters));
    }
    if super::is_rare(connection, kind, &by_letters, 1)? {
        return Ok(None);
    }
    let words = super::endings(connection, kind, word, MAX_ENDINGS)?;
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Ok(Some(words.join(" OR ")).filter(|words| !words.is_empty()).map(|words| format!("({words})")))
}

const _: () = assert!(PREFIX_LENGTH == 3, "the migration makes an index of three letters");
