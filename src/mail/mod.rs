//! Mail: the addresses of users, and the queue of mails to them.

pub mod handlers;
pub mod sql;
pub mod views;

use std::time::Duration;

use lettre::Address;
use smol_str::SmolStr;

use crate::inbox::Why;
use crate::types::id::{CommentId, UserId};
use crate::types::time::{DAY, HOUR, MINUTE, Timestamp};

/// How long the link in a confirmation works.
pub const CONFIRMATION_LIFETIME: Duration = DAY;
/// The mails of a kind that anybody can cause, in a day: those of a user, and those to an address.
pub const MAX_A_DAY: u32 = 5;
/// The users with one address to whom a link is sent who have forgotten a password.
pub const MAX_USERS_OF_ADDRESS: u32 = 5;
/// The waiting requests for a link; beyond them the oldest goes. The job takes them within a second.
pub const MAX_REQUESTS: u32 = 10_000;
/// How long what was sent is remembered.
pub const SENT_KEPT: Duration = DAY.saturating_mul(2);
/// The least time between two mails about replies to a user who wants them at once: what comes meanwhile is in the next.
pub const REPLIES_PAUSE: Duration = MINUTE.saturating_mul(10);
/// Comments that are older are in no mail: the mail server was dead, or the operator had turned mail off.
pub const REPLIES_AGE: Duration = DAY.saturating_mul(3);
/// The most comments in a mail.
pub const MAX_ITEMS: u32 = 20;
/// The most characters of a comment in a mail.
pub const MAX_ITEM_CHARS: usize = 500;
/// The most bytes of an address (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const MAX_ADDRESS_BYTES: usize = 254;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A link that confirms an address.
    Confirmation,
    /// A link to set a new password.
    Reset,
    /// Comments that came into the inbox.
    Replies,
}

impl Kind {
    /// Its name in the database and in the log.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Confirmation => "confirmation",
            Kind::Reset => "reset",
            Kind::Replies => "replies",
        }
    }

    /// The kind of this name; replies for an unknown one.
    #[must_use]
    pub fn from_code(code: &str) -> Kind {
        [Kind::Confirmation, Kind::Reset]
            .into_iter()
            .find(|kind| kind.code() == code)
            .unwrap_or(Kind::Replies)
    }

    /// How long a mail is tried.
    #[must_use]
    pub fn lifetime(self) -> Duration {
        match self {
            Kind::Confirmation | Kind::Reset => DAY,
            Kind::Replies => DAY.saturating_mul(3),
        }
    }
}

/// How a user wants the replies that come into their inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replies {
    /// Not by mail.
    Off,
    /// Soon after they have come.
    AtOnce,
    /// In one mail a day.
    Daily,
}

impl Replies {
    /// All of them.
    pub const ALL: [Replies; 3] = [Replies::Off, Replies::AtOnce, Replies::Daily];

    /// Its name in forms and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Replies::Off => "off",
            Replies::AtOnce => "at_once",
            Replies::Daily => "daily",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn of(code: &str) -> Option<Replies> {
        Replies::ALL.into_iter().find(|wish| wish.code() == code)
    }

    /// The time of the mail about a comment that comes now; `last` is that at which the last one was queued. The daily one
    /// is sent after midnight, UTC.
    #[must_use]
    pub fn due_at(self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        match self {
            Replies::Daily => now.next_midnight(),
            Replies::Off | Replies::AtOnce => last.map_or(now, |last| now.max(last + REPLIES_PAUSE)),
        }
    }
}

/// A comment in a mail about replies.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub comment_id: CommentId,
    /// Why it is in the inbox.
    pub why: Why,
    /// The name of its author.
    pub author: String,
    /// The text, in the site's markup.
    pub body: String,
    /// The title of its post, or a placeholder.
    pub post_title: SmolStr,
}

/// A mail in the queue.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its id.
    pub id: i64,
    /// The user to whom it goes.
    pub user_id: UserId,
    /// What it is about.
    pub kind: Kind,
    /// The time since when it waits.
    pub created_at: Timestamp,
    /// The attempts that failed.
    pub tries: u32,
}

