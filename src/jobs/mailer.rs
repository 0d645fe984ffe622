//! The thread that sends the mails of the queue, one after the other. A request only puts a row into the queue, so that no
//! mail server, dead or slow, holds one up.
//!
//! A mail is marked after the server has taken it: a process that is killed in between sends it again at the next start. So
//! each mail is sent at least once, and at most one twice, which has the `Message-ID` of the first.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Message, Transport};
use lorem_store::Error;
use rusqlite::Connection;

use super::background::{BackgroundThread, StopRequest};
use crate::auth::token::Secret;
use crate::mail::{Kind, Letter, Mail, sql, views};
use crate::reset::Maker;
use crate::site::Site;
use crate::site::job_runs::Job;
use crate::site::origin::Origin;
use crate::site::smtp::Smtp;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user::sql::names;
use crate::web::paths;
use crate::{mail, reset};

/// The time between two looks at an empty queue.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The pause after a failure of the database.
const ERROR_PAUSE: Duration = Duration::from_secs(5);
/// The first pause after the server took no mail; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// How long one mail may take. The server may be slow in each of its answers.
const MAX_SENDING: Duration = Duration::from_secs(120);
/// The time between two looks whether the thread is to stop while a mail is sent.
const STOP_INTERVAL: Duration = Duration::from_millis(50);
/// The codes by which a server says that it will never take a mail to this receiver (RFC 5321 §4.2.3).
const FINAL_CODES: std::ops::RangeInclusive<u16> = 550..=553;

/// The codes by which it says that it takes none at the moment (RFC 5321 §4.2.3), or none from this site (RFC 4954 §6).
const CODES_FOR_ALL: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// The handle of the thread. Dropping it stops the thread; a mail that is just being sent is sent again later.
pub struct Mailer {
    _thread: BackgroundThread,
}

/// The end of an attempt.
enum Attempt {
    /// The server has taken it.
    Sent,
    /// The server will never take it, for this reason.
    Refused(String),
    /// The server did not take it now, for this reason.
    PutOff(String),
    /// The server cannot be reached, did not answer, or takes no mail at all.
    Unreachable(String),
    /// The thread is to stop.
    Stopped,
}

impl Mailer {
    /// Starts the thread. If that fails, the error is logged and the site runs on: no mail is sent before the next start.
    #[must_use]
    pub fn start(site: Arc<Site>, smtp: Smtp) -> Mailer {
        let rounds = move |stop: &StopRequest| {
            let mut failures = 0;
            loop {
                let pause = match site.run_job(Job::Mailer, || round(&site, &smtp, stop)) {
                    Ok(Round::Empty) => POLL_INTERVAL,
                    Ok(Round::More) => {
                        failures = 0;
                        Duration::ZERO
                    }
                    Ok(Round::Unreachable) => {
                        failures += 1;
                        pause_after(failures)
                    }
                    Err(error) => {
                        log::error!("the queue of mails cannot be read or written: {error}");
                        ERROR_PAUSE
                    }
                };
                if stop.within(pause) {
                    break;
                }
            }
        };
        Mailer { _thread: BackgroundThread::start("mailer", rounds) }
    }
}

/// The pause after so many failures one after the other.
fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

/// What a round came to.
enum Round {
    /// Nothing is due.
    Empty,
    /// There may be more.
    More,
    /// The server takes no mail.
    Unreachable,
}

/// Queues what was asked for, and sends the next mail.
fn round(site: &Site, smtp: &Smtp, stop: &StopRequest) -> Result<Round, Error> {
    let now = Timestamp::now();
    if site.db.read(sql::has_requests)? {
        site.db.write(move |connection| sql::take_requests(connection, now))?;
    }
    if site.db.read(sql::replies::is_behind)? {
        site.db.write(move |connection| sql::replies::follow(connection, now))?;
    }
    let Some(mail) = site.db.read(|connection| sql::next(connection, now))? else {
        return Ok(Round::Empty);
    };
    let (queued, user_id, kind) = (mail.queued(), mail.user_id, mail.kind.code());
    if mail.is_too_old(now) {
        log::warn!("a mail to user {user_id} ({kind}) was never taken, and is dropped");
        site.db.write(move |connection| sql::drop_mail(connection, &queued))?;
        return Ok(Round::More);
    }
    let Some((letter, told)) = letter(site, &mail, now)? else {
        site.db.write(move |connection| sql::drop_mail(connection, &queued))?;
        return Ok(Round::More);
    };
    let attempt = match message(smtp, &mail, &letter) {
        Ok(message) => send(smtp, message, stop),
        Err(why) => Attempt::Refused(why),
    };
    match attempt {
        Attempt::Sent => {
            let now = Timestamp::now();
            site.db.write(move |connection| {
                sql::replies::mark_told(connection, user_id, told)?;
                sql::mark_sent(connection, &queued, now)
            })?;
            Ok(Round::More)
        }
        Attempt::Refused(why) => {
            log::warn!("a mail to user {user_id} ({kind}) was refused, and is dropped: {why}");
            site.db.write(move |connection| sql::drop_mail(connection, &queued))?;
            Ok(Round::More)
        }
        Attempt::PutOff(why) => {
            log::warn!("a mail to user {user_id} ({kind}) was not taken, and is tried again: {why}");
            let due_at = Timestamp::now() + mail.wait();
            site.db.write(move |connection| sql::put_off(connection, &queued, due_at))?;
            Ok(Round::More)
        }
        Attempt::Unreachable(why) => {
            log::warn!("the mail server takes no mail, and is tried again: {why}");
            // Behind the others, which the server may take: perhaps it ends the connection because of this mail.
            let due_at = Timestamp::now();
            site.db.write(move |connection| sql::put_off(connection, &queued, due_at))?;
            Ok(Round::Unreachable)
        }
        Attempt::Stopped => Ok(Round::Empty),
    }
}

