//! Preferences: chosen on a plain page, by guests too, kept in cookies, and applied to every page.

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const SAVED: &str = "Preferences were successfully saved.";

/// The theme of a page, and whether it loads the script for the keys.
fn read(answer: &Answer) -> (Option<String>, bool) {
    let html = answer.html();
    let scripts = attributes(&html, "script", "src");
    let by_keyboard = scripts.iter().any(|address| address.starts_with("/assets/keys-"));
    (attributes(&html, "html", "data-theme").pop(), by_keyboard)
}

/// The values that are checked in the form on the page.
fn chosen(answer: &Answer) -> Vec<String> {
    attributes(&answer.html(), "main form input[checked]", "value")
}

fn colours(answer: &Answer) -> Vec<String> {
    attributes(&answer.html(), "meta[name=theme-color]", "content")
}

#[test]
fn a_guest_sets_preferences_and_every_page_follows() {
    let site = Site::start();
    let guest = Client::new(&site);
    let page = guest.get("/preferences");
    assert_eq!(
        (page.status, read(&page), chosen(&page)),
        (200, (None, true), vec!["system".into(), "on".into()])
    );
    assert_eq!(colours(&page), ["#ffffff", "#111111"]);
    assert_eq!(attributes(&page.html(), "meta[name=theme-color]", "media").len(), 2);

    let form = [("theme", "dark"), ("keys", "off")];
    assert_done(&guest, &guest.post("/preferences", &form), "/preferences", SAVED);
    for path in ["/", "/posts", "/posts/1", "/users/1", "/sign_in", "/preferences", "/keys", "/nothing"] {
        let page = guest.get(path);
        assert_eq!(read(&page), (Some("dark".into()), false), "{path}");
        assert_eq!(colours(&page), ["#111111"], "{path}");
        assert_eq!(attributes(&page.html(), "meta[name=theme-color]", "media"), [""; 0], "{path}");
        assert!(!page.text().contains("keys-"), "{path}: the script is not even named");
    }
    assert_eq!(chosen(&guest.get("/preferences")), ["dark", "off"]);

    assert_done(&guest, &guest.post("/preferences", &[("theme", "light")]), "/preferences", SAVED);
    let page = guest.get("/");
    assert_eq!((read(&page), colours(&page)), ((Some("light".into()), false), vec!["#ffffff".into()]));

    let form = [("theme", "system"), ("keys", "on")];
    assert_done(&guest, &guest.post("/preferences", &form), "/preferences", SAVED);
    assert_eq!(read(&guest.get("/")), (None, true));
    assert_eq!((guest.cookie("theme"), guest.cookie("keys")), (None, None), "no cookie is left behind");
}

#[test]
fn preferences_belong_to_the_browser_and_outlast_the_session() {
    let site = Site::start();
    let (user, other) = (Client::signed_in(&site), Client::signed_in_as(&site, 2));
    let database = site.database();
    let version = || number(&database, "PRAGMA data_version");
    let before = version();
    let answer = user.post("/preferences", &[("theme", "dark"), ("keys", "off")]);
    assert_done(&user, &answer, "/preferences", SAVED);
    assert_eq!(read(&user.get("/")), (Some("dark".into()), false));
    assert_eq!(read(&other.get("/")), (None, true), "the pages of others stay");
    assert_eq!(viewer(&user.get("/")), Some(name_of(&database, 1)));
    assert_eq!(version(), before, "nothing is written");

    // The preferences outlast the session.
    let session = user.session_id();
    let answer = user.post(&format!("/sessions/{session}"), &[("_method", "delete")]);
    assert_eq!(answer.status, 303);
    assert_eq!((viewer(&user.get("/")), read(&user.get("/"))), (None, (Some("dark".into()), false)));
}

#[test]
fn htmx_is_redirected_to_the_page_and_saving_is_idempotent() {
    let site = Site::start();
    let guest = Client::new(&site);
    let answer = guest.htmx("POST", "/preferences", &[("theme", "dark")]);
    assert_leads_htmx_to(&answer, 200, "/preferences");
    assert_eq!(read(&guest.get("/")).0, Some("dark".into()));
    for _ in 0..2 {
        assert_done(&guest, &guest.post("/preferences", &[("theme", "light")]), "/preferences", SAVED);
        assert_eq!(read(&guest.get("/")).0, Some("light".into()));
    }
}

