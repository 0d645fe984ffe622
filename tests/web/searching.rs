//! Search: finding posts and comments by words, filters, orders, and hostile queries.

use lorem_news::comment::{self, NewComment};
use lorem_news::post::{self, Content, NewPost, UpdateOutcome};
use lorem_news::schema::SCHEMA;
use lorem_news::search::query::{Kind, Query};
use lorem_news::search::{self, MAX_BLOCKS, MAX_MATCHES, Order, ROWS_PER_BLOCK};
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{Clock, DAY, Timestamp};
use lorem_news::user::{self, NewUser};
use lorem_store::Database;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// An empty site with two users, filled by the test.
struct Words {
    site: Site,
    database: Connection,
}

impl Words {
    fn new() -> Words {
        let site = Site::empty();
        let database = site.database();
        let words = Words { site, database };
        assert_eq!((words.person("zoe"), words.person("Ann Lee")), (1, 2));
        words
    }

    fn person(&self, screen_name: &str) -> i64 {
        let new =
            NewUser { screen_name, password_hash: "none", about: "", created_at: Timestamp::from_micros(1) };
        user::sql::create(&self.database, &new).expect("an answer").expect("the name is free").get()
    }

    fn post(&self, title: &str, description: &str) -> i64 {
        let new =
            NewPost { user_id: UserId::new(1), title, link: None, description, created_at: Timestamp::now() };
        post::sql::create(&self.database, &new).expect("an answer").expect("the title is free").get()
    }

    fn change(&self, id: i64, title: &str, description: &str) {
        let content = Content {
            title: title.into(),
            url: String::new(),
            description: description.into(),
            tags: String::new(),
            is_repost: false,
        };
        // All fields are new.
        let before = Content { description: "before".into(), ..Content::default() };
        let updated =
            post::sql::update(&self.database, PostId::new(id), &before, &content, Timestamp::from_micros(2))
                .expect("an answer");
        assert_eq!(updated, UpdateOutcome::Done);
    }

    fn comment(&self, post_id: i64, user_id: i64, body: &str) -> i64 {
        let new = NewComment {
            post_id: PostId::new(post_id),
            parent_id: None,
            user_id: UserId::new(user_id),
            body,
            created_at: Timestamp::now(),
        };
        comment::sql::create(&self.database, &new).expect("a comment").get()
    }

    fn ask(&self, text: &str, more: &str) -> Answer {
        let query = serde_urlencoded::to_string([("q", text)]).expect("a string can be encoded");
        let answer = self.site.get(&format!("/search?{query}{more}"));
        assert_eq!(answer.status, 200, "{text:?}");
        answer
    }

    /// The current results, as ids of elements in the order of the page.
    fn now(&self, text: &str) -> Vec<String> {
        found(&self.ask(text, ""))
    }

    /// The results once every text is indexed.
    fn find(&self, text: &str) -> Vec<String> {
        self.settle();
        self.now(text)
    }

    fn settle(&self) {
        let is_done = || (!search::sql::is_behind(&self.database).expect("an answer")).then_some(());
        eventually("the texts are indexed", is_done);
    }
}

fn found(answer: &Answer) -> Vec<String> {
    attributes(&answer.html(), "#results ol.found > li", "id")
}

fn summary(answer: &Answer) -> String {
    texts(&answer.html(), "#found").concat()
}

#[test]
fn titles_texts_and_comments_are_found_soon_after_writing() {
    let words = Words::new();
    let cats = words.post("About cats", "They sleep.");
    let dogs = words.post("About dogs", "They bark at every cat, always.");
    let said = words.comment(dogs, 2, "My cat sleeps on the dog");
    words.comment(dogs, 2, "Nothing to say");
    let post = |id: i64| format!("post_{id}");
    let remark = format!("comment_{said}");
    assert_eq!(words.find("about cats"), [post(cats)]);
    assert_eq!(words.find("bark"), [post(dogs)]);
    assert_eq!(words.find("sleeps"), std::slice::from_ref(&remark));
    assert_eq!(words.find("cat "), [remark.clone(), post(dogs)], "whole words only, newest first");
    assert_eq!(
        words.find("cat"),
        [post(cats), remark.clone(), post(dogs)],
        "a prefix matches; a title weighs more"
    );
    assert_eq!(words.find("CAT sleep"), std::slice::from_ref(&remark), "only the last word is a prefix");
    assert_eq!(words.find("dog-bark"), [""; 0]);
    assert_eq!(words.find("\"every cat\" they"), [post(dogs)]);
    assert_eq!(words.find("\"cat every\""), [""; 0]);
    assert_eq!(words.find("\"dogs they\""), [post(dogs)], "a phrase may span title and text");
    assert_eq!(words.find("unheard"), [""; 0]);
    assert_eq!(summary(&words.ask("unheard", "")), "No results.");
    assert_eq!(summary(&words.ask("bark", "")), "1 result.");
    assert_eq!(summary(&words.ask("cat", "")), "3 results.");
}

