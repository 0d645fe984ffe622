//! Journeys through the site, each by its own users.

use crate::reader::{PASSWORD, Reader};

/// The browser's message about a refused form.
const REFUSED: &str = "status of 422";
const UNREACHABLE: &str = "The server did not answer. What you typed is still here: try again in a moment.";

fn fill_sign_up(reader: &Reader, name: &str, password: &str) {
    reader.fill("#screen_name", name);
    reader.fill("#password", password);
    reader.fill("#password_confirmation", password);
}

#[test]
fn signing_up_shows_the_errors_and_then_one_flash() {
    let reader = Reader::new();
    reader.allow_fault(REFUSED);
    reader.open("/");
    reader.follow("header a[href='/sign_up']");
    fill_sign_up(&reader, "newcomer", "short");
    reader.follow("main button");
    assert!(reader.text(".errors h2").to_lowercase().starts_with("1 error prohibited this user"));
    assert_eq!(reader.text("#password_errors"), "Password is too short (minimum is 8 characters)");
    assert_eq!(reader.value("#screen_name"), "newcomer");
    assert_eq!(reader.value("#password"), "", "the form does not return a password");
    for key in ["Enter", "click"] {
        reader.evaluate("document.querySelector('.errors a').focus()");
        if key == "Enter" {
            reader.press(key)
        } else {
            reader.click(".errors a")
        }
        reader.wait("document.activeElement.id === 'password'");
        assert!(
            reader.evaluate("location.hash") == "#password" && reader.path() == "/users",
            "no page was loaded"
        );
    }

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
    assert_eq!(reader.flash(), "", "the flash is shown once");
    reader.reload();
    assert_eq!(reader.flash(), "");
}

#[test]
fn a_flash_is_gone_after_a_reload() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.sign_in_as(&name);
    assert_eq!(reader.flash(), "You have been signed in.");
    reader.reload();
    assert_eq!(reader.text("h1").to_lowercase(), name);
    assert_eq!(reader.flash(), "");
}

#[test]
fn a_post_is_created_edited_and_destroyed() {
    let reader = Reader::new();
    reader.allow_fault(REFUSED);
    reader.allow_fault("status of 404");
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

    reader.follow("main .actions a.danger");
    assert_eq!(reader.text("h1").to_lowercase(), "destroying post");
    reader.follow("main button.danger");
    assert_eq!(reader.path(), "/posts");
    assert_eq!(reader.flash(), "Post was successfully destroyed. Undo");
    // Second thoughts.
    reader.follow("#undo");
    assert_eq!(reader.path(), path);
    assert_eq!(reader.flash(), "Post was successfully restored.");
    assert_eq!(reader.text("h1").to_lowercase(), "a post that was changed");
    reader.follow("main .actions a.danger");
    reader.follow("main button.danger");
    assert_eq!(reader.count(&format!("a[href='{path}']")), 0);
    reader.open(&path);
    assert_eq!(reader.text("h1").to_lowercase(), "the page you were looking for doesn't exist.");
}

#[test]
fn a_revoked_session_is_signed_out_at_its_next_request() {
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
    assert_eq!(reader.evaluate("document.querySelector('#sessions').open"), true);
    assert_eq!(
        reader.evaluate("document.activeElement.closest('#sessions li') !== null"),
        true,
        "the neighbour has the focus"
    );
    assert!(reader.is_marked(), "no page was loaded");

    other.reload();
    assert_eq!(other.count("header a.self"), 0);
    assert_eq!(other.text("header a[href^='/sign_in']"), "Sign in");

    reader.follow("#sessions li button");
    assert_eq!(reader.text("header a[href^='/sign_in']"), "Sign in");
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
}

#[test]
fn a_user_who_signs_out_is_a_guest() {
    let (reader, _) = signed_up();
    reader.open("/posts/1");
    reader.follow("header button");
    assert_eq!(reader.text("header a[href^='/sign_in']"), "Sign in");
    assert_eq!(reader.flash(), "That session has been successfully logged out.");
}

/// A new user on their own page, and their name.
fn signed_up() -> (Reader, String) {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.open("/user");
    (reader, name)
}

/// Deletes the session of a user in the database.
fn end_sessions(reader: &Reader, name: &str) {
    let database = reader.site.database();
    let ended = database
        .execute("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE screen_name = ?1)", [name])
        .expect("sessions end");
    assert_eq!(ended, 1);
    database
        .execute("UPDATE users SET sessions_count = 0 WHERE screen_name = ?1", [name])
        .expect("the counter is updated");
}

const THOUGHT: &str = "What took me an evening to write";

