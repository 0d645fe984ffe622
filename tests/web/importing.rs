//! `lorem-news import hn`: items of Hacker News, whatever their order, more than once, and after a kill.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use lorem_news::hn_import::MAX_LINE_BYTES;
use lorem_test_support::hn;
use serde_json::Value;

use crate::harness::{Program, assert_sound, eventually, folder, number, open, program, run};

fn import(database: &Path, source: &Path) -> Output {
    let [database, source] = [database, source].map(|path| path.to_str().expect("a text"));
    run(&["import", "hn", source, "--database", database])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Imports lines into a new database; returns the output.
fn imported(database: &Path, lines: &str) -> Output {
    let file = database.with_extension("jsonl");
    fs::write(&file, lines).expect("it is written");
    import(database, &file)
}

/// What a reader sees of the posts and comments, by their numbers at Hacker News.
fn shown(database: &Path) -> BTreeMap<i64, String> {
    let connection = open(database);
    let mut statement = connection
        .prepare(
            "SELECT i.number, concat_ws('|', p.title, p.url, p.score, p.comments_count, p.created_at, p.deleted_at, d.text,
                 c.body, c.created_at, c.deleted_at, c.depth, u.screen_name, coalesce(parent.number, root.number))
             FROM imported_items AS i LEFT JOIN posts AS p ON i.item % 2 = 0 AND p.id = i.item / 2
             LEFT JOIN descriptions AS d ON d.post_id = p.id LEFT JOIN comments AS c ON i.item % 2 = 1 AND c.id = i.item / 2
             LEFT JOIN users AS u ON u.id = coalesce(p.user_id, c.user_id)
             LEFT JOIN imported_items AS parent ON parent.item = 2 * c.parent_id + 1
             LEFT JOIN imported_items AS root ON root.item = 2 * c.post_id
             ORDER BY i.number",
        )
        .expect("the schema is known");
    // Each reference to a number is a look through all items without this.
    connection
        .execute_batch("CREATE INDEX IF NOT EXISTS test_items ON imported_items (item)")
        .expect("an index");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

/// The items that a reader of the made file expects: all but deleted ones with nothing alive below them.
fn expected(lines: &[String]) -> usize {
    let items: BTreeMap<i64, Value> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("made JSON"))
        .map(|item| (item["id"].as_i64().expect("an id"), item))
        .collect();
    let mut wanted = std::collections::BTreeSet::new();
    for item in items.values().filter(|item| item["deleted"] != true) {
        let mut id = item["id"].as_i64();
        while let Some(number) = id.filter(|number| wanted.insert(*number)) {
            id = items[&number]["parent"].as_i64();
        }
    }
    wanted.len()
}

const SMALL: &str = r#"{"id":1,"type":"story","by":"pg","time":1160418111,"title":"Y &amp; Z","url":"http://ycombinator.com","score":57,"descendants":3,"kids":[2]}
{"id":2,"type":"comment","by":"sama","time":1160418200,"parent":1,"text":"Hello <i>there</i><p>&gt; quoted &#x2F; *"}
{"id":3,"type":"comment","deleted":true,"time":1160418300,"parent":2}
{"id":4,"type":"comment","by":"pg","time":1160418400,"parent":3,"text":"Below a deleted one"}
{"id":5,"type":"comment","by":"troll","dead":true,"time":1160418500,"parent":1,"text":"killed"}
{"id":6,"type":"comment","deleted":true,"time":1160418600,"parent":1}
{"id":7,"type":"poll","by":"pg","time":1160418700,"title":"Which one?","parts":[8],"text":"Choose"}
{"id":8,"type":"pollopt","by":"pg","time":1160418700,"poll":7,"text":"This"}
{"id":9,"type":"job","time":1160418800,"title":"Ask us: a job","url":"ftp://jobs.example"}
{"id":"pg","created":1160000000,"karma":12,"about":"Bug <i>fixer</i>."}
"#;

