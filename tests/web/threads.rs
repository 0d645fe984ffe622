//! Replies to comments: writing them, their order and depth on a page, and marks on new comments.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lorem_news::comment::{self, MAX_LEVELS, NewComment};
use lorem_news::post;
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{DAY, MINUTE, Timestamp};
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::writing_comments::{comment_of, count_of, newest, reply_of};

const CREATED: &str = "Comment was successfully created.";
const SHORT: &str = "Body is too short (minimum is 5 characters)";
const PARENT_GONE: &str = "The comment that you replied to was deleted while you were writing";
const GONE: &str = "The page you were looking for doesn't exist. \
                    You may have mistyped the address or the page may have moved.";

/// The parent and the depth of a comment.
fn place_of(database: &Connection, id: i64) -> (Option<i64>, i64) {
    let sql = "SELECT parent_id, depth FROM comments WHERE id = ?1";
    database.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is there")
}

fn make(database: &Connection, post_id: i64, parent_id: Option<i64>, user_id: i64, body: &str) -> i64 {
    let new = NewComment {
        post_id: PostId::new(post_id),
        parent_id: parent_id.map(CommentId::new),
        user_id: UserId::new(user_id),
        body,
        created_at: Timestamp::now() - DAY,
    };
    comment::sql::create(database, &new).expect("it can be made").get()
}

/// Deletes all comments on a post.
fn silence(database: &Connection, post_id: i64) {
    database.execute("DELETE FROM comments WHERE post_id = ?1", [post_id]).expect("the schema is known");
    recount(database);
}

const REPLY: [(&str, &str); 1] = [("body", "This is my reply.")];

/// The path to which a reply to a comment is sent.
fn replies(parent: i64) -> String {
    format!("/comments/{parent}/replies")
}

// Writing replies

#[test]
fn a_reply_is_made_without_a_script() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let parent = comment_of(&database, 5, 3, "What do you think?");
    let link = attributes(&client.get("/posts/3").html(), &format!("#said_{parent} #reply_{parent}"), "href");
    assert_eq!(link, [format!("/comments/{parent}/reply")]);
    let page = client.get(&format!("/comments/{parent}/reply"));
    assert_eq!(page.status, 200);
    let html = page.html();
    assert_eq!(
        (texts(&html, "h1"), texts(&html, ".prose")),
        (vec!["Reply".into()], vec!["What do you think?".into()])
    );
    assert_eq!(attributes(&html, "main form", "action"), [replies(parent)]);
    assert_eq!(texts(&html, "main form button"), ["Post reply", "Preview"]);
    let answer = client.post(&replies(parent), &REPLY);
    let id = newest(&database);
    assert_done(&client, &answer, &format!("/posts/3#comment_{id}"), CREATED);
    assert_eq!(place_of(&database, id), (Some(parent), 1));
    // Sending a reply twice creates one; an equal text elsewhere in the discussion is another comment.
    assert_leads_to(&client.post(&replies(parent), &REPLY), &format!("/posts/3#comment_{id}"));
    assert_eq!(newest(&database), id);
    assert_eq!(client.post("/posts/3/comments", &REPLY).status, 303);
    let other = newest(&database);
    assert_eq!(place_of(&database, other), (None, 0));
    let answer = client.post(&replies(id), &REPLY);
    let deeper = newest(&database);
    assert_leads_to(&answer, &format!("/posts/3#comment_{deeper}"));
    assert_eq!(place_of(&database, deeper), (Some(id), 2));
    let html = client.get("/posts/3").html();
    assert_eq!(attributes(&html, &format!("#replies_{parent} > li"), "id"), [format!("comment_{id}")]);
    assert_eq!(attributes(&html, &format!("#replies_{id} > li"), "id"), [format!("comment_{deeper}")]);
    assert_eq!(texts(&html, &format!("#thread_{parent} > summary > span")), ["1 reply"]);
    let inside = "summary a, summary button, summary form, summary input";
    assert_eq!(texts(&html, inside), [""; 0], "a summary is a control and contains none");
    assert_sound(&database);
}

#[test]
fn a_reply_made_by_htmx_looks_as_on_the_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let parent = comment_of(&database, 5, 3, "What do you think?");
    let opened = partials(&client.htmx("GET", &format!("/comments/{parent}/reply"), &[]));
    assert_eq!(places(&opened), [format!("#thread_{parent}:not(:has(> form)) > div afterend")]);
    let html = Html::parse_fragment(&opened[0].html);
    assert_eq!(attributes(&html, "form", "id"), [format!("reply_{parent}_form")]);
    assert_eq!(attributes(&html, "textarea[autofocus]", "name"), ["body"]);
    assert_eq!(texts(&html, "button, .actions a"), ["Post reply", "Preview", "Cancel"]);
    let cancel = attributes(&html, ".actions a", "hx-get").remove(0);
    let closed = partials(&client.htmx("GET", &cancel, &[]));
    assert_eq!(places(&closed), [format!("#reply_{parent}_form delete")]);
    assert_leads_to(&client.get(&cancel), &format!("/comments/{parent}"));

    for number in 1..=2 {
        let body = format!("Reply number {number}.");
        for _ in 0..2 {
            let answer = client.htmx("POST", &replies(parent), &[("body", &body)]);
            assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None), "{}", answer.text());
            let (id, changes) = (newest(&database), partials(&answer));
            let expected = [
                format!("#reply_{parent}_form delete"),
                format!("#replies_{parent}:not(:has(> #comment_{id})) beforeend"),
                format!("#thread_{parent}:not(:has(#replies_{parent}, > .rest)) beforeend"),
                format!("#thread_{parent} > summary > span innerHTML"),
                ".comments_count innerHTML".into(),
                "#flash innerHTML".into(),
            ];
            assert_eq!(places(&changes), expected);
            let page = client.get("/posts/3");
            // A page has links to more of the comments around it.
            let (item, list) = (alone(&changes[1].html), alone(&changes[2].html));
            assert!(alone(page.text()).contains(&format!("{item}</ol></details>")), "{item}");
            assert_eq!(alone(page.text()).contains(&list), number == 1, "{list}");
            let summary = texts(&page.html(), &format!("#thread_{parent} > summary > span")).remove(0);
            assert_eq!(changes[3].html, summary);
            assert_eq!(texts(&page.html(), "h2.comments_count"), [&*changes[4].html]);
        }
    }
    assert_eq!(
        comment::sql::reply_count(&database, CommentId::new(parent)).expect("a number"),
        2,
        "stored once each"
    );
    assert_sound(&database);
}