#[test]
fn search_ignores_case_and_accents_and_knows_other_scripts() {
    let words = Words::new();
    let id = words.post("Crème BRÛLÉE, Ærø und Straße", "Привет мир. 日本 ΣΊΣΥΦΟΣ naïve");
    for text in ["creme", "BRULEE ", "brûl", "ærø ", "straße", "привет", "日本 ", "σίσυφος ", "nai"]
    {
        assert_eq!(words.find(text), [format!("post_{id}")], "{text}");
    }
    let html = words.ask("creme brul", "").html();
    assert_eq!(texts(&html, "#results mark"), ["Crème", "BRÛLÉE"]);
}

#[test]
fn a_changed_or_deleted_text_is_not_found_by_its_old_words() {
    let words = Words::new();
    let kept = words.post("Something zebra", "A text of quagga.");
    let gone = words.post("Something okapi", "");
    let said = words.comment(kept, 2, "I saw a gnu there");
    let unsaid = words.comment(kept, 2, "I saw a kudu there");
    for text in ["zebra ", "quagga ", "okapi ", "gnu ", "kudu "] {
        assert_eq!(words.find(text).len(), 1, "{text}");
    }
    words.change(kept, "Something giraffe", "A text of eland.");
    post::sql::destroy(&words.database, PostId::new(gone)).expect("it goes");
    comment::sql::update(
        &words.database,
        CommentId::new(said),
        "I saw an oryx there",
        Timestamp::from_micros(2),
    )
    .expect("it changes");
    comment::sql::destroy(&words.database, CommentId::new(unsaid), Timestamp::from_micros(2))
        .expect("it goes");
    // A deleted text is never shown, neither before the index has followed nor after.
    for text in ["okapi ", "kudu "] {
        assert_eq!(words.now(text), [""; 0], "{text}");
    }
    for text in ["zebra ", "quagga ", "okapi ", "gnu ", "kudu "] {
        assert_eq!(words.find(text), [""; 0], "{text}");
    }
    for text in ["giraffe ", "eland ", "oryx "] {
        assert_eq!(words.find(text).len(), 1, "{text}");
    }
    // Changed several times before it is indexed for the first time.
    let fresh = words.post("Something impala", "");
    for title in ["Something hartebeest", "Something springbok"] {
        words.change(fresh, title, "");
    }
    assert_eq!(words.find("springbok "), [format!("post_{fresh}")]);
    assert_eq!(words.find("impala "), [""; 0]);
    assert_eq!(summary(&words.ask("springbok ", "")), "1 result.");
    assert_sound(&words.database);
}

#[test]
fn the_texts_of_a_deleted_account_are_not_found() {
    let words = Words::new();
    let (post, other) = (words.post("Zoe's walrus", "A seal."), words.post("Zoe's narwhal", ""));
    let said = words.comment(other, 1, "A manatee");
    let reply = words.comment(other, 2, "A dugong");
    words
        .database
        .execute("UPDATE comments SET parent_id = ?2, depth = 1 WHERE id = ?1", [reply, said])
        .expect("a reply");
    words.comment(post, 2, "A porpoise");
    assert_eq!(words.find("by:zoe").len(), 3);
    while user::handlers::deletion::destroy_some(&words.database, UserId::new(1), Timestamp::now(), 10)
        .expect("they go")
    {}
    for text in ["walrus ", "seal ", "narwhal ", "manatee ", "deleted "] {
        assert_eq!(words.find(text), [""; 0], "{text}");
    }
    assert_eq!(words.find("dugong "), [format!("comment_{reply}")]);
    assert_eq!(texts(&words.ask("dugong ", "").html(), "#results li p a")[1..], ["Ann Lee", "[deleted]"]);
    assert_eq!(words.find("by:zoe"), [""; 0]);
    assert_eq!(summary(&words.ask("by:zoe", "")), "Nobody here is called zoe.");
}

