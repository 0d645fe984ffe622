//! The parser of search queries.
//!
//! No part of a query reaches SQLite as it was typed: words consist of letters and digits and are quoted, and
//! any other character only separates words. So no query can be a syntax error.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::post::link::site;

/// The greatest length of a query, in characters.
pub const MAX_LENGTH: usize = 200;
/// The most words in a query: each is looked up by itself.
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
    /// `site:` the [site](site) to which a post links, or a host that several sites share.
    pub site: Option<String>,
    /// `type:` only posts or only comments.
    pub kind: Option<Kind>,
    /// The last word as it was typed, if it is unfinished and has fewer than [`MIN_PREFIX_LENGTH`] letters:
    /// it is searched as a whole word.
    pub short_last_word: Option<String>,
}

/// A phrase: words that stand side by side, usually one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// At least one word, each [`folded`].
    pub words: Vec<String>,
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
        if text.chars().count() > MAX_LENGTH {
            return Err(QueryError::TooLong);
        }
        let mut query = Query::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (chunk, after) = Chunk::first(rest);
            query.add(&chunk, after.is_empty())?;
            rest = after.trim_start();
        }
        if query.terms.iter().map(|term| term.words.len()).sum::<usize>() > MAX_WORDS {
            return Err(QueryError::TooLong);
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
                let words: Vec<String> = folded_words(chunk.whole).collect();
                let is_unfinished = is_last && !chunk.is_quoted && chunk.whole.ends_with(is_word_char);
                let letters = words.last().map_or(0, |word| word.chars().count());
                if !words.is_empty() {
                    let typed = chunk.whole.rsplit(|letter| !is_word_char(letter)).next();
                    self.short_last_word =
                        typed.filter(|_| is_unfinished && letters < MIN_PREFIX_LENGTH).map(str::to_owned);
                    self.terms.push(Term { words, is_prefix: is_unfinished && letters >= MIN_PREFIX_LENGTH });
                }
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

/// A word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'t> {
    /// Its byte offset.
    pub at: usize,
    /// The word as it is written.
    pub text: &'t str,
}

/// The words of a text as the index has them: runs of letters, digits and combining marks.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word_char)?;
        let length = text[start..].find(|letter| !is_word_char(letter)).unwrap_or(text.len() - start);
        at = start + length;
        Some(Word { at: start, text: &text[start..at] })
    })
}

fn is_word_char(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter)
}

/// A word in the form in which words are compared: without case and combining marks. Empty for combining
/// marks alone.
#[must_use]
pub fn folded(word: &str) -> String {
    word.chars().filter(|&letter| !is_combining_mark(letter)).map(fold).collect()
}

/// The words of a text, [`folded`].
pub fn folded_words(text: &str) -> impl Iterator<Item = String> + '_ {
    words(text).map(|word| folded(word.text)).filter(|word| !word.is_empty())
}

fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let mut parts = std::iter::once(letter).nfd();
    let base = parts.next().filter(|_| parts.all(is_combining_mark)).unwrap_or(letter);
    let mut small = base.to_lowercase();
    match (small.next(), small.next()) {
        (Some('ς'), None) => 'σ',
        (Some(small), None) => small,
        _ => base,
    }
}

impl Term {
    /// Whether a text, given as its folded words, contains the phrase.
    #[must_use]
    pub fn matches_text(&self, text: &[String]) -> bool {
        let (last, before) = match self.words.split_last() {
            Some((last, before)) if self.is_prefix => (last.as_str(), before),
            _ => ("", &self.words[..]),
        };
        text.windows(self.words.len())
            .any(|place| place.starts_with(before) && place.last().is_some_and(|word| word.starts_with(last)))
    }

    /// Whether a folded word matches a word of the phrase.
    #[must_use]
    pub fn matches_word(&self, word: &str) -> bool {
        let whole = self.words.len() - usize::from(self.is_prefix);
        let is_ending = || self.is_prefix && self.words.last().is_some_and(|last| word.starts_with(last));
        self.words[..whole].iter().any(|own| own == word) || is_ending()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!(terms("example.com x "), ["example com", "x"]);
        assert_eq!(terms("don't-stop"), ["don t stop*"]);
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
        assert_eq!(Query::parse(&"a ".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a.".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(terms(&"a ".repeat(16)).len(), 16);
    }

    #[test]
    fn folding_removes_case_and_accents() {
        for (word, expected) in
            [("Été", "ete"), ("e\u{301}te", "ete"), ("ΣΊΓΜΑ", "σιγμα"), ("한글", "한글"), ("ǖ", "u")]
        {
            assert_eq!(folded(word), expected);
        }
    }

    #[test]
    fn a_folded_word_is_one_token() {
        // FTS5's `ascii` tokenizer takes every character beyond ASCII, and ASCII letters and digits, as part
        // of a word.
        for letter in
            (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|&letter| is_word_char(letter))
        {
            let folded = folded(&letter.to_string());
            let is_one = |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric();
            assert!(folded.chars().all(is_one), "{letter:?}: {folded:?}");
            assert_eq!(super::folded(&folded), folded, "{letter:?}");
        }
    }

    #[test]
    fn a_phrase_matches_only_adjacent_words() {
        let has = |query: &str, text: &str| {
            let text: Vec<String> = folded_words(text).collect();
            Query::parse(query).expect("a valid query").terms.iter().all(|term| term.matches_text(&text))
        };
        assert!(has("\"big cat\"", "A big, big cat.") && !has("\"big cat\"", "A cat is big. Cats: big"));
        assert!(has("big-cat", "a big cats") && !has("\"big cat\"", "a big cats"));
        assert!(has("cat dog ", "dog cat") && !has("cat dog ", "cats dog"));
        assert!(!has("\"a b c\"", "a b") && !has("a ", ""));
    }

    proptest! {
        #[test]
        fn word_offsets_are_right(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert_eq!(&text[word.at..word.at + word.text.len()], word.text);
            }
        }
    }
}
