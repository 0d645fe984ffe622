//! The inbox.

use crate::access::assert_accessible;
use crate::reader::Reader;

/// Opens the front page as the author of a post on which another user has commented.
fn answered() -> Reader {
    let author = Reader::on_new_site();
    author.sign_in();
    let path = author.new_post("A post to be answered");
    let other = author.another();
    other.sign_in();
    other.open(&path);
    other.fill("#body", "What do you mean by that?");
    other.click("#post_comment");
    other.wait("document.querySelectorAll('#comment_list li').length === 1");
    author.open("/");
    assert_eq!(author.text("header a.inbox"), "Inbox (1)\nunread");
    author
}

#[test]
fn an_author_reads_an_answer_and_mutes_the_discussion() {
    let author = answered();
    author.follow("header a.inbox");
    assert_eq!((author.text("h1"), author.text("#inbox .badge")), ("Inbox".to_owned(), "new".to_owned()));
    assert_accessible(&author, "the inbox");
    author.follow("#inbox button.link");
    assert_eq!(author.flash(), "Muted: nothing of that discussion comes into your inbox any more.");
    assert_eq!(
        (author.path(), author.text("#inbox button.link")),
        ("/inbox".to_owned(), "Unmute".to_owned())
    );
    assert_eq!((author.count("#inbox .badge"), author.text("header a.inbox")), (0, "Inbox".to_owned()));
    author.follow("#renew_feed");
    assert_eq!(
        (author.count("#inbox_feed"), author.text("#renew_feed")),
        (1, "Change the address".to_owned())
    );
    assert_accessible(&author, "the inbox with its feed");
    author.follow("#inbox .actions a");
    assert_eq!(author.text("h1"), "Reply");
}

#[test]
fn an_author_does_so_without_javascript() {
    let author = answered();
    author.disable_javascript();
    author.open("/inbox");
    author.follow("#inbox button.link");
    assert_eq!(
        (author.path(), author.text("#inbox button.link")),
        ("/inbox".to_owned(), "Unmute".to_owned())
    );
    author.follow("#inbox button.link");
    assert_eq!(author.text("#inbox button.link"), "Mute");
    author.follow("#renew_feed");
    assert_eq!(author.count("#inbox_feed"), 1);
}
