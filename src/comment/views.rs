//! How comments look.

use horrorshow::prelude::*;
use horrorshow::{TemplateBuffer, owned_html};

use super::tree::{HiddenReplies, Row};
use super::{Comment, MAX_LEVELS, OwnComment, Thread};
use crate::html::render_by_reference;
use crate::html::text::{DOT, Id, Text};
use crate::markup::{FORMATTING, Markup};
use crate::post::PostDetail;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::ui::field::{self, Field};
use crate::ui::time::Age;
use crate::ui::{button, pager};
use crate::vote::{self, Target};
use crate::web::Viewer;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, paths};
use crate::{moderation, user, visit};

/// `1 comment`, `2 comments`.
pub fn count(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " comment" } else { " comments" });
    }
}

/// What a comment's look depends on besides the comment.
#[derive(Clone, Copy)]
pub struct ThreadContext<'s> {
    /// Who looks.
    pub viewer: Option<&'s Viewer>,
    /// When.
    pub now: Timestamp,
    /// Whose post it is: their comments are marked.
    pub poster_id: Option<UserId>,
    /// Since when what others said is new to them; `None`: nothing is.
    pub new_since: Option<Timestamp>,
    /// How many comments are, of the whole discussion.
    pub new_comments: i64,
    /// Whether it can be commented on.
    pub is_open: bool,
}

impl<'s> ThreadContext<'s> {
    /// On a post that is at hand.
    #[must_use]
    pub fn of(cx: &Cx, viewer: Option<&'s Viewer>, detail: &PostDetail) -> ThreadContext<'s> {
        ThreadContext {
            viewer,
            now: cx.now,
            poster_id: detail.post.author.as_ref().map(|author| author.id),
            new_since: detail.new_since,
            new_comments: detail.post.new_comments,
            is_open: detail.takes_comments(),
        }
    }

    /// On the page of somebody who has just changed something: they have seen what is there.
    #[must_use]
    pub fn of_change(
        cx: &Cx,
        viewer: Option<&'s Viewer>,
        poster_id: Option<UserId>,
        is_open: bool,
    ) -> ThreadContext<'s> {
        ThreadContext { viewer, now: cx.now, poster_id, new_since: None, new_comments: 0, is_open }
    }
}

/// What one comment says of those around it.
#[derive(Clone, Copy, Default)]
struct Annotations {
    /// It begins the page: what it replies to is not there.
    is_first: bool,
    /// Nothing is put inside it on this page: it is too deep, or has replies that are shown elsewhere.
    has_no_room: bool,
    /// It is new to the reader.
    is_new: bool,
    /// The next one that is.
    next_new: Option<CommentId>,
}

/// A page of a discussion. The list is there without any comment, for the first to be put into. It
/// is a piece of its own because it opens and closes lists inside lists without calling itself.
pub struct List<'t> {
    /// What it shows.
    pub thread: &'t Thread,
    /// To whom.
    pub context: ThreadContext<'t>,
}

impl List<'_> {
    /// The comments that are new to the reader, as they stand on the page.
    fn new_ids(&self) -> Vec<CommentId> {
        let ThreadContext { viewer, new_since, .. } = self.context;
        if new_since.is_none() {
            return Vec::new();
        }
        let comments = self.thread.rows.iter().map(|(_, comment)| comment);
        comments.filter(|comment| comment.is_new(viewer, new_since)).map(|comment| comment.id).collect()
    }
}

impl Render for List<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        let new_ids = self.new_ids();
        if self.context.new_comments > 0 {
            new_comments_note(self.context.new_comments, new_ids.first().copied(), self.thread.new_elsewhere)
                .render(out);
        }
        let mut new_ids = new_ids.into_iter().peekable();
        Raw("<ol class=comments id=comment_list>").render(out);
        let mut open: Vec<Row> = Vec::with_capacity(MAX_LEVELS);
        for (row, comment) in &self.thread.rows {
            while let Some(last) = open.pop_if(|last| last.level >= row.level) {
                close_item(last, out);
            }
            let is_new = new_ids.next_if_eq(&comment.id).is_some();
            let has_no_room = row.level + 1 == MAX_LEVELS || row.hidden == HiddenReplies::All;
            let next_new = new_ids.peek().copied().filter(|_| is_new);
            let annotations = Annotations { is_first: row.level == 0, has_no_room, is_new, next_new };
            open_item(comment, self.context, annotations).render(out);
            if shows_replies(*row) {
                open_replies(comment.id, row.replies).render(out);
            }
            open.push(*row);
        }
        for row in open.into_iter().rev() {
            close_item(row, out);
        }
        Raw("</ol>").render(out);
    }
}