/// The places of a refused reply: its form, or below the comment where the form was cancelled meanwhile.
fn form_again(parent: i64) -> [String; 2] {
    [format!("#reply_{parent}_form outerHTML"), format!("#thread_{parent}:not(:has(> form)) > div afterend")]
}

#[test]
fn an_invalid_reply_is_reported_in_its_form() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let parent = comment_of(&database, 5, 3, "What do you think?");
    let (last, form) = (newest(&database), [("body", "\"<hm")]);
    let plain = client.post(&replies(parent), &form);
    assert_eq!(plain.status, 422);
    let html = plain.html();
    assert_eq!(texts(&html, "h1"), ["Reply"]);
    assert_refused(&html, "comment", &[SHORT]);
    assert_eq!(texts(&html, "textarea"), ["\"<hm"]);
    assert_eq!(attributes(&html, "main form", "action"), [replies(parent)]);
    let htmx = client.htmx("POST", &replies(parent), &form);
    assert_eq!(htmx.status, 422);
    let changes = partials(&htmx);
    assert_eq!(places(&changes), form_again(parent));
    let piece = Html::parse_fragment(&changes[0].html);
    assert_refused(&piece, "comment", &[SHORT]);
    assert_eq!(texts(&piece, "textarea"), ["\"<hm"]);
    assert_eq!(newest(&database), last);
}

#[test]
fn a_reply_to_a_comment_deleted_meanwhile_keeps_its_text() {
    let site = Site::start();
    let database = site.database();
    let (author, client) = (Client::signed_in_as(&site, 5), Client::signed_in_as(&site, 6));
    let gone = comment_of(&database, 5, 3, "It will go.");
    let emptied = comment_of(&database, 5, 3, "It will be emptied.");
    reply_of(&database, 7, emptied);
    for id in [gone, emptied] {
        assert_eq!(author.ask("DELETE", &format!("/comments/{id}"), &[], &[]).status, 303);
    }
    let (last, form) = (newest(&database), [("body", "My long answer.")]);
    for id in [gone, emptied] {
        let plain = client.post(&replies(id), &form);
        let html = plain.html();
        if id == emptied {
            assert_eq!(plain.status, 422);
            assert_refused(&html, "comment", &[PARENT_GONE]);
            // The text is in the form for a comment on the post.
            assert_eq!(texts(&html, "#comment_form textarea"), ["My long answer."]);
        } else {
            // The post of a deleted comment is unknown.
            assert_page_of_error(&client, &plain, 404, NOT_FOUND);
            assert_eq!(texts(&html, "main textarea[readonly]"), ["My long answer."]);
        }
        let htmx = client.htmx("POST", &replies(id), &form);
        assert_eq!(htmx.status, 422);
        let changes = partials(&htmx);
        assert_eq!(places(&changes), form_again(id));
        let piece = Html::parse_fragment(&changes[0].html);
        assert_refused(&piece, "comment", &[PARENT_GONE]);
        assert_eq!(texts(&piece, "textarea"), ["My long answer."]);
    }
    for id in [&*gone.to_string(), &emptied.to_string(), "0", "-1", "01", "99999999999999999999", "x", "%201"]
    {
        let path = format!("/comments/{id}/reply");
        assert_page_of_error(&client, &client.get(&path), 404, NOT_FOUND);
        assert_alert(&client.htmx("GET", &path, &[]), 404, GONE);
        if id.parse::<u32>().is_err() {
            let path = format!("/comments/{id}/replies");
            assert_page_of_error(&client, &client.post(&path, &form), 404, NOT_FOUND);
        }
    }
    assert_eq!(newest(&database), last);
    assert_sound(&database);
}

/// A client whose session has ended sends a text, which is kept as a draft, and signs in again.
fn sent_by_a_guest(site: &Site, address: &str, body: &str) -> Client {
    let mut guest = Client::new(site);
    assert_eq!(guest.post(address, &[("body", body)]).status, 303);
    let user = Client::signed_in_as(site, 6);
    guest.set_cookie("session", &user.cookie("session").expect("a session"));
    guest.user_id = 6;
    guest
}

#[test]
fn a_reply_sent_by_a_guest_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let database = site.database();
    let parent = comment_of(&database, 5, 3, "What do you think?");
    let (guest, path) = (Client::new(&site), format!("/comments/{parent}/reply"));
    assert_eq!(texts(&guest.get(&path).html(), "main form button"), ["Post reply", "Preview"]);
    let last = newest(&database);
    let htmx = guest.htmx("POST", &replies(parent), &REPLY);
    let plain = guest.post(&replies(parent), &REPLY);
    assert_leads_to_sign_in(&plain, &htmx, &path);
    assert_eq!(newest(&database), last);
    let user = Client::signed_in_as(&site, 6);
    guest.set_cookie("session", &user.cookie("session").expect("a session"));
    let is_kept = || {
        assert_eq!(texts(&guest.get(&path).html(), "main form textarea"), ["This is my reply."]);
        let piece = partials(&guest.htmx("GET", &path, &[])).remove(0).html;
        assert_eq!(texts(&Html::parse_fragment(&piece), "textarea"), ["This is my reply."]);
    };
    is_kept();
    // The draft is for this comment and in no other form.
    assert_eq!(texts(&guest.get("/posts/3").html(), "#comment_form textarea"), [""]);
    let other = number(&database, "SELECT min(id) FROM comments WHERE post_id = 3");
    assert_eq!(texts(&guest.get(&format!("/comments/{other}/reply")).html(), "main form textarea"), [""]);
    // A comment elsewhere does not remove the draft.
    for address in ["/posts/3/comments", &replies(other)] {
        assert_eq!(guest.post(address, &REPLY).status, 303);
        is_kept();
    }
    assert_eq!(guest.post(&replies(parent), &REPLY).status, 303);
    assert_eq!(place_of(&database, newest(&database)), (Some(parent), 1));
    assert_eq!(texts(&guest.get(&path).html(), "main form textarea"), [""]);
    assert_sound(&database);
}

