//! Voting.

use crate::reader::{NARROW, PASSWORD, Reader, WIDE};

/// A guest on a new site, and the id of a new post by another user.
fn with_a_post() -> (Reader, String) {
    let author = Reader::on_new_site();
    author.sign_in();
    let path = author.new_post("A post to vote for");
    let id = path.trim_start_matches("/posts/").to_owned();
    let reader = author.another();
    (reader, id)
}

fn state(reader: &Reader, id: &str) -> (String, String) {
    let pressed =
        reader.evaluate(&format!("document.querySelector('#post_arrow_{id}').getAttribute('aria-pressed')"));
    (pressed.as_str().expect("the state of the arrow").into(), reader.text(&format!("#post_points_{id}")))
}

fn is(pressed: &str, points: &str) -> (String, String) {
    (pressed.into(), points.into())
}

#[test]
fn a_vote_changes_the_arrow_and_the_points_and_nothing_else() {
    let (reader, id) = with_a_post();
    reader.sign_in();
    for path in ["/posts".to_owned(), format!("/posts/{id}")] {
        reader.open(&path);
        reader.mark();
        let (arrow, points) = (format!("#post_arrow_{id}"), format!("#post_points_{id}"));
        assert_eq!(state(&reader, &id), is("false", "1 point"));
        let (place, others) =
            (reader.place(&arrow), reader.text("#main").replace("1 point", "2 points").len());
        reader.click(&arrow);
        reader.wait_text(&points, "2 points");
        assert_eq!(state(&reader, &id), is("true", "2 points"));
        assert_eq!(reader.focus(), format!("post_arrow_{id}"));
        assert_eq!(reader.place(&arrow), place, "the arrow does not move");
        assert_eq!(reader.text("#main").replace("1 point", "2 points").len(), others);
        assert_eq!(reader.flash(), "");
        // By keyboard, on the focused arrow.
        reader.press("Enter");
        reader.wait_text(&points, "1 point");
        assert_eq!(state(&reader, &id), is("false", "1 point"));
        assert_eq!(reader.focus(), format!("post_arrow_{id}"));
        assert!(reader.is_marked(), "no page was loaded");
    }
}

#[test]
fn a_double_click_is_one_vote() {
    let (reader, id) = with_a_post();
    reader.sign_in();
    reader.open("/posts");
    reader.double_click(&format!("#post_arrow_{id}"));
    reader.wait_text(&format!("#post_points_{id}"), "2 points");
    reader.settle();
    assert_eq!(state(&reader, &id), is("true", "2 points"));
    reader.reload();
    assert_eq!(state(&reader, &id), is("true", "2 points"));
}

#[test]
fn votes_cast_faster_than_the_responses_are_all_counted() {
    let reader = Reader::on_new_site();
    reader.sign_in();
    reader.open("/posts");
    reader.mark();
    let pressed = "[...document.querySelectorAll('.posts .vote[aria-pressed=true]')].length";
    assert_eq!(reader.evaluate(pressed), 0);
    reader.evaluate(
        "[...document.querySelectorAll('.posts .vote')].slice(0, 6).forEach(arrow => arrow.click())",
    );
    reader.wait(&format!("{pressed} === 6"));
    reader.settle();
    assert_eq!(reader.path(), "/posts");
    assert!(reader.is_marked(), "no page was loaded");
    reader.reload();
    assert_eq!(reader.evaluate(pressed), 6);
}

#[test]
fn a_vote_without_javascript_returns_to_the_list() {
    let (reader, id) = with_a_post();
    reader.disable_javascript();
    reader.sign_in();
    reader.open("/posts");
    reader.follow(&format!("#post_arrow_{id}"));
    assert_eq!(reader.path(), "/posts");
    assert_eq!(state(&reader, &id), is("true", "2 points"));
    reader.follow(&format!("#post_arrow_{id}"));
    assert_eq!(state(&reader, &id), is("false", "1 point"));
}

#[test]
fn a_guests_vote_is_cast_after_signing_in() {
    for with_javascript in [true, false] {
        let (reader, id) = with_a_post();
        let name = reader.another().sign_in();
        if !with_javascript {
            reader.disable_javascript();
        } else {
            reader.allow_fault("status of 401");
        }
        reader.allow_fault("status of 422");
        reader.open("/posts");
        reader.follow(&format!("#post_arrow_{id}"));
        assert_eq!(reader.path(), "/sign_in");
        assert_eq!(reader.text("main form .hint"), "Sign in and your vote will be counted.");
        reader.fill("#screen_name", &name);
        reader.fill("#password", "not the password");
        reader.follow("main button");
        assert_eq!(reader.text("main form .hint"), "Sign in and your vote will be counted.");
        reader.fill("#password", PASSWORD);
        reader.follow("main button");
        assert_eq!(reader.path(), "/posts");
        assert_eq!(state(&reader, &id), is("true", "2 points"));
    }
}

#[test]
fn a_flash_does_not_cover_the_target_of_the_address() {
    let reader = Reader::on_new_site();
    let name = reader.sign_in();
    for width in [WIDE, NARROW] {
        reader.set_width(width);
        reader.open("/posts");
        let arrow = "[...document.querySelectorAll('.posts .vote')].at(12).id";
        let place = reader.evaluate(arrow);
        let address = format!("/posts%23{}", place.as_str().expect("an id"));
        reader.open(&format!("/sign_in?return_to={address}"));
        reader.fill("#screen_name", &name);
        reader.fill("#password", PASSWORD);
        reader.follow("main button");
        assert_eq!(reader.flash(), "You have been signed in.");
        // The page has scrolled to the target, which can be clicked.
        reader.wait("scrollY > 0 && document.querySelector(':target') !== null");
        let is_free = "(() => {
            const box = document.querySelector(':target').getBoundingClientRect();
            const flash = document.querySelector('.flash').getBoundingClientRect();
            return flash.top >= 0 && flash.bottom <= box.top;
        })()";
        assert_eq!(reader.evaluate(is_free), true, "{width} px");
    }
}
