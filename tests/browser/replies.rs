//! Writing and reading replies.

use crate::reader::{NARROW, Reader};

/// A reader on their own new post with a comment, and the id of the comment.
fn with_a_comment(title: &str) -> (Reader, String) {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post(title);
    reader.fill("#body", "A comment to reply to");
    reader.click("#post_comment");
    reader.wait_text("h2.comments_count", "1 comment");
    let id = reader.evaluate("document.querySelector('#comment_list li').id");
    let number = id.as_str().expect("it has an id").trim_start_matches("comment_").to_owned();
    (reader, number)
}

/// Writes a reply in place and waits until it is shown. Returns its id.
fn reply(reader: &Reader, number: &str, text: &str) -> String {
    let replies = reader.count("#comment_list li") + 1;
    reader.click(&format!("#reply_{number}"));
    reader.wait(&format!("document.activeElement.matches('#reply_body_{number}')"));
    reader.type_over(text);
    reader.click(&format!("#post_reply_{number}"));
    reader.wait(&format!("document.querySelectorAll('#comment_list li').length === {replies}"));
    let id = reader.evaluate(&format!("document.querySelector('#replies_{number}').lastElementChild.id"));
    id.as_str().expect("it has an id").trim_start_matches("comment_").to_owned()
}

#[test]
fn a_reply_appears_in_place() {
    let (reader, number) = with_a_comment("A post to reply on");
    let path = reader.path();
    reader.mark();
    assert_eq!(reader.count("#comment_list details ol"), 0);
    let first = reply(&reader, &number, "The first reply");
    reader.wait_text("h2.comments_count", "2 comments");
    assert_eq!(reader.count(&format!("#reply_{number}_form")), 0, "the form is closed");
    assert_eq!(reader.focus(), format!("reply_{number}"), "the focus is where it was");
    assert_eq!(reader.flash(), "Comment was successfully created.");
    assert_eq!(reader.text(&format!("#thread_{number} > summary > span")), "1 reply");
    reply(&reader, &number, "The second reply");
    assert_eq!(reader.text(&format!("#thread_{number} > summary > span")), "2 replies");
    let inner = reply(&reader, &first, "A reply to the first");
    assert_eq!(reader.count(&format!("#replies_{number} #replies_{first} > #comment_{inner}")), 1);
    assert!(reader.is_marked(), "no page was loaded");
    assert_eq!(reader.path(), path);
    let shown = reader.said();
    reader.reload();
    assert_eq!(reader.said(), shown, "a reload shows the same page");
}

#[test]
fn a_reply_form_can_be_closed_and_opens_only_once() {
    let (reader, number) = with_a_comment("A post to hesitate on");
    let (link, field) = (format!("#reply_{number}"), format!("#reply_body_{number}"));
    reader.click(&link);
    reader.wait(&format!("document.activeElement.matches('{field}')"));
    reader.type_over("Words that must not be lost");
    reader.press("Tab");
    reader.click(&link);
    reader.settle();
    assert_eq!(reader.value(&field), "Words that must not be lost");
    reader.wait(&format!("document.activeElement.matches('{field}')"));
    assert_eq!(reader.count(&format!("#thread_{number} > form")), 1);
    // Other page changes do not affect the form.
    reader.fill("#body", "Another comment meanwhile");
    reader.click("#post_comment");
    reader.wait_text("h2.comments_count", "2 comments");
    assert_eq!(reader.value(&field), "Words that must not be lost");
    reader.click(&format!("#cancel_reply_{number}"));
    reader.wait(&format!("document.querySelector('{field}') === null"));
    assert_eq!(reader.focus(), format!("reply_{number}"));

    reader.allow_fault("status of 422");
    reader.click(&link);
    reader.wait(&format!("document.activeElement.matches('{field}')"));
    reader.type_over("hm");
    reader.click(&format!("#post_reply_{number}"));
    reader
        .wait_text(&format!("#thread_{number} > form .error"), "Body is too short (minimum is 5 characters)");
    assert_eq!(reader.value(&field), "hm");
    reader.fill(&field, "hm, but longer");
    reader.double_click(&format!("#post_reply_{number}"));
    reader.wait_text("h2.comments_count", "3 comments");
    reader.settle();
    assert_eq!(reader.count(&format!("#replies_{number} > li")), 1, "a double click creates one reply");
}

