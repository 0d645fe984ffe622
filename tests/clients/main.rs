//! Programs that others wrote, unchanged, as clients of the site: for Hacker News, and Schemathesis, which tests the API by
//! its OpenAPI document. `bin/setup clients` installs them; they need Python.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

use std::process::Command;

use lorem_news::auth::token::Secret;
use lorem_news::hn_api::ItemNumber;
use lorem_news::search;
use lorem_news::types::id::{CommentId, PostId};
use lorem_news::types::time::Timestamp;
use lorem_news::vote::Target;
use lorem_test_support::client::Client;
use lorem_test_support::harness::*;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn of_post(id: i64) -> i64 {
    ItemNumber::of(Target::Post(PostId::new(id))).get()
}

fn of_comment(id: i64) -> i64 {
    ItemNumber::of(Target::Comment(CommentId::new(id))).get()
}

/// What a program in this folder printed about a site; it is given the site's address and these arguments.
fn run(program: &str, site: &Site, arguments: &[&str]) -> Value {
    let output = Command::new("python3")
        .args([format!("{ROOT}/tests/clients/{program}"), format!("http://{}", site.address)])
        .args(arguments)
        .env("PYTHONPATH", format!("{ROOT}/.tools/clients"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "bin/setup clients installs what it needs: {errors}");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// The number of comments in a tree, without its root.
fn size(tree: &Value) -> i64 {
    tree["replies"].as_array().expect("a list").iter().map(|reply| 1 + size(reply)).sum()
}

#[test]
fn hn_api_client_reads_the_site() {
    let site = Site::with(60, |_| {});
    let database = site.database();
    let comments = "SELECT min(id) FROM comments WHERE post_id = 1";
    let (parent, author) =
        (number(&database, comments), number(&database, "SELECT user_id FROM posts WHERE id = 1"));
    let name: String = database
        .query_row("SELECT screen_name FROM users WHERE id = ?1", [author], |row| row.get(0))
        .expect("the author");
    let voter = Client::signed_in_as(&site, if author == 1 { 2 } else { 1 });
    assert_eq!(voter.post("/posts/1/vote", &[]).status, 303);
    let reply =
        voter.post(&format!("/comments/{parent}/replies"), &[("body", "A reply with <signs> & 日本語")]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    let reply = number(&database, "SELECT max(id) FROM comments");
    // The hottest of all: its discussion is read as a tree.
    database
        .execute("UPDATE posts SET hotness = 1 + (SELECT max(hotness) FROM posts) WHERE id = 1", [])
        .expect("it moves");
    let gone = 10_000_000;
    let numbers = [of_post(1), of_comment(parent), of_comment(reply), gone].map(|number| number.to_string());
    let [first, second, third, fourth] = numbers.each_ref().map(String::as_str);
    let got = run("read.py", &site, &[&name, first, second, third, fourth]);

    let lists = &got["lists"];
    let all = |list: &str| lists[list].as_array().expect("a list").clone();
    assert_eq!((all("top").len(), all("new").len(), all("job").len()), (60, 60, 0));
    assert_eq!((&lists["top"][0], &lists["best"]), (&json!(of_post(1)), &json!([of_post(1)])));
    let of_kind = |kind: i64| ids(&database, &format!("SELECT id * 2 FROM posts WHERE kind = {kind}"));
    assert_eq!((&lists["ask"], &lists["show"]), (&json!(of_kind(1)), &json!(of_kind(2))));
    let titles = |list: &Value| {
        list.as_array().expect("a list").iter().filter(|story| story["title"].is_string()).count()
    };
    assert_eq!(titles(&got["top"]), 10);

    let [story, comment, answer, nothing] = [0, 1, 2, 3].map(|at| &got["items"][at]);
    assert_eq!((&story["type"], &story["by"], &story["score"]), (&json!("story"), &json!(name), &json!(2)));
    let count = number(&database, "SELECT comments_count FROM posts WHERE id = 1");
    assert_eq!((&story["descendants"], size(&got["tree"])), (&json!(count), count));
    assert_eq!((&comment["type"], &comment["parent"]), (&json!("comment"), &json!(of_post(1))));
    assert!(comment["kids"].as_array().expect("a list").contains(&json!(of_comment(reply))));
    assert_eq!(answer["text"], "<p>A reply with &lt;signs&gt; &amp; 日本語</p>");
    assert_eq!((nothing, &got["nobody"]), (&Value::Null, &Value::Null));

    let user = &got["user"];
    let karma = number(&database, &format!("SELECT karma FROM users WHERE id = {author}"));
    assert_eq!((&user["id"], &user["karma"]), (&json!(name), &json!(karma)));
    assert!(user["submitted"].as_array().expect("a list").contains(&json!(of_post(1))));
    let greatest = got["max_item"].as_i64().expect("a number");
    assert!(greatest >= of_comment(reply) && greatest >= of_post(60));
    assert_eq!(
        got["updates"]["items"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|item| **item == of_comment(reply))
            .count(),
        1
    );
    assert_sound(&database);
}

#[test]
fn hn_keyword_watch_finds_what_was_written_by_search_and_by_numbers() {
    let site = Site::start();
    let database = site.database();
    let began = Timestamp::now().unix_seconds() - 1;
    let client = Client::signed_in_as(&site, 1);
    for title in ["A zymurgy manual", "Another matter"] {
        assert_eq!(client.post("/posts", &[("title", title), ("description", "On *brewing*")]).status, 303);
    }
    let post = number(&database, "SELECT min(id) FROM posts WHERE title = 'A zymurgy manual'");
    let body = "Zymurgy is <fermentation> & more";
    assert_eq!(client.post(&format!("/posts/{post}/comments"), &[("body", body)]).status, 303);
    let comment = number(&database, "SELECT max(id) FROM comments");
    eventually("everything is indexed", || {
        (!search::sql::is_behind(&database).expect("an answer")).then_some(())
    });
    let found = run("watch.py", &site, &["zymurgy", &began.to_string()]);
    let parts = |list: &str| -> Vec<Value> {
        let found = found[list].as_array().expect("a list").iter();
        let mut parts: Vec<Value> =
            found.map(|it| json!([it["id"], it["type"], it["title"], it["text"]])).collect();
        parts.sort_by_key(|part| part[0].as_i64());
        parts
    };
    let story = json!([of_post(post), "story", "A zymurgy manual", "On brewing"]);
    let remark = |title: &str| json!([of_comment(comment), "comment", title, body]);
    assert_eq!(parts("searched"), [story, remark("A zymurgy manual")]);
    // The numbers of comments are far above those of posts, of which it sees none.
    assert_eq!(parts("walked"), [remark("")]);
}

#[test]
fn the_examples_in_the_documentation_of_the_api_work() {
    let site = Site::start();
    site.database().execute("UPDATE posts SET user_id = 2", []).expect("none is the user's own");
    let token = api_token(&site);
    let text = std::fs::read_to_string(format!("{ROOT}/docs/api.md")).expect("a text");
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    curl ")).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let command = command.replace("127.0.0.1:3000", &site.address.to_string());
        let output = Command::new("sh")
            .args(["-c", &format!("curl --silent --show-error {command}")])
            .env("TOKEN", &token)
            .output()
            .expect("curl runs");
        assert!(output.status.success(), "{command}: {output:?}");
    }
    let written = "SELECT count(*) FROM comments WHERE body = 'Written by a *program*'";
    assert_eq!(number(&site.database(), written), 1);
}

/// A token of user 1 that writes.
fn api_token(site: &Site) -> String {
    let secret = Secret::random();
    let sql = "INSERT INTO api_tokens (id, user_id, name, may_write, secret_hash, created_at) \
               VALUES (1, 1, 'a tester', 1, ?1, 1)";
    site.database().execute(sql, [secret.hash()]).expect("a token");
    secret.of(1).to_string()
}

#[test]
fn schemathesis_finds_no_answer_of_the_api_that_its_document_does_not_describe() {
    let site = Site::start();
    let (database, token) = (site.database(), api_token(&site));
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("python3")
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(format!("{ROOT}/tests/clients/schemathesis.toml"))
        .args(["run", &format!("http://{}/api/site/openapi.json", site.address)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // The same requests each time. Its threads meet a bug of Python 3.11's parser.
        .args(["--seed", "1", "--workers", "1", "--max-examples", "30", "--generation-deterministic"])
        .args(["--no-color", "--warnings", "off"])
        .current_dir(folder.path())
        .env("PYTHONPATH", format!("{ROOT}/.tools/schemathesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("Tested: 24"), "bin/setup clients installs it: {said}");
    let made = "SELECT count(*) FROM api_answers WHERE status = 201";
    assert!(number(&database, made) > 0, "no post and no comment was made: {said}");
    assert_sound(&database);
}
