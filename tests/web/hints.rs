//! Hints for admins: users who vote for each other, and users with one address.

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;

/// A site without votes and sessions, on which user 1 is the admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::with(30, |_| {});
    let database = site.database();
    database
        .execute_batch(
            "UPDATE users SET is_admin = (id = 1); DELETE FROM post_votes; DELETE FROM comment_votes; DELETE FROM sessions",
        )
        .expect("the schema is known");
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

/// Makes a post of `author` with votes of these users.
fn voted(database: &Connection, author: i64, voters: &[i64]) {
    database
        .execute(
            "INSERT INTO posts (user_id, created_at, updated_at, hotness, title) \
             SELECT ?1, max(created_at) + 1, max(created_at) + 1, 0, 'Post ' || count(*) FROM posts",
            [author],
        )
        .expect("a post");
    let id = database.last_insert_rowid();
    for voter in voters {
        database
            .execute("INSERT INTO post_votes (user_id, post_id, created_at) VALUES (?1, ?2, 0)", [*voter, id])
            .expect("a vote");
    }
}

fn name(database: &Connection, id: i64) -> String {
    database.query_row("SELECT screen_name FROM users WHERE id = ?1", [id], |row| row.get(0)).expect("a user")
}

fn signed_in_from(database: &Connection, user: i64, address: &str) {
    database
        .execute(
            "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
             VALUES (?1, 0, 0, randomblob(32), ?2, '')",
            rusqlite::params![user, address],
        )
        .expect("a session");
}

#[test]
fn users_who_vote_for_each_other_are_named_with_the_shares_of_their_votes() {
    let (_site, database, admin) = site();
    let nothing = admin.get("/admin/hints");
    assert_eq!(texts(&nothing.html(), ".empty").len(), 2, "{}", nothing.text());
    // 10 and 11 vote for each other alone; 12 votes for both, and for many others; 13 gets no vote back.
    for _ in 0..4 {
        voted(&database, 10, &[11, 12]);
        voted(&database, 11, &[10, 12]);
        voted(&database, 13, &[10]);
    }
    for _ in 0..3 {
        voted(&database, 12, &[10, 11]);
    }
    for author in 20..40 {
        voted(&database, author, &[12]);
    }
    let page = admin.get("/admin/hints").html();
    let lines: Vec<String> = texts(&page, "#mutual p")
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let [ten, eleven, twelve] = [10, 11, 12].map(|id| name(&database, id));
    assert_eq!(lines.len(), 6, "{lines:?}");
    let line = |of: &str, votes: &str, other: &str| format!("{of} · Moderate: {votes} votes are for {other}");
    assert_eq!(lines[..2], [line(&ten, "4 of 11", &eleven), line(&eleven, "4 of 7", &ten)]);
    assert!(lines[2..].iter().all(|line| line.contains(&twelve)), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(&name(&database, 13))), "{lines:?}");
    // Two votes each are no hint; deleted accounts and deleted posts are in none.
    database
        .execute_batch("DELETE FROM posts WHERE title LIKE 'Post %' AND user_id = 10")
        .expect("valid SQL");
    let page = admin.get("/admin/hints").html();
    assert!(!texts(&page, "#mutual p").concat().contains(&ten), "no post of theirs is left");
}

#[test]
fn users_with_one_address_are_named_and_the_address_is_not() {
    let (_site, database, admin) = site();
    for user in [20, 21, 22] {
        signed_in_from(&database, user, "192.0.2.77");
        signed_in_from(&database, user, "192.0.2.77");
    }
    for user in 30..55 {
        signed_in_from(&database, user, "2001:db8::5");
    }
    signed_in_from(&database, 60, "192.0.2.78");
    let page = admin.get("/admin/hints");
    let groups = texts(&page.html(), "#shared li");
    assert_eq!(groups.len(), 2, "{groups:?}");
    assert!(groups[0].contains(&name(&database, 30)) && groups[0].contains("and 5 more"), "{}", groups[0]);
    assert!([20, 21, 22].iter().all(|id| groups[1].contains(&name(&database, *id))), "{}", groups[1]);
    assert!(!page.text().contains(&name(&database, 60)));
    assert!(!page.text().contains("192.0.2") && !page.text().contains("2001:db8"));
}
