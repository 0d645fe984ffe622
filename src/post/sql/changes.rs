//! SQL that inserts, updates and deletes posts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::link::{self, NewLink};
use super::super::{Content, Holder, Holders, NewPost, PostKind, REPOST_WINDOW, UpdateOutcome};
use crate::rank;
use crate::tag;
use crate::text::is_blank;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::version;
use crate::visibility::sql::{listed, post_text, post_title};

/// Inserts a post and adds it to its author's count; returns the id, or the post that has the title. There is
/// one writer, so that no other post gets the title in between.
pub fn create(connection: &Connection, post: &NewPost) -> rusqlite::Result<Result<PostId, Holder>> {
    if let Some(holder) = recent_with_title(connection, post.title, post.created_at)? {
        return Ok(Err(holder));
    }
    connection
        .prepare_cached(
            "INSERT INTO posts (user_id, title, created_at, updated_at, hotness, url, site, address, kind) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            post.user_id,
            post.title,
            post.created_at,
            rank::hotness(1, post.created_at),
            post.link.map(|link| &link.url),
            post.link.map(|link| &link.site),
            post.link.map(|link| &link.address),
            PostKind::of(post.title),
        ])?;
    let id = PostId::new(connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?
        .execute(params![id, post.description])?;
    connection
        .prepare_cached("UPDATE users SET posts_count = posts_count + 1 WHERE id = ?1")?
        .execute([post.user_id])?;
    Ok(Ok(id))
}

