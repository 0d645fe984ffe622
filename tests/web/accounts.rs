//! Accounts: signing up, changing an account, deleting it.

use std::sync::Barrier;
use std::thread;

use lorem_news::comment::{self, NewComment};
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::Timestamp;
use rusqlite::{Connection, params};

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::*;
use crate::seen::*;

/// Addresses outside this site, and addresses that a browser could resolve to another site.
pub const EVIL: [&str; 12] = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/\t/evil.example",
    "/posts\r\nSet-Cookie: a=b",
    " /posts",
    "",
];

#[test]
fn a_user_who_signs_up_is_signed_in_at_once() {
    let site = Site::empty();
    let client = Client::new(&site);
    let page = client.get("/sign_up");
    assert_eq!(texts(&page.html(), "label"), ["Screen name", "Password", "Password confirmation"]);
    assert!(page.text().contains("8 characters minimum.") && page.text().contains(">Create account<"));
    assert_eq!(client.get("/users/new").text(), page.text());

    let began = Timestamp::now();
    let form =
        [("screen_name", "Zoë"), ("password", "correct horse"), ("password_confirmation", "correct horse")];
    let answer = client.ask("POST", "/users", &form, &[("User-Agent", "oha/1.16.0")]);
    assert_leads_to(&answer, "/users/1");
    let cookies = set_cookies(&answer, "session");
    let [cookie] = &cookies[..] else { panic!("{answer:?}") };
    assert_eq!(
        cookie.split("; ").collect::<Vec<_>>()[1..],
        ["Path=/", "Max-Age=34560000", "HttpOnly", "SameSite=Lax"]
    );

    let page = client.follow(&answer);
    assert_eq!(flash(&page), ["Welcome! You have signed up successfully."]);
    assert_eq!(viewer(&page), Some("Zoë".to_owned()));
    let database = site.database();
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE last_seen_at = created_at"), 1);
    assert!(number(&database, "SELECT created_at FROM users") >= began.as_micros());
    let session = string(&database, "SELECT user_id || ' ' || ip_address || ' ' || user_agent FROM sessions");
    assert_eq!(session, "1 127.0.0.1 oha/1.16.0");
    let hash = string(&database, "SELECT password_hash FROM profiles");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_sound(&database);
}

