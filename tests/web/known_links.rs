//! Posting a link that another post has: the title and the text wait in that post's comment form.

use std::time::Duration;

use lorem_news::draft::MAX_OF_USER;
use lorem_news::types::time::DAY;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::contract::complaints;
use crate::harness::*;
use crate::links::post_of;
use crate::seen::*;

const URL: &str = "https://example.com/a";
const TITLE: &str = "What *I* call it";
const TEXT: &str = "What I say of it,\n<b>on two lines</b>";
const THERE: &str = "That was already posted. Post it anyway";
const VOTED: &str = "Already posted — your vote was added. Post it anyway";
const ANYWAY: &str = "Post it anyway";
const DISCARDED: &str = "Your draft was discarded.";

/// A site, its database, a link that user 1 has posted, and user 2.
fn scene() -> (Site, Connection, i64, Client) {
    let site = Site::start();
    let database = site.database();
    let id = post_of(&database, 1, "The first title", URL, DAY);
    let client = Client::signed_in_as(&site, 2);
    (site, database, id, client)
}

fn post(client: &Client, title: &str, text: &str) -> Answer {
    client.post("/posts", &[("title", title), ("url", URL), ("description", text)])
}

/// The text in the form for a comment.
fn waiting(client: &Client, id: i64) -> String {
    area(&client.get(&format!("/posts/{id}")), "body")
}

fn both(title: &str, text: &str) -> String {
    format!("{title}\n\n{text}")
}

/// The fields and the address of the button that discards the draft on a page.
fn discard_form(html: &Html) -> (String, Vec<(String, String)>) {
    let of = |name: &str| attributes(html, "form[action^='/drafts/'] input", name);
    let [action] = &attributes(html, "form[action^='/drafts/']", "action")[..] else { panic!("no form") };
    (action.clone(), of("name").into_iter().zip(of("value")).collect())
}

/// Presses the button on a page.
fn discard(client: &Client, page: &Answer, htmx: bool) -> Answer {
    let (action, fields) = discard_form(&page.html());
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    if htmx { client.htmx("POST", &action, &fields) } else { client.post(&action, &fields) }
}

/// The fields of the form for a comment on a page, with another text.
fn comment<'f>(draft: &'f [String], body: &'f str) -> Vec<(&'f str, &'f str)> {
    draft.iter().map(|id| ("draft", &**id)).chain([("body", body)]).collect()
}

fn drafts(page: &Answer) -> Vec<String> {
    attributes(&page.html(), "#comment_form input[name=draft]", "value")
}

#[test]
fn title_and_text_wait_in_the_comment_form_until_they_are_sent() {
    for htmx in [false, true] {
        let (site, database, id, client) = scene();
        let (path, place) = (format!("/posts/{id}"), format!("/posts/{id}#comment"));
        let form = [("title", TITLE), ("url", URL), ("description", TEXT)];
        if htmx {
            assert_leads_htmx_to(&client.htmx("POST", "/posts", &form), 200, &place);
        } else {
            assert_done(&client, &client.post("/posts", &form), &place, VOTED);
        }
        // It is the account's, not the browser's.
        for browser in [&client, &Client::signed_in_as(&site, 2)] {
            let page = browser.get(&path);
            assert_eq!(area(&page, "body"), both(TITLE, TEXT));
            assert_eq!(texts(&page.html(), "#comment #comment_form .hint").len(), 2);
            assert_eq!(texts(&page.html(), "#comment form[action^='/drafts/'] button"), ["Discard"]);
            assert_eq!(complaints(&page.html()), [""; 0]);
        }
        for other in [Client::new(&site), Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 3)] {
            assert!(!other.get(&path).text().contains("call it"));
        }
        assert!(!client.get("/posts/1").text().contains("call it"), "it is another post's");
        // A refused comment keeps the draft in its form.
        let draft = drafts(&client.get(&path));
        let comments = format!("{path}/comments");
        let refused = client.post(&comments, &comment(&draft, "abc"));
        assert_eq!((refused.status, drafts(&refused)), (422, draft.clone()));
        assert_eq!(waiting(&client, id), both(TITLE, TEXT));
        // A form that was opened before does not take along what it has never shown.
        assert_eq!(client.post(&comments, &[("body", "Another remark")]).status, 303);
        assert_eq!(waiting(&client, id), both(TITLE, TEXT));
        let body = "What I say of it, mended";
        if htmx {
            let partials = partials(&client.htmx("POST", &comments, &comment(&draft, body)));
            let changed = places(&partials);
            assert!(changed.iter().any(|place| place.contains("#comment_form")), "{changed:?}");
            assert!(changed.iter().any(|place| place.contains("#discard_draft")), "{changed:?}");
        } else {
            assert_eq!(client.post(&comments, &comment(&draft, body)).status, 303);
        }
        let page = client.get(&path);
        assert_eq!((area(&page, "body"), drafts(&page)), (String::new(), vec![]));
        assert!(!page.text().contains("Discard"));
        assert_eq!(count(&database, "comment_drafts"), 0);
        assert_sound(&database);
    }
}

