//! The HTML of comments.

mod draft;
mod fold;
mod forms;
pub mod lists;
mod near;
mod new;
pub mod own;
mod rest;
pub mod text;

use horrorshow::prelude::*;
use horrorshow::{TemplateBuffer, owned_html};

pub use self::fold::replies;
use self::fold::{end_item, open_replies, shows_replies};
use self::forms::MAX_BODY_BESIDE_COMMENTS;
pub use self::forms::{
    CommentForm, MAX_PREVIEW_BYTES, PreviewId, edit, edit_in_place, form, reply, reply_in_place,
};
use self::near::{Near, nears};
use super::tree::{HiddenReplies, Row};
use super::{Comment, MAX_LEVELS, Rows, SharedItem, Thread};
use crate::html::render_by_reference;
use crate::html::size::MAX_PAGE_BYTES;
use crate::html::text::{DOT, Id, Isolated, Parts, Rendered};
use crate::post::{MAX_SHOWN_TEXT_BYTES, PostDetail};
use crate::types::id::{CommentId, UserId};
use crate::types::time::{Clock, Timestamp};
use crate::ui::field;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::vote::{self, Target};
use crate::web::Viewer;
use crate::web::{Cx, paths};
use crate::{moderation, saved, user, version};

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
            new_since: detail.relation.visit.map(|visit| visit.new_since),
            new_comments: detail.relation.new_comments,
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

    /// A context in which no comment is new to the viewer, as in a page change for a user who has just changed something.
    #[must_use]
    pub fn without_new(
        clock: &'s Clock,
        viewer: Option<&'s Viewer>,
        poster_id: Option<UserId>,
        is_open: bool,
    ) -> ThreadContext<'s> {
        ThreadContext { viewer, clock, poster_id, new_since: None, new_comments: 0, is_open, limit: None }
    }
}

/// The facts about a comment that depend on its page.
#[derive(Clone, Copy, Default)]
struct Annotations {
    /// The comments around it on the page.
    near: Near,
    /// The number of its direct replies.
    replies: i64,
    /// A reply to it cannot be added in place: it is at the deepest level, or its replies are on another
    /// page.
    takes_no_reply_in_place: bool,
    /// The viewer has asked for it alone, so it is not folded.
    is_asked_for: bool,
    /// It is new to the viewer.
    is_new: bool,
    /// The next new comment on the page.
    next_new: Option<CommentId>,
    /// The most bytes of its rendered text; `None`: it is shown whole.
    limit: Option<usize>,
}

impl Annotations {
    /// The facts that follow from the position of a comment.
    fn of(row: Row, near: Near) -> Annotations {
        let takes_no_reply_in_place = row.level + 1 == MAX_LEVELS || row.hidden == HiddenReplies::All;
        Annotations { near, replies: row.replies, takes_no_reply_in_place, ..Annotations::default() }
    }
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
        match &self.thread.rows {
            Rows::Read(rows) => {
                let new = rows.iter().filter(|(_, comment)| comment.is_new(viewer, new_since));
                new.map(|(_, comment)| comment.id).collect()
            }
            Rows::Shared { list, .. } => {
                let is_new =
                    |item: &&SharedItem| viewer.is_some_and(|viewer| item.is_new(viewer.id, new_since));
                list.items.iter().filter(is_new).map(|item| item.row.id).collect()
            }
        }
    }

    /// The comment at this index.
    fn item<'c>(
        &'c self,
        (at, row, near): (usize, Row, Near),
        comment: &'c Comment,
        new_ids: &[CommentId],
    ) -> impl Render + use<'c> {
        let new_at = new_ids.iter().position(|id| *id == row.id);
        let next_new = new_at.and_then(|at| new_ids.get(at + 1).copied());
        let limit = self.context.limit.filter(|_| at > 0 || !self.is_of_comment);
        let annotations =
            Annotations { is_new: new_at.is_some(), next_new, limit, ..Annotations::of(row, near) };
        open_item(comment, self.context, annotations)
    }
}