#[test]
fn a_draft_is_not_lost_when_its_parent_or_post_is_closed_or_deleted() {
    let site = Site::start();
    let database = site.database();
    let author = Client::signed_in_as(&site, 5);
    let [gone, emptied, kept] =
        ["It will go.", "It will be emptied.", "It stays."].map(|body| comment_of(&database, 5, 3, body));
    reply_of(&database, 7, emptied);
    let words = "My long answer.";
    let of_gone = sent_by_a_guest(&site, &replies(gone), words);
    let of_emptied = sent_by_a_guest(&site, &replies(emptied), words);
    for id in [gone, emptied] {
        assert_eq!(author.ask("DELETE", &format!("/comments/{id}"), &[], &[]).status, 303);
    }
    let answer = of_gone.get(&format!("/comments/{gone}/reply"));
    assert_page_of_error(&of_gone, &answer, 404, NOT_FOUND);
    assert_eq!(texts(&answer.html(), "main textarea[readonly]"), [words]);
    let answer = of_emptied.get(&format!("/comments/{emptied}/reply"));
    assert_eq!(answer.status, 422);
    assert_refused(&answer.html(), "comment", &[PARENT_GONE]);
    assert_eq!(texts(&answer.html(), "#comment_form textarea"), [words]);

    let of_locked = sent_by_a_guest(&site, &replies(kept), words);
    let on_locked = sent_by_a_guest(&site, "/posts/3/comments", words);
    database.execute("UPDATE posts SET locked_at = 1 WHERE id = 3", []).expect("the schema is known");
    let answer = of_locked.get(&format!("/comments/{kept}/reply"));
    assert_eq!(answer.status, 403);
    assert_eq!(texts(&answer.html(), "main textarea[readonly]"), [words]);
    let html = on_locked.get("/posts/3").html();
    assert_eq!(texts(&html, "#comments .field label"), ["What you wrote (copy it to keep it)"]);
    assert_eq!(texts(&html, "#comments textarea[readonly]"), [words]);
    assert_eq!(texts(&author.get("/posts/3").html(), "#comments textarea"), [""; 0]);

    let on_gone = sent_by_a_guest(&site, "/posts/4/comments", words);
    post::sql::destroy(&database, PostId::new(4)).expect("it goes");
    let answer = on_gone.get("/posts/4");
    assert_page_of_error(&on_gone, &answer, 404, NOT_FOUND);
    assert_eq!(texts(&answer.html(), "main textarea[readonly]"), [words]);
    assert_eq!(texts(&author.get("/posts/4").html(), "main textarea"), [""; 0]);
    assert_sound(&database);
}

#[test]
fn a_post_that_stays_for_its_comments_takes_no_reply() {
    let site = Site::start();
    let database = site.database();
    let parent = comment_of(&database, 5, 3, "What do you think?");
    database
        .execute_batch("UPDATE posts SET deleted_at = 1, title = NULL, user_id = NULL WHERE id = 3")
        .expect("the schema is known");
    recount(&database);
    let client = Client::signed_in_as(&site, 6);
    assert_eq!(texts(&client.get("/posts/3").html(), "#comments .actions"), [""; 0]);
    let path = format!("/comments/{parent}/reply");
    assert_page_of_error(&client, &client.get(&path), 404, NOT_FOUND);
    assert_alert(&client.htmx("GET", &path, &[]), 404, GONE);
    for address in [&*replies(parent), "/posts/3/comments"] {
        let answer = client.post(address, &REPLY);
        assert_page_of_error(&client, &answer, 404, NOT_FOUND);
        assert_eq!(texts(&answer.html(), "main textarea[readonly]"), ["This is my reply."]);
        assert_alert(&client.htmx("POST", address, &REPLY), 404, LOST);
    }
    let page = client.get(&format!("/comments/{parent}"));
    assert_eq!((page.status, texts(&page.html(), "h1")), (200, vec!["Comment on [deleted]".into()]));
    assert_sound(&database);
}

#[test]
fn the_list_of_replies_goes_with_the_last_reply() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let parent = comment_of(&database, 5, 3, "What do you think?");
    let replies = [reply_of(&database, 6, parent), reply_of(&database, 6, parent)];
    let number = format!("#thread_{parent} > summary > span innerHTML");
    let list = format!("#replies_{parent} delete");
    for (id, counts) in replies.into_iter().zip([&[&*number][..], &[&*list, &*number]]) {
        let changes = partials(&client.htmx("DELETE", &format!("/comments/{id}"), &[]));
        let item = format!("#comment_{id} delete");
        let expected = [&[&*item], counts, &[".comments_count innerHTML", "#flash innerHTML"]].concat();
        assert_eq!(places(&changes), expected);
    }
    // The emptied comment goes, too, and its parent counts one reply less.
    let middle = reply_of(&database, 6, parent);
    let other = reply_of(&database, 7, parent);
    let leaf = reply_of(&database, 6, middle);
    assert_eq!(client.htmx("DELETE", &format!("/comments/{middle}"), &[]).status, 200);
    let changes = partials(&client.htmx("DELETE", &format!("/comments/{leaf}"), &[]));
    let expected = [
        &*format!("#comment_{leaf} delete"),
        &format!("#comment_{middle} delete"),
        &format!("#thread_{parent} > summary > span innerHTML"),
        ".comments_count innerHTML",
        "#flash innerHTML",
    ];
    assert_eq!((places(&changes), &*changes[2].html), (expected.map(str::to_owned).to_vec(), "1 reply"));
    let html = client.get("/posts/3").html();
    assert_eq!(attributes(&html, &format!("#replies_{parent} > li"), "id"), [format!("comment_{other}")]);
    assert_sound(&database);
}