#[test]
fn filters_narrow_the_search() {
    let words = Words::new();
    let (a, b) = (words.post("A heron", "By the river."), words.post("A heron and a link", ""));
    let said = words.comment(a, 2, "The heron is back");
    words
        .database
        .execute_batch(&format!(
            "UPDATE posts SET url = 'https://my-site.example.com/x', site = 'my-site.example.com', \
             address = 'x' WHERE id = {b}"
        ))
        .expect("a link");
    let (a, b, said) = (format!("post_{a}"), format!("post_{b}"), format!("comment_{said}"));
    for (text, expected) in [
        ("heron by:zoe", vec![&b, &a]),
        ("heron by:ZOE type:post", vec![&b, &a]),
        ("by:\"ann lee\"", vec![&said]),
        ("by:\"ann lee\" heron type:post ", vec![]),
        ("type:comment heron", vec![&said]),
        ("TYPE:Posts heron river", vec![&a]),
        ("site:my-site.example.com", vec![&b]),
        ("site:https://www.my-site.example.com/any heron", vec![&b]),
        ("site:mysite.example.com", vec![]),
        ("site:example.com", vec![]),
        ("heron site:my-site.example.com type:comment", vec![]),
        ("heron by:", vec![&b, &a, &said]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        let mut found = words.find(text);
        let mut sorted = expected.clone();
        found.sort();
        sorted.sort();
        assert_eq!(found, sorted, "{text}");
    }
    assert_eq!(summary(&words.ask("heron by:<b>nobody", "")), "Nobody here is called <b>nobody.");
    assert_eq!(summary(&words.ask("heron type:user", "")), "Use type:post or type:comment.");
    assert_eq!(
        attributes(&words.ask("site:my-site.example.com", "").html(), "#results li > a", "href"),
        ["https://my-site.example.com/x"]
    );
    // The index's private characters in a text are no filter.
    words.post("\u{e000}2 and \u{e001}my\u{e004}site\u{e003}example\u{e003}com", "");
    assert_eq!(words.find("by:\"ann lee\""), std::slice::from_ref(&said));
    assert_eq!(words.find("site:my-site.example.com"), std::slice::from_ref(&b));
}

#[test]
fn results_are_ordered_by_points_and_age_or_by_date() {
    let words = Words::new();
    let ids: Vec<i64> = (0..4).map(|number| words.post(&format!("Post {number}"), "A kestrel.")).collect();
    let titled = words.post("The kestrel", "");
    let now = Timestamp::now();
    for (id, days, score) in
        [(ids[0], 0, 1), (ids[1], 400, 1), (ids[2], 30, 50), (ids[3], 3, 5), (titled, 500, 1)]
    {
        words
            .database
            .execute(
                "UPDATE posts SET created_at = ?2, score = ?3 WHERE id = ?1",
                [id, (now - days * DAY).as_micros(), score],
            )
            .expect("a post changes");
    }
    let order = |ids: &[i64]| ids.iter().map(|id| format!("post_{id}")).collect::<Vec<String>>();
    assert_eq!(words.find("kestrel"), order(&[ids[2], ids[3], titled, ids[0], ids[1]]));
    let by_date = words.ask("kestrel", "&order=date");
    assert_eq!(found(&by_date), order(&[ids[0], ids[3], ids[2], ids[1], titled]));
    let html = by_date.html();
    assert_eq!(texts(&html, ".orders [aria-current]"), ["Newest first"]);
    assert_eq!(
        attributes(&html, ".orders a", "href"),
        ["/search?q=kestrel", "/search?q=kestrel&order=date", "/search.atom?q=kestrel"]
    );
    assert_eq!(
        attributes(&html, "#search_form [name=order]", "value"),
        ["date"],
        "the next search keeps the order"
    );
}

#[test]
fn matched_words_are_marked_and_all_other_text_is_escaped() {
    let words = Words::new();
    let long = "before ".repeat(200);
    let id = words.post(
        "<script>alert('osprey')</script> & \"osprey\"",
        &format!("{long}\n\n<img src=x onerror=alert(1)> an osprey & </mark> <b>flies</b> {long}"),
    );
    let said = words.comment(id, 2, "*Ospreys* & <i>others</i>");
    words.settle();
    let answer = words.ask("osprey", "");
    assert!(!answer.text().contains("<script>alert") && !answer.text().contains("<img"), "{}", answer.text());
    let html = answer.html();
    assert_eq!(texts(&html, &format!("#post_{id} > a")), ["<script>alert('osprey')</script> & \"osprey\""]);
    assert_eq!(texts(&html, "#results mark"), ["osprey", "osprey", "osprey", "Ospreys"]);
    let part = texts(&html, &format!("#post_{id} blockquote")).concat();
    assert!(part.starts_with("… ") && part.ends_with(" …") && part.chars().count() < 250, "{part}");
    assert!(part.contains("<img src=x onerror=alert(1)> an osprey & </mark> <b>flies</b>"), "{part}");
    assert_eq!(texts(&html, &format!("#comment_{said} blockquote")), ["*Ospreys* & <i>others</i>"]);
    let said_links = attributes(&html, &format!("#comment_{said} p a"), "href");
    assert_eq!(said_links, [format!("/comments/{said}"), "/users/2".into(), format!("/posts/{id}")]);
    let hostile = words.ask("\"><script>alert(1)</script>", "").html();
    assert_eq!(attributes(&hostile, "#q", "value"), ["\"><script>alert(1)</script>"]);
    assert!(texts(&hostile, "main script").is_empty());
}

#[test]
fn every_query_is_answered() {
    let site = Site::start();
    let stars = "*".repeat(10_000);
    let many = "a ".repeat(17);
    for (text, expected) in [
        ("", ""),
        ("   ", ""),
        ("\"", "Type at least one word (letters or digits)."),
        ("***", "Type at least one word (letters or digits)."),
        (&stars, "That search is too long: at most 200 characters and 16 words."),
        (&many, "That search is too long: at most 200 characters and 16 words."),
        ("type:post", "Type at least one word (letters or digits)."),
        ("by:", "Type at least one word (letters or digits)."),
        ("\0", "Type at least one word (letters or digits)."),
        ("x\0y AND ", "No results."),
        ("NEAR(lorem zzz, 5)", "No results."),
        ("words:zzz OR ", "No results."),
        (
            "-zzz ^zzz {words} : + NOT zzz",
            "No results. “:” “+” were left out: search looks for letters and digits.",
        ),
        ("site:'%_*\" ", "No results."),
        ("zzz*", "No results."),
        (
            "zzz <Q",
            "No results with “Q” as a whole word. Keep typing: from three letters on, beginnings of words are found too.",
        ),
        (
            "'; DROP TABLE posts; --",
            "No results. “';” “--” were left out: search looks for letters and digits.",
        ),
    ] {
        let query = serde_urlencoded::to_string([("q", text)]).expect("a string can be encoded");
        for headers in [&[][..], &[("HX-Request-Type", "partial")]] {
            let answer = site.ask("GET", &format!("/search?{query}"), headers);
            assert_eq!(answer.status, 200, "{text:?}");
            let page = if headers.is_empty() {
                summary(&answer)
            } else {
                let changes = partials(&answer);
                assert_eq!(
                    places(&changes),
                    ["#found innerHTML", "#results innerHTML", "#feed delete"],
                    "{text:?}"
                );
                Html::parse_fragment(&changes[0].html).root_element().text().collect()
            };
            assert_eq!(page, expected, "{text:?}");
        }
    }
    for query in [
        "q=%ff%fe",
        "q=%C3",
        "q=%00",
        "q",
        "",
        "q=a&page=0",
        "q=lorem&page=99999999999999999999",
        "q=lorem&page=-1",
        "q=lorem&page=50",
        "q=lorem&order=%00",
        "q=%F0%9F%98%80",
        "%ff=%ff",
        "q=%",
    ] {
        let answer = site.get(&format!("/search?{query}"));
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(texts(&answer.html(), "h1"), ["Search"]);
    }
    assert_eq!(site.post("/search?q=lorem").status, 405);
    assert_sound(&site.database());
}

#[test]
fn a_page_has_twenty_results_and_links_to_the_next() {
    let words = Words::new();
    let post = words.post("Somewhere", "");
    for number in 0..45 {
        words.comment(post, 2, &format!("A stork, number {number}"));
    }
    words.settle();
    let mut all = Vec::new();
    let mut address = "/search?q=stork&order=date".to_owned();
    for (rows, start) in [(20, "1"), (20, "21"), (5, "41")] {
        let html = words.site.get(&address).html();
        assert_eq!(attributes(&html, "#results ol.found", "start"), [start]);
        let ids = attributes(&html, "#results li", "id");
        assert_eq!(ids.len(), rows);
        all.extend(ids);
        address = attributes(&html, ".pager a", "href").pop().unwrap_or_default();
    }
    assert_eq!(address, "", "the last page has no link");
    let expected: Vec<String> = (1..=45).rev().map(|id| format!("comment_{id}")).collect();
    assert_eq!(all, expected);
}

/// A database with posts of these ids and titles, indexed, without a server.
fn crowd(titles: impl Iterator<Item = (i64, String)>) -> (tempfile::TempDir, Connection) {
    let (folder, path) = folder();
    Database::open(&path, &SCHEMA).expect("a new database opens").close().expect("it closes");
    let connection = open(&path);
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN").expect("a transaction");
    for (id, title) in titles {
        let sql =
            "INSERT INTO posts (id, created_at, updated_at, hotness, title) VALUES (?1, ?1, ?1, ?1, ?2)";
        connection.prepare_cached(sql).expect(sql).execute((id, title)).expect("a post");
        let sql = "INSERT INTO descriptions VALUES (?1, '')";
        connection.prepare_cached(sql).expect(sql).execute([id]).expect("a text");
    }
    while search::sql::index_step(&connection).expect("a step") {}
    connection.execute_batch("COMMIT").expect("it is written");
    (folder, connection)
}

fn find(connection: &Connection, text: &str) -> search::Found {
    let query = Query::parse(text).expect("a search");
    search::sql::find::find(connection, &query, Order::Date, &Clock::at(Timestamp::from_micros(1)))
        .expect("an answer")
        .expect("a user has the name")
}

#[test]
fn the_newest_thousand_matches_of_a_common_word_are_ranked() {
    let number = i64::from(MAX_MATCHES) + 50;
    let (_folder, connection) = crowd((1..=number).map(|id| (id, format!("A finch {id}"))));
    for text in ["finch", "finch ", "fin", "a finch "] {
        let found = find(&connection, text);
        assert!(found.is_more && !found.is_partial, "{text}");
        assert_eq!(found.matches.len(), MAX_MATCHES as usize);
        assert_eq!((found.matches[0].id, found.matches[MAX_MATCHES as usize - 1].id), (number, 51), "{text}");
    }
    assert_eq!(find(&connection, "finch 7 ").matches.len(), 1);
}

#[test]
fn several_common_words_are_searched_in_the_newest_blocks() {
    // Ids with gaps: each block has a few hundred posts.
    let last = ROWS_PER_BLOCK * (MAX_BLOCKS + 2) - 1;
    let number = 3 * i64::from(MAX_MATCHES);
    let id = |at: i64| last - (number - 1 - at) * (last / number);
    let title = |at: i64| match at {
        0 => "siskin serin old".to_owned(),
        at if at == number - 7 => "siskin serin new".to_owned(),
        at => format!("{} {at}", if at % 2 == 0 { "siskin" } else { "serin" }),
    };
    let (_folder, connection) = crowd((0..number).map(|at| (id(at), title(at))));
    let ids = |text: &str| {
        let found = find(&connection, text);
        (found.matches.iter().map(|found| found.id).collect::<Vec<i64>>(), found.is_partial)
    };
    let (old, new) = (id(0), id(number - 7));
    assert_eq!(ids("siskin serin "), (vec![new], true), "both words are common: only the newest blocks");
    assert_eq!(ids("\"siskin serin\""), (vec![new], true));
    assert_eq!(ids("siskin serin old "), (vec![old], false), "one word is rare: all blocks");
    assert_eq!(ids("old siskin "), (vec![old], false));
    assert_eq!(ids("old "), (vec![old], false));
    assert_eq!(find(&connection, "siskin ").matches.len(), MAX_MATCHES as usize);
}

#[test]
fn a_database_from_before_the_search_is_indexed() {
    let site = Site::with(0, |config| {
        let old = older_database(&config.database, 3);
        old.execute_batch(
            "INSERT INTO users (screen_name, folded_name, created_at, updated_at, posts_count, comments_count) \
                VALUES ('zoe', 'zoe', 1, 1, 1200, 1200);
             WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
             INSERT INTO posts (user_id, created_at, updated_at, hotness, title, comments_count) \
                SELECT 1, i, 1, i, 'Wren ' || i, 1 FROM n;
             INSERT INTO descriptions (post_id, text) SELECT id, 'A text.' FROM posts;
             INSERT INTO comments (post_id, user_id, created_at, updated_at, body) SELECT id, 1, 1, 1, 'Robin ' || id FROM posts;",
        )
        .expect("the schema is known");
    });
    let database = site.database();
    eventually("it is indexed", || (!search::sql::is_behind(&database).expect("an answer")).then_some(()));
    for (text, expected) in
        [("wren+1+", "post_1"), ("wren+1200+", "post_1200"), ("robin+777+", "comment_777")]
    {
        assert_eq!(found(&site.get(&format!("/search?q={text}"))), [expected], "{text}");
    }
    assert_eq!(
        summary(&site.get("/search?q=wren")),
        "More than 1,000 results; only the newest 1,000 are ranked."
    );
    assert_sound(&database);
}

#[test]
fn a_killed_program_continues_indexing() {
    let (_folder, path) = folder();
    seeded(&path, 30);
    let mut program = Program::serve(&path, &[]);
    for _ in 0..40 {
        assert_eq!(program.post("/benchmarking/comment_create").status, 200);
        assert_eq!(program.post("/benchmarking/post_destroy").status, 200);
    }
    program.kill();
    let program = Program::serve(&path, &[]);
    let database = open(&path);
    eventually("it is indexed", || (!search::sql::is_behind(&database).expect("an answer")).then_some(()));
    drop(program);
    let indexed = |kind| {
        let found = search::sql::matches(&database, kind, "\"\u{e002}0\"").expect("an answer");
        found.len() as i64
    };
    assert_eq!(indexed(Kind::Post), count(&database, "posts"));
    assert_eq!(indexed(Kind::Comment), count(&database, "comments"));
    assert_eq!(count(&database, "post_words"), count(&database, "posts"), "no other rows");
    assert_eq!(count(&database, "comment_words"), count(&database, "comments"));
    assert_sound(&database);
}

#[test]
fn the_results_while_typing_equal_those_of_the_page() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for query in ["q=dolor", "q=dolor&order=date&page=2", "q=", "q=unheard", "q=type:x+"] {
        let page = client.get(&format!("/search?{query}"));
        let changes = partials(&client.htmx("GET", &format!("/search?{query}"), &[]));
        assert_eq!(places(&changes), ["#found innerHTML", "#results innerHTML", "#feed delete"]);
        for change in &changes {
            assert!(page.text().contains(&format!(">{}</", change.html)), "{query}: {}", change.target);
        }
        assert_guarded(&page);
    }
    let html = client.get("/search?q=dolor").html();
    assert_eq!(attributes(&html, "#found", "role"), ["status"]);
    assert_eq!(attributes(&html, "header a[href='/search']", "href").len(), 1);
    let headers = client.get("/search?q=dolor");
    assert!(headers.header("ETag").is_some());
}

