//! The paths of what is a member's own: lists, and saving, following, hiding and muting.

use percent_encoding::utf8_percent_encode;

use super::{FROM, PLAIN, Path, SIGN_UP, TAGGED};
use crate::types::id::{ApiTokenId, CommentId, InvitationId, PostId, UserId};

/// The viewer's saved posts.
pub const SAVED: &str = "/saved";
/// The viewer's saved comments.
pub const SAVED_COMMENTS: &str = "/saved/comments";
/// The posts that the viewer has hidden.
pub const HIDDEN: &str = "/hidden";
/// The users and sites that the viewer has muted.
pub const MUTED: &str = "/muted";
/// The viewer's comments with the replies to them.
pub const THREADS: &str = "/threads";
/// The posts for which the viewer has voted.
pub const UPVOTED: &str = "/upvoted";
/// The comments for which the viewer has voted.
pub const UPVOTED_COMMENTS: &str = "/upvoted/comments";
/// The newest comments of the users whom the viewer follows.
pub const FOLLOWED: &str = "/comments/followed";

/// Revoking a token for the API (DELETE).
#[must_use]
pub fn api_token(id: ApiTokenId) -> Path {
    Path { before: "/user/tokens/", number: id.get(), after: "" }
}

/// Saving a post (POST).
#[must_use]
pub fn save_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/save" }
}

/// Removing a post from the saved ones (POST).
#[must_use]
pub fn unsave_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/unsave" }
}

/// Saving a comment (POST).
#[must_use]
pub fn save_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/save" }
}

/// Removing a comment from the saved ones (POST).
#[must_use]
pub fn unsave_comment(id: CommentId) -> Path {
    Path { before: "/comments/", number: id.get(), after: "/unsave" }
}

/// Hiding a post from the viewer's lists (POST).
#[must_use]
pub fn hide_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/hide" }
}

/// Showing it there again (POST).
#[must_use]
pub fn unhide_post(id: PostId) -> Path {
    Path { before: "/posts/", number: id.get(), after: "/unhide" }
}

/// Muting a user (POST).
#[must_use]
pub fn mute_user(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "/mute" }
}

/// Ending that (POST).
#[must_use]
pub fn unmute_user(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "/unmute" }
}

/// Muting a site (POST).
#[must_use]
pub fn mute_site(site: &str) -> String {
    format!("{FROM}/mute?site={}", utf8_percent_encode(site, PLAIN))
}

/// Ending that (POST).
#[must_use]
pub fn unmute_site(site: &str) -> String {
    format!("{FROM}/unmute?site={}", utf8_percent_encode(site, PLAIN))
}

/// Muting a tag (POST).
#[must_use]
pub fn mute_tag(tag: &str) -> String {
    format!("{TAGGED}/mute?tag={}", utf8_percent_encode(tag, PLAIN))
}

/// Ending that (POST).
#[must_use]
pub fn unmute_tag(tag: &str) -> String {
    format!("{TAGGED}/unmute?tag={}", utf8_percent_encode(tag, PLAIN))
}

/// Following a user (POST).
#[must_use]
pub fn follow(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "/follow" }
}

/// Ending that (POST).
#[must_use]
pub fn unfollow(id: UserId) -> Path {
    Path { before: "/users/", number: id.get(), after: "/unfollow" }
}

/// The comments of the user with this name, with the replies to them.
#[must_use]
pub fn threads_of(screen_name: &str) -> String {
    format!("{THREADS}?{}", serde_urlencoded::to_string([("id", screen_name)]).unwrap_or_default())
}

/// Withdrawing an invitation (POST).
#[must_use]
pub fn withdraw(id: InvitationId) -> Path {
    Path { before: "/invitations/", number: id.get(), after: "/withdraw" }
}

/// The users whom a user invited, and whom these invited.
#[must_use]
pub fn invited_by(id: UserId) -> Path {
    Path { before: "/invitations/tree?of=", number: id.get(), after: "" }
}

/// The form for signing up by the invitation with this token.
#[must_use]
pub fn invitation(token: impl std::fmt::Display) -> String {
    format!("{SIGN_UP}?invitation={token}")
}
