//! The search API of Hacker News: what a program that was written for Algolia's gets.

use lorem_news::comment::PAGE_SIZE;
use lorem_news::hn_api::ItemNumber;
use lorem_news::hn_search::parameters::MAX_HITS_PER_PAGE;
use lorem_news::html::size::MAX_PAGE_BYTES;
use lorem_news::search;
use lorem_news::types::id::{CommentId, PostId};
use lorem_news::vote::Target;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::*;
use crate::harness::*;
use crate::hn_api::{new_comment, new_post, people, value};

/// The time of the posts and comments, in seconds, as in the tests of the other API.
const AT: i64 = 1_700_000_000;

fn of_post(id: PostId) -> i64 {
    ItemNumber::of(Target::Post(id)).get()
}

fn of_comment(id: CommentId) -> i64 {
    ItemNumber::of(Target::Comment(id)).get()
}

fn index(database: &Connection) {
    eventually("everything is indexed", || {
        (!search::sql::is_behind(database).expect("an answer")).then_some(())
    });
}

/// Posts and comments by two users.
struct Scene {
    site: Site,
    database: Connection,
    /// A link, a post that asks and one that shows something, each a second younger than the one before.
    posts: [PostId; 3],
    /// A comment on the first post, a reply to it, and a comment on the second post.
    comments: [CommentId; 3],
}

fn scene() -> Scene {
    let (site, database) = people();
    let post = |by, title: &str, url, text: &str, at| new_post(&database, by, title, url, text, at);
    let posts = [
        post(3, "Compilers & <linkers>", Some("https://example.com/compilers"), "", 0),
        post(2, "Ask LN: which compiler?", None, "A *question* on compilers", 1),
        post(3, "Show LN: a debugger", None, "", 2),
    ];
    let first = new_comment(&database, 2, posts[0], None, "Linkers are fine", 3);
    let reply = new_comment(&database, 3, posts[0], Some(first), "They are, with compilers < 5", 4);
    let other = new_comment(&database, 3, posts[1], None, "This one: rustc", 5);
    index(&database);
    Scene { site, database, posts, comments: [first, reply, other] }
}

impl Scene {
    fn get(&self, path: &str) -> Value {
        value(&self.site, &format!("/api/v1/{path}"))
    }

    /// The numbers of the hits of a search, in their order.
    fn found(&self, path: &str) -> Vec<i64> {
        let hits = self.get(path)["hits"].as_array().expect("a list").clone();
        hits.iter().map(|hit| hit["objectID"].as_str().expect("a text").parse().expect("a number")).collect()
    }

    /// All numbers, the newest first.
    fn newest(&self) -> Vec<i64> {
        let [first, reply, other] = self.comments.map(of_comment);
        let [link, ask, show] = self.posts.map(of_post);
        vec![other, reply, first, show, ask, link]
    }
}

#[test]
fn a_story_has_the_fields_of_algolia() {
    let scene = scene();
    let link = of_post(scene.posts[0]);
    let answer = scene.get("search?query=linkers+compil&tags=story");
    let expected = json!({
        "exhaustiveNbHits": true, "hitsPerPage": 20, "nbHits": 1, "nbPages": 1, "page": 0,
        "params": "query=linkers+compil&tags=story", "query": "linkers compil",
        "hits": [{
            "_highlightResult": {
                "author": { "matchLevel": "none", "matchedWords": [], "value": "ann" },
                "title": {
                    "matchLevel": "full", "matchedWords": ["linkers", "compil"],
                    "value": "<em>Compilers</em> &amp; &lt;<em>linkers</em>&gt;",
                },
                "url": {
                    "matchLevel": "partial", "matchedWords": ["compil"],
                    "value": "https://example.com/<em>compilers</em>",
                },
            },
            "_tags": ["story", "author_ann", format!("story_{link}"), "front_page"],
            "author": "ann", "comment_text": null, "created_at": "2023-11-14T22:13:20Z", "created_at_i": AT,
            "num_comments": 2, "objectID": link.to_string(), "parent_id": null, "points": 1, "story_id": link,
            "story_text": null, "story_title": null, "story_url": null, "title": "Compilers & <linkers>",
            "url": "https://example.com/compilers",
        }],
    });
    assert_eq!(answer, expected);
    let ask = &scene.get("search?query=question")["hits"][0];
    assert_eq!(ask["story_text"], "<p>A <em>question</em> on compilers</p>");
    assert_eq!(ask["_highlightResult"]["story_text"]["value"], "A *<em>question</em>* on compilers");
    assert_eq!((&ask["_tags"][3], &ask["url"]), (&json!("ask_hn"), &Value::Null));
}