#[test]
fn only_what_the_known_post_does_not_say_waits() {
    let (_site, database, id, client) = scene();
    let place = format!("/posts/{id}#comment");
    assert_done(&client, &post(&client, "The first title", ""), &place, VOTED);
    assert_eq!((waiting(&client, id), count(&database, "comment_drafts")), (String::new(), 0));
    assert_done(&client, &post(&client, "The first title", TEXT), &place, THERE);
    assert_eq!(waiting(&client, id), TEXT);

    // A form for a new link that is sent twice makes a post, and no draft on it.
    let form = [("title", "A nervous finger"), ("url", "https://example.com/b"), ("description", TEXT)];
    assert_eq!(client.post("/posts", &form).status, 303);
    let answer = client.post("/posts", &form);
    let newest = number(&database, "SELECT max(id) FROM posts");
    assert_done(&client, &answer, &format!("/posts/{newest}#comment"), THERE);
    assert_eq!(waiting(&client, newest), "");
}

#[test]
fn a_second_text_waits_below_the_first() {
    let (_site, database, id, client) = scene();
    for _ in 0..2 {
        post(&client, TITLE, TEXT);
        assert_eq!(waiting(&client, id), both(TITLE, TEXT), "sent twice, it is there once");
    }
    let first = client.get(&format!("/posts/{id}"));
    post(&client, "Another title", "");
    let all = both(&both(TITLE, TEXT), "Another title");
    assert_eq!(waiting(&client, id), all);
    // The page of before knows nothing of the second text, and neither sends nor discards it.
    let gone = discard(&client, &first, false);
    assert_leads_to(&gone, "/posts");
    let sent = client.post(&format!("/posts/{id}/comments"), &comment(&drafts(&first), "It is sent"));
    assert_eq!((sent.status, waiting(&client, id)), (303, all));
    // The form could not send both: the first text goes.
    let long = "\"".repeat(65_536);
    post(&client, "A long text", &long);
    assert!(waiting(&client, id) == both("A long text", &long));
    assert_eq!(count(&database, "comment_drafts"), 1);
}

#[test]
fn a_draft_is_discarded_by_hand() {
    let (site, database, id, client) = scene();
    let (path, place) = (format!("/posts/{id}"), format!("/posts/{id}#comment"));
    post(&client, TITLE, TEXT);
    let page = client.get(&path);
    // Nobody else discards it.
    for other in [Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 3)] {
        let (action, _) = discard_form(&page.html());
        assert_leads_to(&other.post(&action, &[("_method", "delete")]), "/posts");
        assert_eq!(discard(&other, &page, false).status, 409, "the form is another account's");
    }
    let (action, _) = discard_form(&page.html());
    let guest = Client::new(&site);
    let (plain, by_htmx) =
        (guest.post(&action, &[("_method", "delete")]), guest.htmx("DELETE", &action, &[]));
    assert_leads_to_sign_in(&plain, &by_htmx, "/posts");
    assert_eq!(waiting(&client, id), both(TITLE, TEXT));

    assert_done(&client, &discard(&client, &page, false), &place, DISCARDED);
    assert_eq!((waiting(&client, id), count(&database, "comment_drafts")), (String::new(), 0));
    // Twice in a row it leads back.
    assert_leads_to(&discard(&client, &page, false), "/posts");

    post(&client, TITLE, TEXT);
    let page = client.get(&path);
    assert_eq!(attributes(&page.html(), "#discard_draft", "hx-post"), [discard_form(&page.html()).0]);
    let answer = discard(&client, &page, true);
    let partials = partials(&answer);
    assert_eq!(places(&partials).len(), 3, "{:?}", places(&partials));
    assert!(answer.text().contains(DISCARDED) && !answer.text().contains("call it"));
    assert_leads_htmx_to(&discard(&client, &page, true), 200, "/posts");
    assert_eq!(waiting(&client, id), "");
}

