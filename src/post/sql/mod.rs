//! All SQL about posts.

mod changes;
mod deletion;

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, params};
use smol_str::SmolStr;

pub use self::changes::{
    create, holders, recent_with_address, recent_with_title, refresh_address, unsaid, update,
    with_title_since,
};
pub use self::deletion::{
    bury, delete, delete_or_anonymize, destroy, hide_unless_discussed, restore, show_again, sweep,
};
use super::best::Period;
use super::{Link, Post, PostDetail};
use crate::flag::sql::flagged_by;
use crate::sql::{Columns, moderation_reason, random_id, row, short};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};
use crate::types::time::Clock;
use crate::user;
use crate::user::sql::listed_author_columns;
use crate::visibility::sql::{listed, on_page, post_text, post_title, title};
use crate::visit::sql::new_since;
use crate::visit::{self, Visit};
use crate::vote;

row! {
    /// A post in a list, for a guest.
    fn post() -> Post, columns post_columns {
        id: "posts.id",
        title: post_title!(listed) => title,
        created_at: "posts.created_at",
        comments_count: "posts.comments_count",
        author: listed_author_columns!("users") => user::sql::listed_author,
        score: "posts.score",
        link: "posts.url, posts.site" => link,
    } with { is_voted: false, new_comments: 0, has_unseen: false, visit_ends_at: None }
}

/// The link of a post: its URL and its site; `None` where both are NULL.
pub fn link(columns: &mut Columns) -> rusqlite::Result<Option<Link>> {
    let (url, site): (Option<String>, _) = (columns.read()?, short(columns)?);
    Ok(url.map(|url| Link { url, site: site.unwrap_or_default() }))
}

row! {
    /// A post on its page, for viewer `?1`, without the viewer's vote.
    fn detail() -> PostDetail, columns detail_columns {
        post: post_columns!() => post,
        description: post_text!(listed),
        is_deleted: "posts.deleted_at IS NOT NULL",
        is_flagged: flagged_by!("?1", "post_id", "posts.id"),
        is_saved: "EXISTS (SELECT 1 FROM saved_posts \
                   WHERE saved_posts.user_id = ?1 AND saved_posts.post_id = posts.id)",
        removed: moderation_reason!("post", "posts", "removed_at", "remove"),
        locked: moderation_reason!("post", "posts", "locked_at", "lock"),
        new_since: new_since!("unixepoch('subsec') * 1000000"),
        looked_at: "visits.looked_at",
    }
}

/// The tables of [`post_columns`] besides `posts`.
macro_rules! joins {
    () => {
        " LEFT JOIN users ON users.id = posts.user_id "
    };
}

/// `SELECT` of [`post_columns`], followed by the given rest of the statement.
macro_rules! select {
    ($($rest:expr),+) => { concat!("SELECT ", post_columns!(), " FROM posts", joins!(), $($rest),+) };
}

