//! All SQL about posts.

mod changes;
mod deletion;
pub mod past;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, params};
use smol_str::SmolStr;

pub use self::changes::{
    create, holders, links_since, recent_with_address, recent_with_title, refresh_address, unsaid, update,
    with_title_since,
};
pub use self::deletion::{
    bury, delete, delete_or_anonymize, destroy, hide_unless_discussed, restore, show_again, sweep,
};
use super::best::Period;
use super::{Link, ListedRow, Post, PostDetail, PostKind, Relation};
use crate::flag::sql::flagged_by;
use crate::sql::{Columns, moderation_reason, random_id, row, short};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};
use crate::types::time::{Clock, Timestamp};
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{listed, on_page, post_text, post_title, remover, title};
use crate::visit::{self, Visit};
use crate::vote;

row! {
    /// A post in a list, for a guest.
    fn post() -> Post, columns post_columns {
        id: "posts.id",
        title: post_title!(listed) => title,
        created_at: "posts.created_at",
        comments_count: "posts.comments_count",
        author: author_columns!("users") => user::sql::author,
        score: "posts.score",
        link: "posts.url, posts.site" => link,
        tags: "posts.tags" => tags,
    }
}

fn tags(columns: &mut Columns) -> rusqlite::Result<SmolStr> {
    Ok(short(columns)?.unwrap_or_default())
}

/// The link of a post: its URL and its site; `None` where both are NULL.
pub fn link(columns: &mut Columns) -> rusqlite::Result<Option<Link>> {
    let (url, site): (Option<String>, _) = (columns.read()?, short(columns)?);
    Ok(url.map(|url| Link { url, site: site.unwrap_or_default() }))
}

row! {
    /// A post on its page, for a guest.
    fn detail() -> PostDetail, columns detail_columns {
        post: post_columns!() => post,
        description: post_text!(listed),
        edited_at: "iif(posts.updated_at > posts.created_at, posts.updated_at, NULL)",
        is_deleted: "posts.deleted_at IS NOT NULL",
        removed: concat!(
            "iif(", remover!(post), " = 1, ", moderation_reason!("post", "posts", "removed_at", "kill"), ", ",
            moderation_reason!("post", "posts", "removed_at", "remove"), ")"
        ),
        remover: remover!(post),
        locked: moderation_reason!("post", "posts", "locked_at", "lock"),
    } with { relation: Relation::default(), is_saved: false, is_flagged: false, html: None }
}

/// A page of a list: the sort keys and ids of its posts. `sql` selects both, at most `limit` and one more.
fn keys(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params, |row| Ok(Cursor { key: row.get(0)?, id: row.get(1)? }))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, |key| *key))
}

/// Posts that lists show, as a guest sees them, in the order of `ids`. One statement reads all: one for each would take
/// half as long again.
pub fn listed(connection: &Connection, ids: &[PostId]) -> rusqlite::Result<Vec<Post>> {
    // CROSS JOIN keeps the order of the ids.
    let sql = concat!(
        "SELECT ",
        post_columns!(),
        " FROM json_each(?1) AS ids CROSS JOIN posts ON posts.id = ids.value \
         LEFT JOIN users ON users.id = posts.user_id WHERE ",
        listed!("posts")
    );
    let ids: Vec<String> = ids.iter().map(PostId::to_string).collect();
    connection
        .prepare_cached(sql)?
        .query_map([format!("[{}]", ids.join(","))], |row| post(&mut Columns::of(row)))?
        .collect()
}

/// What a viewer has to do with posts, in their order. Votes and visits take one statement each for all posts: most posts
/// have neither.
pub fn relations(
    connection: &Connection,
    viewer_id: UserId,
    rows: &[ListedRow],
) -> rusqlite::Result<Vec<Relation>> {
    let mut relations = vec![Relation::default(); rows.len()];
    let is_others = |row: &ListedRow| row.author().is_some_and(|author| author.id != viewer_id);
    let ids = rows.iter().map(ListedRow::id).enumerate();
    let others = ids.clone().filter(|(position, _)| is_others(&rows[*position]));
    for position in vote::sql::for_posts(connection, viewer_id, others)? {
        relations[position].is_voted = true;
    }
    for (position, visit) in visit::sql::of_posts(connection, viewer_id, ids)? {
        add_visit(connection, viewer_id, rows[position].id(), visit, &mut relations[position])?;
    }
    Ok(relations)
}