#[test]
fn a_comment_has_the_fields_of_algolia() {
    let scene = scene();
    let ([link, ..], [first, reply, _]) = (scene.posts.map(of_post), scene.comments.map(of_comment));
    let hit = scene.get("search_by_date?query=compilers&tags=comment")["hits"][0].clone();
    let none = |text: &str| json!({ "matchLevel": "none", "matchedWords": [], "value": text });
    let full = |text: &str| json!({ "matchLevel": "full", "matchedWords": ["compilers"], "value": text });
    let expected = json!({
        "_highlightResult": {
            "author": none("ann"),
            "comment_text": full("They are, with <em>compilers</em> &lt; 5"),
            "story_title": full("<em>Compilers</em> &amp; &lt;linkers&gt;"),
            "story_url": full("https://example.com/<em>compilers</em>"),
        },
        "_tags": ["comment", "author_ann", format!("story_{link}")],
        "author": "ann", "comment_text": "<p>They are, with compilers &lt; 5</p>", "created_at": "2023-11-14T22:13:24Z",
        "created_at_i": AT + 4, "num_comments": null, "objectID": reply.to_string(), "parent_id": first,
        "points": null, "story_id": link, "story_text": null, "story_title": "Compilers & <linkers>",
        "story_url": "https://example.com/compilers", "title": null, "url": null,
    });
    assert_eq!(hit, expected);
}

#[test]
fn tags_narrow_a_search() {
    let scene = scene();
    let all = scene.newest();
    let [other, reply, first, show, ask, link] = all[..] else { panic!("six") };
    for (tags, expected) in [
        ("".to_owned(), all.clone()),
        ("story".into(), vec![show, ask, link]),
        ("comment".into(), vec![other, reply, first]),
        ("(story,comment)".into(), all.clone()),
        ("ask_hn".into(), vec![ask]),
        ("(ask_hn,show_hn)".into(), vec![show, ask]),
        ("front_page".into(), vec![show, ask, link]),
        ("author_ann".into(), vec![other, reply, show, link]),
        ("author_ANN,story".into(), vec![show, link]),
        ("author_Zo%C3%AB+%C3%9C,(comment,ask_hn)".into(), vec![first, ask]),
        ("(author_ann,author_nobody),comment".into(), vec![other, reply]),
        (format!("story_{link}"), vec![reply, first, link]),
        (format!("comment,story_{link},author_ann"), vec![reply]),
        (format!("(story_{link},story_{ask}),comment"), vec![other, reply, first]),
        (format!("story_{first}"), vec![]),
        ("author_nobody".into(), vec![]),
        ("poll".into(), vec![]),
        ("(story,poll)".into(), vec![show, ask, link]),
        ("story,comment".into(), vec![]),
        ("job,author_ann".into(), vec![]),
    ] {
        assert_eq!(scene.found(&format!("search_by_date?tags={tags}")), expected, "{tags}");
        let mut found = scene.found(&format!("search?tags={tags}"));
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{tags} by relevance");
    }
    assert_eq!(scene.found("search_by_date?query=compilers&tags=author_ann"), [reply, link]);
    assert_eq!(scene.found("search_by_date?query=compiler&tags=(ask_hn,comment)"), [reply, ask]);
    assert_eq!(scene.found("search_by_date?query=%2B%2B"), [0; 0], "signs alone");
    assert_eq!(scene.found("search?query=nothing"), [0; 0]);
}

#[test]
fn numbers_narrow_a_search_and_points_order_it() {
    let scene = scene();
    let [_, reply, first, show, ask, link] = scene.newest()[..] else { panic!("six") };
    let voter = Client::signed_in_as(&scene.site, 1);
    assert_eq!(voter.post(&format!("/posts/{}/vote", ask / 2), &[]).status, 303);
    let found = |filters: &str| {
        let filters = filters.replace('>', "%3E").replace('<', "%3C").replace('=', "%3D");
        scene.found(&format!("search_by_date?numericFilters={filters}"))
    };
    for (filters, expected) in [
        (format!("created_at_i<{}", AT + 2), vec![ask, link]),
        (format!("created_at_i<={}", AT + 2), vec![show, ask, link]),
        (format!("created_at_i={}", AT + 3), vec![first]),
        (format!("created_at_i>{},created_at_i<{}", AT + 2, AT + 5), vec![reply, first]),
        ("points>1".into(), vec![ask]),
        ("points>=0".into(), vec![show, ask, link]),
        ("points>=1,num_comments>0".into(), vec![ask, link]),
        ("num_comments=2".into(), vec![link]),
        ("num_comments!=2".into(), vec![show, ask]),
    ] {
        assert_eq!(found(&filters), expected, "{filters}");
    }
    assert_eq!(scene.found("search?tags=story"), [ask, show, link], "by points, then the newest");
}

