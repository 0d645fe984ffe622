//! The API of Hacker News: what a program that was written for that site gets.

use lorem_news::comment::{self, NewComment};
use lorem_news::hn_api::{ItemNumber, MAX_OF_KIND, MAX_STORIES, MAX_SUBMITTED};
use lorem_news::html::size::MAX_PAGE_BYTES;
use lorem_news::post::{self, NewPost, link};
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{DAY, Timestamp};
use lorem_news::vote::Target;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::*;
use crate::harness::*;
use crate::seen::{count, name_of};

/// The time of the posts and comments that the tests make, in seconds.
const AT: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((AT + seconds) * 1_000_000)
}

fn number(target: Target) -> i64 {
    ItemNumber::of(target).get()
}

fn of_post(id: PostId) -> i64 {
    number(Target::Post(id))
}

fn of_comment(id: CommentId) -> i64 {
    number(Target::Comment(id))
}

/// The value at an address, which is JSON for programs on all sites.
pub fn value(site: &Site, path: &str) -> Value {
    let answer = site.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("application/json; charset=utf-8"), "{path}");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{path}");
    assert_eq!(answer.header("Cache-Control"), Some("public, no-cache"), "{path}");
    assert_eq!(answer.header("Vary"), Some("Accept-Encoding"), "{path}");
    assert_eq!(answer.header("Set-Cookie"), None, "{path}");
    serde_json::from_str(answer.text()).unwrap_or_else(|why| panic!("{path}: {why}: {}", answer.text()))
}

fn item(site: &Site, number: i64) -> Value {
    value(site, &format!("/v0/item/{number}.json"))
}

pub fn new_post(
    database: &Connection,
    by: i64,
    title: &str,
    url: Option<&str>,
    text: &str,
    seconds: i64,
) -> PostId {
    let link = url.map(|url| link::parse(url).expect("a link"));
    let (user_id, created_at) = (UserId::new(by), at(seconds));
    let new = NewPost { user_id, title, link: link.as_ref(), description: text, created_at };
    post::sql::create(database, &new).expect("it is posted").expect("the title is free")
}

pub fn new_comment(
    database: &Connection,
    by: i64,
    post_id: PostId,
    parent_id: Option<CommentId>,
    body: &str,
    seconds: i64,
) -> CommentId {
    let new = NewComment { post_id, parent_id, user_id: UserId::new(by), body, created_at: at(seconds) };
    comment::sql::create(database, &new).expect("it can be made")
}

/// A site without posts, with an admin, who is user 1, and the users Zoë Ü and ann.
pub fn people() -> (Site, Connection) {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "DELETE FROM posts;
             UPDATE users SET is_admin = 1 WHERE id = 1;
             UPDATE users SET screen_name = 'Zoë Ü', folded_name = 'zoë ü', created_at = 5000000 WHERE id = 2;
             UPDATE users SET screen_name = 'ann', folded_name = 'ann' WHERE id = 3;
             UPDATE profiles SET about = '';",
        )
        .expect("the schema is known");
    recount(&database);
    (site, database)
}

#[test]
fn a_story_has_the_fields_of_hacker_news() {
    let (site, database) = people();
    let id = new_post(&database, 2, "Rust & <b> \"C++\"", Some("https://example.com/a?b=1&c"), "A *text*", 0);
    let story = of_post(id);
    let expected = json!({
        "by": "Zoë Ü", "descendants": 0, "id": story, "score": 1, "text": "<p>A <em>text</em></p>", "time": AT,
        "title": "Rust &amp; &lt;b&gt; \"C++\"", "type": "story", "url": "https://example.com/a?b=1&c",
    });
    assert_eq!(item(&site, story), expected);
    // Without a link, without a text, in another script.
    let id = new_post(&database, 3, "Ask LN: سؤال 日本語?", None, "", 1);
    let expected = json!({
        "by": "ann", "descendants": 0, "id": of_post(id), "score": 1, "time": AT + 1,
        "title": "Ask LN: سؤال 日本語?", "type": "story",
    });
    assert_eq!(item(&site, of_post(id)), expected);
    assert_sound(&database);
}

