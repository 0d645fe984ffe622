//! What somebody types into the search field, taken apart.
//!
//! Nothing of it reaches SQLite as it was typed: a word is letters and digits and stands in quotes, and
//! what lies between words only separates them. So there is no syntax that could be wrong.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters of a search.
pub const MAX_LENGTH: usize = 200;
/// The most words: each is looked up by itself.
pub const MAX_WORDS: usize = 16;
/// A word that is not finished yet is taken for the beginning of others from so many letters on.
pub const MIN_PREFIX_LENGTH: usize = 3;

/// What may stand before a colon.
const FILTERS: [&str; 3] = ["by", "site", "type"];

/// Posts or comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Posts.
    Post,
    /// Comments.
    Comment,
}

/// What is looked for: all of it must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words, in the order in which they were typed.
    pub terms: Vec<Term>,
    /// `by:` whom, by their name.
    pub by: Option<String>,
    /// `site:` to which site a post leads, in small letters.
    pub site: Option<String>,
    /// `type:` only these.
    pub kind: Option<Kind>,
    /// The last word as it was typed, when it may go on and has fewer than [`MIN_PREFIX_LENGTH`] letters: until then
    /// it is looked for as it is.
    pub short_last_word: Option<String>,
}

/// Words that stand side by side, usually one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// One at least, each [`folded`].
    pub words: Vec<String>,
    /// The last one may go on: somebody is typing it.
    pub is_prefix: bool,
}

/// Why nothing can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// There is no word and no filter.
    Empty,
    /// It has more than [`MAX_LENGTH`] characters or [`MAX_WORDS`] words.
    TooLong,
    /// `type:` is neither post nor comment.
    UnknownType,
}

impl Query {
    /// Takes any text apart.
    ///
    /// # Errors
    /// As [`QueryError`] says.
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
            // Nothing behind the colon: somebody is about to type it.
            "by" | "site" | "type" if chunk.text.is_empty() => {}
            "by" => self.by = Some(chunk.text.to_owned()),
            "site" => self.site = Some(site(chunk.text)),
            "type" => match chunk.text.to_lowercase().as_str() {
                "post" | "posts" => self.kind = Some(Kind::Post),
                "comment" | "comments" => self.kind = Some(Kind::Comment),
                word if is_last && ["post", "comment"].iter().any(|kind| kind.starts_with(word)) => {}
                _ => return Err(QueryError::UnknownType),
            },
            _ => {
                let words: Vec<String> = folded_words(chunk.whole).collect();
                let is_open = is_last && !chunk.is_quoted && chunk.whole.ends_with(is_word_char);
                let letters = words.last().map_or(0, |word| word.chars().count());
                if !words.is_empty() {
                    let typed = chunk.whole.rsplit(|letter| !is_word_char(letter)).next();
                    self.short_last_word =
                        typed.filter(|_| is_open && letters < MIN_PREFIX_LENGTH).map(str::to_owned);
                    self.terms.push(Term { words, is_prefix: is_open && letters >= MIN_PREFIX_LENGTH });
                }
            }
        }
        Ok(())
    }
}

/// What stands between blanks, or between quotes.
struct Chunk<'t> {
    /// All of it.
    whole: &'t str,
    /// What is before the first colon, if there is one.
    name: &'t str,
    /// What is behind it.
    text: &'t str,
    is_quoted: bool,
}