/// Posts with the viewer's votes and the numbers of comments that are new to the viewer.
fn list(
    connection: &Connection,
    viewer_id: Option<UserId>,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<Post>> {
    let mut posts: Vec<Post> = connection
        .prepare_cached(sql)?
        .query_map(params, |row| post(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    complete(connection, viewer_id, &mut posts)?;
    Ok(posts)
}

/// A page of posts as [`list`] reads them. The sort key of the list follows the columns of a post.
fn slice(
    connection: &Connection,
    viewer_id: Option<UserId>,
    sql: &str,
    params: impl Params,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let rows: Vec<(Post, i64)> = connection
        .prepare_cached(sql)?
        .query_map(params, |row| {
            let mut columns = Columns::of(row);
            Ok((post(&mut columns)?, columns.read()?))
        })?
        .collect::<Result<_, _>>()?;
    let Slice { rows, next, beyond } =
        Slice::of(rows, limit, |(post, key)| Cursor { key: *key, id: post.id.get() });
    let mut posts: Vec<Post> = rows.into_iter().map(|(post, _)| post).collect();
    complete(connection, viewer_id, &mut posts)?;
    Ok(Slice { rows: posts, next, beyond })
}

/// Marks the authors that are admins, and adds the viewer's votes and the numbers of new comments. Votes and visits take one statement each for all
/// posts: most posts have neither, and a join would look for both with each post.
fn complete(connection: &Connection, viewer_id: Option<UserId>, posts: &mut [Post]) -> rusqlite::Result<()> {
    let admins = user::sql::admins(connection)?;
    for author in posts.iter_mut().filter_map(|post| post.author.as_mut()) {
        author.is_admin = admins.contains(&author.id);
    }
    let Some(viewer_id) = viewer_id else {
        return Ok(());
    };
    let is_others = |post: &Post| post.author.as_ref().is_some_and(|author| author.id != viewer_id);
    let others = posts.iter().enumerate().filter(|(_, post)| is_others(post));
    for position in
        vote::sql::for_posts(connection, viewer_id, others.map(|(position, post)| (position, post.id)))?
    {
        posts[position].is_voted = true;
    }
    let all = posts.iter().map(|post| post.id).enumerate();
    for (position, visit) in visit::sql::of_posts(connection, viewer_id, all)? {
        let post = &mut posts[position];
        post.visit_ends_at = Some(visit.ends_at());
        (post.new_comments, post.has_unseen) =
            visit::sql::new_comments(connection, viewer_id, post.id, visit)?;
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
        post_columns!(),
        ", posts.hotness FROM posts",
        joins!(),
        "WHERE (posts.hotness, posts.id) < (?1, ?2) AND ",
        listed!("posts"),
        " ORDER BY posts.hotness DESC, posts.id DESC LIMIT ?3"
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
        "WHERE (posts.created_at, posts.id) < (?1, ?2) AND ",
        listed!("posts"),
        " ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?3"
    );
    let rows = list(connection, viewer_id, sql, params![after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::age_cursor))
}

/// The posts of a user from `after` on: newest first.
pub fn of_user(
    connection: &Connection,
    viewer_id: Option<UserId>,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let sql = select!(
        "WHERE posts.user_id = ?1 AND (posts.created_at, posts.id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?4"
    );
    let rows = list(connection, viewer_id, sql, params![user_id, after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::age_cursor))
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
        "WHERE posts.site = ?1 AND (posts.created_at, posts.id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?4"
    );
    let rows = list(connection, viewer_id, sql, params![site, after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::age_cursor))
}

/// The posts of a period that have votes, from `after` on: most points first.
pub fn best(
    connection: &Connection,
    viewer_id: Option<UserId>,
    period: Period,
    clock: &Clock,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    if let Some(length) = period.length() {
        return best_within(connection, viewer_id, length, clock, after, limit);
    }
    let sql = select!(
        "WHERE (posts.score, posts.id) < (?1, ?2) AND posts.score > 1 AND ",
        listed!("posts"),
        " ORDER BY posts.score DESC, posts.id DESC LIMIT ?3"
    );
    let rows = list(connection, viewer_id, sql, params![after.key, after.id, limit + 1])?;
    Ok(Slice::of(rows, limit, Post::score_cursor))
}

/// The best posts of this length of time. The index `posts_by_day_and_score` sorts the posts of each day by points.
/// From each day only the posts are read that can still be on the page: the fuller the page, the fewer.
fn best_within(
    connection: &Connection,
    viewer_id: Option<UserId>,
    length: Duration,
    clock: &Clock,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    let mut posts_of_day = connection.prepare_cached(concat!(
        "SELECT score, id FROM posts WHERE created_at / 86400000000 = ?1 \
         AND (score, id) < (?2, ?3) AND (score, id) > (?4, ?5) AND score > 1 AND ",
        listed!("posts"),
        " AND created_at >= ?6 ORDER BY score DESC, id DESC LIMIT ?7",
    ))?;
    let (now, since) = (clock.now(), clock.now() - length);
    let max_rows = limit as usize + 1;
    let mut best: Vec<(i64, PostId)> = Vec::new();
    for day in (since.day()..=now.day()).rev() {
        let least = best.get(max_rows - 1).copied().unwrap_or((1, PostId::new(i64::MAX)));
        let parameters = params![day, after.key, after.id, least.0, least.1, since, limit + 1];
        for score_and_id in posts_of_day.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))? {
            best.push(score_and_id?);
        }
        best.sort_unstable_by(|one, other| other.cmp(one));
        best.truncate(max_rows);
    }
    let mut by_id = connection.prepare_cached(select!("WHERE posts.id = ?1"))?;
    let mut rows = Vec::with_capacity(best.len());
    for (_, id) in best {
        rows.push(by_id.query_row([id], |row| post(&mut Columns::of(row)))?);
    }
    // A post leaves at its time, and one from a clock that was ahead comes with its day.
    rows.iter().for_each(|post| clock.limit(post.created_at + length));
    clock.limit(now.next_midnight());
    complete(connection, viewer_id, &mut rows)?;
    Ok(Slice::of(rows, limit, Post::score_cursor))
}

