//! Previews of texts: in place and as a page, and nothing is stored.

use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::writing_comments::{comment_of, newest};

const TEXT: &str = "> Quoted words\n\nAn *answer* & `more`";
const SHOWN: &str =
    "<blockquote><p>Quoted words</p></blockquote><p>An <em>answer</em> &amp; <code>more</code></p>";

/// A form with a text: its address, the fields beside the text, the field of the text, and the place of its preview.
struct Case {
    path: String,
    /// The page with the form.
    page: String,
    fields: Vec<(&'static str, &'static str)>,
    text: &'static str,
    place: String,
}

/// The forms of a user with a post and a comment: for a new post, a change of it, a new comment, a reply, a change of a comment.
fn cases(post: i64, comment: i64) -> [Case; 5] {
    let case = |path: String, page: &str, fields: &[(&'static str, &'static str)], text, place: String| {
        Case { page: page.replace("{}", &path), path, fields: fields.to_vec(), text, place }
    };
    let title = ("title", "A title that stays");
    let patch = ("_method", "patch");
    [
        case("/posts".into(), "{}/new", &[title], "description", "preview".into()),
        case(format!("/posts/{post}"), "{}/edit", &[patch, title], "description", "preview".into()),
        case(
            format!("/posts/{post}/comments"),
            &format!("/posts/{post}"),
            &[],
            "body",
            format!("preview_post_{post}"),
        ),
        case(
            format!("/comments/{comment}/replies"),
            &format!("/comments/{comment}/reply"),
            &[],
            "body",
            format!("preview_reply_{comment}"),
        ),
        case(format!("/comments/{comment}"), "{}/edit", &[patch], "body", format!("preview_edit_{comment}")),
    ]
}

/// A site, with a post and a comment by user 1.
fn site() -> (Site, rusqlite::Connection, Client, [Case; 5]) {
    let site = Site::start();
    let database = site.database();
    let author = Client::signed_in_as(&site, 1);
    let post = number(&database, "SELECT min(id) FROM posts WHERE user_id <> 1");
    database.execute("UPDATE posts SET user_id = 1 WHERE id = ?1", [post]).unwrap();
    recount(&database);
    let comment = comment_of(&database, 1, post, "A comment");
    (site, database, author, cases(post, comment))
}

/// The form of a case with a text, sent for a preview.
fn form<'f>(case: &Case, text: &'f str) -> Vec<(&'static str, &'f str)> {
    let fields = case.fields.iter().map(|(name, value)| (*name, *value));
    fields.chain([(case.text, text), ("preview", "1")]).collect()
}

/// All posts, comments, drafts and the state of the inbox.
fn state(database: &rusqlite::Connection) -> String {
    let sql = "SELECT (SELECT group_concat(id || text) FROM posts JOIN descriptions ON post_id = id) \
               || (SELECT group_concat(id || body || updated_at) FROM comments) \
               || (SELECT count(*) FROM drafts) || (SELECT count(*) FROM inbox)";
    string(database, sql)
}

#[test]
fn a_preview_is_shown_above_the_form_with_the_typed_text_and_nothing_is_stored() {
    let (_site, database, author, cases) = site();
    let before = state(&database);
    for case in cases {
        for _twice in 0..2 {
            let answer = author.post(&case.path, &form(&case, TEXT));
            assert_eq!(answer.status, 200, "{}: {}", case.path, answer.text());
            assert_guarded(&answer);
            let html = answer.html();
            assert!(answer.text().contains(SHOWN), "{}", answer.text());
            assert_eq!(texts(&html, &format!("#{} section .prose em", case.place)), ["answer"]);
            assert_eq!(area(&answer, case.text), TEXT);
            if case.text == "description" {
                assert_eq!(line(&answer, "title"), "A title that stays");
            }
            assert_eq!(texts(&html, "button[name=preview]").len(), 1);
        }
    }
    assert_eq!(state(&database), before);
}

#[test]
fn htmx_gets_a_preview_in_place() {
    let (_site, database, author, cases) = site();
    let before = state(&database);
    for case in cases {
        let method = if case.fields.iter().any(|(name, _)| *name == "_method") { "PATCH" } else { "POST" };
        let answer = author.htmx(method, &case.path, &form(&case, TEXT));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let partials = partials(&answer);
        assert_eq!(places(&partials), [format!("#{} innerHTML", case.place)]);
        assert!(answer.text().contains(SHOWN), "{}", answer.text());
        assert!(!answer.text().contains("<textarea"), "the form stays as it is");
    }
    assert_eq!(state(&database), before);
}

