//! Names and texts in scripts that are read from right to left.

use lorem_news::comment::{self, NewComment};
use lorem_news::post::{self, NewPost, link};
use lorem_news::types::id::UserId;
use lorem_news::types::time::{MINUTE, Timestamp};
use lorem_news::user::{self, NewUser};

use crate::access::assert_accessible;
use crate::reader::{NARROW, Reader, WIDE};

/// The parts of a line that do not stand behind the part before them, from left to right and line by line. The
/// parts are characters, and `bdi` elements as a whole.
const OUT_OF_ORDER: &str = "(line => {
    const parts = [];
    const walk = node => {
        if (node.nodeName === 'BDI') {
            const range = document.createRange();
            range.selectNodeContents(node);
            parts.push([node.textContent, range.getClientRects()]);
        } else if (node.nodeType === Node.TEXT_NODE) {
            for (let at = 0; at < node.length; at++) {
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                if (node.data[at].trim()) parts.push([node.data[at], range.getClientRects()]);
            }
        } else {
            node.childNodes.forEach(walk);
        }
    };
    walk(line);
    // An element that is broken into two lines has a box in each.
    const shown = parts.filter(([, boxes]) => boxes.length > 0);
    return shown.flatMap(([text, boxes], at) => {
        const [box, before] = [boxes[0], shown[at - 1]?.[1][shown[at - 1][1].length - 1]];
        const follows = !before || box.left >= before.right - 1 || box.top >= before.bottom - 1;
        return follows ? [] : [text];
    }).join(' ');
})";

/// A reader on a site with a post and a comment of users whose names are in Hebrew and Arabic.
fn on_a_discussion() -> (Reader, i64) {
    let reader = Reader::on_new_site();
    let database = reader.site.database();
    let person = |screen_name| {
        let new = NewUser { screen_name, password_hash: "none", about: "", created_at: Timestamp::now() };
        user::sql::create(&database, &new).expect("an answer").expect("the name is free")
    };
    let (author, other) = (person("דוד 6"), person("مريم 7"));
    let link = link::parse("https://example.com/3").expect("a link");
    let created_at = Timestamp::now() - 5 * MINUTE;
    let new = NewPost {
        user_id: author,
        title: "كتاب جديد 2026!",
        link: Some(&link),
        description: "שלום, 3 דברים.\n\nIn English, too.",
        created_at,
    };
    let post_id = post::sql::create(&database, &new).expect("an answer").expect("the title is free");
    for (user_id, body) in [(other, "مرحبا، 4 أشياء!"), (UserId::new(1), "A remark.")] {
        let new = NewComment { post_id, parent_id: None, user_id, body, created_at };
        comment::sql::create(&database, &new).expect("a comment");
    }
    (reader, post_id.get())
}

#[test]
fn a_line_with_a_name_from_right_to_left_keeps_its_order() {
    let (reader, id) = on_a_discussion();
    let post = format!("/posts/{id}");
    for (page, lines) in [
        ("/posts", ["ol.posts > li:first-child .byline", "ol.posts > li:first-child"]),
        (&post, ["main .byline", "#comment_list li p"]),
    ] {
        reader.open(page);
        for line in lines.into_iter().filter(|line| reader.count(line) > 0) {
            let of_line = format!("{OUT_OF_ORDER}(document.querySelector({line:?}))");
            assert!(reader.text(line).contains("5 minutes"), "{page} {line}: {}", reader.text(line));
            for width in [WIDE, NARROW] {
                reader.set_width(width);
                assert_eq!(reader.evaluate(&of_line), "", "{page} {line} at {width} px");
            }
            reader.set_width(WIDE);
            // Without the elements the parts change places: the check sees it.
            reader.evaluate(&format!(
                "document.querySelector({line:?}).querySelectorAll('bdi').forEach(bdi => bdi.replaceWith(...bdi.childNodes))"
            ));
            assert_ne!(reader.evaluate(&of_line), "", "{page} {line}");
        }
    }
}

#[test]
fn a_text_begins_on_the_side_of_its_letters() {
    let (reader, id) = on_a_discussion();
    reader.open(&format!("/posts/{id}"));
    let side = |selector: &str| {
        let script = format!("getComputedStyle(document.querySelector({selector:?})).direction");
        reader.evaluate(&script).as_str().expect("a direction").to_owned()
    };
    assert_eq!([side("main .prose p"), side("main .prose p + p")], ["rtl", "ltr"]);
    assert_eq!(side("#comment_list li p[dir]"), "rtl");
    assert_accessible(&reader, "a discussion from right to left");
    reader.sign_in();
    reader.open("/posts/new");
    for (text, direction) in [("שלום עולם", "rtl"), ("Hello, world", "ltr")] {
        for field in ["#title", "#description"] {
            reader.fill(field, text);
            assert_eq!(side(field), direction, "{field} with {text}");
        }
    }
}
