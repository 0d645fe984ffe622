//! Moderation: admins remove, lock and ban. Each decision has a reason, can be reversed, and is in a public
//! log. The site itself hides what users flag, and shows again that for which users vouch ([`crate::dead`]).
//!
//! A removed post or comment keeps its author, text and votes in its row, so that it can be restored.
//! Its `deleted_at` is set, so that no list shows it and no count includes it.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::text::{self, is_blank};
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::visibility::Remover;
use crate::vote::Target;
use crate::web::form::{Errors, Form};
use crate::web::paths::{self, Path};

/// The subject of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A post.
    Post(PostId),
    /// A comment.
    Comment(CommentId),
    /// A user.
    User(UserId),
}

impl From<Target> for Subject {
    fn from(target: Target) -> Subject {
        match target {
            Target::Post(id) => Subject::Post(id),
            Target::Comment(id) => Subject::Comment(id),
        }
    }
}

impl Subject {
    /// The subject in the log's columns: its noun, and its id in the column of that noun.
    #[must_use]
    pub fn columns(self) -> (&'static str, Option<PostId>, Option<CommentId>, Option<UserId>) {
        match self {
            Subject::Post(id) => ("post", Some(id), None, None),
            Subject::Comment(id) => ("comment", None, Some(id), None),
            Subject::User(id) => ("user", None, None, Some(id)),
        }
    }

    /// The subject's public page.
    #[must_use]
    pub fn address(self) -> Path {
        match self {
            Subject::Post(id) => paths::post(id),
            Subject::Comment(id) => paths::comment(id),
            Subject::User(id) => paths::user(id),
        }
    }

    /// The page on which an admin decides about the subject.
    #[must_use]
    pub fn moderation_path(self) -> Path {
        match self {
            Subject::Post(id) => paths::moderate_post(id),
            Subject::Comment(id) => paths::moderate_comment(id),
            Subject::User(id) => paths::moderate_user(id),
        }
    }
}

/// An action of an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModerationAction {
    /// Hides a post or comment.
    Remove,
    /// Shows a removed post or comment again.
    Restore,
    /// Closes the discussion of a post.
    Lock,
    /// Opens it again.
    Unlock,
    /// Takes from a user all rights but reading and deleting their account.
    Ban,
    /// Gives these rights back.
    Unban,
    /// Deletes the flags of a post or comment and leaves it as it is.
    Dismiss,
    /// Makes a link with which a user sets a new password.
    Reset,
    /// Changes the settings of the site.
    Configure,
    /// Makes a user an admin, the first one.
    Appoint,
    /// Takes the words of an earlier version of a post or comment away ([`crate::version`]).
    Strike,
    /// Changes the title or the link of a post.
    Retitle,
    /// Removes a post whose comments go to another, to which its address leads ([`crate::moving`]).
    Merge,
    /// Moves a comment with its replies to another post, or out of its thread.
    Move,
    /// Withdraws the open invitations of a user.
    Uninvite,
    /// Hides a post or comment that users have flagged: an act of the site.
    Kill,
    /// Shows it again, since users have vouched for it: an act of the site.
    Revive,
}

impl ModerationAction {
    const ALL: [ModerationAction; 17] = [
        ModerationAction::Remove,
        ModerationAction::Restore,
        ModerationAction::Lock,
        ModerationAction::Unlock,
        ModerationAction::Ban,
        ModerationAction::Unban,
        ModerationAction::Dismiss,
        ModerationAction::Reset,
        ModerationAction::Configure,
        ModerationAction::Appoint,
        ModerationAction::Strike,
        ModerationAction::Retitle,
        ModerationAction::Merge,
        ModerationAction::Move,
        ModerationAction::Uninvite,
        ModerationAction::Kill,
        ModerationAction::Revive,
    ];