fn add_visit(
    connection: &Connection,
    viewer_id: UserId,
    id: PostId,
    visit: Visit,
    relation: &mut Relation,
) -> rusqlite::Result<()> {
    relation.visit = Some(visit);
    (relation.new_comments, relation.has_unseen) =
        visit::sql::new_comments(connection, viewer_id, id, visit)?;
    Ok(())
}

/// The front page from `after` on: hottest first.
pub fn hottest(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT hotness, id FROM posts WHERE (hotness, id) < (?1, ?2) AND ",
        listed!("posts"),
        " ORDER BY hotness DESC, id DESC LIMIT ?3"
    );
    keys(connection, sql, params![after.key, after.id, limit + 1], limit)
}

/// The posts of a kind from `after` on: hottest first.
pub fn of_kind(
    connection: &Connection,
    kind: PostKind,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT hotness, id FROM posts WHERE kind = ?1 AND (hotness, id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY hotness DESC, id DESC LIMIT ?4"
    );
    keys(connection, sql, params![kind, after.key, after.id, limit + 1], limit)
}

/// All posts from `after` on: newest first.
pub fn newest(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT created_at, id FROM posts WHERE (created_at, id) < (?1, ?2) AND ",
        listed!("posts"),
        " ORDER BY created_at DESC, id DESC LIMIT ?3"
    );
    keys(connection, sql, params![after.key, after.id, limit + 1], limit)
}

/// The posts of a user from `after` on: newest first.
pub fn of_user(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT created_at, id FROM posts WHERE user_id = ?1 AND (created_at, id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY created_at DESC, id DESC LIMIT ?4"
    );
    keys(connection, sql, params![user_id, after.key, after.id, limit + 1], limit)
}

/// The posts of a site from `after` on: newest first.
pub fn of_site(
    connection: &Connection,
    site: &str,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT created_at, id FROM posts WHERE site = ?1 AND (created_at, id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY created_at DESC, id DESC LIMIT ?4"
    );
    keys(connection, sql, params![site, after.key, after.id, limit + 1], limit)
}

/// The posts of a tag from `after` on: the last that came first.
pub fn of_tag(
    connection: &Connection,
    tag: &str,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let sql = concat!(
        "SELECT post_tags.post_id, post_tags.post_id FROM post_tags CROSS JOIN posts ON posts.id = post_tags.post_id \
         WHERE post_tags.tag = ?1 AND post_tags.post_id < ?2 AND ",
        listed!("posts"),
        " ORDER BY post_tags.post_id DESC LIMIT ?3"
    );
    keys(connection, sql, params![tag, after.id, limit + 1], limit)
}

/// The posts of a period that have votes, from `after` on: most points first. The period ends now, and limits the clock.
pub fn best(
    connection: &Connection,
    period: Period,
    clock: &Clock,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    if let Some(length) = period.length() {
        return best_within(connection, length, clock, after, limit);
    }
    let sql = concat!(
        "SELECT score, id FROM posts WHERE (score, id) < (?1, ?2) AND score > 1 AND ",
        listed!("posts"),
        " ORDER BY score DESC, id DESC LIMIT ?3"
    );
    keys(connection, sql, params![after.key, after.id, limit + 1], limit)
}

