//! Sessions: signing in and out, and the list of a user's sessions.

use lorem_news::types::time::{DAY, MINUTE, Timestamp};

use crate::accounts::EVIL;
use crate::client::Client;
use crate::harness::*;
use crate::seen::*;

const INCORRECT: &str = "That screen name or password is incorrect";

fn form<'f>(screen_name: &'f str, password: &'f str) -> [(&'f str, &'f str); 2] {
    [("screen_name", screen_name), ("password", password)]
}

/// The rows of the list of sessions: their ids, and whether each is the active one.
fn listed(page: &Answer) -> Vec<(String, bool)> {
    let row = scraper::Selector::parse("ul.sessions li").expect("a selector");
    let badge = scraper::Selector::parse(".badge").expect("a selector");
    let html = page.html();
    html.select(&row)
        .map(|row| (row.attr("id").unwrap_or_default().to_owned(), row.select(&badge).next().is_some()))
        .collect()
}

#[test]
fn a_user_who_signs_in_is_recognized_from_then_on() {
    let site = Site::start();
    let database = site.database();
    let name = name_of(&database, 3);
    let client = Client::new(&site);
    let page = client.get("/sign_in");
    assert_eq!(texts(&page.html(), "h1"), ["Sign in"]);
    assert_eq!(texts(&page.html(), "label"), ["Screen name", "Password"]);
    assert_eq!(texts(&page.html(), "main form button"), ["Sign in"]);
    assert_eq!(client.get("/sessions/new").text(), page.text());
    assert_eq!(client.get("/sessions").header("Location"), Some("/sign_in"));

    let began = Timestamp::now();
    let agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/125.0.0.0 Safari/537.36";
    let answer = client.ask("POST", "/sessions", &form(&name, "password"), &[("User-Agent", agent)]);
    assert_leads_to(&answer, "/users/3");
    let page = client.follow(&answer);
    assert_eq!(flash(&page), ["You have been signed in."]);
    assert_eq!(viewer(&page), Some(name));
    assert_eq!(listed(&page), [(format!("session_{}", client.session_id()), true)]);
    assert!(texts(&page.html(), "ul.sessions li span").contains(&"Mac Chrome 125.0.0.0".to_owned()));
    assert_eq!(texts(&page.html(), "#sessions_count"), ["1"]);
    let row = string(&database, "SELECT user_id || ip_address || user_agent FROM sessions");
    assert_eq!(row, format!("3127.0.0.1{agent}"));
    assert!(number(&database, "SELECT last_seen_at FROM users WHERE id = 3") >= began.as_micros());
    let (secret, hash) =
        (client.cookie("session").expect("it is signed in"), "SELECT hex(secret_hash) FROM sessions");
    assert!(!secret.to_uppercase().contains(&string(&database, hash)), "only a hash is stored");
    assert_sound(&database);
}

#[test]
fn the_header_leads_back_to_the_page_after_signing_in() {
    let site = Site::start();
    let name = name_of(&site.database(), 3);
    let link =
        |answer: &Answer| attributes(&answer.html(), "header nav a[href^='/sign_in']", "href").concat();
    for page in ["/", "/posts/1", "/best/month", "/search?q=a+b&order=date", "/users/1?comments=9-9", "/log"]
    {
        let client = Client::new(&site);
        let leads = link(&client.get(page));
        let expected = serde_urlencoded::to_string([("return_to", page)]).expect("a pair");
        assert_eq!(leads, format!("/sign_in?{expected}"));
        // The page of the form keeps the address, also when it is refused or the link is followed again.
        let sign_in = client.get(&leads);
        assert_eq!((link(&sign_in), line(&sign_in, "return_to")), (leads.clone(), page.to_owned()));
        let form = [("screen_name", &*name), ("password", "wrong"), ("return_to", page)];
        let refused = client.post("/sessions", &form);
        assert_eq!(
            (refused.status, link(&refused), line(&refused, "return_to")),
            (422, leads, page.to_owned())
        );
        let form = [("screen_name", &*name), ("password", "password"), ("return_to", page)];
        assert_leads_to(&client.post("/sessions", &form), page);
        assert_eq!(link(&client.get(page)), "", "a user has no such link");
    }
    // Without an address, and where the address is another site's, it leads to the own page as before.
    let client = Client::new(&site);
    let long = format!("/search?q={}", "a".repeat(2000));
    for page in ["/sign_in", "/sign_up", "/nowhere", "/sign_in?return_to=%2F%2Fevil.example", &long] {
        assert_eq!(link(&client.get(page)), "/sign_in", "{page}");
    }
}