#[test]
fn destroying_a_comment_leads_back_to_its_context() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let own = |path: &str| format!("http://{}{path}", site.address);
    let destroy = |id: i64, page: &str, headers: &[(&str, &str)]| {
        let referrer = own(page);
        let headers = [&[("Referer", &*referrer)], headers].concat();
        client.ask("DELETE", &format!("/comments/{id}"), &[], &headers)
    };
    let htmx = [("HX-Request-Type", "partial")];
    let parent = comment_of(&database, 5, 3, "What do you think?");
    // A reply leads to its parent on the page that shows it.
    let reply = reply_of(&database, 6, parent);
    let answer = destroy(reply, &format!("/comments/{parent}"), &[]);
    assert_leads_to(&answer, &format!("/posts/3#comment_{parent}"));
    // A comment leads to the page of its post.
    for (page, expected) in [
        ("/posts/3?comments=5-1", "/posts/3?comments=5-1"),
        ("/posts/4", "/posts/3"),
        ("/users/6", "/posts/3"),
    ] {
        let id = comment_of(&database, 6, 3, "A remark.");
        assert_leads_to(&destroy(id, page, &[]), expected);
    }
    // htmx is redirected when the page of the deleted comment is gone.
    let reply = reply_of(&database, 6, parent);
    let answer = destroy(reply, &format!("/comments/{reply}?replies=1-1"), &htmx);
    assert_leads_htmx_to(&answer, 200, &format!("/posts/3#comment_{parent}"));
    let top = comment_of(&database, 6, 3, "A remark.");
    let reply = reply_of(&database, 6, top);
    assert_eq!(destroy(top, &format!("/comments/{top}"), &htmx).status, 200);
    assert_leads_htmx_to(&destroy(reply, &format!("/comments/{top}"), &htmx), 200, "/posts/3");
    assert_sound(&database);
}

#[test]
fn a_long_chain_is_removed_with_few_page_changes() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    let mut chain = vec![make(&database, 3, None, 6, "The first of many.")];
    for _ in 1..100 {
        chain.push(make(&database, 3, chain.last().copied(), 6, "One of many."));
    }
    let leaf = chain.pop().expect("there are many");
    for id in &chain {
        comment::sql::destroy(&database, CommentId::new(*id), Timestamp::from_micros(1))
            .expect("it is emptied");
    }
    let changes = partials(&client.htmx("DELETE", &format!("/comments/{leaf}"), &[]));
    let mut expected: Vec<String> =
        (0..MAX_LEVELS as i64).map(|above| format!("#comment_{} delete", leaf - above)).collect();
    expected.extend([".comments_count innerHTML".into(), "#flash innerHTML".into()]);
    assert_eq!(places(&changes), expected);
    assert_sound(&database);
}

// Reading replies

#[test]
fn siblings_are_ordered_by_points_then_time() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    let ids: Vec<i64> =
        (0..6).map(|number| make(&database, 3, None, 5, &format!("Remark {number}"))).collect();
    let replies: Vec<i64> =
        (0..3).map(|number| make(&database, 3, Some(ids[1]), 5, &format!("Reply {number}"))).collect();
    for (voter, id) in [(11, ids[4]), (12, ids[4]), (11, ids[1]), (13, replies[2])] {
        let voter = Client::signed_in_as(&site, voter);
        assert_eq!(voter.post(&format!("/comments/{id}/vote"), &[]).status, 303);
    }
    let expected = [ids[4], ids[1], replies[2], replies[0], replies[1], ids[0], ids[2], ids[3], ids[5]]
        .map(|id| format!("comment_{id}"));
    let reader = Client::signed_in_as(&site, 11);
    for _ in 0..2 {
        let html = reader.get("/posts/3").html();
        assert_eq!(attributes(&html, "#comment_list li", "id"), expected);
        let pressed = format!("#comment_arrow_{}", ids[4]);
        assert_eq!(attributes(&html, &pressed, "aria-pressed"), ["true"]);
        assert_eq!(texts(&html, &format!("#comment_points_{}", ids[4])), ["3 points"]);
    }
    assert_sound(&database);
}

#[test]
fn the_author_of_the_post_is_marked_in_its_discussion() {
    let site = Site::start();
    let database = site.database();
    let author = number(&database, "SELECT user_id FROM posts WHERE id = 3");
    let ids = [
        comment_of(&database, author, 3, "I wrote it."),
        comment_of(&database, author % 100 + 1, 3, "I did not."),
    ];
    let html = Client::new(&site).get("/posts/3").html();
    assert_eq!(texts(&html, &format!("#said_{} .badge", ids[0])), ["author"]);
    assert_eq!(texts(&html, &format!("#said_{} .badge", ids[1])), [""; 0]);
    let elsewhere = comment_of(&database, author, 4, "I did not write this one.");
    let other = number(&database, "SELECT user_id FROM posts WHERE id = 4");
    let html = Client::new(&site).get(&format!("/comments/{elsewhere}")).html();
    assert_eq!(texts(&html, ".badge").len(), usize::from(other == author));
}

