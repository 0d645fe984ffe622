//! Mentions: `@` and a name.

use crate::markup::without_code;
use crate::user::name::{MAX_LENGTH, folded};

/// The most `@` before a name that are looked at.
const MAX_SIGNS: usize = 20;
/// The most ends of a name behind an `@`. A name may have spaces and signs, so that only the names that there are show
/// where it ends.
const MAX_ENDS: usize = 12;

/// The names that each `@` of a text may mean, folded as [`folded`] does, the longest first. An `@` inside a word or an
/// address means none; nor does one in code.
pub fn candidates(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in without_code(text) {
        let signs = line.match_indices('@').filter(|(at, _)| begins_a_word(&line[..*at]));
        let names = signs.map(|(at, _)| names(&line[at + 1..])).filter(|names| !names.is_empty());
        found.extend(names.take(MAX_SIGNS - found.len()));
    }
    found
}

/// Whether a name may begin behind an `@` that follows these letters.
fn begins_a_word(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_none_or(|letter| !letter.is_alphanumeric() && !"/@._-+=?&#~%".contains(letter))
}

/// The names with which the rest of a line may begin.
fn names(line: &str) -> Vec<String> {
    let is_end = |at: &usize| {
        let next = line[*at..].chars().next();
        !line[..*at].ends_with(char::is_whitespace) && next.is_none_or(|next| !next.is_alphanumeric())
    };
    if line.starts_with(char::is_whitespace) {
        return Vec::new();
    }
    let letters = line.char_indices().take(MAX_LENGTH);
    let ends = letters.map(|(at, letter)| at + letter.len_utf8()).filter(is_end).take(MAX_ENDS);
    let mut names: Vec<String> = ends.map(|end| folded(&line[..end])).collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<Vec<String>> {
        candidates(text)
    }

    #[test]
    fn a_sign_before_a_name_mentions_it() {
        assert_eq!(of("@Zoe"), [["zoe"]]);
        assert_eq!(of("(@b_c)!"), [["b_c)!", "b_c)", "b_c", "b"]]);
        let found = of("Hello @Zoë B, @名前 。@o'neil");
        assert_eq!(found.len(), 3);
        for (names, name) in found.iter().zip(["zoë b", "名前", "o'neil"]) {
            assert!(names.iter().any(|found| found == name), "{name} {names:?}");
        }
        // The name with the blank is tried before the one without it.
        assert!(
            found[0].iter().position(|name| name == "zoë b") < found[0].iter().position(|name| name == "zoë")
        );
    }

    #[test]
    fn an_address_and_code_mention_nobody() {
        for text in [
            "zoe@example.com",
            "https://example.com/@zoe",
            "https://example.com/?u=@zoe",
            "  @zoe",
            "a\n\n\t@zoe\n\n  @zoe",
            "an `@zoe` and\n>   @zoe",
            "@",
            "@ zoe",
            "@\nzoe",
        ] {
            assert_eq!(of(text), [[""; 0]; 0], "{text:?}");
        }
        assert_eq!(of("a\n@zoe\nb"), [["zoe"]]);
        assert_eq!(of("a\n  @zoe"), [["zoe"]], "code begins after a blank line");
        assert_eq!(of("- @zoe\n> `a`@zoe"), [["zoe"], ["zoe"]]);
    }

    #[test]
    fn a_name_is_at_most_as_long_as_names_are() {
        assert_eq!(of(&format!("@{}", "a".repeat(MAX_LENGTH))), [["a".repeat(MAX_LENGTH)]]);
        assert_eq!(of(&format!("@{}", "a".repeat(MAX_LENGTH + 1))), [[""; 0]; 0]);
    }

    proptest! {
        #[test]
        fn any_text_has_few_candidates_and_a_name_behind_a_sign_is_among_them(
            text in "[@a-c .,\n\u{e9}名-]{0,200}",
            name in "[a-c名\u{e9}]{2,10}_?[a-c名\u{e9}]{0,10}",
            after in "( [a-z]{0,5}|[.,!?)]|\n|)",
        ) {
            let found = of(&text);
            prop_assert!(found.len() <= MAX_SIGNS && found.iter().all(|names| names.len() <= MAX_ENDS));
            let names = of(&format!("@{name}{after}"));
            prop_assert!(names[0].contains(&folded(&name)), "{:?} {:?}", name, names);
        }
    }
}
