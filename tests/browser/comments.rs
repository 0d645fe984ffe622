//! Comments by htmx, which changes them within the page.

use crate::reader::Reader;

/// A reader on their own new post, and its path.
fn on_a_post(title: &str) -> (Reader, String) {
    let reader = Reader::new();
    reader.sign_in();
    let path = reader.new_post(title);
    (reader, path)
}

/// Writes a comment and waits until it is shown. Returns the id of its element.
fn comment(reader: &Reader, text: &str) -> String {
    let number = reader.count("#comment_list li") + 1;
    reader.fill("#body", text);
    reader.click("#post_comment");
    reader.wait(&format!("document.querySelectorAll('#comment_list li').length === {number}"));
    reader
        .evaluate("[...document.querySelectorAll('#comment_list li')].at(-1).id")
        .as_str()
        .expect("it has an id")
        .into()
}

/// Waits for the number of comments, which the page shows in two places.
fn await_count(reader: &Reader, words: &str) {
    reader.wait_text("h2.comments_count", words);
    assert_eq!(reader.text(".byline .comments_count"), words);
}

/// Waits until an element has the focus.
fn await_focus(reader: &Reader, id: &str) {
    reader.wait(&format!("document.activeElement.id === {id:?}"));
}

/// The texts of the comments.
fn listed(reader: &Reader) -> Vec<String> {
    let texts =
        reader.evaluate("[...document.querySelectorAll('#comment_list li p + p')].map(p => p.innerText)");
    texts.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").into()).collect()
}

#[test]
fn a_comment_appears_without_a_page_load() {
    let (reader, path) = on_a_post("A post to comment on");
    reader.mark();
    assert_eq!(reader.text("h2.comments_count"), "0 comments");
    let first = comment(&reader, "The first comment");
    await_count(&reader, "1 comment");
    assert_eq!(reader.value("#body"), "");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    await_focus(&reader, &first);
    let second = comment(&reader, "The second comment");
    await_count(&reader, "2 comments");
    assert_eq!(listed(&reader), ["The first comment", "The second comment"]);
    await_focus(&reader, &second);
    reader.press("Tab");
    assert_eq!(
        reader.evaluate("document.activeElement.closest('li')?.id"),
        second,
        "the keyboard continues at the new comment"
    );
    assert!(reader.is_marked(), "no page was loaded");
    assert_eq!(reader.path(), path);

    let shown = reader.said();
    reader.reload();
    assert_eq!(reader.said(), shown, "a reload shows the same page");
}

#[test]
fn a_comment_that_is_too_short_can_be_corrected() {
    let (reader, _) = on_a_post("A post to say little on");
    reader.allow_fault("status of 422");
    reader.mark();
    reader.fill("#body", "hm");
    reader.click("#post_comment");
    reader.wait_text("#body_errors", "Body is too short (minimum is 5 characters)");
    assert_eq!(reader.value("#body"), "hm");
    assert_eq!(reader.evaluate("document.querySelector('#body').getAttribute('aria-invalid')"), "true");
    assert_eq!(reader.count("#comment_form .errors[role=alert]"), 1);
    assert_eq!(reader.focus(), "post_comment");
    assert_eq!(reader.text("#comment_form .errors ul"), "Body", "the sentence stands once");
    reader.click("#comment_form .errors a");
    await_focus(&reader, "body");
    assert_eq!(reader.count("#comment_list li"), 0);
    comment(&reader, "hm, but longer");
    await_count(&reader, "1 comment");
    assert_eq!(reader.count(".errors"), 0);
    assert_eq!(reader.value("#body"), "");
    assert!(reader.is_marked());
}