/// The best posts of this length of time. The index `posts_by_day_and_score` sorts the posts of each day by points.
/// From each day only the posts are read that can still be on the page: the fuller the page, the fewer.
fn best_within(
    connection: &Connection,
    length: Duration,
    clock: &Clock,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let mut posts_of_day = connection.prepare_cached(concat!(
        "SELECT score, id, created_at FROM posts WHERE created_at / 86400000000 = ?1 \
         AND (score, id) < (?2, ?3) AND (score, id) > (?4, ?5) AND score > 1 AND ",
        listed!("posts"),
        " AND created_at >= ?6 ORDER BY score DESC, id DESC LIMIT ?7",
    ))?;
    let (now, since) = (clock.now(), clock.now() - length);
    let max_rows = limit as usize + 1;
    let mut best: Vec<(i64, i64, Timestamp)> = Vec::new();
    for day in (since.day()..=now.day()).rev() {
        let least = best.get(max_rows - 1).map_or((1, i64::MAX), |(score, id, _)| (*score, *id));
        let parameters = params![day, after.key, after.id, least.0, least.1, since, limit + 1];
        for post in posts_of_day.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))? {
            best.push(post?);
        }
        best.sort_unstable_by(|one, other| other.cmp(one));
        best.truncate(max_rows);
    }
    // A post leaves at its time, and one from a clock that was ahead comes with its day.
    best.iter().for_each(|(.., created_at)| clock.limit(*created_at + length));
    clock.limit(now.next_midnight());
    let rows = best.into_iter().map(|(key, id, _)| Cursor { key, id }).collect();
    Ok(Slice::of(rows, limit, |key| *key))
}

/// The posts that a user has saved, from `after` on: last saved first.
pub fn saved_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    // CROSS JOIN makes `saved_posts` the outer loop, in the order of its index.
    let sql = concat!(
        "SELECT saved_posts.created_at, posts.id \
         FROM saved_posts CROSS JOIN posts ON posts.id = saved_posts.post_id \
         WHERE saved_posts.user_id = ?1 AND (saved_posts.created_at, saved_posts.post_id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY saved_posts.created_at DESC, saved_posts.post_id DESC LIMIT ?4"
    );
    keys(connection, sql, params![user_id, after.key, after.id, limit + 1], limit)
}

/// The posts that a user has hidden, from `after` on: last hidden first.
pub fn hidden_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    // CROSS JOIN makes `hidden_posts` the outer loop, in the order of its index.
    let sql = concat!(
        "SELECT hidden_posts.created_at, posts.id \
         FROM hidden_posts CROSS JOIN posts ON posts.id = hidden_posts.post_id \
         WHERE hidden_posts.user_id = ?1 AND (hidden_posts.created_at, hidden_posts.post_id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY hidden_posts.created_at DESC, hidden_posts.post_id DESC LIMIT ?4"
    );
    keys(connection, sql, params![user_id, after.key, after.id, limit + 1], limit)
}

/// The posts for which a user has voted, from `after` on: the newest posts first. Votes are sorted by what they are for, not
/// by their times.
pub fn voted_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    // CROSS JOIN makes `post_votes` the outer loop, in the order of its key.
    let sql = concat!(
        "SELECT posts.id, posts.id FROM post_votes CROSS JOIN posts ON posts.id = post_votes.post_id \
         WHERE post_votes.user_id = ?1 AND post_votes.post_id < ?2 AND ",
        listed!("posts"),
        " ORDER BY post_votes.post_id DESC LIMIT ?3"
    );
    keys(connection, sql, params![user_id, after.id, limit + 1], limit)
}