#[test]
fn cookies_are_sent_over_https_only_unless_relax_ssl_is_set() {
    let site = Site::with(0, |config| config.relax_ssl = false);
    let client = Client::new(&site);
    let answer = client.sign_up("somebody");
    for name in ["__Host-session", "__Host-flash"] {
        let cookies = set_cookies(&answer, name);
        let [cookie] = &cookies[..] else { panic!("{answer:?}") };
        for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(whoami(&client), Some("somebody".to_owned()));
    // A cookie without the `__Host-` prefix may have been planted over plain HTTP: it is ignored.
    let planted = client.cookie("__Host-session").expect("as above").to_owned();
    let neighbour = Client::new(&site);
    let full = site.cookie_names.full("session");
    for name in [full.trim_start_matches("__Host-"), "session"] {
        neighbour.set_raw_cookie(name, &planted);
    }
    assert_eq!(whoami(&neighbour), None);
    let cleared = client.ask("DELETE", "/sessions/1", &[], &[]);
    assert!(set_cookies(&cleared, "__Host-session")[0].starts_with("__Host-session=; "), "{cleared:?}");
    assert_eq!(client.cookie("__Host-session"), None);
}

#[test]
fn a_browser_that_drops_the_cookie_over_plain_http_is_told_so() {
    let site = Site::with(20, |config| {
        config.relax_ssl = false;
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    let name = name_of(&site.database(), 1);
    let form = [("screen_name", &*name), ("password", "password"), ("return_to", "/posts/1?a=b")];
    let sign_in = |client: &Client, headers: &[(&str, &str)]| client.ask("POST", "/sessions", &form, headers);
    // Browsers keep it from their own machine: they are led on, with the notice.
    let client = Client::new(&site);
    let answer = sign_in(&client, &[]);
    let checked = "/signed_in?return_to=%2Fposts%2F1%3Fa%3Db";
    assert_leads_to(&answer, checked);
    let onwards = client.follow(&answer);
    assert_leads_to(&onwards, "/posts/1?a=b");
    assert_eq!(flash(&client.follow(&onwards)), ["You have been signed in."]);
    // By htmx, and at a sign-up.
    let by_htmx = [("HX-Request-Type", "partial"), ("HX-Request", "true")];
    assert_leads_htmx_to(&sign_in(&Client::new(&site), &by_htmx), 200, checked);
    let newcomer = Client::new(&site).sign_up("newcomer");
    assert!(newcomer.header("Location").is_some_and(|to| to.starts_with("/signed_in?")), "{newcomer:?}");
    // A browser that drops it is told so, at any address; and twice in a row.
    for path in [checked, checked, "/signed_in", "/signed_in?return_to=//evil.example"] {
        let page = Client::new(&site).get(path);
        assert_eq!(
            (page.status, texts(&page.html(), "h1")),
            (200, vec!["You are not signed in.".to_owned()])
        );
        assert!(page.text().contains("did not keep the cookie"), "{}", page.text());
        assert!(!page.text().contains("evil"));
        assert_guarded(&page);
    }
    assert_leads_to(&client.get("/signed_in?return_to=//evil.example"), "/user");
    // Over HTTPS, and where cookies travel over plain HTTP, there is nothing to find out.
    let https = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "192.0.2.1")];
    assert_leads_to(&sign_in(&Client::new(&site), &https), "/posts/1?a=b");
    let relaxed = Site::start();
    let answer = Client::new(&relaxed)
        .post("/sessions", &[("screen_name", &*name_of(&relaxed.database(), 1)), ("password", "password")]);
    assert_leads_to(&answer, "/users/1");
    assert_leads_to(&Client::new(&relaxed).get(checked), "/sign_in?return_to=%2Fposts%2F1%3Fa%3Db");
}

#[test]
fn an_invalid_account_is_refused_with_reasons_and_keeps_the_typed_name() {
    let site = Site::start();
    let database = site.database();
    let taken = name_of(&database, 1);
    let loud = taken.to_uppercase();
    let (short, long) = (
        "Screen name is too short (minimum is 2 characters)",
        "Screen name is too long (maximum is 30 characters)",
    );
    let (invisible, blank) = ("Screen name has characters that can't be seen", "Screen name can't be blank");
    let in_use = "Screen name has already been taken";
    let (no_match, no_password) = ("Password confirmation doesn't match Password", "Password can't be blank");
    let (too_short, too_long) = ("Password is too short (minimum is 8 characters)", "Password is too long");
    let reserved = "Screen name is reserved";
    let alike = taken.replace('_', "__");
    let too_common = "Password is too common";
    let repeated = "Password is one or two characters repeated";
    let like_the_name = "Password is too similar to the screen name";
    let like_the_site = "Password is too similar to the site's name";
    let thirty_one = "x".repeat(31);
    let most = "p".repeat(1025);
    let good = "hunter2hunter2";
    let people = count(&database, "users");
    for (name, password, confirmation, expected) in [
        (Some("a"), Some(good), None, &[short][..]),
        (Some("é"), Some(good), None, &[short]),
        (Some(&*thirty_one), Some(good), None, &[long]),
        (Some(&taken), Some(good), None, &[in_use]),
        (Some(&loud), Some(good), None, &[in_use]),
        (Some("You"), Some(good), None, &[reserved]),
        (Some("[DELETED]"), Some(good), None, &[reserved]),
        (Some("adm1n"), Some(good), None, &[reserved]),
        (Some("zoe (admin)"), Some(good), None, &[reserved]),
        (Some(&alike), Some(good), None, &[in_use]),
        (Some("ze\u{200b}ro"), Some(good), None, &[invisible]),
        (Some("ze\u{202e}ro"), Some(good), None, &[invisible]),
        (Some("ze\0ro"), Some(good), None, &[invisible]),
        (Some("ze\u{a0}ro"), Some(good), None, &[invisible]),
        (Some("\u{3164}\u{3164}"), Some(good), None, &[invisible]),
        (Some("   "), Some(good), None, &[blank]),
        (None, Some(good), None, &[blank]),
        (Some("fine"), None, None, &[no_password]),
        (Some("fine"), Some(""), Some(""), &[no_password]),
        (None, None, None, &[blank, no_password]),
        (Some("fine"), Some("1234567"), None, &[too_short]),
        (Some("fine"), Some(&*most), None, &[too_long]),
        (Some("fine"), Some("password"), None, &[too_common]),
        (Some("fine"), Some("ＰＡＳＳword"), None, &[too_common]),
        (Some("fine"), Some("12345678"), None, &[too_common]),
        (Some("fine"), Some("йцукенгш"), None, &[too_common]),
        (Some("fine"), Some("aaaaaaaa"), None, &[repeated]),
        (Some("fine"), Some("          "), None, &[no_password]),
        (Some("melusine"), Some("Melusine1"), None, &[like_the_name]),
        (Some("melusine"), Some("loremnews"), None, &[like_the_site]),
        (Some(&taken), Some("password"), Some("passwort"), &[in_use, too_common, no_match]),
        (Some("fine"), Some(good), Some("hunter3"), &[no_match]),
        (Some(&taken), Some("sh0rt"), Some("sh1rt"), &[in_use, too_short, no_match]),
    ] {
        let fields = [("screen_name", name), ("password", password), ("password_confirmation", confirmation)];
        let form: Vec<(&str, &str)> =
            fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let client = Client::new(&site);
        let answer = client.post("/users", &form);
        assert_eq!(answer.status, 422, "{form:?}");
        assert_guarded(&answer);
        let heading = match expected.len() {
            1 => "1 error prohibited this user from being saved:".to_owned(),
            number => format!("{number} errors prohibited this user from being saved:"),
        };
        assert_eq!(
            errors(&answer),
            (heading, expected.iter().map(|&text| text.to_owned()).collect()),
            "{form:?}"
        );
        assert_eq!(answer.header("Set-Cookie"), None, "{form:?}");
        assert_eq!(client.cookie("session"), None, "{form:?}");
        if name.is_some_and(|name| !name.contains(['\0', '\u{202e}', '\u{a0}'])) {
            assert_eq!(line(&answer, "screen_name"), name.unwrap_or_default(), "{form:?}");
        }
        for secret in [password, confirmation].into_iter().flatten().filter(|secret| !secret.is_empty()) {
            assert!(!answer.text().contains(&format!("value=\"{secret}\"")), "{form:?}: it is sent back");
        }
        // Each sentence is also at its field.
        let at_fields = texts(&answer.html(), ".field .error p");
        assert_eq!(at_fields.len(), expected.len(), "{form:?}");
    }
    assert_eq!(count(&database, "users"), people);
    assert_eq!(count(&database, "sessions"), 0);
}

#[test]
fn names_are_two_to_thirty_characters_in_any_script() {
    let site = Site::empty();
    let thirty = "名".repeat(30);
    for (typed, kept) in [
        ("ab", "ab"),
        (&*thirty, &*thirty),
        ("  Ann   Bee ", "Ann Bee"),
        ("😀😀", "😀😀"),
        ("<b>o'neil</b>", "<b>o'neil</b>"),
    ] {
        let client = Client::new(&site);
        let answer = client.sign_up(typed);
        assert_eq!(answer.status, 303, "{typed}: {:?}", errors(&answer));
        let page = client.follow(&answer);
        assert_eq!(viewer(&page).as_deref(), Some(kept));
        assert_eq!(texts(&page.html(), "h1"), [kept]);
        assert!(!page.text().contains("<b>o'"), "it is text, not markup");
    }
    assert_sound(&site.database());
}

#[test]
fn a_name_is_taken_in_every_case_and_spelling() {
    let site = Site::empty();
    for (name, others) in [
        ("Zoë", &["ZOË", "zoë", "Zoe\u{308}", "ｚｏë"][..]),
        ("Γιώργος", &["ΓΙΏΡΓΟΣ", "γιώργοσ"]),
        ("Straße", &["STRASSE", "strasse"]),
        ("Ann Bee", &["ann  bee", " ANN BEE "]),
    ] {
        assert_eq!(Client::new(&site).sign_up(name).status, 303, "{name}");
        for other in others {
            let answer = Client::new(&site).sign_up(other);
            assert_eq!(answer.status, 422, "{other} beside {name}");
            assert_eq!(errors(&answer).1, ["Screen name has already been taken"], "{other}");
            // The other spelling signs the user in.
            assert_eq!(Client::new(&site).sign_in_with(other, NEW_PASSWORD).status, 303, "{other}");
        }
    }
    assert_eq!(count(&site.database(), "users"), 4);
    assert_sound(&site.database());
}

#[test]
fn fifty_concurrent_sign_ups_with_one_name_create_one_account() {
    let site = Site::empty();
    let barrier = Barrier::new(50);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let clients: Vec<_> = (0..50)
            .map(|number| {
                let (site, barrier) = (&site, &barrier);
                scope.spawn(move || {
                    let client = Client::new(site);
                    barrier.wait();
                    let name = if number % 2 == 0 { "somebody" } else { "SomeBody" };
                    // A busy machine may answer some requests with 503: they are sent again.
                    let again = || Some(client.sign_up(name)).filter(|answer| answer.status != 503);
                    let answer = eventually("the sign-up is answered", again);
                    (client.cookie("session").is_some() == (answer.status == 303)).then_some(answer)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("no panic").expect("a cookie for an account"))
            .collect()
    });
    let made = answers.iter().filter(|answer| answer.status == 303).count();
    let refused = answers.iter().filter(|answer| errors(answer).1 == ["Screen name has already been taken"]);
    assert_eq!((made, refused.filter(|answer| answer.status == 422).count()), (1, 49));
    let database = site.database();
    assert_eq!((count(&database, "users"), count(&database, "sessions")), (1, 1));
    assert_sound(&database);
}

#[test]
fn signing_up_redirects_only_within_this_site() {
    let site = Site::empty();
    let mut number = 0;
    let mut sign_up = |return_to: &str| {
        number += 1;
        let name = format!("somebody {number}");
        let form = [("screen_name", &*name), ("password", NEW_PASSWORD), ("return_to", return_to)];
        let answer = Client::new(&site).post("/users", &form);
        let location = answer.header("Location").expect("it is a redirect").to_owned();
        (location, format!("/users/{number}"))
    };
    for local in ["/", "/posts/1?comments=2-3#comment_form", "/posts/new"] {
        assert_eq!(sign_up(local).0, local);
    }
    for evil in EVIL {
        let (location, own_page) = sign_up(evil);
        assert_eq!(location, own_page, "{evil:?}");
    }
    // The forms do not repeat a foreign address.
    for evil in EVIL {
        let query = serde_urlencoded::to_string([("return_to", evil)]).expect("a pair");
        for path in ["/sign_up", "/sign_in"] {
            let page = site.get(&format!("{path}?{query}"));
            assert_eq!(page.status, 200);
            assert!(!page.text().contains("evil") && !page.text().contains("return_to"), "{path} {evil:?}");
        }
        let refused = Client::new(&site).post("/users", &[("return_to", evil)]);
        assert_eq!(refused.status, 422);
        assert!(!refused.text().contains("evil") && !refused.text().contains("return_to"), "{evil:?}");
    }
    let refused = Client::new(&site).post("/users", &[("return_to", "/posts/new?a=1&b=2")]);
    assert_eq!(line(&refused, "return_to"), "/posts/new?a=1&b=2", "the address outlasts a refused form");
}

#[test]
fn a_form_cannot_set_fields_that_it_does_not_show() {
    let site = Site::start();
    let database = site.database();
    let before = name_of(&database, 1);
    let form = [
        ("screen_name", "somebody"),
        ("password", NEW_PASSWORD),
        ("id", "1"),
        ("user_id", "1"),
        ("user[id]", "1"),
        ("karma", "1000"),
        ("posts_count", "1000"),
        ("sessions_count", "1000"),
        ("created_at", "0"),
        ("last_seen_at", "0"),
        ("about", "not asked for"),
        ("password_hash", "$argon2id$"),
        ("folded_name", "x"),
    ];
    let client = Client::new(&site);
    let answer = client.post("/users", &form);
    assert_leads_to(&answer, "/users/101");
    let facts = "SELECT karma || ' ' || posts_count || ' ' || sessions_count || ' ' || (created_at > 0) || ' ' \
                 || about || folded_name FROM users JOIN profiles ON user_id = id WHERE id = 101";
    assert_eq!(string(&database, facts), "0 0 1 1 somebody");
    // A change of the account cannot set them either.
    let mut form = form.to_vec();
    form.retain(|(name, _)| !matches!(*name, "password" | "screen_name"));
    assert_leads_to(&client.ask("PATCH", "/user", &form, &[]), "/users/101");
    let expected = "0 0 1 1 not asked forsomebody";
    assert_eq!(string(&database, facts), expected);
    assert_eq!(name_of(&database, 1), before);
    let answer = Client::new(&site).sign_in_with("somebody", NEW_PASSWORD);
    assert_eq!(answer.status, 303, "the password is as it was");
    assert_sound(&database);
}

#[test]
fn signing_up_while_signed_in_switches_accounts_and_ends_the_old_session() {
    let site = Site::start();
    let client = Client::signed_in_as(&site, 1);
    let before = client.clone();
    assert_eq!(whoami(&client), Some(name_of(&site.database(), 1)));
    assert_eq!(client.sign_up("another").status, 303);
    assert_eq!(whoami(&client), Some("another".to_owned()));
    assert_eq!(whoami(&before.clone()), None);
    // A second time the name is taken, and the session stays.
    let twice = client.sign_up("another");
    assert_eq!((twice.status, viewer(&twice)), (422, Some("another".to_owned())));
    // htmx leaves the page.
    let answer = client.htmx("POST", "/users", &[("screen_name", "a third"), ("password", NEW_PASSWORD)]);
    assert_leads_htmx_to(&answer, 200, "/users/102");
    assert_eq!(whoami(&client), Some("a third".to_owned()));
    assert_eq!(count(&site.database(), "sessions"), 1);
    assert_sound(&site.database());
}

#[test]
fn a_user_changes_their_name_and_about_text() {
    let site = Site::start();
    let database = site.database();
    let author = number(&database, "SELECT user_id FROM posts ORDER BY created_at DESC LIMIT 1");
    let client = Client::signed_in_as(&site, author);
    let page = client.get("/user/edit");
    assert_eq!(texts(&page.html(), "h1"), ["Editing profile"]);
    assert_eq!(line(&page, "screen_name"), name_of(&database, author));
    assert!(page.text().contains(">Update profile<") && page.text().contains(">Show this user<"));
    let own_page = format!("/users/{author}");
    let form =
        [("_method", "patch"), ("screen_name", "Renamed <i>"), ("about", "\nI & *me*\r\n\r\n\0second")];
    let answer = client.post("/user", &form);
    assert_leads_to(&answer, &own_page);
    let page = client.follow(&answer);
    assert_eq!(flash(&page), ["Profile was successfully updated."]);
    assert_eq!(viewer(&page).as_deref(), Some("Renamed <i>"));
    assert_eq!(texts(&page.html(), "dd.prose p"), ["I & me", "second"]);
    assert_eq!(area(&client.get("/user/edit"), "about"), "\nI & *me*\n\nsecond");
    let bylines = texts(&site.get("/posts").html(), "ol.posts li p");
    assert!(bylines.iter().any(|byline| byline.starts_with("1 point by Renamed <i> · ")), "{bylines:?}");

    // A field that is not sent keeps its value; an empty text is stored.
    assert_leads_to(&client.ask("PATCH", "/user", &[("about", "new")], &[]), &own_page);
    assert_leads_to(&client.ask("PUT", "/user", &[("screen_name", "RENAMED <I>")], &[]), &own_page);
    let facts =
        format!("SELECT screen_name || about FROM users JOIN profiles ON user_id = id WHERE id = {author}");
    assert_eq!(string(&database, &facts), "RENAMED <I>new", "the own name in another case is free");
    assert_leads_to(&client.ask("PATCH", "/user", &[("about", "")], &[]), &own_page);
    assert_leads_to(&client.ask("PATCH", "/user", &[], &[]), &own_page);
    assert_eq!(string(&database, &facts), "RENAMED <I>");
    // htmx leaves the page. The change is idempotent.
    for _ in 0..2 {
        let answer = client.htmx("PATCH", "/user", &[("about", "by htmx")]);
        assert_leads_htmx_to(&answer, 200, &own_page);
    }
    assert_eq!(string(&database, &facts), "RENAMED <I>by htmx");
    assert_sound(&database);
}

#[test]
fn a_refused_account_change_changes_nothing_and_keeps_the_typed_text() {
    let site = Site::start();
    let database = site.database();
    let (own, other) = (name_of(&database, 1), name_of(&database, 2).to_uppercase());
    let client = Client::signed_in_as(&site, 1);
    let all =
        "SELECT group_concat(screen_name || about || password_hash) FROM users JOIN profiles ON user_id = id";
    let before = string(&database, all);
    let long = "x".repeat(10_001);
    let nothing = ("current_password", "");
    for (name, about, password, expected) in [
        ("", "typed", nothing, &["Screen name can't be blank"][..]),
        (&*other, "typed", nothing, &["Screen name has already been taken"]),
        ("you", "typed", nothing, &["Screen name is reserved"]),
        ("x", "typed", nothing, &["Screen name is too short (minimum is 2 characters)"]),
        ("fine", &*long, nothing, &["About is too long (maximum is 10000 characters)"]),
        ("fine", "typed", ("password", "new password"), &["Current password is incorrect"]),
        (
            "x",
            "typed",
            ("password", "short"),
            &[
                "Screen name is too short (minimum is 2 characters)",
                "Current password is incorrect",
                "Password is too short (minimum is 8 characters)",
            ],
        ),
    ] {
        let answer = client.ask("PATCH", "/user", &[("screen_name", name), ("about", about), password], &[]);
        assert_eq!(answer.status, 422, "{name} {password:?}");
        assert_eq!(errors(&answer).1, expected);
        assert_eq!(
            (line(&answer, "screen_name"), area(&answer, "about")),
            (name.to_owned(), about.to_owned())
        );
        assert_eq!(viewer(&answer).as_ref(), Some(&own), "the header shows the name that is kept");
        assert_eq!(texts(&answer.html(), "h1"), ["Editing profile"]);
        assert_eq!(string(&database, all), before);
        assert_guarded(&answer);
    }
    assert_eq!(whoami(&client), Some(own), "the session is as it was");
}

#[test]
fn a_guest_has_no_account_to_change() {
    let site = Site::start();
    let guest = Client::new(&site);
    let before = string(
        &site.database(),
        "SELECT group_concat(screen_name || about) FROM users JOIN profiles ON user_id = id",
    );
    assert_leads_to(&guest.get("/user"), "/sign_in?return_to=%2Fuser");
    assert_leads_to(&guest.get("/user/edit"), "/sign_in?return_to=%2Fuser%2Fedit");
    assert_leads_to(&guest.get("/user/delete"), "/sign_in?return_to=%2Fuser%2Fdelete");
    for method in ["PATCH", "PUT"] {
        let answer = guest.ask(method, "/user", &[("screen_name", "guest")], &[]);
        assert_leads_to(&answer, "/sign_in?return_to=%2Fuser%2Fedit");
        let answer = guest.htmx(method, "/user", &[("screen_name", "guest")]);
        assert_leads_htmx_to(&answer, 401, "/sign_in?return_to=%2Fuser%2Fedit");
    }
    assert_leads_to(
        &guest.ask("DELETE", "/user", &[("password", "password")], &[]),
        "/sign_in?return_to=%2Fuser%2Fdelete",
    );
    assert_leads_htmx_to(
        &guest.htmx("DELETE", "/user", &[("password", "password")]),
        401,
        "/sign_in?return_to=%2Fuser%2Fdelete",
    );
    for (method, path) in
        [("PATCH", "/users/1"), ("DELETE", "/users/1"), ("POST", "/user"), ("POST", "/users/1")]
    {
        let answer = Client::signed_in_as(&site, 2).ask(method, path, &[("screen_name", "stolen")], &[]);
        assert_eq!(answer.status, 405, "{method} {path}");
    }
    let after = string(
        &site.database(),
        "SELECT group_concat(screen_name || about) FROM users JOIN profiles ON user_id = id",
    );
    assert_eq!(after, before);
}

const CHANGE: [(&str, &str); 4] = [
    ("_method", "patch"),
    ("current_password", "password"),
    ("password", "a new password"),
    ("password_confirmation", "a new password"),
];

#[test]
fn a_new_password_ends_all_other_sessions_and_renews_this_one() {
    let site = Site::start();
    let database = site.database();
    let own = name_of(&database, 1);
    let (here, elsewhere) = (Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 1));
    let other = Client::signed_in_as(&site, 2);
    let before = here.clone();
    let answer = here.post("/user", &CHANGE);
    assert_leads_to(&answer, "/users/1");
    assert_ne!(here.cookie("session"), before.cookie("session"));
    assert_eq!(flash(&here.follow(&answer)), ["Profile was successfully updated."]);
    assert_eq!(whoami(&here).as_ref(), Some(&own));
    assert_eq!(whoami(&before.clone()), None, "the old cookie is worthless");
    assert_eq!(whoami(&elsewhere), None);
    assert!(whoami(&other).is_some());
    assert_eq!(number(&database, "SELECT sessions_count FROM users WHERE id = 1"), 1);
    assert_sound(&database);
    // A second time the old password is no longer the current one.
    let twice = here.post("/user", &CHANGE);
    assert_eq!((twice.status, errors(&twice).1), (422, vec!["Current password is incorrect".to_owned()]));
    assert_eq!(Client::new(&site).sign_in(&own).status, 422);
    let form = [("screen_name", &*own), ("password", "a new password")];
    assert_eq!(Client::new(&site).post("/sessions", &form).status, 303);
    // htmx changes the password, too.
    let form = [("current_password", "a new password"), ("password", NEW_PASSWORD)];
    assert_leads_htmx_to(&here.htmx("PATCH", "/user", &form), 200, "/users/1");
    assert_eq!(whoami(&here).as_ref(), Some(&own));
    assert_eq!(Client::new(&site).sign_in_with(&own, NEW_PASSWORD).status, 303);
}

#[test]
fn a_new_password_needs_the_old_one_and_must_be_valid() {
    let site = Site::start();
    let database = site.database();
    let all =
        "SELECT group_concat(screen_name || about || password_hash) FROM users JOIN profiles ON user_id = id";
    let before = string(&database, all);
    let client = Client::signed_in_as(&site, 1);
    let too_long = "p".repeat(1025);
    let incorrect = "Current password is incorrect";
    let name = name_of(&database, 1);
    for (current, new, confirmation, expected) in [
        (None, "long enough", None, &[incorrect][..]),
        (Some(""), "long enough", None, &[incorrect]),
        (Some("Password"), "long enough", None, &[incorrect]),
        (Some("password"), "long enough", Some(""), &["Password confirmation doesn't match Password"]),
        (
            Some("password"),
            "long enough",
            Some("long ago"),
            &["Password confirmation doesn't match Password"],
        ),
        (Some("password"), "1234567", None, &["Password is too short (minimum is 8 characters)"]),
        (Some("password"), &*too_long, None, &["Password is too long"]),
        (Some("password"), "password", None, &["Password is too common"]),
        (None, "12345678", None, &[incorrect, "Password is too common"]),
        (Some("password"), "????????", None, &["Password is one or two characters repeated"]),
        (Some("password"), &*name, None, &["Password is too similar to the screen name"]),
        (Some("password"), "changed2026", None, &["Password is too similar to the screen name"]),
    ] {
        let mut form = vec![("about", "changed"), ("screen_name", "changed"), ("password", new)];
        form.extend(current.map(|current| ("current_password", current)));
        form.extend(confirmation.map(|confirmation| ("password_confirmation", confirmation)));
        let answer = client.ask("PATCH", "/user", &form, &[]);
        assert_eq!(
            (answer.status, errors(&answer).1),
            (422, expected.iter().map(|&text| text.into()).collect())
        );
        assert_eq!(set_cookies(&answer, "session"), [""; 0]);
        assert!(!answer.text().contains(&format!("value=\"{new}\"")), "{new}");
        assert_eq!(line(&answer, "screen_name"), "changed");
        assert_eq!(string(&database, all), before, "nothing else is changed either");
    }
    assert!(whoami(&client).is_some());
    // Without a new password the old one stays, and the other password fields are ignored.
    let form =
        [("about", "changed"), ("password", ""), ("password_confirmation", ""), ("current_password", "x")];
    assert_eq!(client.ask("PATCH", "/user", &form, &[]).status, 303);
    assert_eq!(number(&database, "SELECT count(DISTINCT password_hash) FROM profiles"), 1);
}

#[test]
fn a_password_that_was_chosen_before_the_rules_goes_on_working() {
    let site = Site::start();
    let database = site.database();
    let name = name_of(&database, 1);
    let client = Client::new(&site);
    assert_eq!(client.sign_in(&name).status, 303, "the password of the demo is the second most common");
    // It can be replaced, and the profile be changed without replacing it.
    assert_eq!(client.ask("PATCH", "/user", &[("about", "as before")], &[]).status, 303);
    let form = [("current_password", "password"), ("password", NEW_PASSWORD)];
    assert_eq!(client.ask("PATCH", "/user", &form, &[]).status, 303);
    let form = [("current_password", NEW_PASSWORD), ("password", "password")];
    let answer = client.ask("PATCH", "/user", &form, &[]);
    assert_eq!((answer.status, errors(&answer).1), (422, vec!["Password is too common".to_owned()]));
}

#[test]
fn of_concurrent_password_changes_one_succeeds() {
    let site = Site::start();
    let database = site.database();
    let name = name_of(&database, 1);
    let clients: Vec<Client> = (0..4).map(|_| Client::signed_in_as(&site, 1)).collect();
    let barrier = Barrier::new(clients.len());
    let made: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(number, client)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let new = format!("new password {number}");
                    let form = [("current_password", "password"), ("password", &*new)];
                    barrier.wait();
                    let answer = client.ask("PATCH", "/user", &form, &[]);
                    // For the others the current password is wrong by then, or their session has ended.
                    let is_made = answer.header("Location") == Some("/users/1");
                    assert!(is_made || answer.status == 422 || answer.header("Location").is_some());
                    assert_eq!(whoami(&client).is_some(), is_made);
                    is_made.then_some(new)
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
    });
    let [password] = &made[..] else { panic!("{made:?}") };
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 1);
    let form = [("screen_name", &*name), ("password", &**password)];
    assert_eq!(Client::new(&site).post("/sessions", &form).status, 303);
    assert_sound(&database);
}

