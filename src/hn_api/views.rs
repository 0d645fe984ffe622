//! The JSON of the API. A field that does not apply to an item is left out.

use horrorshow::Template;
use serde_json::{Map, Value, json};

use super::ItemNumber;
use crate::comment::LocatedComment;
use crate::html::text::Text;
use crate::markup::cut::Beginning;
use crate::post::{Post, PostDetail};
use crate::types::id::CommentId;
use crate::user::{Author, User};
use crate::visibility::State;
use crate::vote::Target;
use crate::web::Result;

/// An object of the fields that are not null.
fn object<const NUMBER: usize>(fields: [(&str, Value); NUMBER]) -> Value {
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// `true`, or null.
fn flag(is_set: bool) -> Value {
    if is_set { Value::Bool(true) } else { Value::Null }
}

/// The value unless it is hidden.
fn unless(is_hidden: bool, value: impl Into<Value>) -> Value {
    if is_hidden { Value::Null } else { value.into() }
}

/// Whether it is dead in the words of Hacker News, which has one for what moderators and what flags have hidden.
fn is_dead(state: State) -> bool {
    matches!(state, State::Removed | State::Flagged)
}

fn by(author: Option<&Author>) -> Value {
    author.map(|author| author.screen_name.as_str()).into()
}

fn number(target: Target) -> Value {
    ItemNumber::of(target).get().into()
}

/// The numbers of comments; null for none.
fn kids(kids: &[CommentId]) -> Value {
    if kids.is_empty() { Value::Null } else { kids.iter().map(|id| number(Target::Comment(*id))).collect() }
}

/// A post, with the comments on itself in their order. `text` is its text as far as it has room.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn post(detail: &PostDetail, text: Value, comments: &[CommentId]) -> Result<Value> {
    let Post { id, title, created_at, comments_count, score, link, author, tags: _ } = &detail.post;
    let state = detail.state();
    let title = if state == State::Deleted { Value::Null } else { Text(title).into_string()?.into() };
    Ok(object([
        ("by", by(author.as_ref())),
        ("dead", flag(is_dead(state))),
        ("deleted", flag(state == State::Deleted)),
        ("descendants", unless(state == State::Deleted, *comments_count)),
        ("id", number(Target::Post(*id))),
        ("kids", kids(comments)),
        ("score", unless(state.is_hidden(), *score)),
        ("text", text),
        ("time", created_at.unix_seconds().into()),
        ("title", title),
        ("type", "story".into()),
        ("url", link.as_ref().map(|link| link.url.as_str()).into()),
    ]))
}

/// A comment, with the replies to it in their order. `text` is its text as far as it has room.
pub fn comment(located: &LocatedComment, text: Value, replies: &[CommentId]) -> Value {
    let LocatedComment { comment, post_id, .. } = located;
    let state = comment.state();
    let parent = comment.parent_id.map_or(Target::Post(*post_id), Target::Comment);
    let text = if is_dead(state) { state.placeholder().into() } else { text };
    object([
        ("by", by(comment.author.as_ref())),
        ("dead", flag(is_dead(state))),
        ("deleted", flag(state == State::Deleted)),
        ("id", number(Target::Comment(comment.id))),
        ("kids", kids(replies)),
        ("parent", number(parent)),
        ("text", text),
        ("time", comment.created_at.unix_seconds().into()),
        ("type", "comment".into()),
    ])
}

/// A user, with their posts and comments, the newest first.
pub fn user(user: &User, about: Value, submitted: &[Target]) -> Value {
    let submitted: Vec<Value> = submitted.iter().map(|target| number(*target)).collect();
    object([
        ("about", about),
        ("created", user.created_at.unix_seconds().into()),
        ("id", user.screen_name.as_str().into()),
        ("karma", user.karma.into()),
        ("submitted", if submitted.is_empty() { Value::Null } else { submitted.into() }),
    ])
}

/// A rendered text, with a link to the page at `address` if it is cut; null for an empty one.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn text(beginning: &Beginning, address: Option<&str>) -> Result<Value> {
    let mut html = beginning.into_string()?;
    if let Some(address) = address.filter(|_| beginning.is_cut) {
        html += &horrorshow::html! { p { a(href=address) { : "Read on…" } } }.into_string()?;
    }
    Ok(if html.is_empty() { Value::Null } else { html.into() })
}

/// The numbers of posts, in their order.
pub fn list(posts: impl Iterator<Item = Target>) -> Value {
    posts.map(number).collect()
}

/// What has changed lately: the numbers of posts and comments, and names of users.
pub fn updates(items: &[Target], profiles: &[String]) -> Value {
    json!({ "items": list(items.iter().copied()), "profiles": profiles })
}