#[test]
fn hits_have_pages() {
    let scene = scene();
    let all = scene.newest();
    for (path, page, pages, expected) in [
        ("search_by_date?hitsPerPage=4", 0, 2, &all[..4]),
        ("search_by_date?hitsPerPage=4&page=1", 1, 2, &all[4..]),
        ("search_by_date?hitsPerPage=4&page=2", 2, 2, &[]),
        ("search_by_date?hitsPerPage=6&page=0", 0, 1, &all[..]),
        ("search_by_date?hitsPerPage=0", 0, 0, &[]),
        ("search_by_date?page=18446744073709551615", usize::MAX, 1, &[]),
    ] {
        assert_eq!(scene.found(path), expected, "{path}");
        let answer = scene.get(path);
        assert_eq!(
            (&answer["page"], &answer["nbPages"], &answer["nbHits"]),
            (&json!(page), &json!(pages), &json!(6))
        );
    }
    assert_eq!(scene.get("search?hitsPerPage=1000")["hitsPerPage"], MAX_HITS_PER_PAGE);
    // Of many the newest thousand are looked at, and the answer says so.
    assert_eq!(scene.get("search?tags=comment")["exhaustiveNbHits"], true);
    let sql = "INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
               WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 1000)
               SELECT ?1, 3, ?2 + n, 0, 'Body' FROM n";
    let (story, later) = (scene.posts[0].get(), (AT + 100) * 1_000_000);
    scene.database.execute(sql, [story, later]).expect("the schema is known");
    for tags in ["comment".to_owned(), format!("comment,story_{}", 2 * story)] {
        let answer = scene.get(&format!("search_by_date?tags={tags}"));
        assert_eq!((&answer["nbHits"], &answer["exhaustiveNbHits"]), (&json!(1000), &json!(false)), "{tags}");
    }
}

