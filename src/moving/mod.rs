//! Admins bring together what belongs together: a post that another says already is merged into it, and a comment moves with
//! its replies to the post that it is about.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::moderation::ModerationAction;
use crate::text::is_blank;
use crate::types::id::PostId;
use crate::vote::Target;
use crate::web::form::Form;
use crate::web::paths::{self, Path};

/// The names of the form's fields: the post to which, and the reason.
const FIELDS: [&str; 2] = ["to", "reason"];

/// The form of an admin.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The number or the address of a post of this site, as it was typed.
    pub to: String,
    /// The reason in the log.
    pub reason: String,
}

impl Request {
    fn of(form: &Form) -> Request {
        Request { to: form.line("to"), reason: form.line("reason") }
    }

    /// The post to which.
    ///
    /// # Errors
    /// A sentence for the form.
    pub fn post(&self) -> Result<PostId, &'static str> {
        let typed = self.to.trim();
        if is_blank(typed) {
            return Err("Post can't be blank");
        }
        let found = PostId::from_path(typed).or_else(|| paths::post_in(typed));
        found.ok_or("Post must be the number or the address of a post")
    }
}

/// The result of a merge or a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done and logged.
    Done,
    /// It was there before: nothing is changed or logged.
    Unchanged,
    /// The post or comment does not exist, or is not shown.
    NotFound,
    /// The post to which is not there, or not shown.
    NoPost,
}

/// The page with the form about a post or comment.
#[must_use]
pub fn path(target: Target) -> Path {
    match target {
        Target::Post(id) => paths::merge_post(id),
        Target::Comment(id) => paths::move_comment(id),
    }
}

/// What is done with it.
#[must_use]
pub fn action(target: Target) -> ModerationAction {
    match target {
        Target::Post(_) => ModerationAction::Merge,
        Target::Comment(_) => ModerationAction::Move,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_named_by_its_number_or_its_address() {
        let post = |to: &str| Request { to: to.to_owned(), ..Request::default() }.post();
        for to in [
            "12",
            " 12 ",
            "/posts/12",
            "https://news.example/posts/12",
            "/posts/12#comment_7",
            "/posts/12/flag",
        ] {
            assert_eq!(post(to), Ok(PostId::new(12)), "{to}");
        }
        for to in
            ["", " ", "0", "-1", "12 13", "/posts/", "/posts/12a", "/comments/12", "99999999999999999999"]
        {
            assert!(post(to).is_err(), "{to}");
        }
    }
}
