//! HTML of posts: lists, pages and forms.

mod forms;
pub mod past;

use horrorshow::owned_html;
use horrorshow::prelude::*;

pub use self::forms::{FETCH_TITLE, PREVIEW, PostForm, RetitlingForm, edit, new, preview, retitle};
use super::best::Period;
use super::link::site::is_shared_host;
use super::{DetailHtml, Link, ListedPost, ListedRow, Post, PostDetail, PostKind, Relation, Row};
use crate::comment;
use crate::html::text::{DOT, Isolated, Parts, Rendered, Text, Value, escaped_length};
use crate::markup::{self, Markup};
use crate::text::isolated;
use crate::types::cursor::Slice;
use crate::types::id::PostId;
use crate::types::time::Clock;
use crate::ui::button;
use crate::ui::layout;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::vote::{self, Target};
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::{Cx, paths};
use crate::{hiding, moderation, tag, user, version, visit};

/// The link from the page of a post to the list.
pub const BACK_TO_POSTS: (&str, &str) = (paths::POSTS, "← Back to posts");

/// The link to the form for a new post, which leads a guest to the sign-in page first.
pub const NEW_POST: (&str, &str) = (paths::NEW_POST, "+ New post");

/// A page of a list, with the link to the next. `first` is the rank of its first post; `None`: its posts have no ranks, or
/// theirs are not known.
pub fn list<'p>(
    viewer: Option<&'p Viewer>,
    posts: &'p Slice<ListedPost>,
    first: Option<u32>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        : rows(&posts.rows, viewer, clock, first);
        : pager::more_ranked("", (posts, first), "posts");
    }
}

/// The best posts of a period, with tabs for the other periods.
pub fn best<'p>(
    viewer: Option<&'p Viewer>,
    period: Period,
    posts: &'p Slice<ListedPost>,
    first: Option<u32>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        : periods(Some(period));
        @ if posts.rows.is_empty() {
            p(class="empty") { : period.empty_message() }
        } else {
            : list(viewer, posts, first, clock);
        }
    }
}

/// What a kind of posts is for, in a sentence.
pub fn about_kind(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Ask => "Questions to the readers.",
        PostKind::Show => "What readers have made.",
    }
}

/// The posts of a kind.
pub fn of_kind<'p>(
    viewer: Option<&'p Viewer>,
    kind: PostKind,
    posts: &'p Slice<ListedPost>,
    first: Option<u32>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        @ if posts.rows.is_empty() {
            p(class="empty") {
                : "No such post yet. A title that begins with “"; : kind.word(); : ":” or “"; : kind.word(); : " LN:” is listed here."
            }
        } else {
            : list(viewer, posts, first, clock);
        }
    }
}

/// The links to the best posts of each period, and to those of past days; `None`: the page is of a past day.
fn periods(here: Option<Period>) -> impl Render {
    owned_html! {
        nav(class="tabs", aria-label="Over which time") {
            @ for each in Period::EACH {
                a(href=paths::best(each.code()), aria-current?=layout::current(Some(each) == here)) { : each.label() }
            }
            a(href=paths::PAST, aria-current?=layout::current(here.is_none())) { : "Past days" }
        }
    }
}

/// The links to a site.
pub fn from<'p>(
    viewer: Option<&'p Viewer>,
    site: &'p str,
    posts: &'p Slice<ListedPost>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        @ if is_shared_host(site) {
            p(class="hint") {
                : "These are its own pages. "; a(href=paths::search(&format!("site:{site}"), false, 1)) { : "All posts from "; : Isolated(site) }
            }
        }
        @ if posts.rows.is_empty() {
            p(class="empty") { : "Nobody has posted a link to it yet." }
        } else {
            : rows(&posts.rows, viewer, clock, None);
            : pager::more_of(paths::From(site), posts.next, "posts");
        }
    }
}

/// The posts of a tag.
pub fn tagged<'p>(
    viewer: Option<&'p Viewer>,
    tag: &'p str,
    posts: &'p Slice<ListedPost>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        @ if posts.rows.is_empty() {
            p(class="empty") { : "No post has this tag yet." }
        } else {
            : rows(&posts.rows, viewer, clock, None);
            : pager::more_of(paths::Tagged(tag), posts.next, "posts");
        }
    }
}

/// The rows of a list, without the link to the next page; with the rank of the first they are numbered.
pub fn rows<'p>(
    posts: &'p [ListedPost],
    viewer: Option<&'p Viewer>,
    clock: &'p Clock,
    first: Option<u32>,
) -> impl Render + 'p {
    let class = if first.is_some() { "posts ranked" } else { "posts" };
    owned_html! {
        @ if posts.is_empty() {
            p(class="empty") { : "No posts yet… Want to be the first?" }
        } else {
            ol(class=class, id="posts", start?=first.filter(|first| *first > 1)) {
                @ for post in posts { : row(post, true, viewer, clock) }
            }
        }
    }
}

