//! The paths of all pages, for links and redirects. `routes` matches them.

mod admin;
mod api;
mod fixed;
mod own;

use std::fmt;

use horrorshow::{Render, TemplateBuffer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use self::admin::*;
pub use self::api::*;
pub use self::fixed::*;
pub use self::own::*;
use crate::html::render_by_reference;
use crate::site::origin::Origin;
use crate::site::settings::Accent;
use crate::site::settings::logo::Logo;
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, DraftId, PostId, SessionId, UserId, VersionId};

/// A path that contains an id. It renders without allocating: a list has two in each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    before: &'static str,
    number: i64,
    after: &'static str,
}

/// A post and its comments.
#[must_use]
pub fn post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "" }
}

/// The post in a path that begins with [`post`], with the rest of the path.
#[must_use]
pub fn post_at(path: &str) -> Option<(PostId, &str)> {
    let after = path.strip_prefix("/posts/")?;
    let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    let (id, rest) = after.split_at(end);
    Some((PostId::from_path(id)?, rest))
}

/// The post in the address of one of its pages, on any host.
#[must_use]
pub fn post_in(address: &str) -> Option<PostId> {
    let (id, rest) = post_at(&address[address.find("/posts/")?..])?;
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(id)
}

/// The comment that the fragment of a path names, as [`comment_on`] and [`reply_on`] have it.
#[must_use]
pub fn comment_at(path: &str) -> Option<CommentId> {
    CommentId::from_path(path.rsplit_once("#comment_")?.1)
}

/// The text of a post that is cut on the post's page.
#[must_use]
pub fn post_text(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/text" }
}

/// The comments on a post's page.
#[must_use]
pub fn comments(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "#comments" }
}

/// The page of a post's comments that begins after a cursor.
#[must_use]
pub fn comments_from(post_id: PostId, after: Cursor) -> String {
    format!("{}?comments={after}#comments", post(post_id))
}

/// The stylesheet of an accent colour.
#[must_use]
pub fn accent(accent: Accent) -> String {
    format!("/accent/{}.css", accent.digits())
}

/// The site's logo. Another logo has another address.
#[must_use]
pub fn logo(logo: &Logo) -> String {
    format!("/logo/{}", logo.file_name())
}

/// The feed of the comments on a post.
#[must_use]
pub fn post_feed(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: ".atom" }
}

/// A part of the sitemap. It is at the root: a sitemap covers only addresses below its own folder.
#[must_use]
pub fn sitemap_part(number: i64) -> Path {
    Path { before: "/sitemap-", number, after: ".xml" }
}

/// The form for changing a post.
#[must_use]
pub fn edit_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/edit" }
}

/// The page with the button that deletes a post.
#[must_use]
pub fn destroy_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/destroy" }
}

/// Undoing the deletion of a post (POST).
#[must_use]
pub fn undo_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/undo" }
}

/// The form for a post of the link that this post has.
#[must_use]
pub fn repost(id: PostId) -> Path {
    Path { before: "/posts/new?repost=", number: id.get(), after: "" }
}

/// Voting for a post (POST).
#[must_use]
pub fn vote_for_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/vote" }
}

/// Withdrawing a vote for a post (POST).
#[must_use]
pub fn unvote_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/unvote" }
}

/// Muting a discussion (POST).
#[must_use]
pub fn mute(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "/mute" }
}

/// Ending that (POST).
#[must_use]
pub fn unmute(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "/unmute" }
}

/// The feed of a user's inbox.
#[must_use]
pub fn inbox_feed(user_id: UserId, secret: &impl fmt::Display) -> String {
    format!("{INBOX}/{user_id}.{secret}.atom")
}

/// Voting for a comment (POST).
#[must_use]
pub fn vote_for_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/vote" }
}

/// Withdrawing a vote for a comment (POST).
#[must_use]
pub fn unvote_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/unvote" }
}

/// Commenting on a post (POST).
#[must_use]
pub fn new_comment(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "/comments" }
}

