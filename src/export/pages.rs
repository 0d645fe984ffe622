//! The pages to read in the ZIP: lists of the posts, the newest first, and the discussions of a hundred posts in each file.

use std::collections::HashMap;
use std::io::{Seek, Write};

use anyhow::Result;
use horrorshow::Template;
use rusqlite::Connection;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{sql, views};
use crate::comment;
use crate::post;
use crate::types::id::{CommentId, PostId};

/// The posts of a file of discussions, by their ids, so that a million posts are ten thousand files.
const POSTS_PER_FILE: i64 = 100;
/// The posts of a list.
const POSTS_PER_LIST: usize = 500;

/// The name of the file with the discussion of a post.
fn file_of(id: PostId) -> String {
    format!("posts/{}.html", id.get() / POSTS_PER_FILE)
}

/// The name of a list, of which the first is 1.
fn list(number: usize) -> String {
    if number == 1 { "index.html".into() } else { format!("index-{number}.html") }
}

/// Writes the pages of all posts up to `last`. One post or comment is in memory at a time, with the ids of its discussion.
///
/// # Errors
/// When SQLite or `out` fails.
pub(super) fn write<W: Write + Seek>(
    connection: &Connection,
    zip: &mut ZipWriter<W>,
    options: SimpleFileOptions,
    last: PostId,
) -> Result<()> {
    write_discussions(connection, zip, options, last)?;
    write_lists(connection, zip, options, last)
}

fn write_discussions<W: Write + Seek>(
    connection: &Connection,
    zip: &mut ZipWriter<W>,
    options: SimpleFileOptions,
    last: PostId,
) -> Result<()> {
    let mut open = None;
    for id in (1..=last.get()).map(PostId::new) {
        let Some(detail) = post::sql::find_shared(connection, id)? else { continue };
        let file = file_of(id);
        if open.as_ref() != Some(&file) {
            if open.is_some() {
                zip.write_all(views::END.as_bytes())?;
            }
            zip.start_file(file.as_str(), options)?;
            zip.write_all(views::BEGIN.as_bytes())?;
            open = Some(file);
        }
        zip.write_all(views::post(&detail).into_string()?.as_bytes())?;
        for (id, depth) in in_order(&sql::comments_of(connection, id)?) {
            if let Some(located) = comment::sql::find(connection, None, id)? {
                zip.write_all(views::comment(&located, depth).into_string()?.as_bytes())?;
            }
        }
    }
    if open.is_some() {
        zip.write_all(views::END.as_bytes())?;
    }
    Ok(())
}

/// The comments in reading order, the oldest first below each, with their depths. An answer to a comment that is on no page is
/// on none either.
fn in_order(nodes: &[(CommentId, Option<CommentId>)]) -> Vec<(CommentId, usize)> {
    let mut answers: HashMap<Option<CommentId>, Vec<CommentId>> = HashMap::new();
    // The last first: they are taken from a stack.
    for (id, parent_id) in nodes.iter().rev() {
        answers.entry(*parent_id).or_default().push(*id);
    }
    let mut ordered = Vec::with_capacity(nodes.len());
    let below = |answers: &mut HashMap<_, Vec<CommentId>>, id, depth| {
        answers.remove(&id).unwrap_or_default().into_iter().map(move |id| (id, depth))
    };
    let mut stack: Vec<(CommentId, usize)> = below(&mut answers, None, 0).collect();
    while let Some((id, depth)) = stack.pop() {
        ordered.push((id, depth));
        stack.extend(below(&mut answers, Some(id), depth + 1));
    }
    ordered
}

fn write_lists<W: Write + Seek>(
    connection: &Connection,
    zip: &mut ZipWriter<W>,
    options: SimpleFileOptions,
    last: PostId,
) -> Result<()> {
    let mut number = 1;
    let mut written = 0;
    zip.start_file(list(number), options)?;
    zip.write_all(views::BEGIN.as_bytes())?;
    for id in (1..=last.get()).rev().map(PostId::new) {
        let Some(detail) = post::sql::find_shared(connection, id)? else { continue };
        if written == POSTS_PER_LIST {
            (number, written) = (number + 1, 0);
            zip.write_all(views::older(&list(number)).into_string()?.as_bytes())?;
            zip.write_all(views::END.as_bytes())?;
            zip.start_file(list(number), options)?;
            zip.write_all(views::BEGIN.as_bytes())?;
        }
        zip.write_all(views::entry(&detail, &file_of(id)).into_string()?.as_bytes())?;
        written += 1;
    }
    zip.write_all(views::END.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_in_reading_order() {
        let id = CommentId::new;
        let nodes =
            [(1, None), (2, None), (3, Some(1)), (4, Some(2)), (5, Some(1)), (6, Some(3)), (8, Some(7))];
        let nodes = nodes.map(|(of, parent): (i64, Option<i64>)| (id(of), parent.map(id)));
        let expected = [(1, 0), (3, 1), (6, 2), (5, 1), (2, 0), (4, 1)];
        assert_eq!(in_order(&nodes), expected.map(|(of, depth)| (id(of), depth)));
    }

    #[test]
    fn a_thread_of_any_depth_takes_no_stack() {
        let nodes: Vec<_> =
            (1..=200_000).map(|at| (CommentId::new(at), (at > 1).then(|| CommentId::new(at - 1)))).collect();
        assert_eq!(in_order(&nodes).last(), Some(&(CommentId::new(200_000), 199_999)));
    }
}