/// The posts that a user has saved, from `after` on: last saved first.
pub fn saved_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Post>> {
    // CROSS JOIN makes `saved_posts` the outer loop, in the order of its index.
    let sql = concat!(
        "SELECT ",
        post_columns!(),
        ", saved_posts.created_at FROM saved_posts CROSS JOIN posts ON posts.id = saved_posts.post_id",
        joins!(),
        "WHERE saved_posts.user_id = ?1 AND (saved_posts.created_at, saved_posts.post_id) < (?2, ?3) AND ",
        listed!("posts"),
        " ORDER BY saved_posts.created_at DESC, saved_posts.post_id DESC LIMIT ?4"
    );
    slice(connection, Some(user_id), sql, params![user_id, after.key, after.id, limit + 1], limit)
}

/// Up to `limit` posts in the order of their ids, from a random one on.
pub fn from_random(
    connection: &Connection,
    viewer_id: Option<UserId>,
    limit: u32,
) -> rusqlite::Result<Vec<Post>> {
    let sql = select!(
        "WHERE posts.id >= ",
        random_id!("posts"),
        " AND ",
        listed!("posts"),
        " ORDER BY posts.id LIMIT ?1"
    );
    list(connection, viewer_id, sql, params![limit])
}

/// A post with its text, also a deleted or removed one that has a page; `None` when there is none.
pub fn find(
    connection: &Connection,
    viewer_id: Option<UserId>,
    id: PostId,
) -> rusqlite::Result<Option<PostDetail>> {
    let sql = concat!(
        "SELECT ",
        detail_columns!(),
        ", post_votes.user_id IS NOT NULL, coalesce(users.is_admin, 0) \
         FROM posts JOIN descriptions ON descriptions.post_id = posts.id",
        joins!(),
        "LEFT JOIN post_votes ON post_votes.user_id = ?1 AND post_votes.post_id = posts.id \
         LEFT JOIN visits ON visits.user_id = ?1 AND visits.post_id = posts.id \
         WHERE posts.id = ?2 AND ",
        on_page!("posts")
    );
    let found = connection.prepare_cached(sql)?.query_row(params![viewer_id, id], |row| {
        let mut columns = Columns::of(row);
        let mut detail = detail(&mut columns)?;
        detail.post.is_voted = columns.read()?;
        let is_admin = columns.read()?;
        if let Some(author) = &mut detail.post.author {
            author.is_admin = is_admin;
        }
        Ok(detail)
    });
    let Some(mut detail) = found.optional()? else {
        return Ok(None);
    };
    if let (Some(viewer_id), Some(new_since), Some(looked_at)) =
        (viewer_id, detail.new_since, detail.looked_at)
    {
        let (post, visit) = (&mut detail.post, Visit { new_since, looked_at });
        (post.new_comments, post.has_unseen) = visit::sql::new_comments(connection, viewer_id, id, visit)?;
    }
    Ok(Some(match detail.state().placeholder() {
        Some(placeholder) => redacted(detail, placeholder),
        None => detail,
    }))
}

/// A hidden post, without title, author, link and text.
fn redacted(detail: PostDetail, placeholder: &'static str) -> PostDetail {
    let post = Post { title: SmolStr::new_static(placeholder), author: None, link: None, ..detail.post };
    PostDetail { post, description: String::new(), ..detail }
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