/// The form for a comment on a post's page.
#[must_use]
pub fn comment_form(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "#comment_form" }
}

/// The place on a post's page for the next comment: its form, or a text that waits there without one.
#[must_use]
pub fn comment_place(post_id: PostId) -> Path {
    Path { before: "/posts/", number: post_id.get(), after: "#comment" }
}

/// The draft of a comment, which DELETE discards.
#[must_use]
pub fn draft(id: DraftId) -> Path {
    Path { before: "/drafts/", number: id.get(), after: "" }
}

/// A comment with its replies; PATCH and DELETE change the comment.
#[must_use]
pub fn comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "" }
}

/// The page of a comment's replies that begins after a cursor.
#[must_use]
pub fn replies_from(id: CommentId, after: Cursor) -> String {
    format!("{}?replies={after}", comment(id))
}

/// A reply on the page of comment `root`: on its first page, or on that which begins after a cursor.
#[must_use]
pub fn reply_on(root: CommentId, after: Option<Cursor>, id: CommentId) -> String {
    let page = after.map_or_else(|| comment(root).to_string(), |after| replies_from(root, after));
    format!("{page}#comment_{id}")
}

/// The form for a reply to a comment.
#[must_use]
pub fn reply(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/reply" }
}

/// The replies to a comment; replying (POST).
#[must_use]
pub fn replies(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/replies" }
}

/// The form for changing a comment.
#[must_use]
pub fn edit_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/edit" }
}

/// The page with the button that deletes a comment.
#[must_use]
pub fn destroy_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/destroy" }
}

/// The versions of a post.
#[must_use]
pub fn post_versions(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/versions" }
}

/// The versions of a comment.
#[must_use]
pub fn comment_versions(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/versions" }
}

/// Striking a version: the page that asks, and the address of its form.
#[must_use]
pub fn strike(id: VersionId) -> Path {
    Path { before: "/versions/", number: id.get(), after: "/strike" }
}

/// Undoing the deletion of a comment (POST).
#[must_use]
pub fn undo_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/undo" }
}

/// A comment on its post's page: on the first page of comments, or on that which begins after a cursor.
#[must_use]
pub fn comment_on(post_id: PostId, after: Option<Cursor>, id: CommentId) -> String {
    let query = after.map(|after| format!("?comments={after}")).unwrap_or_default();
    format!("{}{query}#comment_{id}", post(post_id))
}

/// Flagging a post.
#[must_use]
pub fn flag_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/flag" }
}

/// Flagging a comment.
#[must_use]
pub fn flag_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/flag" }
}

/// Taking back the flag of a post (POST).
#[must_use]
pub fn unflag_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/unflag" }
}

/// Taking back the flag of a comment (POST).
#[must_use]
pub fn unflag_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/unflag" }
}

/// Vouching for a dead post (POST).
#[must_use]
pub fn vouch_for_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/vouch" }
}

/// Vouching for a dead comment (POST).
#[must_use]
pub fn vouch_for_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/vouch" }
}

/// The form in which an admin changes the title of a post, and the change (POST).
#[must_use]
pub fn retitle_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/retitle" }
}

/// The form in which an admin merges a post into another, and the merge (POST).
#[must_use]
pub fn merge_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/merge" }
}

/// The form in which an admin moves a comment to another post, and the move (POST).
#[must_use]
pub fn move_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/move" }
}

/// The page on which an admin decides about a post, and the decision (POST).
#[must_use]
pub fn moderate_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/moderate" }
}

/// An admin's decision about a comment.
#[must_use]
pub fn moderate_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/moderate" }
}

/// An admin's decision about a user.
#[must_use]
pub fn moderate_user(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "/moderate" }
}

/// The link that makes the first admin.
#[must_use]
pub fn first_admin(secret: &impl fmt::Display) -> String {
    format!("/first_admin/{secret}")
}

/// The link to set a new password with this token.
#[must_use]
pub fn reset(token: &impl fmt::Display) -> String {
    format!("{RESET}/{token}")
}

