//! The transaction of a write checks again whether the user may write: since the request began, their session
//! may have ended or an admin may have banned them.

use lorem_news::app::App;
use lorem_news::auth::{self, Standing};
use lorem_news::types::id::{SessionId, UserId};
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

/// The result of a write by user 1 in session 1, after the statements in `meanwhile`.
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
    let viewer = Viewer {
        id: UserId::new(1),
        screen_name: "somebody".into(),
        session_id: SessionId::new(1),
        grant: None,
        unread_count: 0,
        hides_count: 0,
        is_admin: false,
        is_banned: false,
    };
    other.execute_batch(meanwhile).expect("it can be changed");
    let work = |connection: &Connection| {
        connection.execute("UPDATE users SET karma = 4711 WHERE id = 1", [])?;
        connection.query_row("SELECT karma FROM users WHERE id = 1", [], |row| row.get(0))
    };
    let written = auth::write_as(&cx, &viewer, standing, work);
    let karma: i64 =
        other.query_row("SELECT karma FROM users WHERE id = 1", [], |row| row.get(0)).expect("an answer");
    assert_eq!(karma == 4711, matches!(written, Ok(Some(_))), "a reported write is made");
    written
}

#[test]
fn a_user_with_a_session_writes() {
    for standing in [Standing::Active, Standing::Any] {
        assert!(matches!(written_after("", standing), Ok(Some(4711))));
    }
}

#[test]
fn a_write_after_the_end_of_the_session_is_not_made() {
    for standing in [Standing::Active, Standing::Any] {
        assert!(matches!(written_after("DELETE FROM sessions", standing), Ok(None)));
    }
}

#[test]
fn a_write_after_a_ban_is_refused_and_its_text_is_kept() {
    let ban = "UPDATE users SET banned_at = 1 WHERE id = 1; \
               INSERT INTO acts (created_at, verb, noun, user_id, reason) VALUES (1, 'ban', 'user', 1, 'Spam')";
    match written_after(ban, Standing::Active) {
        Err(Error::Moderated { why, typed }) => {
            assert_eq!((&*why, &*typed), ("You are banned: Spam", "These words are mine"));
        }
        other => panic!("{other:?}"),
    }
    // A banned user may still write data that concerns only themselves.
    assert!(matches!(written_after(ban, Standing::Any), Ok(Some(4711))));
}
