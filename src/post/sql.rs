//! All SQL about posts.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use smol_str::SmolStr;

use super::best::Over;
use super::link::NewLink;
use super::{Content, DELETED, Link, NewPost, Post, PostDetail, REMOVED, REPOST_WINDOW, Updated};
use crate::rank;
use crate::sql::{moderation_reason, random_id, short};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::visit::sql::new_since;
use crate::visit::{self, Visit};
use crate::vote::{self, Target};

/// The columns of [`from_row`].
macro_rules! columns {
    () => {
        "posts.id, posts.title, posts.created_at, posts.comments_count, \
         users.id, users.screen_name, posts.score, posts.url, posts.site"
    };
}

/// The number of [`columns`]: what follows them in a row begins here.
const COLUMNS: usize = 9;

/// What [`columns`] come from besides `posts`.
macro_rules! joins {
    () => {
        " LEFT JOIN users ON users.id = posts.user_id "
    };
}

/// The same, and where they come from.
macro_rules! select {
    ($($rest:expr),+) => { concat!("SELECT ", columns!(), " FROM posts", joins!(), $($rest),+) };
}

/// A post as a guest sees it.
fn from_row(row: &Row) -> rusqlite::Result<Post> {
    let link = match row.get(7)? {
        Some(url) => Some(Link { url, site: short(row, 8)?.unwrap_or_default() }),
        None => None,
    };
    Ok(Post {
        id: row.get(0)?,
        title: short(row, 1)?.unwrap_or(SmolStr::new_static(DELETED)),
        created_at: row.get(2)?,
        comments_count: row.get(3)?,
        author: user::sql::author(row, 4)?,
        score: row.get(6)?,
        link,
        is_voted: false,
        new_comments: 0,
        has_unseen: false,
    })
}

/// Posts, each with what is of the viewer's.
fn list(
    connection: &Connection,
    viewer_id: Option<UserId>,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<Post>> {
    let mut posts: Vec<Post> =
        connection.prepare_cached(sql)?.query_map(params, from_row)?.collect::<Result<_, _>>()?;
    add_viewers(connection, viewer_id, &mut posts)?;
    Ok(posts)
}

/// The same as a page of a list, where what it is sorted by follows the [`columns`]: no post shows it.
fn slice(
    connection: &Connection,
    viewer_id: Option<UserId>,
    sql: &str,
    params: impl Params,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let rows: Vec<(Post, i64)> = connection
        .prepare_cached(sql)?
        .query_map(params, |row| Ok((from_row(row)?, row.get(COLUMNS)?)))?
        .collect::<Result<_, _>>()?;
    let Slice { rows, next } = Slice::of(rows, limit, |(post, key)| Cursor { key: *key, id: post.id.get() });
    let mut posts: Vec<Post> = rows.into_iter().map(|(post, _)| post).collect();
    add_viewers(connection, viewer_id, &mut posts)?;
    Ok(Slice { rows: posts, next })
}

/// Adds to posts the viewer's votes, and what is new to them: each by one statement for all, since most
/// posts have neither, and a join looks for both with each of them.
fn add_viewers(
    connection: &Connection,
    viewer_id: Option<UserId>,
    posts: &mut [Post],
) -> rusqlite::Result<()> {
    let Some(viewer_id) = viewer_id else {
        return Ok(());
    };
    let is_others = |post: &Post| post.author.as_ref().is_some_and(|author| author.id != viewer_id);
    let others = posts.iter().enumerate().filter(|(_, post)| is_others(post));
    for place in vote::sql::for_posts(connection, viewer_id, others.map(|(place, post)| (place, post.id)))? {
        posts[place].is_voted = true;
    }
    let all = posts.iter().map(|post| post.id).enumerate();
    for (place, visit) in visit::sql::to_posts(connection, viewer_id, all)? {
        let post = &mut posts[place];
        (post.new_comments, post.has_unseen) = visit::sql::news(connection, viewer_id, post.id, visit)?;
    }
    Ok(())
}

/// The front page from `after` on: hottest first.
pub fn hottest(
    connection: &Connection,
    viewer_id: Option<UserId>,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", posts.hotness FROM posts",
        joins!(),
        "WHERE (posts.hotness, posts.id) < (?1, ?2) AND posts.deleted_at IS NULL \
         ORDER BY posts.hotness DESC, posts.id DESC LIMIT ?3"
    );
    slice(connection, viewer_id, sql, params![after.key, after.id, limit + 1], limit)
}

