//! Ways through the site that people go, each by people of its own.

use crate::reader::{PASSWORD, Reader};

/// The words that a page which refuses something shows.
const REFUSED: &str = "status of 422";
const UNREACHABLE: &str = "The server did not answer. What you typed is still here: try again in a moment.";

fn fill_sign_up(reader: &Reader, name: &str, password: &str) {
    reader.fill("#screen_name", name);
    reader.fill("#password", password);
    reader.fill("#password_confirmation", password);
}

#[test]
fn who_signs_up_is_told_what_is_wrong_and_then_once_that_it_is_done() {
    let reader = Reader::new();
    reader.excuse(REFUSED);
    reader.open("/");
    reader.follow("header a[href='/sign_up']");
    fill_sign_up(&reader, "newcomer", "short");
    reader.follow("main button");
    assert!(reader.text(".errors h2").to_lowercase().starts_with("1 error prohibited this user"));
    assert_eq!(reader.text("#password_errors"), "Password is too short (minimum is 8 characters)");
    assert_eq!(reader.value("#screen_name"), "newcomer");
    assert_eq!(reader.value("#password"), "", "a password does not come back");

    fill_sign_up(&reader, "newcomer", PASSWORD);
    reader.follow("main button");
    assert!(reader.path().starts_with("/users/"), "{}", reader.path());
    assert_eq!(reader.text("h1").to_lowercase(), "newcomer");
    assert_eq!(reader.text("header a.self"), "newcomer");
    assert_eq!(reader.flash(), "Welcome! You have signed up successfully.");
    reader.follow("header a[href='/posts']");
    assert_eq!(reader.flash(), "");
    reader.back();
    assert_eq!(reader.text("h1").to_lowercase(), "newcomer");
    assert_eq!(reader.flash(), "", "it was seen");
    reader.reload();
    assert_eq!(reader.flash(), "");
}

#[test]
fn a_flash_is_gone_when_its_page_is_loaded_again() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.sign_in_as(&name);
    assert_eq!(reader.flash(), "You have been signed in.");
    reader.reload();
    assert_eq!(reader.text("h1").to_lowercase(), name);
    assert_eq!(reader.flash(), "");
}

#[test]
fn a_post_is_written_changed_and_destroyed() {
    let reader = Reader::new();
    reader.excuse(REFUSED);
    reader.excuse("status of 404");
    reader.sign_in();
    reader.open("/posts");
    reader.follow("main a[href='/posts/new']");
    reader.fill("#title", "Abc");
    reader.fill("#description", "It goes on\nfor two lines.");
    reader.follow("main button");
    assert_eq!(reader.text("#title_errors"), "Title is too short (minimum is 5 characters)");
    assert_eq!(reader.value("#title"), "Abc");
    assert_eq!(reader.value("#description"), "It goes on\nfor two lines.");
    reader.fill("#title", "A post to be destroyed");
    reader.follow("main button");
    let path = reader.path();
    assert_eq!(reader.flash(), "Post was successfully created.");
    assert_eq!(reader.text("h1").to_lowercase(), "a post to be destroyed");

    reader.follow("main .actions a.button");
    assert_eq!(reader.value("#title"), "A post to be destroyed");
    reader.fill("#title", "Abc");
    reader.follow("main form .actions button");
    assert_eq!(reader.value("#title"), "Abc");
    reader.fill("#title", "A post that was changed");
    reader.follow("main form .actions button");
    assert_eq!(reader.path(), path);
    assert_eq!(reader.flash(), "Post was successfully updated.");
    assert_eq!(reader.text("h1").to_lowercase(), "a post that was changed");

    reader.follow("main .actions button.danger");
    assert_eq!(reader.path(), "/posts");
    assert_eq!(reader.flash(), "Post was successfully destroyed.");
    assert_eq!(reader.count(&format!("a[href='{path}']")), 0);
    reader.open(&path);
    assert_eq!(reader.text("h1").to_lowercase(), "the page you were looking for doesn't exist.");
}

