//! The newest comments, and following.

use crate::access::assert_accessible;
use crate::reader::Reader;

#[test]
fn a_reader_follows_an_author_and_reads_their_comments() {
    let author = Reader::on_new_site();
    author.sign_in();
    let path = author.new_post("A post to be commented on");
    author.open(&path);
    author.fill("#body", "What I think of it.");
    author.click("#post_comment");
    author.wait("document.querySelectorAll('#comment_list li').length === 1");

    let reader = author.another();
    reader.open("/comments");
    assert_accessible(&reader, "the newest comments, for a guest");
    reader.sign_in();
    reader.open("/posts");
    reader.follow("nav.tabs a[href='/comments']");
    assert_eq!(reader.text("#comments > li:first-child > div > p ~ p"), "What I think of it.");
    assert_accessible(&reader, "the newest comments");
    reader.follow("#comments > li:first-child > div > p > a");
    assert_accessible(&reader, "the page of another user");
    reader.follow("#follow");
    assert_eq!(reader.text("#follow"), "Unfollow");
    reader.open("/posts");
    reader.follow("nav.tabs a[href='/comments/followed']");
    assert_eq!(reader.text("#comments > li > div > p ~ p"), "What I think of it.");
    assert_accessible(&reader, "the comments of followed people");
    reader.follow("#followed button");
    assert_eq!((reader.path(), reader.count("#comments")), ("/comments/followed".to_owned(), 0));
    assert_eq!(reader.flash(), "You do not follow them any more.");
}

#[test]
fn a_reader_does_so_without_javascript() {
    let author = Reader::on_new_site();
    author.sign_in();
    let reader = author.another();
    reader.sign_in();
    reader.disable_javascript();
    reader.open("/users/1");
    reader.follow("#follow");
    assert_eq!((reader.path(), reader.text("#follow")), ("/users/1".to_owned(), "Unfollow".to_owned()));
    reader.open("/comments/followed");
    reader.follow("#followed button");
    assert_eq!((reader.path(), reader.count("#followed")), ("/comments/followed".to_owned(), 0));
}
