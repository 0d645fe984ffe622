//! The forms of Hacker News, by which programs that were written for that site write to this one. Each is translated into
//! the form of this site, and its handler answers, so that all rules hold (`docs/decisions/0042-hn-forms.md`).

pub mod handlers;
pub mod views;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::auth::token::Token;
use crate::hn_api::ItemNumber;

/// The value of the field `fnop`.
pub const SUBMIT_PAGE: &str = "submit-page";

/// What a form does whose token is bound to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new post: the field `fnid`.
    Submit,
    /// A change of a post or comment: the field `hmac`.
    Edit(ItemNumber),
    /// A vote, a flag, a saved post or a comment on an item: the fields `auth` and `hmac`.
    Act(ItemNumber),
}

impl Purpose {
    /// Whether `sent` is the token of this purpose in a session. Hashes are compared, so that the time which it takes does not
    /// tell how much of it is right.
    #[must_use]
    pub fn is_in(self, session: &Token, sent: &str) -> bool {
        Sha256::digest(sent) == Sha256::digest(self.token(session))
    }

    /// The token of a form with this purpose in a session: only a client with the session's cookie can make it. 64
    /// hexadecimal digits, SHA-256 of the session's secret and the purpose.
    #[must_use]
    pub fn token(self, session: &Token) -> String {
        let purpose = match self {
            Purpose::Submit => "submit".to_owned(),
            Purpose::Edit(item) => format!("edit {}", item.get()),
            Purpose::Act(item) => format!("act {}", item.get()),
        };
        let mut token = String::new();
        for byte in Sha256::digest(format!("{session} {purpose}")) {
            let _ = write!(token, "{byte:02x}");
        }
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::Secret;

    #[test]
    fn a_token_is_of_one_session_one_purpose_and_one_item() {
        let (one, other) = (Secret::random().of(1), Secret::random().of(1));
        let [item, another] = [14, 15].map(ItemNumber::new);
        let purposes = [
            Purpose::Submit,
            Purpose::Edit(item),
            Purpose::Edit(another),
            Purpose::Act(item),
            Purpose::Act(another),
        ];
        let mut tokens: Vec<String> = [&one, &other]
            .iter()
            .flat_map(|session| purposes.map(|purpose| purpose.token(session)))
            .collect();
        assert_eq!(tokens[0], Purpose::Submit.token(&one));
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 10);
    }
}
