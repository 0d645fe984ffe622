//! `lorem-news export`: the public site as a file, and what `import hn` makes of it.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use scraper::Html;
use serde_json::Value;

use crate::harness::{attributes, folder, open, run, seeded, texts};

fn export(database: &Path, out: &Path, more: &[&str]) -> Output {
    let [database, out] = [database, out].map(|path| path.to_str().expect("a text"));
    run(&[&["export", out, "--database", database], more].concat())
}

/// A database with a post that has a text, a link or a placeholder, and comments below them.
fn made(folder: &Path) -> std::path::PathBuf {
    let database = folder.join("site.sqlite3");
    let lines = [
        r#"{"id":1,"type":"story","by":"zoe","time":1600000000,"title":"A &amp; B","score":7,"source":"*Bold* <b> [x](https://a.example/)"}"#,
        r#"{"id":2,"type":"comment","by":"max","time":1600000010,"parent":1,"source":"  code &amp; more\n\n> quoted"}"#,
        r#"{"id":3,"type":"comment","by":"zoe","time":1600000020,"parent":2,"text":"hiddenword","dead":true}"#,
        r#"{"id":4,"type":"comment","by":"max","time":1600000030,"parent":3,"text":"below"}"#,
        r#"{"id":5,"type":"story","by":"max","time":1600000040,"title":"Link","url":"https://b.example/","score":2}"#,
        r#"{"id":6,"type":"story","by":"max","time":1600000050,"title":"hiddenword","score":2,"dead":true}"#,
        r#"{"id":7,"type":"comment","deleted":true,"time":1600000060,"parent":5}"#,
        r#"{"id":8,"type":"comment","by":"zoe","time":1600000070,"parent":7,"text":"left"}"#,
    ];
    import(&database, &lines.join("\n"));
    database
}

fn import(database: &Path, lines: &str) {
    let file = database.with_extension("jsonl");
    fs::write(&file, lines).expect("it is written");
    let [database, file] = [database, &file].map(|path| path.to_str().expect("a text"));
    let output = run(&["import", "hn", file, "--database", database]);
    assert!(output.status.success(), "{output:?}");
}

fn entry(file: &Path, name: &str) -> String {
    let mut zip = zip::ZipArchive::new(File::open(file).expect("it is there")).expect("a ZIP");
    let mut text = String::new();
    zip.by_name(name).expect("an entry").read_to_string(&mut text).expect("a text");
    text
}

