//! Titles: each is taken for thirty days, by one post, to which the refused form leads.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use lorem_news::post::{self, Holder, NewPost};
use lorem_news::schema::{MIGRATIONS, SCHEMA};
use lorem_news::types::id::UserId;
use lorem_news::types::time::{DAY, Timestamp};
use lorem_news::user::{self, NewUser};
use lorem_store::Database;
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const TAKEN: &str = "Title has already been taken";

/// Panics unless the form is refused for its title alone, with one link to the post that has it.
pub fn assert_leads_to_holder(answer: &Answer, id: i64) {
    let html = answer.html();
    assert_eq!(answer.status, 422);
    assert_refused(&html, "post", &[TAKEN]);
    assert_eq!(texts(&html, "main form a[href^='/posts/']:not(.button)"), ["Show the post with this title"]);
    assert_eq!(attributes(&html, "main form .hint a", "href"), [format!("/posts/{id}")]);
}

#[test]
fn of_one_form_that_is_sent_eight_times_at_once_one_post_is_made() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let together = Barrier::new(8);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let send = || {
            together.wait();
            client.post("/posts", &[("title", "A nervous finger"), ("description", "It presses again")])
        };
        let sent: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let database = site.database();
    let id = number(&database, "SELECT max(id) FROM posts");
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert_eq!((made.len(), refused.len(), number(&database, "SELECT count(*) FROM posts")), (1, 7, 21));
    for answer in refused {
        assert_leads_to_holder(answer, id);
    }
    assert_sound(&database);
}

/// Creates a post of user 1 of this age.
fn post_of_age(database: &Connection, title: &str, age: Duration) -> i64 {
    let created_at = Timestamp::now() - age;
    let post = NewPost { user_id: UserId::new(1), title, link: None, description: "", created_at };
    post::sql::create(database, &post).expect("it is posted").expect("the title is free").get()
}

#[test]
fn a_title_is_taken_for_thirty_days() {
    let site = Site::start();
    let database = site.database();
    let (month, minute) = (30 * DAY, Duration::from_secs(60));
    post_of_age(&database, "An old title", month + minute);
    let young = post_of_age(&database, "A young title", month - minute);
    for client in [Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 2)] {
        let answer = client.post("/posts", &[("title", "A young title")]);
        assert_leads_to_holder(&answer, young);
        let by_htmx = client.htmx("POST", "/posts", &[("title", "A young title")]);
        assert_leads_to_holder(&by_htmx, young);
    }
    let client = Client::signed_in_as(&site, 2);
    let answer = client.post("/posts", &[("title", "An old title")]);
    let id = number(&database, "SELECT max(id) FROM posts");
    assert_done(&client, &answer, &format!("/posts/{id}"), "Post was successfully created.");
    // Now it is taken anew, by the new post.
    let again = client.post("/posts", &[("title", "An old title")]);
    assert_leads_to_holder(&again, id);
    assert_sound(&database);
}

#[test]
fn the_edge_of_the_thirty_days_is_found_wherever_it_lies() {
    let site = Site::empty();
    let database = site.database();
    let new = NewUser { screen_name: "zoe", password_hash: "none", about: "", created_at: Timestamp::EPOCH };
    assert_eq!(user::sql::create(&database, &new).expect("an answer"), Some(UserId::new(1)));
    let month = 30 * DAY;
    // The index has steps of thirty days. A window may end in any part of one.
    for (number, offset) in [0, 1, 15 * micros(DAY), micros(month) - 1].into_iter().enumerate() {
        let now = Timestamp::from_micros(600 * micros(month) + offset);
        let title = format!("Title {number}");
        let create = |created_at| {
            let post =
                NewPost { user_id: UserId::new(1), title: &title, link: None, description: "", created_at };
            post::sql::create(&database, &post).expect("an answer")
        };
        let since = now - month;
        let first = create(since).expect("the title is free");
        let before = Timestamp::from_micros(now.as_micros() - 1);
        let holder = |id| Holder { id, is_hidden: false };
        let found = |now| post::sql::recent_with_title(&database, &title, now).expect("an answer");
        assert_eq!(found(before), Some(holder(first)));
        assert_eq!(create(before), Err(holder(first)));
        assert_eq!(found(now), None);
        let second = create(now).expect("the title is free again");
        assert_eq!(found(now), Some(holder(second)));
    }
}

