//! Reading by keyboard, in a chosen theme, and on paper.

use serde_json::Value;

use crate::access::assert_accessible;
use crate::reader::{NARROW, Reader, WIDE};

/// The position of the focused element in its list, from 1; 0 outside a list.
fn marked(reader: &Reader) -> u64 {
    let place = reader.evaluate(
        "[...document.querySelectorAll('.posts > li, .comments li')]
            .indexOf(document.activeElement.closest('.posts > li, .comments li')) + 1",
    );
    place.as_u64().expect("a number")
}

/// Whether the focus is visible.
fn is_seen(reader: &Reader) -> bool {
    reader.evaluate(
        "(() => {
            const box = document.activeElement.getBoundingClientRect();
            return getComputedStyle(document.activeElement).outlineStyle === 'solid'
                && box.top >= 0 && box.bottom <= innerHeight;
        })()",
    ) == true
}

fn press(reader: &Reader, keys: &str) {
    for key in keys.chars() {
        reader.type_key(key, if key == '?' { 8 } else { 0 });
    }
}

#[test]
fn keys_move_through_a_list_and_open_the_marked_post() {
    let reader = Reader::new();
    reader.open("/posts");
    assert_eq!(marked(&reader), 0);
    for (keys, place) in [("j", 1), ("j", 2), ("jj", 4), ("k", 3), ("kkk", 1)] {
        press(&reader, keys);
        assert_eq!((marked(&reader), is_seen(&reader)), (place, true), "{keys}");
    }
    assert_eq!(
        reader.evaluate("document.activeElement.matches('.posts > li > a')"),
        true,
        "the title has the focus"
    );
    let number = reader.count(".posts > li");
    for place in 2..=number {
        press(&reader, "j");
        assert_eq!((marked(&reader), is_seen(&reader)), (place, true));
    }
    press(&reader, "j");
    assert_eq!(marked(&reader), number, "the last post stays marked");

    let address = reader.evaluate("document.activeElement.pathname");
    reader.await_navigation(|| press(&reader, "o"));
    assert_eq!(Value::from(reader.path()), address);
    reader.back();
    press(&reader, "k");
    assert!(marked(&reader) > 0 && is_seen(&reader));
    reader.follow_by_key("Enter");
    assert!(reader.path().starts_with("/posts/"));
}

