//! Answers that come late, that come from elsewhere, or that refuse: what the page says and shows meanwhile.

use crate::reader::Reader;

const TYPED: &str = "Words that must not be lost";

/// A reader on their own new post, and the number of a comment on it.
fn on_a_comment(title: &str) -> (Reader, String) {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post(title);
    reader.fill("#body", "A comment to reply to");
    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    reader.settle();
    let id = reader.evaluate("document.querySelector('#comment_list li').id");
    let number = id.as_str().expect("it has an id").trim_start_matches("comment_").to_owned();
    (reader, number)
}

/// Opens the form for a reply and types into it.
fn type_reply(reader: &Reader, number: &str, text: &str) {
    reader.click(&format!("#reply_{number}"));
    reader.wait(&format!("document.activeElement.matches('#reply_body_{number}')"));
    reader.type_over(text);
}

/// Sends the reply, cancels it, and lets the answer to “Cancel” come first, which takes the form away.
fn cancel_while_sent(reader: &Reader, number: &str) {
    reader.hold_answers();
    reader.click(&format!("#post_reply_{number}"));
    reader.held(1);
    reader.click(&format!("#cancel_reply_{number}"));
    reader.held(2);
    reader.events().held.swap(0, 1);
    reader.release_one();
    reader.wait(&format!("document.querySelector('#reply_{number}_form') === null"));
}

#[test]
fn a_reply_that_was_cancelled_while_it_was_sent_is_shown() {
    let (reader, number) = on_a_comment("A post to change one's mind on");
    reader.mark();
    type_reply(&reader, &number, "A reply that is on its way");
    cancel_while_sent(&reader, &number);
    assert_eq!(reader.count("#comment_list li"), 1);
    reader.release();
    reader.wait_text(&format!("#replies_{number} p + p"), "A reply that is on its way");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert_eq!(reader.text("h2.comments_count"), "2 comments");
    assert!(reader.is_marked());
}

#[test]
fn a_cancelled_reply_that_is_refused_comes_back_with_its_text() {
    let (reader, number) = on_a_comment("A post to say too little on");
    reader.allow_fault("status of 422");
    type_reply(&reader, &number, "hm");
    cancel_while_sent(&reader, &number);
    reader.release();
    reader.wait(&format!("document.querySelector('#reply_{number}_form .errors') !== null"));
    assert_eq!(reader.value(&format!("#reply_body_{number}")), "hm");
    assert_eq!(reader.count("#comment_list form textarea"), 1, "one form");
    reader.click(&format!("#reply_{number}_form .errors a"));
    reader.wait(&format!("document.activeElement.id === 'reply_body_{number}'"));
}

#[test]
fn a_change_that_was_cancelled_while_it_was_sent_is_shown() {
    let (reader, number) = on_a_comment("A post to change twice");
    for cancel_first in [true, false] {
        let text = format!("A comment that was changed, {cancel_first}");
        reader.click(&format!("#edit_{number}"));
        reader.wait(&format!("document.activeElement.matches('#edited_body_{number}')"));
        reader.type_over(&text);
        reader.hold_answers();
        reader.click(&format!("#edit_{number}"));
        reader.held(1);
        reader.click(&format!("#cancel_{number}"));
        reader.held(2);
        if cancel_first {
            reader.events().held.swap(0, 1);
        }
        reader.release();
        reader.wait_text(&format!("#said_{number} p + p"), &text);
        reader.wait_text("#flash", "Comment was successfully updated.");
    }
}

#[test]
fn answers_for_comments_that_have_gone_meanwhile_say_so() {
    let (reader, number) = on_a_comment("A post to be in a hurry on");
    reader.allow_fault("status of 404");
    reader.ask_to_destroy(&number);
    reader.hold_answers();
    // The answer to "Cancel" comes after the comment was destroyed.
    reader.click(&format!("#confirm_{number}"));
    reader.held(1);
    reader.click(&format!("#destroy_{number}"));
    reader.held(2);
    reader.release();
    reader.wait(&format!("document.querySelector('#comment_{number}') === null"));
    reader.wait("document.querySelector('#flash .alert') !== null");
    assert!(reader.flash().starts_with("The page you were looking for doesn't exist."), "{}", reader.flash());
    assert_eq!(reader.text("h2.comments_count"), "0 comments");
}

#[test]
fn a_second_press_opens_no_second_form_over_what_was_typed() {
    let (reader, number) = on_a_comment("A post to press twice on");
    reader.hold_answers();
    for control in [format!("#edit_{number}"), format!("#edit_{number}")] {
        reader.click(&control);
    }
    reader.held(1);
    reader.release_one();
    reader.wait(&format!("document.activeElement.matches('#edited_body_{number}')"));
    reader.type_over(TYPED);
    reader.release();
    reader.settle();
    assert_eq!(reader.value(&format!("#edited_body_{number}")), TYPED);
}

