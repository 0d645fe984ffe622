//! The order of a discussion: parents and replies, siblings by score, and the part that fits on a page.
//!
//! Nothing here is recursive: a chain of replies has no bound, a thread's stack has.

use crate::types::cursor::{Cursor, START};
use crate::types::id::CommentId;
use crate::types::time::Timestamp;

/// The most comments on a page of a post or of a comment.
pub const PAGE_SIZE: u32 = 200;
/// The most bytes of text on a page of a post or of a comment: a kilobyte for each comment of a full page. One
/// comment always has room.
pub const MAX_PAGE_TEXT: u32 = 200 * 1024;
/// The most levels of nested comments on a page; deeper replies are on a page of their own. More would leave
/// too little width for the text, and browsers stop nesting elements at some 500. (A reply that is added in
/// place may be nested deeper until the page is reloaded, but is not indented further: `styles/app.css`.)
pub const MAX_LEVELS: usize = 8;
/// The values of a comment by which a discussion is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: CommentId,
    /// The comment to which it replies; `None`: it is on the post itself.
    pub parent_id: Option<CommentId>,
    /// The score: one for the author, and one for each vote.
    pub score: i64,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The length of its text, in bytes; 0 where the text is not shown.
    pub bytes: u32,
}

impl Node {
    /// The place among siblings.
    fn place(&self) -> (i64, Timestamp, CommentId) {
        (-self.score, self.created_at, self.id)
    }
}

/// The ids of siblings in their order.
#[must_use]
pub fn sorted(mut siblings: Vec<Node>) -> Vec<CommentId> {
    siblings.sort_unstable_by_key(Node::place);
    siblings.into_iter().map(|node| node.id).collect()
}

/// The comments on a post, sorted. Siblings stand by score (falling), then by age (oldest first), then by id,
/// so that only a vote moves them. A reply whose parent is not in the tree stands at the top level.
pub struct Tree {
    /// Sorted as siblings are, across all parents. An index in the other fields is a position in here.
    nodes: Vec<Node>,
    /// For each node, its position in the slice from which the tree was built.
    origins: Vec<usize>,
    /// The indices, sorted by comment id.
    by_id: Vec<usize>,
    parents: Vec<Option<usize>>,
    first_replies: Vec<Option<usize>>,
    next_siblings: Vec<Option<usize>>,
    /// For each node, the number of its direct replies.
    replies: Vec<i64>,
    first: Option<usize>,
}

/// A comment on a page. Its parent on the page is the last row before it with a smaller level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: CommentId,
    /// Its position in the slice from which the tree was built.
    pub origin: usize,
    /// Its depth on the page: 0 at the margin, less than [`MAX_LEVELS`].
    pub level: usize,
    /// The number of its direct replies, on this page or not.
    pub replies: i64,
    /// Its replies that this page does not show.
    pub hidden: HiddenReplies,
}

/// The direct replies to a comment that a page leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenReplies {
    /// No reply is left out.
    None,
    /// All: the level would be too deep, or the page is full.
    All,
    /// The replies after this cursor.
    After(Cursor),
}

/// The contents of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The comments in reading order.
    pub rows: Vec<Row>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<Cursor>,
}

/// The page on which a comment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentPage {
    /// The comment whose page it is; `None`: the post's page.
    pub root: Option<CommentId>,
    /// The cursor after which the replies on it begin.
    pub after: Cursor,
}

/// A list of siblings in course of being laid out. `row`: the row of their parent; `shown`: the last sibling
/// on the page; `next`: the next one.
struct OpenReplies {
    row: Option<usize>,
    shown: Option<usize>,
    next: Option<usize>,
}