#[test]
fn a_banned_user_can_discard_a_draft() {
    let (_site, database, id, client) = scene();
    post(&client, TITLE, TEXT);
    let page = client.get(&format!("/posts/{id}"));
    database.execute_batch("UPDATE users SET banned_at = 1 WHERE id = 2").expect("the schema is known");
    assert_eq!(discard(&client, &page, false).status, 303);
    assert_eq!(count(&database, "comment_drafts"), 0);
}

#[test]
fn a_locked_discussion_shows_the_draft_to_be_copied_or_discarded() {
    let (_site, database, id, client) = scene();
    let path = format!("/posts/{id}");
    let lock = format!("UPDATE posts SET locked_at = 1 WHERE id = {id}");
    database.execute_batch(&lock).expect("the schema is known");
    assert_done(&client, &post(&client, TITLE, TEXT), &format!("{path}#comment"), VOTED);
    let page = client.get(&path);
    assert_eq!(texts(&page.html(), "#comment #typed"), [both(TITLE, TEXT)]);
    assert_eq!(offers(&client.get(&path)), [format!("/posts/new?repost={id}")]);
    assert_eq!(attributes(&page.html(), "form[hx-post^='/drafts/']", "id"), [""; 0]);
    assert_eq!(complaints(&page.html()), [""; 0]);
    assert_done(&client, &discard(&client, &page, false), &format!("{path}#comment"), DISCARDED);
    assert_eq!(texts(&client.get(&path).html(), "#typed"), [""; 0]);
}

#[test]
fn a_draft_outlives_its_post() {
    let (site, database, id, client) = scene();
    let path = format!("/posts/{id}");
    post(&client, TITLE, TEXT);
    assert_eq!(Client::signed_in_as(&site, 1).post(&path, &[("_method", "delete")]).status, 303);
    let page = client.get(&path);
    assert_eq!(page.status, 404);
    assert_eq!(texts(&page.html(), "#typed"), [both(TITLE, TEXT)]);
    let offer = format!("/posts/new?repost={id}");
    assert_eq!((offers(&page), form(&client.get(&offer)).1), (vec![offer], URL.to_owned()));
    assert!(!Client::new(&site).get(&path).text().contains("call it"));
    assert_done(&client, &discard(&client, &page, false), "/posts", DISCARDED);
    let page = client.get(&path);
    assert_eq!((page.status, texts(&page.html(), "#typed")), (404, vec![]));
    assert_sound(&database);
}

#[test]
fn what_a_guest_typed_just_before_is_shown_first() {
    let (site, database, id, client) = scene();
    let path = format!("/posts/{id}");
    post(&client, TITLE, TEXT);
    let browser = Client::new(&site);
    browser.post(&format!("{path}/comments"), &[("body", "Typed as a guest")]);
    assert_eq!(browser.sign_in(&name_of(&database, 2)).status, 303);
    let page = browser.get(&path);
    assert_eq!((area(&page, "body"), drafts(&page)), ("Typed as a guest".to_owned(), vec![]));
    assert_eq!(browser.post(&format!("{path}/comments"), &[("body", "Typed as a guest")]).status, 303);
    assert_eq!(waiting(&browser, id), both(TITLE, TEXT));
}

/// The links "Post it anyway" on a page.
fn offers(page: &Answer) -> Vec<String> {
    let links = attributes(&page.html(), "a[href^='/posts/new?repost=']", "href");
    assert!(links.len() == texts(&page.html(), "a").iter().filter(|text| *text == ANYWAY).count());
    links
}

/// The title, the URL and the text in the form for a post, and whether the box "Post it anyway" is checked.
fn form(page: &Answer) -> (String, String, String, Vec<bool>) {
    let html = page.html();
    assert_eq!(complaints(&html), [""; 0]);
    let boxes = attributes(&html, "input[type=checkbox][name=repost]", "value").len();
    let checked = attributes(&html, "input[name=repost][checked]", "value").len();
    (line(page, "title"), line(page, "url"), area(page, "description"), vec![checked == 1; boxes])
}