#[test]
fn wrong_parameters_get_a_message() {
    let scene = scene();
    let long = format!("search?query={}", "a+".repeat(200));
    for (path, word) in [
        ("search?tags=stories", "\"stories\""),
        ("search?tags=(story", "parenthesis"),
        ("search_by_date?numericFilters=karma%3E1", "numericFilters"),
        ("search?page=-1", "page"),
        ("search?hitsPerPage=many", "hitsPerPage"),
        ("search?query=type%3Auser+", "type:post"),
        (&*long, "too long"),
    ] {
        let answer = scene.site.get(&format!("/api/v1/{path}"));
        assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (400, Some("*")), "{path}");
        let message: Value = serde_json::from_str(answer.text()).expect("JSON");
        assert_eq!(message["status"], 400);
        assert!(message["message"].as_str().is_some_and(|text| text.contains(word)), "{message}");
    }
    for path in ["items/0", "items/x", "items/99999", "users/nobody", "users/ANN"] {
        let answer = scene.site.get(&format!("/api/v1/{path}"));
        assert_eq!((answer.status, answer.text()), (404, r#"{"error":"Not Found","status":404}"#), "{path}");
        assert_eq!(answer.header("Content-Type"), Some("application/json; charset=utf-8"));
    }
    for path in ["/api/v1/search", "/api/v1/search_by_date", "/api/v1/items/2", "/api/v1/users/ann"] {
        let answer = scene.site.post(path);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")), "{path}");
    }
    for path in ["/api", "/api/v1", "/api/v1/", "/api/v1/items", "/api/v2/search"] {
        assert_eq!(scene.site.get(path).status, 404, "{path}");
    }
}

#[test]
fn an_item_is_a_tree() {
    let scene = scene();
    let ([link, ..], [first, reply, _]) = (scene.posts.map(of_post), scene.comments.map(of_comment));
    let comment = |number: i64, author: &str, parent: i64, text: &str, at: i64, children: Value| {
        json!({
            "author": author, "children": children, "created_at": format!("2023-11-14T22:13:{}Z", 20 + at),
            "created_at_i": AT + at, "id": number, "options": [], "parent_id": parent, "points": null,
            "story_id": link, "text": text, "title": null, "type": "comment", "url": null,
        })
    };
    let below = comment(reply, "ann", first, "<p>They are, with compilers &lt; 5</p>", 4, json!([]));
    let tree = comment(first, "Zoë Ü", link, "<p>Linkers are fine</p>", 3, json!([below]));
    let story = json!({
        "author": "ann", "children": [tree], "created_at": "2023-11-14T22:13:20Z", "created_at_i": AT, "id": link,
        "options": [], "parent_id": null, "points": 1, "story_id": link, "text": null,
        "title": "Compilers & <linkers>", "type": "story", "url": "https://example.com/compilers",
    });
    assert_eq!(scene.get(&format!("items/{link}")), story);
    assert_eq!(scene.get(&format!("items/{first}")), tree);
    assert_eq!(scene.get(&format!("items/{reply}")), below);
    // A deleted comment stays for its replies, without author and text.
    let author = Client::signed_in_as(&scene.site, 2);
    assert_eq!(author.post(&format!("/comments/{}", first / 2), &[("_method", "delete")]).status, 303);
    let gone = &scene.get(&format!("items/{link}"))["children"][0];
    assert_eq!((&gone["author"], &gone["text"]), (&Value::Null, &Value::Null));
    assert_eq!(gone["children"][0]["id"], reply);
    assert_sound(&scene.database);
}

#[test]
fn a_user_has_a_name_and_karma() {
    let scene = scene();
    let expected = json!({ "about": null, "karma": 0, "username": "Zoë Ü" });
    assert_eq!(scene.get("users/Zo%C3%AB%20%C3%9C"), expected);
}

#[test]
fn what_is_written_is_found_and_what_is_removed_is_not() {
    let scene = scene();
    let (link, reply) = (of_post(scene.posts[0]), of_comment(scene.comments[1]));
    let search = "search_by_date?query=compilers";
    eventually("it is kept", || {
        let hits = "lorem_news_kept_pages_total{route=\"/api/v1/search_by_date\",outcome=\"hit\"} ";
        scene.get(search);
        let metrics = scene.site.get("/metrics");
        let number = metrics.text().lines().find_map(|line| line.strip_prefix(hits)?.parse::<u64>().ok());
        number.filter(|number| *number > 0)
    });
    scene.database.execute_batch("UPDATE users SET is_admin = 1 WHERE id = 1").expect("the schema is known");
    let admin = Client::signed_in_as(&scene.site, 1);
    let form = [("act", "remove"), ("reason", "Spam")];
    assert_eq!(admin.post(&format!("/posts/{}/moderate", link / 2), &form).status, 303);
    assert!(!scene.found(search).contains(&link));
    assert!(!scene.found("search_by_date?tags=story").contains(&link));
    let hit = &scene.get("search_by_date?query=compilers&tags=comment")["hits"][0];
    assert_eq!(
        (&hit["objectID"], &hit["story_title"], &hit["story_url"]),
        (&json!(reply.to_string()), &json!("[removed]"), &Value::Null)
    );
    let tree = scene.get(&format!("items/{link}"));
    assert_eq!(
        (&tree["title"], &tree["author"], &tree["url"]),
        (&json!("[removed]"), &Value::Null, &Value::Null)
    );
    let answer = admin.post("/posts", &[("title", "Compilers again")]);
    assert_eq!(answer.status, 303);
    index(&scene.database);
    let newest = number(&scene.database, "SELECT 2 * max(id) FROM posts");
    assert_eq!(scene.found(search).first(), Some(&newest));
}

#[test]
fn large_answers_are_bounded() {
    let (site, database) = people();
    let text = "https://example.com/&&&&&&&&&&& ".repeat(2000);
    let url = format!("https://example.com/?{}", "&".repeat(1900));
    for number in 0..60 {
        let title = format!("Bounds {number} {}", "&".repeat(200));
        new_post(&database, 2, &title, Some(&format!("{url}{number}")), &text[..9_000], number);
    }
    let id = new_post(&database, 2, "A discussion", None, &text[..60_000], 70);
    let mut parent = None;
    for number in 0..300 {
        let body = &text[..if number < 250 { 2_000 } else { 10 }];
        // A chain, and then many on the post itself.
        parent = Some(new_comment(&database, 3, id, parent.filter(|_| number < 20), body, 80 + number));
    }
    index(&database);
    for path in [
        "search?query=bounds",
        "search?query=example&tags=comment&hitsPerPage=50",
        "search_by_date?tags=story&hitsPerPage=50",
        &format!("items/{}", of_post(id)),
    ] {
        let answer = site.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.len() <= MAX_PAGE_BYTES, "{path}: {}", answer.body.len());
        assert!(answer.body.len() > 100_000, "{path}: {}", answer.body.len());
    }
    let tree = value(&site, &format!("/api/v1/items/{}", of_post(id)));
    fn size(item: &Value) -> usize {
        1 + item["children"].as_array().expect("a list").iter().map(size).sum::<usize>()
    }
    assert!((2..=PAGE_SIZE as usize + 1).contains(&size(&tree)), "{}", size(&tree));
}
