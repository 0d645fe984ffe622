//! The discussion of a post, read from the database and split into pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::Connection;

use super::super::tree::{self, CommentPage, Layout, Node, Row, Tree};
use super::super::{Comment, LocatedComment, MAX_ORDERED, PAGE_SIZE, Rows, SharedItem, SharedList, Thread};
use crate::post::{Post, PostDetail};
use crate::types::cursor::{Cursor, START};
use crate::types::id::{CommentId, PostId, UserId};
use crate::visit::Visit;
use crate::web::Viewer;

/// The comments on a post, at most [`MAX_ORDERED`] of them, as a guest sees them.
pub struct Discussion {
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
    pub fn of(connection: &Connection, post: &Post, root: Option<&Comment>) -> rusqlite::Result<Discussion> {
        let build = |comments: Vec<Comment>, nodes: &[Node], is_truncated, is_root_unordered| {
            let (comments, tree) = (comments.into_iter().map(Some).collect(), Tree::of(nodes));
            Discussion { comments, is_truncated, is_root_unordered, tree }
        };
        // The count leaves out deleted comments, so only the query shows whether all fit on one page.
        if post.comments_count <= i64::from(PAGE_SIZE) {
            let comments = super::newest(connection, post.id, PAGE_SIZE + 1)?;
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
    ) -> rusqlite::Result<Page> {
        let Layout { rows, next } = self.tree.layout(root, after);
        let mut shown = Vec::with_capacity(rows.len());
        for row in rows {
            let loaded = self.comments.get_mut(row.origin).and_then(Option::take);
            let comment = match loaded {
                Some(comment) => Some(comment),
                // One query for each: by primary key that is as fast as one query for all, and simpler.
                None => super::find(connection, None, row.id)?.map(|located| located.comment),
            };
            shown.extend(comment.map(|comment| (row, comment)));
        }
        Ok(Page { rows: shown, next, is_truncated: self.is_truncated })
    }
}

/// A page of a discussion, as a guest sees it.
pub struct Page {
    /// The comments in reading order, each with its position.
    pub rows: Vec<(Row, Comment)>,
    /// As in [`Thread`].
    pub next: Option<Cursor>,
    /// As in [`Thread`].
    pub is_truncated: bool,
}

impl Page {
    /// The page for a viewer of the post in `detail`: with what the viewer has done with the comments, and the oldest
    /// comment that is new to the viewer and on another page.
    ///
    /// # Errors
    /// [`rusqlite::Error`] when SQLite fails.
    pub fn for_viewer(
        self,
        connection: &Connection,
        viewer: Option<&Viewer>,
        detail: &PostDetail,
    ) -> rusqlite::Result<Thread> {
        let Page { mut rows, next, is_truncated } = self;
        let mut new_elsewhere = None;
        if let Some(viewer) = viewer {
            super::add_viewers(connection, viewer, &mut rows)?;
            let is_here = |id| rows.iter().any(|(row, _)| row.id == id);
            new_elsewhere = self::new_elsewhere(connection, viewer.id, detail, is_here)?;
        }
        Ok(Thread { rows: Rows::Read(rows), next, is_truncated, new_elsewhere })
    }
}

/// The page that `list` shares, for a member: the comments that the member has something to do with are read one by one.
/// `None`: there are too many of them, and reading the whole page is faster.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn of_shared(
    connection: &Connection,
    viewer: &Viewer,
    detail: &PostDetail,
    list: &Arc<SharedList>,
) -> rusqlite::Result<Option<Thread>> {
    let (items, viewer_id) = (&list.items, viewer.id);
    let muted = super::muted_by(connection, viewer)?;
    let since = detail.relation.visit.map(|visit| visit.new_since);
    let is_touched = |item: &SharedItem| {
        item.author.is_some_and(|author| author == viewer_id || muted.contains(&author))
            || item.is_new(viewer_id, since)
    };
    let touched = items.iter().enumerate().filter(|(_, item)| is_touched(item)).map(|(at, _)| at);
    let mut indexes: BTreeSet<usize> = touched.collect();
    let ids = items.iter().map(|item| item.row.id);
    let (voted, flagged) = super::votes_and_flags(connection, viewer_id, ids)?;
    indexes.extend(voted.iter().chain(&flagged));
    if indexes.len() > MIN_MANY && indexes.len() * MAX_SHARE > items.len() {
        return Ok(None);
    }
    let mut touched = Vec::with_capacity(indexes.len());
    for at in indexes {
        if let Some(LocatedComment { comment, .. }) = super::find(connection, None, items[at].row.id)? {
            let (is_voted, is_flagged) = (voted.contains(&at), flagged.contains(&at));
            let is_muted = items[at].author.is_some_and(|author| muted.contains(&author));
            touched.push((at, Comment { is_voted, is_flagged, is_muted, ..comment }));
        }
    }
    let is_here = |id| items.iter().any(|item| item.row.id == id);
    let new_elsewhere = new_elsewhere(connection, viewer_id, detail, is_here)?;
    let (next, is_truncated) = (list.next, list.is_truncated);
    let rows = Rows::Shared { list: Arc::clone(list), touched };
    Ok(Some(Thread { rows, next, is_truncated, new_elsewhere }))
}

/// The comments of a page that are read one by one at any rate.
const MIN_MANY: usize = 4;
/// Beyond them, one in this number.
const MAX_SHARE: usize = 4;

/// The oldest comment that is new to the viewer and not on the page.
fn new_elsewhere(
    connection: &Connection,
    viewer_id: UserId,
    detail: &PostDetail,
    is_here: impl Fn(CommentId) -> bool,
) -> rusqlite::Result<Option<CommentId>> {
    let Some(Visit { new_since, .. }) = detail.relation.visit.filter(|_| detail.relation.new_comments > 0)
    else {
        return Ok(None);
    };
    // One more than a page has: if a new comment is elsewhere, one of these is.
    let ids = super::new_since(connection, viewer_id, detail.post.id, new_since, PAGE_SIZE + 1)?;
    Ok(ids.into_iter().find(|id| !is_here(*id)))
}

/// The page that shows comment `id`.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn page_of(connection: &Connection, post_id: PostId, id: CommentId) -> rusqlite::Result<CommentPage> {
    let (nodes, _) = ordered_nodes(connection, post_id)?;
    Ok(Tree::of(&nodes).page_of(id))
}

/// The comments on the post itself, without replies, in the order of the discussion: of its newest [`MAX_ORDERED`]
/// comments.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn of_post(connection: &Connection, post_id: PostId) -> rusqlite::Result<Vec<CommentId>> {
    let (mut nodes, _) = ordered_nodes(connection, post_id)?;
    nodes.retain(|node| node.parent_id.is_none());
    Ok(tree::sorted(nodes))
}

/// The direct replies to a comment in the order of the discussion, the newest [`MAX_ORDERED`].
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn replies_to(connection: &Connection, id: CommentId) -> rusqlite::Result<Vec<CommentId>> {
    super::replies_to(connection, id, MAX_ORDERED).map(tree::sorted)
}

/// The sort values of the newest comments on a post, at most [`MAX_ORDERED`], and whether there are more.
fn ordered_nodes(connection: &Connection, post_id: PostId) -> rusqlite::Result<(Vec<Node>, bool)> {
    let mut nodes = super::newest_nodes(connection, post_id, MAX_ORDERED + 1)?;
    let is_truncated = nodes.len() > MAX_ORDERED as usize;
    nodes.truncate(MAX_ORDERED as usize);
    Ok((nodes, is_truncated))
}