#[test]
fn comments_stand_in_the_order_of_the_discussion() {
    let (site, database) = people();
    let id = new_post(&database, 2, "A discussion", None, "", 0);
    let old = new_comment(&database, 3, id, None, "The older one, 5 < 6", 1);
    let young = new_comment(&database, 2, id, None, "The younger one", 2);
    let replies: Vec<CommentId> =
        (0..3).map(|n| new_comment(&database, 2, id, Some(old), &format!("Reply {n}"), 3 + n)).collect();
    let voter = Client::signed_in_as(&site, 1);
    for path in [format!("/comments/{young}/vote"), format!("/comments/{}/vote", replies[2])] {
        assert_eq!(voter.post(&path, &[]).status, 303);
    }
    let story = item(&site, of_post(id));
    assert_eq!(story["kids"], json!([of_comment(young), of_comment(old)]));
    assert_eq!(story["descendants"], 5);
    let kids = [replies[2], replies[0], replies[1]].map(of_comment);
    let expected = json!({
        "by": "ann", "id": of_comment(old), "kids": kids,
        "parent": of_post(id), "text": "<p>The older one, 5 &lt; 6</p>", "time": AT + 1, "type": "comment",
    });
    assert_eq!(item(&site, of_comment(old)), expected);
    let reply = item(&site, of_comment(replies[0]));
    assert_eq!((&reply["parent"], reply.get("kids")), (&json!(of_comment(old)), None));
    // The site's own page has the same order.
    let shown = attributes(&site.get(&format!("/posts/{id}")).html(), "li[id^=comment_]", "id");
    let walked = [young, old, replies[2], replies[0], replies[1]].map(|id| format!("comment_{id}"));
    assert_eq!(shown, walked);
}

#[test]
fn what_is_deleted_or_removed_says_so_and_shows_nothing_else() {
    let (site, database) = people();
    let [author, admin] = [2, 1].map(|id| Client::signed_in_as(&site, id));
    let id = new_post(&database, 2, "Secret title", Some("https://secret.example/"), "Secret text", 0);
    let [first, second] = [1, 2].map(|at| new_comment(&database, 2, id, None, "Secret comment", at));
    let reply = new_comment(&database, 3, id, Some(first), "A reply that stays", 3);
    let leaf = new_comment(&database, 2, id, None, "Secret leaf", 4);
    let [first_number, second_number] = [first, second].map(of_comment);
    let delete = |path: String| assert_eq!(author.post(&path, &[("_method", "delete")]).status, 303);
    let remove = |path: String| {
        assert_eq!(admin.post(&path, &[("act", "remove"), ("reason", "Spam")]).status, 303);
    };
    delete(format!("/comments/{first}"));
    delete(format!("/comments/{leaf}"));
    remove(format!("/comments/{second}/moderate"));
    let deleted = json!({
        "deleted": true, "id": first_number, "kids": [of_comment(reply)], "parent": of_post(id), "time": AT + 1,
        "type": "comment",
    });
    assert_eq!(item(&site, first_number), deleted);
    let dead = json!({
        "dead": true, "id": second_number, "parent": of_post(id), "text": "[removed]", "time": AT + 2, "type": "comment",
    });
    assert_eq!(item(&site, second_number), dead);
    // It had no reply, so that it is on no page.
    assert_eq!(item(&site, of_comment(leaf)), Value::Null);
    remove(format!("/posts/{id}/moderate"));
    let dead = json!({
        "dead": true, "descendants": 1, "id": of_post(id), "kids": [first_number, second_number], "time": AT,
        "title": "[removed]", "type": "story",
    });
    assert_eq!(item(&site, of_post(id)), dead);
    assert_eq!(
        admin.post(&format!("/posts/{id}/moderate"), &[("act", "restore"), ("reason", "A reason")]).status,
        303
    );
    assert_eq!(item(&site, of_post(id))["title"], "Secret title");
    delete(format!("/posts/{id}"));
    let deleted = json!({
        "deleted": true, "id": of_post(id), "kids": [first_number, second_number], "time": AT, "type": "story",
    });
    assert_eq!(item(&site, of_post(id)), deleted);
    // A list and a profile have none of them.
    assert_eq!(value(&site, "/v0/newstories.json"), json!([]));
    assert_eq!(value(&site, "/v0/user/Zo%C3%AB%20%C3%9C.json").get("submitted"), None);
    // What a banned user wrote stays.
    assert_eq!(admin.post("/users/3/moderate", &[("act", "ban"), ("reason", "Spam")]).status, 303);
    assert_eq!(item(&site, of_comment(reply))["by"], "ann");
    assert_sound(&database);
}

