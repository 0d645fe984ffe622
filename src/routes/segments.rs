//! What the segments of a path say. Each error is [`Error::NotFound`].

use crate::types::id::{
    ApiTokenId, CommentId, DraftId, ErrorGroupId, InvitationId, PostId, SessionId, UserId, VersionId,
    number_from_path,
};
use crate::web::{Error, Result};

pub(super) fn post_id(segment: &str) -> Result<PostId> {
    PostId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn comment_id(segment: &str) -> Result<CommentId> {
    CommentId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn user_id(segment: &str) -> Result<UserId> {
    UserId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn draft_id(segment: &str) -> Result<DraftId> {
    DraftId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn session_id(segment: &str) -> Result<SessionId> {
    SessionId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn token_id(segment: &str) -> Result<ApiTokenId> {
    ApiTokenId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn version_id(segment: &str) -> Result<VersionId> {
    VersionId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn invitation_id(segment: &str) -> Result<InvitationId> {
    InvitationId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn error_id(segment: &str) -> Result<ErrorGroupId> {
    ErrorGroupId::from_path(segment).ok_or(Error::NotFound)
}

pub(super) fn number(segment: &str) -> Result<i64> {
    number_from_path(segment).ok_or(Error::NotFound)
}

/// The part of a segment between `before` and `after`; empty, which is no number, where either is missing.
pub(super) fn inside<'s>(before: &str, segment: &'s str, after: &str) -> &'s str {
    segment.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap_or_default()
}