#[test]
fn a_user_sees_their_votes_in_the_results() {
    let site = Site::start();
    let client = Client::signed_in_as(&site, 2);
    let database = site.database();
    let (id, title): (i64, String) = database
        .query_row("SELECT id, title FROM posts WHERE user_id <> 2 LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a post");
    assert_eq!(client.post(&format!("/posts/{id}/vote"), &[]).status, 303);
    let query = serde_urlencoded::to_string([("q", format!("\"{title}\" type:post"))]).expect("a text");
    let html = client.get(&format!("/search?{query}")).html();
    assert_eq!(attributes(&html, &format!("#post_arrow_{id}"), "aria-pressed"), ["true"]);
}

#[test]
fn words_inside_texts_without_blanks_are_found() {
    let words = Words::new();
    let chinese = words.post("用SQLite构建高性能网站", "");
    let japanese = words.post("データベースの話", "速いビルドのこと");
    let thai = words.post("ฐานข้อมูลที่เร็ว", "");
    words.settle();
    for (text, expected) in [
        ("SQLite", chinese),
        ("网站", chinese),
        ("构建", chinese),
        ("高性能网站", chinese),
        ("网", chinese),
        ("ベース", japanese),
        ("ビルド", japanese),
        ("速い", japanese),
        ("ข้อมูล", thai),
    ] {
        assert_eq!(words.now(text), [format!("post_{expected}")], "{text}");
    }
    for text in ["建构", "性高", "网构", "高站", "スベ"] {
        assert_eq!(words.now(text), [""; 0], "{text}");
    }
    let html = words.ask("构建", "").html();
    assert_eq!(texts(&html, "#results mark"), ["构建"]);
}