impl Render for List<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        let new_ids = self.new_ids();
        if self.context.new_comments > 0 {
            new::note(self.context.new_comments, new_ids.first().copied(), self.thread.new_elsewhere)
                .render(out);
        }
        Raw("<ol class=comments id=comment_list>").render(out);
        match &self.thread.rows {
            Rows::Read(rows) => {
                let nears = nears(rows.iter().map(|(row, _)| *row));
                walk(rows.iter().map(|(row, _)| *row), |step| match step {
                    Step::Item(at) => {
                        self.item((at, rows[at].0, nears[at]), &rows[at].1, &new_ids).render(out);
                    }
                    Step::Replies(row) => open_replies(row.id).render(out),
                    Step::End(row) => end_item(row).render(out),
                });
            }
            Rows::Shared { list, touched } => {
                let mut done = 0;
                let nears = match touched.is_empty() {
                    true => Vec::new(),
                    false => nears(list.items.iter().map(|item| item.row)),
                };
                for (at, comment) in touched {
                    let SharedItem { row, bytes, .. } = &list.items[*at];
                    list.html.part(done..bytes.start).render(out);
                    self.item((*at, *row, nears[*at]), comment, &new_ids).render(out);
                    done = bytes.end;
                }
                list.html.part(done..list.html.bytes()).render(out);
            }
        }
        Raw("</ol>").render(out);
    }
}

/// The first page of a post's discussion for members who have nothing to do with its comments; `None` when it is too
/// large to be shared: then a page may have to cut it.
pub fn shared_list(
    detail: &PostDetail,
    rows: &[(Row, Comment)],
    clock: &Clock,
) -> Option<(Rendered, Vec<SharedItem>)> {
    let nobody = Viewer::nobody();
    let poster_id = detail.post.author.as_ref().map(|author| author.id);
    let context = ThreadContext::without_new(clock, Some(&nobody), poster_id, detail.takes_comments());
    let mut html = Parts::with_capacity(rows.len() * USUAL_ITEM_BYTES);
    let mut items = Vec::with_capacity(rows.len());
    let nears = nears(rows.iter().map(|(row, _)| *row));
    walk(rows.iter().map(|(row, _)| *row), |step| match step {
        Step::Item(at) => {
            let (row, comment) = &rows[at];
            let bytes = html.add(open_item(comment, context, Annotations::of(*row, nears[at])));
            let author = comment.author.as_ref().map(|author| author.id);
            items.push(SharedItem { row: *row, author, created_at: comment.created_at, bytes });
        }
        Step::Replies(row) => drop(html.add(open_replies(row.id))),
        Step::End(row) => drop(html.add(end_item(row))),
    });
    (html.bytes() <= MAX_SHARED_BYTES).then(|| (html.finish(), items))
}

/// The most bytes of a list that is shared. A page with it needs no cut: there is room for the post's text, the form, a preview, and
/// for a head, a frame, and the marks of the viewer's own.
const MAX_SHARED_BYTES: usize = MAX_PAGE_BYTES / 2;
const _: () = assert!(
    MAX_SHARED_BYTES + MAX_SHOWN_TEXT_BYTES + MAX_BODY_BESIDE_COMMENTS + MAX_PREVIEW_BYTES + 64 * 1024
        <= MAX_PAGE_BYTES
);

/// The bytes of most items with their text.
const USUAL_ITEM_BYTES: usize = 1024;

/// A part of a list, in the order of the page.
enum Step {
    /// The item of the comment with this index, not closed.
    Item(usize),
    /// The list of its replies, not closed.
    Replies(Row),
    /// The end of both.
    End(Row),
}

/// Visits the parts of a list of comments in the order of the page: nested lists are opened and closed without recursion.
fn walk(rows: impl Iterator<Item = Row>, mut visit: impl FnMut(Step)) {
    let mut open: Vec<Row> = Vec::with_capacity(MAX_LEVELS);
    for (at, row) in rows.enumerate() {
        while let Some(last) = open.pop_if(|last| last.level >= row.level) {
            visit(Step::End(last));
        }
        visit(Step::Item(at));
        if shows_replies(row) {
            visit(Step::Replies(row));
        }
        open.push(row);
    }
    open.into_iter().rev().for_each(|row| visit(Step::End(row)));
}

render_by_reference!(List<'_>);

/// The item of a comment, not closed: the replies follow in it.
fn open_item<'c>(
    comment: &'c Comment,
    context: ThreadContext<'c>,
    annotations: Annotations,
) -> impl Render + 'c {
    owned_html! {
        : fold::open(comment, annotations.replies);
        : annotations.near.links();
        : annotated_body(comment, context, annotations);
    }
}

/// A comment without replies, as an item of a list.
pub fn item<'c>(comment: &'c Comment, context: ThreadContext<'c>) -> impl Render + 'c {
    let near = Near { parent: comment.parent_id, ..Near::default() };
    owned_html! {
        : open_item(comment, context, Annotations { near, ..Annotations::default() });
        : Raw("</details></li>");
    }
}

