//! One-time links with which a person who has forgotten their password sets another one.
//!
//! An admin makes a link for a user who is no admin, the operator makes one for anybody on the command line. It is in the
//! moderation log, and told to the user.

pub mod handlers;
pub mod sql;
pub mod views;

use std::time::Duration;

use crate::auth::token::Token;
use crate::site::origin::Origin;
use crate::types::id::UserId;
use crate::types::time::HOUR;
use crate::web::paths;

/// How long a link works.
pub const LIFETIME: Duration = HOUR;

/// Why no link can be made: it never begins with the `Host` header, which the sender of a request chooses.
pub const NO_BASE_URL: &str =
    "A link to set a new password needs the site's own address, which the operator sets with --base-url";

/// The maker of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// This admin.
    Admin(UserId),
    /// The operator, on the command line.
    Operator,
    /// The mailer, which sends it to the address that the user has confirmed.
    Mail,
}

impl Maker {
    /// Its name in the database, and the admin.
    #[must_use]
    pub fn columns(self) -> (&'static str, Option<UserId>) {
        match self {
            Maker::Admin(id) => ("admin", Some(id)),
            Maker::Operator => ("operator", None),
            Maker::Mail => ("mail", None),
        }
    }
}

/// The user of a link that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The user.
    pub user_id: UserId,
    /// Their name.
    pub screen_name: String,
    /// Whether it came by mail, so that the user's address is theirs.
    pub is_by_mail: bool,
}

/// The whole link.
#[must_use]
pub fn link(base_url: &Origin, token: &Token) -> String {
    format!("{base_url}{}", paths::reset(token))
}
