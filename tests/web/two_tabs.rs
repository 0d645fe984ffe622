//! Two tabs of one browser: a form that was made for one account is sent when another is signed in.

use lorem_test_support::harness::number;

use crate::client::*;
use crate::contract::{self, Form};
use crate::harness::*;
use crate::seen::*;

const TYPED: &str = "Words that were typed as somebody else";
const HEADING: &str = "Another account is signed in.";

/// A client that is signed in as user 3 on a site with posts; the name of that user.
fn signed_in() -> (Site, Client, String) {
    let site = Site::with(10, |_| {});
    let client = Client::signed_in_as(&site, 3);
    let name = whoami(&client).expect("signed in");
    (site, client, name)
}

/// A post that user 3 did not write.
fn post_of_another(site: &Site) -> i64 {
    number(&site.database(), "SELECT min(id) FROM posts WHERE user_id <> 3")
}

fn comments_by(site: &Site, user_id: i64) -> i64 {
    let sql = format!("SELECT count(*) FROM comments WHERE user_id = {user_id} AND body = '{TYPED}'");
    number(&site.database(), &sql)
}

fn votes(site: &Site) -> i64 {
    number(&site.database(), "SELECT count(*) FROM post_votes WHERE user_id = 3")
}

/// The values of the field in the forms that the answer shows in `main`.
fn accounts(answer: &Answer) -> Vec<String> {
    attributes(&answer.html(), "main form input[name=account]", "value")
}

#[test]
fn a_comment_of_another_account_is_shown_again_and_posted_by_a_second_press() {
    let (site, client, name) = signed_in();
    let path = format!("/posts/{}/comments", post_of_another(&site));
    let refused = client.post(&path, &[("account", "4"), ("body", TYPED)]);
    assert_eq!(refused.status, 409, "{}", refused.text());
    let (heading, sentences) = errors(&refused);
    assert_eq!(heading, "1 error prohibited this comment from being saved:");
    let sentence = format!(
        "You are signed in as {name} now, and this form was made for another account. Send it again to send it as {name}"
    );
    assert_eq!(sentences, [sentence]);
    assert_eq!(area(&refused, "body"), TYPED);
    assert!(accounts(&refused).iter().all(|account| account == "3"), "{:?}", accounts(&refused));
    assert_eq!((comments_by(&site, 3), comments_by(&site, 4)), (0, 0));
    // The mistakes in it are shown, too, and a rate limit does not count it.
    let both = client.post(&path, &[("account", "4"), ("body", "hm")]);
    assert_eq!((both.status, errors(&both).1.len()), (409, 2));
    assert_eq!(client.post(&path, &[("account", "3"), ("body", TYPED)]).status, 303);
    assert_eq!((comments_by(&site, 3), comments_by(&site, 4)), (1, 0));
}

#[test]
fn a_reply_of_another_account_is_shown_again_in_place() {
    let (site, client, name) = signed_in();
    let parent = number(&site.database(), "SELECT min(id) FROM comments WHERE body <> ''");
    let path = format!("/comments/{parent}/replies");
    for fields in [&[("account", "4"), ("body", TYPED)][..]; 2] {
        let refused = client.htmx("POST", &path, fields);
        assert_eq!(refused.status, 409);
        let form = &partials(&refused)[0];
        assert_eq!(form.target, format!("#reply_{parent}_form"));
        for words in [TYPED, &name, "name=account value=3"] {
            assert!(form.html.contains(words), "{words} is not in {}", form.html);
        }
    }
    assert_eq!(comments_by(&site, 3), 0);
    assert_eq!(client.htmx("POST", &path, &[("account", "3"), ("body", TYPED)]).status, 200);
    assert_eq!(comments_by(&site, 3), 1);
}

