//! Security: cross-site requests, malformed bodies, response headers, and secrets in logs.

use lorem_news::search;
use rusqlite::Connection;

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::*;
use crate::seen::*;

const FORM: &str = "application/x-www-form-urlencoded";

type Fields = Vec<(&'static str, &'static str)>;

/// Every request that changes something, with a form that succeeds for user 1 of the demo, who becomes
/// the author of all posts and comments.
fn routes(site: &Site, client: &Client) -> Vec<(&'static str, String, Fields)> {
    let database = site.database();
    database
        .execute_batch("UPDATE posts SET user_id = 1; UPDATE comments SET user_id = 1")
        .expect("the schema is known");
    let comment = number(&database, "SELECT min(id) FROM comments");
    let title = vec![("title", "A title of a post"), ("description", "words")];
    vec![
        ("POST", "/posts".into(), title.clone()),
        ("PATCH", "/posts/1".into(), title.clone()),
        ("PUT", "/posts/1".into(), title),
        ("DELETE", "/posts/1".into(), vec![]),
        ("POST", "/posts/1".into(), vec![("_method", "delete")]),
        ("POST", "/posts/1/comments".into(), vec![("body", "a comment")]),
        ("POST", format!("/comments/{comment}/replies"), vec![("body", "a reply")]),
        ("PATCH", format!("/comments/{comment}"), vec![("body", "a comment")]),
        ("PUT", format!("/comments/{comment}"), vec![("body", "a comment")]),
        ("DELETE", format!("/comments/{comment}"), vec![]),
        ("POST", "/users".into(), vec![("screen_name", "somebody"), ("password", NEW_PASSWORD)]),
        ("PATCH", "/user".into(), vec![("about", "changed")]),
        ("PUT", "/user".into(), vec![("about", "changed")]),
        ("DELETE", "/user".into(), vec![("password", "password")]),
        ("POST", "/user".into(), vec![("_method", "delete"), ("password", "password")]),
        ("DELETE", "/sessions".into(), vec![]),
        ("POST", "/sessions".into(), vec![("screen_name", "somebody"), ("password", "password")]),
        ("DELETE", format!("/sessions/{}", client.session_id()), vec![]),
    ]
}

/// A number that changes when another connection writes.
fn version(connection: &Connection) -> i64 {
    number(connection, "PRAGMA data_version")
}

#[test]
fn cross_site_requests_change_nothing() {
    let site = Site::start();
    let database = site.database();
    let mut member = Client::signed_in(&site);
    let mut guest = Client::new(&site);
    let host = site.address.to_string();
    let own = format!("http://{host}");
    for (method, path, form) in routes(&site, &member) {
        // The test's own writes are indexed: no background write is left.
        while search::sql::index_step(&database).expect("a step") {}
        for headers in [
            &[("Sec-Fetch-Site", "cross-site")][..],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "cross-site"), ("Origin", &*own)],
            &[("Sec-Fetch-Site", "")],
            &[("Origin", "https://evil.example")],
            &[("Origin", "null")],
            &[("Origin", "http://127.0.0.1")],
            &[("Origin", &*format!("{own}0"))],
        ] {
            let before = version(&database);
            for client in [&mut member, &mut guest] {
                let answer = client.ask(method, &path, &form, headers);
                assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
                assert_eq!(texts(&answer.html(), "h1"), ["The change you wanted was rejected."]);
                assert_eq!(answer.header("Set-Cookie"), None, "{method} {path} {headers:?}");
                assert_guarded(&answer);
                let htmx = [headers, &[("HX-Request-Type", "partial")]].concat();
                let answer = client.ask(method, &path, &form, &htmx);
                assert_eq!(
                    (answer.status, &*partials(&answer)[0].target),
                    (403, "#flash"),
                    "{method} {path}"
                );
            }
            assert_eq!(version(&database), before, "{method} {path} {headers:?}: something was written");
        }
    }
    // Pages can be read from any site.
    let answer = member.ask("GET", "/posts", &[], &[("Sec-Fetch-Site", "cross-site"), ("Origin", "null")]);
    assert_eq!((answer.status, viewer(&answer).is_some()), (200, true));
}

