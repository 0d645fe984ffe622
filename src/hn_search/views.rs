//! The JSON of the search API. A field that does not apply is null.

use horrorshow::Template;
use horrorshow::owned_html;
use serde_json::{Map, Value, json};

use super::{Content, Document, MAX_TEXT_BYTES, Page};
use crate::comment::tree::Row;
use crate::comment::{Comment, LocatedComment};
use crate::hn_api::ItemNumber;
use crate::hn_search::parameters::Parameters;
use crate::html::size::MAX_PAGE_BYTES;
use crate::html::text::Text;
use crate::markup::cut::beginning;
use crate::post::{PostDetail, PostKind};
use crate::search::excerpt::{leading_excerpt, matching_excerpt, segments};
use crate::search::query::Query;
use crate::search::words::{comparable_words, with_signs};
use crate::types::id::PostId;
use crate::types::time::Timestamp;
use crate::user::User;
use crate::vote::Target;
use crate::web::Result;

/// The answer to a search, of at most [`MAX_PAGE_BYTES`]: where the texts have no room, they are left out.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn page(parameters: &Parameters, raw: &str, page: &Page, query: Option<&Query>) -> Result<String> {
    let mut answer = Ok(String::new());
    for limit in [MAX_TEXT_BYTES / page.hits.len().max(1), 0] {
        answer = page_within(parameters, raw, page, query, limit);
        if answer.as_ref().is_ok_and(|answer| answer.len() <= MAX_PAGE_BYTES) {
            break;
        }
    }
    answer
}

fn page_within(
    parameters: &Parameters,
    raw: &str,
    page: &Page,
    query: Option<&Query>,
    limit: usize,
) -> Result<String> {
    let hits = page.hits.iter().map(|(document, content)| hit(document, content, query, limit));
    let pages = page.number.checked_div(parameters.hits_per_page.max(1)).unwrap_or_default();
    let is_uneven = page.number > pages * parameters.hits_per_page;
    Ok(json!({
        "exhaustiveNbHits": page.is_complete,
        "hits": hits.collect::<Result<Vec<Value>>>()?,
        "hitsPerPage": parameters.hits_per_page,
        "nbHits": page.number,
        "nbPages": if parameters.hits_per_page == 0 { 0 } else { pages + usize::from(is_uneven) },
        "page": parameters.page,
        "params": raw,
        "query": parameters.text,
    })
    .to_string())
}

fn hit(document: &Document, content: &Content, query: Option<&Query>, limit: usize) -> Result<Value> {
    let mut hit = json!({
        "_tags": tags(document),
        "author": document.author.as_deref(),
        "comment_text": null,
        "created_at": document.created_at.rfc_3339(),
        "created_at_i": document.created_at.unix_seconds(),
        "num_comments": null,
        "objectID": number(document.target).to_string(),
        "parent_id": null,
        "points": null,
        "story_id": number(Target::Post(document.story)),
        "story_text": null,
        "story_title": null,
        "story_url": null,
        "title": null,
        "url": null,
    });
    let author = ("author", document.author.as_deref());
    let highlights = match content {
        Content::Post(detail) => {
            let (title, url) = (&*detail.post.title, detail.post.link.as_ref().map(|link| &*link.url));
            (hit["title"], hit["url"]) = (title.into(), url.into());
            (hit["points"], hit["num_comments"]) = (document.score.into(), document.comments_count.into());
            hit["story_text"] = text(&detail.description, limit)?;
            [author, ("title", Some(title)), ("url", url), ("story_text", present(&detail.description))]
        }
        Content::Comment { comment, story_title, story_url } => {
            (hit["story_title"], hit["story_url"]) =
                (story_title.as_str().into(), story_url.as_deref().into());
            hit["parent_id"] = number(parent(comment, document.story)).into();
            hit["comment_text"] = text(&comment.body, limit)?;
            [
                author,
                ("comment_text", present(&comment.body)),
                ("story_title", Some(story_title)),
                ("story_url", story_url.as_deref()),
            ]
        }
    };
    let mut all = Map::new();
    for (name, value) in highlights {
        if let Some(value) = value {
            all.insert(name.to_owned(), highlight(value, query)?);
        }
    }
    hit["_highlightResult"] = all.into();
    Ok(hit)
}

fn number(target: Target) -> i64 {
    ItemNumber::of(target).get()
}