/// A reader who has sent [`THOUGHT`] without a session signs in, and the form contains it again.
fn assert_thought_survives(reader: &Reader, name: &str, post: &str) {
    assert_eq!(reader.path(), "/sign_in");
    assert_eq!(reader.text("main form .hint"), "Sign in to continue. What you wrote is kept for an hour.");
    reader.fill("#screen_name", name);
    reader.fill("#password", "not the password");
    reader.follow("main button");
    assert_eq!(reader.flash(), "That screen name or password is incorrect");
    assert_eq!(reader.value("#screen_name"), name);
    reader.fill("#password", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.evaluate("location.pathname + location.hash"), format!("{post}#comment_form"));
    assert_eq!(reader.value("#body"), THOUGHT);

    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    assert_eq!(reader.value("#body"), "");
    reader.reload();
    assert_eq!(reader.value("#body"), "", "the draft is used up");
    assert_eq!(reader.count("#comment_list li"), 1);
    for address in reader.addresses() {
        assert!(!address.contains("evening"), "{address}");
    }
}

#[test]
fn a_comment_survives_the_end_of_its_authors_session() {
    let reader = Reader::new();
    reader.allow_fault("status of 401");
    reader.allow_fault(REFUSED);
    let name = reader.sign_in();
    let post = reader.new_post("A post whose author is signed out");
    reader.fill("#body", THOUGHT);
    end_sessions(&reader, &name);
    reader.follow("#post_comment");
    assert_thought_survives(&reader, &name, &post);
}

#[test]
fn a_guests_comment_is_in_the_form_after_signing_in() {
    let author = Reader::new();
    let name = author.sign_in();
    let post = author.new_post("A post on which a guest has a thought");
    let guest = author.another();
    guest.allow_fault("status of 401");
    guest.allow_fault(REFUSED);
    guest.open(&post);
    guest.fill("#body", THOUGHT);
    guest.follow("#post_comment");
    assert_thought_survives(&guest, &name, &post);
}

#[test]
fn a_guests_post_is_in_the_form_after_signing_up() {
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
fn an_unreachable_server_is_reported_and_no_text_is_lost() {
    let reader = Reader::new();
    reader.allow_fault("net::ERR_INTERNET_DISCONNECTED");
    reader.allow_fault("Failed to fetch");
    reader.sign_in();
    let post = reader.new_post("A post in a tunnel");
    reader.fill("#body", "Said in the tunnel");
    reader.set_offline(true);
    reader.mark();
    reader.click("#post_comment");
    reader.wait_text("#flash .alert", UNREACHABLE);
    assert_eq!(reader.flash(), UNREACHABLE);
    assert_eq!(reader.value("#body"), "Said in the tunnel");
    assert_eq!(reader.focus(), "post_comment");
    // Opening the list of keys does not leave the page either.
    reader.evaluate("document.getElementById('flash').replaceChildren()");
    reader.type_key('?', 8);
    reader.wait_text("#flash .alert", UNREACHABLE);
    assert!(reader.is_marked());
    reader.set_offline(false);
    reader.click("#post_comment");
    reader.wait_text("#comment_list li p + p", "Said in the tunnel");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert!(reader.is_marked());
    reader.open(&post);
    assert_eq!(reader.count("#comment_list li"), 1);
}

#[test]
fn a_refusal_by_the_server_or_a_proxy_is_reported() {
    let reader = Reader::new();
    reader.allow_fault("status of 413");
    reader.allow_fault("status of 502");
    reader.sign_in();
    reader.new_post("A post to paste too much into");
    reader.mark();
    // The long text shifts the layout, which is no fault of the page.
    reader.evaluate("touched = true; document.querySelector('#body').value = 'a'.repeat(1200000)");
    reader.click("#post_comment");
    let sentence = "That is more than the server takes. What you typed is still here: make it shorter.";
    reader.wait_text("#flash .alert", sentence);
    assert_eq!(reader.evaluate("document.querySelector('#body').value.length"), 1_200_000);

    // A proxy in front of the site responds with its own page.
    reader.fill("#body", "");
    reader.evaluate(
        "document.addEventListener('htmx:before:request', ({detail: {ctx}}) => ctx.fetch = async () =>
            new Response('<h1>Bad gateway</h1>', {status: 502}), {once: true})",
    );
    reader.click("#post_comment");
    let sentence = "The server could not do this (502): try again in a moment.";
    reader.wait_text("#flash .alert", sentence);
    assert_eq!(reader.count("main h1"), 1, "the proxy's page is not shown");
    reader.fill("#body", "Said when the site was back");
    reader.click("#post_comment");
    reader.wait_text("#comment_list li p + p", "Said when the site was back");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert!(reader.is_marked());
}