/// All posts from `after` on: newest first.
pub fn newest(
    connection: &Connection,
    viewer_id: Option<UserId>,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let sql = select!(
        "WHERE (posts.created_at, posts.id) < (?1, ?2) AND posts.deleted_at IS NULL \
         ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?3"
    );
    let rows = list(connection, viewer_id, sql, params![after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::by_age))
}

/// Someone's posts from `after` on: newest first.
pub fn of_user(
    connection: &Connection,
    viewer_id: Option<UserId>,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let sql = select!(
        "WHERE posts.user_id = ?1 AND (posts.created_at, posts.id) < (?2, ?3) AND posts.deleted_at IS NULL \
         ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?4"
    );
    let rows = list(connection, viewer_id, sql, params![user_id, after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::by_age))
}

/// The posts of a site from `after` on: newest first.
pub fn of_site(
    connection: &Connection,
    viewer_id: Option<UserId>,
    site: &str,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let sql = select!(
        "WHERE posts.site = ?1 AND (posts.created_at, posts.id) < (?2, ?3) AND posts.deleted_at IS NULL \
         ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?4"
    );
    let rows = list(connection, viewer_id, sql, params![site, after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::by_age))
}

/// The posts of a time for which others voted, from `after` on: those with the most points first.
pub fn best(
    connection: &Connection,
    viewer_id: Option<UserId>,
    over: Over,
    now: Timestamp,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    if let Some(since) = over.since(now) {
        return best_since(connection, viewer_id, since, now, after, limit);
    }
    let sql = select!(
        "WHERE (posts.score, posts.id) < (?1, ?2) AND posts.score > 1 AND posts.deleted_at IS NULL \
         ORDER BY posts.score DESC, posts.id DESC LIMIT ?3"
    );
    let rows = list(connection, viewer_id, sql, params![after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::by_score))
}

/// Each day has a list in the order of its points (`posts_by_day_and_score`). Of these, only what can
/// be among the first of all is read: the longer the page is filled, the less a day has to add.
fn best_since(
    connection: &Connection,
    viewer_id: Option<UserId>,
    since: Timestamp,
    now: Timestamp,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let mut of_day = connection.prepare_cached(
        "SELECT score, id FROM posts WHERE created_at / 86400000000 = ?1 \
         AND (score, id) < (?2, ?3) AND (score, id) > (?4, ?5) \
         AND score > 1 AND deleted_at IS NULL AND created_at >= ?6 ORDER BY score DESC, id DESC LIMIT ?7",
    )?;
    let wanted = limit as usize + 1;
    let mut best: Vec<(i64, PostId)> = Vec::new();
    for day in (since.day()..=now.day()).rev() {
        let least = best.get(wanted - 1).copied().unwrap_or((1, PostId::new(i64::MAX)));
        let places = params![day, after.key, after.id, least.0, least.1, since, limit + 1];
        for place in of_day.query_map(places, |row| Ok((row.get(0)?, row.get(1)?)))? {
            best.push(place?);
        }
        best.sort_unstable_by(|one, other| other.cmp(one));
        best.truncate(wanted);
    }
    let mut row = connection.prepare_cached(select!("WHERE posts.id = ?1"))?;
    let mut rows = Vec::with_capacity(best.len());
    for (_, id) in best {
        rows.push(row.query_row([id], from_row)?);
    }
    add_viewers(connection, viewer_id, &mut rows)?;
    Ok(Slice::of(rows, limit, Post::by_score))
}

/// The posts that someone has saved, from `after` on: last saved first.
pub fn saved_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    // CROSS: what was saved comes first, in the order of its index.
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", saved_posts.created_at FROM saved_posts CROSS JOIN posts ON posts.id = saved_posts.post_id",
        joins!(),
        "WHERE saved_posts.user_id = ?1 AND (saved_posts.created_at, saved_posts.post_id) < (?2, ?3) \
         AND posts.deleted_at IS NULL \
         ORDER BY saved_posts.created_at DESC, saved_posts.post_id DESC LIMIT ?4"
    );
    slice(connection, Some(user_id), sql, params![user_id, after.key, after.id, limit + 1], limit)
}

/// Up to `limit` posts in the order of their ids, beginning at a random one.
pub fn some(connection: &Connection, viewer_id: Option<UserId>, limit: u32) -> rusqlite::Result<Vec<Post>> {
    let sql = select!(
        "WHERE posts.id >= ",
        random_id!("posts"),
        " AND posts.deleted_at IS NULL ORDER BY posts.id LIMIT ?1"
    );
    list(connection, viewer_id, sql, params![limit])
}