#[test]
fn a_busy_control_says_so_and_is_pressed_once() {
    let (reader, number) = on_a_comment("A post to wait on");
    reader.mark();
    reader.hold_answers();
    reader.fill("#body", "A comment that takes long");
    reader.click("#post_comment");
    reader.held(1);
    assert_eq!(reader.flash(), "", "the notice about the comment before is gone");
    reader.wait("document.querySelector('#post_comment').ariaBusy === 'true'");
    assert_eq!(reader.evaluate("getComputedStyle(document.querySelector('#post_comment')).opacity"), "0.5");
    assert_eq!(reader.text("#flash .visually-hidden"), "One moment…", "screen readers say it");
    assert_eq!(reader.count("[aria-busy]"), 1);
    // What is being sent cannot be changed, since the answer brings a new form.
    reader.insert(" and more");
    assert_eq!(reader.value("#body"), "A comment that takes long");
    reader.click("#post_comment");
    reader.press("Enter");
    reader.evaluate("1");
    reader.held(1);
    reader.release();
    reader.wait_text("#flash", "Comment was successfully created.");
    reader.settle();
    assert_eq!(reader.count("[aria-busy], [readonly]"), 0);
    assert_eq!(reader.count("#comment_list li"), 2);
    // Links and arrows are controls, too.
    reader.hold_answers();
    reader.click(&format!("#reply_{number}"));
    reader.wait(&format!("document.querySelector('#reply_{number}').ariaBusy === 'true'"));
    reader.release();
    reader.wait(&format!("document.activeElement.matches('#reply_body_{number}')"));
    assert_eq!(reader.count("[aria-busy]"), 0);
    assert!(reader.is_marked());
}

#[test]
fn a_quick_answer_shows_nothing_busy() {
    let (reader, number) = on_a_comment("A post to be quick on");
    reader.evaluate(
        "window.seen = 0;
         new MutationObserver(() => seen++).observe(document.body,
            {attributes: true, attributeFilter: ['aria-busy'], subtree: true})",
    );
    // The clock of the page stands, so that a slow machine is no slow answer.
    reader.evaluate("window.setTimeout = () => 0");
    type_reply(&reader, &number, "A quick reply");
    reader.click(&format!("#post_reply_{number}"));
    reader.wait_text(&format!("#replies_{number} p + p"), "A quick reply");
    assert_eq!(reader.evaluate("seen"), 0);
}

#[test]
fn a_control_is_busy_until_the_next_page_and_not_when_the_reader_comes_back() {
    let author = Reader::on_new_site();
    let name = author.sign_in();
    let path = author.new_post("A post for guests to vote for");
    let reader = author.another();
    reader.allow_fault("status of 401");
    reader.open(&path);
    reader.hold_answers();
    reader.click(".vote");
    reader.wait("document.querySelector('.vote').ariaBusy === 'true'");
    reader.await_navigation(|| reader.release());
    assert_eq!(reader.path(), "/sign_in");
    reader.back();
    assert_eq!(reader.path(), path);
    assert_eq!(reader.count("[aria-busy]"), 0);
    assert!(reader.text(".byline").contains(&name));
}

#[test]
fn a_refusal_does_not_stand_beside_the_notice_before_it() {
    let (reader, _) = on_a_comment("A post to succeed and fail on");
    reader.allow_fault("status of 422");
    reader.fill("#body", "A comment that is accepted");
    reader.click("#post_comment");
    reader.wait_text("#flash", "Comment was successfully created.");
    reader.settle();
    reader.fill("#body", "hm");
    reader.click("#post_comment");
    reader.wait("document.querySelector('#comment_form .errors') !== null");
    assert_eq!(reader.count("#flash > *"), 0);
    // A notice follows an alert as well.
    reader.fill("#body", "Another comment that is accepted");
    reader.click("#post_comment");
    reader.wait_text("#flash", "Comment was successfully created.");
    assert_eq!(reader.count("#flash > *"), 1);
}

const FOREIGN: &str = "Something else answered in place of this site";
const ADVICE: &str = "open the site in another tab, then try again.";

#[test]
fn an_answer_that_is_not_the_sites_is_reported_whatever_its_status() {
    let (reader, number) = on_a_comment("A post behind a proxy");
    let html = [("Content-Type", "text/html; charset=utf-8")];
    let bot_check = "<!DOCTYPE html><title>One moment</title><h1>Are you a robot?</h1>";
    reader.fill("#body", TYPED);
    reader.mark();
    for (status, headers, body) in [
        (200, &html[..], bot_check),
        (200, &html[..], ""),
        (204, &[][..], ""),
        (200, &html[..], "{\"ok\": true}"),
    ] {
        for control in ["#post_comment".to_owned(), format!("#reply_{number}"), format!("#destroy_{number}")]
        {
            reader.evaluate("document.getElementById('flash').replaceChildren()");
            reader.answer_instead(status, headers, body, || reader.click(&control));
            reader.wait_text("#flash .alert", &format!("{FOREIGN}. What you typed is still here: {ADVICE}"));
            assert_eq!(reader.value("#body"), TYPED, "{control} {status}");
            assert_eq!(reader.count("main h1"), 1);
            assert_eq!(reader.count("[aria-busy], [readonly]"), 0);
        }
    }
    // The list of keys is another page then, and the reader stays on theirs.
    reader.evaluate("document.getElementById('flash').replaceChildren(); document.activeElement.blur()");
    reader.answer_instead(200, &html, bot_check, || reader.type_key('?', 8));
    reader.wait_text("#flash .alert", &format!("{FOREIGN}. What you typed is still here: {ADVICE}"));
    assert!(reader.is_marked());
    // The same control works when the site answers again.
    reader.click("#post_comment");
    reader.wait_text("#flash", "Comment was successfully created.");
    assert!(reader.is_marked());
}

#[test]
fn a_redirect_to_a_page_that_is_not_the_sites_changes_nothing() {
    let reader = Reader::new();
    reader.open("/search");
    reader.mark();
    // A proxy sends its reader to its sign-in page, which is at an address of this site.
    reader.answer_instead(302, &[("Location", "/robots.txt")], "", || reader.fill("#q", "dolor"));
    reader.wait("document.querySelector('#flash .alert') !== null");
    assert_eq!(reader.flash(), format!("{FOREIGN}: {ADVICE}"));
    assert_eq!((reader.path(), reader.value("#q")), ("/search".into(), "dolor".into()));
    assert!(reader.is_marked());
}