#[test]
fn letters_of_other_scripts_are_no_accents() {
    let words = Words::new();
    let titles = [
        "Post バス",
        "Post ハス",
        "Post мой",
        "Post мои",
        "Post किताब",
        "Post कतब",
        "Post がん",
        "Post かん",
    ];
    let ids = titles.map(|title| words.post(title, ""));
    let da_nang = words.post("Đà Nẵng", "");
    words.settle();
    for (title, id) in titles.iter().zip(ids) {
        let word = format!("{} ", title.trim_start_matches("Post "));
        assert_eq!(words.now(&word), [format!("post_{id}")], "{word}");
    }
    assert_eq!(words.now("da nang"), [format!("post_{da_nang}")]);
}

#[test]
fn words_with_signs_are_words_of_their_own() {
    let words = Words::new();
    let cases = [
        "Learn C++ fast",
        "Learn C# fast",
        "Learn C fast",
        "Learn .NET fast",
        "A net of fish",
        "Node.js is out",
    ]
    .map(|title| words.post(title, ""));
    let [cpp, csharp, c, dotnet, net, node] = cases.map(|id| format!("post_{id}"));
    words.settle();
    let sorted = |text: &str| {
        let mut found = words.now(text);
        found.sort();
        found
    };
    assert_eq!(sorted("C++"), std::slice::from_ref(&cpp));
    assert_eq!(sorted("c#"), std::slice::from_ref(&csharp));
    assert_eq!(sorted("c "), [cpp, csharp, c]);
    assert_eq!(sorted(".NET"), std::slice::from_ref(&dotnet));
    assert_eq!(sorted("net "), [dotnet, net]);
    for text in ["node.js", "node", "js ", "Node.js is"] {
        assert_eq!(sorted(text), std::slice::from_ref(&node), "{text}");
    }
    let answer = words.ask("fish ++", "");
    assert_eq!(summary(&answer), "1 result. “++” was left out: search looks for letters and digits.");
    assert_eq!(texts(&words.ask("node", "").html(), "#results mark"), ["Node.js"]);
}