/// A post with its text, also one that is only kept for its comments; `None` when there is none.
pub fn find(
    connection: &Connection,
    viewer_id: Option<UserId>,
    id: PostId,
) -> rusqlite::Result<Option<PostDetail>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", descriptions.text, posts.deleted_at IS NOT NULL, \
         EXISTS (SELECT 1 FROM saved_posts WHERE saved_posts.user_id = ?1 AND saved_posts.post_id = posts.id), ",
        moderation_reason!("post", "posts", "removed_at", "remove"),
        ", ",
        moderation_reason!("post", "posts", "locked_at", "lock"),
        ", ",
        new_since!("unixepoch('subsec') * 1000000"),
        ", visits.looked_at, post_votes.user_id IS NOT NULL \
         FROM posts JOIN descriptions ON descriptions.post_id = posts.id",
        joins!(),
        "LEFT JOIN post_votes ON post_votes.user_id = ?1 AND post_votes.post_id = posts.id \
         LEFT JOIN visits ON visits.user_id = ?1 AND visits.post_id = posts.id WHERE posts.id = ?2"
    );
    let found = connection.prepare_cached(sql)?.query_row(params![viewer_id, id], |row| {
        let (description, is_deleted) = (row.get(COLUMNS)?, row.get(COLUMNS + 1)?);
        let (removed, locked) = (row.get(COLUMNS + 3)?, row.get(COLUMNS + 4)?);
        let (new_since, looked_at) = (row.get(COLUMNS + 5)?, row.get(COLUMNS + 6)?);
        let post = Post { is_voted: row.get(COLUMNS + 7)?, ..from_row(row)? };
        let is_saved = row.get(COLUMNS + 2)?;
        Ok(PostDetail { post, description, is_deleted, is_saved, removed, locked, new_since, looked_at })
    });
    let Some(mut detail) = found.optional()? else {
        return Ok(None);
    };
    if let (Some(viewer_id), Some(new_since), Some(looked_at)) =
        (viewer_id, detail.new_since, detail.looked_at)
    {
        let (post, visit) = (&mut detail.post, Visit { new_since, looked_at });
        (post.new_comments, post.has_unseen) = visit::sql::news(connection, viewer_id, id, visit)?;
    }
    Ok(Some(if detail.removed.is_some() { hidden(detail) } else { detail }))
}

/// What an admin has removed as everybody sees it: nothing of what it says, nor who says it.
fn hidden(detail: PostDetail) -> PostDetail {
    let post = Post { title: SmolStr::new_static(REMOVED), author: None, link: None, ..detail.post };
    PostDetail { post, description: String::new(), ..detail }
}

/// Some posts of a user, at most `limit`, also those that an admin removed.
pub fn ids_of_user(connection: &Connection, user_id: UserId, limit: u32) -> rusqlite::Result<Vec<PostId>> {
    connection
        .prepare_cached("SELECT id FROM posts WHERE user_id = ?1 LIMIT ?2")?
        .query_map(params![user_id, limit], |row| row.get(0))?
        .collect()
}

/// Any post; `None` when there are none.
pub fn random(connection: &Connection) -> rusqlite::Result<Option<PostId>> {
    let sql = concat!(
        "SELECT id FROM posts WHERE id >= ",
        random_id!("posts"),
        " AND deleted_at IS NULL ORDER BY id LIMIT 1"
    );
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()
}

/// Posts it and counts it for its author; the id. `None`: there is a post of this title.
pub fn create(connection: &Connection, post: &NewPost) -> rusqlite::Result<Option<PostId>> {
    let created = connection
        .prepare_cached(
            "INSERT INTO posts (user_id, title, created_at, updated_at, hotness, url, site, address) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (title) DO NOTHING",
        )?
        .execute(params![
            post.user_id,
            post.title,
            post.created_at,
            rank::hotness(1, post.created_at),
            post.link.map(|link| &link.url),
            post.link.map(|link| &link.site),
            post.link.map(|link| &link.address),
        ])?;
    if created == 0 {
        return Ok(None);
    }
    let id = PostId::new(connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?
        .execute(params![id, post.description])?;
    connection
        .prepare_cached("UPDATE users SET posts_count = posts_count + 1 WHERE id = ?1")?
        .execute([post.user_id])?;
    Ok(Some(id))
}

/// Whose a post is; `None` when there is none or it was deleted.
pub fn author(connection: &Connection, id: PostId) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL";
    let found: Option<Option<UserId>> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Whether a post is there to be commented on, see [`PostDetail::takes_comments`].
pub fn takes_comments(connection: &Connection, id: PostId) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND deleted_at IS NULL AND locked_at IS NULL)";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// Whether there is a post of this title, other than `except`.
pub fn has_title(connection: &Connection, title: &str, except: Option<PostId>) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM posts WHERE title = ?1 AND id IS NOT ?2)")?
        .query_row(params![title, except], |row| row.get(0))
}