#[test]
fn a_folded_thread_stays_folded_during_page_changes() {
    let (reader, number) = with_a_comment("A post to fold up");
    let first = reply(&reader, &number, "A reply to be hidden");
    let inner = reply(&reader, &first, "A deeper reply");
    reader.mark();
    let is_open = |number: &str| reader.evaluate(&format!("document.querySelector('#thread_{number}').open"));
    let says = |number: &str, word: &str| {
        let after =
            format!("getComputedStyle(document.querySelector('#thread_{number} > summary'), '::after')");
        assert_eq!(reader.evaluate(&format!("{after}.content.includes('{word}')")), true, "{word}");
    };
    says(&first, "hide");
    reader.click(&format!("#thread_{first} > summary"));
    assert_eq!(is_open(&first), false);
    says(&first, "show");
    says(&number, "hide");
    assert_eq!(reader.evaluate(&format!("document.querySelector('#said_{inner}').checkVisibility()")), false);
    // Neither an edited comment above the thread nor a new one unfolds it.
    reader.click(&format!("#edit_{number}"));
    reader.wait(&format!("document.activeElement.matches('#edited_body_{number}')"));
    reader.type_over("A comment that was changed");
    reader.click(&format!("#edit_{number}"));
    reader.wait_text(&format!("#said_{number} p + p"), "A comment that was changed");
    reply(&reader, &number, "Another reply");
    assert_eq!((is_open(&number), is_open(&first)), (true.into(), false.into()));
    reader.destroy_comment(&number);
    reader.wait_text(&format!("#said_{number} p + p"), "[deleted]");
    assert_eq!((is_open(&number), is_open(&first)), (true.into(), false.into()));
    assert_eq!(reader.count("#comment_list li"), 4, "the replies stay");
    assert!(reader.is_marked());
    reader.press("Tab");
    reader.click(&format!("#thread_{first} > summary"));
    reader.destroy_comment(&inner);
    reader.wait(&format!("document.querySelector('#replies_{first}') === null"));
    assert_eq!(reader.text(&format!("#thread_{first} > summary > span")), "");
}

#[test]
fn a_folded_comment_stays_folded_on_this_device() {
    let (reader, number) = with_a_comment("A post to read in parts");
    let first = reply(&reader, &number, "A reply to be hidden");
    let is_open = || reader.evaluate(&format!("document.querySelector('#thread_{first}').open"));
    reader.click(&format!("#thread_{first} > summary"));
    reader.wait("localStorage.folded !== ''");
    let seen = reader.evaluate(&format!("document.querySelector('#said_{first}').checkVisibility()"));
    assert_eq!(seen, false, "a comment without replies folds, too");
    reader.reload();
    assert_eq!(is_open(), false);
    // By keyboard, a folded comment is a step like others.
    reader.click("h1");
    reader.press("j");
    reader.press("j");
    assert_eq!(
        reader.evaluate(&format!("document.activeElement.closest('details')?.id === 'thread_{first}'")),
        true
    );
    reader.press("Enter");
    reader.wait(&format!("document.querySelector('#thread_{first}').open"));
    reader.wait("localStorage.folded === ''");
    reader.reload();
    assert_eq!(is_open(), true);
}