#[test]
fn a_profile_is_deleted_after_a_page_that_lists_the_consequences() {
    let (reader, name) = signed_up();
    delete_profile(&reader, &name);
}

/// Deletes the profile of a user on their own page, after they have written a post and a comment.
fn delete_profile(reader: &Reader, name: &str) {
    let post = reader.new_post(&format!("A last post by {name}"));
    reader.fill("#body", "A last comment");
    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    reader.follow("header a.self");
    reader.follow("main .actions a.danger");
    let text = reader.text("main");
    for words in
        ["ends all your sessions", "1 post", "1 comment", "stays as [deleted]", "It can't be undone."]
    {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
    reader.follow("main .actions a.button");
    assert_eq!(reader.text("h1").to_lowercase(), *name, "cancelling keeps the profile");
    reader.follow("main .actions a.danger");
    reader.fill("#password", PASSWORD);
    reader.follow("main button.danger");
    assert_eq!(reader.flash(), "Profile was successfully deleted.");
    assert_eq!(reader.text("header a[href^='/sign_in']"), "Sign in");

    reader.allow_fault(REFUSED);
    reader.allow_fault("status of 404");
    reader.sign_in_as(name);
    assert_eq!(reader.flash(), "That screen name or password is incorrect");
    reader.open(&post);
    assert_eq!(reader.text("h1").to_lowercase(), "the page you were looking for doesn't exist.");
}

#[test]
fn everything_can_be_done_without_javascript() {
    let reader = Reader::new();
    reader.allow_fault(REFUSED);
    reader.disable_javascript();
    reader.open("/sign_up");
    fill_sign_up(&reader, "plain_person", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.text("header a.self"), "plain_person");
    assert_eq!(reader.evaluate("typeof htmx"), "undefined", "JavaScript is disabled");
    let post = reader.new_post("A post by plain forms");
    assert_eq!(reader.flash(), "Post was successfully created.");

    reader.fill("#body", "hm");
    reader.follow("#post_comment");
    assert_eq!(reader.text("#body_errors"), "Body is too short (minimum is 5 characters)");
    assert_eq!(reader.value("#body"), "hm");
    reader.fill("#body", "A comment by a plain form");
    reader.follow("#post_comment");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert_eq!(reader.evaluate("location.pathname"), post);
    let id = reader.evaluate("location.hash.slice(1)");
    assert_eq!(reader.evaluate("document.querySelector('#comment_list li').id"), id);
    assert_eq!(reader.text("h2.comments_count"), "1 comment");

    reader.follow("#comment_list .actions a[id^=edit_]");
    assert_eq!(reader.text("h1").to_lowercase(), "editing comment");
    assert_eq!(reader.value("#body"), "A comment by a plain form");
    reader.fill("#body", "A comment that was changed");
    reader.follow("main form button");
    assert_eq!(reader.flash(), "Comment was successfully updated.");
    assert_eq!(reader.path(), post);
    assert_eq!(reader.text("#comment_list li p + p"), "A comment that was changed");
    reader.follow("#comment_list .actions a[id^=destroy_]");
    assert_eq!(reader.text("h1").to_lowercase(), "destroying comment");
    reader.follow("main button.danger");
    assert_eq!(reader.flash(), "Comment was successfully destroyed. Undo");
    reader.follow("#undo");
    assert_eq!(reader.flash(), "Comment was successfully restored.");
    assert_eq!(reader.text("#comment_list li p + p"), "A comment that was changed");
    reader.follow("#comment_list .actions a[id^=destroy_]");
    reader.follow("main button.danger");
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
    reader.follow("main .actions a.danger");
    reader.follow("main button.danger");
    assert_eq!(reader.flash(), "Post was successfully destroyed. Undo");
    reader.follow("header a.self");
    reader.follow("main .actions a.danger");
    reader.fill("#password", PASSWORD);
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
    // The second click comes after the first notice has moved the page, then after the next row has moved up.
    for left in ["3", "2"] {
        let place = reader.place(revoke);
        reader.click_at(place, 1);
        reader.wait_text("#sessions_count", left);
        reader.click_at(place, 2);
        reader.settle();
        assert_eq!(reader.evaluate("document.querySelector('#sessions').open"), true);
        assert_eq!(reader.text("#flash .notice"), "That session has been successfully logged out.");
    }
    // It comes before the answer.
    reader.double_click(revoke);
    reader.wait_text("#sessions_count", "1");
    reader.settle();
    reader.reload();
    assert_eq!(reader.text("#sessions_count"), "1");
    assert_eq!(reader.text("header a.self"), name);
}