#[test]
fn a_comment_has_a_page_with_links_to_its_context() {
    let site = Site::start();
    let database = site.database();
    let top = comment_of(&database, 5, 3, "The top of it.");
    let middle = reply_of(&database, 6, top);
    let leaf = reply_of(&database, 7, middle);
    let guest = Client::new(&site);
    let title = string(&database, "SELECT title FROM posts WHERE id = 3");
    for (id, parent, replies) in
        [(top, None, vec![middle, leaf]), (middle, Some(top), vec![leaf]), (leaf, Some(middle), vec![])]
    {
        let answer = guest.get(&format!("/comments/{id}"));
        assert_eq!(answer.status, 200);
        let html = answer.html();
        assert_eq!(texts(&html, "h1"), [format!("Comment on {title}")]);
        let shown: Vec<String> =
            [vec![id], replies].concat().iter().map(|id| format!("comment_{id}")).collect();
        assert_eq!(attributes(&html, "#comment_list li", "id"), shown);
        let mut links = vec![(title.clone(), "/posts/3".to_owned())];
        links.extend(parent.map(|parent| ("parent".into(), format!("/comments/{parent}"))));
        links.push(("context".into(), format!("/posts/3#comment_{id}")));
        let found = texts(&html, ".byline a").into_iter().zip(attributes(&html, ".byline a", "href"));
        assert_eq!(found.take(links.len()).collect::<Vec<_>>(), links);
        let own = format!("#said_{id} > p:first-of-type a[href='/comments/{id}']");
        assert_eq!(texts(&guest.get("/posts/3").html(), &own).len(), 1, "the link to this page");
    }
    // The user's page links to each comment, too.
    assert_eq!(
        texts(&guest.get("/users/6").html(), &format!("#comments a[href='/comments/{middle}']")).len(),
        1
    );
    // A deleted comment keeps the replies of others.
    let author = Client::signed_in_as(&site, 6);
    assert_eq!(author.ask("DELETE", &format!("/comments/{middle}"), &[], &[]).status, 303);
    let html = guest.get(&format!("/comments/{middle}")).html();
    assert_eq!(texts(&html, &format!("#said_{middle} > p.empty")), ["[deleted]"]);
    assert_eq!(attributes(&html, "#comment_list li", "id").len(), 2);
    for path in ["/comments/999999", "/comments/0", "/comments/x"] {
        assert_page_of_error(&guest, &guest.get(path), 404, NOT_FOUND);
    }
    assert_eq!(guest.get(&format!("/comments/{top}?replies=x")).status, 400);
    assert_eq!(guest.get(&format!("/comments/{top}?replies=0-0")).status, 200);
}

#[test]
fn a_comment_links_to_those_around_it_on_the_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 6);
    silence(&database, 3);
    let first = comment_of(&database, 5, 3, "What do you think?");
    let reply = make(&database, 3, Some(first), 6, "Nothing so far.");
    let inner = make(&database, 3, Some(reply), 7, "Nor do I.");
    let other = make(&database, 3, Some(first), 8, "Something else.");
    let last = comment_of(&database, 5, 3, "What do others think?");
    let around = |html: &Html, id: i64| {
        let links = format!("#thread_{id} > .near a");
        attributes(html, &links, "href").into_iter().zip(texts(html, &links)).collect::<Vec<_>>()
    };
    let to = |links: &[(i64, &str)]| -> Vec<_> {
        links.iter().map(|(id, word)| (format!("#comment_{id}"), (*word).to_owned())).collect()
    };
    let own = format!("/comments/{reply}");
    // For members from a piece that they share, for a guest and on the page of a comment not.
    for reader in [&client, &client, &Client::new(&site)] {
        let html = reader.get("/posts/3").html();
        assert_eq!(around(&html, first), to(&[(last, "next")]));
        assert_eq!(around(&html, reply), to(&[(first, "parent"), (other, "next")]));
        assert_eq!(around(&html, inner), to(&[(first, "root"), (reply, "parent")]));
        assert_eq!(around(&html, other), to(&[(first, "parent"), (reply, "prev")]));
        assert_eq!(around(&html, last), to(&[(first, "prev")]));
        let html = reader.get(&own).html();
        assert_eq!((around(&html, reply), around(&html, inner)), (vec![], to(&[(reply, "parent")])));
    }
    // The fragment for htmx equals the markup of the page.
    for path in ["/posts/3", &own] {
        let said = partials(&client.ask("GET", &own, &[], &[("HX-Request-Type", "partial")])).remove(0);
        assert!(client.get(path).text().contains(&said.html), "{path}: {}", said.html);
    }
}

/// The depth of nested lists on a page.
fn depth(html: &Html) -> usize {
    let lists = (1..).take_while(|depth| !texts(html, &vec!["ol"; *depth].join(" ")).is_empty());
    lists.last().unwrap_or_default()
}

