//! The parser of search queries.
//!
//! No part of a query reaches SQLite as it was typed: its [words](super::words) are folded and quoted, and any
//! other character only separates words. So no query can be a syntax error.

use super::words::{Word, folded, is_word_char, words};
use crate::post::link::{self, site};

/// The greatest length of a query, in characters.
pub const MAX_LENGTH: usize = 200;
/// The most words in a query: each is looked up by itself. Two letters of a script without blanks count as one.
pub const MAX_WORDS: usize = 16;
/// The least letters of an unfinished last word that is searched as a prefix.
pub const MIN_PREFIX_LENGTH: usize = 3;

/// The filters that may stand before a colon.
const FILTERS: [&str; 3] = ["by", "site", "type"];

/// The kinds of searched documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Posts.
    Post,
    /// Comments.
    Comment,
}

/// A parsed query. A match satisfies all its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The words and phrases, in the order in which they were typed.
    pub terms: Vec<Term>,
    /// `by:` the author's screen name.
    pub by: Option<String>,
    /// `site:` the [site] to which a post links, or a host that several sites share.
    pub site: Option<String>,
    /// `type:` only posts or only comments.
    pub kind: Option<Kind>,
    /// The last word as it was typed, if it is unfinished and has fewer than [`MIN_PREFIX_LENGTH`] letters:
    /// it is searched as a whole word.
    pub short_last_word: Option<String>,
    /// The parts of the query that have no word, such as `++`, as they were typed: they are left out.
    pub left_out: Vec<String>,
    /// The [address](link::NewLink::address), if the query is a URL: posts that link to it match, too.
    pub address: Option<String>,
    /// The post or comment of this site, if the query is the URL of its page.
    pub own_page: Option<(Kind, i64)>,
}

/// A phrase: words that stand side by side, usually one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// At least one word, each [`folded`].
    pub words: Vec<String>,
    /// The tokens of the index that a text with the phrase has: the words, or for neighbouring letters of a
    /// script without blanks their pairs.
    pub tokens: Vec<String>,
    /// Whether the last word is unfinished and is searched as a prefix.
    pub is_prefix: bool,
}

/// The reason for which a query is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// There is no word and no filter by author or site.
    Empty,
    /// It has more than [`MAX_LENGTH`] characters or [`MAX_WORDS`] words.
    TooLong,
    /// `type:` is neither post nor comment.
    UnknownType,
}

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    /// [`QueryError::Empty`], [`QueryError::TooLong`] and [`QueryError::UnknownType`].
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        let address = link::parse(text.trim()).ok().map(|link| link.address);
        let is_long = text.chars().count() > MAX_LENGTH;
        if is_long && address.is_none() {
            return Err(QueryError::TooLong);
        }
        let mut query = Query { address, ..Query::default() };
        if is_long {
            return Ok(query);
        }
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (chunk, after) = Chunk::first(rest);
            query.add(&chunk, after.is_empty())?;
            rest = after.trim_start();
        }
        if query.terms.iter().map(|term| term.tokens.len()).sum::<usize>() > MAX_WORDS {
            query.terms.clear();
            return if query.address.is_some() { Ok(query) } else { Err(QueryError::TooLong) };
        }
        let has_any = !query.terms.is_empty() || query.by.is_some() || query.site.is_some();
        if has_any { Ok(query) } else { Err(QueryError::Empty) }
    }

    fn add(&mut self, chunk: &Chunk, is_last: bool) -> Result<(), QueryError> {
        match chunk.name.to_ascii_lowercase().as_str() {
            // A filter without a value: the user is about to type it.
            "by" | "site" | "type" if chunk.text.is_empty() => {}
            "by" => self.by = Some(chunk.text.to_owned()),
            // No post has a site that is none, so nothing is found.
            "site" => self.site = Some(site::parse(chunk.text).unwrap_or_else(|| chunk.text.to_lowercase())),
            "type" => match chunk.text.to_lowercase().as_str() {
                "post" | "posts" => self.kind = Some(Kind::Post),
                "comment" | "comments" => self.kind = Some(Kind::Comment),
                word if is_last && ["post", "comment"].iter().any(|kind| kind.starts_with(word)) => {}
                _ => return Err(QueryError::UnknownType),
            },
            _ => {
                let found: Vec<Word> =
                    words(chunk.whole).filter(|word| !folded(word.text).is_empty()).collect();
                let Some(last) = found.last() else {
                    if !chunk.is_quoted || !chunk.whole.trim().is_empty() {
                        self.left_out.push(chunk.whole.to_owned());
                    }
                    return Ok(());
                };
                let is_unfinished = is_last
                    && !chunk.is_quoted
                    && !last.is_single_letter()
                    && chunk.whole.ends_with(is_word_char);
                let letters = folded(last.text).chars().count();
                let is_prefix = is_unfinished && letters >= MIN_PREFIX_LENGTH;
                self.short_last_word = (is_unfinished && !is_prefix).then(|| last.text.to_owned());
                self.terms.push(Term::of(&found, is_prefix));
            }
        }
        Ok(())
    }
}

