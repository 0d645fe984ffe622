//! Tags: the operator says which there are, authors give their posts at most three of them, and a user can leave the posts of
//! a tag out of their lists. A site without tags shows nothing of them.
//!
//! A tag that the operator takes away stays on the posts that have it; no other post gets it.

pub mod handlers;
pub mod sql;
pub mod views;

use unicode_normalization::char::is_combining_mark;

use crate::web::form::Errors;

/// The most tags of a post.
pub const MAX_TAGS: usize = 3;
/// The most tags of a site: all stand below the field of a post's form.
pub const MAX_ALL_TAGS: usize = 50;
/// The most characters of a tag.
pub const MAX_TAG_CHARS: usize = 20;

/// The tags in a text, each once, in their order: between commas and white space.
pub fn each(text: &str) -> impl Iterator<Item = &str> {
    let tags = text.split(|letter: char| letter == ',' || letter.is_whitespace());
    tags.filter(|tag| !tag.is_empty())
}

/// The tags in what a user typed, in lower case, each once, with a space between.
#[must_use]
pub fn normalized(typed: &str) -> String {
    let typed = typed.to_lowercase();
    let mut tags: Vec<&str> = Vec::new();
    for tag in each(&typed).map(|tag| tag.trim_start_matches('#')) {
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.join(" ")
}

/// The tag in an address; `None`: no post can have it.
#[must_use]
pub fn parse(text: &str) -> Option<&str> {
    // Some scripts write vowels as marks on letters.
    let is_letter =
        |letter: char| letter.is_alphanumeric() && !letter.is_uppercase() || is_combining_mark(letter);
    let is_tag = |letter: char| letter == '-' || is_letter(letter);
    (!text.is_empty() && text.chars().count() <= MAX_TAG_CHARS && text.chars().all(is_tag)).then_some(text)
}

/// What is wrong with the tags of a site: a sentence.
#[must_use]
pub fn mistake(all: &str) -> Option<&'static str> {
    if each(all).count() > MAX_ALL_TAGS {
        return Some("Tags are too many (maximum is 50)");
    }
    let is_wrong = each(all).any(|tag| parse(tag).is_none());
    is_wrong.then_some("A tag has at most 20 small letters, digits and hyphens")
}

/// What is wrong with the tags `requested` of a post that had those of `before`, on a site with the tags `all`. Errors are
/// those of the field `tags`.
#[must_use]
pub fn check(requested: &str, before: &str, all: &str) -> Errors {
    let mut errors = Errors::default();
    if each(requested).count() > MAX_TAGS {
        errors.add("tags", "Tags are too many (maximum is 3)");
    }
    let is_known = |tag: &&str| each(all).chain(each(before)).any(|known| known == *tag);
    if !each(requested).all(|tag| is_known(&tag)) {
        errors.add("tags", "Tags must be among those of this site");
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_tags_are_in_lower_case_and_each_once() {
        for (typed, expected) in [
            ("", ""),
            (" , ", ""),
            ("Rust", "rust"),
            ("rust,web", "rust web"),
            ("  #Rust ,, WEB rust", "rust web"),
            ("ÄÖ 数据库", "äö 数据库"),
            ("#", ""),
        ] {
            assert_eq!(normalized(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_tag_has_letters_digits_and_hyphens() {
        for tag in ["rust", "c-99", "数据库", "äö", "हिन्दी", &"a".repeat(20)] {
            assert_eq!((parse(tag), mistake(tag)), (Some(tag), None), "{tag}");
        }
        for tag in ["", "Rust", "a b", "a,b", "a/b", "<b>", &"a".repeat(21), "a\u{202e}b"] {
            assert_eq!(parse(tag), None, "{tag}");
        }
        assert!(mistake("rust, We!b").is_some() && mistake("rust, web").is_none() && mistake("").is_none());
        assert!(mistake(&"a ".repeat(51)).is_some());
    }

    #[test]
    fn a_post_has_at_most_three_tags_of_the_site_or_those_that_it_had() {
        let wrong = |requested, before| !check(requested, before, "rust, web, c d").is_empty();
        assert!(!wrong("", "") && !wrong("rust web c", "") && !wrong("old rust", "old"));
        assert!(wrong("old", "") && wrong("rust web c d", "") && wrong("ru", ""));
        assert!(!check("rust", "", "").is_empty() && check("", "", "").is_empty());
    }
}
