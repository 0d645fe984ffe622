//! Names that people choose.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_invisible;

/// The fewest characters of a name.
pub const MIN_LENGTH: usize = 2;
/// The most.
pub const MAX_LENGTH: usize = 30;

/// Pages call the reader "you" and those who have left `[deleted]`: nobody else can be called so.
const RESERVED: [&str; 2] = ["you", "[deleted]"];

/// A name as it is compared: the same for names that differ only in case or in how Unicode writes the
/// same characters (NFKC, so that `ｚｏｅ` is `zoe`). By way of the capitals: some have two small letters
/// (`Σ` is `σ` and `ς`), and some small letters have two capitals (`ß` is `SS`, and has `ẞ` besides).
/// What is far too long for a name is folded no further than to show that: one letter can become
/// eighteen, and strangers send this.
#[must_use]
pub fn folded(name: &str) -> String {
    let some = name.chars().take(MAX_LENGTH + 1);
    some.nfkc()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect()
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
        letter.is_control() || (letter.is_whitespace() && letter != ' ') || is_invisible(letter)
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
    fn what_is_no_name_costs_no_more_than_one() {
        assert!(folded(&"\u{fdfa}".repeat(1 << 20)).len() < 10_000);
        assert_ne!(folded(&"a".repeat(MAX_LENGTH + 1)), folded(&"a".repeat(MAX_LENGTH)));
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