/// The text of a mail; `None`: there is nothing to say any more. The secret of its link is made here, so that only its hash
/// is in the database. With it comes the last comment that it tells of, 0 for none.
fn letter(site: &Site, mail: &Mail, now: Timestamp) -> Result<Option<(Letter, i64)>, Error> {
    let Some(base_url) = site.config.base_url.clone() else { return Ok(None) };
    let (user_id, kind, secret) = (mail.user_id, mail.kind, Secret::random());
    let settings = site.settings.get(&site.changes, |read| site.db.read(read))?;
    site.db.write(move |connection: &Connection| {
        let Some(screen_name) = names::screen_name(connection, user_id)? else { return Ok(None) };
        let site_name = settings.name();
        match kind {
            Kind::Confirmation => {
                let to = sql::set_confirmation_secret(connection, user_id, &secret, now)?;
                let link = format!("{base_url}{}", paths::confirm(&secret.clone().of(user_id.get())));
                Ok(to.map(|to| (views::confirmation(to, site_name, &screen_name, &link), 0)))
            }
            Kind::Reset => {
                let Some(to) = sql::address(connection, user_id)? else { return Ok(None) };
                let token = reset::sql::create(connection, user_id, Maker::Mail, &secret, now)?;
                let link = reset::link(&base_url, &token);
                Ok(Some((views::reset(to, site_name, &screen_name, &link), 0)))
            }
            Kind::Replies => replies(connection, user_id, (site_name, &base_url), now),
        }
    })
}

/// The mail about a user's replies, and the last comment that it tells of; `None`: none is unread any more.
fn replies(
    connection: &Connection,
    user_id: UserId,
    (site_name, base_url): (&str, &Origin),
    now: Timestamp,
) -> rusqlite::Result<Option<(Letter, i64)>> {
    let Some((to, secret)) = sql::replies::receiver(connection, user_id)? else { return Ok(None) };
    let items = sql::replies::items(connection, user_id, now)?;
    if items.is_empty() {
        return Ok(None);
    }
    let told = sql::replies::last_unread(connection, user_id)?;
    let token = Secret::of_bytes(secret).of(user_id.get());
    let unsubscribe = format!("{base_url}{}", paths::unsubscribe(&token));
    Ok(Some((views::replies_letter(to, site_name, &items, base_url, unsubscribe), told)))
}

/// The whole message; the reason why there can be none.
fn message(smtp: &Smtp, mail: &Mail, letter: &Letter) -> Result<Message, String> {
    let to = mail::parse_address(&letter.to)?;
    let domain = smtp.from.email.domain();
    let id = format!("<{}.{}@{domain}>", mail.id, mail.created_at.as_micros());
    let raw =
        |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let mut builder = Message::builder()
        .from(smtp.from.clone())
        .to(to.into())
        .subject(letter.subject.clone())
        .message_id(Some(id))
        // No program answers it (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN);
    if let Some(unsubscribe) = &letter.unsubscribe {
        builder = builder
            .raw_header(raw("List-Unsubscribe", format!("<{unsubscribe}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    builder.body(letter.text.clone()).map_err(|error| error.to_string())
}

/// Sends a message in a thread of its own, which is left alone when the time is over or the mailer stops: it has nothing but
/// the message.
fn send(smtp: &Smtp, message: Message, stop: &StopRequest) -> Attempt {
    let (sender, result) = channel();
    let transport = smtp.transport.clone();
    let work = move || {
        // The mailer may have stopped waiting.
        let _ = sender.send(transport.send(&message));
    };
    if let Err(error) = thread::Builder::new().name("mail".into()).spawn(work) {
        return Attempt::Unreachable(error.to_string());
    }
    let began = Instant::now();
    loop {
        match result.recv_timeout(STOP_INTERVAL) {
            Ok(Ok(_)) => return Attempt::Sent,
            Ok(Err(error)) => return failed(&error),
            Err(RecvTimeoutError::Disconnected) => return Attempt::Unreachable("the thread panicked".into()),
            Err(RecvTimeoutError::Timeout) if began.elapsed() > MAX_SENDING => {
                return Attempt::Unreachable("it takes too long".into());
            }
            Err(RecvTimeoutError::Timeout) if stop.within(Duration::ZERO) => return Attempt::Stopped,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn failed(error: &SmtpError) -> Attempt {
    // On one line: a part of it is the server's.
    let why = error.to_string().escape_debug().to_string();
    match error.status().map(u16::from) {
        Some(code) if FINAL_CODES.contains(&code) => Attempt::Refused(why),
        Some(code) if CODES_FOR_ALL.contains(&code) => Attempt::Unreachable(why),
        Some(_) => Attempt::PutOff(why),
        None => Attempt::Unreachable(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let pauses: Vec<u64> = [1, 2, 3, 10, 11, 1000].map(|failures| pause_after(failures).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 512, 600, 600]);
    }
}
