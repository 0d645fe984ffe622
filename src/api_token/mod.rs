//! Tokens with which programs of a user call the site's own API. A token has a name, and reads, or reads and writes. It is
//! shown once; the database keeps its hash.

pub mod handlers;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use crate::text::is_blank;
use crate::types::id::ApiTokenId;
use crate::types::time::Timestamp;
use crate::web::form::{Errors, Form};

/// The most tokens of a user. Beyond it the form says so.
pub const MAX_OF_USER: u32 = 20;
/// The most characters of a name.
pub const MAX_NAME_CHARS: usize = 50;

/// A token in its owner's list.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// The name that its owner gave it.
    pub name: SmolStr,
    /// Whether it may change something.
    pub may_write: bool,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time of its last use, at most an hour behind; `None`: it was never used.
    pub last_used_at: Option<Timestamp>,
}

/// What the form for a new token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The name.
    pub name: String,
    /// Whether the token may change something.
    pub may_write: bool,
}

impl Wish {
    /// Reads the form. A token that does not say what it may only reads.
    #[must_use]
    pub fn from_form(form: &Form) -> Wish {
        Wish { name: form.line("name"), may_write: form.get("scope") == Some("write") }
    }

    /// The mistakes in it.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        if is_blank(&self.name) {
            errors.add("name", "Name can't be blank");
        } else if self.name.chars().count() > MAX_NAME_CHARS {
            errors.add("name", format!("Name is too long (maximum is {MAX_NAME_CHARS} characters)"));
        }
        errors
    }
}

/// The outcome of a request for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The new token.
    Created(ApiTokenId),
    /// The user has a token with that name.
    NameTaken,
    /// The user has [`MAX_OF_USER`] tokens.
    TooMany,
}
