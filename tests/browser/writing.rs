//! Writing texts: previews, and the keys that send and close.

use crate::access::assert_accessible;
use crate::reader::Reader;

/// The number of the first comment on the page.
fn first_comment(reader: &Reader) -> String {
    let id = reader.evaluate("document.querySelector('#comment_list li').id");
    id.as_str().expect("it has an id").trim_start_matches("comment_").to_owned()
}

/// Presses a key in the focused field, perhaps with Ctrl, as a keyboard does.
fn key(reader: &Reader, key: &str, with_ctrl: bool) {
    reader.evaluate(&format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', \
         {{ key: '{key}', ctrlKey: {with_ctrl}, bubbles: true, cancelable: true }})); undefined"
    ));
}

#[test]
fn a_preview_comes_in_place_and_the_form_stays() {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post("A post to preview on");
    reader.mark();
    reader.fill("#body", "Some *strong* words");
    let place = "#comment_form [id^=preview_post]:not(button)";
    reader.click("#comment_form [name=preview]");
    reader.wait_text(&format!("{place} .prose em"), "strong");
    assert_eq!(reader.value("#body"), "Some *strong* words");
    assert_eq!(reader.count("#comment_list li"), 0);
    reader.fill("#body", "Other `words`");
    reader.click("#comment_form [name=preview]");
    reader.wait_text(&format!("{place} .prose code"), "words");
    reader.click("#post_comment");
    reader.wait_text("h2.comments_count", "1 comment");
    assert_eq!(reader.count("#comment_form section.preview"), 0, "the form is empty again");
    assert!(reader.is_marked(), "no page was loaded");

    // In the form for a post, only the preview comes in place.
    reader.open("/posts/new");
    reader.mark();
    reader.fill("#title", "A title that is kept");
    reader.fill("#description", "- one\n- two");
    reader.click("[name=preview]");
    reader.wait("document.querySelectorAll('#preview li').length === 2");
    assert!(reader.is_marked(), "no page was loaded");
    assert_eq!(reader.value("#title"), "A title that is kept");
    reader.follow("main form button:not([name])");
    assert_eq!(reader.text("h1"), "A title that is kept");
    assert_eq!(reader.count("main .prose li"), 2);
}

#[test]
fn a_preview_needs_no_script() {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post("A post without a script");
    reader.disable_javascript();
    reader.reload();
    reader.fill("#body", "Some *strong* words");
    reader.follow("#comment_form [name=preview]");
    assert_eq!(reader.text("#comment_form .prose em"), "strong");
    assert_eq!(reader.value("#body"), "Some *strong* words");
    assert_eq!(reader.count("#comment_list li"), 0);
}

#[test]
fn ctrl_enter_sends_and_escape_closes_without_losing_words() {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post("A post by keyboard");
    reader.mark();
    reader.fill("#body", "Sent by a key");
    key(&reader, "Enter", true);
    reader.wait_text("h2.comments_count", "1 comment");
    let number = first_comment(&reader);
    let (link, field) = (format!("#reply_{number}"), format!("#reply_body_{number}"));
    let is_open = format!("document.activeElement.matches('{field}')");
    let is_closed = format!("document.querySelector('{field}') === null");
    reader.click(&link);
    reader.wait(&is_open);
    reader.type_over("Words that must not be lost");
    key(&reader, "Escape", false);
    reader.wait(&is_closed);
    assert_eq!(reader.focus(), format!("reply_{number}"));
    reader.click(&link);
    reader.wait(&format!("document.querySelector('{field}')?.value === 'Words that must not be lost'"));
    reader.wait(&is_open);
    key(&reader, "Enter", true);
    reader.wait_text("h2.comments_count", "2 comments");
    // What was sent does not come back.
    reader.click(&link);
    reader.wait(&is_open);
    assert_eq!(reader.value(&field), "");
    key(&reader, "Escape", false);
    reader.wait(&is_closed);
    assert!(reader.is_marked(), "no page was loaded");
}

#[test]
fn axe_finds_nothing_on_texts_with_all_marks_and_their_versions() {
    const TEXT: &str = "> A *quote*\n> > in a quote\n\nSome `code` and a [name](https://example.com/a)\n\n\
                        - a point\n  - a point in it\n7. seven\n\n  code\n\n- \u{5e9}\u{5dc}\u{5d5}\u{5dd}";
    let reader = Reader::new();
    reader.sign_in();
    reader.open("/posts/new");
    reader.fill("#title", "A post with all marks");
    reader.fill("#description", TEXT);
    reader.follow("main form button:not([name])");
    let post = reader.path();
    reader.fill("#body", TEXT);
    reader.click("#comment_form [name=preview]");
    reader.wait("document.querySelectorAll('#comment_form section blockquote').length === 2");
    assert_accessible(&reader, "a preview beside a text");
    reader.click("#post_comment");
    reader.wait_text("h2.comments_count", "1 comment");
    let number = first_comment(&reader);
    reader.open(&format!("/comments/{number}/edit"));
    reader.fill("#body", "Other words");
    reader.follow("main form button:not([name])");
    reader.open(&post);
    assert_eq!(reader.count("a.edited"), 1);
    assert_accessible(&reader, "a text and an edited comment");
    reader.open(&format!("/comments/{number}/versions"));
    assert_eq!(reader.count("#versions blockquote"), 2);
    assert_accessible(&reader, "versions");
    reader.follow("#versions a.danger");
    assert_accessible(&reader, "striking a version");
}