fn comment(connection: &Connection, post_id: i64, user_id: i64, parent: Option<i64>, body: &str) -> i64 {
    let new = NewComment {
        post_id: PostId::new(post_id),
        parent_id: None,
        user_id: UserId::new(user_id),
        body,
        created_at: Timestamp::now(),
    };
    let id = comment::sql::create(connection, &new).expect("the post and its author are there");
    connection
        .execute(
            "UPDATE comments SET parent_id = ?2, depth = CASE WHEN ?2 IS NULL THEN 0 ELSE 1 + \
             (SELECT depth FROM comments WHERE id = ?2) END WHERE id = ?1",
            params![id, parent],
        )
        .expect("the schema is known");
    id.get()
}

fn post(connection: &Connection, user_id: i64, title: &str) -> i64 {
    use lorem_news::post::{NewPost, sql};
    let post = NewPost {
        user_id: UserId::new(user_id),
        title,
        link: None,
        description: "my own words",
        created_at: Timestamp::now(),
    };
    sql::create(connection, &post).expect("its author is there").expect("the title is free").get()
}

/// The texts of the comments on a post, oldest first; `-` for an emptied comment.
fn bodies(connection: &Connection, post_id: i64) -> Vec<String> {
    let sql = "SELECT CASE WHEN deleted_at IS NULL THEN body ELSE '-' END FROM comments WHERE post_id = ?1 ORDER BY id";
    let mut statement = connection.prepare(sql).expect("the schema is known");
    let bodies = statement.query_map([post_id], |row| row.get(0)).expect("one parameter");
    bodies.collect::<Result<_, _>>().expect("texts")
}

