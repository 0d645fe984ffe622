//! Flashes: a notice about the previous request, shown once, on the next page.
//!
//! A cookie carries the code of one of the sentences below, so that a forged cookie cannot show any other
//! text, and the number of the post or comment about which the page makes an [`Offer`].

use std::time::Duration;

use super::Cx;
use super::cookie::{self, Header};
use super::paths::{self, Path};
use crate::types::id::{CommentId, PostId, UserId, number_from_path};
use crate::types::time::MINUTE;

/// If no page follows, because the tab was closed, the flash must not appear the next day.
const MAX_AGE: Duration = MINUTE;

macro_rules! flashes {
    ($($name:ident $code:literal $text:literal)+) => {
        /// A notice about the previous request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Flash { $(#[doc = $text] $name),+ }

        impl Flash {
            const ALL: &[Flash] = &[$(Flash::$name),+];

            /// Its code in the cookie.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Flash::$name => $code),+ }
            }

            /// The sentence.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Flash::$name => $text),+ }
            }
        }
    };
}

flashes! {
    SignedUp "signed-up" "Welcome! You have signed up successfully."
    SignedIn "signed-in" "You have been signed in."
    PasswordReset "password-reset" "Your password was changed. Sign in with the new one."
    ResetAsked "reset-asked" "If that is a user with a confirmed address, a link is on its way by mail."
    AddressAsked "address-asked" "A mail with a link is on its way. The link confirms the address."
    AddressConfirmed "address-confirmed" "The address is confirmed."
    RepliesChosen "replies-chosen" "Replies by mail: your choice is saved."
    AddressRemoved "address-removed" "Your address was removed."
    TokenRevoked "token-revoked" "The token is revoked."
    SignedOut "signed-out" "That session has been successfully logged out."
    SignedOutElsewhere "signed-out-elsewhere" "You have been signed out everywhere else."
    ProfileUpdated "profile-updated" "Profile was successfully updated."
    ProfileDeleted "profile-deleted" "Profile was successfully deleted."
    PostCreated "post-created" "Post was successfully created."
    VoteCast "vote-cast" "Your vote was counted."
    PostVotedFor "post-voted-for" "Already posted — your vote was added."
    PostThere "post-there" "That was already posted."
    DraftDiscarded "draft-discarded" "Your draft was discarded."
    PostUpdated "post-updated" "Post was successfully updated."
    PostDestroyed "post-destroyed" "Post was successfully destroyed."
    PostDestroyedBefore "post-destroyed-before" "Post was already deleted."
    PostRestored "post-restored" "Post was successfully restored."
    VersionStruck "version-struck" "The version is struck."
    CommentCreated "comment-created" "Comment was successfully created."
    CommentUpdated "comment-updated" "Comment was successfully updated."
    CommentDestroyed "comment-destroyed" "Comment was successfully destroyed."
    CommentDestroyedBefore "comment-destroyed-before" "Comment was already deleted."
    CommentRestored "comment-restored" "Comment was successfully restored."
    PreferencesSaved "preferences-saved" "Preferences were successfully saved."
    PostSaved "post-saved" "Saved. Your own page leads to your saved posts."
    PostUnsaved "post-unsaved" "It is no longer among your saved posts."
    CommentSaved "comment-saved" "Saved. Your own page leads to your saved comments."
    CommentUnsaved "comment-unsaved" "It is no longer among your saved comments."
    InboxRead "inbox-read" "All of it is read."
    DiscussionMuted "discussion-muted" "Muted: nothing of that discussion comes into your inbox any more."
    DiscussionUnmuted "discussion-unmuted" "That discussion comes into your inbox again."
    Followed "followed" "You follow them now: you find their comments under New. They are not told."
    Unfollowed "unfollowed" "You do not follow them any more."
    PostHidden "post-hidden" "Hidden: lists do not show you that post any more."
    PostUnhidden "post-unhidden" "Lists show you that post again."
    UserMuted "user-muted" "Muted: their posts leave your lists, and their comments are folded. They are not told."
    UserUnmuted "user-unmuted" "You see their posts and comments again."
    SiteMuted "site-muted" "Muted: links to that site leave your lists."
    SiteUnmuted "site-unmuted" "Links to that site are in your lists again."
    TagMuted "tag-muted" "Muted: posts with that tag leave your lists."
    TagUnmuted "tag-unmuted" "Posts with that tag are in your lists again."
    FeedRenewed "feed-renewed" "The feed of your inbox has a new address."
    Flagged "flagged" "Thank you. An admin will look at it."
    FlaggedAgain "flagged-again" "You had flagged it before. It has the new reason now."
    Unflagged "unflagged" "Your flag was taken back."
    InvitationMade "invitation-made" "Here is the link. No page shows it again."
    InvitationWithdrawn "invitation-withdrawn" "Withdrawn: nobody can sign up with that link any more."
    Vouched "vouched" "You vouch for it. It is back when enough others do."
    VouchedBack "vouched-back" "It is back."
    BecameAdmin "became-admin" "You are the admin now. These are the settings of your site."
    SettingsSaved "settings-saved" "Settings were successfully saved."
    ErrorResolved "error-resolved" "Resolved. If it occurs again, it is open again."
    ErrorReopened "error-reopened" "It is open again."
    CopyBegun "copy-begun" "A copy is being restored. This page says when it is there."
    CopyDeleted "copy-deleted" "The copy is deleted."
    LogoSaved "logo-saved" "The logo is saved."
    LogoRemoved "logo-removed" "The logo is removed."
    Moderated "moderated" "Done. It is in the moderation log."
}

