//! Excerpts: the part of a text in which a query's words occur, with the words highlighted.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::query::Query;
use super::words::{Word, folded, words};
use crate::html::text::Text;
use crate::text::floor_boundary;

/// The most characters of an excerpt before the first match.
const CHARS_BEFORE_MATCH: usize = 60;
/// The most characters of an excerpt: some three lines.
const MAX_CHARS: usize = 240;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'t> {
    /// The text, trimmed.
    pub text: &'t str,
    /// Whether text was left out before it.
    pub is_cut_before: bool,
    /// Whether text was left out after it.
    pub is_cut_after: bool,
}

/// The part of a text around the first match; `None` when nothing matches.
#[must_use]
pub fn matching_excerpt<'t>(text: &'t str, query: &Query) -> Option<Excerpt<'t>> {
    let first = matches(text, query).next()?;
    let window_start =
        text[..first.at].char_indices().rev().take(CHARS_BEFORE_MATCH).last().map_or(0, |(at, _)| at);
    // It does not begin in the middle of a word.
    let is_inside = |at: &usize| {
        *at == window_start && text[..window_start].chars().next_back().is_some_and(char::is_alphanumeric)
    };
    let begin = words(&text[window_start..])
        .map(|word| window_start + word.at)
        .find(|at| !is_inside(at))
        .unwrap_or(first.at);
    let begin = if window_start == 0 { 0 } else { begin.min(first.at) };
    Some(excerpt_from(text, begin))
}

/// The words of a text that match, neighbouring letters as one.
fn matches<'t>(text: &'t str, query: &Query) -> impl Iterator<Item = Word<'t>> {
    let words: Vec<(Word, String)> = words(text).map(|word| (word, folded(word.text))).collect();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < words.len() {
            let number = query.terms.iter().map(|term| term.matching_words(&words[at..])).max().unwrap_or(0);
            at += number.max(1);
            if number > 0 {
                let (first, last) = (&words[at - number].0, &words[at - 1].0);
                return Some(Word { at: first.at, text: &text[first.at..last.end()] });
            }
        }
        None
    })
}

/// The beginning of a text.
#[must_use]
pub fn leading_excerpt(text: &str) -> Excerpt<'_> {
    excerpt_from(text, 0)
}

fn excerpt_from(text: &str, begin: usize) -> Excerpt<'_> {
    let rest = &text[begin..];
    let is_cut_before = !text[..begin].trim().is_empty();
    let Some((end, _)) = rest.char_indices().nth(MAX_CHARS) else {
        return Excerpt { text: rest.trim(), is_cut_before, is_cut_after: false };
    };
    // It ends after a whole word, unless that would leave out more than half.
    let space = rest[..end].rfind(char::is_whitespace).filter(|&at| at > end / 2);
    let end = space.unwrap_or_else(|| floor_boundary(rest, end));
    Excerpt { text: rest[..end].trim(), is_cut_before, is_cut_after: !rest[end..].trim().is_empty() }
}

/// A text in parts: what stands before each match, and the match; and the rest.
#[must_use]
pub fn segments<'t>(text: &'t str, query: &Query) -> (Vec<(&'t str, &'t str)>, &'t str) {
    let mut segments: Vec<(&str, &str)> = Vec::new();
    let mut at = 0;
    for word in matches(text, query) {
        segments.push((&text[at..word.at], word.text));
        at = word.end();
    }
    (segments, &text[at..])
}

/// A text with the matching words in `<mark>` elements.
pub fn highlighted<'t>(text: &'t str, query: &'t Query) -> impl Render + 't {
    let (segments, rest) = segments(text, query);
    owned_html! {
        @ for &(before, word) in &segments { : Text(before); mark { : Text(word) } }
        : Text(rest);
    }
}

/// An excerpt with the matching words in `<mark>` elements, and `…` where text was left out.
pub fn highlighted_excerpt<'t>(excerpt: Excerpt<'t>, query: &'t Query) -> impl Render + 't {
    owned_html! {
        @ if excerpt.is_cut_before { : "… " }
        : highlighted(excerpt.text, query);
        @ if excerpt.is_cut_after { : " …" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query::Query;
    use horrorshow::Template;
    use proptest::prelude::*;

    fn html(text: &str, query: &str) -> String {
        let query = Query::parse(query).expect("a valid query");
        matching_excerpt(text, &query).map_or(String::new(), |part| {
            highlighted_excerpt(part, &query).into_string().expect("rendering to a string succeeds")
        })
    }

    #[test]
    fn highlighting_ignores_case_and_accents() {
        assert_eq!(html("A Crème Brûlée.", "creme brul"), "A <mark>Crème</mark> <mark>Brûlée</mark>.");
        assert_eq!(html("cat, category; concat", "cat "), "<mark>cat</mark>, category; concat");
        assert_eq!(html("nothing here", "cat"), "");
    }

    #[test]
    fn highlighted_text_is_escaped() {
        assert_eq!(
            html("<b>cat</b> & <script>", "cat "),
            "&lt;b&gt;<mark>cat</mark>&lt;/b&gt; &amp; &lt;script&gt;"
        );
        assert_eq!(html("<script>", "script "), "&lt;<mark>script</mark>&gt;");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let text = format!("{}cat {}", "before ".repeat(100), "after ".repeat(100));
        let html = html(&text, "cat ");
        assert!(html.starts_with("… before "), "{html}");
        assert!(html.contains("<mark>cat</mark>") && html.ends_with("after …"), "{html}");
        assert!(html.chars().count() < 280, "{html}");
        let whole = "x".repeat(1000);
        assert_eq!(leading_excerpt(&whole).text.len(), 240, "a word longer than an excerpt is cut");
    }

    proptest! {
        #[test]
        fn any_text_can_be_excerpted_and_highlighted(text in "[a-c é\\n<&\\PC]{0,400}", query in "[a-cé ]{1,6}") {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            if let Some(part) = matching_excerpt(&text, &query) {
                prop_assert!(part.text.chars().count() <= MAX_CHARS);
                prop_assert!(matches(part.text, &query).next().is_some());
            }
            let html = highlighted(&text, &query).into_string().expect("rendering to a string succeeds");
            let plain = html.replace("<mark>", "").replace("</mark>", "");
            prop_assert_eq!(plain, Text(&text).into_string().expect("rendering to a string succeeds"));
        }
    }
}