/// A mail as it stands in the queue. Its row may get another address meanwhile, and with it another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub id: i64,
    /// The time since when it waits.
    pub created_at: Timestamp,
}

impl Mail {
    /// Its place in the queue.
    #[must_use]
    pub fn queued(&self) -> Queued {
        Queued { id: self.id, created_at: self.created_at }
    }

    /// The wait after a server has put this mail off: the next attempt comes later each time.
    #[must_use]
    pub fn wait(&self) -> Duration {
        match self.tries {
            0 => MINUTE,
            1 => 5 * MINUTE,
            2 => 20 * MINUTE,
            3 => HOUR,
            _ => 4 * HOUR,
        }
    }

    /// Whether it has been tried for long enough.
    #[must_use]
    pub fn is_too_old(&self, now: Timestamp) -> bool {
        self.created_at + self.kind.lifetime() < now
    }
}

/// The text of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The receiver.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The address that ends such mails, by a POST request (RFC 8058); `None`: the user asked for this one.
    pub unsubscribe: Option<String>,
}

/// The addresses of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The one that is confirmed.
    pub confirmed: Option<String>,
    /// The one that is to be confirmed.
    pub pending: Option<String>,
}

/// Reads an address; the sentence for one that cannot be used.
///
/// # Errors
/// The sentence.
pub fn parse_address(typed: &str) -> Result<Address, &'static str> {
    if typed.trim().is_empty() {
        return Err("E-mail address can't be blank");
    }
    if typed.len() > MAX_ADDRESS_BYTES {
        return Err("E-mail address is too long (maximum is 254 characters)");
    }
    if !typed.is_ascii() {
        return Err("E-mail address may have only letters of ASCII; write its domain as xn--…");
    }
    typed.trim().parse().map_err(|_| "E-mail address is not one, as name@example.com is")
}

/// An address as addresses are compared.
#[must_use]
pub fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for right in ["a@b.example", " zoe+news@example.com ", "\"a b\"@example.com"] {
            assert!(parse_address(right).is_ok(), "{right}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for wrong in [
            "",
            " ",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c.example",
            "a@b.example\r\nBcc: c@d.example",
            "zoë@example.com",
            &long,
        ] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn waits_grow() {
        let mail = |tries| Mail {
            id: 1,
            user_id: UserId::new(1),
            kind: Kind::Reset,
            created_at: Timestamp::EPOCH,
            tries,
        };
        let waits: Vec<Duration> = (0..6).map(|tries| mail(tries).wait()).collect();
        assert!(waits.is_sorted() && waits[0] < waits[4], "{waits:?}");
        assert!(
            !mail(0).is_too_old(Timestamp::EPOCH + DAY)
                && mail(0).is_too_old(Timestamp::EPOCH + DAY + MINUTE)
        );
    }

    #[test]
    fn a_mail_about_replies_comes_at_once_or_after_a_pause_or_at_midnight() {
        let now = Timestamp::EPOCH + 10 * DAY + HOUR;
        for (wish, last, due) in [
            (Replies::AtOnce, None, now),
            (Replies::AtOnce, Some(now - HOUR), now),
            (Replies::AtOnce, Some(now - MINUTE), now + 9 * MINUTE),
            (Replies::Daily, None, Timestamp::EPOCH + 11 * DAY),
            (Replies::Daily, Some(now - MINUTE), Timestamp::EPOCH + 11 * DAY),
        ] {
            assert_eq!(wish.due_at(last, now), due, "{wish:?} {last:?}");
        }
    }

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for kind in [Kind::Confirmation, Kind::Reset, Kind::Replies] {
            assert_eq!(Kind::from_code(kind.code()), kind);
        }
        for wish in Replies::ALL {
            assert_eq!(Replies::of(wish.code()), Some(wish));
        }
        assert_eq!(Replies::of("hourly"), None);
    }
}
