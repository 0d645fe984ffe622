//! A search, put to the two tables of words.

use std::cmp::Reverse;

use rusqlite::Connection;

use super::super::query::{Kind, MIN_PREFIX_LENGTH, Query, Term, folded_words};
use super::super::{Found, MAX_BLOCKS, MAX_MATCHES, MAX_PREFIX_EXPANSIONS, Match, Order, ROWS_PER_BLOCK};
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
    operands: Option<Vec<String>>,
}

impl<'c> Search<'c> {
    fn new(
        connection: &'c Connection,
        query: &'c Query,
        author: Option<UserId>,
        kind: Kind,
    ) -> rusqlite::Result<Search<'c>> {
        let mut operands = Some(Vec::new());
        for term in &query.terms {
            let last = term.words.len() - 1;
            for (at, word) in term.words.iter().enumerate() {
                let operand = match term.is_prefix && at == last {
                    true => prefix_expression(connection, kind, word)?,
                    false => Some(quoted(word)),
                };
                operands = operands.zip(operand).map(|(mut operands, operand)| {
                    operands.push(operand);
                    operands
                });
            }
        }
        let author = author.map(super::author_token);
        let markers = author.into_iter().chain(query.site.as_deref().map(super::site_token));
        if let Some(operands) = &mut operands {
            operands.extend(markers.map(|marker| quoted(&marker)));
        }
        Ok(Search { connection, kind, terms: &query.terms, operands })
    }

    fn run(&self, found: &mut Found) -> rusqlite::Result<()> {
        let Some(operands) = &self.operands else {
            return Ok(());
        };
        let mut expression = operands.join(" AND ");
        let newest_block = super::max_id(self.connection, self.kind)? / ROWS_PER_BLOCK;
        let is_bounded = operands.len() > 1 && newest_block >= MAX_BLOCKS && !self.has_rare(operands)?;
        if is_bounded {
            let blocks = (newest_block - MAX_BLOCKS + 1..=newest_block)
                .map(|block| quoted(&super::block_token(block)));
            expression += &format!(" AND ({})", blocks.collect::<Vec<String>>().join(" OR "));
        }
        let mut matches = super::matches(self.connection, self.kind, &expression)?;
        let is_more = matches.len() > MAX_MATCHES as usize;
        matches.truncate(MAX_MATCHES as usize);
        found.is_more |= is_more;
        found.is_partial |= is_bounded && !is_more;
        let matches = self.phrase_matches(matches, found)?;
        found
            .matches
            .extend(matches.into_iter().map(|(found, title)| self.with_title_match(found, title.as_deref())));
        Ok(())
    }

    /// Whether one of the words is in few enough to look through all of them.
    fn has_rare(&self, operands: &[String]) -> rusqlite::Result<bool> {
        for operand in operands {
            if super::is_rare(self.connection, self.kind, operand, MAX_MATCHES)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those in whose texts the words stand side by side that should. The index does not know.
    fn phrase_matches(
        &self,
        mut matches: Vec<(Match, Option<String>)>,
        found: &mut Found,
    ) -> rusqlite::Result<Vec<(Match, Option<String>)>> {
        let phrases: Vec<&Term> = self.terms.iter().filter(|term| term.words.len() > 1).collect();
        if phrases.is_empty() {
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
            if phrases.iter().all(|term| term.matches_text(&words)) {
                kept.push((one, title));
            }
        }
        Ok(kept)
    }

    /// A match that knows whether the words are in its title.
    fn with_title_match(&self, found: Match, title: Option<&str>) -> Match {
        let Some(title) = title.filter(|_| !self.terms.is_empty()) else {
            return found;
        };
        let words: Vec<String> = folded_words(title).collect();
        let whole = |term: &Term| Term { is_prefix: false, ..term.clone() };
        let is_in_title = self.terms.iter().all(|term| term.matches_text(&words));
        let is_exact =
            is_in_title && self.terms.iter().all(|term| !term.is_prefix || whole(term).matches_text(&words));
        Match { is_in_title, is_exact, ..found }
    }
}

/// A word as FTS5 takes it: whatever is in it, it is no syntax. (A word has no quotes.)
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', ""))
}

/// The words that begin so. Three letters have an index of their own; FTS5 would merge the lists of all
/// that begin with more, however long they are, so it is told which. To find a word in its alphabet FTS5 goes through
/// the whole list of the word before that one: where no word has even the three letters, it is not asked.
fn prefix_expression(connection: &Connection, kind: Kind, word: &str) -> rusqlite::Result<Option<String>> {
    let letters: String = word.chars().take(MIN_PREFIX_LENGTH).collect();
    let by_letters = quoted(&letters) + " *";
    if letters == word {
        return Ok(Some(by_letters));
    }
    if super::is_rare(connection, kind, &by_letters, 1)? {
        return Ok(None);
    }
    let words = super::prefix_expansions(connection, kind, word, MAX_PREFIX_EXPANSIONS)?;
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Ok(Some(words.join(" OR ")).filter(|words| !words.is_empty()).map(|words| format!("({words})")))
}

const _: () = assert!(MIN_PREFIX_LENGTH == 3, "the migration makes an index of three letters");