#[test]
fn deleting_a_profile_deletes_its_words_and_keeps_those_of_others() {
    let site = Site::empty();
    let database = site.database();
    let leaver = Client::new(&site);
    leaver.sign_up("leaver");
    assert_eq!(Client::new(&site).sign_up("stayer").status, 303);
    let alone = post(&database, 1, "a post that nobody answered");
    comment(&database, alone, 1, None, "only I speak here");
    let discussed = post(&database, 1, "a post that somebody answered");
    comment(&database, discussed, 1, None, "my own comment");
    comment(&database, discussed, 2, None, "words of a stayer");
    let anothers = post(&database, 2, "a post of a stayer");
    // A thread of the leaver alone.
    let mine = comment(&database, anothers, 1, None, "mine a");
    let mine = comment(&database, anothers, 1, Some(mine), "mine b");
    comment(&database, anothers, 1, Some(mine), "mine c");
    // A thread in which another user replied.
    let mine = comment(&database, anothers, 1, None, "mine d");
    let reply = comment(&database, anothers, 1, Some(mine), "mine e");
    comment(&database, anothers, 1, Some(mine), "mine f");
    let others = comment(&database, anothers, 2, Some(reply), "another's");
    comment(&database, anothers, 1, Some(others), "mine g");
    // A comment that was emptied before; its only reply is the leaver's.
    let gone = comment(&database, anothers, 2, None, "another's, taken back");
    let mine = comment(&database, anothers, 1, Some(gone), "mine h");
    comment::sql::destroy(&database, CommentId::new(gone), Timestamp::now()).expect("it is there");
    comment(&database, anothers, 1, Some(mine), "mine i");
    assert_eq!(bodies(&database, anothers).iter().filter(|body| *body == "-").count(), 1);
    assert_sound(&database);

    let page = leaver.get("/user/delete");
    assert_eq!(texts(&page.html(), "h1"), ["Delete profile"]);
    assert_eq!(texts(&page.html(), "main li"), ["2 posts", "11 comments"]);
    assert_eq!(texts(&page.html(), "main form button"), ["Delete profile"]);
    let answer = leaver.post("/user", &[("_method", "delete"), ("password", NEW_PASSWORD)]);
    assert_leads_to(&answer, "/");
    assert_eq!(set_cookies(&answer, "session"), ["session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
    assert_eq!(set_cookies(&answer, "draft"), ["draft=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
    let page = leaver.follow(&answer);
    assert_eq!((flash(&page), viewer(&page)), (vec!["Profile was successfully deleted.".to_owned()], None));

    assert_sound(&database);
    assert_eq!(number(&database, "SELECT count(*) FROM users JOIN profiles ON user_id = id"), 1);
    assert_eq!(number(&database, "SELECT count(*) FROM sessions WHERE user_id = 1"), 0);
    assert_eq!(leaver.get("/users/1").status, 404);
    assert_eq!(leaver.get(&format!("/posts/{alone}")).status, 404);
    assert_eq!(bodies(&database, discussed), ["words of a stayer"]);
    assert_eq!(bodies(&database, anothers), ["-", "-", "another's"]);

    let stayer = Client::signed_in_as(&site, 2);
    let page = stayer.get(&format!("/posts/{discussed}"));
    assert_eq!((page.status, texts(&page.html(), "h1")), (200, vec!["[deleted]".to_owned()]));
    let text = page.text();
    assert!(text.contains("words of a stayer") && text.contains("by [deleted]"), "{text}");
    for lost in ["leaver", "my own words", "my own comment", "somebody answered", "comment_form"] {
        assert!(!text.contains(lost), "{lost}: {text}");
    }
    for list in ["/", "/posts"] {
        let links = attributes(&stayer.get(list).html(), "ol.posts li > a", "href");
        assert_eq!(links, [format!("/posts/{anothers}")], "{list}");
    }
    let path = format!("/posts/{discussed}/comments");
    assert_eq!(stayer.post(&path, &[("body", "too late to say so")]).status, 404);
    assert_eq!(stayer.htmx("POST", &path, &[("body", "too late to say so")]).status, 404);
    assert_eq!(stayer.get(&format!("/posts/{discussed}/edit")).status, 404);
    let page = stayer.get(&format!("/posts/{anothers}"));
    assert_eq!(texts(&page.html(), ".comments p.empty"), ["[deleted]", "[deleted]"]);
    assert_eq!(texts(&page.html(), "#comments_heading"), ["1 comment"]);
    assert!(
        stayer.get("/users/2").text().contains("><bdi>[deleted]</bdi></a>"),
        "the comment's post has no other name"
    );

    // A second deletion leads to signing in, and the old name is free.
    let twice = leaver.post("/user", &[("_method", "delete"), ("password", "password")]);
    assert_leads_to(&twice, "/sign_in?return_to=%2Fuser%2Fdelete");
    assert_eq!(leaver.sign_up("leaver").status, 422, "the name is kept back");
    let again = leaver.sign_up("another");
    assert_leads_to(&again, "/users/3");
    assert_eq!(texts(&leaver.get("/users/3").html(), "summary"), ["Posts: 0", "Comments: 0", "Sessions: 1"]);

    // The emptied comments go with the last reply of another user.
    comment::sql::destroy(&database, CommentId::new(others), Timestamp::now()).expect("it is there");
    assert_eq!(bodies(&database, anothers), [""; 0]);
    assert_sound(&database);
}

#[test]
fn deleting_an_account_asks_for_its_password() {
    let site = Site::start();
    let database = site.database();
    let banned = "UPDATE users SET banned_at = 1 WHERE id = 2";
    for (user, change) in [(1, "SELECT 1"), (2, banned)] {
        database.execute_batch(change).expect("the schema is known");
        let client = Client::signed_in_as(&site, user);
        let page = client.get("/user/delete");
        assert_eq!(texts(&page.html(), "main label"), ["Password"]);
        assert_eq!(texts(&page.html(), "main form button"), ["Delete profile"]);
        let password = attributes(&page.html(), "main input[name=password]", "autocomplete");
        assert_eq!(password, ["current-password"]);
        let rows = |database: &rusqlite::Connection| {
            number(
                database,
                &format!(
                    "SELECT count(*) FROM users JOIN sessions ON user_id = users.id WHERE users.id = {user}"
                ),
            )
        };
        let before = rows(&database);
        for wrong in [&[][..], &[("password", "")], &[("password", "Password")], &[("password", "wrong")]] {
            let form = [&[("_method", "delete")], wrong].concat();
            for answer in [client.post("/user", &form), client.ask("DELETE", "/user", wrong, &[])] {
                assert_eq!((answer.status, viewer(&answer).is_some()), (422, true), "{wrong:?}");
                assert_eq!(texts(&answer.html(), "h1"), ["Delete profile"]);
                assert!(texts(&answer.html(), "#delete_profile").concat().contains("Password is incorrect"));
                assert_eq!(line(&answer, "password"), "");
                assert_guarded(&answer);
            }
            let answer = client.htmx("DELETE", "/user", wrong);
            let changes = partials(&answer);
            assert_eq!((answer.status, &*changes[0].target), (422, "#delete_profile"), "{wrong:?}");
            assert!(changes[0].html.contains("Password is incorrect"));
            assert_eq!(rows(&database), before);
        }
        // The password of another user is wrong, too; the right one deletes, once.
        let twice = client.clone();
        let answer = client.post("/user", &[("_method", "delete"), ("password", "password")]);
        assert_done(&client, &answer, "/", "Profile was successfully deleted.");
        assert_eq!(rows(&database), 0);
        let again = twice.post("/user", &[("_method", "delete"), ("password", "password")]);
        assert_leads_to(&again, "/sign_in?return_to=%2Fuser%2Fdelete");
    }
    assert_sound(&database);
}

#[test]
fn a_demo_user_deletes_their_account_by_htmx_and_the_counts_stay_right() {
    let site = Site::with(60, |_| {});
    let database = site.database();
    let id = number(&database, "SELECT user_id FROM posts GROUP BY user_id ORDER BY count(*) DESC LIMIT 1");
    let name = name_of(&database, id);
    let others = format!("SELECT count(*) FROM comments WHERE user_id <> {id}");
    let (here, elsewhere) = (Client::signed_in_as(&site, id), Client::signed_in_as(&site, id));
    let (words, posts) = (number(&database, &others), count(&database, "posts"));
    let cleared = here.htmx("DELETE", "/user", &[("password", "password")]);
    assert_leads_htmx_to(&cleared, 200, "/");
    assert_eq!(here.cookie("session"), None);
    assert_eq!((whoami(&here), whoami(&elsewhere)), (None, None));
    assert_leads_htmx_to(
        &elsewhere.htmx("DELETE", "/user", &[("password", "password")]),
        401,
        "/sign_in?return_to=%2Fuser%2Fdelete",
    );
    assert_sound(&database);
    assert_eq!(number(&database, &others), words, "comments of others are lost");
    assert_eq!(count(&database, "posts"), posts, "every post of the demo has comments and stays");
    assert!(number(&database, "SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL") > 0);
    for post in 1..=posts {
        let page = site.get(&format!("/posts/{post}"));
        assert_eq!(page.status, 200);
        assert!(!page.text().contains(&format!("/users/{id}\"")), "{post}");
    }
    assert_eq!(here.sign_in(&name).status, 422);
}
