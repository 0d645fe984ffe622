//! The lists by points and by hotness while users vote and post, and the header that names the lists.

use std::collections::HashSet;
use std::time::Duration;

use lorem_news::post::{self, NewPost};
use lorem_news::rank;
use lorem_news::types::id::UserId;
use lorem_news::types::time::{DAY, HOUR, Timestamp};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::links::listed;

const LISTS: [(&str, &str, &str, Option<u32>); 5] = [
    ("/best", "Best of the week", "Week", Some(7)),
    ("/best/week", "Best of the week", "Week", Some(7)),
    ("/best/day", "Best of the day", "Day", Some(1)),
    ("/best/month", "Best of the month", "Month", Some(30)),
    ("/best/all", "Best of all time", "All time", None),
];

/// Creates a post of this age with this number of votes.
fn post_of(database: &Connection, age: Duration, votes: i64) -> i64 {
    let title = format!("Post {}", number(database, "SELECT coalesce(max(id), 0) FROM posts"));
    let new = NewPost {
        user_id: UserId::new(1),
        title: &title,
        link: None,
        description: "",
        created_at: Timestamp::now() - age,
    };
    let id = post::sql::create(database, &new).expect("it is posted").expect("the title is free");
    give(database, id.get(), votes);
    id.get()
}

/// Adds `votes` votes of users who have not voted for the post yet.
fn give(database: &Connection, id: i64, votes: i64) {
    let sql = "INSERT INTO post_votes SELECT id, ?1, 1 FROM users WHERE id > 1 \
               AND id NOT IN (SELECT user_id FROM post_votes WHERE post_id = ?1) LIMIT ?2";
    assert_eq!(database.execute(sql, [id, votes]).expect("the schema is known") as i64, votes);
    let (score, created_at): (i64, i64) = database
        .query_row("SELECT score + ?2, created_at FROM posts WHERE id = ?1", [id, votes], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a post");
    database
        .execute(
            "UPDATE posts SET score = ?2, hotness = ?3 WHERE id = ?1",
            [id, score, rank::hotness(score, Timestamp::from_micros(created_at))],
        )
        .expect("the schema is known");
    database
        .execute(
            "UPDATE users SET karma = karma + ?2 WHERE id = (SELECT user_id FROM posts WHERE id = ?1)",
            [id, votes],
        )
        .expect("the schema is known");
}

/// The ids on all pages of a list; `between` runs before each further page.
fn walk(site: &Site, path: &str, mut between: impl FnMut()) -> Vec<i64> {
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let answer = site.get(&format!("{path}{query}"));
        assert_eq!(answer.status, 200, "{path}{query}");
        let html = answer.html();
        found.extend(listed(&html));
        match attributes(&html, "nav.pager a[rel=next]", "href").pop() {
            Some(next) => query = next,
            None => return found,
        }
        between();
    }
}

/// The ids that a list must show, by sorting all posts.
fn expected(database: &Connection, days: Option<u32>) -> Vec<i64> {
    let since = days.map_or(Timestamp::EPOCH, |days| Timestamp::now() - days * DAY);
    let sql = "SELECT id FROM posts WHERE score > 1 AND deleted_at IS NULL AND created_at >= ?1 \
               ORDER BY score DESC, id DESC";
    let mut statement = database.prepare(sql).expect("the schema is known");
    statement.query_map([since], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("numbers")
}

/// Posts of two months, many with equal points. None is near enough to a limit to leave a list during a test.
fn months(database: &Connection) {
    for number in 0..400_u32 {
        post_of(database, (number * 37 % 1440) * HOUR + HOUR / 2, i64::from(number * 7 % 5));
    }
    // The posts of one day fill several pages.
    for number in 0..70_u32 {
        post_of(database, 2 * HOUR + Duration::from_micros(number.into()), i64::from(1 + number % 2));
    }
}

#[test]
fn the_best_posts_of_each_period_are_listed_once_by_points() {
    let site = Site::start();
    let database = site.database();
    months(&database);
    database
        .execute("UPDATE posts SET deleted_at = 1, title = NULL WHERE id % 50 = 3", [])
        .expect("it is known");
    for (path, heading, label, days) in LISTS {
        let expected = expected(&database, days);
        assert!(expected.len() > 60, "{path} has pages: {}", expected.len());
        assert_eq!(walk(&site, path, || {}), expected, "{path}");
        let html = site.get(path).html();
        assert_eq!(texts(&html, "h1"), [heading]);
        assert_eq!(texts(&html, "main nav.tabs a"), ["Day", "Week", "Month", "All time", "Past days"]);
        assert_eq!(
            attributes(&html, "main nav.tabs a", "href"),
            ["/best/day", "/best", "/best/month", "/best/all", "/past"]
        );
        assert_eq!(texts(&html, "main nav.tabs [aria-current=page]"), [label]);
        assert_eq!(texts(&html, "header [aria-current=page]"), ["Best"]);
    }
}

#[test]
fn new_and_moving_posts_neither_repeat_nor_hide_the_others() {
    let site = Site::start();
    let database = site.database();
    months(&database);
    for (path, days) in [("/best", Some(7)), ("/best/month", Some(30)), ("/best/all", None), ("/", None)] {
        let front = path == "/";
        let before = if front { walk(&site, path, || {}) } else { expected(&database, days) };
        let mut moved: HashSet<i64> = HashSet::new();
        let mut turn = 0;
        let found = walk(&site, path, || {
            // A new post goes to the top, and a post far down rises past the reader.
            turn += 1;
            moved.insert(post_of(&database, HOUR, 50 + turn));
            let riser = before[before.len() - usize::try_from(turn).expect("a few")];
            give(&database, riser, 40);
            moved.insert(riser);
        });
        let stayed =
            |ids: &[i64]| -> Vec<i64> { ids.iter().copied().filter(|id| !moved.contains(id)).collect() };
        assert_eq!(stayed(&found), stayed(&before), "{path}");
        let once: HashSet<i64> = found.iter().copied().collect();
        assert_eq!(once.len(), found.len(), "{path}: a post that rises past the reader is not shown again");
        assert!(turn >= 2, "{path} has pages");
    }
    assert_sound(&database);
}

#[test]
fn a_period_without_votes_shows_an_empty_list() {
    let site = Site::start();
    let database = site.database();
    database
        .execute("UPDATE posts SET created_at = created_at - ?1", [micros(8 * DAY)])
        .expect("the schema is known");
    post_of(&database, 40 * DAY, 3);
    for (path, sentence) in [
        ("/best/day", "No post of the last 24 hours has a vote yet."),
        ("/best", "No post of the last seven days has a vote yet."),
        ("/best/month", "No post of the last thirty days has a vote yet."),
    ] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200);
        assert_eq!(texts(&answer.html(), "main p.empty"), [sentence]);
    }
    assert_eq!(listed(&site.get("/best/all").html()).len(), 1);
    let empty = Site::empty();
    for (path, ..) in LISTS {
        let answer = empty.get(path);
        assert_eq!((answer.status, texts(&answer.html(), "main p.empty").len()), (200, 1), "{path}");
    }
    assert_eq!(texts(&empty.get("/best/all").html(), "main p.empty"), ["No post has a vote yet."]);
}