/// The link with this token that confirms a mail address.
#[must_use]
pub fn confirm(token: &impl fmt::Display) -> String {
    format!("/confirm/{token}")
}

/// The link with this token that ends replies by mail.
#[must_use]
pub fn unsubscribe(token: &impl fmt::Display) -> String {
    format!("/unsubscribe/{token}")
}

/// A session, which DELETE ends.
#[must_use]
pub fn session(id: SessionId) -> Path {
    Path { before: "/sessions/", number: id.get(), after: "" }
}

/// The page for signing in or up (`page`), from which the user returns to `return_to`.
#[must_use]
pub fn with_return_to(page: &str, return_to: &str) -> String {
    let query = serde_urlencoded::to_string([("return_to", return_to)]).unwrap_or_default();
    format!("{page}?{query}")
}

/// The posts with the most points in a period, by its name in paths.
#[must_use]
pub fn best(period: &'static str) -> String {
    if period == WEEK { BEST.to_owned() } else { format!("{BEST}/{period}") }
}

/// The posts of a day, which is written `2026-11-23`.
#[must_use]
pub fn past(day: impl fmt::Display) -> String {
    format!("{PAST}?day={day}")
}

/// The path of the posts that link to a site.
#[derive(Clone, Copy, Debug)]
pub struct From<'s>(pub &'s str);

/// The path of the posts with a tag.
#[derive(Clone, Copy, Debug)]
pub struct Tagged<'t>(pub &'t str);

/// The characters that a query does not encode.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b'/').remove(b'@');

impl fmt::Display for From<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{FROM}?site={}", utf8_percent_encode(self.0, PLAIN))
    }
}

impl fmt::Display for Tagged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{TAGGED}?tag={}", utf8_percent_encode(self.0, PLAIN))
    }
}

impl Render for From<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        render_query(FROM, "?site=", self.0, out);
    }
}

impl Render for Tagged<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        render_query(TAGGED, "?tag=", self.0, out);
    }
}

fn render_query(path: &str, name: &str, value: &str, out: &mut TemplateBuffer) {
    out.write_raw(path);
    out.write_raw(name);
    // Percent-encoding leaves no character that could end the attribute.
    utf8_percent_encode(value, PLAIN).for_each(|part| out.write_raw(part));
}

/// A bookmarklet: it opens the form for a new post on the site at `origin`, filled with the address and title
/// of the page that the reader is on.
#[must_use]
pub fn bookmarklet(origin: &Origin) -> String {
    format!(
        "javascript:location.href='{origin}{NEW_POST}?url='+encodeURIComponent(location.href)\
         +'&title='+encodeURIComponent(document.title)"
    )
}

/// The results of a search, by date if `newest_first`, else by relevance, from `page` on.
#[must_use]
pub fn search(text: &str, newest_first: bool, page: usize) -> String {
    let mut query = vec![("q", text.to_owned())];
    query.extend(newest_first.then(|| ("order", "date".to_owned())));
    query.extend((page > 1).then(|| ("page", page.to_string())));
    format!("{SEARCH}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// The feed of a search.
#[must_use]
pub fn search_feed(text: &str) -> String {
    format!("/search.atom?{}", serde_urlencoded::to_string([("q", text)]).unwrap_or_default())
}

/// A user's profile.
#[must_use]
pub fn user(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "" }
}

/// The page of a post or comment by its number in the API of Hacker News.
#[must_use]
pub fn hn_item(number: i64) -> String {
    format!("/item?id={number}")
}

/// The feed of a user's posts and comments.
#[must_use]
pub fn user_feed(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: ".atom" }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.number, self.after)
    }
}

impl Render for Path {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.before);
        out.write_raw(itoa::Buffer::new().format(self.number));
        if !self.after.is_empty() {
            out.write_raw(self.after);
        }
    }
}

render_by_reference!(Path, From<'_>, Tagged<'_>);