/// What a reader sees of the posts and comments.
fn shown(database: &Path) -> Vec<String> {
    let connection = open(database);
    let mut statement = connection
        .prepare(
            "SELECT concat_ws('|', p.title, p.url, p.score, p.created_at, p.removed_at IS NULL, d.text, u.screen_name)
             FROM posts AS p JOIN descriptions AS d ON d.post_id = p.id LEFT JOIN users AS u ON u.id = p.user_id
             WHERE p.deleted_at IS NULL
             UNION ALL
             SELECT concat_ws('|', c.body, c.created_at, c.depth, u.screen_name, parent.created_at, p.created_at)
             FROM comments AS c JOIN posts AS p ON p.id = c.post_id LEFT JOIN users AS u ON u.id = c.user_id
             LEFT JOIN comments AS parent ON parent.id = c.parent_id
             WHERE c.deleted_at IS NULL ORDER BY 1",
        )
        .expect("the schema is known");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn an_export_that_is_imported_is_the_site_again() {
    let (kept, _) = folder();
    let folder = kept.path().to_owned();
    let database = made(&folder);
    let out = folder.join("out.zip");
    let output = export(&database, &out, &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::metadata(&out).expect("it is there").permissions().mode() & 0o777, 0o600);

    let again = folder.join("again.sqlite3");
    import(&again, &entry(&out, "items.jsonl"));
    let (before, after) = (shown(&database), shown(&again));
    assert_eq!(before.len(), 5, "{before:?}");
    assert_eq!(before, after);
}

#[test]
fn an_export_has_what_a_guest_sees() {
    let (kept, _) = folder();
    let folder = kept.path().to_owned();
    let database = made(&folder);
    let out = folder.join("out.zip");
    assert!(export(&database, &out, &[]).status.success());
    let items = entry(&out, "items.jsonl");
    assert!(!items.contains("hiddenword"), "{items}");
    let items: Vec<Value> = items.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let dead: Vec<&Value> = items.iter().filter(|item| item["dead"] == true).collect();
    assert_eq!(dead.len(), 2);
    assert!(dead.iter().all(|item| item["by"].is_null() && item["source"].is_null()), "{dead:?}");
    let deleted: Vec<&Value> = items.iter().filter(|item| item["deleted"] == true).collect();
    assert!(deleted.len() == 1 && deleted[0]["text"].is_null(), "{deleted:?}");
    let users = entry(&out, "users.jsonl");
    assert!(users.contains(r#""id":"zoe""#) && users.contains(r#""id":"max""#), "{users}");
}

#[test]
fn an_export_has_pages_to_read_with_what_a_guest_sees() {
    let (kept, _) = folder();
    let folder = kept.path().to_owned();
    let database = made(&folder);
    let out = folder.join("out.zip");
    assert!(export(&database, &out, &[]).status.success());
    let list = Html::parse_document(&entry(&out, "index.html"));
    assert_eq!(texts(&list, "h2").concat(), "[removed]LinkA & B");
    let hrefs = attributes(&list, "h2 a", "href");
    assert_eq!(hrefs.last().map(String::as_str), Some("posts/0.html#post_1"));
    let text = entry(&out, "posts/0.html");
    assert!(!text.contains("hiddenword"), "{text}");
    let page = Html::parse_document(&text);
    for href in &hrefs {
        let anchor = href.strip_prefix("posts/0.html").expect("one file");
        assert_eq!(attributes(&page, anchor, "class"), ["post"]);
    }
    // The whole thread in its order, with what stays for its answers, and the texts as markup.
    let classes = attributes(&page, "article", "class");
    assert_eq!(classes, ["post", "d0", "d1", "d2", "post", "d0", "d1", "post"]);
    assert_eq!(texts(&page, "#post_1 em").concat(), "Bold");
    assert_eq!(attributes(&page, "#post_1 a", "href"), ["https://a.example/"]);
    assert!(text.contains("&lt;b&gt;") && text.contains("[removed]") && text.contains("[deleted]"), "{text}");
    assert_eq!(texts(&page, "blockquote").concat(), "quoted");
}

#[test]
fn the_pages_of_many_posts_are_many_files() {
    let (kept, database) = folder();
    seeded(&database, 620);
    let out = kept.path().join("out.zip");
    assert!(export(&database, &out, &[]).status.success());
    let lists = ["index.html", "index-2.html"].map(|name| Html::parse_document(&entry(&out, name)));
    assert_eq!(lists.each_ref().map(|list| attributes(list, "h2 a", "href").len()), [500, 120]);
    assert_eq!(attributes(&lists[0], "p a", "href"), ["index-2.html"]);
    let discussions =
        (0..=6).map(|number| Html::parse_document(&entry(&out, &format!("posts/{number}.html"))));
    let posts: usize = discussions.map(|page| attributes(&page, ".post", "id").len()).sum();
    assert_eq!(posts, 620);
}

#[test]
fn an_export_replaces_a_file_only_with_force_and_leaves_nothing_when_it_fails() {
    let (kept, _) = folder();
    let folder = kept.path().to_owned();
    let database = made(&folder);
    let place = folder.join("place");
    fs::create_dir(&place).expect("a folder");
    let out = place.join("out.zip");
    fs::write(&out, "kept").expect("it is written");
    let refused = export(&database, &out, &[]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"), "{refused:?}");
    assert_eq!(fs::read_to_string(&out).expect("it is there"), "kept");
    assert!(export(&database, &out, &["--force"]).status.success());
    entry(&out, "items.jsonl");
    assert_eq!(fs::read_dir(&place).expect("a folder").count(), 1);

    // Its folder is a file, which even root cannot write into.
    let impossible = export(&database, &out.join("inner.zip"), &[]);
    assert!(!impossible.status.success());
    assert!(String::from_utf8_lossy(&impossible.stderr).contains("cannot write to"), "{impossible:?}");
    // The destination is a folder, so that the last step fails.
    let taken = folder.join("taken");
    fs::create_dir(&taken).expect("a folder");
    assert!(!export(&database, &taken, &["--force"]).status.success());
    let left = fs::read_dir(&folder).expect("a folder").flatten();
    assert!(!left.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(".tmp")));
}
