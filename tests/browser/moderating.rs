//! Moderation by readers and an admin.

use lorem_news::site::settings::Setting;

use crate::access::assert_accessible;
use crate::reader::Reader;

/// A reader and an admin on a new site.
fn reader_and_admin() -> (Reader, Reader) {
    let reader = Reader::on_new_site();
    reader.sign_in();
    let admin = reader.another();
    let name = admin.sign_in();
    let made =
        reader.site.database().execute("UPDATE users SET is_admin = 1 WHERE screen_name = ?1", [&name]);
    assert_eq!(made.expect("the schema is known"), 1);
    (reader, admin)
}

#[test]
fn a_flagged_post_is_removed_by_an_admin_and_the_log_shows_the_reason() {
    for with_javascript in [true, false] {
        let (reader, admin) = reader_and_admin();
        if !with_javascript {
            reader.disable_javascript();
            admin.disable_javascript();
        }
        reader.open("/posts/1");
        let title = reader.text("h1");
        reader.follow(".byline a[href='/posts/1/flag']");
        assert_accessible_if(with_javascript, &reader, "the form for a flag");
        reader.click("#kind_spam");
        reader.fill("#words", "It sells something");
        reader.follow("main button");
        assert_eq!(
            (reader.path(), reader.flash()),
            ("/posts/1".into(), "Thank you. An admin will look at it.".into())
        );

        admin.open("/");
        admin.follow("header a[href='/flags']");
        assert_eq!(admin.text("#cases .prose li"), "Spam: It sells something");
        assert_accessible_if(with_javascript, &admin, "the list of flags");
        admin.follow("#cases .actions a");
        assert_accessible_if(with_javascript, &admin, "the forms of an admin");
        admin.fill("#reason_to_remove", "Advertising");
        admin.follow("#remove button");
        assert_eq!(admin.path(), "/posts/1");
        assert_eq!(admin.text("h1").to_lowercase(), "[removed]");

        reader.open("/posts/1");
        assert_eq!(reader.text("h1").to_lowercase(), "[removed]");
        assert!(reader.text(".prose").contains("Advertising"));
        assert_accessible_if(with_javascript, &reader, "a post that was removed");
        reader.follow(".prose a[href='/log']");
        assert!(
            reader.text("#log").contains("removed post #1") && reader.text("#log").contains("Advertising")
        );
        assert_accessible_if(with_javascript, &reader, "the log");

        admin.open("/posts/1/moderate");
        admin.fill("#reason_to_restore", "It was none");
        admin.follow("#restore button");
        reader.open("/posts/1");
        assert_eq!(reader.text("h1"), title);
    }
}

/// Axe needs JavaScript.
fn assert_accessible_if(with_javascript: bool, reader: &Reader, page: &str) {
    if with_javascript {
        assert_accessible(reader, page);
    }
}

#[test]
fn a_comment_refused_by_a_lock_keeps_its_text() {
    let (reader, admin) = reader_and_admin();
    reader.allow_fault("status of 403");
    reader.open("/posts/1");
    reader.fill("#body", "Carefully chosen words");
    admin.open("/posts/1/moderate");
    admin.fill("#reason_to_lock", "It went too far");
    admin.follow("#lock button");
    reader.mark();
    reader.click("#post_comment");
    reader.wait("document.querySelector('#flash .alert') !== null");
    assert!(reader.flash().contains("This discussion is locked: It went too far"));
    assert_eq!(reader.value("#body"), "Carefully chosen words");
    assert!(reader.is_marked(), "no page was loaded");
    reader.reload();
    assert!(reader.text("#comment_form").contains("It went too far"));
}

#[test]
fn an_admin_changes_a_title_and_a_mistake_keeps_what_was_typed() {
    for with_javascript in [true, false] {
        let (_reader, admin) = reader_and_admin();
        admin.allow_fault("status of 422");
        if !with_javascript {
            admin.disable_javascript();
        }
        admin.open("/posts/1/moderate");
        admin.follow("main a[href='/posts/1/retitle']");
        assert_accessible_if(with_javascript, &admin, "the form for a title");
        admin.fill("#title", "A calmer title");
        if with_javascript {
            admin.click("main form[action='/posts/1/retitle'] button");
            admin.wait("document.querySelector('#reason[aria-invalid=true]') !== null");
        } else {
            admin.follow("main form[action='/posts/1/retitle'] button");
        }
        assert_eq!(admin.value("#title"), "A calmer title");
        assert_accessible_if(with_javascript, &admin, "the form for a title with a mistake");
        admin.fill("#reason", "It shouted");
        admin.follow("main form[action='/posts/1/retitle'] button");
        assert_eq!((admin.path().as_str(), admin.text("h1").as_str()), ("/posts/1", "A calmer title"));
    }
}