#[test]
fn a_changed_title_is_taken_from_its_change_on() {
    let site = Site::start();
    let database = site.database();
    let month = 30 * DAY;
    let old = post_of_age(&database, "Its first title", 2 * month);
    let young = post_of_age(&database, "A young title", DAY);
    let (author, other) = (Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 2));
    let path = format!("/posts/{old}");
    for htmx in [false, true] {
        let form = [("title", "A young title")];
        let answer =
            if htmx { author.htmx("PATCH", &path, &form) } else { author.ask("PATCH", &path, &form, &[]) };
        assert_leads_to_holder(&answer, young);
    }
    assert_eq!(author.ask("PATCH", &path, &[("title", "Its new title")], &[]).status, 303);
    let answer = other.post("/posts", &[("title", "Its new title")]);
    assert_leads_to_holder(&answer, old);
    // Its first title is free at once. A change of the text alone takes a title for no longer.
    assert_eq!(other.post("/posts", &[("title", "Its first title")]).status, 303);
    let aged = format!("UPDATE posts SET retitled_at = retitled_at - {} WHERE id = {old}", micros(month));
    database.execute_batch(&aged).expect("the schema is known");
    assert_eq!(author.ask("PATCH", &path, &[("description", "Another text")], &[]).status, 303);
    assert_eq!(other.post("/posts", &[("title", "Its new title")]).status, 303);
    // Two posts have it now. Each can be changed without giving it up.
    for (client, id) in [(&author, old), (&other, number(&database, "SELECT max(id) FROM posts"))] {
        let form = [("title", "Its new title"), ("description", "A text")];
        assert_eq!(client.ask("PATCH", &format!("/posts/{id}"), &form, &[]).status, 303);
    }
    assert_sound(&database);
}

#[test]
fn the_form_does_not_say_which_removed_post_has_a_title() {
    let site = Site::start();
    let database = site.database();
    let id = post_of_age(&database, "A removed title", DAY);
    let remove = format!("UPDATE posts SET deleted_at = 1, removed_at = 1 WHERE id = {id}");
    database.execute_batch(&remove).expect("the schema is known");
    let client = Client::signed_in_as(&site, 2);
    let html = client.post("/posts", &[("title", "A removed title")]).html();
    assert_refused(&html, "post", &[TAKEN]);
    assert_eq!(attributes(&html, "main form .hint a", "href"), [""; 0]);
}

/// The migration by which titles are taken for a while only.
fn migration() -> usize {
    MIGRATIONS.iter().position(|sql| sql.contains("posts_by_month_and_title")).expect("the migration")
}

