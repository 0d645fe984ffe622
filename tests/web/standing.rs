//! Whether a user may still write is checked in the transaction that writes: their session may have ended, and an
//! admin may have banned them, since the request was let in.

use lorem_news::app::App;
use lorem_news::auth::{self, Standing};
use lorem_news::web::timing::Timing;
use lorem_news::web::{Cx, Error, Viewer};
use rouille::Request;
use rusqlite::Connection;

use crate::harness::{config, folder, open, seeded};

const BODY: &str = "body=These+words+are+mine";

fn request() -> Request {
    let headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    Request::fake_http("POST", "/posts/1/comments", headers, BODY.into())
}

/// What becomes of a write by user 1, whose session is 1, after `meanwhile`.
fn written_after(meanwhile: &str, standing: Standing) -> Result<Option<i64>, Error> {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let other = open(&database);
    other
        .execute(
            "INSERT INTO sessions (id, user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
             VALUES (1, 1, 1, 1, zeroblob(32), '', '')",
            [],
        )
        .expect("a session");
    let app = App::open(config(&database)).expect("the database opens");
    let (request, timing) = (request(), Timing::start());
    let cx = Cx::new(&app.site, &request, &timing);
    let viewer =
        Viewer { id: 1, screen_name: "somebody".into(), session_id: 1, is_admin: false, is_banned: false };
    other.execute_batch(meanwhile).expect("it can be changed");
    let work = |connection: &Connection| {
        connection.execute("UPDATE users SET karma = 4711 WHERE id = 1", [])?;
        connection.query_row("SELECT karma FROM users WHERE id = 1", [], |row| row.get(0))
    };
    let written = auth::write_as(&cx, &viewer, standing, work);
    let karma: i64 =
        other.query_row("SELECT karma FROM users WHERE id = 1", [], |row| row.get(0)).expect("an answer");
    assert_eq!(karma == 4711, matches!(written, Ok(Some(_))), "only what is told to be done is done");
    written
}

#[test]
fn a_user_with_a_session_writes() {
    for standing in [Standing::Active, Standing::Any] {
        assert!(matches!(written_after("", standing), Ok(Some(4711))));
    }
}

#[test]
fn a_user_whose_session_has_ended_meanwhile_does_not_write() {
    for standing in [Standing::Active, Standing::Any] {
        assert!(matches!(written_after("DELETE FROM sessions", standing), Ok(None)));
    }
}

#[test]
fn a_user_who_was_banned_meanwhile_does_not_write_and_keeps_the_words() {
    let ban = "UPDATE users SET banned_at = 1 WHERE id = 1; \
               INSERT INTO acts (created_at, verb, noun, user_id, reason) VALUES (1, 'ban', 'user', 1, 'Spam')";
    match written_after(ban, Standing::Active) {
        Err(Error::Barred { why, typed }) => {
            assert_eq!((&*why, &*typed), ("You are banned: Spam", "These words are mine"));
        }
        other => panic!("{other:?}"),
    }
    // What concerns only themselves they may still do.
    assert!(matches!(written_after(ban, Standing::Any), Ok(Some(4711))));
}