/// A part of a query: the text between blanks, or a quoted text.
struct Chunk<'t> {
    /// The whole text, or a quoted filter's value.
    whole: &'t str,
    /// The text before the first colon; empty without a colon.
    name: &'t str,
    /// The text after the colon.
    text: &'t str,
    is_quoted: bool,
}

impl<'t> Chunk<'t> {
    /// Splits the first chunk off a text that does not begin with a blank: the chunk, and the rest.
    fn first(text: &'t str) -> (Chunk<'t>, &'t str) {
        if let Some(quoted) = text.strip_prefix('"') {
            let (whole, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
            return (Chunk { whole, name: "", text: "", is_quoted: true }, rest);
        }
        let end = text.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(text.len());
        let (whole, rest) = text.split_at(end);
        let (name, text) = whole.split_once(':').unwrap_or(("", ""));
        // A name may contain a blank: by:"Ann Lee".
        let is_filter = FILTERS.iter().any(|filter| name.eq_ignore_ascii_case(filter)) && text.is_empty();
        match rest.strip_prefix('"').filter(|_| is_filter) {
            Some(quoted) => {
                let (text, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
                (Chunk { whole: text, name, text, is_quoted: true }, rest)
            }
            None => (Chunk { whole, name, text, is_quoted: false }, rest),
        }
    }
}

impl Term {
    fn of(phrase: &[Word], is_prefix: bool) -> Term {
        let words: Vec<String> = phrase.iter().map(|word| folded(word.text)).collect();
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < phrase.len() {
            let run = 1 + phrase[at..].windows(2).take_while(|pair| are_neighbours(pair[0], pair[1])).count();
            // Every second pair, and the last: each letter is in one.
            let pairs =
                (0..run.saturating_sub(1)).step_by(2).chain((run > 2 && run % 2 == 1).then(|| run - 2));
            let pairs = pairs.map(|pair| format!("{}{}", words[at + pair], words[at + pair + 1]));
            tokens.extend(pairs);
            if run == 1 {
                tokens.push(words[at].clone());
            }
            at += run;
        }
        Term { words, tokens, is_prefix }
    }

    /// Whether the index alone cannot tell that a text contains the phrase: it has no positions.
    #[must_use]
    pub fn is_phrase(&self) -> bool {
        self.tokens.len() > 1
    }

    /// Whether a text, given as its [comparable words](super::words::comparable_words), contains the phrase.
    #[must_use]
    pub fn matches_text(&self, text: &[String]) -> bool {
        let (last, before) = match self.words.split_last() {
            Some((last, before)) if self.is_prefix => (last.as_str(), before),
            _ => ("", &self.words[..]),
        };
        text.windows(self.words.len())
            .any(|place| place.starts_with(before) && place.last().is_some_and(|word| word.starts_with(last)))
    }

    /// The number of words that match the phrase at the beginning of `text`, given as folded words. A phrase
    /// of letters matches as a whole only, another by each of its words.
    #[must_use]
    pub fn matching_words(&self, text: &[(Word, String)]) -> usize {
        let is_of_letters = text.first().is_some_and(|(word, _)| word.is_single_letter());
        if is_of_letters {
            let is_whole = text.len() >= self.words.len()
                && text.iter().zip(&self.words).all(|((_, word), own)| word == own);
            return if is_whole { self.words.len() } else { 0 };
        }
        let matches = |(word, whole): &(Word, String)| {
            self.matches_word(whole) || word.parts().any(|part| self.matches_word(&folded(part)))
        };
        usize::from(text.first().is_some_and(matches))
    }

    /// Whether a folded word matches a word of the phrase.
    #[must_use]
    pub fn matches_word(&self, word: &str) -> bool {
        let whole = self.words.len() - usize::from(self.is_prefix);
        let is_ending = || self.is_prefix && self.words.last().is_some_and(|last| word.starts_with(last));
        self.words[..whole].iter().any(|own| own == word) || is_ending()
    }
}

/// Whether two words are letters of a script without blanks, side by side.
fn are_neighbours(one: Word, other: Word) -> bool {
    one.is_single_letter() && other.is_single_letter() && one.end() == other.at
}

#[cfg(test)]
mod tests {
    use super::super::words::comparable_words;
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        let term = |term: &Term| term.words.join(" ") + if term.is_prefix { "*" } else { "" };
        query.terms.iter().map(term).collect()
    }

    #[test]
    fn an_unfinished_last_word_of_three_letters_is_a_prefix() {
        assert_eq!(terms("rust"), ["rust*"]);
        assert_eq!(terms("rust "), ["rust"]);
        assert_eq!(terms("rust lang"), ["rust", "lang*"]);
        assert_eq!(terms("rust, lang."), ["rust", "lang"]);
        assert_eq!(terms("go"), ["go"]);
        assert_eq!(terms("Été"), ["ete*"]);
    }

    #[test]
    fn a_short_unfinished_last_word_is_reported() {
        let short = |text: &str| Query::parse(text).expect("a valid query").short_last_word;
        assert_eq!(short("vo").as_deref(), Some("vo"));
        assert_eq!(short("big Él").as_deref(), Some("Él"));
        assert_eq!(short("don't").as_deref(), Some("t"));
        for whole in ["vol", "vo ", "vo.", "\"vo", "\"vo\"", "vo type:post", "by:vo"] {
            assert_eq!(short(whole), None, "{whole}");
        }
    }

    #[test]
    fn quoted_and_joined_words_are_a_phrase() {
        assert_eq!(terms("\"big cat\" dog "), ["big cat", "dog"]);
        assert_eq!(terms("\"big cat"), ["big cat"]);
        assert_eq!(terms("a\"b c\"d "), ["a", "b c", "d"]);
        assert_eq!(terms("example.com x "), ["example\u{e003}com", "x"]);
        assert_eq!(terms("don't-stop"), ["don t stop*"]);
    }

    #[test]
    fn neighbouring_letters_of_a_script_without_blanks_are_looked_up_as_pairs() {
        let tokens = |text: &str| {
            let query = Query::parse(text).expect("a valid query");
            query.terms.into_iter().map(|term| term.tokens.join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(tokens("网"), ["网"]);
        assert_eq!(tokens("网站"), ["网站"]);
        assert_eq!(tokens("高性能"), ["高性 性能"]);
        assert_eq!(tokens("高性能网站 SQLite"), ["高性 能网 网站", "sqlite"]);
        assert_eq!(tokens("高性能网"), ["高性 能网"]);
        assert_eq!(tokens("用SQLite构建"), ["用 sqlite 构建"]);
        assert!(Query::parse(&"网".repeat(32)).is_ok() && Query::parse(&"网".repeat(33)).is_err());
    }

    #[test]
    fn a_url_is_an_address_and_words() {
        let query = Query::parse(" https://www.Example.com/a?utm_source=x ").expect("a valid query");
        assert_eq!(query.address.as_deref(), Some("example.com/a"));
        assert!(!query.terms.is_empty());
        let long = format!("https://example.com/{}", "a-".repeat(300));
        let query = Query::parse(&long).expect("a valid query");
        assert!(query.address.is_some() && query.terms.is_empty());
        for text in ["cats", "two words.example", "by:zoe.example", "\"example.com\""] {
            assert_eq!(Query::parse(text).expect("a valid query").address, None, "{text}");
        }
    }

    #[test]
    fn parts_without_a_word_are_left_out_and_reported() {
        let left_out = |text: &str| Query::parse(text).expect("a valid query").left_out;
        assert_eq!(left_out("dolor ++"), ["++"]);
        assert_eq!(left_out("++ dolor \"&&\" -"), ["++", "&&", "-"]);
        assert_eq!(left_out("C++ C# .NET \"\" by: "), [""; 0]);
    }

    #[test]
    fn fts5_syntax_is_read_as_words() {
        assert_eq!(terms("NEAR(a b) OR NOT c* ^d "), ["near a", "b", "or", "not", "c", "d"]);
        assert_eq!(terms("title:abc {x y}: z "), ["title abc", "x", "y", "z"]);
        assert_eq!(terms("a\0b "), ["a b"]);
    }

    #[test]
    fn filters_are_parsed() {
        let query =
            Query::parse("cats BY:zoe site:https://www.Example.com/x type:post").expect("a valid query");
        assert_eq!(query.terms.len(), 1);
        assert_eq!(query.by.as_deref(), Some("zoe"));
        assert_eq!(query.site.as_deref(), Some("example.com"));
        assert_eq!(query.kind, Some(Kind::Post));
        assert_eq!(Query::parse("by:\"Ann Lee\"").expect("a valid query").by.as_deref(), Some("Ann Lee"));
        assert_eq!(terms("cats by: "), ["cats"]);
        assert_eq!(terms("cats type:com"), ["cats"], "an unfinished type is ignored");
        assert_eq!(Query::parse("cats type:com "), Err(QueryError::UnknownType));
        assert_eq!(Query::parse("cats type:user"), Err(QueryError::UnknownType));
    }

    #[test]
    fn empty_and_too_long_queries_are_errors() {
        for nothing in ["", "  ", "***", "\"\"", "type:post", "by:", "\0", "\u{fffd}"] {
            assert_eq!(Query::parse(nothing), Err(QueryError::Empty), "{nothing:?}");
        }
        assert_eq!(Query::parse(&"*".repeat(10_000)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a-".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a-".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(terms(&"a ".repeat(16)).len(), 16);
    }

    #[test]
    fn a_phrase_matches_only_adjacent_words() {
        let has = |query: &str, text: &str| {
            let text = comparable_words(text);
            Query::parse(query).expect("a valid query").terms.iter().all(|term| term.matches_text(&text))
        };
        assert!(has("\"big cat\"", "A big, big cat.") && !has("\"big cat\"", "A cat is big. Cats: big"));
        assert!(has("big-cat", "a big cats") && !has("\"big cat\"", "a big cats"));
        assert!(has("cat dog ", "dog cat") && !has("cat dog ", "cats dog"));
        assert!(!has("\"a b c\"", "a b") && !has("a ", ""));
    }
}