/// The bytes of most rows.
const USUAL_ROW_BYTES: usize = 1024;

/// A post in a list as it is kept for all readers.
pub fn shared_row(post: &Post, clock: &Clock) -> Row {
    let (target, mut html) = (Target::Post(post.id), Parts::with_capacity(USUAL_ROW_BYTES));
    let by = post.author.as_ref();
    let title = html.add(vote::views::arrow_for(target, false, by, None)).end;
    let author = html.add(title_and_points(post)).end;
    let age = html.add(user::views::author::by(by, None)).end;
    html.add(self::age(post, clock));
    Row { id: post.id, html: html.finish(), parts: [title, author, age], author: post.author.clone() }
}

/// A post in a list; `with_author` is false on the author's page, which has the name already.
pub fn row<'p>(
    ListedPost { row, relation }: &'p ListedPost,
    with_author: bool,
    viewer: Option<&'p Viewer>,
    clock: &'p Clock,
) -> impl Render + 'p {
    let (id, author) = (row.id(), row.author());
    let is_own = user::is_own(author, viewer);
    owned_html! {
        : Raw("<li>");
        @ match row {
            ListedRow::Read(post) => {
                : vote::views::arrow_for(Target::Post(id), relation.is_voted, author, viewer);
                : title_and_points(post);
                @ if with_author { : Raw(" "); : user::views::author::by(author, viewer) }
                : age(post, clock);
            }
            ListedRow::Kept(row) => {
                @ if relation.is_voted && !is_own { : vote::views::arrow(Target::Post(id), true) }
                else if !is_own { : row.html.part(0..row.parts[0]) }
                : row.html.part(row.parts[0]..row.parts[1]);
                @ if with_author {
                    : Raw(" ");
                    @ if is_own { : user::views::author::by(author, viewer) }
                    else { : row.html.part(row.parts[1]..row.parts[2]) }
                }
                : row.html.part(row.parts[2]..row.html.bytes());
            }
        }
        : unseen(relation);
        : hiding::views::in_row(id, relation.is_hidden);
        : Raw("</p>");
        @ if with_author && is_own { : listed_actions(id) }
        : Raw("</li>");
    }
}

/// The title of a post in a list, and the beginning of the line below it.
fn title_and_points(post: &Post) -> impl Render + '_ {
    owned_html! {
        : title(post, Text(&post.title));
        : tag::views::of_post(&post.tags);
        : Raw("<p>"); : vote::views::score(Target::Post(post.id), post.score);
    }
}

/// The line below a title in a list: points, author, age and comments.
pub fn facts<'p>(
    post: &'p Post,
    relation: &'p Relation,
    viewer: Option<&'p Viewer>,
    clock: &'p Clock,
) -> impl Render + 'p {
    owned_html! {
        p {
            : vote::views::score(Target::Post(post.id), post.score);
            : Raw(" "); : user::views::author::by(post.author.as_ref(), viewer);
            : age(post, clock);
            : unseen(relation);
        }
    }
}

/// The age of a post in a list, and the number of its comments.
fn age<'p>(post: &'p Post, clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        : DOT; : Age { at: post.created_at, clock }; : Raw(" ago"); : DOT;
        a(href=paths::post(post.id)) { : comment::views::count(post.comments_count) }
    }
}

/// The number of new comments, if the viewer has not seen all of them.
fn unseen(relation: &Relation) -> impl Render + '_ {
    owned_html! { @ if relation.has_unseen { : DOT; strong { : visit::views::new_count(relation.new_comments) } } }
}

/// The most bytes of a URL in a list. Only one of almost nothing but `&` takes more: its title leads to the
/// post, whose page has the URL.
const MAX_LISTED_URL_BYTES: usize = 4_000;

/// The title as a link to the post's URL, or to the page of a text post. `words` render the title's text.
pub fn title<'p>(post: &'p Post, words: impl Render + 'p) -> impl Render + 'p {
    owned_html! {
        @ if let Some(link) = &post.link {
            @ if escaped_length(&link.url) <= MAX_LISTED_URL_BYTES { : leading_out(&link.url) }
            else { : Raw("<a href="); : paths::post(post.id); : Raw(">") }
            bdi { : &words } : Raw("</a> "); : site(link);
        } else {
            a(href=paths::post(post.id)) { bdi { : &words } }
        }
    }
}

/// Begins a link to a user's URL. `nofollow ugc` denies it credit with search engines.
fn leading_out(url: &str) -> impl Render + '_ {
    owned_html! { : Raw(r#"<a rel="nofollow ugc noopener" href=""#); : Value(url); : Raw(r#"">"#) }
}

/// The site of a link, behind the title.
fn site(link: &Link) -> impl Render + '_ {
    owned_html! {
        : Raw("<span class=site>("); a(href=paths::From(&link.site)) { : Isolated(&link.site) } : Raw(")</span>");
    }
}

