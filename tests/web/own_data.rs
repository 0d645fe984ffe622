//! A person's own data, as a file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Barrier;
use std::thread;

use serde_json::Value;
use zip::ZipArchive;

use crate::client::*;
use crate::harness::*;

/// The files in an answer.
fn files(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/zip")), "{answer:?}");
    assert_eq!(answer.header("Content-Disposition"), Some("attachment; filename=\"my-data.zip\""));
    assert!(answer.header("Cache-Control").is_some_and(|control| control.contains("no-store")));
    let mut archive = ZipArchive::new(Cursor::new(answer.body.clone())).expect("a ZIP");
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("it is text");
        let name = file.name().expect("a name is text").into_owned();
        files.insert(name, text);
    }
    files
}

fn rows(files: &BTreeMap<String, String>, part: &str) -> Vec<Value> {
    let text = files.get(&format!("{part}.jsonl")).unwrap_or_else(|| panic!("no {part}: {:?}", files.keys()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn a_user_gets_all_that_is_theirs_and_nothing_of_others() {
    let site = Site::with(20, |_| {});
    let database = site.database();
    let me = Client::new(&site);
    me.sign_up("Ada");
    me.post("/posts", &[("title", "My own <post>"), ("description", "Some *words* of mine")]);
    let post = number(&database, "SELECT max(id) FROM posts");
    me.post(&format!("/posts/{post}/comments"), &[("body", "A remark of mine")]);
    me.post("/posts/1/vote", &[]);
    me.post("/posts/2/save", &[]);
    me.post("/posts/3/flag", &[("kind", "spam")]);
    me.post("/users/5/follow", &[]);
    me.post(
        "/user/tokens",
        &[("name", "My program"), ("scope", "write"), ("current_password", NEW_PASSWORD)],
    );
    // What an admin has removed is still theirs.
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("valid SQL");
    let admin = Client::signed_in_as(&site, 1);
    admin.post(&format!("/posts/{post}/moderate"), &[("act", "remove"), ("reason", "Not for here")]);
    assert!(
        me.get("/user").text().contains("/user/data")
            || me.follow(&me.get("/user")).text().contains("/user/data")
    );
    let files = files(&me.post("/user/data", &[]));
    let account = &rows(&files, "account")[0];
    assert_eq!((&account["screen_name"], &account["is_admin"]), (&"Ada".into(), &false.into()));
    assert!(account["created_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{account}");
    let posts = rows(&files, "posts");
    assert_eq!((posts.len(), &posts[0]["title"]), (1, &"My own <post>".into()));
    assert!(posts[0]["removed_at"].is_string());
    assert_eq!(rows(&files, "comments")[0]["text"], "A remark of mine");
    let counts = ["post_votes", "saved_posts", "flags", "followed_users", "sessions", "api_tokens"]
        .map(|part| rows(&files, part).len());
    assert_eq!(counts, [1; 6]);
    assert_eq!(rows(&files, "saved_posts")[0]["post_id"], 2);
    let page = &files["index.html"];
    assert!(
        page.contains("My own &lt;post&gt;") && page.contains("<em>words</em>")
            || page.contains("<i>words</i>"),
        "{page}"
    );
    assert!(page.contains("A remark of mine"));
    let secret: String = database
        .query_row("SELECT password_hash FROM profiles ORDER BY user_id DESC LIMIT 1", [], |row| row.get(0))
        .expect("a hash");
    assert!(files.values().all(|text| !text.contains(&secret) && !text.contains("$argon2")));
    // Another user gets their own, which has nothing of this one's.
    let other = self::files(&Client::signed_in_as(&site, 5).post("/user/data", &[]));
    assert!(other.values().all(|text| !text.contains("of mine")));
}

#[test]
fn it_is_for_the_signed_in_user_in_every_way() {
    let site = Site::with(5, |_| {});
    let guest = Client::new(&site);
    assert_eq!(guest.post("/user/data", &[]).status, 303);
    assert_eq!(guest.htmx("POST", "/user/data", &[]).status, 401);
    let me = Client::signed_in_as(&site, 5);
    assert_eq!(me.get("/user/data").status, 405);
    let (first, second) = (files(&me.post("/user/data", &[])), files(&me.htmx("POST", "/user/data", &[])));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    // A form of another account does nothing.
    assert_eq!(me.post("/user/data", &[("account", "6")]).status, 409);
    // A banned user keeps the right to their data.
    site.database()
        .execute_batch("UPDATE users SET is_admin = (id = 1); UPDATE users SET banned_at = 1 WHERE id = 5")
        .expect("valid SQL");
    files(&me.post("/user/data", &[]));
}

#[test]
fn fifty_clients_at_once_get_their_data_or_are_told_to_come_back() {
    let site = Site::with(30, |config| config.rates = None);
    let clients: Vec<Client> = (1..=50).map(|id| Client::signed_in_as(&site, id)).collect();
    let barrier = Barrier::new(clients.len());
    thread::scope(|scope| {
        let asked: Vec<_> = clients
            .iter()
            .map(|client| {
                scope.spawn(|| {
                    barrier.wait();
                    client.post("/user/data", &[])
                })
            })
            .collect();
        let statuses: Vec<u16> =
            asked.into_iter().map(|asked| asked.join().expect("an answer").status).collect();
        assert!(
            statuses.iter().all(|status| [200, 503].contains(status)) && statuses.contains(&200),
            "{statuses:?}"
        );
    });
}
