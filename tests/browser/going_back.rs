//! Pages that the browser has kept, when the reader goes back to them.

use crate::harness::eventually;
use crate::reader::{PASSWORD, Reader};

/// Signs out by the button in the header.
fn sign_out(reader: &Reader) {
    reader.follow("header form button");
    assert_eq!(reader.count("header a.self"), 0);
}

/// The number of pages that came out of the back/forward cache.
fn restored(reader: &Reader) -> usize {
    reader.evaluate("1");
    reader.events().restored
}

/// More pages than Chromium's back/forward cache has room for.
const FILLED: i64 = 9;

/// Opens pages until those before have left the back/forward cache.
fn fill_back_forward_cache(reader: &Reader) {
    for page in 0..FILLED {
        reader.open(&format!("/best?page={page}"));
    }
}

/// Repeats `steps`, of which the last goes back in the history, until the page came out of the back/forward cache or
/// not, as told. Chromium may empty that cache at any time.
fn until_restored<T>(reader: &Reader, is_restored: bool, mut steps: impl FnMut() -> T) -> T {
    eventually("the page comes out of the right cache", || {
        let before = restored(reader);
        let result = steps();
        ((restored(reader) > before) == is_restored).then_some(result)
    })
}

#[test]
fn no_page_of_an_account_comes_back_after_signing_out() {
    for is_in_http_cache in [false, true] {
        let reader = Reader::new();
        reader.allow_fault("status of 404");
        let name = reader.sign_in();
        for path in ["/saved", "/posts", "/user/edit"] {
            until_restored(&reader, !is_in_http_cache, || {
                reader.sign_in_as(&name);
                reader.open(path);
                assert_eq!(reader.text("header a.self"), name);
                if path == "/user/edit" {
                    reader.evaluate("document.querySelector('#about').value = 'Text of the account'");
                }
                sign_out(&reader);
                let mut steps = 1;
                if is_in_http_cache {
                    fill_back_forward_cache(&reader);
                    steps += FILLED;
                }
                reader.back_by(steps);
                reader.wait("document.querySelector('header a[href^=\"/sign_in\"]') !== null && !document.documentElement.hidden");
                assert_eq!(reader.count("header a.self"), 0, "{path}");
                assert!(!reader.text("body").contains(&name), "{path}");
            });
        }
    }
}

#[test]
fn votes_and_marks_are_those_of_now() {
    let reader = Reader::on_new_site();
    reader.another().sign_in();
    let author = reader.another();
    author.sign_in();
    reader.sign_in();
    let path = until_restored(&reader, true, || {
        let path = author.new_post("A post to come back from");
        let id = id_of(&path);
        reader.open(&path);
        author.fill("#body", "A comment that is new");
        author.click("#post_comment");
        author.wait("document.querySelectorAll('#comment_list li').length === 1");
        reader.open("/posts");
        assert_eq!(reader.text(".posts p strong"), "1 new");
        reader.mark();
        reader.follow(&format!(".posts p a[href='{path}']"));
        reader.click(&format!("#post_arrow_{id}"));
        reader.wait_text(&format!("#post_points_{id}"), "2 points");
        reader.back();
        reader.wait("window.marked === undefined && document.readyState === 'complete'");
        assert_list_is_of_now(&reader, id);
        path
    });
    // The same out of the HTTP cache, which Chromium does not ask about while the cookies are those of then.
    let id = id_of(&path);
    reader.open("/posts");
    reader.click(&format!("#post_arrow_{id}"));
    reader.wait_text(&format!("#post_points_{id}"), "1 point");
    reader.reload();
    fill_back_forward_cache(&reader);
    reader.open(&path);
    reader.click(&format!("#post_arrow_{id}"));
    reader.wait_text(&format!("#post_points_{id}"), "2 points");
    let before = restored(&reader);
    reader.back_by(FILLED + 1);
    assert_eq!(restored(&reader), before);
    assert_list_is_of_now(&reader, id);
}

/// The id of the post at a path.
fn id_of(path: &str) -> &str {
    path.trim_start_matches("/posts/")
}

/// Panics unless the list of posts shows the vote for post `id` and no unread comments.
fn assert_list_is_of_now(reader: &Reader, id: &str) {
    assert_eq!(reader.path(), "/posts");
    assert_eq!(reader.text(&format!("#post_points_{id}")), "2 points");
    assert_eq!(reader.count(&format!("#post_arrow_{id}[aria-pressed=true]")), 1);
    assert_eq!(reader.count(".posts p strong"), 0, "the comment has been seen");
}

#[test]
fn a_page_since_which_nothing_has_changed_is_not_fetched_again() {
    let reader = Reader::new();
    for is_signed_in in [false, true] {
        if is_signed_in {
            reader.sign_in();
        }
        reader.open("/posts");
        reader.mark();
        reader.follow("a.brand");
        if !is_signed_in {
            // A guest has no marks: reading a discussion changes nothing either.
            reader.follow(".posts p a[href^='/posts/']");
            reader.back();
        }
        reader.back();
        assert_eq!(reader.path(), "/posts");
        reader.settle();
        assert!(reader.is_marked(), "{is_signed_in}");
    }
}

#[test]
fn typed_text_survives_going_back() {
    let reader = Reader::new();
    let author = reader.another();
    author.sign_in();
    let path = author.new_post("A post to be interrupted on");
    let name = reader.another().sign_in();
    // A guest goes to sign in on their own, and comes back.
    reader.open(&path);
    reader.fill("#body", "Typed before signing in");
    reader.follow("header a[href^='/sign_in']");
    reader.fill("#screen_name", &name);
    reader.fill("#password", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.text("header a.self"), name);
    reader.back();
    reader.back();
    assert_eq!((reader.path(), reader.value("#body")), (path.clone(), "Typed before signing in".into()));
    reader.click("#post_comment");
    reader.wait_text("#flash", &format!("Comment was successfully created. It was sent as {name}."));
    // A user changes something elsewhere, and comes back.
    reader.reload();
    reader.fill("#body", "Typed before voting");
    reader.follow("header a[href='/posts']");
    reader.click(".vote[aria-pressed=false]");
    reader.wait("document.querySelector('.vote[aria-pressed=true]') !== null");
    reader.back();
    reader.settle();
    assert_eq!(reader.value("#body"), "Typed before voting");
}

#[test]
fn a_comment_typed_as_one_user_is_not_posted_as_another_who_has_signed_in() {
    let reader = Reader::new();
    reader.allow_fault("status of 409");
    let first = reader.sign_in();
    let path = reader.new_post("A post to be two people on");
    reader.fill("#body", "Typed as the first user");
    // Another tab signs in.
    let second = reader.sign_in();
    reader.mark();
    reader.click("#post_comment");
    reader.wait("document.querySelector('#comment_form .errors') !== null");
    assert!(reader.text("#comment_form .errors").contains(&format!("You are signed in as {second} now")));
    assert_eq!(reader.value("#body"), "Typed as the first user");
    assert_eq!(reader.count("#comment_list li"), 0);
    reader.click("#post_comment");
    reader.wait_text("#comment_list li p + p", "Typed as the first user");
    assert!(reader.is_marked());
    assert_eq!(reader.path(), path);
    assert_ne!(first, second);
}
