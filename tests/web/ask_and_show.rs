//! The lists of posts that ask and of posts that show something.

use lorem_news::post::PostKind;
use lorem_news::schema::{MIGRATIONS, SCHEMA};
use lorem_news::types::time::HOUR;
use lorem_store::Database;
use proptest::prelude::*;
use rusqlite::{Connection, params};

use crate::client::*;
use crate::harness::*;
use crate::links::listed;
use crate::seen::assert_guarded;

/// The number of a new post with this title.
fn post(client: &Client, title: &str) -> i64 {
    let answer = client.post("/posts", &[("title", title)]);
    assert_eq!(answer.status, 303, "{title}: {}", answer.text());
    let location = answer.header("Location").expect("a redirect").trim_start_matches("/posts/");
    location.parse().expect("the number of a post")
}

fn shown(site: &Site, path: &str) -> Vec<i64> {
    let answer = site.get(path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_guarded(&answer);
    listed(&answer.html())
}

#[test]
fn a_post_is_listed_by_the_beginning_of_its_title() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for (path, heading) in [("/ask", "Ask"), ("/show", "Show")] {
        let html = site.get(path).html();
        assert_eq!(texts(&html, "h1"), [heading]);
        let empty = format!(
            "No such post yet. A title that begins with “{heading}:” or “{heading} LN:” is listed here."
        );
        assert_eq!(texts(&html, "main p.empty"), [empty]);
    }
    let ends = ["HN: a", "LN: b", ": c", " 日本: d", " hn: e"];
    let of = |word: &str| -> Vec<i64> {
        let ids = ends.map(|end| post(&client, &format!("{word} {end} of {word}")));
        post(&client, &format!("{word} me anything"));
        // The newest first, without votes.
        ids.into_iter().rev().collect()
    };
    let (ask, show) = (of("Ask"), of("sHOW"));
    post(&client, "On Ask HN: a study");
    assert_eq!((shown(&site, "/ask"), shown(&site, "/show")), (ask, show));
    assert_sound(&site.database());
}

#[test]
fn a_vote_moves_a_post_up_and_a_new_title_moves_it_away() {
    let site = Site::start();
    let (client, database) = (Client::signed_in(&site), site.database());
    let [old, young] = ["Ask LN: the older?", "Ask LN: the younger?"].map(|title| post(&client, title));
    assert_eq!(shown(&site, "/ask"), [young, old]);
    let voter = Client::signed_in_as(&site, 2);
    assert_eq!(voter.post(&format!("/posts/{old}/vote"), &[]).status, 303);
    assert_eq!(shown(&site, "/ask"), [old, young]);
    let html = voter.get("/ask").html();
    assert_eq!(attributes(&html, &format!("#post_arrow_{old}"), "aria-pressed"), ["true"]);
    let path = format!("/posts/{old}");
    assert_eq!(client.ask("PATCH", &path, &[("title", "Show LN: the older")], &[]).status, 303);
    assert_eq!((shown(&site, "/ask"), shown(&site, "/show")), (vec![young], vec![old]));
    assert_eq!(client.ask("PATCH", &path, &[("title", "The older one")], &[]).status, 303);
    assert_eq!(shown(&site, "/show"), [0; 0]);
    assert_sound(&database);
}

#[test]
fn a_deleted_or_removed_post_leaves_its_list_and_comes_back() {
    let site = Site::start();
    let (client, database) = (Client::signed_in(&site), site.database());
    database.execute_batch("UPDATE users SET is_admin = 1 WHERE id = 2").expect("the schema is known");
    let admin = Client::signed_in_as(&site, 2);
    let id = post(&client, "Ask LN: is it there?");
    let path = format!("/posts/{id}");
    let ask = |client: &Client, path: &str, form: &[(&str, &str)]| {
        assert_eq!(client.post(path, form).status, 303, "{path} {form:?}");
    };
    for turn in 0..2 {
        ask(&client, &path, &[("_method", "delete")]);
        assert_eq!(shown(&site, "/ask"), [0; 0], "{turn}");
        assert_sound(&database);
        ask(&client, &format!("{path}/undo"), &[]);
        assert_eq!(shown(&site, "/ask"), [id], "{turn}");
    }
    for (act, expected) in [("remove", vec![]), ("restore", vec![id])] {
        ask(&admin, &format!("{path}/moderate"), &[("act", act), ("reason", "A reason")]);
        assert_eq!(shown(&site, "/ask"), expected, "{act}");
        assert_sound(&database);
    }
}