render_by_reference!(List<'_>);

/// Whether replies stand below it on the page.
fn shows_replies(row: Row) -> bool {
    row.replies > 0 && row.hidden != HiddenReplies::All
}

fn close_item(row: Row, out: &mut TemplateBuffer) {
    if shows_replies(row) {
        Raw("</ol>").render(out);
        hidden_replies_link(row).render(out);
        Raw("</details>").render(out);
    } else {
        hidden_replies_link(row).render(out);
    }
    Raw("</li>").render(out);
}

/// The way to the replies that are not on this page.
fn hidden_replies_link(row: Row) -> impl Render {
    owned_html! {
        @ if row.hidden == HiddenReplies::All {
            p(class="rest") { a(href=paths::comment(row.id)) { : "Continue this thread →" } }
        } else if let HiddenReplies::After(place) = row.hidden {
            p(class="rest") { a(href=paths::replies_from(row.id, place)) { : "More replies →" } }
        }
    }
}

/// `3 new since you were here`, with the way to the first on this page, and to one that is not.
fn new_comments_note(number: i64, here: Option<CommentId>, elsewhere: Option<CommentId>) -> impl Render {
    owned_html! {
        p(class="new") {
            @ if let Some(id) = here { a(href=Id("#comment_", id.get())) { : visit::views::new_count(number) } } else { : visit::views::new_count(number) }
            : " since you were here";
            @ if let Some(id) = elsewhere {
                : Raw(if here.is_some() { ", some " } else { ", " });
                a(href=paths::comment(id)) { : "elsewhere in the discussion" }
            }
        }
    }
}

/// A comment that nobody has replied to, on its post.
pub fn item<'c>(comment: &'c Comment, context: ThreadContext<'c>) -> impl Render + 'c {
    owned_html! {
        : open_item(comment, context, Annotations::default());
        : Raw("</li>");
    }
}

/// The item of a comment, open for the replies to it. What it says is a piece of its own: it changes
/// without them.
fn open_item<'c>(
    comment: &'c Comment,
    context: ThreadContext<'c>,
    annotations: Annotations,
) -> impl Render + 'c {
    owned_html! {
        : Raw("<li id="); : Id("comment_", comment.id.get()); : Raw(">");
        : annotated_body(comment, context, annotations);
    }
}

/// What a comment says, as its post shows it to its author, and to who has seen it already; or the page
/// that it begins.
pub fn body<'c>(comment: &'c Comment, context: ThreadContext<'c>, is_first: bool) -> impl Render + 'c {
    annotated_body(comment, context, Annotations { is_first, ..Annotations::default() })
}