#[test]
fn a_site_is_found_by_any_of_its_addresses_and_a_shared_host_with_all_its_owners() {
    let words = Words::new();
    let linked = |title: &str, url: &str| {
        let id = words.post(title, "");
        let link = lorem_news::post::link::parse(url).expect("a link");
        let sql = "UPDATE posts SET url = ?2, site = ?3, address = ?4 WHERE id = ?1";
        words
            .database
            .execute(sql, rusqlite::params![id, link.url, link.site, link.address])
            .expect("a link");
        format!("post_{id}")
    };
    let rust = linked("One crate", "https://github.com/rust-lang/rust");
    let other = linked("Two crates", "https://github.com/other/crate?ref=main");
    let medium = linked("An essay", "https://medium.com/@x/title");
    let german = linked("A book", "https://bücher.example/a");
    words.settle();
    let sorted = |text: &str| {
        let mut found = words.now(text);
        found.sort();
        found
    };
    for text in [
        "site:github.com/rust-lang",
        "site:https://github.com/Rust-Lang/rust/issues",
        "site:GitHub.com/rust-lang/",
    ] {
        assert_eq!(sorted(text), std::slice::from_ref(&rust), "{text}");
    }
    for text in ["site:github.com", "site:https://www.github.com/", "site:github.com:443"] {
        assert_eq!(sorted(text), [rust.clone(), other.clone()], "{text}");
    }
    assert_eq!(sorted("site:medium.com/@x"), std::slice::from_ref(&medium));
    for text in ["site:xn--bcher-kva.example", "site:http://bücher.example:80/b"] {
        assert_eq!(sorted(text), std::slice::from_ref(&german), "{text}");
    }
    // A pasted address finds its post.
    for text in [
        "https://github.com/rust-lang/rust/",
        "http://www.github.com/rust-lang/rust?utm_source=x#readme",
        "github.com/rust-lang/rust",
    ] {
        assert_eq!(sorted(text), std::slice::from_ref(&rust), "{text}");
    }
    let own = format!("http://{}/posts/{}#comments", words.site.address, rust.trim_start_matches("post_"));
    assert_eq!(sorted(&own), std::slice::from_ref(&rust));
    // A list of a site has any of its addresses, and says where all of a shared host is.
    let list = |site: &str| words.site.get(&format!("/from?site={site}"));
    assert!(list("https://github.com/rust-lang/rust").text().contains("One crate"));
    assert!(list("xn--bcher-kva.example").text().contains("A book"));
    assert_eq!(
        attributes(&list("github.com").html(), "main a[href^='/search']", "href"),
        ["/search?q=site%3Agithub.com"]
    );
}

