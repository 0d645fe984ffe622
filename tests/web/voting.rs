//! Voting: one vote per user, however often and from whichever page it is sent.

use std::sync::Barrier;
use std::thread;

use lorem_news::rank;
use lorem_news::site::rate_limits::RateLimits;
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const OWN: &str = "The change you wanted was rejected. Your own voice is counted already.";
const GONE: &str = "The page you were looking for doesn't exist. You may have mistyped the address or the page may have moved.";

/// The author of the post and comments that user 1 votes for.
const AUTHOR: i64 = 2;

/// A site where `AUTHOR` wrote post 3 and all comments on posts 3 and 4, its database, and user 1 signed in.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(&format!(
            "UPDATE posts SET user_id = {AUTHOR} WHERE id = 3;
             UPDATE comments SET user_id = {AUTHOR} WHERE post_id IN (3, 4);"
        ))
        .expect("the schema is known");
    recount(&database);
    let client = Client::signed_in(&site);
    (site, database, client)
}

fn score(database: &Connection, noun: &str, id: i64) -> i64 {
    number(database, &format!("SELECT score FROM {noun}s WHERE id = {id}"))
}

fn karma(database: &Connection) -> i64 {
    number(database, &format!("SELECT karma FROM users WHERE id = {AUTHOR}"))
}

/// A comment on post 3.
fn comment(database: &Connection) -> i64 {
    number(database, "SELECT min(id) FROM comments WHERE post_id = 3")
}

/// The action of the arrow, whether it is pressed, and the points, as a page shows them.
fn shown(html: &Html, noun: &str, id: i64) -> (String, String, String) {
    let arrow = format!("button.vote#{noun}_arrow_{id}[form=acts]");
    assert_eq!(attributes(html, "form#acts", "method"), ["post"]);
    (
        attributes(html, &arrow, "formaction").concat(),
        attributes(html, &arrow, "aria-pressed").concat(),
        texts(html, &format!("#{noun}_points_{id}")).concat(),
    )
}

fn cast_of(noun: &str, id: i64, points: &str) -> (String, String, String) {
    (format!("/{noun}s/{id}/vote"), "false".into(), points.into())
}

fn withdrawal_of(noun: &str, id: i64, points: &str) -> (String, String, String) {
    (format!("/{noun}s/{id}/unvote"), "true".into(), points.into())
}

#[test]
fn a_vote_counts_once_and_can_be_taken_back() {
    let (site, database, client) = site();
    for (noun, id) in [("post", 3), ("comment", comment(&database))] {
        let (vote, unvote) = (format!("/{noun}s/{id}/vote"), format!("/{noun}s/{id}/unvote"));
        let before = karma(&database);
        for _ in 0..2 {
            assert_leads_to(&client.post(&vote, &[]), &format!("/{noun}s/{id}"));
            assert_eq!((score(&database, noun, id), karma(&database)), (2, before + 1));
            assert_sound(&database);
        }
        let page = client.get("/posts/3").html();
        assert_eq!(shown(&page, noun, id), withdrawal_of(noun, id, "2 points"));
        // Other users see the points and their own arrow.
        assert_eq!(shown(&site.get("/posts/3").html(), noun, id), cast_of(noun, id, "2 points"));
        for _ in 0..2 {
            assert_leads_to(&client.post(&unvote, &[]), &format!("/{noun}s/{id}"));
            assert_eq!((score(&database, noun, id), karma(&database)), (1, before));
            assert_sound(&database);
        }
        assert_eq!(shown(&client.get("/posts/3").html(), noun, id), cast_of(noun, id, "1 point"));
    }
}

#[test]
fn with_htmx_only_the_arrow_and_the_points_change() {
    let (_site, database, client) = site();
    for (noun, id) in [("post", 3), ("comment", comment(&database))] {
        let (vote, unvote) = (format!("/{noun}s/{id}/vote"), format!("/{noun}s/{id}/unvote"));
        for (action, after) in [
            (&vote, withdrawal_of(noun, id, "2 points")),
            (&vote, withdrawal_of(noun, id, "2 points")),
            (&unvote, cast_of(noun, id, "1 point")),
            (&unvote, cast_of(noun, id, "1 point")),
        ] {
            let answer = client.htmx("POST", action, &[]);
            assert_eq!(answer.status, 200);
            let changes = partials(&answer);
            let wanted = [format!("#{noun}_arrow_{id} outerHTML"), format!("#{noun}_points_{id} innerHTML")];
            assert_eq!(places(&changes), wanted);
            // The fragments equal the markup of the page.
            let page = client.get("/posts/3");
            assert!(page.text().contains(&changes[0].html), "{}", changes[0].html);
            assert!(page.text().contains(&format!("<span id={noun}_points_{id}>{}</span>", changes[1].html)));
            assert_eq!(shown(&page.html(), noun, id), after);
        }
    }
}