/// The ids of up to `limit` posts in their order, from a random one on.
pub fn from_random(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<PostId>> {
    let sql = concat!(
        "SELECT id FROM posts WHERE id >= ",
        random_id!("posts"),
        " AND ",
        listed!("posts"),
        " ORDER BY id LIMIT ?1"
    );
    connection.prepare_cached(sql)?.query_map([limit], |row| row.get(0))?.collect()
}

/// A post with its text, as a guest sees it, also a deleted or removed one that has a page; `None` when there is none.
pub fn find_shared(connection: &Connection, id: PostId) -> rusqlite::Result<Option<PostDetail>> {
    let sql = concat!(
        "SELECT ",
        detail_columns!(),
        " FROM posts JOIN descriptions ON descriptions.post_id = posts.id \
         LEFT JOIN users ON users.id = posts.user_id WHERE posts.id = ?1 AND ",
        on_page!("posts")
    );
    let found = connection.prepare_cached(sql)?.query_row([id], |row| detail(&mut Columns::of(row)));
    Ok(found.optional()?.map(|detail| match detail.state().placeholder() {
        Some(placeholder) => redacted(detail, placeholder),
        None => detail,
    }))
}

/// A post with its text, as a viewer sees it: see [`find_shared`] and [`add_viewer`].
pub fn find(
    connection: &Connection,
    viewer_id: Option<UserId>,
    id: PostId,
) -> rusqlite::Result<Option<PostDetail>> {
    let mut found = find_shared(connection, id)?;
    if let (Some(detail), Some(viewer_id)) = (&mut found, viewer_id) {
        add_viewer(connection, viewer_id, detail)?;
    }
    Ok(found)
}

/// Adds to a post on its page what the viewer has done with it, and the number of comments that are new to the viewer.
pub fn add_viewer(
    connection: &Connection,
    viewer_id: UserId,
    detail: &mut PostDetail,
) -> rusqlite::Result<()> {
    let sql = concat!(
        "SELECT EXISTS (SELECT 1 FROM post_votes WHERE user_id = ?1 AND post_id = ?2), \
         EXISTS (SELECT 1 FROM saved_posts WHERE user_id = ?1 AND post_id = ?2), \
         EXISTS (SELECT 1 FROM hidden_posts WHERE user_id = ?1 AND post_id = ?2), ",
        flagged_by!("?1", "post_id", "?2")
    );
    let PostDetail { relation, is_saved, is_flagged, .. } = detail;
    let id = detail.post.id;
    connection.prepare_cached(sql)?.query_row(params![viewer_id, id], |row| {
        (relation.is_voted, *is_saved) = (row.get(0)?, row.get(1)?);
        (relation.is_hidden, *is_flagged) = (Some(row.get(2)?), row.get(3)?);
        Ok(())
    })?;
    match visit::sql::find(connection, viewer_id, id)? {
        Some(visit) => add_visit(connection, viewer_id, id, visit, relation),
        None => Ok(()),
    }
}

/// A hidden post, without title, author, link and text.
fn redacted(detail: PostDetail, placeholder: &'static str) -> PostDetail {
    let title = SmolStr::new_static(placeholder);
    let post = Post { title, author: None, link: None, tags: SmolStr::default(), ..detail.post };
    PostDetail { post, description: Arc::default(), ..detail }
}

/// The ids of at most `limit` posts of a user, also of removed ones, in no order.
pub fn ids_of_user(connection: &Connection, user_id: UserId, limit: u32) -> rusqlite::Result<Vec<PostId>> {
    connection
        .prepare_cached("SELECT id FROM posts WHERE user_id = ?1 LIMIT ?2")?
        .query_map(params![user_id, limit], |row| row.get(0))?
        .collect()
}

/// A random post; `None` when there are none.
pub fn random(connection: &Connection) -> rusqlite::Result<Option<PostId>> {
    let sql = concat!(
        "SELECT id FROM posts WHERE id >= ",
        random_id!("posts"),
        " AND ",
        listed!("posts"),
        " ORDER BY id LIMIT 1"
    );
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()
}

/// The author of a post; `None` when there is no such post or it was deleted.
pub fn author(connection: &Connection, id: PostId) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL";
    let found: Option<Option<UserId>> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Whether a post exists and accepts comments, see [`PostDetail::takes_comments`].
pub fn takes_comments(connection: &Connection, id: PostId) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND deleted_at IS NULL AND locked_at IS NULL)";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// The reason for which a post is locked; `None`: it is not locked, or does not exist.
pub fn lock_reason(connection: &Connection, post_id: PostId) -> rusqlite::Result<Option<String>> {
    let sql = concat!(
        "SELECT ",
        moderation_reason!("post", "posts", "locked_at", "lock"),
        " FROM posts WHERE posts.id = ?1 AND ",
        on_page!("posts")
    );
    let found: Option<Option<String>> =
        connection.prepare_cached(sql)?.query_row([post_id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}
