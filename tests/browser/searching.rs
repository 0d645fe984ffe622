//! Searching while the reader types.

use crate::reader::{NARROW, Reader};

fn summary(reader: &Reader) -> String {
    reader.text("#found")
}

fn query(reader: &Reader) -> String {
    reader.evaluate("location.search").as_str().expect("a text").into()
}

/// Waits until the address has this query and no request is pending.
fn await_results(reader: &Reader, query: &str) {
    reader.wait(&format!("location.search === {query:?}"));
    reader.wait("document.querySelector('.htmx-request') === null");
}

#[test]
fn results_and_the_address_follow_the_typing() {
    let reader = Reader::new();
    reader.open("/");
    reader.follow("header a[href='/search']");
    reader.mark();
    assert_eq!(reader.focus(), "q", "the field has the focus");
    assert_eq!((summary(&reader), reader.count("#results li")), (String::new(), 0));
    reader.type_over("dol");
    await_results(&reader, "?q=dol");
    reader.wait("document.querySelectorAll('#results li').length === 20");
    assert!(reader.text("#results mark").to_lowercase().starts_with("dol"));
    assert_eq!(reader.focus(), "q");
    reader.type_over("dolor sit");
    await_results(&reader, "?q=dolor+sit");
    assert_eq!((reader.focus(), reader.value("#q")), ("q".into(), "dolor sit".into()));
    reader.type_over("unheard thing");
    reader.wait_text("#found", "No results.");
    reader.type_over("unheard of");
    reader.wait_text(
        "#found",
        "No results with “of” as a whole word. Keep typing: from three letters on, beginnings of words are found too.",
    );
    assert_eq!(reader.count("#results li"), 0);
    reader.type_over("\"*(");
    reader.wait_text("#found", "Type at least one word (letters or digits).");
    reader.type_over("dolor type:comment");
    await_results(&reader, "?q=dolor+type%3Acomment");
    reader.wait("document.querySelectorAll('#results li').length === 20");
    assert_eq!(reader.count("#results li[id^=post_]"), 0);
    assert!(reader.is_marked(), "no page was loaded");

    // The fragments add up to the page at this address.
    let (found, shown) = (summary(&reader), reader.text("#results"));
    reader.reload();
    assert_eq!((summary(&reader), reader.text("#results")), (found, shown));
    assert_eq!(reader.value("#q"), "dolor type:comment");
}

#[test]
fn going_back_from_a_result_shows_all_results() {
    let reader = Reader::new();
    reader.open("/search");
    reader.click("#q");
    reader.type_over("dolor type:post");
    await_results(&reader, "?q=dolor+type%3Apost");
    reader.wait("document.querySelectorAll('#results li').length === 20");
    let found = summary(&reader);
    reader.follow("#results li a");
    assert!(reader.path().starts_with("/posts/"), "{}", reader.path());
    reader.back();
    reader.assert_full_page();
    assert_eq!((reader.path(), query(&reader)), ("/search".into(), "?q=dolor+type%3Apost".into()));
    assert_eq!((summary(&reader), reader.value("#q")), (found, "dolor type:post".into()));
    assert_eq!(reader.count("#results li"), 20);

    // The Enter key and the links for the order create history entries.
    reader.click("#q");
    reader.type_over("dolor sit");
    reader.follow_by_key("Enter");
    reader.assert_full_page();
    assert_eq!((query(&reader), reader.value("#q")), ("?q=dolor+sit".into(), "dolor sit".into()));
    reader.follow(".orders a:nth-of-type(2)");
    assert_eq!(query(&reader), "?q=dolor+sit&order=date");
    reader.back();
    assert_eq!(query(&reader), "?q=dolor+sit");
}

#[test]
fn a_search_works_without_javascript() {
    let reader = Reader::new();
    reader.disable_javascript();
    reader.open("/");
    reader.follow("header a[href='/search']");
    reader.fill("#q", "dolor type:comment");
    reader.follow("#search_button");
    assert_eq!(reader.count("#results li"), 20);
    assert!(summary(&reader).ends_with(" results."), "{}", summary(&reader));
    reader.follow(".pager a");
    assert_eq!(query(&reader), "?q=dolor+type%3Acomment&page=2");
    reader.follow("#results li p a");
    assert!(reader.path().starts_with("/comments/"), "{}", reader.path());
}

#[test]
fn a_search_result_can_be_voted_for() {
    let reader = Reader::new();
    reader.sign_in();
    reader.set_width(NARROW);
    reader.open("/search?q=dolor+type:post");
    reader.mark();
    let arrow = reader.evaluate("document.querySelector('#results .vote').id");
    let arrow = format!("#{}", arrow.as_str().expect("an id"));
    reader.click(&arrow);
    reader.wait(&format!("document.querySelector({arrow:?}).ariaPressed === 'true'"));
    assert!(reader.is_marked());
    reader.click(&arrow);
    reader.wait(&format!("document.querySelector({arrow:?}).ariaPressed === 'false'"));
}
