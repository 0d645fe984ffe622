//! Every address of the site. Views and redirects ask here; the router matches the same shapes.

use std::fmt;

use horrorshow::{Render, TemplateBuffer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::html::render_by_reference;
use crate::site::origin::Origin;
use crate::types::cursor::Cursor;

/// The front page.
pub const FRONT: &str = "/";
/// The newest posts.
pub const POSTS: &str = "/posts";
/// The posts with the most points.
pub const BEST: &str = "/best";
/// The time that [`BEST`] is about.
pub const WEEK: &str = "week";
/// What leads to a site.
pub const FROM: &str = "/from";
/// What is on the front page, as a feed.
pub const FRONT_FEED: &str = "/front.atom";
/// The newest posts, as a feed.
pub const POSTS_FEED: &str = "/posts.atom";
/// What search engines are to look at.
pub const SITEMAP: &str = "/sitemap.xml";
/// Where posts and comments are found by their words.
pub const SEARCH: &str = "/search";
/// Where a post is written.
pub const NEW_POST: &str = "/posts/new";
/// The posts that one has saved.
pub const SAVED: &str = "/saved";
/// Signing in.
pub const SIGN_IN: &str = "/sign_in";
/// Where the form for signing in is sent.
pub const SESSIONS: &str = "/sessions";
/// Signing up.
pub const SIGN_UP: &str = "/sign_up";
/// Where the form for signing up is sent.
pub const USERS: &str = "/users";
/// One's own account, for changes.
pub const ACCOUNT: &str = "/user";
/// Where one changes one's own account.
pub const EDIT_ACCOUNT: &str = "/user/edit";
/// Where one is told what deleting it means.
pub const DELETE_ACCOUNT: &str = "/user/delete";
/// How one wants to read.
pub const PREFERENCES: &str = "/preferences";
/// What the keys do.
pub const KEYS: &str = "/keys";
/// The site's picture, small and square.
pub const ICON: &str = "/icon.png";
/// What admins did.
pub const LOG: &str = "/log";
/// What readers flagged, for admins.
pub const FLAGS: &str = "/flags";
/// How the site and its backup are.
pub const STATUS: &str = "/status";
/// The web app's manifest.
pub const MANIFEST: &str = "/manifest.json";

/// An address with a number in it. It renders without an allocation: a list has two a row.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    before: &'static str,
    id: i64,
    after: &'static str,
}

/// A post and its comments.
#[must_use]
pub fn post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "" }
}

/// A post, at its comments.
#[must_use]
pub fn comments(post_id: i64) -> Path {
    Path { before: "/posts/", id: post_id, after: "#comments" }
}

/// A post, at the page of its comments that begins after a place.
#[must_use]
pub fn comments_from(post_id: i64, after: Cursor) -> String {
    format!("{}?comments={after}#comments", post(post_id))
}

/// The comments on a post, as a feed.
#[must_use]
pub fn post_feed(id: i64) -> Path {
    Path { before: "/posts/", id, after: ".atom" }
}

/// One of the parts of the sitemap. It is at the root: a sitemap speaks only for what is below it.
#[must_use]
pub fn sitemap_part(number: i64) -> Path {
    Path { before: "/sitemap-", id: number, after: ".xml" }
}

/// Where a post is changed.
#[must_use]
pub fn edit_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/edit" }
}

/// Where a vote for a post is cast.
#[must_use]
pub fn vote_for_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/vote" }
}

/// Where it is taken back.
#[must_use]
pub fn unvote_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/unvote" }
}

/// Where a post is saved.
#[must_use]
pub fn save_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/save" }
}

/// Where it is not saved any more.
#[must_use]
pub fn unsave_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/unsave" }
}

/// Where a vote for a comment is cast.
#[must_use]
pub fn vote_for_comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/vote" }
}

/// Where it is taken back.
#[must_use]
pub fn unvote_comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/unvote" }
}

/// Where a comment on a post is sent.
#[must_use]
pub fn new_comment(post_id: i64) -> Path {
    Path { before: "/posts/", id: post_id, after: "/comments" }
}

/// A post, at the form for a comment.
#[must_use]
pub fn comment_form(post_id: i64) -> Path {
    Path { before: "/posts/", id: post_id, after: "#comment_form" }
}

/// A comment with the replies to it; for changes, the comment.
#[must_use]
pub fn comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "" }
}