fn annotated_body<'c>(
    comment: &'c Comment,
    context: ThreadContext<'c>,
    annotations: Annotations,
) -> impl Render + 'c {
    let author = comment.author.as_ref();
    let ThreadContext { viewer, now, poster_id, is_open, .. } = context;
    let is_posters = author.is_some_and(|author| Some(author.id) == poster_id);
    let parent_id = comment.parent_id.filter(|_| !annotations.is_first);
    owned_html! {
        div(id=Id("said_", comment.id.get())) {
            : vote::views::arrow_for(Target::Comment(comment.id), comment.is_voted, author, viewer);
            p {
                @ if author.is_some() { : vote::views::score(Target::Comment(comment.id), comment.score); : Raw(" ") }
                @ if !comment.is_removed { : user::views::author::by(author, viewer) }
                @ if is_posters { : Raw(" <span class=badge>author</span>") }
                @ if !comment.is_removed { : DOT }
                a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, now }; : Raw(" ago") }
                @ if let Some(parent_id) = parent_id { : DOT; a(href=Id("#comment_", parent_id.get())) { : Raw("parent") } }
                : moderation::views::link(Target::Comment(comment.id), author, viewer);
                @ if annotations.is_new { : new_badge(annotations.next_new) }
            }
            @ if author.is_some() { : Markup(&comment.body) } else { : moderation::views::absent(comment.is_removed) }
            @ if author.is_some() && (is_open || user::is_own(author, viewer)) {
                : Raw("<div class=actions>");
                @ if is_open { : reply_link(comment.id, !annotations.has_no_room) }
                @ if user::is_own(author, viewer) { : own_actions(comment.id) }
                : Raw("</div>");
            }
        }
    }
}

fn new_badge(next: Option<CommentId>) -> impl Render {
    owned_html! {
        : " "; strong(class="badge") { : "new" }
        @ if let Some(next) = next { : " "; a(href=Id("#comment_", next.get())) { : "next new" } }
    }
}

/// The way to a reply; in its place where there is one.
fn reply_link(id: CommentId, in_place: bool) -> impl Render {
    let reply = paths::reply(id);
    owned_html! {
        : Raw("<a class=link id="); : Id("reply_", id.get()); : Raw(" href="); : reply;
        @ if in_place { : Raw(" hx-get="); : reply }
        : Raw(">Reply</a>");
    }
}

/// What its author can do with a comment.
fn own_actions(id: CommentId) -> impl Render {
    let edit = paths::edit_comment(id);
    owned_html! {
        a(class="link", id=Id("edit_", id.get()), href=edit, hx-get=edit) { : "Edit" }
        : button::delete_in_place(paths::comment(id), "link danger", "Destroy", Id("destroy_", id.get()));
    }
}

/// The replies to a comment, open for them.
fn open_replies(id: CommentId, number: i64) -> impl Render {
    owned_html! {
        : Raw("<details open id="); : Id("thread_", id.get()); : Raw("><summary>");
        : replies(number);
        : Raw("</summary><ol id="); : Id("replies_", id.get()); : Raw(">");
    }
}

/// `1 reply`, `2 replies`.
pub fn replies(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " reply" } else { " replies" });
    }
}

/// The replies to a comment when `comment` is the only one that the page has.
pub fn first_reply<'c>(
    parent_id: CommentId,
    number: i64,
    comment: &'c Comment,
    context: ThreadContext<'c>,
) -> impl Render + 'c {
    owned_html! {
        : open_replies(parent_id, number);
        : item(comment, context);
        : Raw("</ol></details>");
    }
}

/// The comments on a post, and the form for another one.
pub fn discussion<'p>(
    detail: &'p PostDetail,
    comments: &'p Thread,
    form: &'p CommentForm,
    context: ThreadContext<'p>,
) -> impl Render + 'p {
    let PostDetail { post, locked, .. } = detail;
    owned_html! {
        section(id="comments", class="discussion", aria-labelledby="comments_heading") {
            h2(id="comments_heading", class="comments_count") { : count(post.comments_count) }
            @ if let Some(reason) = locked { : moderation::views::locked(reason) }
            @ if detail.takes_comments() { : self::form(post.id, form) } else { : field::unsent_text(form.body) }
            : List { thread: comments, context };
            : truncation_note(comments);
            : pager::more_at(comments.next.map(|next| paths::comments_from(post.id, next)));
        }
    }
}

/// A comment on a page of its own, with the replies to it.
pub fn show<'p>(
    detail: &'p PostDetail,
    comment: &'p Comment,
    context_path: &'p str,
    thread: &'p Thread,
    context: ThreadContext<'p>,
) -> impl Render + 'p {
    owned_html! {
        p(class="byline") {
            : "on "; a(href=paths::post(detail.post.id)) { : Text(&detail.post.title) }
            @ if let Some(parent_id) = comment.parent_id { : DOT; a(href=paths::comment(parent_id)) { : "parent" } }
            : DOT; a(href=context_path) { : "context" }
            : DOT; a(href=paths::comments(detail.post.id), class="comments_count") { : count(detail.post.comments_count) }
        }
        section(class="discussion", id="comments", aria-label="Comment and replies") {
            : List { thread, context };
            : truncation_note(thread);
        }
    }
}