#[test]
fn a_comment_is_edited_in_place() {
    let (reader, path) = on_a_post("A post to think again on");
    reader.allow_fault("status of 422");
    let other = comment(&reader, "A comment that stays");
    let item = comment(&reader, "A comment, *first* thought");
    let number = item.trim_start_matches("comment_");
    let (edit, field) = (format!("#edit_{number}"), format!("#edited_body_{number}"));
    reader.mark();
    reader.click(&edit);
    reader.wait(&format!("document.activeElement.matches({field:?})"));
    assert_eq!(reader.value(&field), "A comment, *first* thought");
    reader.type_over("A comment, abandoned");
    reader.click(&format!("#{item} .actions a.button"));
    reader.wait(&format!("document.querySelector({field:?}) === null"));
    assert_eq!(listed(&reader), ["A comment that stays", "A comment, first thought"]);
    assert_eq!(
        reader.evaluate("document.activeElement.closest('li')?.id"),
        item,
        "the focus is where it was"
    );

    reader.click(&edit);
    reader.wait(&format!("document.activeElement.matches({field:?})"));
    reader.type_over("no");
    reader.click(&edit);
    reader.wait_text(&format!("#{item} .error"), "Body is too short (minimum is 5 characters)");
    assert_eq!(reader.value(&field), "no");
    reader.fill(&field, "A comment, second thought");
    reader.click(&edit);
    reader.wait(&format!("document.querySelector({field:?}) === null"));
    assert_eq!(listed(&reader), ["A comment that stays", "A comment, second thought"]);
    assert_eq!(reader.flash(), "Comment was successfully updated.");
    assert_eq!(reader.focus(), format!("edit_{number}"));
    assert_eq!(reader.text("h2.comments_count"), "2 comments");
    assert!(reader.is_marked());

    // The author presses "Cancel".
    reader.ask_to_destroy(number);
    assert_eq!(reader.focus(), format!("destroy_{number}"), "the focus is not on the button that destroys");
    reader.click(&format!("#destroy_{number}"));
    reader.wait(&format!("document.querySelector('#confirm_{number}') === null"));
    assert_eq!(reader.focus(), format!("destroy_{number}"));
    reader.destroy_comment(number);
    await_count(&reader, "1 comment");
    assert_eq!(reader.focus(), other, "the focus is on the neighbour");
    assert_eq!(reader.flash(), "Comment was successfully destroyed. Undo");
    reader.destroy_comment(other.trim_start_matches("comment_"));
    await_count(&reader, "0 comments");
    assert_eq!(reader.focus(), "comments_heading");
    assert!(reader.is_marked());
    assert_eq!(reader.path(), path);
}

#[test]
fn destroying_the_last_comment_moves_the_focus_to_the_one_before() {
    let (reader, _) = on_a_post("A post to be quiet on");
    let first = comment(&reader, "The older comment");
    let second = comment(&reader, "The newer comment");
    reader.destroy_comment(second.trim_start_matches("comment_"));
    await_count(&reader, "1 comment");
    assert_eq!(reader.focus(), first);
}

#[test]
fn going_back_shows_a_full_page_with_the_new_comment() {
    let (reader, path) = on_a_post("A post to come back to");
    reader.open("/posts");
    reader.follow(&format!("a[href='{path}']"));
    let item = comment(&reader, "Said before I went on");
    reader.follow("a.brand");
    reader.back();
    reader.assert_full_page();
    assert_eq!(reader.path(), path);
    assert_eq!(listed(&reader), ["Said before I went on"]);
    assert_eq!(reader.text("h2.comments_count"), "1 comment");

    // The address of the fragment is also the address of a page.
    let number = item.trim_start_matches("comment_");
    reader.click(&format!("#edit_{number}"));
    reader.wait("document.querySelector('#comment_list textarea') !== null");
    reader.open(&format!("/comments/{number}/edit"));
    reader.assert_full_page();
    assert_eq!(reader.text("h1").to_lowercase(), "editing comment");
    reader.back();
    reader.assert_full_page();
    reader.back();
    reader.assert_full_page();
    assert_eq!(reader.path(), "/posts");
    reader.forward();
    reader.assert_full_page();
    reader.reload();
    assert_eq!(listed(&reader), ["Said before I went on"], "one comment");
}

#[test]
fn going_back_after_a_plain_form_submits_nothing_again() {
    let reader = Reader::new();
    reader.disable_javascript();
    reader.sign_in();
    let path = reader.new_post("A post to come back to by plain forms");
    reader.fill("#body", "Said by a plain form");
    reader.follow("#post_comment");
    reader.follow("a.brand");
    reader.back();
    reader.assert_full_page();
    assert_eq!(listed(&reader), ["Said by a plain form"]);
    reader.back();
    reader.assert_full_page();
    assert_eq!(reader.path(), path);
    reader.reload();
    assert_eq!(listed(&reader), ["Said by a plain form"], "one comment");
}

