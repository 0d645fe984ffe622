//! How comments look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Comment, OwnComment};
use crate::markup::Markup;
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::text::{Id, Text};
use crate::ui::time::{Age, Micros};
use crate::vote::{self, Target};
use crate::web::cx::Viewer;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::paths;
use crate::{moderation, user};

/// `1 comment`, `2 comments`.
pub fn count(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " comment" } else { " comments" });
    }
}

/// The comments on a post. The list is there without any, for the first to be put into.
pub fn list<'c>(comments: &'c [Comment], viewer: Option<&'c Viewer>, now: Micros) -> impl Render + 'c {
    owned_html! {
        ol(class="comments", id="comment_list") {
            @ for comment in comments { : one(comment, viewer, now) }
        }
    }
}

/// A comment on its post.
pub fn one<'c>(comment: &'c Comment, viewer: Option<&'c Viewer>, now: Micros) -> impl Render + 'c {
    let author = comment.author.as_ref();
    owned_html! {
        li(id=Id("comment_", comment.id)) {
            : vote::views::arrow_for(Target::Comment(comment.id), comment.is_voted, author, viewer);
            p {
                @ if author.is_some() { : vote::views::score(Target::Comment(comment.id), comment.score); : " " }
                @ if !comment.is_removed() { : user::views::by(author, viewer); : " · " }
                : Age { at: comment.created_at, now }; : " ago";
                : moderation::views::link(Target::Comment(comment.id), author, viewer);
            }
            @ if author.is_some() { : Markup(&comment.body) } else { : moderation::views::absent(comment.is_removed()) }
            @ if user::is_own(author, viewer) { : actions(comment.id) }
        }
    }
}

/// What its author can do with a comment.
fn actions(id: i64) -> impl Render {
    let edit = paths::edit_comment(id);
    owned_html! {
        div(class="actions") {
            a(class="link", id=format_args!("edit_{id}"), href=edit, hx-get=edit) { : "Edit" }
            : button::delete_in_place(paths::comment(id), "link danger", "Destroy", format_args!("destroy_{id}"));
        }
    }
}

/// The form for a comment, as far as it is filled.
#[derive(Clone, Copy)]
pub struct CommentForm<'f> {
    /// What was typed.
    pub body: &'f str,
    /// What is wrong with it.
    pub errors: &'f Errors,
    /// Whether the newest comments are on the page: only there a new one has its place.
    pub in_place: bool,
}

impl<'f> CommentForm<'f> {
    /// With nothing wrong so far.
    #[must_use]
    pub fn of(body: &'f str) -> CommentForm<'f> {
        CommentForm { body, errors: &NO_ERRORS, in_place: true }
    }

    fn field(&self) -> Field<'f> {
        Field::new("body", "Body", self.body, self.errors).label_hidden()
    }
}

/// The form for a new comment on a post.
pub fn form<'f>(post_id: i64, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let action = paths::new_comment(post_id);
    owned_html! {
        form(
            id="comment_form", method="post", action=action, hx-post?=form.in_place.then_some(action), hx-sync?=form.in_place.then_some("this:drop")
        ) {
            : field::errors(form.errors, "comment");
            : field::area(form.field());
            button(class="button", id="post_comment") { : "Post comment" }
        }
    }
}

/// The page for changing a comment.
pub fn edit<'f>(id: i64, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    owned_html! {
        form(method="post", action=paths::comment(id)) {
            : button::means("patch");
            : field::errors(form.errors, "comment");
            : field::area(form.field());
            button(class="button") { : "Update Comment" }
        }
    }
}

/// A comment while its author changes it, in its place. The button has the name of the link that
/// opened the form: where the one was the other will be, and the focus stays there.
pub fn edited<'f>(id: i64, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let (action, field_id) = (paths::comment(id), format!("edited_body_{id}"));
    owned_html! {
        li(id=format_args!("comment_{id}")) {
            form(method="post", action=action, hx-post=action, hx-sync="this:drop") {
                : button::means("patch");
                : field::errors(form.errors, "comment");
                : field::area(form.field().id(&field_id).focused());
                div(class="actions") {
                    button(class="button", id=format_args!("edit_{id}")) { : "Update Comment" }
                    a(class="button", id=format_args!("cancel_{id}"), href=action, hx-get=action) { : "Cancel" }
                }
            }
        }
    }
}

/// The comments on their author's page.
pub fn own<'c>(comments: &'c [OwnComment], now: Micros) -> impl Render + 'c {
    owned_html! {
        ol(class="comments") {
            @ for comment in comments {
                li {
                    p {
                        : "on "; a(href=paths::post(comment.post_id)) { : Text(&comment.post_title) }
                        : " · "; : Age { at: comment.created_at, now }; : " ago"
                    }
                    : Markup(&comment.body);
                }
            }
        }
    }
}
