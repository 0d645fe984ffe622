//! The values of the API, made of those of the nouns.

use super::super::{Author, Comment, InboxItem, Post, User, Why};
use crate::comment::{self, Rows};
use crate::inbox;
use crate::post::{self, PostDetail, Relation};
use crate::tag;
use crate::types::id::PostId;
use crate::user;

fn author(author: Option<user::Author>) -> Option<Author> {
    author.map(|author| Author { id: author.id.get(), name: author.screen_name.into() })
}

pub(super) fn user(user: user::User) -> User {
    User {
        id: user.id.get(),
        name: user.screen_name,
        about: user.about,
        created_at: user.created_at.rfc_3339(),
        karma: user.karma,
        posts_count: user.posts_count,
        comments_count: user.comments_count,
        is_admin: user.is_admin,
        is_banned: user.banned.is_some(),
    }
}

/// A post in a list.
pub(super) fn listed(post: post::Post, relation: Relation) -> Post {
    Post {
        id: post.id.get(),
        title: post.title.into(),
        url: post.link.map(|link| link.url.to_string()),
        text: None,
        author: author(post.author),
        tags: tag::each(&post.tags).map(str::to_owned).collect(),
        created_at: post.created_at.rfc_3339(),
        score: Some(post.score),
        comments_count: post.comments_count,
        is_voted: relation.is_voted,
        is_hidden: None,
        is_saved: None,
        is_flagged: None,
        is_open: None,
    }
}

pub(super) fn post(detail: PostDetail) -> Post {
    let (is_hidden, is_open) = (detail.state().is_hidden(), detail.takes_comments());
    let PostDetail { post, description, relation, is_saved, is_flagged, .. } = detail;
    let score = post.score;
    Post {
        text: Some(description.to_string()),
        is_hidden: Some(is_hidden),
        score: (!is_hidden).then_some(score),
        is_saved: Some(is_saved),
        is_flagged: Some(is_flagged),
        is_open: Some(is_open),
        ..listed(post, relation)
    }
}

pub(super) fn comment(post_id: PostId, comment: comment::Comment, replies_count: i64) -> Comment {
    let is_shown = !comment.state().is_hidden();
    Comment {
        id: comment.id.get(),
        post_id: post_id.get(),
        parent_id: comment.parent_id.map(|id| id.get()),
        text: comment.body.to_string(),
        author: author(comment.author),
        created_at: comment.created_at.rfc_3339(),
        edited_at: comment.edited_at.filter(|_| is_shown).map(|at| at.rfc_3339()),
        score: is_shown.then_some(comment.score),
        replies_count,
        is_voted: comment.is_voted,
        is_flagged: comment.is_flagged,
        is_removed: comment.remover.is_some(),
    }
}

/// The comments of a page.
pub(super) fn thread(post_id: PostId, thread: comment::Thread) -> Vec<Comment> {
    match thread.rows {
        Rows::Read(rows) => {
            rows.into_iter().map(|(row, comment)| self::comment(post_id, comment, row.replies)).collect()
        }
        // Only pages for readers share lists.
        Rows::Shared { .. } => Vec::new(),
    }
}

pub(super) fn inbox_item(item: inbox::Item) -> InboxItem {
    InboxItem {
        comment_id: item.comment_id.get(),
        post_id: item.post_id.get(),
        post_title: item.post_title.into(),
        why: match item.why {
            inbox::Why::Post => Why::Post,
            inbox::Why::Comment => Why::Comment,
            inbox::Why::Mention => Why::Mention,
        },
        is_unread: item.is_unread,
        text: item.body,
        author: author(item.author),
        created_at: item.created_at.rfc_3339(),
    }
}