#[test]
fn a_chain_of_five_thousand_can_be_read_and_continued() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    database.execute_batch("BEGIN").expect("a transaction");
    let mut chain = vec![make(&database, 3, None, 5, "The first of very many.")];
    for _ in 1..5000 {
        chain.push(make(&database, 3, chain.last().copied(), 5, "One of very many."));
    }
    database.execute_batch("COMMIT").expect("it is written");
    let client = Client::signed_in_as(&site, 5);
    let (mut address, mut seen) = ("/posts/3".to_owned(), 0);
    for _ in 0..20 {
        let html = client.get(&address).html();
        let shown = attributes(&html, "#comment_list li", "id");
        assert_eq!((shown.len(), depth(&html)), (MAX_LEVELS, MAX_LEVELS), "{address}");
        assert_eq!(shown[0], format!("comment_{}", chain[seen]));
        assert_eq!(texts(&html, ".rest"), ["Continue this thread →"]);
        seen += MAX_LEVELS - 1;
        address = attributes(&html, ".rest a", "href").remove(0);
        assert_eq!(address, format!("/comments/{}", chain[seen]));
        // The deepest comment has no reply form in place.
        assert_eq!(attributes(&html, &format!("#reply_{}", chain[seen]), "hx-get"), [""; 0]);
        assert_eq!(attributes(&html, &format!("#reply_{}", chain[seen - 1]), "hx-get").len(), 1);
    }
    let last = chain[4999];
    let html = client.get(&format!("/comments/{last}")).html();
    let context = attributes(&html, ".byline a", "href").swap_remove(2);
    assert_eq!(context, format!("/comments/{}#comment_{last}", chain[4998]));
    let answer = client.post(&replies(last), &REPLY);
    let id = newest(&database);
    assert_leads_to(&answer, &format!("/comments/{last}#comment_{id}"));
    assert_eq!(place_of(&database, id), (Some(last), 5000));
    assert!(client.follow(&answer).text().contains(&format!("id=comment_{id}")));
    assert_leads_to(
        &client.post(&format!("/comments/{id}"), &[("_method", "patch"), ("body", "Changed at the end.")]),
        &format!("/comments/{last}#comment_{id}"),
    );
    assert_sound(&database);
}

#[test]
fn a_comment_with_replies_elsewhere_has_no_form_in_place() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    let ids: Vec<i64> =
        (0..200).map(|number| make(&database, 3, None, 5, &format!("Remark {number}"))).collect();
    let [.., before, last] = ids[..] else { panic!("there are many") };
    make(&database, 3, Some(last), 5, "There is no room for this on the first page.");
    let html = Client::signed_in_as(&site, 5).get("/posts/3").html();
    assert_eq!(texts(&html, &format!("#thread_{last} > .rest")), ["Continue this thread →"]);
    assert_eq!(attributes(&html, &format!("#reply_{before}"), "hx-get").len(), 1);
    assert_eq!(attributes(&html, &format!("#reply_{last}"), "hx-get"), [""; 0]);
}

#[test]
fn the_oldest_comments_of_a_huge_discussion_are_on_their_own_pages() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    database.execute_batch("BEGIN").expect("a transaction");
    let age = |ids: &[i64]| {
        for id in ids {
            let sql = "UPDATE comments SET created_at = created_at - ?2 WHERE id = ?1";
            database.execute(sql, [*id, micros(DAY)]).expect("the schema is known");
        }
    };
    let root = make(&database, 3, None, 5, "The oldest of very many.");
    let old = [(); 2].map(|()| make(&database, 3, Some(root), 5, "An old reply to it."));
    age(&[&[root][..], &old].concat());
    for _ in 0..10_001 {
        make(&database, 3, None, 5, "One of very many.");
    }
    let new = make(&database, 3, Some(root), 6, "A new reply to it.");
    database.execute_batch("COMMIT").expect("it is written");
    let client = Client::signed_in_as(&site, 5);
    let hint = "The oldest comments are not shown here.";
    assert_eq!(texts(&client.get("/posts/3").html(), "#comments > .empty"), [hint]);
    let html = client.get(&format!("/comments/{root}")).html();
    let expected = [root, old[0], old[1], new].map(|id| format!("comment_{id}"));
    assert_eq!(attributes(&html, "#comment_list li", "id"), expected);
    assert_eq!(texts(&html, "#comments > .empty"), [hint]);
    let place = format!("/comments/{root}#comment_{root}");
    assert_eq!(attributes(&html, ".byline a", "href")[1], place, "its context");
    let form = [("_method", "patch"), ("body", "Changed at last.")];
    assert_leads_to(&client.post(&format!("/comments/{root}"), &form), &place);
    assert_sound(&database);
}

#[test]
fn the_links_of_a_large_discussion_lead_to_each_comment_once() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    database.execute_batch("BEGIN").expect("a transaction");
    let mut ids: Vec<i64> = Vec::new();
    for number in 0..1500_usize {
        // Some comment on the post, some reply to one of the first, some to one of the last.
        let parent = match number % 5 {
            0 => None,
            1 | 2 => ids.get(number * 7919 % 11),
            _ => ids.len().checked_sub(1 + number * 31 % 3).and_then(|at| ids.get(at)),
        };
        ids.push(make(&database, 3, parent.copied(), 5, &format!("Remark {number}")));
    }
    database.execute_batch("COMMIT").expect("it is written");
    let client = Client::new(&site);
    let (mut pages, mut seen) = (VecDeque::from(["/posts/3".to_owned()]), BTreeMap::new());
    while let Some(address) = pages.pop_front() {
        let html = client.get(&address).html();
        let shown = attributes(&html, "#comment_list li", "id");
        assert!(!shown.is_empty() && shown.len() <= 200 && depth(&html) <= MAX_LEVELS, "{address}");
        let unique: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(unique.len(), shown.len(), "{address}");
        // The first comment of a comment's page was on the page before.
        let root = usize::from(address.starts_with("/comments"));
        for id in &shown[root..] {
            *seen.entry(id.clone()).or_insert(0) += 1;
        }
        pages.extend(attributes(&html, ".rest a", "href"));
        let next = attributes(&html, "#comments a[rel=next]", "href");
        pages.extend(next.iter().map(|href| href.split('#').next().unwrap_or_default().to_owned()));
    }
    assert_eq!(seen.len(), ids.len());
    assert!(seen.values().all(|times| *times == 1));
    // The context link of each comment leads to it.
    for id in ids.iter().step_by(53) {
        let html = client.get(&format!("/comments/{id}")).html();
        let links = texts(&html, ".byline a").into_iter().zip(attributes(&html, ".byline a", "href"));
        let context = links.into_iter().find(|(text, _)| text == "context").expect("a context link").1;
        let (address, place) = context.split_once('#').expect("a place on a page");
        assert!(client.get(address).text().contains(&format!("id={place}>")), "{context}");
    }
    assert_sound(&database);
}