    /// The action's name in forms and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ModerationAction::Remove => "remove",
            ModerationAction::Restore => "restore",
            ModerationAction::Lock => "lock",
            ModerationAction::Unlock => "unlock",
            ModerationAction::Ban => "ban",
            ModerationAction::Unban => "unban",
            ModerationAction::Dismiss => "dismiss",
            ModerationAction::Reset => "reset",
            ModerationAction::Configure => "configure",
            ModerationAction::Appoint => "appoint",
            ModerationAction::Strike => "strike",
            ModerationAction::Retitle => "retitle",
            ModerationAction::Merge => "merge",
            ModerationAction::Move => "move",
            ModerationAction::Uninvite => "uninvite",
            ModerationAction::Kill => "kill",
            ModerationAction::Revive => "revive",
        }
    }

    /// The action of this [`code`](ModerationAction::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<ModerationAction> {
        ModerationAction::ALL.into_iter().find(|action| action.code() == code)
    }

    /// The text of its button.
    #[must_use]
    pub fn button_label(self) -> &'static str {
        match self {
            ModerationAction::Remove => "Remove",
            ModerationAction::Restore => "Restore",
            ModerationAction::Lock => "Lock",
            ModerationAction::Unlock => "Unlock",
            ModerationAction::Ban => "Ban",
            ModerationAction::Unban => "Unban",
            ModerationAction::Dismiss => "Dismiss flags",
            ModerationAction::Reset => "Make a link to set a new password",
            ModerationAction::Configure => "Save settings",
            ModerationAction::Appoint => "Make an admin",
            ModerationAction::Strike => "Strike",
            ModerationAction::Retitle => "Change title",
            ModerationAction::Merge => "Merge into another post",
            ModerationAction::Move => "Move to another post",
            ModerationAction::Uninvite => "Withdraw open invitations",
            ModerationAction::Kill => "Hide",
            ModerationAction::Revive => "Bring back",
        }
    }

    /// The verb in the log, between the admin and the subject.
    #[must_use]
    pub fn past_tense(self) -> &'static str {
        match self {
            ModerationAction::Remove => "removed",
            ModerationAction::Restore => "restored",
            ModerationAction::Lock => "locked",
            ModerationAction::Unlock => "unlocked",
            ModerationAction::Ban => "banned",
            ModerationAction::Unban => "unbanned",
            ModerationAction::Dismiss => "dismissed the flags of",
            ModerationAction::Reset => "made a link to set a new password of",
            ModerationAction::Configure => "changed the settings of",
            ModerationAction::Appoint => "made an admin of",
            ModerationAction::Strike => "struck a version of",
            ModerationAction::Retitle => "changed the title of",
            ModerationAction::Merge => "merged",
            ModerationAction::Move => "moved",
            ModerationAction::Uninvite => "withdrew the open invitations of",
            ModerationAction::Kill => "hid",
            ModerationAction::Revive => "brought back",
        }
    }

    /// Whether the author of the post or comment finds it in the inbox.
    #[must_use]
    pub fn is_told_to_author(self) -> bool {
        matches!(
            self,
            ModerationAction::Remove
                | ModerationAction::Restore
                | ModerationAction::Retitle
                | ModerationAction::Merge
                | ModerationAction::Move
                | ModerationAction::Kill
                | ModerationAction::Revive
        )
    }

    /// Whether the site does it by itself.
    #[must_use]
    pub fn is_by_site(self) -> bool {
        matches!(self, ModerationAction::Kill | ModerationAction::Revive)
    }
}

/// An admin's decision, to be applied and logged.
pub struct Decision<'a> {
    /// The action.
    pub action: ModerationAction,
    /// Its subject.
    pub subject: Subject,
    /// The reason in the log, valid by [`check_reason`].
    pub reason: &'a str,
    /// The time of the decision.
    pub now: Timestamp,
}

/// The result of a [`Decision`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Applied and logged.
    Done,
    /// The subject was in this state before: nothing is changed or logged.
    Unchanged,
    /// The subject does not exist, its author has deleted it, or the action does not apply to it.
    NotFound,
    /// The subject of a ban, or of a link to set a new password, is an admin.
    TargetIsAdmin,
    /// The user is no longer an admin, or the session has ended.
    NotAdmin,
}

/// An entry of the moderation log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The id, which rises with time.
    pub id: i64,
    /// The time of the decision.
    pub created_at: Timestamp,
    /// The admin; `None` once the account is deleted, or where the operator or the site acted.
    pub admin: Option<Author>,
    /// Whether the operator acted, on the command line.
    pub is_by_operator: bool,
    /// The action.
    pub action: ModerationAction,
    /// The noun of the subject: `post`, `comment`, `user` or `site`.
    pub noun: String,
    /// The subject; `None` once its row is gone or its author has deleted it.
    pub subject: Option<Subject>,
    /// The title of a visible post, or the name of a user.
    pub name: Option<String>,
    /// Whether the subject is a user who is an admin now.
    pub is_about_admin: bool,
    /// The post into which a post was merged or to which a comment was moved; `None` once its row is gone.
    pub to: Option<PostId>,
    /// The admin's reason.
    pub reason: String,
}