#[test]
fn a_session_that_is_revoked_is_out_at_its_next_request() {
    let (reader, name) = signed_up();
    let other = reader.another();
    other.sign_in_as(&name);
    assert_eq!(other.text("header a.self"), name);

    reader.follow("header a.self");
    reader.click("#sessions summary");
    assert_eq!(reader.text("#sessions_count"), "2");
    reader.mark();
    reader.click("#sessions li:not(:has(.badge)) button");
    reader.wait_text("#sessions_count", "1");
    assert_eq!(reader.count("#sessions li"), 1);
    assert_eq!(reader.count("#sessions li .badge"), 1);
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
    assert_eq!(reader.see("document.querySelector('#sessions').open"), true);
    assert_eq!(reader.see("document.activeElement.closest('#sessions li') !== null"), true, "the neighbour");
    assert!(reader.is_marked(), "no page was loaded");

    other.reload();
    assert_eq!(other.count("header a.self"), 0);
    assert_eq!(other.text("header a[href='/sign_in']"), "Sign in");

    reader.follow("#sessions li button");
    assert_eq!(reader.text("header a[href='/sign_in']"), "Sign in");
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
}

#[test]
fn who_signs_out_is_a_guest() {
    let (reader, _) = signed_up();
    reader.open("/posts/1");
    reader.follow("header button");
    assert_eq!(reader.text("header a[href='/sign_in']"), "Sign in");
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
}

/// Somebody new on their own page.
fn signed_up() -> (Reader, String) {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.open("/user");
    (reader, name)
}

/// Ends all sessions of somebody as only the database can.
fn end_sessions(reader: &Reader, name: &str) {
    let database = reader.site.database();
    let ended = database
        .execute("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE screen_name = ?1)", [name])
        .expect("sessions end");
    assert_eq!(ended, 1);
    database
        .execute("UPDATE users SET sessions_count = 0 WHERE screen_name = ?1", [name])
        .expect("they are counted");
}

const THOUGHT: &str = "What took me an evening to write";

/// They have sent [`THOUGHT`] without a session: they sign in and find it in the form again.
fn finds_the_thought_again(reader: &Reader, name: &str, post: &str) {
    assert_eq!(reader.path(), "/sign_in");
    assert_eq!(reader.text("main form .hint"), "Sign in to continue. What you wrote is kept for an hour.");
    reader.fill("#screen_name", name);
    reader.fill("#password", "not the password");
    reader.follow("main button");
    assert_eq!(reader.flash(), "That screen name or password is incorrect");
    assert_eq!(reader.value("#screen_name"), name);
    reader.fill("#password", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.see("location.pathname + location.hash"), format!("{post}#comment_form"));
    assert_eq!(reader.value("#body"), THOUGHT);

    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    assert_eq!(reader.value("#body"), "");
    reader.reload();
    assert_eq!(reader.value("#body"), "", "it was taken");
    assert_eq!(reader.count("#comment_list li"), 1);
    for address in reader.addresses() {
        assert!(!address.contains("evening"), "{address}");
    }
}

#[test]
fn whose_session_ends_while_they_write_finds_their_words_again() {
    let reader = Reader::new();
    reader.excuse("status of 401");
    reader.excuse(REFUSED);
    let name = reader.sign_in();
    let post = reader.new_post("A post whose author is signed out");
    reader.fill("#body", THOUGHT);
    end_sessions(&reader, &name);
    reader.follow("#post_comment");
    finds_the_thought_again(&reader, &name, &post);
}

#[test]
fn a_guest_finds_their_words_again_when_they_have_signed_in() {
    let author = Reader::new();
    let name = author.sign_in();
    let post = author.new_post("A post on which a guest has a thought");
    let guest = author.another();
    guest.excuse("status of 401");
    guest.excuse(REFUSED);
    guest.open(&post);
    guest.fill("#body", THOUGHT);
    guest.follow("#post_comment");
    finds_the_thought_again(&guest, &name, &post);
}

