//! Names that people choose.

use unicode_normalization::UnicodeNormalization;

/// The fewest characters of a name.
pub const MIN_LENGTH: usize = 2;
/// The most.
pub const MAX_LENGTH: usize = 30;

/// Pages call the reader "you" and those who have left "[deleted]": nobody else can be called so.
const RESERVED: [&str; 2] = ["you", "[deleted]"];

/// A name as it is compared: the same for names that differ only in case or in how Unicode writes the
/// same characters (NFKC, so that `ｚｏｅ` is `zoe`). By way of the capitals: some have two small letters
/// (`Σ` is `σ` and `ς`), and some small letters have two capitals (`ß` is `SS`).
#[must_use]
pub fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Whether everybody would take it for another's.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&&*folded(name))
}

/// Whether it has a character that cannot be seen, by which two names could look alike: control and
/// format characters, fillers, and blanks other than the space.
#[must_use]
pub fn has_invisible(name: &str) -> bool {
    name.chars().any(|letter| {
        letter.is_control()
            || (letter.is_whitespace() && letter != ' ')
            || matches!(letter,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_or_spelling_are_the_same() {
        for (name, other) in [
            ("Zoë", "zoE\u{308}"),
            ("ADMIN", "admin"),
            ("ΣΊΓΜΑ", "σίγμα"),
            ("Γιώργος", "ΓΙΏΡΓΟΣ"),
            ("Straße", "STRASSE"),
            ("ｚｏｅ", "Zoe"),
        ] {
            assert_eq!(folded(name), folded(other), "{name} {other}");
        }
        assert_ne!(folded("zoe"), folded("zoë"));
    }

    #[test]
    fn characters_that_nobody_sees_are_found() {
        for name in [
            "a\u{200b}b",
            "a\u{202e}b",
            "a\u{ad}b",
            "\u{3164}",
            "a\u{feff}",
            "a\tb",
            "a\u{a0}b",
            "a\0",
            "a\u{e0061}",
        ] {
            assert!(has_invisible(name), "{name:?}");
        }
        for name in ["velit_000", "Zoë", "名前", "a b", "😀", "o'neil", "<b>"] {
            assert!(!has_invisible(name), "{name:?}");
        }
    }

    #[test]
    fn nobody_is_called_as_pages_call_everybody() {
        assert!(is_reserved("You") && is_reserved("[Deleted]") && !is_reserved("young"));
    }
}
