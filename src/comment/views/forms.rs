//! The forms for a comment: on a post, as a reply, and for a change of it.

use std::fmt::{self, Display};

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::draft;
use crate::comment::{Comment, ReplyTarget};
use crate::html::size::MAX_FORM_IN_PLACE_BYTES;
use crate::html::text::{DOT, Id, Isolated, escaped_length};
use crate::markup::{FORMATTING, Markup};
use crate::post::PostDetail;
use crate::types::id::{CommentId, DraftId, PostId};
use crate::types::time::Clock;
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::preview;
use crate::ui::time::Age;
use crate::user;
use crate::web::account::Account;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::paths;

/// The page with the form for a reply, below the parent comment.
pub fn reply<'p>(
    post: &'p PostDetail,
    parent: &'p Comment,
    form: &'p CommentForm,
    clock: &'p Clock,
) -> impl Render + 'p {
    let form = *form;
    owned_html! {
        p(class="byline") {
            : user::views::author::by(parent.author.as_ref(), None); : DOT;
            a(href=paths::comment(parent.id)) { : Age { at: parent.created_at, clock }; : " ago" }
            : DOT; : "on "; a(href=paths::post(post.post.id)) { : Isolated(&post.post.title) }
        }
        div(class="prose") { : Markup(&parent.body) }
        form(method="post", action=paths::replies(parent.id)) {
            : form.account;
            : form.preview(reply_preview(parent.id));
            : fields(form.field());
            div(class="actions") {
                button(class="button") { : "Post reply" }
                : preview::button(reply_preview(parent.id), Some(paths::replies(parent.id).to_string()));
            }
        }
    }
}

/// The form for a reply in place, below the comment.
pub fn reply_in_place<'f>(parent_id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let (replies, field_id) = (paths::replies(parent_id), format!("reply_body_{parent_id}"));
    owned_html! {
        form(id=format_args!("reply_{parent_id}_form"), method="post", action=replies, hx-post=replies) {
            : form.account;
            : form.preview(reply_preview(parent_id));
            : fields(form.field().id(&field_id).focused());
            div(class="actions") {
                button(class="button", id=Id("post_reply_", parent_id.get())) { : "Post reply" }
                : preview::button(reply_preview(parent_id), None);
                a(class="button", id=Id("cancel_reply_", parent_id.get()), href=replies, hx-get=replies) { : "Cancel" }
            }
        }
    }
}

/// The most bytes of the text in a comment's form that leave room for the comments on the page: the longest
/// comment takes 50,000.
pub(super) const MAX_BODY_BESIDE_COMMENTS: usize = 64 * 1024;

/// The contents of a comment's form.
#[derive(Clone, Copy)]
pub struct CommentForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// The text that the user has typed.
    pub body: &'f str,
    /// The mistakes in it.
    pub errors: &'f Errors,
    /// The draft that the text is from.
    pub draft: Option<DraftId>,
    /// Whether htmx may send the form: only a page with the end of the discussion can show a new comment.
    pub in_place: bool,
    /// Whether the text is shown above the fields, too.
    pub is_previewed: bool,
}

/// The most bytes of a preview: so much room is left on the page of a post.
pub const MAX_PREVIEW_BYTES: usize = 32 * 1024;

impl<'f> CommentForm<'f> {
    /// Whether the text is so long, far beyond that of a comment, that its page has no room for the comments.
    #[must_use]
    pub fn fills_page(&self) -> bool {
        escaped_length(self.body) > MAX_BODY_BESIDE_COMMENTS
    }

    /// Whether a fragment has room for the form.
    #[must_use]
    pub fn fits_in_place(&self) -> bool {
        escaped_length(self.body) <= MAX_FORM_IN_PLACE_BYTES
    }

    /// A form without mistakes.
    #[must_use]
    pub fn of(account: Account, body: &'f str) -> CommentForm<'f> {
        CommentForm { account, body, errors: &NO_ERRORS, draft: None, in_place: true, is_previewed: false }
    }

    /// The place of the preview.
    fn preview(&self, id: PreviewId) -> impl Render + use<'f> {
        preview::place(id, self.is_previewed.then_some(self.body), MAX_PREVIEW_BYTES)
    }

    fn field(&self) -> Field<'f> {
        Field::new("body", "Body", self.body, self.errors).hint(FORMATTING)
    }
}

/// The id of the place of a preview.
#[derive(Clone, Copy)]
pub enum PreviewId {
    /// Of a new comment.
    New(ReplyTarget),
    /// Of a change of this comment.
    Edit(CommentId),
}

impl Display for PreviewId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            PreviewId::New(ReplyTarget::Post(id)) => write!(f, "preview_post_{id}"),
            PreviewId::New(ReplyTarget::Comment(id)) => write!(f, "preview_reply_{id}"),
            PreviewId::Edit(id) => write!(f, "preview_edit_{id}"),
        }
    }
}

/// The heading of the errors, and the field.
fn fields<'f>(field: Field<'f>) -> impl Render + 'f {
    owned_html! {
        : field::errors(field.errors(), "comment", &[field.place()]);
        : field::area(field);
    }
}

fn new_preview(id: PostId) -> PreviewId {
    PreviewId::New(ReplyTarget::Post(id))
}

fn reply_preview(id: CommentId) -> PreviewId {
    PreviewId::New(ReplyTarget::Comment(id))
}

/// The form for a new comment on a post.
pub fn form<'f>(post_id: PostId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let action = paths::new_comment(post_id);
    owned_html! {
        form(
            id="comment_form", method="post", action=action, hx-post?=form.in_place.then_some(action)
        ) {
            : form.account;
            @ if let Some(id) = form.draft { : draft::note(id) }
            : form.preview(new_preview(post_id));
            : fields(form.field());
            div(class="actions") {
                button(class="button", id="post_comment") { : "Post comment" }
                : preview::button(new_preview(post_id), (!form.in_place).then(|| action.to_string()));
            }
        }
    }
}

/// The page with the form for editing a comment.
pub fn edit<'f>(id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    owned_html! {
        form(method="post", action=paths::comment(id)) {
            : form.account;
            : button::method_override("patch");
            : form.preview(PreviewId::Edit(id));
            : fields(form.field());
            div(class="actions") {
                button(class="button") { : "Update Comment" }
                : preview::button(PreviewId::Edit(id), Some(paths::comment(id).to_string()));
            }
        }
    }
}

/// The form for editing a comment, in place of its body. Its button has the id of the link that opened it, so
/// that htmx keeps the focus there.
pub fn edit_in_place<'f>(id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let (action, field_id) = (paths::comment(id), format!("edited_body_{id}"));
    owned_html! {
        div(id=Id("said_", id.get())) {
            form(method="post", action=action, hx-post=action) {
                : form.account;
                : button::method_override("patch");
                : form.preview(PreviewId::Edit(id));
                : fields(form.field().id(&field_id).focused());
                div(class="actions") {
                    button(class="button", id=format_args!("edit_{id}")) { : "Update Comment" }
                    : preview::button(PreviewId::Edit(id), None);
                    a(class="button", id=format_args!("cancel_{id}"), href=action, hx-get=action) { : "Cancel" }
                }
            }
        }
    }
}