fn parent(comment: &Comment, story: PostId) -> Target {
    comment.parent_id.map_or(Target::Post(story), Target::Comment)
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The tags of a post or comment.
fn tags(document: &Document) -> Vec<String> {
    let kind = if document.is_post() { "story" } else { "comment" };
    let author = document.author.as_ref().map(|author| format!("author_{author}"));
    let mut tags = vec![kind.to_owned()];
    tags.extend(author);
    tags.push(format!("story_{}", number(Target::Post(document.story))));
    tags.extend(document.kind.map(|kind| match kind {
        PostKind::Ask => "ask_hn".to_owned(),
        PostKind::Show => "show_hn".to_owned(),
    }));
    tags.extend(document.is_on_front_page.then(|| "front_page".to_owned()));
    tags
}

/// The rendered text of at most `limit` bytes; null for none.
fn text(text: &str, limit: usize) -> Result<Value> {
    let html = beginning(text, limit).into_string()?;
    Ok(if html.is_empty() { Value::Null } else { html.into() })
}

/// The part of a value in which the words of the query are, escaped, with these words in `<em>` elements.
fn highlight(value: &str, query: Option<&Query>) -> Result<Value> {
    let nothing = Query::default();
    let query = query.unwrap_or(&nothing);
    let words = comparable_words(value);
    let matched = query.terms.iter().filter(|term| term.matches_text(&words));
    let matched: Vec<String> = matched.map(|term| with_signs(&term.words.join(" "))).collect();
    let excerpt = matching_excerpt(value, query).unwrap_or_else(|| leading_excerpt(value));
    let (segments, rest) = segments(excerpt.text, query);
    let html = owned_html! {
        @ if excerpt.is_cut_before { : "… " }
        @ for &(before, word) in &segments { : Text(before); em { : Text(word) } }
        : Text(rest);
        @ if excerpt.is_cut_after { : " …" }
    };
    let level = match matched.len() {
        0 => "none",
        number if number == query.terms.len() => "full",
        _ => "partial",
    };
    Ok(json!({ "matchLevel": level, "matchedWords": matched, "value": html.into_string()? }))
}

/// An item without its children.
struct Item<'i> {
    target: Target,
    created_at: Timestamp,
    author: Option<&'i str>,
    parent: Option<Target>,
    story: PostId,
    text: Value,
}

impl Item<'_> {
    fn json(self) -> Value {
        json!({
            "author": self.author,
            "children": [],
            "created_at": self.created_at.rfc_3339(),
            "created_at_i": self.created_at.unix_seconds(),
            "id": number(self.target),
            "options": [],
            "parent_id": self.parent.map(number),
            "points": null,
            "story_id": number(Target::Post(self.story)),
            "text": self.text,
            "title": null,
            "type": if self.parent.is_some() { "comment" } else { "story" },
            "url": null,
        })
    }
}

/// A post with its discussion, as far as its page shows it. `room`: the bytes for the texts of the comments.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn post(detail: &PostDetail, text: Value, rows: &[(Row, Comment)], room: usize) -> Result<Value> {
    let post = &detail.post;
    let author = post.author.as_ref().map(|author| author.screen_name.as_str());
    let (target, created_at) = (Target::Post(post.id), post.created_at);
    let mut item = Item { target, created_at, author, parent: None, story: post.id, text }.json();
    let is_hidden = detail.state().is_hidden();
    item["title"] = post.title.as_str().into();
    item["points"] = if is_hidden { Value::Null } else { post.score.into() };
    item["url"] = post.link.as_ref().map(|link| link.url.as_str()).into();
    item["children"] = discussion(rows, post.id, room)?.into();
    Ok(item)
}

/// A comment with the replies to it, as far as its page shows them; the first of the rows is the comment itself. Null
/// without rows. `room`: the bytes for the texts.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn comment(located: &LocatedComment, rows: &[(Row, Comment)], room: usize) -> Result<Value> {
    Ok(discussion(rows, located.post_id, room)?.into_iter().next().unwrap_or_default())
}

/// The comments of a page of a discussion, each with its replies.
fn discussion(rows: &[(Row, Comment)], story: PostId, mut room: usize) -> Result<Vec<Value>> {
    let mut top = Vec::new();
    // The comments from the margin to the present one, each with its level.
    let mut open: Vec<(usize, Value)> = Vec::new();
    for (row, comment) in rows {
        let html = beginning(&comment.body, room).into_string()?;
        room = room.saturating_sub(html.len());
        let item = Item {
            target: Target::Comment(comment.id),
            created_at: comment.created_at,
            author: comment.author.as_ref().map(|author| author.screen_name.as_str()),
            parent: Some(parent(comment, story)),
            story,
            text: if html.is_empty() { Value::Null } else { html.into() },
        };
        close(&mut open, row.level, &mut top);
        open.push((row.level, item.json()));
    }
    close(&mut open, 0, &mut top);
    Ok(top)
}

/// Puts the open comments from `level` on under their parents.
fn close(open: &mut Vec<(usize, Value)>, level: usize, top: &mut Vec<Value>) {
    while let Some((_, item)) = open.pop_if(|(last, _)| *last >= level) {
        match open.last_mut().and_then(|(_, parent)| parent["children"].as_array_mut()) {
            Some(siblings) => siblings.push(item),
            None => top.push(item),
        }
    }
}

/// A user.
pub fn user(user: &User, about: Value) -> Value {
    json!({ "about": about, "karma": user.karma, "username": user.screen_name })
}
