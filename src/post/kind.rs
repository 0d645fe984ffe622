//! Posts that ask, and posts that show something: the rule by which their titles tell.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// The kind of a post that has a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostKind {
    /// It asks the readers something: `Ask HN: …`.
    Ask,
    /// It shows something that its author has made: `Show HN: …`.
    Show,
}

impl PostKind {
    /// Both, in the order of the header's links.
    pub const EACH: [PostKind; 2] = [PostKind::Ask, PostKind::Show];

    /// The kind of a post with this title; `None` for most. The title begins with the word, in any case, and a colon;
    /// between them may stand a blank, or a blank and one more word.
    #[must_use]
    pub fn of(title: &str) -> Option<PostKind> {
        let (before, _) = title.trim_start().split_once(':')?;
        let (word, name) = before.split_once(' ').unwrap_or((before, ""));
        let is_kind = |kind: &PostKind| word.eq_ignore_ascii_case(kind.word());
        PostKind::EACH.into_iter().find(is_kind).filter(|_| !name.contains(char::is_whitespace))
    }

    /// Its word, which is also the heading of its list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            PostKind::Ask => "Ask",
            PostKind::Show => "Show",
        }
    }

    /// Its number in the column `posts.kind`.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            PostKind::Ask => 1,
            PostKind::Show => 2,
        }
    }
}

impl ToSql for PostKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for PostKind {
    fn column_result(value: ValueRef) -> FromSqlResult<PostKind> {
        let number = i64::column_result(value)?;
        PostKind::EACH
            .into_iter()
            .find(|kind| kind.number() == number)
            .ok_or(FromSqlError::OutOfRange(number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_tells_its_kind_before_the_first_colon() {
        for (title, kind) in [
            ("Ask HN: Who is hiring?", Some(PostKind::Ask)),
            ("Ask LN: Which editor?", Some(PostKind::Ask)),
            ("Ask: Which editor?", Some(PostKind::Ask)),
            ("ASK hn: which editor?", Some(PostKind::Ask)),
            ("  ask:which editor?", Some(PostKind::Ask)),
            ("Ask : which editor?", Some(PostKind::Ask)),
            ("Ask 日本: どれ？", Some(PostKind::Ask)),
            ("Show HN: A site", Some(PostKind::Show)),
            ("sHoW: a site", Some(PostKind::Show)),
            ("Show HN: Ask: me", Some(PostKind::Show)),
            ("Ask HN Who is hiring?", None),
            ("Ask the readers: why?", None),
            ("Ask HN : why?", None),
            ("Asking: why?", None),
            ("Ask\u{a0}HN: why?", None),
            ("Showdown: two sites", None),
            ("On Ask HN: a study", None),
            ("Ask", None),
            ("", None),
            (":", None),
            ("Аsk HN: the first letter is Cyrillic", None),
        ] {
            assert_eq!(PostKind::of(title), kind, "{title}");
        }
    }

    proptest! {
        #[test]
        fn any_title_has_at_most_one_kind(
            start in prop::sample::select(vec!["", " ", "ask", "Show", "ASK", "show ", "task"]),
            rest in "[ :aäA\\PC]{0,8}",
        ) {
            let title = start.to_owned() + &rest;
            // Another form of the rule: the words before the colon.
            let words: Vec<&str> = title.split(':').next().expect("split gives one").split(' ').collect();
            let words: Vec<&str> = words.into_iter().skip_while(|word| word.is_empty()).collect();
            let is_of_spaces = title.chars().all(|letter| letter == ' ' || !letter.is_whitespace());
            if is_of_spaces {
                let expected = match words[..] {
                    [word] | [word, _] if title.contains(':') => match &*word.to_ascii_lowercase() {
                        "ask" => Some(PostKind::Ask),
                        "show" => Some(PostKind::Show),
                        _ => None,
                    },
                    _ => None,
                };
                prop_assert_eq!(PostKind::of(&title), expected);
            }
        }
    }
}
