//! Deleting accounts: while their users still write, and the rows that stay afterwards.

use std::sync::Barrier;
use std::thread;

use lorem_news::types::id::{CommentId, UserId};
use lorem_news::types::time::Timestamp;
use lorem_news::{comment, user};

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::writing_comments::{comment_of, reply_of};

#[test]
fn an_account_with_thousands_of_rows_is_deleted_in_steps() {
    let site = Site::start();
    let database = site.database();
    // More comments and sessions than one step deletes.
    for number in 0..450 {
        comment_of(&database, 1, 1 + number % 20, &format!("Remark {number}"));
        Client::signed_in_as(&site, 1);
    }
    let others = number(&database, "SELECT count(*) FROM comments WHERE user_id <> 1");
    let emptied = comment_of(&database, 2, 3, "It will be emptied.");
    reply_of(&database, 3, emptied);
    comment::sql::destroy(&database, CommentId::new(emptied), Timestamp::from_micros(1))
        .expect("it is emptied");
    let others = others + 1;
    // The site itself leaves no vote on an emptied comment. Such a vote must not keep the deletion from ending.
    database
        .execute("INSERT INTO comment_votes (user_id, comment_id, created_at) VALUES (1, ?1, 1)", [emptied])
        .and_then(|_| {
            let sql = "INSERT INTO visits (user_id, post_id, seen_at) SELECT 1, id, 1 FROM posts";
            database.execute(sql, [])
        })
        .expect("the schema is known");
    let client = Client::signed_in(&site);
    let answer = client.ask("DELETE", "/user", &[("password", "password")], &[]);
    assert_done(&client, &answer, "/", "Profile was successfully deleted.");
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE id = 1"), 0);
    assert_eq!(count(&database, "sessions"), 0);
    assert_eq!(number(&database, "SELECT count(*) FROM comments WHERE deleted_at IS NULL"), others);
    assert_sound(&database);
}

#[test]
fn visits_are_deleted_in_steps() {
    let site = Site::start();
    let database = site.database();
    let sql = "INSERT INTO visits (user_id, post_id, seen_at) SELECT 1, id, 1 FROM posts WHERE id <= 18";
    database.execute(sql, []).expect("the schema is known");
    let (mut left, mut is_more) = (18, true);
    while is_more {
        is_more =
            user::handlers::deletion::destroy_some(&database, UserId::new(1), Timestamp::from_micros(1), 5)
                .expect("a step");
        let now = count(&database, "visits");
        assert!(left - now <= 5, "{left} {now}");
        left = now;
    }
    assert_eq!(left, 0);
    assert_sound(&database);
}

#[test]
fn a_user_who_writes_while_their_account_is_deleted_is_led_to_sign_in() {
    let site = Site::start();
    let database = site.database();
    let start = Barrier::new(9);
    thread::scope(|scope| {
        for writer in 0..8 {
            let (site, start) = (&site, &start);
            let client = Client::signed_in_as(site, 1);
            scope.spawn(move || {
                start.wait();
                for round in 0..40 {
                    let text = format!("Remark {writer} {round}");
                    let (path, form) = match round % 3 {
                        0 => ("/posts", [("title", &*text)]),
                        1 => ("/posts/5/comments", [("body", &*text)]),
                        _ => ("/user", [("about", &*text)]),
                    };
                    let method = if path == "/user" { "PATCH" } else { "POST" };
                    let answer = client.ask(method, path, &form, &[]);
                    assert!(matches!(answer.status, 303 | 404), "{path}: {}", answer.text());
                }
                eventually("the client is led to sign in", || {
                    let answer = client.post("/posts/5/comments", &[("body", "one more")]);
                    answer.header("Location").is_some_and(|to| to.starts_with("/sign_in?")).then_some(())
                });
            });
        }
        start.wait();
        let goes = Client::signed_in_as(&site, 1);
        assert_leads_to(&goes.ask("DELETE", "/user", &[("password", "password")], &[]), "/");
        // Another user can write meanwhile.
        let other = Client::signed_in_as(&site, 2);
        assert_eq!(other.post("/posts/5/comments", &[("body", "still here")]).status, 303);
    });
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE id = 1"), 0);
    assert_sound(&database);
}

#[test]
fn a_post_that_was_kept_for_comments_goes_with_the_last_one() {
    for by_htmx in [false, true] {
        let site = Site::start();
        let database = site.database();
        database.execute("DELETE FROM comments WHERE post_id = 7", []).expect("the schema is known");
        let author = number(&database, "SELECT user_id FROM posts WHERE id = 7");
        let other = author % 100 + 1;
        let ids = ["one", "two"].map(|body| comment_of(&database, other, 7, body));
        assert_eq!(
            Client::signed_in_as(&site, author)
                .ask("DELETE", "/user", &[("password", "password")], &[])
                .status,
            303
        );
        let client = Client::signed_in_as(&site, other);
        let destroy = |id: i64| {
            let path = format!("/comments/{id}");
            if by_htmx { client.htmx("DELETE", &path, &[]) } else { client.ask("DELETE", &path, &[], &[]) }
        };
        destroy(ids[0]);
        assert_eq!(texts(&client.get("/posts/7").html(), "h1"), ["[deleted]"]);
        let last = destroy(ids[1]);
        if by_htmx {
            assert_leads_htmx_to(&last, 200, "/posts");
        } else {
            assert_leads_to(&last, "/posts");
        }
        assert_eq!(flash(&client.get("/posts")), ["Comment was successfully destroyed. Undo"]);
        assert_eq!(client.get("/posts/7").status, 404);
    }
}

#[test]
fn invisible_text_counts_as_blank() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let unseen = "\u{200b}".repeat(3) + " \u{3164}\u{1d173}";
    let answer = client.post("/posts", &[("title", &unseen)]);
    assert_eq!(errors(&answer).1, ["Title can't be blank"]);
    let answer = client.post("/posts/1/comments", &[("body", &unseen)]);
    assert_eq!(errors(&answer).1, ["Body can't be blank"]);
}

#[test]
fn an_id_in_an_address_has_one_spelling() {
    let site = Site::start();
    for path in
        ["/posts/01", "/posts/0", "/posts/+1", "/posts/-1", "/users/007", "/posts/1%31", "/comments/01"]
    {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_removed_comment_of_another_user_outlasts_the_post_that_it_is_on() {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "DELETE FROM comments WHERE post_id = 3 AND parent_id IS NOT NULL; DELETE FROM comments WHERE post_id = 3;
             UPDATE posts SET user_id = 1, tags = 'rust' WHERE id = 3; INSERT INTO post_tags VALUES ('rust', 3);
             INSERT INTO comments (id, post_id, user_id, created_at, updated_at, deleted_at, removed_at, body)
                 VALUES (9001, 3, 2, 1, 1, 2, 2, 'It can be restored')",
        )
        .expect("the schema is known");
    recount(&database);
    let client = Client::signed_in(&site);
    assert_eq!(client.ask("DELETE", "/user", &[("password", "password")], &[]).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE id = 1"), 0);
    assert_eq!(number(&database, "SELECT count(*) FROM comments WHERE id = 9001"), 1);
    assert_eq!(
        number(&database, "SELECT count(*) FROM posts WHERE id = 3 AND title IS NULL AND tags IS NULL"),
        1
    );
    assert_sound(&database);
}