#[test]
fn requests_from_this_site_and_from_other_programs_are_allowed() {
    let site = Site::start();
    let host = site.address.to_string();
    let own = format!("http://{host}");
    let secure = format!("https://{}", host.to_uppercase());
    for (number, headers) in [
        &[("Sec-Fetch-Site", "same-origin")][..],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
        &[("Origin", &*own)],
        &[("Origin", &*secure)],
        &[],
    ]
    .into_iter()
    .enumerate()
    {
        let about = format!("changed {number}");
        let answer = Client::signed_in(&site).ask("PATCH", "/user", &[("about", &about)], headers);
        assert_eq!(answer.status, 303, "{headers:?}");
        assert_eq!(string(&site.database(), "SELECT about FROM profiles WHERE user_id = 1"), about);
    }
}

#[test]
fn a_body_that_is_no_form_is_refused() {
    let site = Site::start();
    let database = site.database();
    let member = Client::signed_in(&site);
    let guest = Client::new(&site);
    let fields = |number: usize| vec!["a=1"; number].join("&");
    let (hundred, more) = (format!("about=hundred&{}", fields(99)), format!("about=more&{}", fields(100)));
    let json = br#"{"about":"by json","_method":"delete"}"#;
    let multipart = b"--x\r\nContent-Disposition: form-data; name=\"about\"\r\n\r\nby parts\r\n--x--\r\n";
    for (content_type, body, status) in [
        (Some("application/json"), &json[..], 415),
        (Some("text/plain"), b"about=plain", 415),
        (Some("multipart/form-data; boundary=x"), multipart, 415),
        (None, b"about=untyped", 415),
        (Some(FORM), b"about=%ff", 400),
        (Some(FORM), b"about=\xff", 400),
        (Some(FORM), b"%C3=1&about=half", 400),
        (Some(FORM), more.as_bytes(), 400),
        (Some(FORM), hundred.as_bytes(), 303),
        (Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"), b"about=typed", 303),
        (Some(FORM), b"", 303),
        (Some(FORM), b"&&=&about=odd&=&%&about=second", 303),
    ] {
        let headers: Vec<(&str, &str)> =
            content_type.map(|value| ("Content-Type", value)).into_iter().collect();
        let before = (version(&database), member.cookie("session"));
        for method in ["PATCH", "PUT"] {
            let answer = member.send(method, "/user", &headers, body);
            assert_eq!(answer.status, status, "{content_type:?} {:?}", String::from_utf8_lossy(body));
            assert_guarded(&answer);
            let answer = guest.send(method, "/user", &headers, body);
            assert_eq!(answer.status, status, "guest {content_type:?} {:?}", String::from_utf8_lossy(body));
        }
        if status != 303 {
            assert_eq!((version(&database), member.cookie("session")), before);
            for path in ["/users", "/sessions"] {
                assert_eq!(
                    guest.send("POST", path, &headers, body).status,
                    status,
                    "{path} {content_type:?}"
                );
            }
            for path in ["/posts", "/posts/1/comments"] {
                assert_eq!(
                    member.send("POST", path, &headers, body).status,
                    status,
                    "{path} {content_type:?}"
                );
            }
        }
    }
    assert_eq!(string(&database, "SELECT about FROM profiles WHERE user_id = 1"), "odd");
    // An empty body is a form with blank fields.
    for (path, errors_count) in [("/users", 2), ("/posts", 1), ("/posts/1/comments", 1)] {
        let answer = member.post(path, &[]);
        assert_eq!((answer.status, errors(&answer).1.len()), (422, errors_count), "{path}");
    }
    assert_sound(&database);
}

#[test]
fn invisible_characters_are_removed() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let answer = client.send(
        "PATCH",
        "/user",
        &[("Content-Type", FORM)],
        "about=a%00b%1b[31m%7f\u{85}%e2%80%aec%0d%0ad%0de%09f".as_bytes(),
    );
    assert_eq!(answer.status, 303);
    assert_eq!(string(&site.database(), "SELECT about FROM profiles WHERE user_id = 1"), "ab[31mc\nd\ne\tf");
}