#[test]
fn a_pasted_address_finds_nothing_that_is_hidden() {
    let words = Words::new();
    let post = |title: &str, url: &str| {
        let link = post::link::parse(url).expect("a valid link");
        let (user_id, created_at) = (UserId::new(1), Timestamp::now());
        let new = NewPost { user_id, title, link: Some(&link), description: "", created_at };
        post::sql::create(&words.database, &new).expect("an answer").expect("the title is free").get()
    };
    let (post, url) = (post("A hidden thing", "https://example.com/hidden"), "https://example.com/hidden");
    let comment = words.comment(post, 2, "A remark on it");
    let page = |path: &str| format!("http://{}{path}", words.site.address);
    let addresses =
        [url.to_owned(), page(&format!("/posts/{post}")), page(&format!("/comments/{comment}#comment_1"))];
    let found = || addresses.clone().map(|address| words.find(&address).concat());
    let [post_row, comment_row] = [format!("post_{post}"), format!("comment_{comment}")];
    assert_eq!(found(), [post_row.clone(), post_row.clone(), comment_row.clone()]);
    for (hidden, shown) in [
        ("deleted_at = 1, removed_at = 1", "deleted_at = NULL, removed_at = NULL"),
        ("deleted_at = 1", "deleted_at = NULL"),
    ] {
        let set = |columns: &str| {
            let sql = format!("UPDATE posts SET {columns}; UPDATE comments SET {columns};");
            words.database.execute_batch(&sql).expect("the schema is known");
        };
        set(hidden);
        assert_eq!(found(), [""; 3], "{hidden}");
        set(shown);
        assert_eq!(found(), [post_row.clone(), post_row.clone(), comment_row.clone()], "{shown}");
    }
}