impl LogEntry {
    /// The entry's position in the log.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id }
    }
}

/// A subject as an admin sees it, with removed texts and with flags.
#[derive(Debug, Clone)]
pub struct SubjectDetail {
    /// The id and its noun.
    pub subject: Subject,
    /// A post's title, or a user's name.
    pub name: Option<String>,
    /// A post's link.
    pub url: Option<String>,
    /// The Markdown of a post's description or of a comment; empty for a user.
    pub text: String,
    /// The author; `None` once the account is deleted, and for a user.
    pub author: Option<Author>,
    /// The one who removed it, if it was.
    pub remover: Option<Remover>,
    /// The post's discussion is locked.
    pub is_locked: bool,
    /// The user is banned.
    pub is_banned: bool,
    /// The user is an admin, whom no admin can ban, nor make a link for.
    pub is_admin: bool,
    /// The author has deleted it, so that its text is gone.
    pub is_deleted: bool,
    /// The number of the user's open invitations.
    pub open_invitations: u32,
    /// Reasons of flags, at most [`MAX_SHOWN_REASONS`](crate::flag::sql::MAX_SHOWN_REASONS).
    pub flags: Vec<String>,
}

impl SubjectDetail {
    /// The actions that apply in its present state.
    #[must_use]
    pub fn allowed_actions(&self) -> Vec<ModerationAction> {
        let choose = |is_applied: bool, undo, apply| if is_applied { undo } else { apply };
        match self.subject {
            _ if self.is_deleted => Vec::new(),
            Subject::User(_) if self.is_admin => Vec::new(),
            Subject::User(_) => {
                let mut actions = vec![
                    choose(self.is_banned, ModerationAction::Unban, ModerationAction::Ban),
                    ModerationAction::Reset,
                ];
                if self.open_invitations > 0 {
                    actions.push(ModerationAction::Uninvite);
                }
                actions
            }
            _ => {
                let mut actions = match self.remover {
                    None => vec![ModerationAction::Remove],
                    Some(Remover::Admin) => vec![ModerationAction::Restore],
                    Some(Remover::Flags) => vec![ModerationAction::Restore, ModerationAction::Remove],
                };
                if matches!(self.subject, Subject::Post(_)) {
                    actions.push(choose(self.is_locked, ModerationAction::Unlock, ModerationAction::Lock));
                }
                // To restore what flags have hidden is to dismiss them.
                if !self.flags.is_empty() && self.remover.is_none() {
                    actions.push(ModerationAction::Dismiss);
                }
                actions
            }
        }
    }
}

/// The least [length](text::length_of_words) of a reason.
const MIN_REASON_LENGTH: usize = 3;
/// The greatest number of characters in a reason.
const MAX_REASON_CHARS: usize = 500;

/// The names of a form's fields.
const FIELDS: [&str; 2] = ["act", "reason"];

/// The errors of the field `reason`.
#[must_use]
pub fn check_reason(reason: &str) -> Errors {
    let mut errors = Errors::default();
    if is_blank(reason) {
        errors.add("reason", "Reason can't be blank");
    } else if text::length_of_words(reason) < MIN_REASON_LENGTH {
        errors.add("reason", "Reason is too short (minimum is 3 characters)");
    } else if reason.chars().count() > MAX_REASON_CHARS {
        errors.add("reason", "Reason is too long (maximum is 500 characters)");
    }
    errors
}

/// The action of a form, `None` if it names none, and the reason.
fn requested_action(form: &Form) -> (Option<ModerationAction>, String) {
    (form.get("act").and_then(ModerationAction::from_code), form.line("reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_read_from_its_code() {
        for action in ModerationAction::ALL {
            assert_eq!(ModerationAction::from_code(action.code()), Some(action));
        }
        assert_eq!(ModerationAction::from_code("Remove"), None);
    }

    #[test]
    fn a_reason_is_neither_blank_nor_too_short_nor_too_long() {
        for (reason, wrong) in [
            ("", Some("Reason can't be blank")),
            ("  \u{200b}", Some("Reason can't be blank")),
            ("ab", Some("Reason is too short (minimum is 3 characters)")),
            ("äöü", None),
            ("广告", None),
            ("好", Some("Reason is too short (minimum is 3 characters)")),
            (&"ä".repeat(500), None),
            (&"a".repeat(501), Some("Reason is too long (maximum is 500 characters)")),
        ] {
            assert_eq!(check_reason(reason).sentences().next(), wrong, "{reason}");
        }
    }
}