#[test]
fn a_vote_of_another_account_is_refused_with_the_name_of_the_present_one() {
    let (site, client, name) = signed_in();
    let path = format!("/posts/{}/vote", post_of_another(&site));
    let before = votes(&site);
    for _ in 0..2 {
        let refused = client.post(&path, &[("account", "4")]);
        assert_eq!((refused.status, texts(&refused.html(), "h1").concat()), (409, HEADING.into()));
        assert!(refused.text().contains(&format!("You are signed in as {name} now")), "{}", refused.text());
        let refused = client.htmx("POST", &path, &[("account", "4")]);
        assert_eq!(refused.status, 409);
        let alert = &partials(&refused)[0];
        assert_eq!(alert.target, "#flash");
        assert!(alert.html.contains(&format!("Load the page again to go on as {name}.")), "{}", alert.html);
    }
    assert_eq!(votes(&site), before);
    client.post(&path, &[("account", "3")]);
    assert_eq!(votes(&site), before + 1);
}

#[test]
fn a_guests_form_is_taken_and_the_page_says_by_whom_it_was_sent() {
    let (site, client, name) = signed_in();
    let post = post_of_another(&site);
    let sent = client.post(&format!("/posts/{post}/comments"), &[("account", "guest"), ("body", TYPED)]);
    assert_eq!(sent.status, 303);
    let notice = format!("Comment was successfully created. It was sent as {name}.");
    assert_eq!(flash(&client.follow(&sent)), [notice]);
    assert_eq!(comments_by(&site, 3), 1);
    let voted = client.post(&format!("/posts/{post}/vote"), &[("account", "guest")]);
    assert_eq!(flash(&client.follow(&voted)), [format!("Your vote was counted. It was sent as {name}.")]);
    let voted = client.htmx("POST", &format!("/posts/{post}/unvote"), &[("account", "guest")]);
    let notice = &partials(&voted)[2];
    assert!(notice.target == "#flash" && notice.html.contains(&name), "{}", notice.html);
    // A page that was made for the user says nothing about it.
    let voted = client.post(&format!("/posts/{post}/vote"), &[("account", "3")]);
    assert_eq!(flash(&client.follow(&voted)), [""; 0]);
}

#[test]
fn a_form_without_the_field_is_taken() {
    let (site, client, _) = signed_in();
    let path = format!("/posts/{}/comments", post_of_another(&site));
    let sent = client.post(&path, &[("body", TYPED)]);
    assert_eq!(flash(&client.follow(&sent)), ["Comment was successfully created."]);
    assert_eq!(comments_by(&site, 3), 1);
}

#[test]
fn a_form_of_an_account_that_has_signed_out_leads_to_the_sign_in_with_its_text() {
    let site = Site::with(10, |_| {});
    let guest = Client::new(&site);
    let sent = guest.post("/posts/1/comments", &[("account", "3"), ("body", TYPED)]);
    assert_leads_to(&sent, "/sign_in?return_to=%2Fposts%2F1%23comment_form");
    assert_eq!(area(&guest.get("/posts/1"), "body"), TYPED);
}

#[test]
fn what_an_account_wrote_whose_session_ended_becomes_no_other_accounts() {
    let site = Site::with(10, |_| {});
    let (database, post) = (site.database(), post_of_another(&site));
    let (name, other) = (name_of(&database, 3), name_of(&database, 4));
    let (path, vote) = (format!("/posts/{post}"), format!("/posts/{post}/vote"));
    database.execute("DELETE FROM post_votes", []).expect("the schema is known");
    // A vote is counted for the account whose page had the arrow, and for whoever signs in on a guest's page.
    for (account, by, votes) in [("3", &other, 0), ("3", &name, 1), ("guest", &other, 1), ("", &other, 1)] {
        let browser = Client::new(&site);
        assert_eq!(browser.post(&vote, &[("account", account)]).status, 303, "{account}");
        assert_eq!(browser.sign_in(by).status, 303);
        assert_eq!(browser.cookie("vote"), None);
        assert_eq!(count(&database, "post_votes"), votes, "{account} {by}");
        database.execute("DELETE FROM post_votes", []).expect("the schema is known");
    }
    // A text is shown with the sentence that it would be sent as the other, and once more the second press sends it.
    let author =
        name_of(&database, number(&database, &format!("SELECT user_id FROM posts WHERE id = {post}")));
    let (comments, edit) = (format!("{path}/comments"), format!("{path}/edit"));
    for (form, action, method, field) in [
        (&*path, &*comments, "post", "body"),
        ("/posts/new", "/posts", "post", "description"),
        (&*edit, &*path, "patch", "description"),
        ("/user/edit", "/user", "patch", "about"),
    ] {
        for (account, sentences) in [("1000", 1), ("guest", 0)] {
            let browser = Client::new(&site);
            let fields = [("_method", method), ("account", account), (field, TYPED)];
            assert_eq!(browser.post(action, &fields).status, 303);
            assert_eq!(browser.sign_in(&author).status, 303);
            let page = browser.get(form);
            assert_eq!(area(&page, field), TYPED, "{form}");
            assert_eq!(errors(&page).1.len(), sentences, "{form} {account}: {}", page.text());
        }
    }
}

