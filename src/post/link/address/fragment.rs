//! Fragments: a place on a page, or on pages that a script makes, the document itself.

/// Parameters of a fragment that name a place in a document: in audio and video (W3C, "Media Fragments URI
/// 1.0") and in PDF (ISO 32000-2, "PDF fragment identifiers").
const PLACES: [&str; 12] = [
    "t",
    "xywh",
    "track",
    "page",
    "zoom",
    "view",
    "nameddest",
    "search",
    "highlight",
    "toolbar",
    "navpanes",
    "pagemode",
];

/// The letters and digits in a row from which a fragment is data, such as a program in base64: no word of a
/// heading has as many.
const DATA_LETTERS: usize = 40;

/// The part of a fragment that chooses the document; `None`: it names only a place in it.
///
/// A fragment chooses the document if it is a path (`/x`, `!/x`, `code/…`), a query (`?id=1`, `json=…`), one
/// letter before a colon (`g:…`), or data. A slash in a heading (`Input/output`) looks like a path, so two posts of
/// that page can exist; the opposite mistake would lose a document. Headings (`What_is_it?`), lines (`L10`) and notes
/// (`fn:1`) are places. The text directive (`:~:text=`) is none of the page's business
/// (<https://wicg.github.io/scroll-to-text-fragment/>).
pub(super) fn document(fragment: &str) -> Option<String> {
    let fragment = fragment.split(":~:").next().unwrap_or_default();
    let is_query = fragment.contains('=') || fragment.starts_with('?');
    if is_query && !fragment.contains(['/', '?', '!']) {
        let pairs = fragment.split('&').filter(|pair| !pair.is_empty());
        let chosen: Vec<&str> = pairs.filter(|pair| !is_place(pair)).collect();
        return Some(chosen.join("&")).filter(|chosen| !chosen.is_empty());
    }
    let is_document = is_query
        || fragment.starts_with('!')
        || fragment.contains('/')
        || has_one_letter_key(fragment)
        || is_data(fragment);
    is_document.then(|| fragment.to_owned())
}

fn is_place(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    PLACES.contains(&&*name) || name.starts_with("utm_") || name == "xtor"
}

fn has_one_letter_key(fragment: &str) -> bool {
    matches!(fragment.as_bytes(), [letter, b':', _, ..] if letter.is_ascii_alphabetic())
}

fn is_data(fragment: &str) -> bool {
    let is_word_end = |letter: char| !letter.is_ascii_alphanumeric() && letter != '+';
    fragment.split(is_word_end).any(|run| run.len() >= DATA_LETTERS)
}