/// The URL of a post on its own page, cut to [`markup::MAX_ADDRESS_CHARS`].
fn source(link: &Link) -> impl Render + '_ {
    let shown = markup::shown(&link.url);
    owned_html! {
        p(class="source") {
            : leading_out(&link.url);
            : Text(shown);
            @ if shown.len() < link.url.len() { : "…" }
            : Raw("</a> "); : site(link);
        }
    }
}

/// The author's actions in a list, where nothing deletes.
fn listed_actions(id: PostId) -> impl Render {
    owned_html! { div(class="actions") { a(class="button", href=paths::edit_post(id)) { : "Edit" } } }
}

/// The author's actions on the post's page.
fn actions(id: PostId) -> impl Render {
    owned_html! {
        div(class="actions") {
            a(class="button", href=paths::edit_post(id)) { : "Edit" }
            a(class="button danger", href=paths::destroy_post(id)) { : "Destroy" }
        }
    }
}

/// The page with the button that deletes a post.
pub fn destroy<'p>(account: Account, id: PostId, title: &'p str) -> impl Render + 'p {
    owned_html! {
        div(class="prose") {
            p { strong { : Isolated(title) } }
            p { : "Its title, link and text go. If there are comments on it, they stay. You can undo it for ten minutes." }
        }
        : button::delete(account, paths::post(id), "button danger", "Destroy");
    }
}

/// A post on its own page. `acts` renders the buttons that save it and hide it.
pub fn show<'p>(
    cx: &'p Cx,
    viewer: Option<&'p Viewer>,
    detail: &'p PostDetail,
    acts: impl Render + 'p,
) -> impl Render + 'p {
    let PostDetail { post, removed, relation, html, .. } = detail;
    let is_hidden = detail.state().is_hidden();
    owned_html! {
        @ if let Some(link) = &post.link { : source(link) }
        : tag::views::of_post(&post.tags);
        div(class="byline") {
            : vote::views::arrow_for(Target::Post(post.id), relation.is_voted, post.author.as_ref(), viewer);
            @ if !is_hidden { : vote::views::score(Target::Post(post.id), post.score); : " " }
            @ if removed.is_none() { : user::views::author::by(post.author.as_ref(), viewer); : DOT }
            : Age { at: post.created_at, clock: &cx.clock }; : Raw(" ago");
            @ if let Some(at) = detail.edited_at.filter(|_| !is_hidden) {
                : version::views::mark(Target::Post(post.id), at, &cx.clock)
            }
            : DOT;
            a(href="#comments", class="comments_count") { : comment::views::count(post.comments_count) }
            @ if !is_hidden && viewer.is_some() { span(class="act") { : DOT; : &acts } }
            : moderation::views::link(Target::Post(post.id), post.author.as_ref(), detail.is_flagged, viewer);
        }
        div(class="prose") {
            @ if let Some(html) = html { : &html.text } else { : shown_text(detail) }
            : moderation::views::removed(detail.remover, removed.as_deref());
        }
        @ if user::is_own(post.author.as_ref(), viewer) { : actions(post.id) }
    }
}

/// The text above the comments; one that is cut has a link to the whole.
fn shown_text(detail: &PostDetail) -> impl Render + '_ {
    let text = detail.shown_text();
    owned_html! {
        : &text;
        @ if text.is_cut { p { a(href=paths::post_text(detail.post.id)) { : "Show the whole text" } } }
    }
}

/// The page of a text that is cut above the comments.
pub fn whole_text(detail: &PostDetail) -> impl Render + '_ {
    owned_html! { div(class="prose") { : Markup(&detail.description) } }
}

/// The most characters of a description for link previews: other sites show no more.
const MAX_DESCRIPTION_CHARS: usize = 160;

/// What the page of a post shows to all readers alike.
pub fn shared_detail(detail: &PostDetail) -> DetailHtml {
    DetailHtml { preview: description(detail), text: Rendered::of(shown_text(detail)) }
}

/// The description for link previews: an excerpt of the text; without a text the site, points and comments.
pub fn description(detail: &PostDetail) -> String {
    let text = markup::excerpt(&detail.description, MAX_DESCRIPTION_CHARS);
    if !text.is_empty() {
        return text;
    }
    let Post { score, comments_count, link, .. } = &detail.post;
    let (points, comments) = (vote::views::points(*score), comment::views::count(*comments_count));
    let site = link.as_ref().map(|link| &*link.site);
    let sentence = owned_html! {
        @ if let Some(site) = site { : &*isolated(site); : " - " }
        : points; : ", "; : comments;
    };
    sentence.into_string().unwrap_or_default()
}