#[test]
fn a_change_that_only_the_other_account_may_make_returns_its_text() {
    let (site, client, _) = signed_in();
    let comment = number(&site.database(), "SELECT min(id) FROM comments WHERE user_id <> 3 AND body <> ''");
    let owner = number(&site.database(), &format!("SELECT user_id FROM comments WHERE id = {comment}"));
    let (owner, path) = (owner.to_string(), format!("/comments/{comment}"));
    let fields = [("_method", "patch"), ("account", &*owner), ("body", TYPED)];
    let refused = client.post(&path, &fields);
    assert_eq!((refused.status, texts(&refused.html(), "h1").concat()), (409, HEADING.into()));
    assert_eq!(texts(&refused.html(), "textarea#typed"), [TYPED]);
    assert_eq!(client.htmx("POST", &path, &fields).status, 409);
}

/// Whether the form belongs to the browser, not to an account: preferences, signing in, signing up.
fn is_of_the_browser(form: &Form) -> bool {
    ["/preferences", "/sessions", "/users"].contains(&&*form.action)
}

#[test]
fn every_form_of_another_account_is_refused_and_changes_nothing() {
    let (site, client) = contract::site(true);
    let database = site.database();
    let walked = contract::walk(&client);
    let version = || number(&database, "PRAGMA data_version");
    let before = version();
    let mut refused = 0;
    let forms = walked.forms.values().filter(|form| !form.is_search && !is_of_the_browser(form));
    for form in forms {
        let mut fields: Vec<(&str, &str)> = vec![("account", "6")];
        let others = form.fields.iter().filter(|(name, _, _)| name != "account");
        fields.extend(others.map(|(name, value, _)| (&**name, &**value)));
        for _ in 0..2 {
            let answer = client.post(&form.action, &fields);
            assert_eq!(answer.status, 409, "{form:?}");
            assert!(answer.text().contains("You are signed in as"), "{form:?}");
            if form.by_htmx {
                let answer = client.htmx("POST", &form.action, &fields);
                assert_eq!(answer.status, 409, "{form:?}");
                assert!(!partials(&answer).is_empty() && answer.text().contains("You are signed in as"));
            }
        }
        refused += 1;
    }
    assert!(refused > 15, "{refused}");
    assert_eq!(version(), before, "nothing was changed");
    assert!(whoami(&client).is_some());
}

#[test]
fn the_forms_of_an_admin_are_refused_for_another_account() {
    let (site, client, _) = signed_in();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 3", []).expect("a user changes");
    let fields = [("account", "4"), ("act", "remove"), ("reason", TYPED)];
    let refused = client.post("/posts/1/moderate", &fields);
    assert_eq!((refused.status, line(&refused, "reason")), (409, TYPED.to_owned()));
    assert_eq!(number(&database, "SELECT count(*) FROM acts"), 0);
    database.execute("UPDATE users SET is_admin = 0 WHERE id = 3", []).expect("a user changes");
    let refused = client.post("/posts/1/moderate", &fields);
    assert_eq!((refused.status, texts(&refused.html(), "textarea#typed")), (409, vec![TYPED.to_owned()]));
}