#[test]
fn an_unknown_choice_is_refused_and_changes_nothing() {
    let site = Site::start();
    for client in [Client::new(&site), Client::signed_in(&site)] {
        client.set_cookie("theme", "dark");
        for (form, sentences) in [
            (&[("theme", "pink"), ("keys", "off")][..], &["Theme must be system, light or dark"][..]),
            (
                &[("theme", ""), ("keys", "")],
                &["Theme must be system, light or dark", "Keys must be on or off"],
            ),
            (&[("keys", "dark; Path=/")], &["Keys must be on or off"]),
            (&[("theme", "dark\r\nSet-Cookie: a=b")], &["Theme must be system, light or dark"]),
            (&[("theme", "DARK")], &["Theme must be system, light or dark"]),
        ] {
            let answer = client.post("/preferences", form);
            assert_eq!(answer.status, 422, "{form:?}");
            assert_eq!(errors(&answer).1, sentences, "{form:?}");
            assert_eq!(texts(&answer.html(), "fieldset .error"), sentences, "{form:?}");
            assert_eq!(answer.header("Set-Cookie"), None, "{form:?}");
            assert_eq!(
                (read(&answer), chosen(&answer)),
                ((Some("dark".into()), true), vec!["dark".into(), "on".into()])
            );
        }
        // A form without fields changes nothing.
        assert_done(&client, &client.post("/preferences", &[]), "/preferences", SAVED);
        assert_eq!(read(&client.get("/")), (Some("dark".into()), true));
    }
}

#[test]
fn a_forged_cookie_is_ignored() {
    let site = Site::start();
    let (own_theme, own_keys) = (site.cookie_names.full("theme"), site.cookie_names.full("keys"));
    for (cookie, theme, by_keyboard) in [
        ("theme=\"><script>; keys=false", None, true),
        ("theme=; keys=", None, true),
        ("theme=system; keys=on", None, true),
        ("Theme=dark; KEYS=off", None, true),
        ("theme=dark; session=1.0; keys=off; theme", Some("dark"), false),
        ("a=b;theme=light;;=;keys=off", Some("light"), false),
        ("__Host-theme=dark", None, true),
    ] {
        // By the names of the database, and by those of version 0.1, which are not followed by letters.
        let own =
            cookie.replace("theme=", &format!("{own_theme}=")).replace("keys=", &format!("{own_keys}="));
        for cookie in [cookie, &own] {
            let answer = site.ask("GET", "/", &[("Cookie", cookie)]);
            assert_eq!(
                (answer.status, read(&answer)),
                (200, (theme.map(Into::into), by_keyboard)),
                "{cookie}"
            );
        }
    }
}

#[test]
fn saving_leads_back_to_the_page_before() {
    let site = Site::start();
    let guest = Client::new(&site);
    let own = format!("http://{}", site.address);
    let came_from = |page: &str| {
        let page = guest.ask("GET", "/preferences", &[], &[("Referer", page)]);
        attributes(&page.html(), "main form input[name=return_to]", "value")
    };
    assert_eq!(came_from(&format!("{own}/posts/1?comments=5-5")), ["/posts/1?comments=5-5"]);
    for elsewhere in
        ["https://evil.example/", &format!("{own}/preferences"), &format!("{own}//evil.example"), ""]
    {
        assert_eq!(came_from(elsewhere), [""; 0], "{elsewhere}");
    }

    let answer = guest.post("/preferences", &[("theme", "dark"), ("return_to", "/posts/1")]);
    assert_done(&guest, &answer, "/posts/1", SAVED);
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
    {
        let answer = guest.post("/preferences", &[("return_to", elsewhere)]);
        assert_leads_to(&answer, "/preferences");
    }
    // The switch is on the page about the keys, and in the list of keys on any page.
    for page in ["/keys", "/posts/1"] {
        let headers = [("Referer", &*format!("{own}{page}")), ("Sec-Fetch-Site", "same-origin")];
        assert_leads_to(&guest.ask("POST", "/preferences", &[("keys", "off")], &headers), page);
    }
    // A refused form keeps the way back.
    let answer = guest.post("/preferences", &[("theme", "pink"), ("return_to", "/posts/1")]);
    assert_eq!(attributes(&answer.html(), "main form input[name=return_to]", "value"), ["/posts/1"]);
}

