//! The comments on a post, and the pages that they are shown on.

use rusqlite::Connection;

use super::super::tree::{CommentPage, Layout, Node, Row, Tree};
use super::super::{Comment, MAX_ORDERED, PAGE_SIZE, Thread};
use crate::post::PostDetail;
use crate::types::cursor::{Cursor, START};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;

/// The comments on a post, or as many of them as are put in order.
pub struct Discussion {
    viewer_id: Option<UserId>,
    post_id: PostId,
    /// Since when something in it is new to who asks, if anything is.
    new_since: Option<Timestamp>,
    /// All of them, when they are few; each until it is shown.
    comments: Vec<Option<Comment>>,
    is_truncated: bool,
    /// What it was asked for is too old to be in order: there is no page that shows it but its own.
    is_root_unordered: bool,
    tree: Tree,
}

impl Discussion {
    /// The comments on a post in their order: with one statement when there are no more than a page
    /// shows. Those that were deleted are among them where others replied. `root` is among them in any
    /// case, with the replies to it.
    ///
    /// # Errors
    /// The database's.
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
        // Those that were deleted are not counted, so only asking tells that there are few.
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

    /// The page that shows what it was asked for.
    #[must_use]
    pub fn page_of(&self, root: CommentId) -> CommentPage {
        if self.is_root_unordered {
            CommentPage { root: Some(root), after: START }
        } else {
            self.tree.page_of(root)
        }
    }

    /// A page of it, as [`Tree::layout`] has it.
    ///
    /// # Errors
    /// The database's.
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
                // One by one: by their numbers that is as fast as all at once, and plain to see.
                None => super::find(connection, self.viewer_id, row.id)?.map(|located| located.comment),
            };
            shown.extend(comment.map(|comment| (row, comment)));
        }
        let new_elsewhere = self.new_elsewhere(connection, &shown)?;
        Ok(Thread { rows: shown, next, is_truncated: self.is_truncated, new_elsewhere })
    }

    /// The oldest that is new to who asks and not among what a page shows.
    fn new_elsewhere(
        &self,
        connection: &Connection,
        shown: &[(Row, Comment)],
    ) -> rusqlite::Result<Option<CommentId>> {
        let (Some(viewer_id), Some(since)) = (self.viewer_id, self.new_since) else {
            return Ok(None);
        };
        // One more than can be on the page: if any is elsewhere, it is among these.
        let ids = super::new_since(connection, viewer_id, self.post_id, since, PAGE_SIZE + 1)?;
        Ok(ids.into_iter().find(|id| shown.iter().all(|(row, _)| row.id != *id)))
    }
}

/// The page that shows a comment on a post.
///
/// # Errors
/// The database's.
pub fn page_of(connection: &Connection, post_id: PostId, id: CommentId) -> rusqlite::Result<CommentPage> {
    let (nodes, _) = ordered_nodes(connection, post_id)?;
    Ok(Tree::of(&nodes).page_of(id))
}

/// The newest comments on a post, [`MAX_ORDERED`] at most; whether there are more.
fn ordered_nodes(connection: &Connection, post_id: PostId) -> rusqlite::Result<(Vec<Node>, bool)> {
    let mut nodes = super::newest_nodes(connection, post_id, MAX_ORDERED + 1)?;
    let is_truncated = nodes.len() > MAX_ORDERED as usize;
    nodes.truncate(MAX_ORDERED as usize);
    Ok((nodes, is_truncated))
}