/// A comment, at the page of the replies to it that begins after a place.
#[must_use]
pub fn replies_from(id: i64, after: Cursor) -> String {
    format!("{}?replies={after}", comment(id))
}

/// A reply's place on the page of comment `root`: on the first, or that which begins after a place.
#[must_use]
pub fn reply_on(root: i64, after: Option<Cursor>, id: i64) -> String {
    let page = after.map_or_else(|| comment(root).to_string(), |after| replies_from(root, after));
    format!("{page}#comment_{id}")
}

/// Where a reply to a comment is written.
#[must_use]
pub fn reply(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/reply" }
}

/// The replies to a comment: where one is sent.
#[must_use]
pub fn replies(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/replies" }
}

/// Where a comment is changed.
#[must_use]
pub fn edit_comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/edit" }
}

/// A comment's place on its post: on the first page of comments, or that which begins after a place.
#[must_use]
pub fn comment_on(post_id: i64, after: Option<Cursor>, id: i64) -> String {
    let query = after.map(|after| format!("?comments={after}")).unwrap_or_default();
    format!("{}{query}#comment_{id}", post(post_id))
}

/// Where a post is flagged.
#[must_use]
pub fn flag_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/flag" }
}

/// Where a comment is flagged.
#[must_use]
pub fn flag_comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/flag" }
}

/// Where an admin decides about a post.
#[must_use]
pub fn moderate_post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "/moderate" }
}

/// Where an admin decides about a comment.
#[must_use]
pub fn moderate_comment(id: i64) -> Path {
    Path { before: "/comments/", id, after: "/moderate" }
}

/// Where an admin decides about somebody.
#[must_use]
pub fn moderate_user(id: i64) -> Path {
    Path { before: "/users/", id, after: "/moderate" }
}

/// A sign-in, to be ended.
#[must_use]
pub fn session(id: i64) -> Path {
    Path { before: "/sessions/", id, after: "" }
}

/// Signing in or up (`page`), and then going on at `return_to`.
#[must_use]
pub fn with_return_to(page: &str, return_to: &str) -> String {
    let query = serde_urlencoded::to_string([("return_to", return_to)]).unwrap_or_default();
    format!("{page}?{query}")
}

/// The posts with the most points over a time, by its name in addresses.
#[must_use]
pub fn best(over: &'static str) -> String {
    if over == WEEK { BEST.to_owned() } else { format!("{BEST}/{over}") }
}

/// What leads to a site.
#[derive(Clone, Copy, Debug)]
pub struct From<'s>(pub &'s str);

/// What stands for itself in a query.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b'/').remove(b'@');

impl fmt::Display for From<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{FROM}?site={}", utf8_percent_encode(self.0, PLAIN))
    }
}

impl Render for From<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(FROM);
        out.write_raw("?site=");
        // Nothing is left of what could end the attribute.
        utf8_percent_encode(self.0, PLAIN).for_each(|part| out.write_raw(part));
    }
}

/// What a reader keeps among their bookmarks: from the page that they are on it leads to the form for a
/// new post on the site at `origin`, which it fills.
#[must_use]
pub fn bookmarklet(origin: &Origin) -> String {
    format!(
        "javascript:location.href='{origin}{NEW_POST}?url='+encodeURIComponent(location.href)\
         +'&title='+encodeURIComponent(document.title)"
    )
}

/// What a search for a text finds, the newest first if so wanted, from a page on.
#[must_use]
pub fn search(text: &str, newest_first: bool, page: usize) -> String {
    let mut query = vec![("q", text.to_owned())];
    query.extend(newest_first.then(|| ("order", "date".to_owned())));
    query.extend((page > 1).then(|| ("page", page.to_string())));
    format!("{SEARCH}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// What a search for a text finds, as a feed.
#[must_use]
pub fn search_feed(text: &str) -> String {
    format!("/search.atom?{}", serde_urlencoded::to_string([("q", text)]).unwrap_or_default())
}

/// Someone's page.
#[must_use]
pub fn user(id: i64) -> Path {
    Path { before: "/users/", id, after: "" }
}

/// What someone writes, as a feed.
#[must_use]
pub fn user_feed(id: i64) -> Path {
    Path { before: "/users/", id, after: ".atom" }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.id, self.after)
    }
}

impl Render for Path {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.before);
        out.write_raw(itoa::Buffer::new().format(self.id));
        if !self.after.is_empty() {
            out.write_raw(self.after);
        }
    }
}

render_by_reference!(Path, From<'_>);