#[test]
fn a_double_click_creates_one_comment() {
    let (reader, _) = on_a_post("A post for quick fingers");
    reader.fill("#body", "Said with a double click");
    reader.double_click("#post_comment");
    await_count(&reader, "1 comment");
    reader.settle();
    assert_eq!(reader.count(".errors"), 0);
    assert_eq!(reader.flash(), "Comment was successfully created.");

    // A fast server: the second click comes after the response has emptied the form.
    reader.fill("#body", "Said with a slow double click");
    let place = reader.place("#post_comment");
    reader.click_at(place, 1);
    await_count(&reader, "2 comments");
    let place = reader.place("#post_comment");
    reader.click_at(place, 2);
    reader.settle();
    assert_eq!(reader.text(".errors"), "");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert_eq!(listed(&reader), ["Said with a double click", "Said with a slow double click"]);
}

#[test]
fn a_double_click_destroys_one_comment() {
    let (reader, _) = on_a_post("A post for quick fingers that regret");
    for text in ["The first of four", "The second of four", "The third of four", "The fourth of four"] {
        comment(&reader, text);
    }
    let first = || {
        let id = reader.evaluate("document.querySelector('#comment_list li').id");
        id.as_str().expect("an id").trim_start_matches("comment_").to_owned()
    };
    // A double click on the link asks, and destroys nothing.
    let number = first();
    reader.double_click(&format!("#destroy_{number}"));
    reader.wait(&format!("document.querySelector('#confirm_{number}') !== null"));
    reader.settle();
    assert_eq!(reader.text("h2.comments_count"), "4 comments");
    reader.double_click(&format!("#confirm_{number}"));
    await_count(&reader, "3 comments");
    reader.settle();
    assert_eq!(reader.flash(), "Comment was successfully destroyed. Undo");

    // The second click comes after the next comment has moved under the mouse.
    let number = first();
    reader.ask_to_destroy(&number);
    let place = reader.place(&format!("#confirm_{number}"));
    reader.click_at(place, 1);
    await_count(&reader, "2 comments");
    let place = reader.place(&format!("#destroy_{}", first()));
    reader.click_at(place, 2);
    reader.settle();
    assert_eq!(reader.flash(), "Comment was successfully destroyed. Undo");
    reader.reload();
    assert_eq!(listed(&reader), ["The third of four", "The fourth of four"]);
}

#[test]
fn a_comment_is_written_edited_and_destroyed_by_keyboard_alone() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.new_post("A post for a keyboard");
    reader.follow("header button");
    reader.open("/");
    reader.press("Tab");
    assert_eq!(reader.evaluate("document.activeElement.className"), "skip-link");
    reader.press("Enter");
    reader.wait("location.hash === '#main'");
    reader.press("Tab");
    assert_eq!(
        reader.evaluate("document.activeElement.closest('main') !== null"),
        true,
        "it skips to the content"
    );

    reader.open("/");
    reader.tab_to(".skip-link");
    reader.tab_to("header a[href^='/sign_in']");
    reader.follow_by_key("Enter");
    reader.tab_to("#screen_name");
    reader.type_over(&name);
    reader.tab_to("#password");
    reader.type_over(crate::reader::PASSWORD);
    reader.follow_by_key("Enter");
    // Signing in leads back to the page where one was.
    reader.tab_to("header a.self");
    reader.follow_by_key("Enter");
    reader.tab_to("#posts ol a");
    reader.follow_by_key("Enter");

    reader.mark();
    reader.tab_to("#body");
    reader.type_over("Said without a mouse");
    reader.tab_to("#post_comment");
    reader.press(" ");
    await_count(&reader, "1 comment");
    reader.wait("document.activeElement.matches('#comment_list > li')");
    reader.tab_to("#comment_list .actions a[id^=edit_]");
    reader.press("Enter");
    reader.wait("document.activeElement.matches('#comment_list textarea')");
    reader.type_over("Changed without a mouse");
    reader.tab_to("#comment_list li button");
    reader.press("Enter");
    reader.wait_text("#comment_list li p + p", "Changed without a mouse");
    assert!(reader.focus().starts_with("edit_"), "{}", reader.focus());
    reader.tab_to("#comment_list .actions a[id^=destroy_]");
    reader.press("Enter");
    reader.wait("document.querySelector('#comment_list button[id^=confirm_]') !== null");
    // The focus is on "Cancel", so that pressing a key twice destroys nothing.
    assert!(reader.focus().starts_with("destroy_"), "{}", reader.focus());
    reader.press("Shift+Tab");
    assert!(reader.focus().starts_with("confirm_"), "{}", reader.focus());
    reader.press(" ");
    await_count(&reader, "0 comments");
    assert_eq!(reader.focus(), "comments_heading");
    assert!(reader.is_marked());
    reader.tab_to("footer a");
}