#[test]
fn what_is_not_there_is_null() {
    let (site, database) = people();
    let id = new_post(&database, 2, "A post that goes", None, "", 0);
    assert_eq!(item(&site, of_post(id))["type"], "story");
    assert_eq!(
        Client::signed_in_as(&site, 2).post(&format!("/posts/{id}"), &[("_method", "delete")]).status,
        303
    );
    let (post, comment) = (of_post(id).to_string(), (of_post(id) + 1).to_string());
    for number in [
        &*post,
        &comment,
        "0",
        "1",
        "-2",
        "+4",
        "04",
        "x",
        "",
        "9223372036854775807",
        "9223372036854775808",
        "2.json",
    ] {
        assert_eq!(value(&site, &format!("/v0/item/{number}.json")), Value::Null, "{number}");
    }
    for name in ["nobody", "", "ANN", "ann%00", "%FF", "..", "ann.json"] {
        assert_eq!(value(&site, &format!("/v0/user/{name}.json")), Value::Null, "{name}");
    }
    for path in ["/v0", "/v0/", "/v0/item/2", "/v0/user/ann", "/v0/stories.json", "/v0/item/2.json/kids.json"]
    {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    let guest = Client::new(&site);
    for path in [
        "/v0/item/2.json",
        "/v0/user/ann.json",
        "/v0/topstories.json",
        "/v0/maxitem.json",
        "/v0/updates.json",
    ] {
        let answer = guest.post(path, &[("id", "1")]);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")), "{path}");
        let (head, get) = (site.ask("HEAD", path, &[]), site.get(path));
        let length = get.body.len().to_string();
        assert_eq!(
            (head.status, head.header("Content-Length"), head.text()),
            (200, Some(&*length), ""),
            "{path}"
        );
    }
}

#[test]
fn a_user_has_what_they_submitted() {
    let (site, database) = people();
    database
        .execute("UPDATE profiles SET about = 'Writes at https://example.com' WHERE user_id = 2", [])
        .expect("the schema is known");
    let first = new_post(&database, 2, "The first post", None, "", 0);
    let comment = new_comment(&database, 2, first, None, "A comment", 1);
    let second = new_post(&database, 2, "The second post", None, "", 2);
    assert_eq!(Client::signed_in_as(&site, 3).post(&format!("/posts/{first}/vote"), &[]).status, 303);
    let expected = json!({
        "about": "<p>Writes at <a href=\"https://example.com\" rel=\"nofollow ugc noopener\">https://example.com</a></p>",
        "created": 5, "id": "Zoë Ü", "karma": 1, "submitted": [of_post(second), of_comment(comment), of_post(first)],
    });
    assert_eq!(value(&site, "/v0/user/Zo%C3%AB%20%C3%9C.json"), expected);
    let created = number_of(&database, "SELECT created_at / 1000000 FROM users WHERE id = 3");
    assert_eq!(value(&site, "/v0/user/ann.json"), json!({ "created": created, "id": "ann", "karma": 0 }));
    let sql = "INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 1500) SELECT ?1, 3, n, n, 'Body' FROM n";
    database.execute(sql, [first]).expect("the schema is known");
    let submitted = value(&site, "/v0/user/ann.json")["submitted"].as_array().expect("a list").len();
    assert_eq!(submitted, MAX_SUBMITTED as usize);
}

fn number_of(database: &Connection, sql: &str) -> i64 {
    crate::harness::number(database, sql)
}

#[test]
fn lists_have_the_posts_of_the_sites_lists() {
    let (site, database) = people();
    let now = Timestamp::now().unix_seconds() - AT - 1000;
    let posts = ["Plain words", "Ask LN: words?", "Show LN: words", "Other words"];
    let mut posts: Vec<i64> = (0..4)
        .map(|n| of_post(new_post(&database, 2, posts[n], None, "", now + i64::try_from(n).expect("a few"))))
        .collect();
    let voter = Client::signed_in_as(&site, 3);
    let post = posts[0] / 2;
    assert_eq!(voter.post(&format!("/posts/{post}/vote"), &[]).status, 303);
    let list = |name: &str| value(&site, &format!("/v0/{name}.json"));
    assert_eq!(list("topstories"), json!([posts[0], posts[3], posts[2], posts[1]]));
    assert_eq!(list("beststories"), json!([posts[0]]));
    assert_eq!((list("askstories"), list("showstories")), (json!([posts[1]]), json!([posts[2]])));
    assert_eq!(list("jobstories"), json!([]));
    posts.reverse();
    assert_eq!(list("newstories"), json!(posts));
    // Of many the first ones.
    let sql = "INSERT INTO posts (user_id, created_at, updated_at, hotness, score, title, kind)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 700)
               SELECT 2, ?1 + n, ?1 + n, ?1 + n, 2, iif(n % 2, 'Ask: ', 'Show: ') || n, 1 + (n % 2 = 0) FROM n";
    database.execute(sql, [Timestamp::now() - DAY]).expect("the schema is known");
    let length = |name: &str| list(name).as_array().expect("a list").len();
    for name in ["topstories", "newstories", "beststories"] {
        assert_eq!(length(name), MAX_STORIES as usize, "{name}");
    }
    for name in ["askstories", "showstories"] {
        assert_eq!(length(name), MAX_OF_KIND as usize, "{name}");
    }
}

#[test]
fn the_greatest_number_and_the_updates_follow_what_is_written() {
    let (site, database) = people();
    assert_eq!(value(&site, "/v0/updates.json"), json!({ "items": [], "profiles": [] }));
    assert_eq!(value(&site, "/v0/maxitem.json"), 0);
    let id = new_post(&database, 2, "A post", None, "", 0);
    assert_eq!(value(&site, "/v0/maxitem.json"), of_post(id));
    let comment = new_comment(&database, 3, id, None, "A comment", 1);
    let reply = new_comment(&database, 2, id, Some(comment), "A reply", 2);
    assert_eq!(value(&site, "/v0/maxitem.json"), of_comment(reply).max(of_post(id)));
    let updates = value(&site, "/v0/updates.json");
    assert_eq!(updates["items"], json!([of_post(id), of_comment(reply), of_comment(comment)]));
    assert_eq!(updates["profiles"], json!(["Zoë Ü", "ann"]));
    // An old post that an admin removes is among them again.
    let sql = "INSERT INTO posts (user_id, created_at, updated_at, hotness, title)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 40) SELECT 3, n, n, n, 'Post ' || n FROM n";
    database.execute_batch(&format!("{sql}; DELETE FROM comments")).expect("the schema is known");
    let has_it = || {
        let items = value(&site, "/v0/updates.json")["items"].clone();
        items.as_array().expect("a list").contains(&json!(of_post(id)))
    };
    assert!(!has_it());
    let form = [("act", "remove"), ("reason", "Spam")];
    let admin = Client::signed_in_as(&site, 1);
    assert_eq!(admin.post(&format!("/posts/{id}/moderate"), &form).status, 303);
    assert!(has_it());
}

#[test]
fn numbers_are_not_given_again() {
    let (site, database) = people();
    let make = |n: i64| {
        let id = new_post(&database, 2, &format!("Post {n}"), None, "", n);
        (of_post(id), of_comment(new_comment(&database, 3, id, None, "A comment", n)))
    };
    let (post, comment) = make(0);
    database.execute_batch("DELETE FROM posts").expect("they go");
    let (other_post, other_comment) = make(1);
    assert!(other_post > post && other_comment > comment);
    assert_eq!([item(&site, post), item(&site, comment)], [Value::Null, Value::Null]);
}

#[test]
fn an_answer_is_kept_until_it_changes() {
    let (site, database) = people();
    let now = Timestamp::now().unix_seconds() - AT - 1000;
    let id = new_post(&database, 2, "Ask LN: is it kept?", None, "", now);
    let comment = new_comment(&database, 3, id, None, "A comment", now);
    drop(database);
    let (story, remark) = (of_post(id), of_comment(comment));
    let paths = [format!("/v0/item/{story}.json"), format!("/v0/item/{remark}.json")];
    let lists = ["top", "new", "best", "ask", "show", "job"].map(|list| format!("/v0/{list}stories.json"));
    let others = ["/v0/maxitem.json", "/v0/updates.json"].map(str::to_owned);
    let all: Vec<String> = paths.iter().chain(&lists).chain(&others).cloned().collect();
    // They sign in by another connection, which ends all copies.
    let [author, voter] = [2, 3].map(|id| Client::signed_in_as(&site, id));
    let is_hit = |path: &str| {
        let hits = || {
            let text = site.get("/metrics").text().to_owned();
            let lines = text.lines().filter(|line| line.contains("/v0/") && line.contains("outcome=\"hit\""));
            let numbers = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
            numbers.sum::<u64>()
        };
        let before = hits();
        assert_eq!(site.get(path).status, 200);
        hits() > before
    };
    for path in &all {
        eventually(path, || is_hit(path).then_some(()));
        let tag = site.get(path).header("ETag").expect("a tag").to_owned();
        let known = site.ask("GET", path, &[("If-None-Match", &tag)]);
        assert_eq!((known.status, known.text()), (304, ""), "{path}");
        assert_eq!(known.header("Access-Control-Allow-Origin"), Some("*"), "{path}");
    }
    // Cookies make no difference.
    assert_eq!(voter.get(&paths[0]).text(), site.get(&paths[0]).text());
    assert_eq!(item(&site, story)["score"], 1);
    assert_eq!(voter.post(&format!("/posts/{id}/vote"), &[]).status, 303);
    assert_eq!(item(&site, story)["score"], 2);
    assert_eq!(value(&site, &lists[2]), json!([story]));
    let path = format!("/posts/{id}");
    assert_eq!(author.ask("PATCH", &path, &[("title", "Show LN: it is not")], &[]).status, 303);
    assert_eq!((value(&site, &lists[3]), value(&site, &lists[4])), (json!([]), json!([story])));
    let answer = voter.post(&format!("/comments/{comment}/replies"), &[("body", "A reply to it")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(item(&site, remark)["kids"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_answer_can_be_pretty_and_compressed() {
    let (site, database) = people();
    let id = new_post(&database, 2, "A post", None, &"Words ".repeat(500), 0);
    let path = format!("/v0/item/{}.json", of_post(id));
    let (plain, pretty) = (site.get(&path), site.get(&format!("{path}?print=pretty")));
    assert_eq!(plain.text().lines().count(), 1);
    assert!(pretty.text().starts_with("{\n  \"by\": \"Zoë Ü\",\n"), "{}", pretty.text());
    let parsed = |answer: &Answer| serde_json::from_str::<Value>(answer.text()).expect("JSON");
    assert_eq!(parsed(&plain), parsed(&pretty));
    assert_eq!(site.get(&format!("{path}?print=no&x=%FF")).text(), plain.text());
    let small = site.ask("GET", &path, &[("Accept-Encoding", "gzip")]);
    assert_eq!((small.status, small.header("Content-Encoding")), (200, Some("gzip")));
    assert!(small.body.len() < plain.body.len() / 4);
}

#[test]
fn a_large_discussion_and_a_long_text_are_bounded() {
    let (site, database) = people();
    let id =
        new_post(&database, 2, "A large discussion", None, &"https://example.com/&&&&&&& ".repeat(2300), 0);
    let sql = "INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 10100) SELECT ?1, 3, n, n, 'Body' FROM n";
    database.execute(sql, [id]).expect("the schema is known");
    let parent = CommentId::new(number_of(&database, "SELECT max(id) FROM comments"));
    let sql = "INSERT INTO comments (post_id, user_id, created_at, updated_at, body, parent_id, depth)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 50) SELECT ?1, 3, 0, 0, 'Body', ?2, 1 FROM n";
    database.execute(sql, [id.get(), parent.get()]).expect("the schema is known");
    let path = format!("/v0/item/{}.json", of_post(id));
    let answer = site.get(&path);
    assert!(answer.body.len() <= MAX_PAGE_BYTES, "{}", answer.body.len());
    let story = value(&site, &path);
    let kids = story["kids"].as_array().expect("a list");
    // The newest 10,000, which the site sorts, without replies.
    assert_eq!((kids.len(), &kids[9999]), (10_000, &json!(of_comment(parent))));
    let text = story["text"].as_str().expect("a text");
    assert!(text.ends_with(&format!("/posts/{id}/text\">Read on…</a></p>")), "{}", &text[text.len() - 200..]);
    assert_eq!(item(&site, of_comment(parent))["kids"].as_array().map(Vec::len), Some(50));
}

#[test]
fn an_empty_site_answers_as_well() {
    let site = Site::empty();
    for list in ["top", "new", "best", "ask", "show", "job"] {
        assert_eq!(value(&site, &format!("/v0/{list}stories.json")), json!([]), "{list}");
    }
    assert_eq!(value(&site, "/v0/maxitem.json"), 0);
    assert_eq!(value(&site, "/v0/item/2.json"), Value::Null);
}

#[test]
fn every_item_up_to_the_greatest_is_found_by_its_number() {
    let site = Site::start();
    let database = site.database();
    let greatest = value(&site, "/v0/maxitem.json").as_i64().expect("a number");
    let (mut stories, mut comments) = (0, 0);
    for number in 1..=greatest {
        let found = item(&site, number);
        match found["type"].as_str() {
            Some("story") => stories += 1,
            Some("comment") => {
                comments += 1;
                let parent = item(&site, found["parent"].as_i64().expect("a number"));
                let kids = parent["kids"].as_array().expect("it has comments");
                assert!(kids.contains(&json!(number)), "{number}");
            }
            _ => assert_eq!(found, Value::Null, "{number}"),
        }
    }
    assert_eq!((stories, comments), (count(&database, "posts"), count(&database, "comments")));
    let name = name_of(&database, 1);
    assert_eq!(value(&site, &format!("/v0/user/{name}.json"))["id"], *name);
}