#[test]
fn a_long_list_has_pages_and_wrong_addresses_are_refused() {
    let site = Site::start();
    let (client, database) = (Client::signed_in(&site), site.database());
    let ids: Vec<i64> = (0..65).map(|number| post(&client, &format!("Ask: number {number}?"))).collect();
    // Equal keys: the ids decide.
    database
        .execute("UPDATE posts SET hotness = ?1 WHERE kind = 1", [micros(HOUR)])
        .expect("the schema is known");
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let html = site.get(&format!("/ask{query}")).html();
        found.extend(listed(&html));
        match attributes(&html, "nav.pager a[rel=next]", "href").pop() {
            Some(next) => query = next,
            None => break,
        }
    }
    assert_eq!(found, ids.into_iter().rev().collect::<Vec<_>>());
    for (path, status) in
        [("/ask?after=1", 400), ("/show?after=x-y", 400), ("/ask/", 404), ("/Ask", 404), ("/ask/hn", 404)]
    {
        assert_eq!(site.get(path).status, status, "{path}");
    }
    assert_eq!((site.post("/ask").status, site.ask("HEAD", "/show", &[]).status), (405, 200));
}

/// The migration that adds the kinds.
fn migration() -> usize {
    MIGRATIONS.iter().position(|sql| sql.contains("posts_by_kind")).expect("the migration")
}

#[test]
fn the_migration_finds_the_posts_of_an_older_database() {
    let (_folder, path) = folder();
    let older = older_database(&path, migration());
    older
        .execute_batch(
            "INSERT INTO posts (id, created_at, updated_at, deleted_at, removed_at, hotness, title) VALUES
                (1, 1, 1, NULL, NULL, 1, 'Ask HN: one?'), (2, 1, 1, NULL, NULL, 1, 'show: two'),
                (3, 1, 1, NULL, NULL, 1, 'Three'), (4, 1, 1, 4, 4, 1, 'ASK LN: four?'),
                (5, 1, 1, 4, NULL, 1, NULL), (6, 1, 1, NULL, NULL, 1, 'Ask the six of us: seven')",
        )
        .expect("the schema is known");
    drop(older);
    drop(Database::open(&path, &SCHEMA).expect("it is migrated"));
    let database = open(&path);
    let sql = "SELECT json_group_array(kind) FROM (SELECT kind FROM posts ORDER BY id)";
    let kinds: String = database.query_row(sql, [], |row| row.get(0)).expect(sql);
    assert_eq!(kinds, "[1,2,null,1,null,null]");
    assert_sound_kinds(&database);
}

fn assert_sound_kinds(database: &Connection) {
    let mut statement = database.prepare("SELECT title, kind FROM posts").expect("the schema is known");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    for row in rows {
        let (title, kind): (Option<String>, Option<PostKind>) = row.expect("a row");
        assert_eq!(title.as_deref().and_then(PostKind::of), kind, "{title:?}");
    }
}

proptest! {
    #[test]
    fn the_migration_has_the_rule_of_the_program(
        titles in prop::collection::vec("( |)(ask|Ask|SHOW|show|sh)[ :äA日?']{0,7}", 1..40),
    ) {
        let connection = Connection::open_in_memory().expect("a database");
        for migration in &MIGRATIONS[..migration()] {
            connection.execute_batch(migration).expect("it migrates");
        }
        for title in &titles {
            let sql = "INSERT INTO posts (created_at, updated_at, hotness, title) VALUES (1, 1, 1, ?1)";
            connection.execute(sql, params![title]).expect("the schema is known");
        }
        connection.execute_batch(MIGRATIONS[migration()]).expect("it migrates");
        assert_sound_kinds(&connection);
    }
}