#[test]
fn voting_without_a_script_leads_back_to_the_page_before() {
    let (site, database, client) = site();
    let address = format!("http://{}", site.address);
    let comment = comment(&database);
    let vote = |path: &str, referrer: &str| {
        let headers = [("Referer", referrer), ("Sec-Fetch-Site", "same-origin")];
        client.ask("POST", path, &[], &headers)
    };
    let list = format!("{address}/posts?after=9223372036854775807-17");
    assert_leads_to(&vote("/posts/3/vote", &list), "/posts?after=9223372036854775807-17#post_arrow_3");
    assert_leads_to(
        &vote(&format!("/comments/{comment}/vote"), &format!("{address}/posts/3")),
        &format!("/posts/3#comment_{comment}"),
    );
    // A referrer outside this site is ignored.
    for elsewhere in [
        "https://example.com/posts",
        &format!("{address}//example.com"),
        &format!("{address}.example.com/"),
        "nonsense",
        "",
    ] {
        assert_leads_to(&vote("/posts/3/vote", elsewhere), "/posts/3");
    }
}

#[test]
fn voting_for_an_own_post_or_comment_is_refused() {
    let (site, database, _) = site();
    let author = Client::signed_in_as(&site, AUTHOR);
    for (noun, id) in [("post", 3), ("comment", comment(&database))] {
        for path in ["/", "/posts", "/posts/3"] {
            let page = author.get(path).html();
            assert_eq!(attributes(&page, &format!("#{noun}_arrow_{id}"), "id"), [""; 0], "{path}");
        }
        assert_eq!(texts(&author.get("/posts/3").html(), &format!("#{noun}_points_{id}")), ["1 point"]);
        for action in ["vote", "unvote"] {
            let path = format!("/{noun}s/{id}/{action}");
            assert_page_of_error(&author, &author.post(&path, &[]), 403, REJECTED);
            assert_alert(&author.htmx("POST", &path, &[]), 403, OWN);
        }
        assert_eq!((score(&database, noun, id), karma(&database)), (1, 0));
    }
    assert_sound(&database);
}

#[test]
fn a_deleted_post_or_comment_takes_no_vote() {
    let (site, database, client) = site();
    let comment = comment(&database);
    database
        .execute(
            "INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, body) \
             VALUES (3, 9, ?1, 1, 1, 1, 'a reply')",
            [comment],
        )
        .expect("the schema is known");
    recount(&database);
    assert_eq!(client.post(&format!("/comments/{comment}/vote"), &[]).status, 303);
    assert_eq!(karma(&database), 1);
    // The author deletes the comment, which is emptied, and then their account.
    let author = Client::signed_in_as(&site, AUTHOR);
    assert_eq!(author.post(&format!("/comments/{comment}"), &[("_method", "delete")]).status, 303);
    // The votes wait with the comment, which may come back, and count for no karma.
    assert_eq!((karma(&database), score(&database, "comment", comment)), (0, 2));
    assert_eq!(client.post("/posts/3/vote", &[]).status, 303);
    assert_eq!(author.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_sound(&database);
    assert_eq!(number(&database, "SELECT deleted_at IS NOT NULL FROM posts WHERE id = 3"), 1);
    let paths = ["/posts/3/vote", "/posts/3/unvote", "/posts/999999/vote", "/comments/999999/vote"];
    for path in paths.map(str::to_owned).into_iter().chain([format!("/comments/{comment}/vote")]) {
        assert_page_of_error(&client, &client.post(&path, &[]), 404, NOT_FOUND);
        assert_alert(&client.htmx("POST", &path, &[]), 404, GONE);
    }
    let page = client.get("/posts/3").html();
    assert_eq!(attributes(&page, &format!("#post_arrow_3, #comment_arrow_{comment}"), "id"), [""; 0]);
    assert_eq!(
        number(&database, "SELECT count(*) FROM post_votes")
            + number(&database, "SELECT count(*) FROM comment_votes"),
        0
    );
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(client.ask(method, "/posts/4/vote", &[], &[]).status, 405);
    }
}