#[test]
fn keys_move_through_comments_and_visible_replies() {
    let reader = Reader::new();
    reader.open("/posts/1");
    // Replies are a list inside a comment. A part of this one is folded.
    reader.evaluate(
        "document.querySelector('.comments > li').insertAdjacentHTML('beforeend', `<ol>
            <li id='reply'><p>by <a href='/users/1'>somebody</a> · <a href='/comments/7'>now</a></p><p>A reply.</p>
                <details><summary>More</summary><ol><li><p>Not seen.</p></li></ol></details></li>
        </ol>`)",
    );
    press(&reader, "j");
    assert_eq!((marked(&reader), is_seen(&reader)), (1, true));
    press(&reader, "j");
    assert_eq!(
        (reader.evaluate("document.activeElement.closest('li').id"), is_seen(&reader)),
        ("reply".into(), true)
    );
    press(&reader, "j");
    assert_eq!(marked(&reader), 4, "the folded reply is skipped");
    press(&reader, "k");
    assert_eq!(reader.evaluate("document.activeElement.closest('li').id"), "reply");
    reader.allow_fault("status of 404");
    reader.await_navigation(|| press(&reader, "o"));
    assert_ne!(reader.path(), "/users/1", "the comment opens, not its author");
}

#[test]
fn a_key_votes_and_keeps_the_focus() {
    let reader = Reader::new();
    reader.sign_in();
    let own = reader.new_post("A post that its author cannot vote for");
    reader.open("/posts");
    let lefts = reader
        .evaluate("new Set([...document.querySelectorAll('.posts > li > a')].map(a => a.getBoundingClientRect().left)).size");
    assert_eq!(lefts, 1, "titles align with and without an arrow");
    reader.mark();
    // Finds the first post of another user, since other tests post here, too.
    let pressed = "document.activeElement.closest('li')?.querySelector('.vote')?.ariaPressed";
    press(&reader, "j");
    while reader.evaluate(pressed) == Value::Null {
        press(&reader, "uj");
    }
    let place = marked(&reader);
    let arrow = "getComputedStyle(document.activeElement.closest('li').querySelector('.vote'), '::before')";
    let outline = reader.evaluate(&format!("{arrow}.clipPath"));
    press(&reader, "u");
    reader.wait(&format!("{pressed} === 'true'"));
    assert_eq!((marked(&reader), is_seen(&reader)), (place, true));
    assert_ne!(
        reader.evaluate(&format!("{arrow}.clipPath")),
        outline,
        "the vote is visible without colours, too"
    );
    press(&reader, "j");
    assert_eq!(marked(&reader), place + 1, "the keys work after the fragment swap");
    press(&reader, "k");
    press(&reader, "u");
    reader.wait(&format!("{pressed} === 'false'"));
    assert!(reader.is_marked());

    // On a post's page the key votes for the post until a comment is marked.
    reader.open(&own);
    reader.mark();
    press(&reader, "u");
    reader.open("/posts/1");
    press(&reader, "u");
    reader.wait("document.querySelector('main > .byline .vote').ariaPressed === 'true'");
}

#[test]
fn a_guest_who_votes_by_key_is_led_to_the_sign_in_page() {
    let reader = Reader::new();
    reader.allow_fault("status of 401");
    reader.open("/posts");
    press(&reader, "j");
    reader.await_navigation(|| press(&reader, "u"));
    assert_eq!(reader.path(), "/sign_in");
}

#[test]
fn keys_type_letters_in_a_field() {
    let reader = Reader::new();
    reader.sign_in();
    reader.new_post("A post to type at");
    reader.click("#body");
    press(&reader, "jok?u");
    assert_eq!((reader.value("#body"), reader.focus()), ("jok?u".into(), "body".into()));
    assert_eq!(reader.count("dialog"), 0);
    reader.open("/preferences");
    reader.click("input[value=light]");
    press(&reader, "?j");
    assert_eq!((reader.count("dialog"), reader.path()), (0, "/preferences".into()));

    reader.open("/posts");
    for modifier in [1, 2, 4] {
        reader.type_key('j', modifier);
        assert_eq!(marked(&reader), 0, "a key with modifier {modifier} belongs to another program");
    }
    reader.evaluate(
        "document.querySelector('h1').contentEditable = true; document.querySelector('h1').focus()",
    );
    press(&reader, "j");
    assert_eq!(marked(&reader), 0);
}

#[test]
fn the_keys_are_listed_in_a_dialog_and_can_be_switched_off() {
    let reader = Reader::new();
    reader.open("/posts");
    reader.mark();
    press(&reader, "jj?");
    reader.wait("document.querySelector('dialog[open] #keys') !== null");
    assert_eq!(reader.text("dialog kbd"), "j");
    assert_eq!(reader.evaluate("document.activeElement.closest('dialog') !== null"), true);
    press(&reader, "j?");
    assert_eq!((reader.count("dialog"), marked(&reader)), (1, 0), "keys have no effect behind the dialog");
    assert_accessible(&reader, "the list of keys");
    reader.click("dialog > button");
    reader.wait("document.querySelector('dialog') === null");
    assert_eq!((marked(&reader), reader.is_marked()), (2, true), "the mark is where it was");

    press(&reader, "?");
    reader.wait("document.querySelector('dialog[open] #keys') !== null");
    reader.follow("dialog form button");
    assert_eq!(
        (reader.path(), reader.flash()),
        ("/posts".into(), "Preferences were successfully saved.".into())
    );
    assert_eq!(reader.count("script[src*=keys]"), 0);
    press(&reader, "j?u");
    reader.settle();
    assert_eq!((marked(&reader), reader.count("dialog"), reader.path()), (0, 0, "/posts".into()));

    reader.follow("footer a[rel=help]");
    reader.follow("main button");
    assert_eq!((reader.path(), reader.count("script[src*=keys]")), ("/keys".into(), 1));
    press(&reader, "?");
    reader.settle();
    assert_eq!(reader.count("dialog"), 0, "this page lists the keys already");
}

#[test]
fn a_chosen_theme_overrides_the_system() {
    let reader = Reader::new();
    let paper = || reader.evaluate("getComputedStyle(document.body).backgroundColor");
    let field = || reader.evaluate("getComputedStyle(document.documentElement).colorScheme");
    reader.open("/posts/1");
    reader.set_colour_scheme("light");
    let light = paper();
    reader.set_colour_scheme("dark");
    let dark = paper();
    assert_ne!(light, dark);
    for (theme, system, expected) in [("dark", "light", &dark), ("light", "dark", &light)] {
        reader.follow("footer a[href='/preferences']");
        reader.click(&format!("input[value={theme}]"));
        reader.follow("main button.button");
        assert_eq!(reader.path(), "/posts/1", "back at the former page");
        for scheme in [system, theme] {
            reader.set_colour_scheme(scheme);
            assert_eq!((&paper(), field()), (expected, theme.into()), "{theme} while the system is {scheme}");
        }
        reader.set_colour_scheme(system);
        for again in ["/", "/nothing", "/posts/1"] {
            reader.allow_fault("status of 404");
            reader.open(again);
            assert_eq!(&paper(), expected, "{theme} on {again}");
        }
        reader.reload();
        assert_eq!(&paper(), expected);
        assert_eq!(reader.count("meta[name=theme-color]"), 1);
    }
    reader.disable_javascript();
    reader.follow("footer a[href='/preferences']");
    reader.click("input[value=system]");
    reader.follow("main button.button");
    for (system, expected) in [("dark", &dark), ("light", &light)] {
        reader.set_colour_scheme(system);
        assert_eq!(&paper(), expected, "the system decides again");
    }
}

#[test]
fn axe_finds_nothing_in_a_chosen_theme() {
    let reader = Reader::new();
    reader.sign_in();
    for theme in ["dark", "light"] {
        reader.open("/preferences");
        reader.click(&format!("input[value={theme}]"));
        reader.follow("main button.button");
        for page in ["/posts", "/posts/1", "/users/1", "/preferences", "/keys"] {
            reader.open(page);
            assert_accessible(&reader, &format!("{page}, {theme} by choice"));
        }
    }
}

#[test]
fn every_arrow_is_at_the_left_of_its_line() {
    let reader = Reader::new();
    for width in [WIDE, NARROW] {
        reader.set_width(width);
        for page in ["/posts", "/posts/1", "/users/1"] {
            reader.open(page);
            let astray = reader.evaluate(
                "[...document.querySelectorAll('.vote')].filter(button => button.checkVisibility()).filter(button => {
                    const arrow = button.getBoundingClientRect();
                    const line = button.nextElementSibling.getClientRects()[0];
                    const middle = arrow.top + arrow.height / 2;
                    return middle < line.top || middle > line.top + 24 || arrow.right > line.left + 4
                        || arrow.left < document.querySelector('main').getBoundingClientRect().left;
                }).map(button => button.outerHTML)",
            );
            assert_eq!(astray, Value::Array(vec![]), "{page} at {width} px");
        }
    }
}

#[test]
fn arrows_are_visible_in_forced_colours() {
    let reader = Reader::new();
    reader.open("/posts");
    reader.emulate_forced_colours();
    assert_eq!(reader.evaluate("matchMedia('(forced-colors: active)').matches"), true);
    let colours = reader.evaluate(
        "[getComputedStyle(document.querySelector('.vote'), '::before'),
            getComputedStyle(document.querySelector('.vote'))]
            .map(({color, backgroundColor, forcedColorAdjust}) => [color, backgroundColor, forcedColorAdjust])",
    );
    assert_eq!((&colours[0][1], &colours[0][2]), (&colours[1][0], &Value::from("none")), "{colours}");
}

#[test]
fn a_printed_page_has_the_text_and_no_controls() {
    let reader = Reader::new();
    reader.sign_in();
    reader.open("/preferences");
    reader.click("input[value=dark]");
    reader.follow("main button.button");
    let path = reader.new_post("A post for the printer");
    reader.fill(
        "#body",
        "See https://example.com/a/long/way/to/the/page/that/is/meant/and/a/bit/more/of/it.html too",
    );
    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    reader.emulate_print();
    let shown = reader.evaluate(
        "[...document.querySelectorAll('button, input, textarea, nav, #flash, footer, .card-title > a')]
            .filter(element => element.checkVisibility()).map(element => element.outerHTML.slice(0, 80))",
    );
    assert_eq!(shown, Value::Array(vec![]));
    assert_eq!(reader.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    assert!(reader.text("main").contains("0 points") || reader.text("main").contains("1 point"));
    let link = "document.querySelector('.comments a[rel]')";
    // The address of a link is printed.
    reader.wait(&format!("getComputedStyle({link}, '::after').content.includes({link}.href)"));
    // Another user could vote for, save, hide and flag the post, and flag the comment.
    let other = reader.another();
    other.sign_in();
    other.open(&path);
    assert_eq!(other.count(".byline button, .byline a[href$='/flag'], .comments a[href$='/flag']"), 5);
    other.emulate_print();
    let shown = other.evaluate(
        "[...document.querySelectorAll('form, button, a[href$=\"/flag\"], .act')]
            .filter(element => element.checkVisibility()).map(element => element.outerHTML.slice(0, 80))",
    );
    assert_eq!(shown, Value::Array(vec![]));
    for line in [".byline", ".comments p"] {
        let line = other.text(line);
        assert!(!line.ends_with('·') && !line.contains("·\u{a0}·") && !line.contains("· ·"), "{line:?}");
    }

    reader.open("/users/1");
    reader.emulate_print();
    assert_eq!(reader.evaluate("document.querySelector('#comments').open"), false);
    assert_eq!(
        reader.evaluate("document.querySelector('#comments li').checkVisibility()"),
        true,
        "every list is unfolded"
    );
    reader.set_width(NARROW);
    reader.open(&path);
    reader.emulate_print();
    assert_eq!(reader.evaluate("document.documentElement.scrollWidth"), NARROW, "nothing is cut off");
}

#[test]
fn on_a_phone_lines_break_between_facts() {
    let reader = Reader::on_new_site();
    let database = reader.site.database();
    database
        .execute_batch(
            "UPDATE posts SET url = 'https://example.com/', site = 'the-' || substr('longest-daily', id % 9) || '.example';
             UPDATE comments SET (parent_id, depth) = (SELECT max(id), count(*) FROM comments AS c
                 WHERE c.post_id = comments.post_id AND c.id < comments.id) WHERE post_id = 1;
             UPDATE comments SET created_at = unixepoch('now', '+1 hour') * 1000000 + id WHERE post_id = 1;",
        )
        .expect("the schema is known");
    reader.sign_in();
    for width in [NARROW, 345, 390] {
        reader.set_width(width);
        for page in ["/posts", "/posts/1", "/comments/1", "/users/1"] {
            reader.open(page);
            assert_eq!(reader.evaluate(BROKEN), Value::Array(vec![]), "{page} at {width} px");
        }
    }
}

/// Lines of facts that end with an opening bracket, or start with a dot or a closing bracket; and ages beyond the
/// edge of the card.
const BROKEN: &str = "(() => {
    const found = [];
    for (const line of document.querySelectorAll('.posts > li, .byline, .source, .comments div > p:first-of-type')) {
        const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        const letters = [];
        while (walk.nextNode()) {
            const text = walk.currentNode;
            if (!text.parentElement.checkVisibility() || text.parentElement.closest('.vote')) continue;
            for (let at = 0; at < text.length; at++) {
                if (!text.data[at].trim()) continue;
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                letters.push([text.data[at], range.getBoundingClientRect()]);
            }
        }
        letters.forEach(([letter, box], at) => {
            const other = {'(': at + 1, ')': at - 1, '·': at - 1}[letter];
            if (letters[other] && Math.abs(letters[other][1].top - box.top) > 12) found.push(`${letter} in ${line.innerText}`);
        });
    }
    const end = document.querySelector('main').getBoundingClientRect().right - 8;
    for (const time of document.querySelectorAll('time')) {
        if (time.getBoundingClientRect().right > end) found.push(`${time.innerText} at the frame`);
    }
    return found;
})()";

#[test]
fn titles_and_names_keep_their_case() {
    let reader = Reader::new();
    reader.sign_in();
    let title = "iOS vs. eBay, said pH";
    reader.new_post(title);
    assert_eq!(reader.text("h1"), title);
    let name = reader.text("header a.self");
    reader.follow("header a.self");
    assert_eq!(reader.text("h1"), name);
}