impl Tree {
    /// Sorts the comments.
    #[must_use]
    pub fn of(unordered: &[Node]) -> Tree {
        let count = unordered.len();
        let mut origins: Vec<usize> = (0..count).collect();
        origins.sort_unstable_by_key(|&origin| unordered[origin].place());
        let nodes: Vec<Node> = origins.iter().map(|&origin| unordered[origin]).collect();
        let mut by_id: Vec<usize> = (0..count).collect();
        by_id.sort_unstable_by_key(|&at| nodes[at].id);
        let mut tree = Tree {
            nodes,
            origins,
            by_id,
            parents: vec![None; count],
            first_replies: vec![None; count],
            next_siblings: vec![None; count],
            replies: vec![0; count],
            first: None,
        };
        // From the last to the first: each node becomes its parent's first reply, before those linked so far.
        for at in (0..count).rev() {
            let parent = tree.nodes[at].parent_id.and_then(|id| tree.find(id));
            tree.parents[at] = parent;
            let first = match parent {
                Some(parent) => {
                    tree.replies[parent] += 1;
                    &mut tree.first_replies[parent]
                }
                None => &mut tree.first,
            };
            tree.next_siblings[at] = first.replace(at);
        }
        tree
    }

    fn find(&self, id: CommentId) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |&at| self.nodes[at].id);
        found.ok().map(|index| self.by_id[index])
    }

    fn cursor(&self, at: usize) -> Cursor {
        Cursor { key: self.nodes[at].score, id: self.nodes[at].id.get() }
    }

    /// The first reply to `parent` that stands after cursor `place`. The comment at the cursor may have been
    /// deleted or have another score since.
    fn first_after(&self, parent: Option<usize>, place: Cursor) -> Option<usize> {
        let place_id = CommentId::new(place.id);
        let created_at = self.find(place_id).map(|at| self.nodes[at].created_at);
        let is_after = |at: usize| {
            let Node { id, score, created_at: made, .. } = self.nodes[at];
            let is_younger =
                created_at.map_or(id > place_id, |created_at| (made, id) > (created_at, place_id));
            score < place.key || (score == place.key && is_younger)
        };
        let mut next = parent.map_or(self.first, |parent| self.first_replies[parent]);
        while let Some(at) = next.filter(|&at| !is_after(at)) {
            next = self.next_siblings[at];
        }
        next
    }

    /// Lays out a page of the replies to `root` (`None`: of the whole discussion) that stand after a cursor:
    /// at most [`PAGE_SIZE`] rows with at most [`MAX_PAGE_TEXT`] bytes of text, less than [`MAX_LEVELS`] deep.
    /// A page that has no room even for its first reply shows that one nevertheless. [`Row::hidden`] tells
    /// where replies are left out. Empty when `root` is not in the tree.
    #[must_use]
    pub fn layout(&self, root: Option<CommentId>, after: Cursor) -> Layout {
        let mut layout = Layout::default();
        let mut open: Vec<OpenReplies> = Vec::with_capacity(MAX_LEVELS + 1);
        let mut bytes: u32 = 0;
        let root = match root.map(|id| self.find(id)) {
            Some(None) => return layout,
            Some(Some(root)) => {
                layout.rows.push(self.row(root, 0));
                bytes = self.nodes[root].bytes;
                Some(root)
            }
            None => None,
        };
        let own_rows = layout.rows.len();
        open.push(OpenReplies { row: root.map(|_| 0), shown: None, next: self.first_after(root, after) });
        while let Some(last) = open.last_mut() {
            let Some(at) = last.next else {
                open.pop();
                continue;
            };
            bytes = bytes.saturating_add(self.nodes[at].bytes);
            let has_no_room = bytes > MAX_PAGE_TEXT && layout.rows.len() > own_rows;
            if has_no_room || layout.rows.len() >= PAGE_SIZE as usize {
                break;
            }
            (last.shown, last.next) = (Some(at), self.next_siblings[at]);
            let level = open.len() - usize::from(root.is_none());
            let mut row = self.row(at, level);
            let first = self.first_replies[at];
            if first.is_some() && level + 1 < MAX_LEVELS {
                open.push(OpenReplies { row: Some(layout.rows.len()), shown: None, next: first });
            } else if first.is_some() {
                row.hidden = HiddenReplies::All;
            }
            layout.rows.push(row);
        }
        // The page is full: the rows of the lists that are not finished tell where these go on.
        for OpenReplies { row, shown, next } in open {
            let place = shown.filter(|_| next.is_some()).map(|at| self.cursor(at));
            match row {
                None => layout.next = place,
                Some(_) if next.is_none() => {}
                Some(row) => layout.rows[row].hidden = place.map_or(HiddenReplies::All, HiddenReplies::After),
            }
        }
        layout
    }

    fn row(&self, at: usize, level: usize) -> Row {
        let (id, origin, replies) = (self.nodes[at].id, self.origins[at], self.replies[at]);
        Row { id, origin, level, replies, hidden: HiddenReplies::None }
    }

    /// The page that shows a comment: the first page of the discussion if the comment is on it, else the
    /// first page of its parent, else a page that begins with it. A comment outside the tree has only its own
    /// page.
    #[must_use]
    pub fn page_of(&self, id: CommentId) -> CommentPage {
        let shows = |root: Option<CommentId>| self.layout(root, START).rows.iter().any(|row| row.id == id);
        let found = self.find(id);
        let parent = found.and_then(|at| self.parents[at]);
        let root = parent.map(|parent| self.nodes[parent].id);
        match found {
            Some(at) if !shows(None) => {
                let is_first = root.is_some() && shows(root);
                let after = if is_first { START } else { self.before(parent, at) };
                CommentPage { root, after }
            }
            Some(_) => CommentPage { root: None, after: START },
            None => CommentPage { root: Some(id), after: START },
        }
    }

    /// The cursor before a sibling: that of the one before it, or [`START`].
    fn before(&self, parent: Option<usize>, at: usize) -> Cursor {
        let mut before = START;
        let mut next = parent.map_or(self.first, |parent| self.first_replies[parent]);
        while let Some(sibling) = next.filter(|&sibling| sibling != at) {
            before = self.cursor(sibling);
            next = self.next_siblings[sibling];
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, VecDeque};

    fn node(id: i64, parent_id: Option<i64>, score: i64, micros: i64) -> Node {
        let parent_id = parent_id.map(CommentId::new);
        Node {
            id: CommentId::new(id),
            parent_id,
            score,
            created_at: Timestamp::from_micros(micros),
            bytes: 500,
        }
    }

    fn shown(layout: &Layout) -> Vec<(i64, usize)> {
        layout.rows.iter().map(|row| (row.id.get(), row.level)).collect()
    }

    #[test]
    fn siblings_are_sorted_by_score_then_age_then_id() {
        let tree = Tree::of(&[
            node(1, None, 1, 10),
            node(2, None, 5, 20),
            node(3, None, 1, 9),
            node(4, None, 1, 10),
            node(5, Some(1), 1, 30),
            node(6, Some(1), 2, 40),
            node(7, Some(6), 9, 50),
            node(8, Some(99), 2, 50),
        ]);
        let layout = tree.layout(None, START);
        assert_eq!(shown(&layout), [(2, 0), (8, 0), (3, 0), (1, 0), (6, 1), (7, 2), (5, 1), (4, 0)]);
        assert_eq!(layout.next, None);
        assert_eq!((layout.rows[3].replies, layout.rows[3].origin), (2, 0));
        assert_eq!(shown(&tree.layout(Some(CommentId::new(6)), START)), [(6, 0), (7, 1)]);
        assert_eq!(shown(&tree.layout(Some(CommentId::new(98)), START)), []);
        assert_eq!(shown(&Tree::of(&[]).layout(None, START)), []);
        let absent = CommentId::new(98);
        assert_eq!(tree.page_of(CommentId::new(8)), CommentPage { root: None, after: START });
        assert_eq!(tree.page_of(absent), CommentPage { root: Some(absent), after: START });
    }

    #[test]
    fn a_chain_is_cut_at_the_deepest_level() {
        let nodes: Vec<Node> = (1..=100_000).map(|id| node(id, (id > 1).then_some(id - 1), 1, id)).collect();
        let tree = Tree::of(&nodes);
        let layout = tree.layout(None, START);
        assert_eq!(layout.rows.len(), MAX_LEVELS);
        let hidden: BTreeSet<bool> =
            layout.rows.iter().map(|row| row.hidden == HiddenReplies::None).collect();
        assert_eq!(hidden.len(), 2);
        assert_eq!(layout.rows.last().map(|row| row.hidden), Some(HiddenReplies::All));
        let place = tree.page_of(CommentId::new(100_000));
        assert_eq!(place, CommentPage { root: Some(CommentId::new(99_999)), after: START });
        assert_eq!(shown(&tree.layout(place.root, place.after)), [(99_999, 0), (100_000, 1)]);
    }

    impl Tree {
        fn bytes(&self, id: CommentId) -> u32 {
            self.nodes[self.find(id).expect("it is in the tree")].bytes
        }
    }

    #[test]
    fn a_page_has_room_for_a_bounded_number_of_bytes() {
        let long = |id, parent_id| Node { bytes: MAX_PAGE_TEXT / 2, ..node(id, parent_id, 1, id) };
        let mut nodes =
            vec![long(1, None), long(2, Some(1)), long(3, Some(2)), long(4, Some(1)), long(5, None)];
        let tree = Tree::of(&nodes);
        let layout = tree.layout(None, START);
        assert_eq!(shown(&layout), [(1, 0), (2, 1)]);
        let first = Cursor { key: 1, id: 1 };
        let second = Cursor { key: 1, id: 2 };
        assert_eq!(layout.next, Some(first));
        assert_eq!(layout.rows[0].hidden, HiddenReplies::After(second));
        assert_eq!(layout.rows[1].hidden, HiddenReplies::All);
        assert_eq!(shown(&tree.layout(None, first)), [(5, 0)]);
        assert_eq!(shown(&tree.layout(Some(CommentId::new(1)), second)), [(1, 0), (4, 1)]);
        assert_eq!(shown(&tree.layout(Some(CommentId::new(2)), START)), [(2, 0), (3, 1)]);
        let place = tree.page_of(CommentId::new(3));
        assert_eq!(place, CommentPage { root: Some(CommentId::new(2)), after: START });
        // A page shows one comment even if it is too long: no page is smaller.
        nodes[4].bytes = 2 * MAX_PAGE_TEXT;
        assert_eq!(shown(&Tree::of(&nodes).layout(None, first)), [(5, 0)]);
    }

    /// The ids on all pages that are reached by following every link from the first page, with repetitions.
    fn walk(tree: &Tree) -> Vec<i64> {
        let mut seen = Vec::new();
        let mut pages = VecDeque::from([(None, START)]);
        while let Some((root, after)) = pages.pop_front() {
            let layout = tree.layout(root, after);
            assert!(layout.rows.len() <= PAGE_SIZE as usize);
            assert!(layout.rows.iter().all(|row| row.level < MAX_LEVELS));
            let own_row = usize::from(root.is_some());
            let bytes: u32 = layout.rows.iter().map(|row| tree.bytes(row.id)).sum();
            assert!(bytes <= MAX_PAGE_TEXT || layout.rows.len() == own_row + 1, "{bytes}");
            seen.extend(layout.rows[own_row..].iter().map(|row| row.id.get()));
            pages.extend(layout.next.map(|next| (None, next)));
            for row in &layout.rows {
                match row.hidden {
                    HiddenReplies::None => {}
                    HiddenReplies::All => pages.push_back((Some(row.id), START)),
                    HiddenReplies::After(place) => pages.push_back((Some(row.id), place)),
                }
            }
        }
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn links_lead_to_each_comment_once(
            shape in prop::collection::vec((0..100usize, 1..4i64, 0..50i64), 0..1500),
            bushy in any::<bool>(),
            texts in prop::collection::vec(prop_oneof![Just(300), 0..40_000u32, Just(MAX_PAGE_TEXT + 1)], 1..20),
        ) {
            let mut nodes: Vec<Node> = Vec::new();
            for (number, (parent, score, created_at)) in shape.into_iter().enumerate() {
                // A few comments with very many replies, or long chains.
                let parent = if bushy { parent } else { number.saturating_sub(parent / 30) };
                let parent_id = nodes.get(parent).map(|parent| parent.id.get());
                let bytes = texts[number % texts.len()];
                nodes.push(Node { bytes, ..node(number as i64 + 1, parent_id, score, created_at) });
            }
            let tree = Tree::of(&nodes);
            let mut seen = walk(&tree);
            seen.sort_unstable();
            prop_assert_eq!(seen, (1..=nodes.len() as i64).collect::<Vec<_>>());
            for id in nodes.iter().map(|node| node.id).step_by(97) {
                let CommentPage { root, after } = tree.page_of(id);
                prop_assert!(tree.layout(root, after).rows.iter().any(|row| row.id == id));
            }
        }
    }
}