#[test]
fn items_become_posts_and_comments_with_their_points_times_and_authors() {
    let (_folder, database) = folder();
    let output = imported(&database, SMALL);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let connection = open(&database);
    assert_sound(&connection);
    let shown = shown(&database);
    assert_eq!(shown.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 7, 9], "{shown:?}");
    assert_eq!(shown[&1], "Y & Z|http://ycombinator.com|57|2|1160418111000000||pg");
    assert!(shown[&2].starts_with("Hello *there*\n\n\\> quoted / \\*|"), "{}", shown[&2]);
    assert!(shown[&4].starts_with("Below a deleted one|1160418400000000|2|pg|3"), "{}", shown[&4]);
    assert!(shown[&9].contains("ftp://jobs.example"), "{}", shown[&9]);
    assert_eq!(number(&connection, "SELECT karma FROM users WHERE screen_name = 'pg'"), 56);
    let created = "SELECT created_at FROM users WHERE screen_name = 'pg'";
    assert_eq!(number(&connection, created), 1_160_000_000_000_000);
    assert_eq!(
        number(&connection, "SELECT count(*) FROM comment_words WHERE comment_words MATCH 'below'"),
        1
    );
    assert_eq!(
        number(&connection, "SELECT count(*) FROM comment_words WHERE comment_words MATCH 'killed'"),
        0
    );
    let out = text(&output.stdout);
    assert!(out.contains("3 posts, 4 comments and 3 users") && out.contains("1 are of a kind"), "{out}");
    // A second import changes nothing, and neither does a longer file but for what is new in it.
    let longer = format!(
        "{SMALL}{}\n",
        r#"{"id":10,"type":"comment","by":"pg","time":1160418900,"parent":6,"text":"After all"}"#
    );
    let again = imported(&database, SMALL);
    assert!(
        text(&again.stdout).contains("Imported 0 posts, 0 comments and 0 users"),
        "{}",
        text(&again.stdout)
    );
    let output = imported(&database, &longer);
    assert!(text(&output.stdout).contains("Imported 0 posts, 2 comments"), "{}", text(&output.stdout));
    assert_sound(&open(&database));
}