#[test]
fn a_known_link_can_be_posted_anyway() {
    for htmx in [false, true] {
        let (site, database, id, client) = scene();
        let send = |client: &Client, title: &str, anyway: &[(&str, &str)]| {
            let fields = [&[("title", title), ("url", URL), ("description", TEXT)], anyway].concat();
            if htmx { client.htmx("POST", "/posts", &fields) } else { client.post("/posts", &fields) }
        };
        send(&client, TITLE, &[]);
        // The notice and the draft offer it, and the draft alone later.
        let (offer, path) = (format!("/posts/new?repost={id}"), format!("/posts/{id}"));
        assert_eq!(offers(&client.get(&path)), [&*offer, &*offer]);
        assert_eq!(offers(&client.get(&path)), [&*offer]);
        let typed = (TITLE.to_owned(), URL.to_owned(), TEXT.to_owned(), vec![true]);
        assert_eq!(form(&client.get(&offer)), typed);
        // Nobody else sees what was typed.
        let known = ("The first title".to_owned(), URL.to_owned(), String::new(), vec![true]);
        assert_eq!(form(&Client::signed_in_as(&site, 3).get(&offer)), known);
        let (guest, back) = (Client::new(&site), format!("/posts/new?repost={id}"));
        assert_leads_to_sign_in(&guest.get(&offer), &guest.htmx("GET", &offer, &[]), &back);

        let anyway = [("repost", "1")];
        let refused = send(&client, "The first title", &anyway);
        assert_refused(&refused.html(), "post", &["Title has already been taken"]);
        assert_eq!(form(&refused).3, [true], "the box stays checked");
        let (points, made) =
            (number(&database, &score_of(id)), number(&database, "SELECT max(id) FROM posts"));
        let answer = send(&client, TITLE, &anyway);
        if htmx {
            assert_leads_htmx_to(&answer, 200, &format!("/posts/{}", made + 1));
        } else {
            assert_done(&client, &answer, &format!("/posts/{}", made + 1), "Post was successfully created.");
        }
        assert_eq!(number(&database, &score_of(id)), points, "it is no vote");
        assert_eq!(waiting(&client, id), "", "the draft is sent");
        let twice = send(&client, TITLE, &anyway);
        assert_refused(&twice.html(), "post", &["Title has already been taken"]);
        assert_eq!(number(&database, "SELECT max(id) FROM posts"), made + 1);
        // The next one without the box is a vote for the youngest.
        let other = Client::signed_in_as(&site, 3);
        let (answer, place) = (send(&other, "Something else", &[]), format!("/posts/{}#comment", made + 1));
        if htmx {
            assert_leads_htmx_to(&answer, 200, &place)
        } else {
            assert_leads_to(&answer, &place)
        }
        assert_sound(&database);
    }
}

fn score_of(id: i64) -> String {
    format!("SELECT score FROM posts WHERE id = {id}")
}

#[test]
fn a_guest_who_posts_a_known_link_anyway_posts_it_after_the_sign_in() {
    let (site, database, _id, _client) = scene();
    let browser = Client::new(&site);
    let fields = [("title", TITLE), ("url", URL), ("description", TEXT), ("repost", "1")];
    assert_leads_to(&browser.post("/posts", &fields), "/sign_in?return_to=%2Fposts%2Fnew");
    assert_eq!(browser.sign_in(&name_of(&database, 2)).status, 303);
    let page = browser.get("/posts/new");
    assert_eq!(form(&page), (TITLE.to_owned(), URL.to_owned(), TEXT.to_owned(), vec![true]));
    assert_eq!(browser.post("/posts", &fields).status, 303);
    assert_eq!(one::<String>(&database, "SELECT title FROM posts ORDER BY id DESC LIMIT 1"), TITLE);
}

#[test]
fn posting_anyway_is_offered_when_nothing_new_was_typed_too() {
    let (_site, database, id, client) = scene();
    let (offer, path) = (format!("/posts/new?repost={id}"), format!("/posts/{id}"));
    post(&client, "The first title", "");
    assert_eq!(offers(&client.get(&path)), [&*offer]);
    let known = ("The first title".to_owned(), URL.to_owned(), String::new(), vec![true]);
    assert_eq!(form(&client.get(&offer)), known);
    // A draft of a former version has no form.
    post(&client, TITLE, TEXT);
    database
        .execute_batch("UPDATE comment_drafts SET typed_title = NULL, typed_url = NULL, typed_text = NULL")
        .expect("it is kept");
    assert_eq!(form(&client.get(&offer)), known);
    // A draft with more than the form stays.
    post(&client, "Another title", TEXT);
    assert_eq!(form(&client.get(&offer)).0, "Another title");
    let fields = [("title", "Another title"), ("url", URL), ("description", TEXT), ("repost", "1")];
    assert_eq!(client.post("/posts", &fields).status, 303);
    assert_ne!(waiting(&client, id), "");
    // What is hidden stays hidden, and what is no post is none.
    let hide = format!("DELETE FROM comment_drafts; UPDATE posts SET deleted_at = 1 WHERE id = {id}");
    database.execute_batch(&hide).expect("the schema is known");
    let empty = (String::new(), String::new(), String::new(), vec![]);
    for number in [&id.to_string(), "999999", "-1", "x", ""] {
        assert_eq!(form(&client.get(&format!("/posts/new?repost={number}"))), empty, "{number:?}");
    }
}