/// What follows the code when the form was made for a guest, and was sent by a user: the page names the user.
const BY_USER: &str = ".by-user";
/// What stands between the code and the number of the post or comment that the flash is about.
const ABOUT: &str = ".of-";

/// What a user can do about a flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Undoing it: the address to which the button is sent.
    Undo(Path),
    /// Posting the link nevertheless: the form for that.
    Repost(Path),
}

/// A flash on the page that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub flash: Flash,
    /// What the user can do about it.
    pub offer: Option<Offer>,
    /// Whether the page names the viewer, because the form was made for a guest.
    pub names_sender: bool,
}

impl Notice {
    /// The notice that the request's cookie names.
    #[must_use]
    pub fn of(cx: &Cx) -> Option<Notice> {
        let value = cookie::get(cx, "flash")?;
        let by_user = value.strip_suffix(BY_USER);
        let value = by_user.unwrap_or(value);
        let (code, about) = value.split_once(ABOUT).unwrap_or((value, ""));
        let flash = Flash::ALL.iter().copied().find(|flash| flash.code() == code)?;
        let offer = number_from_path(about).and_then(|number| flash.offer(number));
        Some(Notice { flash, offer, names_sender: by_user.is_some() })
    }
}

impl Flash {
    /// What the user can do about it, where it is about the post or comment with this number.
    #[must_use]
    pub fn offer(self, number: i64) -> Option<Offer> {
        match self {
            Flash::PostDestroyed | Flash::PostDestroyedBefore => {
                Some(Offer::Undo(paths::undo_post(PostId::new(number))))
            }
            Flash::CommentDestroyed | Flash::CommentDestroyedBefore => {
                Some(Offer::Undo(paths::undo_comment(CommentId::new(number))))
            }
            Flash::PostHidden => Some(Offer::Undo(paths::unhide_post(PostId::new(number)))),
            Flash::UserMuted => Some(Offer::Undo(paths::unmute_user(UserId::new(number)))),
            Flash::PostVotedFor | Flash::PostThere => Some(Offer::Repost(paths::repost(PostId::new(number)))),
            _ => None,
        }
    }

    /// `Set-Cookie` that shows it on the next page; `about` is the number of the post or comment that it is about,
    /// where its [`Offer`] needs that.
    #[must_use]
    pub fn cookie(self, cx: &Cx, about: Option<i64>) -> Header {
        let mut value = self.code().to_owned();
        if let Some(number) = about {
            value += &format!("{ABOUT}{number}");
        }
        if cx.sender().is_some() {
            value += BY_USER;
        }
        cookie::set(cx, "flash", value, MAX_AGE)
    }

    /// `Set-Cookie` for the page that shows a flash: it deletes the cookie.
    #[must_use]
    pub fn shown(cx: &Cx) -> Header {
        cookie::clear(cx, "flash")
    }
}
