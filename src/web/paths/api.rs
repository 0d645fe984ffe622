//! The addresses of things at the site's own API.

use super::Path;
use crate::types::id::{CommentId, PostId};

/// A post at the API.
#[must_use]
pub fn api_post(id: PostId) -> Path {
    Path { before: "/api/site/posts/", number: id.get(), after: "" }
}

/// A comment at the API.
#[must_use]
pub fn api_comment(id: CommentId) -> Path {
    Path { before: "/api/site/comments/", number: id.get(), after: "" }
}

/// The post of an [`api_post`].
#[must_use]
pub fn api_post_at(path: &str) -> Option<PostId> {
    PostId::from_path(path.strip_prefix("/api/site/posts/")?)
}

/// The comment of an [`api_comment`].
#[must_use]
pub fn api_comment_at(path: &str) -> Option<CommentId> {
    CommentId::from_path(path.strip_prefix("/api/site/comments/")?)
}
