//! Links from a comment to those around it on the page.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::comment::MAX_LEVELS;
use crate::comment::tree::Row;
use crate::html::text::Id;
use crate::types::id::CommentId;

/// The comments around a comment, as far as the page shows them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Near {
    /// The first comment of its thread; `None` where that is the parent.
    pub root: Option<CommentId>,
    /// The comment to which it replies.
    pub parent: Option<CommentId>,
    /// The reply to its parent that stands before it.
    pub previous: Option<CommentId>,
    /// The reply to its parent that stands after it.
    pub next: Option<CommentId>,
}

/// The comments around each row of a page, in one pass.
pub(super) fn nears(rows: impl Iterator<Item = Row>) -> Vec<Near> {
    let mut nears: Vec<Near> = Vec::new();
    // At each level the last row, if it is a possible parent or sibling of the next row.
    let mut last: Vec<(usize, CommentId)> = Vec::with_capacity(MAX_LEVELS);
    for (at, Row { id, level, .. }) in rows.enumerate() {
        let sibling = last.get(level).copied();
        last.truncate(level);
        let parent = last.last().map(|(_, id)| *id);
        let root = last.first().map(|(_, id)| *id).filter(|root| Some(*root) != parent);
        if let Some((sibling, _)) = sibling {
            nears[sibling].next = Some(id);
        }
        nears.push(Near { root, parent, previous: sibling.map(|(_, id)| id), next: None });
        last.push((at, id));
    }
    nears
}

impl Near {
    /// The links, in an element beside the byline; nothing where there are none.
    pub(super) fn links(self) -> impl Render {
        let Near { root, parent, previous, next } = self;
        owned_html! {
            @ if self != Near::default() {
                : Raw("<span class=near>");
                @ if let Some(id) = root { : Raw("<a class=root href="); : place(id); : Raw(">root</a> ") }
                @ if let Some(id) = parent { : Raw("<a href="); : place(id); : Raw(">parent</a> ") }
                @ if let Some(id) = previous { : Raw("<a class=previous href="); : place(id); : Raw(">prev</a> ") }
                @ if let Some(id) = next { : Raw("<a href="); : place(id); : Raw(">next</a> ") }
                : Raw("</span>");
            }
        }
    }
}

/// The place of a comment on the page.
fn place(id: CommentId) -> Id {
    Id("#comment_", id.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::tree::HiddenReplies;

    #[test]
    fn a_row_knows_those_around_it() {
        let rows = [(1, 0), (2, 1), (3, 2), (4, 2), (5, 1), (6, 0)].map(|(id, level)| Row {
            id: CommentId::new(id),
            origin: 0,
            level,
            replies: 0,
            hidden: HiddenReplies::None,
        });
        let near = |root: i64, parent: i64, previous: i64, next: i64| {
            let [root, parent, previous, next] =
                [root, parent, previous, next].map(|id| (id > 0).then(|| CommentId::new(id)));
            Near { root, parent, previous, next }
        };
        let expected = [
            near(0, 0, 0, 6),
            near(0, 1, 0, 5),
            near(1, 2, 0, 4),
            near(1, 2, 3, 0),
            near(0, 1, 2, 0),
            near(0, 0, 1, 0),
        ];
        assert_eq!(nears(rows.into_iter()), expected);
    }
}
