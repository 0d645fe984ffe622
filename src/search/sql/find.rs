//! The search in the two FTS5 tables.

use std::cmp::Reverse;

use rusqlite::Connection;

use super::super::query::{Kind, MIN_PREFIX_LENGTH, Query, Term};
use super::super::words::comparable_words;
use super::super::{Found, MAX_BLOCKS, MAX_MATCHES, MAX_PREFIX_EXPANSIONS, Match, Order, ROWS_PER_BLOCK};
use crate::types::id::UserId;
use crate::types::time::Clock;
use crate::user;

/// The most bytes of text that a query reads to check phrases.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// The matches of a query, sorted; `None` when no user has the name in `by:`.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn find(
    connection: &Connection,
    query: &Query,
    order: Order,
    clock: &Clock,
) -> rusqlite::Result<Option<Found>> {
    let author = match &query.by {
        Some(name) => match user::sql::with_name(connection, &user::name::folded(name))? {
            Some(id) => Some(id),
            None => return Ok(None),
        },
        None => None,
    };
    let mut found = Found { is_rebuilding: super::is_rebuilding(connection)?, ..Found::default() };
    let has_words = !query.terms.is_empty() || query.by.is_some() || query.site.is_some();
    for kind in [Kind::Post, Kind::Comment].into_iter().filter(|_| has_words) {
        // Only a post has a link, so only posts match `site:`.
        if query.kind.is_none_or(|wanted| wanted == kind) && (kind == Kind::Post || query.site.is_none()) {
            Search::new(connection, query, author, kind)?.run(&mut found)?;
        }
    }
    let matches = &mut found.matches;
    let mut addressed = match &query.address {
        Some(address) => super::posts_with_address(connection, address)?,
        None => Vec::new(),
    };
    if let Some((kind, id)) = query.own_page {
        addressed.extend(super::match_of(connection, kind, id)?);
    }
    matches.retain(|found| !addressed.iter().any(|other| (other.kind, other.id) == (found.kind, found.id)));
    matches.append(&mut addressed);
    matches.sort_by_key(|found| Reverse((found.created_at, found.id)));
    found.is_more |= matches.len() > MAX_MATCHES as usize;
    matches.truncate(MAX_MATCHES as usize);
    if order == Order::Relevance {
        let now = clock.now();
        matches.sort_by(|a, b| b.relevance(now).total_cmp(&a.relevance(now)));
        let swaps = matches.windows(2).filter_map(|pair| pair[0].overtaken_by(&pair[1], now));
        swaps.for_each(|swap| clock.limit(swap));
    }
    Ok(Some(found))
}

/// A query of one of the two tables.
struct Search<'c> {
    connection: &'c Connection,
    kind: Kind,
    terms: &'c [Term],
    /// The operands of the FTS5 expression, one for each word and filter. `None`: no word in the index begins
    /// with the prefix, so nothing matches.
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
            let last = term.tokens.len() - 1;
            for (at, word) in term.tokens.iter().enumerate() {
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

    /// Whether one of the operands matches so few rows that all of them can be visited.
    fn has_rare(&self, operands: &[String]) -> rusqlite::Result<bool> {
        for operand in operands {
            if super::is_rare(self.connection, self.kind, operand, MAX_MATCHES)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The matches whose texts contain the phrases as such. The index has no positions, so it cannot tell.
    fn phrase_matches(
        &self,
        mut matches: Vec<(Match, Option<String>)>,
        found: &mut Found,
    ) -> rusqlite::Result<Vec<(Match, Option<String>)>> {
        let phrases: Vec<&Term> = self.terms.iter().filter(|term| term.is_phrase()).collect();
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
            let words = comparable_words(&text);
            if phrases.iter().all(|term| term.matches_text(&words)) {
                kept.push((one, title));
            }
        }
        Ok(kept)
    }

    /// Sets [`Match::is_in_title`] and [`Match::is_exact`].
    fn with_title_match(&self, found: Match, title: Option<&str>) -> Match {
        let Some(title) = title.filter(|_| !self.terms.is_empty()) else {
            return found;
        };
        let words = comparable_words(title);
        let whole = |term: &Term| Term { is_prefix: false, ..term.clone() };
        let is_in_title = self.terms.iter().all(|term| term.matches_text(&words));
        let is_exact =
            is_in_title && self.terms.iter().all(|term| !term.is_prefix || whole(term).matches_text(&words));
        Match { is_in_title, is_exact, ..found }
    }
}

/// A word as an FTS5 string, in which nothing is syntax. (A word contains no quotes.)
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', ""))
}

/// The FTS5 expression for the words that begin with `word`; `None` when there are none. Prefixes of three
/// letters have an index of their own. For a longer prefix FTS5 would merge the lists of all its words,
/// however long they are, so the expression names at most [`MAX_PREFIX_EXPANSIONS`] of them. To find a word
/// in its vocabulary FTS5 reads the whole list of the word before it, so the vocabulary is not read at all
/// where no word has even the first three letters.
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

const _: () = assert!(MIN_PREFIX_LENGTH == 3, "the migration creates a prefix index of three letters");