#[test]
fn an_admin_merges_a_post_and_moves_a_comment() {
    for with_javascript in [true, false] {
        let (reader, admin) = reader_and_admin();
        if !with_javascript {
            admin.disable_javascript();
        }
        let path = reader.new_post("Says what the other says");
        reader.fill("#body", "A comment to keep");
        reader.click("#post_comment");
        reader.wait("document.querySelector('#comment_list')?.innerText.includes('A comment to keep')");
        let number = path.trim_start_matches("/posts/");
        admin.open(&format!("{path}/moderate"));
        admin.follow(&format!("main a[href='{path}/merge']"));
        assert_accessible_if(with_javascript, &admin, "the form for a merge");
        admin.fill("#to", "1");
        admin.fill("#reason", "They say the same");
        admin.follow("main form[action$='/merge'] button");
        assert_eq!(admin.path(), "/posts/1");
        reader.open(&path);
        assert_eq!(reader.path(), "/posts/1");
        assert!(reader.text("#comment_list").contains("A comment to keep"));
        let id = reader.evaluate("[...document.querySelectorAll('#comment_list li[id]')].find(li => li.innerText.includes('A comment to keep')).id");
        let id = id.as_str().expect("an id");
        let comment = format!("/comments/{}", id.trim_start_matches("comment_"));
        admin.open(&format!("{comment}/moderate"));
        admin.follow(&format!("main a[href='{comment}/move']"));
        assert_accessible_if(with_javascript, &admin, "the form for a move");
        admin.fill("#to", "/posts/2");
        admin.fill("#reason", "It is about that");
        admin.follow("main form[action$='/move'] button");
        assert_eq!(admin.path(), comment);
        reader.open("/log");
        let log = reader.text("#log");
        assert!(
            log.contains(&format!("merged post #{number} into post #1")) && log.contains("to post #2"),
            "{log}"
        );
    }
}

#[test]
fn what_flags_hide_comes_back_when_two_readers_vouch() {
    for with_javascript in [true, false] {
        let flagger = Reader::on_site_with(|config| {
            config.fixed_settings = vec![(Setting::FlagsToHide, "1".to_owned())];
        });
        flagger.sign_in();
        let (first, second) = (flagger.another(), flagger.another());
        for reader in [&first, &second] {
            reader.sign_in();
            if !with_javascript {
                reader.disable_javascript();
            }
        }
        flagger.open("/posts/1");
        let title = flagger.text("h1");
        let long = format!("A long word: {}", "x".repeat(300));
        let database = flagger.site.database();
        database.execute("UPDATE descriptions SET text = ?1 WHERE post_id = 1", [&long]).expect("it changes");
        flagger.follow(".byline a[href='/posts/1/flag']");
        flagger.click("#kind_spam");
        flagger.follow("main button");
        assert_eq!(flagger.text("h1").to_lowercase(), "[flagged]");
        assert_accessible_if(true, &flagger, "a dead post");

        for (reader, is_back) in [(&first, false), (&second, true)] {
            reader.open("/log");
            reader.follow("main a[href='/dead']");
            assert_eq!(reader.text("#dead strong"), title);
            assert_accessible_if(with_javascript, reader, "the page of dead things");
            let sentence =
                if is_back { "It is back." } else { "You vouch for it. It is back when enough others do." };
            if with_javascript {
                reader.mark();
                reader.tab_to("#vouch_post_1");
                reader.press("Enter");
                reader.wait("document.querySelector('a#vouch_post_1') !== null");
                assert_eq!(reader.focus(), "vouch_post_1");
                assert!(reader.is_marked(), "no page was loaded");
                assert_eq!(reader.flash(), sentence);
                assert_accessible(reader, "the page of dead things after a vouch");
            } else {
                reader.follow("#vouch_post_1");
                assert_eq!(reader.path(), if is_back { "/posts/1" } else { "/dead" });
                assert_eq!(reader.flash(), sentence);
            }
        }
        flagger.open("/posts/1");
        assert_eq!(flagger.text("h1"), title);
        flagger.open("/log");
        assert!(flagger.text("#log").contains("The site brought back the post"));
    }
}
