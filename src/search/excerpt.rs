//! The place of a text where the words stand that were looked for.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::query::{Query, folded, words};
use crate::html::text::Text;

/// Characters before the first word that was looked for.
const BEFORE: usize = 60;
/// Characters in all: some three lines.
const LENGTH: usize = 240;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'t> {
    /// What it says.
    pub text: &'t str,
    /// Something stands before it.
    pub is_cut_before: bool,
    /// Something follows it.
    pub is_cut_after: bool,
}

/// The part of a text that begins a little before the first of the words; `None` when it has none.
#[must_use]
pub fn around<'t>(text: &'t str, query: &Query) -> Option<Excerpt<'t>> {
    let first = words(text).find(|word| is_wanted(query, word.text))?;
    let near = text[..first.at].char_indices().rev().take(BEFORE).last().map_or(0, |(at, _)| at);
    // Not in the middle of a word.
    let is_inside =
        |at: &usize| *at == near && text[..near].chars().next_back().is_some_and(char::is_alphanumeric);
    let begin = words(&text[near..]).map(|word| near + word.at).find(|at| !is_inside(at)).unwrap_or(first.at);
    let begin = if near == 0 { 0 } else { begin.min(first.at) };
    Some(from(text, begin))
}

fn is_wanted(query: &Query, word: &str) -> bool {
    let word = folded(word);
    query.terms.iter().any(|term| term.has(&word))
}

/// The beginning of a text.
#[must_use]
pub fn beginning(text: &str) -> Excerpt<'_> {
    from(text, 0)
}

fn from(text: &str, begin: usize) -> Excerpt<'_> {
    let rest = &text[begin..];
    let is_cut_before = !text[..begin].trim().is_empty();
    let Some((end, _)) = rest.char_indices().nth(LENGTH) else {
        return Excerpt { text: rest.trim(), is_cut_before, is_cut_after: false };
    };
    // After a whole word, unless there is none.
    let end = rest[..end].rfind(char::is_whitespace).filter(|&at| at > end / 2).unwrap_or(end);
    Excerpt { text: rest[..end].trim(), is_cut_before, is_cut_after: !rest[end..].trim().is_empty() }
}

/// A text with the words marked.
pub fn marked<'t>(text: &'t str, query: &'t Query) -> impl Render + 't {
    let mut pieces: Vec<(&str, &str)> = Vec::new();
    let mut at = 0;
    for word in words(text).filter(|word| is_wanted(query, word.text)) {
        pieces.push((&text[at..word.at], word.text));
        at = word.at + word.text.len();
    }
    let rest = &text[at..];
    owned_html! {
        @ for &(before, word) in &pieces { : Text(before); mark { : Text(word) } }
        : Text(rest);
    }
}

/// The same of a part of a text.
pub fn shown<'t>(excerpt: Excerpt<'t>, query: &'t Query) -> impl Render + 't {
    owned_html! {
        @ if excerpt.is_cut_before { : "… " }
        : marked(excerpt.text, query);
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
        let query = Query::parse(query).expect("a search");
        around(text, &query)
            .map_or(String::new(), |part| shown(part, &query).into_string().expect("a string"))
    }

    #[test]
    fn words_are_marked_whatever_their_case_and_accents() {
        assert_eq!(html("A Crème Brûlée.", "creme brul"), "A <mark>Crème</mark> <mark>Brûlée</mark>.");
        assert_eq!(html("cat, category; concat", "cat "), "<mark>cat</mark>, category; concat");
        assert_eq!(html("nothing here", "cat"), "");
    }

    #[test]
    fn markup_stays_text() {
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
        assert_eq!(beginning(&whole).text.len(), 240, "a word without end is cut all the same");
    }

    proptest! {
        #[test]
        fn any_text_can_be_cut_and_marked(text in "[a-c é\\n<&\\PC]{0,400}", query in "[a-cé ]{1,6}") {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            if let Some(part) = around(&text, &query) {
                prop_assert!(part.text.chars().count() <= LENGTH);
                prop_assert!(words(part.text).any(|word| is_wanted(&query, word.text)));
            }
            let marked = marked(&text, &query).into_string().expect("a string takes it");
            let plain = marked.replace("<mark>", "").replace("</mark>", "");
            prop_assert_eq!(plain, Text(&text).into_string().expect("a string takes it"));
        }
    }
}