#[test]
fn all_wrong_sign_ins_get_equal_answers() {
    let site = Site::start();
    let name = name_of(&site.database(), 1);
    let mut bodies = Vec::new();
    let long = "p".repeat(100_000);
    for (typed, password) in [
        (&*name, "Password"),
        (&*name, ""),
        (&*name, "password "),
        (&*name, &*long),
        ("nobody_of_that_name", "password"),
        ("", "password"),
        ("", ""),
        ("<script>alert(1)</script>", "password"),
        ("' OR 1=1 --", "password"),
    ] {
        let client = Client::new(&site);
        let answer = client.post("/sessions", &form(typed, password));
        assert_eq!((answer.status, flash(&answer)), (422, vec![INCORRECT.to_owned()]), "{typed}");
        assert_eq!(
            (line(&answer, "screen_name"), line(&answer, "password")),
            (typed.to_owned(), String::new())
        );
        assert_eq!(answer.header("Set-Cookie"), None);
        assert_guarded(&answer);
        let escaped = typed.replace('<', "&lt;").replace('>', "&gt;");
        let body = answer.text().replace(&format!("value=\"{escaped}\""), "value=\"\"");
        let headers: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        bodies.push((body, headers));
    }
    let missing = Client::new(&site).post("/sessions", &[]);
    assert_eq!((missing.status, flash(&missing)), (422, vec![INCORRECT.to_owned()]));
    for (typed, other) in bodies.iter().enumerate() {
        assert_eq!(other, &bodies[0], "{typed}");
    }
    assert_eq!(count(&site.database(), "sessions"), 0);
}

#[test]
fn signing_in_ignores_the_case_of_a_name() {
    let site = Site::start();
    let name = name_of(&site.database(), 1);
    for typed in [name.to_uppercase(), format!("  {name} ")] {
        let client = Client::new(&site);
        assert_leads_to(&client.sign_in(&typed), "/users/1");
        assert_eq!(whoami(&client).as_ref(), Some(&name));
    }
}

#[test]
fn signing_in_redirects_only_within_this_site() {
    let site = Site::start();
    let name = name_of(&site.database(), 1);
    let sign_in = |return_to: &str| {
        let form = [("screen_name", &*name), ("password", "password"), ("return_to", return_to)];
        Client::new(&site).post("/sessions", &form)
    };
    for local in ["/", "/posts/1?comments=2-3#comment_form"] {
        assert_leads_to(&sign_in(local), local);
    }
    for evil in EVIL {
        assert_leads_to(&sign_in(evil), "/users/1");
    }
    let mistaken = [("screen_name", &*name), ("return_to", "/posts/new?a=%26&b=2")];
    let refused = Client::new(&site).post("/sessions", &mistaken);
    assert_eq!(line(&refused, "return_to"), "/posts/new?a=%26&b=2");
}

#[test]
fn signing_in_again_replaces_the_session() {
    let site = Site::start();
    let database = site.database();
    let client = Client::new(&site);
    client.sign_in(&name_of(&database, 1));
    let mut before = client.clone();
    assert!(whoami(&before).is_some());
    // As user 1 again, as another user, and by htmx: the browser has one session.
    for user in [1, 2] {
        client.sign_in(&name_of(&database, user));
        assert_eq!(whoami(&client), Some(name_of(&database, user)));
        assert_eq!(whoami(&before), None, "{user}");
        assert_eq!(count(&database, "sessions"), 1);
        assert_sound(&database);
        before = client.clone();
    }
    let answer = client.htmx("POST", "/sessions", &form(&name_of(&database, 1), "password"));
    assert_leads_htmx_to(&answer, 200, "/users/1");
    assert_eq!((count(&database, "sessions"), whoami(&before)), (1, None));
    // A refused sign-in ends no session, and neither does a cookie with a wrong secret.
    assert_eq!(client.post("/sessions", &form("nobody", "password")).status, 422);
    assert_eq!(whoami(&client), Some(name_of(&database, 1)));
    let thief = Client::new(&site);
    thief.set_cookie("session", &format!("{}.{}", client.session_id(), "0".repeat(64)));
    assert_eq!(whoami(&thief), None);
    assert_eq!(thief.sign_in(&name_of(&database, 3)).status, 303);
    assert!(whoami(&client).is_some());
    assert_sound(&database);
}

