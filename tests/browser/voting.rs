//! Votes as a person casts them.

use crate::reader::{NARROW, PASSWORD, Reader, WIDE};

/// The arrow of the first post that another reader has just made, on the list of the newest.
fn with_a_post() -> (Reader, String) {
    let author = Reader::alone();
    author.sign_in();
    let path = author.new_post("A post to vote for");
    let id = path.trim_start_matches("/posts/").to_owned();
    let reader = author.another();
    (reader, id)
}

fn state(reader: &Reader, id: &str) -> (String, String) {
    let pressed =
        reader.see(&format!("document.querySelector('#post_arrow_{id}').getAttribute('aria-pressed')"));
    (pressed.as_str().expect("it says whether").into(), reader.text(&format!("#post_points_{id}")))
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
        assert_eq!(reader.place(&arrow), place, "it stays where it was");
        assert_eq!(reader.text("#main").replace("1 point", "2 points").len(), others);
        assert_eq!(reader.flash(), "");
        // By the keyboard, from where the focus is.
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
fn votes_that_are_cast_faster_than_they_are_answered_are_all_counted() {
    let reader = Reader::alone();
    reader.sign_in();
    reader.open("/posts");
    reader.mark();
    let pressed = "[...document.querySelectorAll('.posts .vote[aria-pressed=true]')].length";
    assert_eq!(reader.see(pressed), 0);
    reader.see("[...document.querySelectorAll('.posts .vote')].slice(0, 6).forEach(arrow => arrow.click())");
    reader.wait(&format!("{pressed} === 6"));
    reader.settle();
    assert_eq!(reader.path(), "/posts");
    assert!(reader.is_marked(), "no page was loaded");
    reader.reload();
    assert_eq!(reader.see(pressed), 6);
}

#[test]
fn without_javascript_a_voter_stays_where_they_were() {
    let (reader, id) = with_a_post();
    reader.without_javascript();
    reader.sign_in();
    reader.open("/posts");
    reader.follow(&format!("#post_arrow_{id}"));
    assert_eq!(reader.path(), "/posts");
    assert_eq!(state(&reader, &id), is("true", "2 points"));
    reader.follow(&format!("#post_arrow_{id}"));
    assert_eq!(state(&reader, &id), is("false", "1 point"));
}

#[test]
fn a_guest_comes_back_from_signing_in_with_the_vote_done() {
    for with_javascript in [true, false] {
        let (reader, id) = with_a_post();
        let name = reader.another().sign_in();
        if !with_javascript {
            reader.without_javascript();
        } else {
            reader.excuse("status of 401");
        }
        reader.excuse("status of 422");
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
fn what_is_told_does_not_lie_over_the_place_that_an_address_names() {
    let reader = Reader::alone();
    let name = reader.sign_in();
    for width in [WIDE, NARROW] {
        reader.width(width);
        reader.open("/posts");
        let arrow = "[...document.querySelectorAll('.posts .vote')].at(12).id";
        let place = reader.see(arrow);
        let address = format!("/posts%23{}", place.as_str().expect("an id"));
        reader.open(&format!("/sign_in?return_to={address}"));
        reader.fill("#screen_name", &name);
        reader.fill("#password", PASSWORD);
        reader.follow("main button");
        assert_eq!(reader.flash(), "You have been signed in.");
        // It is where the page has scrolled to, and can be clicked.
        reader.wait("scrollY > 0 && document.querySelector(':target') !== null");
        let is_free = "(() => {
            const box = document.querySelector(':target').getBoundingClientRect();
            const told = document.querySelector('.flash').getBoundingClientRect();
            return told.top >= 0 && told.bottom <= box.top;
        })()";
        assert_eq!(reader.see(is_free), true, "{width} px");
    }
}