#[test]
fn every_page_has_cache_and_security_headers() {
    let site = Site::start();
    let mut member = Client::signed_in(&site);
    let (guest, pages) = (
        Client::new(&site),
        [
            "/sign_in",
            "/sign_up",
            "/sign_in?return_to=/posts/new",
            "/posts/1",
            "/users/1",
            "/users/2",
            "/user/edit",
            "/user/delete",
            "/posts/new",
        ],
    );
    for path in pages {
        for (client, is_guest) in [(&mut member, false), (&mut guest.clone(), true)] {
            let answer = client.get(path);
            assert_guarded(&answer);
            if answer.status == 200 {
                assert_eq!(answer.header("Cache-Control"), Some("private, no-cache"), "{path}");
                assert_eq!(answer.header("Vary"), Some("Accept-Encoding, Cookie, HX-Request-Type"), "{path}");
                assert!(answer.header("ETag").is_some(), "{path}");
                let head = client.ask("HEAD", path, &[], &[]);
                assert_eq!((head.status, head.header("ETag")), (200, answer.header("ETag")), "{path}");
            } else {
                assert!(is_guest && answer.status == 303, "{path}: {}", answer.status);
                assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
            }
        }
    }
    // A page cached for one user is not shown to the next.
    let page = member.get("/posts/1");
    let tag = page.header("ETag").expect("it has one").to_owned();
    assert_eq!(member.ask("GET", "/posts/1", &[], &[("If-None-Match", &tag)]).status, 304);
    let answer = Client::signed_in_as(&site, 2).ask("GET", "/posts/1", &[], &[("If-None-Match", &tag)]);
    assert_eq!(answer.status, 200);
    assert_eq!(guest.clone().ask("GET", "/posts/1", &[], &[("If-None-Match", &tag)]).status, 200);
}

#[test]
fn no_log_contains_a_secret_at_any_level() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let mut command = program(&["serve", "--relax-ssl", "--listen", "127.0.0.1:0"]);
    command.arg("--database").arg(&database).env("RUST_LOG", "trace");
    let server = Program::start(command);
    let client = Client::at(server.address);
    let mut secrets: Vec<String> =
        ["first-secret", "second-secret", "wrong-secret", "drafted words"].map(str::to_owned).into();
    let keep = |client: &Client, secrets: &mut Vec<String>| {
        secrets.extend(client.cookie("device"));
        for name in ["session", "draft"] {
            let cookie = client.cookie(name).unwrap_or_default();
            secrets.extend(cookie.split_once('.').map(|(_, secret)| secret.to_owned()));
        }
    };
    client.post("/posts/1/comments", &[("body", "drafted words")]);
    keep(&client, &mut secrets);
    let sign_up = [("screen_name", "somebody"), ("password", "first-secret"), ("return_to", "/posts/1")];
    assert_eq!(client.post("/users", &sign_up).status, 303);
    keep(&client, &mut secrets);
    client.get("/posts/1");
    let change = [("_method", "patch"), ("current_password", "first-secret"), ("password", "second-secret")];
    assert_eq!(client.post("/user", &change).status, 303);
    keep(&client, &mut secrets);
    let other = Client::at(server.address);
    for (password, status) in [("wrong-secret", 422), ("second-secret", 303)] {
        let form = [("screen_name", "somebody"), ("password", password)];
        assert_eq!(other.post("/sessions", &form).status, status);
    }
    keep(&other, &mut secrets);
    // Errors are logged, too: a table is missing for a moment.
    let lock = open(&database);
    lock.execute_batch("ALTER TABLE profiles RENAME TO hidden").expect("it can be renamed");
    let form = [("screen_name", "somebody"), ("password", "second-secret")];
    assert_eq!(other.post("/sessions", &form).status, 500);
    assert_eq!(other.post("/user", &change).status, 500);
    lock.execute_batch("ALTER TABLE hidden RENAME TO profiles").expect("it can be renamed");
    // A password in a JSON body, which the site refuses.
    other.send(
        "POST",
        "/sessions",
        &[("Content-Type", "application/json")],
        br#"{"password":"second-secret"}"#,
    );
    other.get("/the-last-one");
    server.await_log("/the-last-one");
    let log = server.log();
    assert!(log.contains("/sessions") && log.contains("ERROR"), "{log}");
    assert!(secrets.len() >= 8, "{secrets:?}");
    for secret in &secrets {
        assert!(!log.contains(&**secret) && !log.contains(&secret.replace(' ', "+")), "{secret}: {log}");
    }
    assert!(!log.contains("argon2") && !log.to_lowercase().contains("cookie"), "{log}");
}