#[test]
fn a_user_who_signs_out_is_a_guest_at_once() {
    let site = Site::start();
    let database = site.database();
    for htmx in [false, true] {
        let client = Client::signed_in_as(&site, 1);
        let kept = client.clone();
        let path = format!("/sessions/{}", client.session_id());
        let page = client.get("/posts");
        assert_eq!(attributes(&page.html(), "header form", "action"), [&*path]);
        assert_eq!(texts(&page.html(), "header form button"), ["Sign out"]);
        let answer = if htmx {
            let answer = client.htmx("POST", &path, &[("_method", "delete")]);
            assert_leads_htmx_to(&answer, 200, "/users/1");
            answer
        } else {
            let answer = client.post(&path, &[("_method", "delete")]);
            assert_leads_to(&answer, "/users/1");
            answer
        };
        assert_eq!(set_cookies(&answer, "session"), ["session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
        assert_eq!(set_cookies(&answer, "draft"), ["draft=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
        let page = client.get("/users/1");
        assert_eq!(flash(&page), ["That session has been successfully logged out."]);
        assert_eq!(viewer(&page), None);
        assert_eq!(whoami(&kept.clone()), None, "a kept cookie is worthless");
        // A second time the client is a guest.
        let twice = kept.clone().post(&path, &[("_method", "delete")]);
        assert_leads_to(&twice, "/sign_in?return_to=%2F");
        assert_eq!(count(&database, "sessions"), 0);
    }
    assert_sound(&database);
}

#[test]
fn a_user_ends_another_own_session_which_is_signed_out_at_once() {
    let site = Site::start();
    let database = site.database();
    let here = Client::signed_in_as(&site, 1);
    for htmx in [false, true] {
        let elsewhere = Client::signed_in_as(&site, 1);
        let (id, path) = (elsewhere.session_id(), format!("/sessions/{}", elsewhere.session_id()));
        let page = here.get("/users/1");
        let own = format!("session_{}", here.session_id());
        assert_eq!(listed(&page), [(format!("session_{id}"), false), (own.clone(), true)]);
        let row = format!("#session_{id} form");
        for name in ["action", "hx-post"] {
            assert_eq!(attributes(&page.html(), &row, name), [&*path], "{name}");
        }
        assert_eq!(texts(&page.html(), &row), ["Revoke"]);
        if htmx {
            let answer = here.htmx("POST", &path, &[("_method", "delete")]);
            assert_eq!(answer.status, 200);
            assert_guarded(&answer);
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            assert!(answer.header("Vary").is_some_and(|vary| vary.contains("HX-Request-Type")));
            let notice = r#"<p class="flash notice">That session has been successfully logged out.</p>"#;
            let expected = [
                (&*format!("#session_{id}"), "delete", ""),
                ("#sessions_count", "innerHTML", "1"),
                ("#flash", "innerHTML", notice),
            ];
            let expected = expected.map(|(target, swap, html)| Partial {
                target: target.into(),
                swap: swap.into(),
                html: html.into(),
            });
            assert_eq!(partials(&answer), expected);
            assert_eq!(answer.header("Set-Cookie"), None, "the answer itself has the notice");
        } else {
            let answer = here.post(&path, &[("_method", "delete")]);
            assert_leads_to(&answer, "/users/1");
            let page = here.follow(&answer);
            assert_eq!(flash(&page), ["That session has been successfully logged out."]);
            assert_eq!(listed(&page), [(own, true)]);
            assert_eq!(texts(&page.html(), "#sessions_count"), ["1"]);
        }
        assert_eq!(whoami(&elsewhere), None);
        // A second time the session is gone.
        assert_eq!(here.post(&path, &[("_method", "delete")]).status, 404);
        let twice = here.htmx("POST", &path, &[("_method", "delete")]);
        assert_eq!((twice.status, partials(&twice).len(), &*partials(&twice)[0].target), (404, 1, "#flash"));
        assert_sound(&database);
    }
    assert!(whoami(&here).is_some());
}

#[test]
fn a_user_signs_out_everywhere_else_by_one_button() {
    let site = Site::start();
    let database = site.database();
    let other = Client::signed_in_as(&site, 2);
    let said = "You have been signed out everywhere else.";
    for by_htmx in [false, true] {
        let here = Client::signed_in_as(&site, 1);
        let elsewhere = [(); 3].map(|()| Client::signed_in_as(&site, 1));
        let page = here.get("/users/1");
        let button = "#sessions > form button";
        assert_eq!(texts(&page.html(), button), ["Sign out everywhere else"]);
        assert_eq!(attributes(&page.html(), "#sessions > form", "action"), ["/sessions"]);
        let before = here.clone();
        let end = || {
            if by_htmx {
                let answer = here.htmx("DELETE", "/sessions", &[]);
                assert_leads_htmx_to(&answer, 200, "/users/1");
                assert_eq!(flash(&here.get("/users/1")), [said]);
            } else {
                let answer = here.post("/sessions", &[("_method", "delete")]);
                assert_done(&here, &answer, "/users/1", said);
            }
        };
        end();
        let id = here.session_id();
        assert_eq!(listed(&here.get("/users/1")), [(format!("session_{id}"), true)]);
        assert_eq!(texts(&here.get("/users/1").html(), "#sessions_count"), ["1"]);
        assert!(elsewhere.iter().all(|client| whoami(client).is_none()));
        assert_eq!(
            (whoami(&before), whoami(&here).is_some()),
            (None, true),
            "a copy of the cookie is worthless"
        );
        // A second time there is nothing to end, and the session stays.
        end();
        assert_eq!((here.session_id(), whoami(&here).is_some()), (id, true));
        assert_sound(&database);
        let path = format!("/sessions/{id}");
        assert_eq!(here.ask("DELETE", &path, &[], &[]).status, 303);
    }
    assert!(whoami(&other).is_some(), "another user stays signed in");
    let guest = Client::new(&site);
    assert_leads_to(&guest.ask("DELETE", "/sessions", &[], &[]), "/sign_in?return_to=%2Fuser");
    assert_leads_htmx_to(&guest.htmx("DELETE", "/sessions", &[]), 401, "/sign_in?return_to=%2Fuser");
    assert!(!guest.get("/users/2").text().contains("everywhere else"));
    assert!(!Client::signed_in_as(&site, 3).get("/users/2").text().contains("everywhere else"));
    // A banned user may, too.
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 2", []).expect("the schema is known");
    assert_leads_to(&other.ask("DELETE", "/sessions", &[], &[]), "/users/2");
    assert!(whoami(&other).is_some());
}

#[test]
fn a_session_of_another_user_cannot_be_ended() {
    let site = Site::start();
    let database = site.database();
    let owner = Client::signed_in_as(&site, 1);
    let path = format!("/sessions/{}", owner.session_id());
    let other = Client::signed_in_as(&site, 2);
    let before = string(&database, "SELECT group_concat(id || user_id || last_used_at) FROM sessions");
    for path in [
        &*path,
        "/sessions/0",
        "/sessions/999999",
        "/sessions/1x",
        "/sessions/-1",
        "/sessions/99999999999999999999",
    ] {
        assert_eq!(other.ask("DELETE", path, &[], &[]).status, 404, "{path}");
        assert_eq!(other.htmx("DELETE", path, &[]).status, 404, "{path}");
    }
    let guest = Client::new(&site);
    assert_leads_to(&guest.ask("DELETE", &path, &[], &[]), "/sign_in?return_to=%2F");
    assert_leads_htmx_to(&guest.htmx("DELETE", &path, &[]), 401, "/sign_in?return_to=%2F");
    assert_eq!(string(&database, "SELECT group_concat(id || user_id || last_used_at) FROM sessions"), before);
    assert!(whoami(&owner).is_some());
    // Other users do not see the session.
    let page = other.get("/users/1");
    assert!(!page.text().contains("Revoke") && !page.text().contains("Sessions:"));
    assert_eq!(listed(&page), []);
}

#[test]
fn a_form_field_can_set_the_method_to_delete() {
    let site = Site::start();
    for (method, field, status) in [
        ("POST", Some("delete"), 303),
        ("POST", Some("DELETE"), 303),
        ("POST", Some("DeLeTe"), 303),
        ("DELETE", None, 303),
        ("DELETE", Some("patch"), 303),
        ("POST", None, 405),
        ("POST", Some(""), 405),
        ("POST", Some("destroy"), 405),
        ("POST", Some("GET"), 405),
        ("POST", Some("patch"), 405),
        ("PATCH", Some("delete"), 405),
        ("GET", None, 405),
    ] {
        let client = Client::signed_in(&site);
        let path = format!("/sessions/{}", client.session_id());
        let form: Vec<(&str, &str)> = field.map(|value| ("_method", value)).into_iter().collect();
        let answer = client.ask(method, &path, &form, &[]);
        assert_eq!(answer.status, status, "{method} {field:?}");
        assert_eq!(answer.header("Allow"), (status == 405).then_some("DELETE"), "{method} {field:?}");
        assert_eq!(whoami(&client).is_some(), status == 405, "{method} {field:?}");
    }
    // The method cannot be set in an address or a header: a link must not change anything.
    let client = Client::signed_in(&site);
    let path = format!("/sessions/{}?_method=delete", client.session_id());
    assert_eq!((client.get(&path).status, client.post(&path, &[]).status), (405, 405));
    assert_eq!(client.ask("POST", &path, &[], &[("X-HTTP-Method-Override", "DELETE")]).status, 405);
    assert!(whoami(&client).is_some());
    assert_sound(&site.database());
}

#[test]
fn a_hundred_thousand_sessions_are_read_and_deleted_in_small_steps() {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) \
             SELECT 1, n, n, zeroblob(32), '::1', 'oha/1.16.0' FROM n;
             UPDATE users SET sessions_count = 100000 WHERE id = 1",
        )
        .expect("the schema is known");
    let client = Client::signed_in_as(&site, 1);
    let own = client.session_id();
    let mut page = client.get("/users/1");
    assert_eq!(texts(&page.html(), "#sessions_count"), ["100001"]);
    let mut expected = own;
    for number in 0..5 {
        assert_eq!(page.status, 200);
        assert!(page.body.len() < 64 * 1024, "{}", page.body.len());
        let rows = listed(&page);
        let ids: Vec<String> = rows.iter().map(|row| row.0.clone()).collect();
        let next: Vec<String> = (0..10).map(|row| format!("session_{}", expected - row)).collect();
        assert_eq!(ids, next, "page {number}");
        assert_eq!(rows[0].1, number == 0, "the active session is on the first page");
        expected -= 10;
        let more = attributes(&page.html(), "#sessions nav.pager a", "href");
        let [more] = &more[..] else { panic!("{more:?}") };
        assert!(more.ends_with("#sessions"));
        page = client.get(&format!("/users/1{}", more.trim_end_matches("#sessions")));
    }
    // The last page.
    let page = client.get("/users/1?sessions=11-11");
    assert_eq!((listed(&page).len(), attributes(&page.html(), "#sessions nav a", "href")), (10, vec![]));
    let answer = client.ask("DELETE", &format!("/sessions/{own}"), &[], &[]);
    assert_leads_to(&answer, "/users/1");
    assert_eq!(whoami(&client), None);
    assert_sound(&database);
    // Deleting the account deletes all sessions.
    assert_leads_to(
        &Client::signed_in_as(&site, 1).ask("DELETE", "/user", &[("password", "password")], &[]),
        "/",
    );
    assert_eq!(count(&database, "sessions"), 0);
    assert_sound(&database);
}

#[test]
fn the_use_of_a_session_is_recorded_once_a_day() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = client.session_id();
    let used = || number(&database, &format!("SELECT last_used_at FROM sessions WHERE id = {id}"));
    // Each write of the site, which is another connection, changes this number.
    let version = || number(&database, "PRAGMA data_version");
    // The first visit of a post is recorded.
    client.get("/posts/1");
    eventually("the visit is recorded", || (count(&database, "visits") == 1).then_some(()));
    let (began, unchanged) = (used(), version());
    for path in ["/", "/posts", "/posts/1", "/users/1", "/user/edit", "/posts/new", "/sign_in", "/nowhere"] {
        client.get(path);
    }
    assert_eq!((used(), version()), (began, unchanged), "reading a page writes nothing");

    for (age, noted) in [(DAY - MINUTE, false), (DAY + MINUTE, true), (100 * DAY, true)] {
        let old = Timestamp::now() - age;
        let sql = "UPDATE sessions SET last_used_at = ?1 WHERE id = ?2";
        database.execute(sql, [old.as_micros(), id]).expect("the schema is known");
        let before = version();
        assert!(whoami(&client).is_some());
        if noted {
            // The request does not wait for this write.
            eventually("the use is recorded", || (used() > old.as_micros()).then_some(()));
        }
        assert_eq!((used() > old.as_micros(), version() != before), (noted, noted), "{age:?}");
        let (after, before) = (used(), version());
        assert!(whoami(&client).is_some());
        assert_eq!((used(), version()), (after, before), "a second use on one day writes nothing");
    }
    // A guest, or a cookie with a wrong secret, touches nothing.
    database.execute("UPDATE sessions SET last_used_at = 0", []).expect("the schema is known");
    let thief = Client::new(&site);
    for wrong in [
        format!("{id}.{}", "0".repeat(64)),
        format!("{id}."),
        "999999.x".into(),
        "\"".into(),
        format!("{id}"),
    ] {
        thief.set_cookie("session", &wrong);
        assert_eq!(whoami(&thief), None, "{wrong}");
    }
    assert_eq!(used(), 0);
}
