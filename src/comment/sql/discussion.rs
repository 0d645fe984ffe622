//! The discussion of a post, read from the database and split into pages.

use rusqlite::Connection;

use super::super::tree::{CommentPage, Layout, Node, Row, Tree};
use super::super::{Comment, MAX_ORDERED, PAGE_SIZE, Thread};
use crate::post::PostDetail;
use crate::types::cursor::{Cursor, START};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;

/// The comments on a post, at most [`MAX_ORDERED`] of them.
pub struct Discussion {
    viewer_id: Option<UserId>,
    post_id: PostId,
    /// The time after which comments are new to the viewer; `None`: no comment is new.
    new_since: Option<Timestamp>,
    /// The comments, if one statement could read them all, else empty. Each is taken out when it is shown.
    comments: Vec<Option<Comment>>,
    is_truncated: bool,
    /// Whether the root is older than the sorted comments: only its own page shows it.
    is_root_unordered: bool,
    tree: Tree,
}

impl Discussion {
    /// Sorts the comments on a post. One statement is enough when they fit on one page. Deleted comments with
    /// replies are included; so are `root` and the newest replies to it, however old `root` is.
    ///
    /// # Errors
    /// [`rusqlite::Error`] when SQLite fails.
    pub fn of(
        connection: &Connection,
        viewer_id: Option<UserId>,
        detail: &PostDetail,
        root: Option<&Comment>,
    ) -> rusqlite::Result<Discussion> {
        let (post, new_since) = (&detail.post, detail.new_since.filter(|_| detail.post.new_comments > 0));
        let build = |comments: Vec<Comment>, nodes: &[Node], is_truncated, is_root_unordered| {
            let (comments, tree) = (comments.into_iter().map(Some).collect(), Tree::of(nodes));
            Discussion {
                viewer_id,
                post_id: post.id,
                new_since,
                comments,
                is_truncated,
                is_root_unordered,
                tree,
            }
        };
        // The count leaves out deleted comments, so only the query shows whether all fit on one page.
        if post.comments_count <= i64::from(PAGE_SIZE) {
            let comments = super::newest(connection, viewer_id, post.id, PAGE_SIZE + 1)?;
            if comments.len() <= PAGE_SIZE as usize {
                let nodes: Vec<Node> = comments.iter().map(Comment::node).collect();
                return Ok(build(comments, &nodes, false, false));
            }
        }
        let (mut nodes, is_truncated) = ordered_nodes(connection, post.id)?;
        let unordered_root = root.map(Comment::node).filter(|root| is_truncated && !nodes.contains(root));
        if let Some(root) = unordered_root {
            let mut replies = super::replies_to(connection, root.id, PAGE_SIZE)?;
            replies.retain(|reply| !nodes.contains(reply));
            nodes.push(root);
            nodes.append(&mut replies);
        }
        Ok(build(Vec::new(), &nodes, is_truncated, unordered_root.is_some()))
    }

    /// The page that shows `root`.
    #[must_use]
    pub fn page_of(&self, root: CommentId) -> CommentPage {
        if self.is_root_unordered {
            CommentPage { root: Some(root), after: START }
        } else {
            self.tree.page_of(root)
        }
    }

    /// One page, as [`Tree::layout`] gives it.
    ///
    /// # Errors
    /// [`rusqlite::Error`] when SQLite fails.
    pub fn page(
        mut self,
        connection: &Connection,
        root: Option<CommentId>,
        after: Cursor,
    ) -> rusqlite::Result<Thread> {
        let Layout { rows, next } = self.tree.layout(root, after);
        let mut shown = Vec::with_capacity(rows.len());
        for row in rows {
            let loaded = self.comments.get_mut(row.origin).and_then(Option::take);
            let comment = match loaded {
                Some(comment) => Some(comment),
                // One query for each: by primary key that is as fast as one query for all, and simpler.
                None => super::find(connection, self.viewer_id, row.id)?.map(|located| located.comment),
            };
            shown.extend(comment.map(|comment| (row, comment)));
        }
        let new_elsewhere = self.new_elsewhere(connection, &shown)?;
        Ok(Thread { rows: shown, next, is_truncated: self.is_truncated, new_elsewhere })
    }

    /// The oldest comment that is new to the viewer and not `shown` on the page.
    fn new_elsewhere(
        &self,
        connection: &Connection,
        shown: &[(Row, Comment)],
    ) -> rusqlite::Result<Option<CommentId>> {
        let (Some(viewer_id), Some(since)) = (self.viewer_id, self.new_since) else {
            return Ok(None);
        };
        // One more than a page has: if a new comment is elsewhere, one of these is.
        let ids = super::new_since(connection, viewer_id, self.post_id, since, PAGE_SIZE + 1)?;
        Ok(ids.into_iter().find(|id| shown.iter().all(|(row, _)| row.id != *id)))
    }
}

/// The page that shows comment `id`.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn page_of(connection: &Connection, post_id: PostId, id: CommentId) -> rusqlite::Result<CommentPage> {
    let (nodes, _) = ordered_nodes(connection, post_id)?;
    Ok(Tree::of(&nodes).page_of(id))
}

/// The sort values of the newest comments on a post, at most [`MAX_ORDERED`], and whether there are more.
fn ordered_nodes(connection: &Connection, post_id: PostId) -> rusqlite::Result<(Vec<Node>, bool)> {
    let mut nodes = super::newest_nodes(connection, post_id, MAX_ORDERED + 1)?;
    let is_truncated = nodes.len() > MAX_ORDERED as usize;
    nodes.truncate(MAX_ORDERED as usize);
    Ok((nodes, is_truncated))
}