#[test]
fn an_index_of_an_earlier_version_is_rebuilt_while_the_site_is_served() {
    const NOTE: &str = "The index is being rebuilt: older posts and comments may be missing.";
    let site = Site::with(0, |config| {
        let mut database = older_database(&config.database, 10);
        let posts = "INSERT INTO users (screen_name, folded_name, created_at, updated_at, posts_count) \
                         VALUES ('zoe', 'zoe', 1, 1, 1200);
                     WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
                     INSERT INTO posts (user_id, created_at, updated_at, hotness, title, url, site, address) \
                         SELECT 1, i, i, i, '网站 ' || i, iif(i = 1, 'https://example.com/%7Ea', NULL), \
                             iif(i = 1, 'example.com', NULL), iif(i = 1, 'example.com/%7Ea', NULL) FROM n;
                     INSERT INTO descriptions (post_id, text) SELECT id, '' FROM posts;
                     UPDATE search_progress SET posts = 1200;";
        database.execute_batch(posts).expect("the schema is known");
        lorem_store::migrate::run(&mut database, &SCHEMA).expect("the missing migrations");
        // The rebuilding stops in the middle, until the test lets it go on.
        let stop = "CREATE TRIGGER stop BEFORE UPDATE OF old_posts ON search_progress WHEN new.old_posts < 700 \
                    BEGIN SELECT raise(IGNORE); END;";
        database.execute_batch(stop).expect("the schema is known");
    });
    let database = site.database();
    let left = || number(&database, "SELECT old_posts FROM search_progress");
    eventually("the first step is done", || (left() == 700).then_some(()));
    let ask = |text: &str| {
        let query = serde_urlencoded::to_string([("q", text)]).expect("a string can be encoded");
        site.get(&format!("/search?{query}"))
    };
    assert_eq!(found(&ask("站 1200")), ["post_1200"], "the newest come first");
    for text in ["站 1200", "站 1 ", "nothing"] {
        assert!(summary(&ask(text)).ends_with(NOTE), "{}", summary(&ask(text)));
    }
    assert_eq!(found(&ask("站 1 ")), [""; 0]);
    database.execute_batch("DROP TRIGGER stop").expect("the trigger is there");
    eventually("the index is whole", || (left() == 0).then_some(()));
    assert_eq!(found(&ask("站 1 ")), ["post_1"]);
    assert_eq!(found(&ask("https://example.com/~a")), ["post_1"], "addresses follow the present rules");
    assert!(!summary(&ask("站 1 ")).contains(NOTE));
    let indexed = "SELECT count(*) FROM post_words WHERE post_words MATCH '\"网站\"'";
    assert_eq!(number(&database, indexed), 1200);
    assert_sound(&database);
}