#[test]
fn a_guest_is_led_to_signing_in_and_the_text_is_in_the_form_afterwards() {
    let (site, _database, _, cases) = site();
    let session = Client::signed_in_as(&site, 1).cookie("session").expect("a session");
    for case in &cases {
        let guest = Client::new(&site);
        assert_eq!(guest.post(&case.path, &form(case, TEXT)).status, 303);
        guest.set_cookie("session", &session);
        assert_eq!(area(&guest.get(&case.page), case.text), TEXT, "{}", case.page);
        let htmx = Client::new(&site).htmx("POST", &case.path, &form(case, TEXT));
        assert_eq!(htmx.status, 401, "{}", htmx.text());
    }
}

#[test]
fn another_user_previews_no_change() {
    let (site, database, _, cases) = site();
    let before = state(&database);
    let other = Client::signed_in_as(&site, 2);
    for case in [&cases[1], &cases[4]] {
        assert_eq!(other.post(&case.path, &form(case, TEXT)).status, 403);
        assert_eq!(other.htmx("PATCH", &case.path, &form(case, TEXT)).status, 403);
    }
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 2", []).unwrap();
    for case in &cases {
        assert_eq!(other.post(&case.path, &form(case, TEXT)).status, 403, "{}", case.path);
    }
    assert_eq!(state(&database), before);
}

#[test]
fn what_cannot_be_sent_is_refused_as_it_would_be_then() {
    let (_site, _, author, cases) = site();
    for case in &cases[2..] {
        let answer = author.post(&case.path, &form(case, "hm"));
        assert_eq!(answer.status, 422);
        assert_eq!(area(&answer, "body"), "hm");
        assert_eq!(texts(&answer.html(), "section.preview"), [""; 0]);
        let method = if case.fields.is_empty() { "POST" } else { "PATCH" };
        assert_eq!(author.htmx(method, &case.path, &form(case, "hm")).status, 422);
    }
    let long = "a".repeat(65_537);
    for case in &cases[..2] {
        let answer = author.post(&case.path, &form(case, &long));
        assert_eq!((answer.status, area(&answer, "description").len()), (422, long.len()));
        let method = if case.fields.len() == 1 { "POST" } else { "PATCH" };
        let answer = author.htmx(method, &case.path, &form(case, &long));
        assert_eq!(answer.status, 422);
        assert_eq!(places(&partials(&answer)), ["#preview innerHTML"]);
        assert!(answer.text().contains("Description is too long"), "{}", answer.text());
        // A post may have no text, and a preview of it says so.
        assert!(author.post(&case.path, &form(case, "")).text().contains("There is no text to preview."));
    }
}

#[test]
fn a_page_with_the_longest_preview_is_bounded() {
    let (_site, _, author, cases) = site();
    for (piece, chars) in [("http://a.example/&'\" ", 10_000), (">>> \t&\n&\n", 10_000), ("🏽", 10_000)] {
        let text: String = piece.chars().cycle().take(chars).collect();
        for case in &cases {
            let answer = author.post(&case.path, &form(case, &text));
            assert_eq!(answer.status, 200);
            assert!(answer.text().len() <= 512 * 1024, "{} {}", case.path, answer.text().len());
            let method =
                if case.fields.iter().any(|(name, _)| *name == "_method") { "PATCH" } else { "POST" };
            let answer = author.htmx(method, &case.path, &form(case, &text));
            assert!(answer.status == 200 && answer.text().len() <= 256 * 1024, "{}", case.path);
        }
    }
}

#[test]
fn previews_have_a_rate_limit_of_their_own() {
    let limits = RateLimits::default().with(RateLimit::Changes, Limit::per_minute(2));
    let site = Site::with(20, |config| config.rates = Some(limits));
    let database = site.database();
    let (author, other) = (Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 2));
    let case = &cases(3, 1)[2];
    for _ in 0..2 {
        assert_eq!(author.post(&case.path, &form(case, TEXT)).status, 200);
    }
    let answer = author.post(&case.path, &form(case, TEXT));
    assert_eq!((answer.status, area(&answer, "body")), (429, TEXT.to_owned()));
    assert_eq!(author.htmx("POST", &case.path, &form(case, TEXT)).status, 429);
    let post = &cases(3, 1)[0];
    let answer = author.post(&post.path, &form(post, TEXT));
    assert_eq!((answer.status, area(&answer, "description")), (429, TEXT.to_owned()));
    assert_eq!(other.post(&case.path, &form(case, TEXT)).status, 200);
    assert_eq!(author.post(&case.path, &[("body", TEXT)]).status, 303, "sending is another action");
    assert_eq!(
        string(&database, &format!("SELECT body FROM comments WHERE id = {}", newest(&database))),
        TEXT
    );
}
