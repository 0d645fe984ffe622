//! The HTML of comments.

mod draft;
mod forms;
mod new;
pub mod own;
mod rest;
pub mod text;

use horrorshow::prelude::*;
use horrorshow::{TemplateBuffer, owned_html};

pub use self::forms::{CommentForm, edit, edit_in_place, form, reply, reply_in_place};
use super::tree::{HiddenReplies, Row};
use super::{Comment, MAX_LEVELS, Thread};
use crate::html::render_by_reference;
use crate::html::size::MAX_PAGE_BYTES;
use crate::html::text::{DOT, Id, Isolated};
use crate::post::PostDetail;
use crate::types::id::{CommentId, UserId};
use crate::types::time::{Clock, Timestamp};
use crate::ui::field;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::vote::{self, Target};
use crate::web::Viewer;
use crate::web::{Cx, paths};
use crate::{moderation, user};

/// `1 comment`, `2 comments`.
pub fn count(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " comment" } else { " comments" });
    }
}

/// The request's and discussion's part in the look of a comment.
#[derive(Clone, Copy)]
pub struct ThreadContext<'s> {
    /// The signed-in user, if there is one.
    pub viewer: Option<&'s Viewer>,
    /// The time of the request, for ages.
    pub clock: &'s Clock,
    /// The post's author: their comments have a badge.
    pub poster_id: Option<UserId>,
    /// The time after which others' comments are new to the viewer; `None`: no comment is new.
    pub new_since: Option<Timestamp>,
    /// The number of new comments in the whole discussion.
    pub new_comments: i64,
    /// Whether the discussion takes comments of the viewer.
    pub is_open: bool,
    /// The most bytes of a comment's rendered text; `None`: all are whole.
    limit: Option<usize>,
}

impl<'s> ThreadContext<'s> {
    /// The context of a page of the post in `detail`.
    #[must_use]
    pub fn of(cx: &'s Cx, viewer: Option<&'s Viewer>, detail: &PostDetail) -> ThreadContext<'s> {
        ThreadContext {
            viewer,
            clock: &cx.clock,
            poster_id: detail.post.author.as_ref().map(|author| author.id),
            new_since: detail.new_since,
            new_comments: detail.post.new_comments,
            is_open: detail.takes_comments() && !viewer.is_some_and(|viewer| viewer.is_banned),
            limit: None,
        }
    }

    /// Renders the page of `thread`. One of more than [`MAX_PAGE_BYTES`] is rendered anew with some comments cut,
    /// but not the first `whole` ones.
    ///
    /// # Errors
    /// Those of `render`.
    pub fn bounded<E>(
        self,
        thread: &Thread,
        whole: usize,
        render: impl Fn(ThreadContext<'s>) -> Result<String, E>,
    ) -> Result<String, E> {
        let html = render(self)?;
        match html.len().saturating_sub(MAX_PAGE_BYTES) {
            0 => Ok(html),
            excess => render(ThreadContext { limit: text::limit(thread, whole, excess), ..self }),
        }
    }

    /// The context of a page change for a user who has just changed something: no comment is new to them.
    #[must_use]
    pub fn of_change(
        cx: &'s Cx,
        viewer: Option<&'s Viewer>,
        poster_id: Option<UserId>,
        is_open: bool,
    ) -> ThreadContext<'s> {
        ThreadContext {
            viewer,
            clock: &cx.clock,
            poster_id,
            new_since: None,
            new_comments: 0,
            is_open,
            limit: None,
        }
    }
}

/// The facts about a comment that depend on its page.
#[derive(Clone, Copy, Default)]
struct Annotations {
    /// It is the first on the page, which does not show its parent.
    is_first: bool,
    /// A reply to it cannot be added in place: it is at the deepest level, or its replies are on another
    /// page.
    takes_no_reply_in_place: bool,
    /// It is new to the viewer.
    is_new: bool,
    /// The next new comment on the page.
    next_new: Option<CommentId>,
    /// The most bytes of its rendered text; `None`: it is shown whole.
    limit: Option<usize>,
}

/// A page of a discussion. The list is rendered also without comments, so that the first can be added in
/// place. It implements [`Render`] itself because it opens and closes nested lists in a loop, without
/// recursion.
pub struct List<'t> {
    /// The comments.
    pub thread: &'t Thread,
    /// The request's and discussion's part in their look.
    pub context: ThreadContext<'t>,
    /// Whether the first comment, whose page it is, is shown whole however long it is.
    pub is_of_comment: bool,
}