#[test]
fn a_post_that_a_guest_wrote_waits_until_they_have_an_account() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.open("/posts/new");
    reader.fill("#title", "Written before there was an account");
    reader.fill("#description", THOUGHT);
    end_sessions(&reader, &name);
    reader.follow("main button");
    assert_eq!(reader.path(), "/sign_in");
    reader.follow("main .hint a[href^='/sign_up']");
    fill_sign_up(&reader, "writer_first", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.path(), "/posts/new");
    assert_eq!(reader.value("#title"), "Written before there was an account");
    assert_eq!(reader.value("#description"), THOUGHT);
    reader.follow("main button");
    assert_eq!(reader.flash(), "Post was successfully created.");
    for address in reader.addresses() {
        assert!(!address.contains("evening") && !address.contains("before"), "{address}");
    }
}

#[test]
fn a_server_that_is_gone_is_told_and_nothing_is_lost() {
    let reader = Reader::new();
    reader.excuse("net::ERR_INTERNET_DISCONNECTED");
    reader.excuse("Failed to fetch");
    reader.sign_in();
    let post = reader.new_post("A post in a tunnel");
    reader.fill("#body", "Said in the tunnel");
    reader.offline(true);
    reader.mark();
    reader.click("#post_comment");
    reader.wait_text("#flash .alert", UNREACHABLE);
    assert_eq!(reader.flash(), UNREACHABLE);
    assert_eq!(reader.value("#body"), "Said in the tunnel");
    assert_eq!(reader.focus(), "post_comment");
    // Nor does the list of keys leave the page behind.
    reader.see("document.getElementById('flash').replaceChildren()");
    reader.type_key('?', 8);
    reader.wait_text("#flash .alert", UNREACHABLE);
    assert!(reader.is_marked());
    reader.offline(false);
    reader.click("#post_comment");
    reader.wait_text("#comment_list li p + p", "Said in the tunnel");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert!(reader.is_marked());
    reader.open(&post);
    assert_eq!(reader.count("#comment_list li"), 1);
}

#[test]
fn what_is_refused_before_the_site_has_seen_it_is_told() {
    let reader = Reader::new();
    reader.excuse("status of 413");
    reader.excuse("status of 502");
    reader.sign_in();
    reader.new_post("A post to paste too much into");
    reader.mark();
    // What moves by it is no fault of the page.
    reader.see("touched = true; document.querySelector('#body').value = 'a'.repeat(1200000)");
    reader.click("#post_comment");
    let sentence = "That is more than the server takes. What you typed is still here: make it shorter.";
    reader.wait_text("#flash .alert", sentence);
    assert_eq!(reader.see("document.querySelector('#body').value.length"), 1_200_000);

    // Whatever stands before the site speaks another language.
    reader.fill("#body", "");
    reader.see(
        "document.addEventListener('htmx:before:request', ({detail: {ctx}}) => ctx.fetch = async () =>
            new Response('<h1>Bad gateway</h1>', {status: 502}), {once: true})",
    );
    reader.click("#post_comment");
    let sentence = "The server could not do this (502): try again in a moment.";
    reader.wait_text("#flash .alert", sentence);
    assert_eq!(reader.count("main h1"), 1, "it is put nowhere");
    reader.fill("#body", "Said when the site was back");
    reader.click("#post_comment");
    reader.wait_text("#comment_list li p + p", "Said when the site was back");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert!(reader.is_marked());
}

#[test]
fn a_profile_is_deleted_after_its_page_has_said_what_goes() {
    let (reader, name) = signed_up();
    delete_profile(&reader, &name);
}