#[test]
fn the_cookies_last_a_year_and_are_hidden_from_scripts() {
    for (relax_ssl, prefix, secure) in [(true, "", false), (false, "__Host-", true)] {
        let site = Site::with(0, |config| config.relax_ssl = relax_ssl);
        let guest = Client::new(&site);
        let answer = guest.post("/preferences", &[("theme", "dark"), ("keys", "off")]);
        for (name, value) in [("theme", "dark"), ("keys", "off")] {
            let cookies = set_cookies(&answer, &format!("{prefix}{name}"));
            let [cookie] = &cookies[..] else { panic!("{cookies:?}") };
            let mut parts: Vec<&str> = cookie.split("; ").collect();
            assert_eq!(parts.remove(0), format!("{prefix}{name}={value}"));
            for part in ["Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=Lax"] {
                assert!(parts.contains(&part), "{cookie}");
            }
            assert_eq!(parts.contains(&"Secure"), secure, "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        assert_eq!(read(&guest.get("/")), (Some("dark".into()), false));
        let answer = guest.post("/preferences", &[("theme", "system"), ("keys", "on")]);
        for name in ["theme", "keys"] {
            let cookies = set_cookies(&answer, &format!("{prefix}{name}"));
            assert!(cookies.len() == 1 && cookies[0].contains("Max-Age=0"), "{cookies:?}");
        }
    }
}

#[test]
fn another_site_cannot_change_preferences() {
    let site = Site::start();
    let guest = Client::new(&site);
    for headers in [&[("Sec-Fetch-Site", "cross-site")], &[("Origin", "https://evil.example")]] {
        let answer = guest.ask("POST", "/preferences", &[("theme", "dark")], headers);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (403, None));
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        let answer = guest.ask(method, "/preferences", &[("theme", "dark")], &[]);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD, POST")), "{method}");
    }
    let answer = guest.post("/keys", &[("keys", "off")]);
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")));
    assert_eq!(read(&guest.get("/")), (None, true));
}

#[test]
fn a_changed_preference_makes_a_cached_page_stale() {
    let site = Site::start();
    let guest = Client::new(&site);
    let before = guest.get("/");
    let tag = before.header("ETag").expect("a tag").to_owned();
    assert!(before.header("Vary").is_some_and(|vary| vary.contains("Cookie")));
    let again = |guest: &Client| guest.ask("GET", "/", &[], &[("If-None-Match", &tag)]).status;
    assert_eq!(again(&guest), 304);
    guest.set_cookie("theme", "dark");
    assert_eq!(again(&guest), 200);
    guest.set_cookie("theme", "");
    guest.set_cookie("keys", "off");
    assert_eq!(again(&guest), 200);
    guest.set_cookie("keys", "");
    assert_eq!(again(&guest), 304);
}

#[test]
fn the_page_about_the_keys_has_the_switch() {
    let site = Site::start();
    let guest = Client::new(&site);
    let page = guest.get("/keys");
    assert_eq!((page.status, texts(&page.html(), "h1")), (200, vec!["Keys".into()]));
    assert_eq!(texts(&page.html(), "#keys dt kbd"), ["j", "k", "o", "u", "?", "Ctrl", "Enter", "Esc"]);
    assert_eq!(texts(&page.html(), "#keys button"), ["Turn them off"]);
    let unread = "<noscript><p class=\"hint\">They need JavaScript, which this browser does not run here.</p></noscript>";
    assert!(page.text().contains(unread), "{}", page.text());
    let switch = |page: &Answer| {
        let html = page.html();
        let value = attributes(&html, "#keys form input[name=keys]", "value").concat();
        assert_eq!(attributes(&html, "#keys form", "action"), ["/preferences"]);
        guest.post("/preferences", &[("keys", &value)])
    };
    assert_eq!(switch(&page).status, 303);
    let page = guest.get("/keys");
    assert_eq!((read(&page).1, texts(&page.html(), "#keys button")), (false, vec!["Turn them on".into()]));
    assert_eq!(switch(&page).status, 303);
    assert!(read(&guest.get("/keys")).1);

    // Every page links to the keys and to the preferences.
    for path in ["/", "/posts/1", "/nothing"] {
        let links = attributes(&guest.get(path).html(), "footer a", "href");
        assert!(
            ["/preferences", "/keys"].iter().all(|to| links.iter().any(|link| link == to)),
            "{path}: {links:?}"
        );
    }
}