// New comments

/// The recorded time (µs) of a user's last visit to post 3.
fn looked_at(database: &Connection, user_id: i64) -> Option<i64> {
    let sql = "SELECT max(looked_at) FROM visits WHERE post_id = 3 AND user_id = ?1";
    database.query_row(sql, [user_id], |row| row.get(0)).expect("the schema is known")
}

#[test]
fn new_comments_of_others_are_marked_for_a_returning_user() {
    let site = Site::start();
    let database = site.database();
    silence(&database, 3);
    comment_of(&database, 5, 3, "Said long ago.");
    let (reader, other) = (Client::signed_in_as(&site, 6), Client::signed_in_as(&site, 7));
    let html = reader.get("/posts/3").html();
    assert_eq!(texts(&html, ".new, #comments strong"), [""; 0], "nothing is new at the first visit");
    let first = eventually("the visit is recorded", || looked_at(&database, 6));
    assert!(Timestamp::now().as_micros() - first < micros(MINUTE));
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), [""; 0]);
    let own = [("body", "One's own is not new.")];
    assert_eq!(reader.post("/posts/3/comments", &own).status, 303);
    for body in ["The first that is new", "The second that is new"] {
        assert_eq!(other.post("/posts/3/comments", &[("body", body)]).status, 303);
    }
    let last = newest(&database);
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), ["2 new"]);
    // The comment's own page marks it, too. It is not the whole discussion, so it counts as no visit.
    let html = reader.get(&format!("/comments/{last}")).html();
    assert_eq!(texts(&html, &format!("#said_{last} strong")), ["new"]);
    assert_eq!(texts(&html, ".new"), ["2 new since you were here, some elsewhere in the discussion"]);
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), ["2 new"]);
    let html = reader.get("/posts/3").html();
    assert_eq!(texts(&html, ".new"), ["2 new since you were here"]);
    assert_eq!(attributes(&html, ".new a", "href"), [format!("#comment_{}", last - 1)]);
    for (id, marks) in [(last - 2, &[][..]), (last - 1, &["new"][..]), (last, &["new"][..])] {
        assert_eq!(texts(&html, &format!("#said_{id} strong")), marks, "{id}");
    }
    let onward = attributes(&html, "#comment_list strong + a", "href");
    assert_eq!(onward, [format!("#comment_{last}")], "a link from each new comment to the next");
    eventually("the second visit is recorded", || looked_at(&database, 6).filter(|at| *at > first));
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), [""; 0]);
    // The marks stay during a visit: a reload or a form without a script removes none.
    assert_eq!(reader.post(&format!("/comments/{last}/vote"), &[]).status, 303);
    for path in ["/posts/3", "/posts/3?comments=9-1"] {
        let html = reader.get(path).html();
        assert_eq!(texts(&html, "#comments strong"), ["new", "new"], "{path}");
        assert_eq!(texts(&html, ".new"), ["2 new since you were here"], "{path}");
    }
    assert_eq!(other.post("/posts/3/comments", &[("body", "The third that is new")]).status, 303);
    // The list and the page agree.
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), ["3 new"]);
    assert_eq!(texts(&reader.get("/posts/3").html(), ".new"), ["3 new since you were here"]);
    eventually("the third visit is recorded", || {
        texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong").is_empty().then_some(())
    });
    // Half an hour later nothing is new.
    let ago = micros(31 * MINUTE);
    database
        .execute("UPDATE visits SET seen_at = seen_at - ?1, looked_at = looked_at - ?1", [ago])
        .and_then(|_| database.execute("UPDATE comments SET created_at = created_at - ?1", [ago]))
        .expect("the schema is known");
    let html = reader.get("/posts/3").html();
    assert_eq!(texts(&html, ".new, #comments strong"), [""; 0]);
    // Nothing is new for a guest.
    assert_eq!(texts(&Client::new(&site).get("/posts/3").html(), "#comments strong"), [""; 0]);
    assert_sound(&database);
}

/// The notice about new comments on a page, and its marks in the list.
fn new_to(reader: &Client, path: &str) -> (Vec<String>, Vec<String>) {
    let html = reader.get(path).html();
    (texts(&html, ".new"), texts(&html, "#comment_list strong"))
}

#[test]
fn new_comments_beyond_the_first_page_are_reported_and_marked() {
    let site = Site::start();
    let database = site.database();
    let reader = Client::signed_in_as(&site, 6);
    let visit = || {
        reader.get("/posts/3");
        eventually("the visit is recorded", || looked_at(&database, 6))
    };
    // The new comment is too deep for the first page, or too far down.
    for is_deep in [true, false] {
        silence(&database, 3);
        database.execute_batch("DELETE FROM visits; BEGIN").expect("the schema is known");
        let mut last = make(&database, 3, None, 5, "The first of many.");
        for _ in 1..if is_deep { 9 } else { 300 } {
            last = make(&database, 3, is_deep.then_some(last), 5, "One of many.");
        }
        database.execute_batch("COMMIT").expect("it is written");
        visit();
        let new = NewComment {
            post_id: PostId::new(3),
            parent_id: is_deep.then_some(CommentId::new(last)),
            user_id: UserId::new(7),
            body: "It is new, and elsewhere.",
            created_at: Timestamp::now(),
        };
        let new = comment::sql::create(&database, &new).expect("it can be made");
        assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), ["1 new"]);
        let notice = vec!["1 new since you were here, elsewhere in the discussion".to_owned()];
        let html = reader.get("/posts/3").html();
        assert_eq!((texts(&html, ".new"), texts(&html, "#comment_list strong")), (notice, vec![]));
        assert_eq!(attributes(&html, ".new a", "href"), [format!("/comments/{new}")]);
        eventually("the visit counts", || {
            texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong").is_empty().then_some(())
        });
        let next = attributes(&html, ".rest a, #comments a[rel=next]", "href").remove(0);
        let (page, _) = next.split_once('#').unwrap_or((&next, ""));
        for page in [page, &format!("/comments/{new}")] {
            assert_eq!(new_to(&reader, page), (vec!["1 new since you were here".into()], vec!["new".into()]));
        }
    }
}