#[test]
fn a_link_to_a_comment_unfolds_the_threads_around_it() {
    let (reader, number) = with_a_comment("A post to unfold");
    let first = reply(&reader, &number, "A reply to be hidden");
    let inner = reply(&reader, &first, "A reply to be seen");
    let path = reader.path();
    for linked in [&inner, &first] {
        for thread in [linked, &number] {
            reader.click(&format!("#thread_{thread} > summary"));
            reader.wait(&format!("localStorage.folded.split(' ').at(-1) === 'thread_{thread}'"));
        }
        reader.open("/posts");
        reader.open(&format!("{path}#comment_{linked}"));
        reader.wait(&format!("document.querySelector('#said_{linked}').checkVisibility()"));
        let mark =
            format!("getComputedStyle(document.querySelector('#said_{linked}'), '::before').borderLeftWidth");
        assert_eq!(reader.evaluate(&mark), "4px", "it has a mark at its side");
    }
    // So does a link on the page itself: the other one is still folded. (Without a click it counts as a shift.)
    reader.allow_fault("moved by");
    reader.wait(&format!("!document.querySelector('#said_{inner}').checkVisibility()"));
    reader.evaluate(&format!("location.hash = '#comment_{inner}'"));
    reader.wait(&format!("document.querySelector('#said_{inner}').checkVisibility()"));
}

#[test]
fn a_comment_sent_twice_keeps_the_replies_below_it() {
    let (reader, number) = with_a_comment("A post to be nervous on");
    let first = reply(&reader, &number, "The first reply");
    reply(&reader, &first, "A reply to the first");
    reader.click(&format!("#reply_{first}"));
    reader.wait(&format!("document.activeElement.matches('#reply_body_{first}')"));
    reader.type_over("Words that must not be lost");
    // Sends the first comment again, and then the first reply.
    reader.fill("#body", "A comment to reply to");
    reader.click("#post_comment");
    reader.wait("document.querySelector('#body').value === ''");
    reader.settle();
    reader.click(&format!("#reply_{number}"));
    reader.wait(&format!("document.activeElement.matches('#reply_body_{number}')"));
    reader.type_over("The first reply");
    reader.click(&format!("#post_reply_{number}"));
    reader.wait(&format!("document.querySelector('#reply_{number}_form') === null"));
    reader.settle();
    assert_eq!(reader.count("#comment_list li"), 3);
    assert_eq!(reader.value(&format!("#reply_body_{first}")), "Words that must not be lost");
    assert_eq!(reader.text("h2.comments_count"), "3 comments");
}

#[test]
fn destroying_the_comment_of_a_page_leads_to_its_parent() {
    let (reader, number) = with_a_comment("A post to tidy up");
    let path = reader.path();
    let first = reply(&reader, &number, "The first reply");
    let inner = reply(&reader, &first, "A reply to the first");
    reader.open(&format!("/comments/{first}"));
    reader.mark();
    reader.destroy_comment(&inner);
    reader.wait(&format!("document.querySelector('#comment_{inner}') === null"));
    assert_eq!(reader.focus(), format!("comment_{first}"));
    assert!(reader.is_marked());
    reader.ask_to_destroy(&first);
    reader.follow(&format!("#confirm_{first}"));
    assert_eq!(reader.path(), path);
    assert_eq!(reader.evaluate("location.hash"), format!("#comment_{number}"));
    assert_eq!(reader.flash(), "Comment was successfully destroyed. Undo");
}

#[test]
fn a_reply_is_written_without_javascript() {
    let reader = Reader::new();
    reader.allow_fault("status of 422");
    reader.disable_javascript();
    reader.sign_in();
    let path = reader.new_post("A post to reply on by plain forms");
    reader.fill("#body", "A comment to reply to");
    reader.follow("#post_comment");
    reader.follow("#comment_list a[id^=reply_]");
    assert_eq!(reader.text("h1").to_lowercase(), "reply");
    assert_eq!(reader.text("main .prose"), "A comment to reply to");
    reader.fill("#body", "hm");
    reader.follow("main form button");
    assert_eq!(reader.text("#body_errors"), "Body is too short (minimum is 5 characters)");
    reader.fill("#body", "A reply by a plain form");
    reader.follow("main form button");
    assert_eq!((reader.path(), reader.flash()), (path, "Comment was successfully created.".into()));
    let hash = reader.evaluate("location.hash.slice(1)");
    assert_eq!(reader.evaluate("document.querySelector('#comment_list ol > li').id"), hash);
    reader.follow("#comment_list ol > li p a[href^='/comments/']");
    assert_eq!(reader.text("#comment_list li p + p"), "A reply by a plain form");
    reader.follow(".byline a:nth-of-type(2)");
    assert_eq!(reader.count("#comment_list li"), 2, "the parent and its reply");
}

