//! The SQL of the search API that no noun has.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use smol_str::SmolStr;

use super::{Document, FRONT_PAGE_POSTS};
use crate::post::{self, PostKind};
use crate::search::MAX_MATCHES;
use crate::sql::{Columns, short};
use crate::types::cursor::START;
use crate::types::id::{CommentId, PostId};
use crate::visibility::sql::{listed, mentioned_title, post_title};
use crate::vote::Target;

/// The newest comments, at most [`MAX_MATCHES`].
pub fn newest_comments(connection: &Connection) -> rusqlite::Result<Vec<Target>> {
    let sql = concat!(
        "SELECT id FROM comments WHERE id < ?1 AND ",
        listed!("comments"),
        " ORDER BY id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![i64::MAX, MAX_MATCHES], |row| row.get(0).map(Target::Comment))?
        .collect()
}

/// The newest comments on a post, at most [`MAX_MATCHES`].
pub fn comments_of(connection: &Connection, post_id: PostId) -> rusqlite::Result<Vec<Target>> {
    let sql = concat!(
        "SELECT id FROM comments WHERE post_id = ?1 AND ",
        listed!("comments"),
        " ORDER BY created_at DESC, id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![post_id, MAX_MATCHES], |row| row.get(0).map(Target::Comment))?
        .collect()
}

/// The values of posts and comments, in the order of `targets`. One that no list shows is left out.
pub fn documents(connection: &Connection, targets: &[Target]) -> rusqlite::Result<Vec<Document>> {
    let front = post::sql::hottest(connection, START, FRONT_PAGE_POSTS)?.rows;
    let front: HashSet<i64> = front.into_iter().map(|place| place.id).collect();
    // CROSS JOIN keeps the order of the ids.
    let posts = concat!(
        "SELECT posts.id, posts.created_at, posts.score, users.screen_name, posts.id, posts.comments_count, posts.kind \
         FROM json_each(?1) AS ids CROSS JOIN posts ON posts.id = ids.value \
         LEFT JOIN users ON users.id = posts.user_id WHERE ",
        listed!("posts")
    );
    let comments = concat!(
        "SELECT comments.id, comments.created_at, comments.score, users.screen_name, comments.post_id, 0, NULL \
         FROM json_each(?1) AS ids CROSS JOIN comments ON comments.id = ids.value \
         LEFT JOIN users ON users.id = comments.user_id WHERE ",
        listed!("comments")
    );
    let post: fn(i64) -> Target = |id| Target::Post(PostId::new(id));
    let comment: fn(i64) -> Target = |id| Target::Comment(CommentId::new(id));
    let mut found: HashMap<Target, Document> = HashMap::with_capacity(targets.len());
    for (sql, target) in [(posts, post), (comments, comment)] {
        let numbers = targets.iter().map(|target| match target {
            Target::Post(id) => id.get(),
            Target::Comment(id) => id.get(),
        });
        let of_kind = numbers.zip(targets).filter(|(number, wanted)| target(*number) == **wanted);
        let ids: Vec<String> = of_kind.map(|(number, _)| number.to_string()).collect();
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement
            .query_map([format!("[{}]", ids.join(","))], |row| document(row, target(row.get(0)?), &front))?;
        for document in rows {
            let document = document?;
            found.insert(document.target, document);
        }
    }
    Ok(targets.iter().filter_map(|target| found.remove(target)).collect())
}

fn document(row: &Row, target: Target, front: &HashSet<i64>) -> rusqlite::Result<Document> {
    let mut columns = Columns::of(row);
    let id: i64 = columns.read()?;
    let (created_at, score, author) = (columns.read()?, columns.read()?, short(&mut columns)?);
    let (story, comments_count, kind): (_, _, Option<PostKind>) =
        (columns.read()?, columns.read()?, columns.read()?);
    let is_on_front_page = matches!(target, Target::Post(_)) && front.contains(&id);
    Ok(Document { target, created_at, score, author, story, comments_count, kind, is_on_front_page })
}

/// The title of a post that a comment mentions, and its URL; `None` when there is no such post.
pub fn story(connection: &Connection, id: PostId) -> rusqlite::Result<Option<(SmolStr, Option<String>)>> {
    let sql = concat!(
        "SELECT ",
        post_title!(mentioned),
        ", iif(removed_at IS NULL, url, NULL) FROM posts WHERE id = ?1"
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        Ok((mentioned_title(&mut columns)?, columns.read()?))
    };
    connection.prepare_cached(sql)?.query_row([id], from_row).optional()
}