#[test]
fn fifty_concurrent_votes_count_once_per_user() {
    let (site, database, client) = site();
    let comment = comment(&database);
    // Fifty users each vote twice for the post and the comment; user 1 votes fifty times for the post.
    let voters: Vec<Client> = (10..60).map(|id| Client::signed_in_as(&site, id)).collect();
    let together = Barrier::new(50);
    thread::scope(|scope| {
        for voter in &voters {
            let (client, together) = (&client, &together);
            scope.spawn(move || {
                together.wait();
                for _ in 0..2 {
                    assert_eq!(voter.post("/posts/3/vote", &[]).status, 303);
                    assert_eq!(voter.htmx("POST", &format!("/comments/{comment}/vote"), &[]).status, 200);
                }
                assert_eq!(client.post("/posts/3/vote", &[]).status, 303);
            });
        }
    });
    assert_eq!((score(&database, "post", 3), score(&database, "comment", comment)), (52, 51));
    assert_eq!(karma(&database), 101);
    assert_sound(&database);
}

#[test]
fn a_vote_of_a_guest_counts_after_signing_in() {
    let (site, database, _) = site();
    let comment = comment(&database);
    for (user, noun, id, by_htmx) in
        [(10, "post", 3, false), (11, "comment", comment, true), (12, "post", 3, true)]
    {
        let guest = Client::new(&site);
        let vote = format!("/{noun}s/{id}/vote");
        let before = score(&database, noun, id);
        let page = site.get("/posts/3").html();
        assert_eq!(shown(&page, noun, id).0, vote, "a guest has the form, too");
        let referrer = format!("http://{}/posts/3", site.address);
        let headers = [
            ("Referer", &*referrer),
            ("Sec-Fetch-Site", "same-origin"),
            ("HX-Request-Type", if by_htmx { "partial" } else { "full" }),
        ];
        let answer = guest.ask("POST", &vote, &[], &headers);
        let place = if noun == "post" {
            "/posts/3#post_arrow_3".to_owned()
        } else {
            format!("/posts/3#comment_{id}")
        };
        let sign_in = format!(
            "/sign_in?{}",
            serde_urlencoded::to_string([("return_to", &place)]).expect("it can be encoded")
        );
        if by_htmx {
            assert_leads_htmx_to(&answer, 401, &sign_in);
        } else {
            assert_leads_to(&answer, &sign_in);
        }
        assert_eq!(score(&database, noun, id), before, "not counted yet");
        let name = name_of(&database, user);
        let form = [("screen_name", &*name), ("password", "password"), ("return_to", &place)];
        assert_eq!(guest.post("/sessions", &[("screen_name", &*name), ("password", "wrong")]).status, 422);
        assert_done(&guest, &guest.post("/sessions", &form), &place, "Your vote was counted.");
        assert_eq!(score(&database, noun, id), before + 1);
        assert_eq!(shown(&guest.get("/posts/3").html(), noun, id).1, "true");
        // The vote counts for this sign-in only.
        assert_eq!(guest.cookie("vote"), None);
    }
    // It counts after signing up, too.
    let guest = Client::new(&site);
    assert_eq!(guest.post("/posts/4/vote", &[]).status, 303);
    let form =
        [("screen_name", "newcomer"), ("password", NEW_PASSWORD), ("password_confirmation", NEW_PASSWORD)];
    let signed_up = guest.post("/users", &form);
    let own_page = signed_up.header("Location").expect("a redirect").to_owned();
    assert_done(&guest, &signed_up, &own_page, "Your vote was counted.");
    assert_eq!(score(&database, "post", 4), 2);
    // A guest has no vote to withdraw: they are led to sign in, and nothing changes.
    let guest = Client::new(&site);
    assert_leads_to(&guest.post("/posts/3/unvote", &[]), "/sign_in?return_to=%2Fposts%2F3");
    assert_eq!(guest.cookie("vote"), None);
    assert_sound(&database);
}

