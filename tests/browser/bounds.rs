//! Very long comments: cut on the page of the discussion, whole in place.

use lorem_news::comment::{self, NewComment};
use lorem_news::types::id::{PostId, UserId};
use lorem_news::types::time::Timestamp;

use crate::harness::recount;
use crate::reader::{NARROW, Reader, WIDE};

#[test]
fn a_comment_that_is_cut_is_shown_whole_in_place() {
    let reader = Reader::on_new_site();
    let database = reader.site.database();
    let body = format!("{}The end.", "http://a.example/a/page ".repeat(400));
    for _ in 0..30 {
        let (post_id, user_id) = (PostId::new(1), UserId::new(1));
        let new = NewComment { post_id, parent_id: None, user_id, body: &body, created_at: Timestamp::now() };
        comment::sql::create(&database, &new).expect("it can be made");
    }
    recount(&database);
    for width in [WIDE, NARROW] {
        reader.set_width(width);
        reader.open("/posts/1");
        reader.mark();
        let cut = reader.count(".rest a[id^=whole_]");
        assert!(cut > 5, "{cut}");
        let id = reader.evaluate("document.querySelector('.rest a[id^=whole_]').id");
        let link = format!("#{}", id.as_str().expect("it has an id"));
        let said = link.replace("whole", "said");
        assert!(!reader.text(&said).contains("The end."));
        reader.click(&link);
        reader.wait(&format!("document.querySelector('{link}') === null"));
        assert!(reader.text(&said).contains("The end."));
        assert_eq!(reader.count(".rest a[id^=whole_]"), cut - 1);
        assert!(reader.is_marked(), "no page was loaded");
        assert_eq!(reader.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, "{width}");
    }
}