const ROWS: &str = "
    INSERT INTO users (id, screen_name, folded_name, created_at, updated_at, posts_count) VALUES
        (1, 'zoe', 'zoe', 1, 1, 3), (2, 'ann', 'ann', 1, 1, 0);
    INSERT INTO profiles (user_id, password_hash) VALUES (1, 'none'), (2, 'none');
    INSERT INTO posts (id, user_id, created_at, updated_at, deleted_at, score, hotness, comments_count, title, url,
                       site, address, removed_at, locked_at) VALUES
        (2, 1, 1, 2, NULL, 2, 7, 2, 'A title', 'https://example.com/a', 'example.com', 'example.com/a', NULL, 5),
        (5, 1, 3, 4, NULL, 1, 8, 0, 'Another title', NULL, NULL, NULL, NULL, NULL),
        (6, NULL, 3, 6, 6, 1, 9, 1, NULL, NULL, NULL, NULL, NULL, NULL),
        (7, 2, 3, 6, 6, 1, 9, 0, 'A removed title', NULL, NULL, NULL, 6, NULL),
        (9, 1, 3, 3, NULL, 1, 9, 0, 'The last title', NULL, NULL, NULL, NULL, NULL);
    INSERT INTO descriptions (post_id, text) SELECT id, 'Text ' || id FROM posts;
    INSERT INTO comments (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) VALUES
        (1, 2, 2, NULL, 0, 4, 4, 'A comment'), (2, 2, 1, 1, 1, 5, 5, 'A reply'), (3, 6, 1, NULL, 0, 5, 5, 'Another');
    INSERT INTO post_votes VALUES (2, 2, 5);
    INSERT INTO visits (user_id, post_id, seen_at) VALUES (2, 2, 5);
    INSERT INTO saved_posts VALUES (2, 2, 5), (2, 5, 5);
    INSERT INTO acts (created_at, admin_id, verb, noun, post_id, reason) VALUES (6, 2, 'remove', 'post', 7, 'Spam');
    INSERT INTO cases (id, created_at, post_id) VALUES (1, 5, 5);
    DELETE FROM posts WHERE id = 9;";

#[test]
fn the_migration_of_titles_keeps_posts_and_what_refers_to_them() {
    let (_folder, path) = folder();
    let older = older_database(&path, migration());
    older.execute_batch(ROWS).expect("the schema is known");
    let tables = [
        (
            "posts",
            "id, user_id, created_at, updated_at, deleted_at, score, hotness, comments_count, title, url, \
                   site, address, removed_at, locked_at",
        ),
        ("descriptions", "post_id, text"),
        ("comments", "id, post_id, user_id, parent_id, body"),
        ("post_votes", "user_id, post_id"),
        ("visits", "user_id, post_id"),
        ("saved_posts", "user_id, post_id"),
        ("acts", "id, post_id"),
        ("cases", "id, post_id"),
        ("stale_posts", "id"),
    ];
    let rows = |database: &Connection| {
        tables.map(|(table, columns)| {
            let sql = format!(
                "SELECT json_group_array(json_array({columns})) FROM (SELECT * FROM {table} ORDER BY 1)"
            );
            database.query_row(&sql, [], |row| row.get::<_, String>(0)).expect(&sql)
        })
    };
    // A trigger or an index that is not made anew would be missing. Only the index that kept titles apart is another.
    let objects = |database: &Connection| {
        let sql = "SELECT json_group_array(name) FROM (SELECT name FROM sqlite_schema WHERE tbl_name = 'posts' \
                   AND name NOT IN ('sqlite_autoindex_posts_1', 'posts_by_month_and_title', 'posts_by_kind') \
                   ORDER BY name)";
        database.query_row(sql, [], |row| row.get::<_, String>(0)).expect(sql)
    };
    let before = (rows(&older), objects(&older));
    drop(older);
    drop(Database::open(&path, &SCHEMA).expect("it is migrated"));
    let database = open(&path);
    assert_eq!((rows(&database), objects(&database)), before);
    let dangling = number(&database, "SELECT count(*) FROM pragma_foreign_key_check");
    assert_eq!((dangling, number(&database, "SELECT count(*) FROM posts")), (0, 4));
    // No later post gets the number of one that is gone, and a title of then is free.
    assert_eq!(post_of_age(&database, "A title", Duration::ZERO), 10);
    // A deleted post takes its case along, and its references follow it.
    database
        .execute_batch("UPDATE posts SET deleted_at = 7 WHERE id = 5; DELETE FROM posts WHERE id = 2;")
        .expect("it goes");
    for table in ["cases", "post_votes", "visits", "comments WHERE post_id = 2"] {
        assert_eq!(number(&database, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}