#[test]
fn an_invalid_kept_vote_does_not_prevent_signing_in() {
    let (site, database, _) = site();
    for kept in ["post-3", "post-999999", "comment--1", "post-", "user-1", "x", "post-99999999999999999999"] {
        let guest = Client::new(&site);
        guest.set_cookie("vote", kept);
        let name = name_of(&database, AUTHOR);
        let answer = guest.post("/sessions", &[("screen_name", &*name), ("password", "password")]);
        // The author's own, or of nothing: no vote is counted, and none is spoken of.
        assert_done(&guest, &answer, &format!("/users/{AUTHOR}"), "You have been signed in.");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM post_votes"), 0);
}

#[test]
fn a_vote_moves_a_post_up_the_front_page() {
    let (_site, database, client) = site();
    let place = || {
        attributes(&client.get("/").html(), "#posts > li > a", "href")
            .iter()
            .position(|href| href == "/posts/3")
    };
    let before = place().expect("it is on the front page");
    // With the oldest time it would be last without its votes.
    let oldest = number(&database, "SELECT min(created_at) FROM posts");
    assert!(before < 30);
    for voter in 10..60 {
        database.execute("INSERT INTO post_votes VALUES (?1, 3, 1)", [voter]).expect("the schema is known");
    }
    database
        .execute(
            "UPDATE posts SET score = 51, created_at = ?1, hotness = ?2 WHERE id = 3",
            [oldest, rank::hotness(51, Timestamp::from_micros(oldest))],
        )
        .expect("the schema is known");
    recount(&database);
    let before = place();
    let hotness = || number(&database, "SELECT hotness FROM posts WHERE id = 3");
    assert_eq!(hotness(), rank::hotness(51, Timestamp::from_micros(oldest)));
    assert_eq!(client.post("/posts/3/vote", &[]).status, 303);
    assert_eq!(hotness(), rank::hotness(52, Timestamp::from_micros(oldest)));
    assert!(place() <= before);
    assert_eq!(client.post("/posts/3/unvote", &[]).status, 303);
    assert_eq!(hotness(), rank::hotness(51, Timestamp::from_micros(oldest)));
}

#[test]
fn deleting_an_account_withdraws_its_votes() {
    let (site, database, client) = site();
    for path in
        ["/posts/3/vote".to_owned(), "/posts/4/vote".into(), format!("/comments/{}/vote", comment(&database))]
    {
        assert_eq!(client.post(&path, &[]).status, 303);
    }
    let other = Client::signed_in_as(&site, 9);
    assert_eq!(other.post("/posts/3/vote", &[]).status, 303);
    assert_eq!(karma(&database), 3);
    assert_eq!(client.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!((score(&database, "post", 3), karma(&database)), (2, 1));
    assert_sound(&database);
}

#[test]
fn the_sixty_first_vote_per_minute_is_429() {
    let site = Site::with(20, |config| config.rates = Some(RateLimits::default()));
    let database = site.database();
    let client = Client::signed_in(&site);
    let comments = ids(&database, "SELECT id FROM comments WHERE user_id <> 1 LIMIT 61");
    for id in &comments[..60] {
        assert_eq!(client.htmx("POST", &format!("/comments/{id}/vote"), &[]).status, 200);
    }
    let last = format!("/comments/{}/vote", comments[60]);
    for answer in [client.post(&last, &[]), client.htmx("POST", &last, &[])] {
        assert_eq!(answer.status, 429);
        assert!(answer.header("Retry-After").is_some());
    }
    assert_eq!(number(&database, "SELECT count(*) FROM comment_votes"), 60);
    assert_eq!(Client::signed_in_as(&site, 9).post("/posts/3/vote", &[]).status, 303);
}

#[test]
fn karma_is_shown_on_the_user_page() {
    let (site, database, client) = site();
    let karma = || texts(&site.get(&format!("/users/{AUTHOR}")).html(), "dl.facts dd")[2].clone();
    assert_eq!(karma(), "0");
    assert_eq!(client.post("/posts/3/vote", &[]).status, 303);
    assert_eq!(client.post(&format!("/comments/{}/vote", comment(&database)), &[]).status, 303);
    assert_eq!(karma(), "2");
    // Destroying a post takes its points from the karma, and leaves the comments on it.
    let author = Client::signed_in_as(&site, AUTHOR);
    assert_eq!(author.post("/posts/3", &[("_method", "delete")]).status, 303);
    assert_eq!(karma(), "1");
    assert_sound(&database);
}
