//! The end of an address in a text, and what is shown of it.

use icu_properties::props::{GeneralCategory, TerminalPunctuation};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::text::floor_boundary;

/// The most characters of an address that are shown, about a line; `…` replaces the rest.
pub const MAX_ADDRESS_CHARS: usize = 60;

/// Whether also an address in angle brackets ends before the character: one that no address contains, a
/// quotation mark around an address, or a bidirectional formatting character, which would make the text show
/// another address.
pub(super) fn ends_delimited(letter: char) -> bool {
    match letter {
        '"' | '`' | '<' | '>' | '\\' | '“' | '”' | '„' | '«' | '»' => true,
        '!'..='~' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => letter.is_whitespace() || letter.is_control(),
    }
}

/// The beginning of `text` up to the end of an address that stands without angle brackets. It reads nothing
/// after that end, so that a line of many addresses takes linear time.
pub(super) fn bare(text: &str) -> &str {
    const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    let mut open = [0_usize; BRACKETS.len()];
    let end = text.char_indices().find(|&(_, letter)| {
        for ((opening, closing), open) in BRACKETS.into_iter().zip(&mut open) {
            if letter == opening {
                *open += 1;
            } else if letter == closing {
                let Some(rest) = open.checked_sub(1) else { return true };
                *open = rest;
            }
        }
        ends_delimited(letter) || !letter.is_ascii() && separates(letter)
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Whether a character beyond ASCII ends a clause or is a bracket or quotation mark: `Terminal_Punctuation` of
/// UAX #44, and the categories Ps, Pe, Pi and Pf. `・` and `–` are none, and titles in addresses have them.
fn separates(letter: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    let is_bracket = matches!(
        category,
        GeneralCategory::OpenPunctuation
            | GeneralCategory::ClosePunctuation
            | GeneralCategory::InitialPunctuation
            | GeneralCategory::FinalPunctuation
    );
    // ’ is an apostrophe, too, and then stands inside a word.
    is_bracket && letter != '’' || CodePointSetData::new::<TerminalPunctuation>().contains(letter)
}

/// The address without the punctuation of the sentence around it.
pub(super) fn without_tail(address: &str) -> &str {
    address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’', '…', '*'])
}

/// The part of an address that is shown: at most [`MAX_ADDRESS_CHARS`].
#[must_use]
pub fn shown(address: &str) -> &str {
    let end = address.char_indices().nth(MAX_ADDRESS_CHARS).map(|(end, _)| end);
    end.map_or(address, |end| &address[..floor_boundary(address, end)])
}

/// The host of an address, without a user's name before it, which may be made to look like a host, and without the port.
pub(super) fn host(address: &str) -> &str {
    let authority = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

/// The part of an address's host that is shown: at most [`MAX_ADDRESS_CHARS`] of its end, which tells whose it is.
pub(super) fn shown_host(address: &str) -> &str {
    let host = host(address);
    let start = host.char_indices().rev().nth(MAX_ADDRESS_CHARS - 1).map_or(0, |(start, _)| start);
    &host[floor_boundary(host, start)..]
}
