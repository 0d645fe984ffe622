//! People.

pub mod handlers;
pub mod name;
pub mod password;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::web::Viewer;
use crate::web::form::Errors;

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Their number, which is in their page's address.
    pub id: UserId,
    /// Their name.
    pub screen_name: SmolStr,
}

/// Whether what `author` wrote is the viewer's own.
#[must_use]
pub fn is_own(author: Option<&Author>, viewer: Option<&Viewer>) -> bool {
    author.zip(viewer).is_some_and(|(author, viewer)| author.id == viewer.id)
}

/// Someone as their page shows them.
#[derive(Debug, Clone)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// Their name, unique whatever its case.
    pub screen_name: String,
    /// What they say of themselves.
    pub about: String,
    /// When they signed up.
    pub created_at: Timestamp,
    /// How much they posted.
    pub posts_count: i64,
    /// How much they commented.
    pub comments_count: i64,
    /// Others' votes for what they wrote.
    pub karma: i64,
    /// How many sign-ins are kept.
    pub sessions_count: i64,
    /// Why an admin has banned them, if one has.
    pub banned: Option<String>,
}

/// What signing in needs to know.
#[derive(Clone)]
pub struct Account {
    /// Their number.
    pub id: UserId,
    /// See [`password`].
    pub password_hash: String,
}

/// Someone who signs up.
pub struct NewUser<'u> {
    /// Their name, unique whatever its case.
    pub screen_name: &'u str,
    /// See [`password`].
    pub password_hash: &'u str,
    /// May be empty.
    pub about: &'u str,
    /// When.
    pub created_at: Timestamp,
}

const NAME_TAKEN: &str = "Screen name has already been taken";

/// The most characters of what somebody says of themselves.
const MAX_ABOUT: usize = 10_000;

/// What is wrong with a name. `typed` is as it was sent, `cleaned` as it would be kept.
fn check_name(errors: &mut Errors, typed: &str, cleaned: &str, is_taken: bool) {
    let length = cleaned.chars().count();
    if cleaned.trim().is_empty() {
        errors.add("screen_name", "Screen name can't be blank");
    } else if length > name::MAX_LENGTH {
        errors.add("screen_name", "Screen name is too long (maximum is 30 characters)");
    } else if name::has_invisible(typed.trim()) {
        errors.add("screen_name", "Screen name has characters that can't be seen");
    } else if is_taken || name::is_reserved(cleaned) {
        errors.add("screen_name", NAME_TAKEN);
    } else if length < name::MIN_LENGTH {
        errors.add("screen_name", "Screen name is too short (minimum is 2 characters)");
    }
}

/// What is wrong with a password that was typed twice.
fn check_confirmation(errors: &mut Errors, password: &str, confirmation: Option<&str>) {
    if confirmation.is_some_and(|confirmation| confirmation != password) {
        errors.add("password_confirmation", "Password confirmation doesn't match Password");
    }
}

/// What is wrong with a password that is there.
fn check_length(errors: &mut Errors, password: &str) {
    if password.chars().count() < password::MIN_LENGTH {
        errors.add("password", "Password is too short (minimum is 8 characters)");
    } else if password.len() > password::MAX_BYTES {
        errors.add("password", "Password is too long");
    }
}

/// Whether it will do as a password.
///
/// # Errors
/// A sentence that says why not.
pub fn check_password(password: &str) -> Result<(), String> {
    let mut errors = Errors::default();
    check_length(&mut errors, password);
    errors.sentences().next().map_or(Ok(()), |sentence| Err(sentence.to_owned()))
}

/// What is wrong with what somebody says of themselves.
fn check_about(errors: &mut Errors, about: &str) {
    if about.chars().count() > MAX_ABOUT {
        errors.add("about", "About is too long (maximum is 10000 characters)");
    }
}

/// Somebody else has the name.
fn name_taken() -> Errors {
    Errors::one("screen_name", NAME_TAKEN)
}

/// Who changes a password did not know it.
fn wrong_password() -> Errors {
    Errors::one("current_password", "Current password is incorrect")
}
