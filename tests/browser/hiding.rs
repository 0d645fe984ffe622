//! Hiding posts, and muting people and sites.

use crate::access::assert_accessible;
use crate::reader::Reader;

/// An author of a post with a comment of their own, and another reader.
fn author_and_reader() -> (Reader, String) {
    let author = Reader::on_new_site();
    author.sign_in();
    let path = author.new_post("A post to be hidden");
    author.open(&path);
    author.fill("#body", "What I think of it.");
    author.click("#post_comment");
    author.wait("document.querySelectorAll('#comment_list li').length === 1");
    let reader = author.another();
    reader.sign_in();
    (reader, path)
}

#[test]
fn a_reader_hides_a_post_in_place_and_undoes_it() {
    let (reader, path) = author_and_reader();
    let button = format!("#hide_{}", path.trim_start_matches("/posts/"));
    reader.open("/posts");
    assert_accessible(&reader, "a list with buttons to hide posts");
    let before = reader.count("ol.posts > li");
    reader.mark();
    reader.click(&button);
    reader.wait(&format!("!document.querySelector('{button}')"));
    assert!(reader.is_marked(), "no page was loaded");
    assert_eq!(reader.count("ol.posts > li"), before - 1);
    assert_eq!(reader.flash(), "Hidden: lists do not show you that post any more. Undo");
    reader.follow("#undo");
    assert_eq!((reader.path(), reader.count(&button)), ("/posts".to_owned(), 1));
    assert_eq!(reader.flash(), "Lists show you that post again.");

    reader.open(&path);
    reader.click(&button);
    reader.wait_text(&button, "Show again");
    reader.follow("header a.self");
    reader.follow("main a[href='/hidden']");
    assert_accessible(&reader, "the hidden posts");
    reader.follow(&button);
    assert_eq!((reader.path(), reader.count("ol.posts > li")), ("/hidden".to_owned(), 0));
}

#[test]
fn a_reader_mutes_an_author_whose_comments_are_folded() {
    let (reader, path) = author_and_reader();
    reader.open(&path);
    reader.follow(".byline a[href^='/users/']");
    reader.follow("#mute");
    assert_eq!(reader.text("#mute"), "Unmute");
    assert_accessible(&reader, "the page of a muted user");
    reader.open(&path);
    assert_eq!(reader.count("#comment_list details.muted:not([open])"), 1);
    reader.click("#comment_list details.muted > summary");
    assert_eq!(reader.text("#comment_list details.muted > p"), "What I think of it.");
    assert_accessible(&reader, "a discussion with a muted user");
    reader.open("/muted");
    assert_accessible(&reader, "the muted people and sites");
    reader.follow("#muted button");
    assert_eq!((reader.path(), reader.count("#muted")), ("/muted".to_owned(), 0));
}

#[test]
fn a_reader_does_so_without_javascript() {
    let (reader, path) = author_and_reader();
    reader.disable_javascript();
    let button = format!("#hide_{}", path.trim_start_matches("/posts/"));
    reader.open("/posts");
    reader.follow(&button);
    assert_eq!((reader.path(), reader.count(&button)), ("/posts".to_owned(), 0));
    reader.follow("#undo");
    assert_eq!((reader.path(), reader.count(&button)), ("/posts".to_owned(), 1));
    reader.open("/from?site=example.com");
    reader.follow("#mute");
    assert_eq!(reader.text("#mute"), "Unmute");
    reader.open("/muted");
    reader.follow("#unmute_site_0");
    assert_eq!(reader.count("#muted"), 0);
}