#[test]
fn a_list_of_the_best_refuses_unknown_periods_and_cursors() {
    let site = Site::start();
    for path in ["/best/year", "/best/Week", "/best/week/", "/best/%77eek", "/best/7", "/best/week/2"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    for path in ["/best?after=1", "/best/day?after=x-y", "/best/all?after=-1-2"] {
        assert_eq!(site.get(path).status, 400, "{path}");
    }
    for path in ["/best?after=0-0", "/best/all?after=1-99", "/best?over=year"] {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    assert_eq!(site.post("/best").status, 405);
    assert_eq!(site.ask("HEAD", "/best/day", &[]).status, 200);
}

#[test]
fn a_vote_puts_a_post_on_the_best_list_and_is_shown_there() {
    let site = Site::start();
    let database = site.database();
    let id = post_of(&database, HOUR, 0);
    let client = Client::signed_in_as(&site, 2);
    assert_eq!(listed(&client.get("/best/day").html()), [0; 0]);
    assert_eq!(client.post(&format!("/posts/{id}/vote"), &[]).status, 303);
    for (path, ..) in LISTS {
        let html = client.get(path).html();
        assert_eq!(listed(&html), [id], "{path}");
        assert_eq!(attributes(&html, &format!("#post_arrow_{id}"), "aria-pressed"), ["true"]);
        let guests = Client::new(&site).get(path).html();
        assert_eq!(attributes(&guests, &format!("#post_arrow_{id}"), "aria-pressed"), ["false"]);
    }
    assert_eq!(client.post(&format!("/posts/{id}/unvote"), &[]).status, 303);
    assert_eq!(listed(&client.get("/best/day").html()), [0; 0]);
}

#[test]
fn without_votes_the_front_page_shows_the_newest_first() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for number in 0..3 {
        assert_eq!(client.post("/posts", &[("title", &format!("Number {number}"))]).status, 303);
    }
    let front = listed(&site.get("/").html());
    assert_eq!(front, listed(&site.get("/posts").html()));
    assert_eq!(front[..3], [23, 22, 21]);
}

#[test]
fn the_header_names_the_lists_and_marks_the_current_one() {
    let site = Site::start();
    for (path, marked) in [
        ("/", Some("Top")),
        ("/?after=99999999999999999-1", Some("Top")),
        ("/posts", Some("New")),
        ("/best/month", Some("Best")),
        ("/ask", Some("Ask")),
        ("/show?after=0-0", Some("Show")),
        ("/posts/1", None),
        ("/from?site=example.com", None),
        ("/sign_in", None),
        ("/nothing", None),
        ("/bestial", None),
    ] {
        let html = site.get(path).html();
        let marked: Vec<&str> = marked.into_iter().collect();
        assert_eq!(texts(&html, "header [aria-current]"), marked, "{path}");
        assert_eq!(attributes(&html, "header nav a", "href")[..3], ["/", "/posts", "/best"]);
    }
    // A refused form has the address of a list but is not that list.
    let client = Client::signed_in(&site);
    assert_eq!(texts(&client.post("/posts", &[("title", "")]).html(), "[aria-current]"), [""; 0]);
}