/// The post other than `except` that has led to the same address for less than [`REPOST_WINDOW`] before
/// `now`, and its points.
pub fn same_address(
    connection: &Connection,
    address: &str,
    except: Option<PostId>,
    now: Timestamp,
) -> rusqlite::Result<Option<(PostId, i64)>> {
    let sql = "SELECT id, score FROM posts WHERE address = ?1 AND created_at > ?2 AND id IS NOT ?3 \
               AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row(params![address, now - REPOST_WINDOW, except], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether post `id` would lead to where another one leads that is not old. One that leads there already
/// may go on.
pub fn takes_address(
    connection: &Connection,
    id: PostId,
    link: &NewLink,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT address IS ?2 FROM posts WHERE id = ?1";
    let is_there: Option<bool> =
        connection.prepare_cached(sql)?.query_row(params![id, link.address], |row| row.get(0)).optional()?;
    Ok(is_there != Some(true) && same_address(connection, &link.address, Some(id), now)?.is_some())
}

/// Changes a post, unless another one has the title or the address.
pub fn update(
    connection: &Connection,
    id: PostId,
    content: &Content,
    link: Option<&NewLink>,
    now: Timestamp,
) -> rusqlite::Result<Updated> {
    if let Some(link) = link
        && takes_address(connection, id, link, now)?
    {
        return Ok(Updated::AddressTaken);
    }
    if has_title(connection, &content.title, Some(id))? {
        return Ok(Updated::TitleTaken);
    }
    connection
        .prepare_cached(
            "UPDATE posts SET title = ?2, url = ?3, site = ?4, address = ?5, updated_at = ?6 WHERE id = ?1",
        )?
        .execute(params![
            id,
            content.title,
            link.map(|link| &link.url),
            link.map(|link| &link.site),
            link.map(|link| &link.address),
            now
        ])?;
    connection
        .prepare_cached("UPDATE descriptions SET text = ?2 WHERE post_id = ?1")?
        .execute(params![id, content.description])?;
    Ok(Updated::Done)
}

/// What becomes of a post when its author leaves: it goes, unless others commented on it. Then it
/// stays for their sake, without author, title and text.
pub fn leave(connection: &Connection, id: PostId, author: UserId, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 AND deleted_at IS NULL \
               AND user_id IS NOT ?2)";
    let is_discussed: bool =
        connection.prepare_cached(sql)?.query_row(params![id, author], |row| row.get(0))?;
    if !is_discussed {
        return destroy(connection, id);
    }
    vote::sql::forget(connection, Target::Post(id))?;
    // One that an admin had removed is not counted.
    connection
        .prepare_cached(
            "UPDATE users SET posts_count = posts_count - 1 \
             WHERE id = (SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL)",
        )?
        .execute([id])?;
    connection
        .prepare_cached(
            "UPDATE posts SET user_id = NULL, title = NULL, url = NULL, site = NULL, address = NULL, \
             deleted_at = ?2, removed_at = NULL, updated_at = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now])?;
    connection.prepare_cached("UPDATE descriptions SET text = '' WHERE post_id = ?1")?.execute([id])?;
    Ok(())
}

/// What was kept for its comments alone goes with the last of them; what an admin removed stays, to be
/// restored.
pub fn prune(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM posts WHERE id = ?1 AND deleted_at IS NOT NULL AND removed_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1)";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Removes a post with its comments and votes, and takes them off their authors' counts.
pub fn destroy(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE users SET comments_count = comments_count - lost.number, karma = karma - lost.votes \
             FROM (SELECT user_id, count(*) AS number, sum(score - 1) AS votes FROM comments \
                   WHERE post_id = ?1 AND deleted_at IS NULL GROUP BY user_id) AS lost \
             WHERE users.id = lost.user_id",
        )?
        .execute([id])?;
    connection
        .prepare_cached(
            "UPDATE users SET posts_count = posts_count - 1, karma = karma - posts.score + 1 FROM posts \
             WHERE posts.id = ?1 AND posts.deleted_at IS NULL AND users.id = posts.user_id",
        )?
        .execute([id])?;
    connection.prepare_cached("DELETE FROM posts WHERE id = ?1")?.execute([id])?;
    Ok(())
}