impl<'t> Chunk<'t> {
    /// The first of a text that does not begin with a blank, and what follows it.
    fn first(text: &'t str) -> (Chunk<'t>, &'t str) {
        if let Some(quoted) = text.strip_prefix('"') {
            let (whole, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
            return (Chunk { whole, name: "", text: "", is_quoted: true }, rest);
        }
        let end = text.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(text.len());
        let (whole, rest) = text.split_at(end);
        let (name, text) = whole.split_once(':').unwrap_or(("", ""));
        // A name may have a blank in it: by:"Ann Lee".
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

/// A site as it may be typed or pasted: without scheme, path and `www.`.
fn site(text: &str) -> String {
    let text = text.to_lowercase();
    let host = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// A word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'t> {
    /// Where it begins, in bytes.
    pub at: usize,
    /// As it stands there.
    pub text: &'t str,
}

/// The words of a text, as the index has them: runs of letters, digits and accents.
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

/// A word as it is compared, without case and accents. Empty for accents alone.
#[must_use]
pub fn folded(word: &str) -> String {
    word.chars().filter(|&letter| !is_combining_mark(letter)).map(fold).collect()
}

/// The words of a text, folded.
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
    /// Whether its words stand side by side in a text, of which these are the words, folded.
    #[must_use]
    pub fn matches_text(&self, text: &[String]) -> bool {
        let (last, before) = match self.words.split_last() {
            Some((last, before)) if self.is_prefix => (last.as_str(), before),
            _ => ("", &self.words[..]),
        };
        text.windows(self.words.len())
            .any(|place| place.starts_with(before) && place.last().is_some_and(|word| word.starts_with(last)))
    }

    /// Whether a word, folded, is one of them.
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
    fn the_last_word_may_go_on_from_three_letters() {
        assert_eq!(terms("rust"), ["rust*"]);
        assert_eq!(terms("rust "), ["rust"]);
        assert_eq!(terms("rust lang"), ["rust", "lang*"]);
        assert_eq!(terms("rust, lang."), ["rust", "lang"]);
        assert_eq!(terms("go"), ["go"]);
        assert_eq!(terms("Été"), ["ete*"]);
    }

    #[test]
    fn a_last_word_that_is_too_short_to_go_on_is_known() {
        let short = |text: &str| Query::parse(text).expect("a search").short_last_word;
        assert_eq!(short("vo").as_deref(), Some("vo"));
        assert_eq!(short("big Él").as_deref(), Some("Él"));
        assert_eq!(short("don't").as_deref(), Some("t"));
        for whole in ["vol", "vo ", "vo.", "\"vo", "\"vo\"", "vo type:post", "by:vo"] {
            assert_eq!(short(whole), None, "{whole}");
        }
    }

    #[test]
    fn what_stands_together_is_looked_for_together() {
        assert_eq!(terms("\"big cat\" dog "), ["big cat", "dog"]);
        assert_eq!(terms("\"big cat"), ["big cat"]);
        assert_eq!(terms("a\"b c\"d "), ["a", "b c", "d"]);
        assert_eq!(terms("example.com x "), ["example com", "x"]);
        assert_eq!(terms("don't-stop"), ["don t stop*"]);
    }

    #[test]
    fn syntax_of_others_is_words() {
        assert_eq!(terms("NEAR(a b) OR NOT c* ^d "), ["near a", "b", "or", "not", "c", "d"]);
        assert_eq!(terms("title:abc {x y}: z "), ["title abc", "x", "y", "z"]);
        assert_eq!(terms("a\0b "), ["a b"]);
    }

    #[test]
    fn filters_are_taken_out() {
        let query = Query::parse("cats BY:zoe site:https://www.Example.com/x type:post").expect("a search");
        assert_eq!(query.terms.len(), 1);
        assert_eq!(query.by.as_deref(), Some("zoe"));
        assert_eq!(query.site.as_deref(), Some("example.com"));
        assert_eq!(query.kind, Some(Kind::Post));
        assert_eq!(Query::parse("by:\"Ann Lee\"").expect("a search").by.as_deref(), Some("Ann Lee"));
        assert_eq!(terms("cats by: "), ["cats"]);
        assert_eq!(terms("cats type:com"), ["cats"], "it is being typed");
        assert_eq!(Query::parse("cats type:com "), Err(QueryError::UnknownType));
        assert_eq!(Query::parse("cats type:user"), Err(QueryError::UnknownType));
    }

    #[test]
    fn what_says_nothing_or_too_much_is_told_apart() {
        for nothing in ["", "  ", "***", "\"\"", "type:post", "by:", "\0", "\u{fffd}"] {
            assert_eq!(Query::parse(nothing), Err(QueryError::Empty), "{nothing:?}");
        }
        assert_eq!(Query::parse(&"*".repeat(10_000)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a ".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a.".repeat(17)), Err(QueryError::TooLong));
        assert_eq!(terms(&"a ".repeat(16)).len(), 16);
    }

    #[test]
    fn case_and_accents_are_nothing() {
        for (word, expected) in
            [("Été", "ete"), ("e\u{301}te", "ete"), ("ΣΊΓΜΑ", "σιγμα"), ("한글", "한글"), ("ǖ", "u")]
        {
            assert_eq!(folded(word), expected);
        }
    }

    #[test]
    fn a_folded_word_is_one_word_for_the_tokenizer() {
        // Its `ascii` takes every letter beyond ASCII for part of a word, and of ASCII letters and digits.
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
    fn words_side_by_side_are_told_from_words_apart() {
        let has = |query: &str, text: &str| {
            let text: Vec<String> = folded_words(text).collect();
            Query::parse(query).expect("a search").terms.iter().all(|term| term.matches_text(&text))
        };
        assert!(has("\"big cat\"", "A big, big cat.") && !has("\"big cat\"", "A cat is big. Cats: big"));
        assert!(has("big-cat", "a big cats") && !has("\"big cat\"", "a big cats"));
        assert!(has("cat dog ", "dog cat") && !has("cat dog ", "cats dog"));
        assert!(!has("\"a b c\"", "a b") && !has("a ", ""));
    }

    proptest! {
        #[test]
        fn words_are_where_they_are_said_to_be(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert_eq!(&text[word.at..word.at + word.text.len()], word.text);
            }
        }
    }
}
