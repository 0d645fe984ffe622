//! The posts of a day.

use lorem_news::post::day::{Day, Step};
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A site of which 80 posts are of one day, its database, and a client: the posts have 1 to 4 points each, in the order of
/// their ids.
fn site() -> (Site, Connection, Client, Day) {
    let site = Site::with(80, |_| {});
    let database = site.database();
    let day = day_before_today(3);
    database
        .execute_batch(&format!(
            "DELETE FROM post_votes;
             INSERT INTO post_votes SELECT users.id, posts.id, 1 FROM posts, users
                 WHERE users.id <= posts.id % 4 AND users.id <> posts.user_id;
             UPDATE posts SET created_at = {} + id * 1000000",
            day.start().as_micros()
        ))
        .expect("the schema is known");
    recount(&database);
    let client = Client::new(&site);
    (site, database, client, day)
}

fn day_before_today(number: usize) -> Day {
    let today = Day::of(Timestamp::now()).expect("a day");
    (0..number).fold(today, |day, _| day.before(Step::Day).expect("a day"))
}

/// The ids of the posts on a page.
fn listed(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let links = attributes(&answer.html(), "ol.posts > li > p > a[href^='/posts/']", "href");
    links.iter().map(|href| href.trim_start_matches("/posts/").parse().expect(href)).collect()
}

/// The days to which a page links, with the words of the links.
fn days(answer: &Answer) -> Vec<(String, String)> {
    let html = answer.html();
    let links = "nav[aria-label='Other days'] a";
    let days = attributes(&html, links, "href").into_iter().map(|href| href.replace("/past?day=", ""));
    texts(&html, links).into_iter().zip(days).collect()
}

#[test]
fn the_posts_of_a_day_are_listed_by_points_and_then_by_age() {
    let (_site, database, client, day) = site();
    let expected = ids(
        &database,
        "SELECT id FROM posts WHERE deleted_at IS NULL ORDER BY score DESC, iif(score > 1, id, created_at) DESC, id DESC",
    );
    assert!(number(&database, "SELECT count(*) FROM posts WHERE score = 1") > 10);
    assert!(number(&database, "SELECT count(*) FROM posts WHERE score > 1") > 30);
    let (mut address, mut found) = (format!("/past?day={day}"), Vec::new());
    loop {
        let answer = client.get(&address);
        assert_eq!(texts(&answer.html(), "h1"), [format!("Posts of {day}")]);
        found.append(&mut listed(&answer));
        match attributes(&answer.html(), "a[rel=next]", "href").pop() {
            Some(next) => address = next,
            None => break,
        }
    }
    assert_eq!(found, expected);
    // Neither the day before nor the day after has one of them.
    for other in [day.before(Step::Day), day.after(Step::Day)] {
        let answer = client.get(&format!("/past?day={}", other.expect("a day")));
        assert_eq!(listed(&answer), [0; 0]);
        assert_eq!(texts(&answer.html(), "main p.empty"), ["Nobody posted anything on this day."]);
    }
    // The first and the last moment belong to it.
    let (start, end) = (day.start().as_micros(), day.end().as_micros());
    for (at, is_there) in [(start - 1, false), (start, true), (end - 1, true), (end, false)] {
        database
            .execute("UPDATE posts SET created_at = ?1 WHERE id = 79", [at])
            .expect("the schema is known");
        let ids = listed(&client.get(&format!("/past?day={day}")));
        assert_eq!(ids.contains(&79), is_there, "{at}");
    }
}

#[test]
fn a_page_of_a_day_follows_its_posts() {
    let (site, database, client, day) = site();
    let voter = Client::signed_in_as(&site, 90);
    database
        .execute_batch(
            "UPDATE posts SET user_id = 2; DELETE FROM post_votes WHERE user_id = 2 OR post_id = 8",
        )
        .expect("the schema is known");
    recount(&database);
    let first = |client: &Client| listed(&client.get(&format!("/past?day={day}")))[0];
    let best = first(&client);
    assert_ne!(best, 8);
    database
        .execute_batch("INSERT INTO post_votes SELECT id, 8, 1 FROM users WHERE id BETWEEN 10 AND 20")
        .expect("the schema is known");
    recount(&database);
    for reader in [&client, &voter] {
        assert_eq!(first(reader), 8);
    }
    // By the site itself, which tells its copies.
    assert_eq!(voter.post("/posts/12/vote", &[]).status, 303);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 90", []).expect("the schema is known");
    let form = [("act", "remove"), ("reason", "A reason.")];
    assert_eq!(voter.post("/posts/8/moderate", &form).status, 303);
    for reader in [&client, &voter] {
        assert!(!listed(&reader.get(&format!("/past?day={day}"))).contains(&8));
    }
    assert_sound(&database);
}

#[test]
fn a_page_links_to_the_days_around_it_that_have_been_since_the_first_post() {
    let (_site, database, client, day) = site();
    let link = |words: &str, day: Option<Day>| (words.to_owned(), day.expect("a day").to_string());
    // Nothing is older than the day.
    let [next, last] = [1, 3].map(|number| (0..number).try_fold(day, |day, _| day.after(Step::Day)));
    assert_eq!(days(&client.get(&format!("/past?day={day}"))), [link("day →", next)]);
    let before = last.expect("a day").before(Step::Day);
    assert_eq!(days(&client.get(&format!("/past?day={}", last.expect("a day")))), [link("← day", before)]);
    // Without a day it is yesterday's.
    assert_eq!(texts(&client.get("/past").html(), "h1"), [format!("Posts of {}", before.expect("a day"))]);
    assert_eq!(days(&client.get("/past")), [link("← day", next), link("day →", last)]);
    // With an old post, the month and the year before are linked, too.
    database
        .execute("UPDATE posts SET created_at = 1600000000000000 WHERE id = 1", [])
        .expect("the schema is known");
    let back = Step::EACH.map(|step| day.before(step));
    let expected =
        [link("← day", back[0]), link("← month", back[1]), link("← year", back[2]), link("day →", next)];
    assert_eq!(days(&client.get(&format!("/past?day={day}"))), expected);
    let answer = client.get("/past?day=2020-09-13");
    assert_eq!(listed(&answer), [1]);
    assert_eq!(days(&answer).len(), 3, "{:?}", days(&answer));
    assert_eq!(attributes(&client.get("/best").html(), "nav.tabs a:last-child", "href"), ["/past"]);
}

#[test]
fn what_is_no_day_and_what_is_to_come_is_not_found() {
    let (_site, _database, client, _) = site();
    let tomorrow = day_before_today(0).after(Step::Day).expect("a day");
    for day in [
        "",
        "x",
        "2026-02-30",
        "2026-1-1",
        "20260101",
        "1969-12-31",
        "1970-01-01",
        "99999-01-01",
        &tomorrow.to_string(),
    ] {
        let answer = client.get(&format!("/past?day={day}"));
        assert_page_of_error(&client, &answer, 404, NOT_FOUND);
    }
    let today = format!("/past?day={}", day_before_today(0));
    for path in [today, "/past?day=1970-01-02".to_owned()] {
        assert_eq!(client.get(&path).status, 200, "{path}");
    }
    assert_page_of_error(&client, &client.get("/past?after=x"), 400, "That request can't be understood.");
    assert_eq!(client.post("/past", &[]).status, 405);
}