#[test]
fn lines_that_cannot_be_read_are_told_and_the_others_imported() {
    let (_folder, database) = folder();
    let story = r#"{"id":1,"type":"story","by":"a1","time":1,"title":"One"}"#;
    let huge =
        format!(r#"{{"id":2,"type":"story","by":"a1","time":1,"title":"{}"}}"#, "x".repeat(MAX_LINE_BYTES));
    let lines = [
        story,
        "{broken",
        &huge,
        r#"{"id":3,"type":"comment","by":"a1","time":2,"parent":999,"text":"An orphan"}"#,
        r#"{"id":4,"type":"comment","by":"a1","time":99999999999,"parent":1,"text":"Of the future"}"#,
        r#"{"id":5,"type":"banana","time":2}"#,
        r#"{"id":6,"type":"story","by":"a1","time":3,"title":"Two"}"#,
        r#"{"id":7,"type":"story","by":"a1","ti"#,
    ];
    let output = imported(&database, &lines.join("\n"));
    assert!(!output.status.success());
    let errors = text(&output.stderr);
    for line in [2, 3, 5, 6, 8] {
        assert!(errors.contains(&format!("line {line}: ")), "{line}: {errors}");
    }
    assert!(errors.contains("5 lines cannot be read"), "{errors}");
    assert!(text(&output.stdout).contains("1 comments wait"), "{}", text(&output.stdout));
    let posts = |number_of: i64| {
        assert_eq!(number(&open(&database), "SELECT count(*) FROM posts"), number_of);
        assert_sound(&open(&database));
    };
    posts(2);
    // The last line was half written, and the orphan's parent comes in another file.
    let whole = [&lines[..7], &[r#"{"id":7,"type":"story","by":"a1","time":4,"title":"Three"}"#]].concat();
    imported(&database, &(whole.join("\n") + "\n"));
    posts(3);
    imported(&database, r#"{"id":999,"type":"story","by":"a1","time":1,"title":"The parent"}"#);
    posts(4);
    assert_eq!(number(&open(&database), "SELECT count(*) FROM comments"), 1);
}

#[test]
fn a_person_of_this_site_gets_nothing_of_a_namesake() {
    let (_folder, database) = folder();
    let seed = run(&["seed", "--posts", "1", "--database", database.to_str().expect("a text")]);
    assert!(seed.status.success());
    let name: String = open(&database)
        .query_row("SELECT upper(screen_name) FROM users WHERE id = 1", [], |row| row.get(0))
        .expect("a user");
    let line = format!(r#"{{"id":1,"type":"story","by":"{name}","time":1,"title":"A story"}}"#);
    imported(&database, &(line.clone() + "\n" + &line.replace(&name, "x")));
    let connection = open(&database);
    let author: String = connection
        .query_row(
            "SELECT screen_name FROM users JOIN posts ON posts.user_id = users.id WHERE title = 'A story'",
            [],
            |row| row.get(0),
        )
        .expect("an author");
    assert_eq!(author, format!("{name}-2"));
    assert_sound(&connection);
}

#[test]
fn any_order_of_the_lines_gives_the_same_site() {
    let lines: Vec<String> = hn::items(3_000, 3).collect();
    let mut results = Vec::new();
    for order in ["sorted", "reversed", "by the last digits"] {
        let (_folder, database) = folder();
        let mut lines = lines.clone();
        match order {
            "reversed" => lines.reverse(),
            "by the last digits" => lines.sort_by_key(|line| line.len() % 97),
            _ => {}
        }
        let output = imported(&database, &lines.join("\n"));
        assert!(output.status.success(), "{order}: {}", text(&output.stderr));
        assert_sound(&open(&database));
        let shown = shown(&database);
        assert_eq!(shown.len(), expected(&lines), "{order}");
        results.push(shown);
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "the order makes a difference");
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_stopped() {
    let (folder, database) = folder();
    let lines: Vec<String> = hn::items(20_000, 5).collect();
    let source = folder.path().join("items");
    fs::create_dir(&source).expect("a folder");
    fs::write(source.join("1.jsonl"), lines[..15_000].join("\n")).expect("it is written");
    fs::write(source.join("2.json"), lines[15_000..].join("\n")).expect("it is written");
    fs::write(source.join("3.txt"), "no items").expect("it is written");
    let [path, from] = [&database, &source].map(|path| path.to_str().expect("a text"));
    for signal in ["KILL", "TERM"] {
        let count = || -> i64 {
            if !database.exists() {
                return 0;
            }
            let sql = "SELECT count(*) FROM imported_items";
            rusqlite::Connection::open(&database)
                .and_then(|connection| connection.query_row(sql, [], |row| row.get(0)))
                .unwrap_or(0)
        };
        let before = count();
        let mut child = program(&["import", "hn", from, "--database", path]).spawn().expect("it starts");
        eventually("a batch", || {
            (count() > before || child.try_wait().expect("a child").is_some()).then_some(())
        });
        let id = child.id().to_string();
        std::process::Command::new("kill").args([&format!("-{signal}"), &id]).output().expect("kill runs");
        child.wait().expect("it ends");
        assert_sound(&open(&database));
    }
    let output = import(&database, &source);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_sound(&open(&database));
    assert_eq!(shown(&database).len(), expected(&lines));
    let again = import(&database, &source);
    assert!(text(&again.stdout).contains("Imported 0 posts, 0 comments"), "{}", text(&again.stdout));
}

#[test]
fn a_running_site_shows_at_once_what_is_imported() {
    let (folder, database) = folder();
    let program = Program::serve(&database, &[]);
    assert!(!program.get("/").text().contains("Y &amp; Z"));
    let source = folder.path().join("small.jsonl");
    fs::write(&source, SMALL).expect("it is written");
    assert!(import(&database, &source).status.success());
    assert!(program.get("/").text().contains("Y &amp; Z"));
    assert!(program.get("/users/1").text().contains("Bug <em>fixer</em>"));
    assert!(program.get("/search?q=below").text().contains("a deleted one"));
}