#[test]
fn a_deep_thread_fits_a_narrow_window_and_continues_on_another_page() {
    let (reader, number) = with_a_comment("A post to go deep on");
    let mut deepest = number.clone();
    for level in 1..8 {
        deepest = reply(&reader, &deepest, &format!("A reply at level {level}, with some words in it"));
    }
    for width in [NARROW, crate::reader::WIDE] {
        reader.set_width(width);
        let fits = format!("document.documentElement.scrollWidth <= {width}");
        assert_eq!(reader.evaluate(&fits), true, "at {width}");
        let room = reader
            .evaluate(&format!("document.querySelector('#said_{deepest}').getBoundingClientRect().width"));
        assert!(room.as_f64().expect("a number") > 150.0, "{room} at {width}");
    }
    // Replies beyond the last level are added without further indentation.
    let deep = reply(&reader, &deepest, "A reply beyond the last level");
    let deeper = (0..6).fold(deep, |deepest, _| reply(&reader, &deepest, "A reply far beyond it"));
    for width in [crate::reader::WIDE, NARROW] {
        reader.set_width(width);
        let fits = format!("document.documentElement.scrollWidth <= {width}");
        assert_eq!(reader.evaluate(&fits), true, "at {width}");
        let left = |number: &str| {
            reader.evaluate(&format!("document.querySelector('#said_{number}').getBoundingClientRect().left"))
        };
        assert_eq!(left(&deeper), left(&deepest), "at {width}");
    }
    for _ in 0..7 {
        let last = reader.evaluate("[...document.querySelectorAll('#comment_list li')].pop().id");
        let last = last.as_str().expect("it has an id").trim_start_matches("comment_").to_owned();
        let left = reader.count("#comment_list li") - 1;
        reader.destroy_comment(&last);
        reader.wait(&format!("document.querySelectorAll('#comment_list li').length === {left}"));
        // Without a neighbour, the parent gets the focus.
        let parent = reader.evaluate("[...document.querySelectorAll('#comment_list li')].pop().id");
        assert_eq!(reader.focus(), parent.as_str().expect("it has an id"));
    }
    reader.reload();
    // At the last level a reply has a page of its own.
    reader.follow(&format!("#reply_{deepest}"));
    reader.fill("#body", "A reply beyond the last level");
    reader.follow("main form button");
    assert_eq!(reader.text(".prose, #comment_list ol li p + p"), "A reply beyond the last level");
    reader.open(&format!("/comments/{number}"));
    // A destroy button keeps its distance from other targets.
    for width in [NARROW, crate::reader::WIDE] {
        reader.set_width(width);
        let nearest = reader.evaluate(&format!(
            "(() => {{
                const button = document.querySelector('#destroy_{deepest}').getBoundingClientRect();
                return Math.min(...[...document.querySelectorAll('.comments :is(a, summary):not(#destroy_{deepest}), .rest a')].map(element => {{
                    const box = element.getBoundingClientRect();
                    const sideways = Math.max(box.left - button.right, button.left - box.right);
                    const down = Math.max(box.top - button.bottom, button.top - box.bottom);
                    return Math.max(sideways, down);
                }}));
            }})()"
        ));
        assert!(nearest.as_f64().expect("a number") >= 8.0, "{nearest} px at {width}");
    }
    reader.follow(".rest a");
    assert_eq!(reader.count("#comment_list li"), 2);
}