/// From the own page, with a post and a comment of theirs.
fn delete_profile(reader: &Reader, name: &str) {
    let post = reader.new_post(&format!("A last post by {name}"));
    reader.fill("#body", "A last comment");
    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    reader.follow("header a.self");
    reader.follow("main .actions a.danger");
    let told = reader.text("main");
    for words in
        ["ends all your sessions", "1 post", "1 comment", "stays as [deleted]", "It can't be undone."]
    {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    reader.follow("main .actions a.button");
    assert_eq!(reader.text("h1").to_lowercase(), *name, "they have kept it");
    reader.follow("main .actions a.danger");
    reader.follow("main button.danger");
    assert_eq!(reader.flash(), "Profile was successfully deleted.");
    assert_eq!(reader.text("header a[href='/sign_in']"), "Sign in");

    reader.excuse(REFUSED);
    reader.excuse("status of 404");
    reader.sign_in_as(name);
    assert_eq!(reader.flash(), "That screen name or password is incorrect");
    reader.open(&post);
    assert_eq!(reader.text("h1").to_lowercase(), "the page you were looking for doesn't exist.");
}

#[test]
fn everything_can_be_done_without_javascript() {
    let reader = Reader::new();
    reader.excuse(REFUSED);
    reader.without_javascript();
    reader.open("/sign_up");
    fill_sign_up(&reader, "plain_person", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.text("header a.self"), "plain_person");
    assert_eq!(reader.see("typeof htmx"), "undefined", "there is no JavaScript");
    let post = reader.new_post("A post by plain forms");
    assert_eq!(reader.flash(), "Post was successfully created.");

    reader.fill("#body", "hm");
    reader.follow("#post_comment");
    assert_eq!(reader.text("#body_errors"), "Body is too short (minimum is 5 characters)");
    assert_eq!(reader.value("#body"), "hm");
    reader.fill("#body", "A comment by a plain form");
    reader.follow("#post_comment");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert_eq!(reader.see("location.pathname"), post);
    let id = reader.see("location.hash.slice(1)");
    assert_eq!(reader.see("document.querySelector('#comment_list li').id"), id);
    assert_eq!(reader.text("h2.comments_count"), "1 comment");

    reader.follow("#comment_list .actions a[id^=edit_]");
    assert_eq!(reader.text("h1").to_lowercase(), "editing comment");
    assert_eq!(reader.value("#body"), "A comment by a plain form");
    reader.fill("#body", "A comment that was changed");
    reader.follow("main form button");
    assert_eq!(reader.flash(), "Comment was successfully updated.");
    assert_eq!(reader.path(), post);
    assert_eq!(reader.text("#comment_list li p + p"), "A comment that was changed");
    reader.follow("#comment_list .actions button");
    assert_eq!(reader.flash(), "Comment was successfully destroyed.");
    assert_eq!(reader.text("h2.comments_count"), "0 comments");

    let other = reader.another();
    other.sign_in_as("plain_person");
    reader.follow("header a.self");
    reader.click("#sessions summary");
    reader.follow("#sessions li:not(:has(.badge)) button");
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
    assert_eq!(reader.text("#sessions_count"), "1");
    other.reload();
    assert_eq!(other.count("header a.self"), 0);

    reader.open(&post);
    reader.follow("main .actions button.danger");
    assert_eq!(reader.flash(), "Post was successfully destroyed.");
    reader.follow("header a.self");
    reader.follow("main .actions a.danger");
    reader.follow("main button.danger");
    assert_eq!(reader.flash(), "Profile was successfully deleted.");
    reader.sign_in_as("plain_person");
    assert_eq!(reader.flash(), "That screen name or password is incorrect");
}

#[test]
fn a_double_click_on_revoke_ends_one_session() {
    let (reader, name) = signed_up();
    for _ in 0..3 {
        reader.another().sign_in_as(&name);
    }
    reader.open("/user");
    reader.click("#sessions summary");
    let revoke = "#sessions li:not(:has(.badge)) button";
    reader.double_click(revoke);
    reader.wait_text("#sessions_count", "3");
    // The second click comes when the next row is already where the first one was.
    let place = reader.place(revoke);
    reader.click_at(place, 1);
    reader.wait_text("#sessions_count", "2");
    reader.click_at(place, 2);
    reader.settle();
    assert_eq!(reader.text("#flash .notice"), "That session has been successfully logged out.");
    reader.reload();
    assert_eq!(reader.text("#sessions_count"), "2");
    assert_eq!(reader.text("header a.self"), name);
}