#[test]
fn a_post_takes_along_the_draft_that_was_typed_for_it_and_no_other() {
    let (_site, database, id, client) = scene();
    let other = post_of(&database, 1, "Another known post", "https://example.com/other", DAY);
    let send = |url: &str, title: &str, text: &str, anyway: bool| {
        let fields = [("title", title), ("url", url), ("description", text)];
        let anyway: &[(&str, &str)] = if anyway { &[("repost", "1")] } else { &[] };
        client.post("/posts", &[&fields[..], anyway].concat()).status
    };
    // With the title of the known post only the text waits, and the post needs a title of its own.
    assert_eq!(send(URL, "The first title", TEXT, false), 303);
    assert_eq!(send("https://example.com/other", TITLE, TEXT, false), 303);
    assert_eq!((waiting(&client, id), waiting(&client, other)), (TEXT.to_owned(), both(TITLE, TEXT)));
    assert_eq!(send(URL, "The first title", TEXT, true), 422);
    assert_eq!(send(URL, TITLE, TEXT, true), 303);
    assert_eq!((waiting(&client, id), waiting(&client, other)), (String::new(), both(TITLE, TEXT)));
    // A form that says nothing new keeps the form with the draft.
    assert_eq!(send("https://example.com/other", "Another known post", "", false), 303);
    assert_eq!(form(&client.get(&format!("/posts/new?repost={other}"))).0, TITLE);
}

#[test]
fn a_post_can_be_changed_to_a_known_link_anyway() {
    for htmx in [false, true] {
        let (site, database, _id, client) = scene();
        let id = post_of(&database, 2, "Mine", "https://example.com/mine", DAY);
        let path = format!("/posts/{id}");
        let send = |client: &Client, anyway: &[(&str, &str)]| {
            let fields = [&[("title", "Mine, mended"), ("url", URL)], anyway].concat();
            if htmx { client.htmx("PATCH", &path, &fields) } else { client.ask("PATCH", &path, &fields, &[]) }
        };
        assert_eq!(
            form(&client.get(&format!("{path}/edit"))).3,
            [false; 0],
            "there is nothing to choose yet"
        );
        let refused = send(&client, &[]);
        assert_refused(&refused.html(), "post", &["URL has been posted in the last 30 days"]);
        assert_eq!(form(&refused).3, [false]);
        let anyway = [("repost", "1")];
        let (guest, other) =
            (send(&Client::new(&site), &anyway), send(&Client::signed_in_as(&site, 3), &anyway));
        assert_eq!((guest.status, other.status), (if htmx { 401 } else { 303 }, 403));
        for _ in 0..2 {
            assert_eq!(send(&client, &anyway).status, if htmx { 200 } else { 303 });
        }
        assert_eq!(one::<String>(&database, &format!("SELECT url FROM posts WHERE id = {id}")), URL);
        assert_sound(&database);
    }
}

#[test]
fn a_user_has_a_bounded_number_of_drafts_which_go_with_the_account() {
    let (_site, database, _id, client) = scene();
    let all: Vec<i64> = (0..=MAX_OF_USER)
        .map(|number| {
            let (title, url) = (format!("Title {number}"), format!("https://example.com/{number}"));
            let id = post_of(&database, 1, &title, &url, Duration::from_secs(60));
            client.post("/posts", &[("title", "My own title"), ("url", &url)]);
            id
        })
        .collect();
    assert_eq!(ids(&database, "SELECT post_id FROM comment_drafts ORDER BY id"), all[1..]);
    database.execute_batch("DELETE FROM users WHERE id = 2").expect("it goes");
    assert_eq!(count(&database, "comment_drafts"), 0);
}
