//! The export of the public site: a ZIP of `items.jsonl` and `users.jsonl`, in the JSON of the API of Hacker News, with
//! the texts' markup in `source`, which `import hn` reads back, and of pages to read, beginning at `index.html`. It shows
//! what a guest sees.

mod pages;
mod sql;
mod views;

use std::io::{Seek, Write};

use anyhow::Result;
use rusqlite::Connection;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::comment;
use crate::hn_api::{self, MAX_SUBMITTED, MAX_TEXT_BYTES};
use crate::markup::cut::beginning;
use crate::post;
use crate::tag;
use crate::types::cursor::START;
use crate::types::id::{CommentId, PostId, UserId};
use crate::user;
use crate::visibility::State;
use crate::vote::Target;

/// The ids of users that are read at once.
const USERS: u32 = 1_000;

/// The numbers of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Posts that were written.
    pub posts: u64,
    /// Comments that were written.
    pub comments: u64,
    /// Users that were written.
    pub users: u64,
}

/// Writes the ZIP from one connection, whose transaction is the snapshot. One post, comment or user is in memory at a time,
/// with the numbers of its replies.
///
/// # Errors
/// When SQLite or `out` fails.
pub fn write(connection: &Connection, out: impl Write + Seek) -> Result<Counts> {
    let mut zip = ZipWriter::new(out);
    // The size of an entry is known only at its end, and may exceed 4 GiB.
    let options = SimpleFileOptions::default().large_file(true);
    let mut counts = Counts::default();
    zip.start_file("items.jsonl", options)?;
    let [last_post, last_comment] = hn_api::sql::newest(connection)?;
    if let Some(Target::Post(last)) = last_post {
        for id in 1..=last.get() {
            counts.posts += line(&mut zip, post(connection, PostId::new(id))?)?;
        }
    }
    if let Some(Target::Comment(last)) = last_comment {
        for id in 1..=last.get() {
            counts.comments += line(&mut zip, comment(connection, CommentId::new(id))?)?;
        }
    }
    zip.start_file("users.jsonl", options)?;
    let mut after = UserId::new(0);
    loop {
        let ids = sql::users_after(connection, after, USERS)?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for id in ids {
            counts.users += line(&mut zip, user(connection, id)?)?;
        }
    }
    if let Some(Target::Post(last)) = last_post {
        pages::write(connection, &mut zip, options, last)?;
    }
    zip.finish()?;
    Ok(counts)
}

/// Writes a value, if there is one, and returns the number of lines.
fn line(out: &mut impl Write, value: Option<Value>) -> Result<u64> {
    let Some(value) = value else { return Ok(0) };
    serde_json::to_writer(&mut *out, &value)?;
    out.write_all(b"\n")?;
    Ok(1)
}

fn post(connection: &Connection, id: PostId) -> Result<Option<Value>> {
    let Some(detail) = post::sql::find_shared(connection, id)? else { return Ok(None) };
    let kids = comment::sql::discussion::of_post(connection, id)?;
    let value = hn_api::views::post(&detail, html(&detail.description)?, &kids)?;
    let mut value = with_source(value, detail.state(), &detail.description);
    if !detail.post.tags.is_empty() {
        value["tags"] = tag::each(&detail.post.tags).collect();
    }
    Ok(Some(value))
}

fn comment(connection: &Connection, id: CommentId) -> Result<Option<Value>> {
    let Some(located) = comment::sql::find(connection, None, id)? else { return Ok(None) };
    let kids = comment::sql::discussion::replies_to(connection, id)?;
    let body = &located.comment.body;
    let value = hn_api::views::comment(&located, html(body)?, &kids);
    Ok(Some(with_source(value, located.comment.state(), body)))
}

fn user(connection: &Connection, id: UserId) -> Result<Option<Value>> {
    let Some(user) = user::sql::find(connection, id)? else { return Ok(None) };
    let posts = post::sql::of_user(connection, id, START, MAX_SUBMITTED)?.rows;
    let comments = hn_api::sql::comments_of_user(connection, id, MAX_SUBMITTED)?;
    let submitted = hn_api::handlers::submitted(&posts, &comments);
    let value = hn_api::views::user(&user, html(&user.about)?, &submitted);
    Ok(Some(with_source(value, State::Present, &user.about)))
}

/// A text as the API has it. The whole of a long one is in `source`.
fn html(text: &str) -> Result<Value> {
    Ok(hn_api::views::text(&beginning(text, MAX_TEXT_BYTES), None)?)
}

/// Adds the markup, unless a placeholder stands for it or it is empty.
fn with_source(mut value: Value, state: State, text: &str) -> Value {
    if !state.is_hidden() && !text.is_empty() {
        value["source"] = text.into();
    }
    value
}