/// The whole body of a comment.
pub fn body<'c>(comment: &'c Comment, context: ThreadContext<'c>) -> impl Render + 'c {
    let is_new = comment.is_new(context.viewer, context.new_since);
    annotated_body(comment, context, Annotations { is_new, is_asked_for: true, ..Annotations::default() })
}

/// A comment's byline and text: an element of its own, so that it can be swapped without the replies.
fn annotated_body<'c>(
    comment: &'c Comment,
    context: ThreadContext<'c>,
    annotations: Annotations,
) -> impl Render + 'c {
    let author = comment.author.as_ref();
    let ThreadContext { viewer, clock, poster_id, is_open, .. } = context;
    let is_posters = author.is_some_and(|author| Some(author.id) == poster_id);
    let is_own = author.is_some() && user::is_own(author, viewer);
    let edited_at = comment.edited_at.filter(|_| author.is_some());
    owned_html! {
        div(id=Id("said_", comment.id.get())) {
            : vote::views::arrow_for(Target::Comment(comment.id), comment.is_voted, author, viewer);
            p {
                @ if author.is_some() { : vote::views::score(Target::Comment(comment.id), comment.score); : Raw(" ") }
                @ if comment.remover.is_none() { : user::views::author::by(author, viewer) }
                @ if is_posters { : Raw(" <span class=badge>author</span>") }
                @ if comment.remover.is_none() { : DOT }
                a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, clock }; : Raw(" ago") }
                @ if let Some(at) = edited_at { : version::views::mark(Target::Comment(comment.id), at, clock) }
                @ if is_open && author.is_some() { : reply_link(comment.id, !annotations.takes_no_reply_in_place) }
                : moderation::views::link(Target::Comment(comment.id), author, comment.is_flagged, viewer);
                @ if annotations.is_new { : new::badge(annotations.next_new) }
            }
            @ if author.is_some() { : text::text_or_fold(comment, annotations.limit, annotations.is_asked_for) } else { : moderation::views::absent(comment.state()) }
            @ if is_own { : own::actions(comment.id) }
        }
    }
}

/// The link to the form for a reply; `in_place`: htmx loads the form below the comment.
fn reply_link(id: CommentId, in_place: bool) -> impl Render {
    let reply = paths::reply(id);
    owned_html! {
        : Raw("<span class=act>"); : DOT; : Raw("<a id="); : Id("reply_", id.get()); : Raw(" href="); : reply;
        @ if in_place { : Raw(" hx-get="); : reply }
        : Raw(">Reply</a></span>");
    }
}

/// The list of replies to a comment, with `comment` as the only one.
pub fn first_reply<'c>(
    parent_id: CommentId,
    comment: &'c Comment,
    context: ThreadContext<'c>,
) -> impl Render + 'c {
    owned_html! {
        : open_replies(parent_id);
        : item(comment, context);
        : Raw("</ol>");
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

/// A later page of a discussion: the comments, and the way back to the first page, which has the post and the form.
pub fn later<'p>(
    detail: &'p PostDetail,
    comments: &'p Thread,
    context: ThreadContext<'p>,
) -> impl Render + 'p {
    let id = detail.post.id;
    let list = List { thread: comments, context, is_of_comment: false };
    owned_html! {
        p(class="byline") {
            : "More of "; a(href=paths::comments(id), class="comments_count") { : count(detail.post.comments_count) }
            : DOT; a(href=paths::post(id)) { : "First page" }
            @ if context.is_open { : DOT; a(href=paths::comment_form(id)) { : "Add a comment" } }
        }
        section(id="comments", class="discussion", aria-label="Comments") {
            : &list;
            : rest::truncation_note(comments);
            : pager::more_at(comments.next.map(|next| paths::comments_from(id, next)), "comments");
        }
    }
}

/// The page of a comment, with the replies to it. The viewer has saved it, or not, or cannot save it (`None`).
/// `context_path` leads to it on its post's or parent's page.
pub fn show<'p>(
    detail: &'p PostDetail,
    (comment, saving): (&'p Comment, Option<bool>),
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
            @ if let Some(is_saved) = saving { span(class="act") { : DOT; : saved::views::comment_button(comment.id, is_saved) } }
        }
        section(class="discussion", id="comments", aria-label="Comment and replies") {
            : &list;
            : rest::truncation_note(thread);
        }
    }
}