#[test]
fn more_than_99_new_comments_are_shown_as_in_the_list() {
    let site = Site::start();
    let database = site.database();
    let reader = Client::signed_in_as(&site, 6);
    silence(&database, 3);
    reader.get("/posts/3");
    let at = eventually("the visit is recorded", || looked_at(&database, 6));
    database.execute_batch("BEGIN").expect("a transaction");
    for _ in 0..250 {
        let new = NewComment {
            post_id: PostId::new(3),
            parent_id: None,
            user_id: UserId::new(7),
            body: "A remark",
            created_at: Timestamp::from_micros(at + 1),
        };
        comment::sql::create(&database, &new).expect("it can be made");
    }
    database.execute_batch("COMMIT").expect("it is written");
    assert_eq!(texts(&reader.get("/posts").html(), "li:has(#post_arrow_3) strong"), ["99+ new"]);
    let html = reader.get("/posts/3").html();
    assert_eq!(texts(&html, ".new"), ["99+ new since you were here, some elsewhere in the discussion"]);
    let elsewhere = attributes(&html, ".new a", "href").remove(1);
    assert_eq!(new_to(&reader, &elsewhere).1, ["new"]);
    assert!(!attributes(&html, "#comment_list li > div > p a", "href").contains(&elsewhere));
}

#[test]
fn a_visit_is_recorded_when_it_makes_a_difference() {
    let site = Site::start();
    let database = site.database();
    let reader = Client::signed_in_as(&site, 6);
    // The writer keeps the order: these votes are written after the visit.
    let settle = || {
        assert_eq!(reader.post("/posts/4/vote", &[]).status, 303);
        assert_eq!(reader.post("/posts/4/unvote", &[]).status, 303);
    };
    database.execute("UPDATE posts SET user_id = 7 WHERE id = 4", []).expect("the schema is known");
    recount(&database);
    for path in ["/posts", "/posts/3/edit", "/posts/3?comments=1-1"] {
        reader.get(path);
    }
    reader.ask("HEAD", "/posts/3", &[], &[]);
    for endpoint in ["post_show", "comment_create"] {
        assert_eq!(site.post(&format!("/benchmarking/{endpoint}")).status, 200);
    }
    assert_eq!(site.get("/posts/3").status, 200);
    settle();
    assert_eq!(number(&database, "SELECT count(*) FROM visits"), 0);
    reader.get("/posts/3");
    settle();
    let first = looked_at(&database, 6).expect("the visit counts");
    reader.get("/posts/3");
    settle();
    assert_eq!(looked_at(&database, 6), Some(first), "a second visit so soon is not recorded");
    let before = (Timestamp::now() - 6 * MINUTE).as_micros();
    let age = || database.execute("UPDATE visits SET looked_at = ?1", [before]).expect("the schema is known");
    age();
    reader.get("/posts/3");
    settle();
    assert!(looked_at(&database, 6) > Some(first));
    // Other pages of the discussion extend the visit, unless there are new comments that the user may miss.
    // (The benchmark may have added comments here.)
    database
        .execute("UPDATE comments SET created_at = ?1 WHERE created_at > ?1", [before])
        .expect("the schema is known");
    let comment = number(&database, "SELECT min(id) FROM comments WHERE post_id = 3");
    for path in ["/posts/3?comments=1-1", &format!("/comments/{comment}")] {
        age();
        reader.get(path);
        settle();
        assert!(looked_at(&database, 6) > Some(first), "{path}");
        age();
        comment_of(&database, 7, 3, "Something that was said meanwhile.");
        database
            .execute("UPDATE comments SET created_at = ?1 WHERE id = last_insert_rowid()", [before + 1])
            .expect("the schema is known");
        reader.get(path);
        settle();
        assert_eq!(looked_at(&database, 6), Some(before), "{path}");
        database
            .execute("DELETE FROM comments WHERE post_id = 3 AND created_at = ?1", [before + 1])
            .expect("the schema is known");
        recount(&database);
    }
    age();
    for header in [("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch")] {
        reader.ask("GET", "/posts/3", &[], &[header]);
        settle();
        assert_eq!(looked_at(&database, 6), Some(before), "a prefetch counts as no visit");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM visits"), 1);
    // With the row of the post its visits go.
    post::sql::destroy(&database, PostId::new(3)).expect("it goes");
    assert_eq!(number(&database, "SELECT count(*) FROM visits"), 0);
    assert_sound(&database);
}

#[test]
fn no_concurrent_reply_is_lost() {
    let site = Site::start();
    let database = site.database();
    let parent = comment_of(&database, 5, 3, "What do you all think?");
    let before = count_of(&database, 3);
    std::thread::scope(|scope| {
        for user_id in 10..26 {
            let site = &site;
            scope.spawn(move || {
                let client = Client::signed_in_as(site, user_id);
                for _ in 0..2 {
                    assert_eq!(client.htmx("POST", &replies(parent), &REPLY).status, 200);
                }
            });
        }
    });
    assert_eq!(count_of(&database, 3), before + 16);
    assert_eq!(comment::sql::reply_count(&database, CommentId::new(parent)).expect("a number"), 16);
    let html = Client::new(&site).get("/posts/3").html();
    assert_eq!(texts(&html, &format!("#thread_{parent} > summary > span")), ["16 replies"]);
    assert_eq!(texts(&html, &format!("#replies_{parent} > li")).len(), 16);
    assert_sound(&database);
}