/// The post that got this title within [`REPOST_WINDOW`] before `now`, when it was made or later. A removed post
/// keeps its title, since it may be restored.
pub fn recent_with_title(
    connection: &Connection,
    title: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Holder>> {
    with_title_since(connection, title, now - REPOST_WINDOW)
}

/// The post that got this title after `since`, which is at most [`REPOST_WINDOW`] ago.
pub fn with_title_since(
    connection: &Connection,
    title: &str,
    since: Timestamp,
) -> rusqlite::Result<Option<Holder>> {
    // The index counts in steps of the window, so the window lies in two of them.
    let sql = "SELECT id, deleted_at IS NOT NULL FROM posts WHERE title = ?1 AND coalesce(retitled_at, created_at) > ?2 \
               AND coalesce(retitled_at, created_at) / 2592000000000 \
               IN (?2 / 2592000000000, ?2 / 2592000000000 + 1) LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row(params![title, since], |row| Ok(Holder { id: row.get(0)?, is_hidden: row.get(1)? }))
        .optional()
}

/// The id and the points of the youngest post that links to `address` and was made within [`REPOST_WINDOW`] before
/// `now`.
pub fn recent_with_address(
    connection: &Connection,
    address: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<(PostId, i64)>> {
    let sql = "SELECT id, score FROM posts WHERE address = ?1 AND created_at > ?2 AND deleted_at IS NULL \
               ORDER BY created_at DESC LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row(params![address, now - REPOST_WINDOW], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// The number of links that a user has posted after `since`.
pub fn links_since(connection: &Connection, user_id: UserId, since: Timestamp) -> rusqlite::Result<u32> {
    let sql = "SELECT count(*) FROM posts WHERE user_id = ?1 AND created_at > ?2 AND url IS NOT NULL";
    connection.prepare_cached(sql)?.query_row(params![user_id, since], |row| row.get(0))
}

/// The posts that keep post `id` from getting this title and this link at `now`. It may keep those that it has.
/// Nothing keeps a repost from its link.
pub fn holders(
    connection: &Connection,
    id: PostId,
    content: &Content,
    link: Option<&NewLink>,
    now: Timestamp,
) -> rusqlite::Result<Holders> {
    let (title, address) = (&content.title, link.map(|link| &*link.address));
    let sql = "SELECT address IS ?3, title IS ?2 FROM posts WHERE id = ?1";
    let (has_address, has_title): (bool, bool) = connection
        .prepare_cached(sql)?
        .query_row(params![id, title, address], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default();
    let of_title = if has_title { None } else { recent_with_title(connection, title, now)? };
    let of_address = match address {
        Some(address) if !has_address && !content.is_repost => recent_with_address(connection, address, now)?,
        _ => None,
    };
    let of_address = of_address.map(|(id, _)| Holder { id, is_hidden: false });
    Ok(Holders { title: of_title, address: of_address })
}

/// Computes the address of a post's link anew, for a post of a version that had other rules for addresses.
pub fn refresh_address(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "SELECT url FROM posts WHERE id = ?1 AND url IS NOT NULL";
    let url: Option<String> = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    if let Some(link) = url.and_then(|url| link::parse(&url).ok()) {
        let sql = "UPDATE posts SET address = ?2 WHERE id = ?1 AND address IS NOT ?2";
        connection.prepare_cached(sql)?.execute(params![id, link.address])?;
    }
    Ok(())
}

/// The title and the text of `new` as far as post `id` does not have them: a form that was sent twice says nothing
/// new.
pub fn unsaid(connection: &Connection, id: PostId, new: &NewPost) -> rusqlite::Result<String> {
    let sql = "SELECT text IS ?3, title IS ?2 FROM posts JOIN descriptions ON post_id = id WHERE id = ?1";
    let (has_text, has_title): (bool, bool) = connection
        .prepare_cached(sql)?
        .query_row(params![id, new.title, new.description], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let parts = [(has_title, new.title), (has_text, new.description)];
    let unsaid = parts.iter().filter(|(has, text)| !has && !is_blank(text));
    Ok(unsaid.map(|(_, text)| *text).collect::<Vec<_>>().join("\n\n"))
}

/// What a post that is listed holds.
fn content(connection: &Connection, id: PostId) -> rusqlite::Result<Option<Content>> {
    let sql = concat!(
        "SELECT ",
        post_title!(listed),
        ", coalesce(posts.url, ''), ",
        post_text!(listed),
        ", coalesce(posts.tags, '') FROM posts JOIN descriptions ON descriptions.post_id = posts.id WHERE posts.id = ?1 AND ",
        listed!("posts")
    );
    let content = |row: &Row| {
        let (title, url, description, tags) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Content { title, url, description, tags, is_repost: false })
    };
    connection.prepare_cached(sql)?.query_row([id], content).optional()
}

/// Changes a post in what `requested` differs from `before`, which the post held when it was requested, and keeps what it
/// was: what another request has changed since stays. Not if another post has the title or the address.
pub fn update(
    connection: &Connection,
    id: PostId,
    before: &Content,
    requested: &Content,
    now: Timestamp,
) -> rusqlite::Result<UpdateOutcome> {
    let Some(present) = content(connection, id)? else { return Ok(UpdateOutcome::NotFound) };
    let tags = present.tags.clone();
    let content = requested.rebased(before, present);
    // A link that is not new was taken before.
    let link = content.link().unwrap_or_default();
    let link = link.as_ref();
    let holders = holders(connection, id, &content, link, now)?;
    if holders != Holders::default() {
        return Ok(UpdateOutcome::Taken(holders));
    }
    let is_retagged = content.tags != tags;
    if is_retagged {
        tag::sql::set(connection, id, &content.tags)?;
    }
    let url = link.map(|link| &*link.url);
    if !version::sql::keep_of_post(connection, id, &content.title, url, &content.description)? {
        return Ok(if is_retagged { UpdateOutcome::Done } else { UpdateOutcome::Unchanged });
    }
    connection
        .prepare_cached(
            "UPDATE posts SET title = ?2, retitled_at = iif(title IS ?2, retitled_at, ?6), url = ?3, site = ?4, \
             address = ?5, updated_at = ?6, kind = ?7 WHERE id = ?1",
        )?
        .execute(params![
            id,
            content.title,
            url,
            link.map(|link| &link.site),
            link.map(|link| &link.address),
            now,
            PostKind::of(&content.title)
        ])?;
    connection
        .prepare_cached("UPDATE descriptions SET text = ?2 WHERE post_id = ?1")?
        .execute(params![id, content.description])?;
    Ok(UpdateOutcome::Done)
}