/// That not all are there.
pub fn truncation_note(thread: &Thread) -> impl Render + '_ {
    owned_html! { @ if thread.is_truncated { p(class="empty") { : "The oldest comments are not shown here." } } }
}

/// The page for a reply: what is replied to, and the form.
pub fn reply<'p>(
    post: &'p PostDetail,
    parent: &'p Comment,
    form: &'p CommentForm,
    now: Timestamp,
) -> impl Render + 'p {
    let fields = *form;
    owned_html! {
        p(class="byline") {
            : user::views::author::by(parent.author.as_ref(), None); : DOT;
            a(href=paths::comment(parent.id)) { : Age { at: parent.created_at, now }; : " ago" }
            : DOT; : "on "; a(href=paths::post(post.post.id)) { : Text(&post.post.title) }
        }
        div(class="prose") { : Markup(&parent.body) }
        form(method="post", action=paths::replies(parent.id), class="answer") {
            : field::errors(fields.errors, "comment");
            : field::area(fields.field());
            button(class="button") { : "Post reply" }
        }
    }
}

/// The form for a reply in its place, below the comment.
pub fn reply_in_place<'f>(parent_id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let (replies, field_id) = (paths::replies(parent_id), format!("reply_body_{parent_id}"));
    owned_html! {
        form(id=format_args!("reply_{parent_id}_form"), method="post", action=replies, hx-post=replies, hx-sync="this:drop") {
            : field::errors(form.errors, "comment");
            : field::area(form.field().id(&field_id).focused());
            div(class="actions") {
                button(class="button", id=Id("post_reply_", parent_id.get())) { : "Post reply" }
                a(class="button", id=Id("cancel_reply_", parent_id.get()), href=replies, hx-get=replies) { : "Cancel" }
            }
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
    /// Whether the end of the discussion is on the page: only there a new comment has its place.
    pub in_place: bool,
}

impl<'f> CommentForm<'f> {
    /// With nothing wrong so far.
    #[must_use]
    pub fn of(body: &'f str) -> CommentForm<'f> {
        CommentForm { body, errors: &NO_ERRORS, in_place: true }
    }

    fn field(&self) -> Field<'f> {
        Field::new("body", "Body", self.body, self.errors).label_hidden().hint(FORMATTING)
    }
}

/// The form for a new comment on a post.
pub fn form<'f>(post_id: PostId, form: &CommentForm<'f>) -> impl Render + 'f {
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
pub fn edit<'f>(id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    owned_html! {
        form(method="post", action=paths::comment(id)) {
            : button::method_override("patch");
            : field::errors(form.errors, "comment");
            : field::area(form.field());
            button(class="button") { : "Update Comment" }
        }
    }
}

/// A comment while its author changes it, in its place. The button has the name of the link that
/// opened the form: where the one was the other will be, and the focus stays there.
pub fn edit_in_place<'f>(id: CommentId, form: &CommentForm<'f>) -> impl Render + 'f {
    let form = *form;
    let (action, field_id) = (paths::comment(id), format!("edited_body_{id}"));
    owned_html! {
        div(id=Id("said_", id.get())) {
            form(method="post", action=action, hx-post=action, hx-sync="this:drop") {
                : button::method_override("patch");
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
pub fn own<'c>(comments: &'c [OwnComment], now: Timestamp) -> impl Render + 'c {
    owned_html! {
        ol(class="comments") {
            @ for comment in comments {
                li {
                    div {
                        p {
                            : Raw("on "); a(href=paths::post(comment.post_id)) { : Text(&comment.post_title) }
                            : DOT; a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, now }; : Raw(" ago") }
                        }
                        : Markup(&comment.body);
                    }
                }
            }
        }
    }
}