impl List<'_> {
    /// The comments that are new to the viewer, in the order of the page.
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
        let (new_ids, whole) = (self.new_ids(), usize::from(self.is_of_comment));
        if self.context.new_comments > 0 {
            new::note(self.context.new_comments, new_ids.first().copied(), self.thread.new_elsewhere)
                .render(out);
        }
        let mut new_ids = new_ids.into_iter().peekable();
        Raw("<ol class=comments id=comment_list>").render(out);
        let mut open: Vec<Row> = Vec::with_capacity(MAX_LEVELS);
        for (at, (row, comment)) in self.thread.rows.iter().enumerate() {
            while let Some(last) = open.pop_if(|last| last.level >= row.level) {
                close_item(last, out);
            }
            let is_new = new_ids.next_if_eq(&comment.id).is_some();
            let takes_no_reply_in_place = row.level + 1 == MAX_LEVELS || row.hidden == HiddenReplies::All;
            let next_new = new_ids.peek().copied().filter(|_| is_new);
            let limit = self.context.limit.filter(|_| at >= whole);
            let annotations =
                Annotations { is_first: row.level == 0, takes_no_reply_in_place, is_new, next_new, limit };
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

/// Whether a list of replies stands below the comment on this page.
fn shows_replies(row: Row) -> bool {
    row.replies > 0 && row.hidden != HiddenReplies::All
}

fn close_item(row: Row, out: &mut TemplateBuffer) {
    if shows_replies(row) {
        Raw("</ol>").render(out);
        rest::hidden_replies_link(row).render(out);
        Raw("</details>").render(out);
    } else {
        rest::hidden_replies_link(row).render(out);
    }
    Raw("</li>").render(out);
}

/// A comment without replies, as an item of a list.
pub fn item<'c>(comment: &'c Comment, context: ThreadContext<'c>) -> impl Render + 'c {
    owned_html! {
        : open_item(comment, context, Annotations::default());
        : Raw("</li>");
    }
}

/// The item of a comment, not closed: the replies follow in it. The body is an element of its own, so that it
/// can be swapped without the replies.
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

/// The whole body of a comment; `is_first`: as the first on its page.
pub fn body<'c>(comment: &'c Comment, context: ThreadContext<'c>, is_first: bool) -> impl Render + 'c {
    let is_new = comment.is_new(context.viewer, context.new_since);
    annotated_body(comment, context, Annotations { is_first, is_new, ..Annotations::default() })
}

fn annotated_body<'c>(
    comment: &'c Comment,
    context: ThreadContext<'c>,
    annotations: Annotations,
) -> impl Render + 'c {
    let author = comment.author.as_ref();
    let ThreadContext { viewer, clock, poster_id, is_open, .. } = context;
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
                a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, clock }; : Raw(" ago") }
                @ if let Some(parent_id) = parent_id { : DOT; a(href=Id("#comment_", parent_id.get())) { : Raw("parent") } }
                : moderation::views::link(Target::Comment(comment.id), author, comment.is_flagged, viewer);
                @ if annotations.is_new { : new::badge(annotations.next_new) }
            }
            @ if author.is_some() { : text::text(comment.id, &comment.body, annotations.limit) } else { : moderation::views::absent(comment.state()) }
            @ if author.is_some() && (is_open || user::is_own(author, viewer)) {
                : Raw("<div class=actions>");
                @ if is_open { : reply_link(comment.id, !annotations.takes_no_reply_in_place) }
                @ if user::is_own(author, viewer) { : own::actions(comment.id) }
                : Raw("</div>");
            }
        }
    }
}

/// The link to the form for a reply; `in_place`: htmx loads the form below the comment.
fn reply_link(id: CommentId, in_place: bool) -> impl Render {
    let reply = paths::reply(id);
    owned_html! {
        : Raw("<a class=link id="); : Id("reply_", id.get()); : Raw(" href="); : reply;
        @ if in_place { : Raw(" hx-get="); : reply }
        : Raw(">Reply</a>");
    }
}

/// The list of replies to a comment, not closed: the items follow in it.
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

/// The list of replies to a comment, with `comment` as the only one.
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

/// The comments on a post, and the form for a new one, or the sentence `ban` for a banned viewer.
pub fn discussion<'p>(
    detail: &'p PostDetail,
    comments: &'p Thread,
    form: &'p CommentForm,
    context: ThreadContext<'p>,
    ban: Option<&'p str>,
) -> impl Render + 'p {
    let PostDetail { post, locked, .. } = detail;
    let list = List { thread: comments, context, is_of_comment: false };
    owned_html! {
        section(id="comments", class="discussion", aria-labelledby="comments_heading") {
            h2(id="comments_heading", class="comments_count") { : count(post.comments_count) }
            @ if let Some(reason) = locked { : moderation::views::locked(reason) }
            else if let Some(ban) = ban { : moderation::views::banned(ban) }
            div(id="comment") {
                @ if context.is_open { : forms::form(post.id, form) } else { : field::unsent_text(form.body) }
                @ if let Some(id) = form.draft { : draft::discard(form.account, id, post.id, form.in_place && context.is_open) }
            }
            : &list;
            : rest::truncation_note(comments);
            : pager::more_at(comments.next.map(|next| paths::comments_from(post.id, next)), "comments");
        }
    }
}

/// The page of a comment, with the replies to it. `context_path` leads to it on its post's or parent's page.
pub fn show<'p>(
    detail: &'p PostDetail,
    comment: &'p Comment,
    context_path: &'p str,
    thread: &'p Thread,
    context: ThreadContext<'p>,
) -> impl Render + 'p {
    let list = List { thread, context, is_of_comment: true };
    owned_html! {
        p(class="byline") {
            : "on "; a(href=paths::post(detail.post.id)) { : Isolated(&detail.post.title) }
            @ if let Some(parent_id) = comment.parent_id { : DOT; a(href=paths::comment(parent_id)) { : "parent" } }
            : DOT; a(href=context_path) { : "context" }
            : DOT; a(href=paths::comments(detail.post.id), class="comments_count") { : count(detail.post.comments_count) }
        }
        section(class="discussion", id="comments", aria-label="Comment and replies") {
            : &list;
            : rest::truncation_note(thread);
        }
    }
}
