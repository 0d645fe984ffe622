//! Users and their accounts.

pub mod handlers;
pub mod look_alike;
pub mod name;
pub mod password;
pub mod password_rules;
pub mod sql;
pub mod views;

use std::time::Duration;

use smol_str::SmolStr;

use crate::types::id::UserId;
use crate::types::time::{DAY, Timestamp};
use crate::web::Viewer;
use crate::web::form::Errors;

/// The author of a post or comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The primary key, which is also in the URL of the user's page.
    pub id: UserId,
    /// The name in the spelling of the user.
    pub screen_name: SmolStr,
    /// Whether the user is an admin now, which a badge behind the name says.
    pub is_admin: bool,
}

/// Whether the viewer is the author; `false` for a guest.
#[must_use]
pub fn is_own(author: Option<&Author>, viewer: Option<&Viewer>) -> bool {
    author.zip(viewer).is_some_and(|(author, viewer)| author.id == viewer.id)
}

/// A user on their page.
#[derive(Debug, Clone)]
pub struct User {
    /// The primary key.
    pub id: UserId,
    /// The name in the spelling of the user; unique without regard to case, see [`name::folded`].
    pub screen_name: String,
    /// The text about the user, in the markup of [`crate::markup`]; may be empty.
    pub about: String,
    /// The time of signing up.
    pub created_at: Timestamp,
    /// The number of posts, without removed ones.
    pub posts_count: i64,
    /// The number of comments, without deleted and removed ones.
    pub comments_count: i64,
    /// The number of other users' votes for these posts and comments.
    pub karma: i64,
    /// The number of sessions.
    pub sessions_count: i64,
    /// The admin's reason, if the user is banned.
    pub banned: Option<String>,
    /// Whether the user is an admin.
    pub is_admin: bool,
}

/// A name that a user had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerName {
    /// The name in the spelling of the user.
    pub screen_name: String,
    /// The time of the change to another name.
    pub left_at: Timestamp,
}

/// How long a name that its user has left, by a change of name or with the account, is given to no other user.
pub const NAME_KEPT_BACK: Duration = DAY.saturating_mul(365);
/// How long a profile shows a former name to everyone; admins see it for [`NAME_KEPT_BACK`].
pub const FORMER_NAME_SHOWN: Duration = DAY.saturating_mul(30);
/// The most changes of name in [`RENAME_PERIOD`]; one that changes only the spelling does not count.
pub const MAX_RENAMES: u32 = 3;
/// The period of [`MAX_RENAMES`].
pub const RENAME_PERIOD: Duration = DAY.saturating_mul(30);

/// The reason for which a user cannot have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRefusal {
    /// Another user has it, or one that looks like it, or had it within [`NAME_KEPT_BACK`].
    Taken,
    /// The user has changed their name [`MAX_RENAMES`] times in [`RENAME_PERIOD`].
    TooManyChanges {
        /// The time until the next change is allowed.
        wait: Duration,
    },
}

impl NameRefusal {
    /// The sentence at the field.
    #[must_use]
    pub fn errors(self) -> Errors {
        let wait = match self {
            NameRefusal::Taken => return Errors::one("screen_name", "Screen name has already been taken"),
            NameRefusal::TooManyChanges { wait } => wait,
        };
        let days = wait.as_secs().div_ceil(DAY.as_secs()).max(1);
        let unit = if days == 1 { "day" } else { "days" };
        let mut errors = Errors::default();
        let sentence =
            format!("Screen name can be changed 3 times in 30 days; the next time in {days} {unit}");
        errors.add("screen_name", sentence);
        errors
    }
}

/// The columns of a user that a sign-in needs.
#[derive(Clone)]
pub struct Account {
    /// The primary key.
    pub id: UserId,
    /// A PHC string, see [`password::hash`].
    pub password_hash: String,
}

/// A user to insert.
pub struct NewUser<'u> {
    /// The name in the spelling of the user; unique without regard to case, see [`name::folded`].
    pub screen_name: &'u str,
    /// A PHC string, see [`password::hash`].
    pub password_hash: &'u str,
    /// The text about the user; may be empty.
    pub about: &'u str,
    /// The time of signing up.
    pub created_at: Timestamp,
}

/// The most characters of the text about a user.
pub const MAX_ABOUT_CHARS: usize = 10_000;

/// Adds the errors of a name. `typed` is the name as it was sent, `cleaned` as it would be stored, `refusal` what
/// [`sql::names::refusal`] says about it.
fn check_name(errors: &mut Errors, typed: &str, cleaned: &str, refusal: Option<NameRefusal>) {
    let length = cleaned.chars().count();
    if cleaned.trim().is_empty() {
        errors.add("screen_name", "Screen name can't be blank");
    } else if length > name::MAX_LENGTH {
        errors.add("screen_name", "Screen name is too long (maximum is 30 characters)");
    } else if name::has_invisible(typed.trim()) {
        errors.add("screen_name", "Screen name has characters that can't be seen");
    } else if look_alike::is_reserved(cleaned) {
        errors.add("screen_name", "Screen name is reserved");
    } else if let Some(refusal) = refusal {
        errors.append(refusal.errors());
    } else if length < name::MIN_LENGTH {
        errors.add("screen_name", "Screen name is too short (minimum is 2 characters)");
    }
}

/// Adds an error if the second input of a new password differs from the first.
fn check_confirmation(errors: &mut Errors, password: &str, confirmation: Option<&str>) {
    if confirmation.is_some_and(|confirmation| confirmation != password) {
        errors.add("password_confirmation", "Password confirmation doesn't match Password");
    }
}

/// Adds an error if a new password, which is not empty, is too short, too long or too easily guessed. `names`
/// are the names that the user has or wants.
fn check_new_password(errors: &mut Errors, password: &str, names: &[&str]) {
    if password.len() > password::MAX_BYTES {
        errors.add("password", "Password is too long");
    } else if password.chars().count() < password::MIN_LENGTH {
        errors.add("password", "Password is too short (minimum is 8 characters)");
    } else if let Some(sentence) = password_rules::weakness(password, names) {
        errors.add("password", sentence);
    }
}

/// The errors in a new password for the user of this name; none if it may be chosen.
#[must_use]
pub fn password_errors(password: &str, name: &str) -> Errors {
    let mut errors = Errors::default();
    check_new_password(&mut errors, password, &[name]);
    errors
}

/// The errors in a new password that was typed twice, as by [`password_errors`].
#[must_use]
pub fn new_password_errors(password: &str, confirmation: Option<&str>, name: &str) -> Errors {
    if password.is_empty() {
        return Errors::one("password", "Password can't be blank");
    }
    let mut errors = Errors::default();
    check_confirmation(&mut errors, password, confirmation);
    check_new_password(&mut errors, password, &[name]);
    errors
}

/// Adds an error if the text about a user is too long.
fn check_about(errors: &mut Errors, about: &str) {
    if about.chars().count() > MAX_ABOUT_CHARS {
        errors.add("about", "About is too long (maximum is 10000 characters)");
    }
}

/// The error for a wrong password at the deletion of the account.
fn incorrect_password() -> Errors {
    Errors::one("password", "Password is incorrect")
}

/// The error for a wrong current password at a change of it, or of the mail address.
#[must_use]
pub fn wrong_password() -> Errors {
    Errors::one("current_password", "Current password is incorrect")
}
