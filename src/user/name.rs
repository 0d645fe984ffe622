//! Users' screen names.

use crate::text::{self, is_invisible};

/// The fewest characters of a name.
pub const MIN_LENGTH: usize = 2;
/// The most characters of a name.
pub const MAX_LENGTH: usize = 30;

/// The form in which names are compared, see [`text::folded`].
///
/// Only the first [`MAX_LENGTH`] + 1 characters are folded, which is enough to show that a name is too long:
/// anyone can send one.
#[must_use]
pub fn folded(name: &str) -> String {
    text::folded(name.chars().take(MAX_LENGTH + 1))
}

/// Whether a name has a character by which two names could look alike: control and format characters,
/// fillers, and whitespace other than the space.
#[must_use]
pub fn has_invisible(name: &str) -> bool {
    name.chars().any(|letter| {
        letter.is_control() || (letter.is_whitespace() && letter != ' ') || is_invisible(letter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_or_encoding_are_equal() {
        for (name, other) in [
            ("Zoë", "zoE\u{308}"),
            ("ADMIN", "admin"),
            ("ΣΊΓΜΑ", "σίγμα"),
            ("Γιώργος", "ΓΙΏΡΓΟΣ"),
            ("Straße", "STRASSE"),
            ("Straße", "STRAẞE"),
            ("ｚｏｅ", "Zoe"),
        ] {
            assert_eq!(folded(name), folded(other), "{name} {other}");
        }
        assert_ne!(folded("zoe"), folded("zoë"));
    }

    #[test]
    fn folding_a_folded_name_changes_nothing() {
        for letter in '\0'..=char::MAX {
            let once = folded(&letter.to_string());
            assert_eq!(folded(&once), once, "{letter:?}");
        }
    }

    #[test]
    fn an_overlong_name_is_cut_before_folding() {
        assert!(folded(&"\u{fdfa}".repeat(1 << 20)).len() < 10_000);
        assert_ne!(folded(&"a".repeat(MAX_LENGTH + 1)), folded(&"a".repeat(MAX_LENGTH)));
    }

    #[test]
    fn invisible_characters_are_found() {
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
}
