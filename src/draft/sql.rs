//! All SQL about drafts.

use rusqlite::{Connection, OptionalExtension, params};

use super::{CommentDraft, MAX_OF_USER, NewDraft};
use crate::auth::token::Token;
use crate::post::Content;
use crate::types::id::{DraftId, PostId, UserId};
use crate::types::time::Timestamp;

/// Inserts a draft; its id.
pub fn create(connection: &Connection, draft: &NewDraft) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO drafts (created_at, secret_hash, path, form) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![draft.created_at, draft.secret.hash(), draft.path, draft.form])?;
    Ok(connection.last_insert_rowid())
}

/// The form of a draft; `None` when the secret is wrong, the path is another, or the draft was created before
/// `oldest`.
pub fn find(
    connection: &Connection,
    token: &Token,
    path: &str,
    oldest: Timestamp,
) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT secret_hash, form FROM drafts WHERE id = ?1 AND path = ?2 AND created_at >= ?3";
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![token.id, path, oldest], |row| {
            let right = token.matches(row.get_ref(0)?.as_blob()?);
            Ok(right.then_some(row.get(1)?))
        })
        .optional()?;
    Ok(found.flatten())
}

/// Whether there is a draft with this token, not created before `oldest`.
pub fn exists(connection: &Connection, token: &Token, oldest: Timestamp) -> rusqlite::Result<bool> {
    let sql = "SELECT secret_hash FROM drafts WHERE id = ?1 AND created_at >= ?2";
    let right = connection
        .prepare_cached(sql)?
        .query_row(params![token.id, oldest], |row| Ok(token.matches(row.get_ref(0)?.as_blob()?)))
        .optional()?;
    Ok(right == Some(true))
}

/// Deletes a draft if the token's secret is right and the path matches (`None`: any path).
pub fn delete(connection: &Connection, token: &Token, path: Option<&str>) -> rusqlite::Result<()> {
    let sql = "SELECT secret_hash FROM drafts WHERE id = ?1 AND (?2 IS NULL OR path = ?2)";
    let right = connection
        .prepare_cached(sql)?
        .query_row(params![token.id, path], |row| Ok(token.matches(row.get_ref(0)?.as_blob()?)))
        .optional()?;
    if right == Some(true) {
        connection.prepare_cached("DELETE FROM drafts WHERE id = ?1")?.execute([token.id])?;
    }
    Ok(())
}

/// Deletes the drafts created before `moment`; their number.
pub fn remove_before(connection: &Connection, moment: Timestamp) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM drafts WHERE created_at < ?1")?.execute([moment])
}

/// Deletes the oldest drafts: those with ids up to `id`, and those beyond the newest `bytes` of forms.
pub fn remove_beyond(connection: &Connection, id: i64, bytes: i64) -> rusqlite::Result<usize> {
    // `octet_length` is read from the record's header: no text is read for it.
    let sql = "DELETE FROM drafts WHERE id <= max(?1, coalesce((SELECT id FROM \
               (SELECT id, sum(octet_length(form)) OVER (ORDER BY id DESC) AS with_newer FROM drafts) \
               WHERE with_newer > ?2 ORDER BY id DESC LIMIT 1), 0))";
    connection.prepare_cached(sql)?.execute(params![id, bytes])
}

/// The draft of a user's comment on a post.
pub fn of_comment(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
) -> rusqlite::Result<Option<CommentDraft>> {
    let sql = "SELECT id, body FROM comment_drafts WHERE user_id = ?1 AND post_id = ?2";
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, post_id], |row| Ok(CommentDraft { id: row.get(0)?, body: row.get(1)? }))
        .optional()
}

/// The form for a post from which the draft of a user's comment on a post is.
pub fn post_of_comment(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
) -> rusqlite::Result<Option<Content>> {
    let sql = "SELECT typed_title, typed_url, typed_text, coalesce(typed_tags, '') FROM comment_drafts \
               WHERE user_id = ?1 AND post_id = ?2 AND typed_url IS NOT NULL";
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, post_id], |row| {
            let (title, url, description, tags) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Content { title, url, description, tags, is_repost: false })
        })
        .optional()
}

/// Keeps a text as the draft of a user's comment on a post, below the one that is there already. `form` is the form
/// for a post from which the text is. Without a text nothing is kept, unless a draft of a former version has no form.
pub fn keep_comment(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    text: &str,
    form: &Content,
) -> rusqlite::Result<()> {
    let Content { title, url, description, tags, .. } = form;
    if text.is_empty() {
        let sql = "UPDATE comment_drafts SET typed_title = ?3, typed_url = ?4, typed_text = ?5, typed_tags = ?6 \
                   WHERE user_id = ?1 AND post_id = ?2 AND typed_url IS NULL";
        connection.prepare_cached(sql)?.execute(params![user_id, post_id, title, url, description, tags])?;
        return Ok(());
    }
    let former = of_comment(connection, user_id, post_id)?;
    if let Some(former) = &former {
        discard(connection, user_id, former.id)?;
    }
    let body = former.map_or_else(|| text.to_owned(), |former| former.with(text));
    connection
        .prepare_cached(
            "INSERT INTO comment_drafts (user_id, post_id, body, typed_title, typed_url, typed_text, typed_tags) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![user_id, post_id, body, title, url, description, tags])?;
    // The index has a user's ids beside each other: they are few.
    let sql = "DELETE FROM comment_drafts WHERE id = (SELECT min(id) FROM comment_drafts WHERE user_id = ?1) \
               AND (SELECT count(*) FROM comment_drafts WHERE user_id = ?1) > ?2";
    connection.prepare_cached(sql)?.execute(params![user_id, MAX_OF_USER])?;
    Ok(())
}

/// Deletes the draft of a user's comment that has nothing but the title and the text of this post, and was typed for its
/// URL.
pub fn discard_posted(connection: &Connection, user_id: UserId, post: &Content) -> rusqlite::Result<()> {
    let sql = "DELETE FROM comment_drafts WHERE user_id = ?1 AND typed_url = ?2 AND body IN (?3, ?4, ?3 || char(10, 10) || ?4)";
    connection.prepare_cached(sql)?.execute(params![user_id, post.url, post.title, post.description])?;
    Ok(())
}

/// Deletes the draft of a user's comment; the post that the comment would be on, if there was such a draft.
pub fn discard(connection: &Connection, user_id: UserId, id: DraftId) -> rusqlite::Result<Option<PostId>> {
    connection
        .prepare_cached("DELETE FROM comment_drafts WHERE id = ?1 AND user_id = ?2 RETURNING post_id")?
        .query_row(params![id, user_id], |row| row.get(0))
        .optional()
}
