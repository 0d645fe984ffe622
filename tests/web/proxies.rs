//! Requests as proxies send them: the client's address, forms of the public name, split and weighted lists.

use lorem_news::html::size::MAX_PAGE_BYTES;
use lorem_news::site::origin::Origin;

use crate::client::Client;
use crate::harness::*;
use crate::seen::*;

/// A form as nginx sends it on by `proxy_pass http://127.0.0.1:3000` alone: HTTP/1.0, its own address as `Host`, and
/// the browser's other headers. Over plain HTTP a browser sends no `Sec-Fetch-Site`.
fn by_plain_proxy_pass(path: &str, host: &str, headers: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         User-Agent: Mozilla/5.0\r\nAccept-Encoding: gzip, deflate\r\nOrigin: http://news.example\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{form}",
        form.len()
    )
}

const SIGN_UP: &str = "screen_name=newcomer&password=correct+horse+battery";

#[test]
fn without_a_base_url_the_refusal_of_a_proxied_form_says_to_set_it() {
    let (_folder, database) = folder();
    let program = Program::serve(&database, &[]);
    for headers in ["", "HX-Request-Type: partial\r\n"] {
        let mut raw = Raw::connect(program.address);
        raw.send(by_plain_proxy_pass("/users", &program.address.to_string(), headers, SIGN_UP));
        let answer = raw.answer();
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("its operator has to set --base-url"), "{}", answer.text());
    }
    program.await_log("set --base-url http://news.example,");
    program.await_log(&format!("the Host \"{}\"", program.address));
}

#[test]
fn the_refusal_of_a_proxied_form_shows_the_typed_text() {
    let site = Site::start();
    let form = "title=A+title+of+a+post&description=words+that+took+an+hour";
    let ask = |headers: &str| {
        let mut raw = Raw::connect(site.address);
        raw.send(by_plain_proxy_pass("/posts", "127.0.0.1:3000", headers, form));
        raw.answer()
    };
    let answer = ask("");
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("words that took an hour"), "{}", answer.text());
    // The page is bounded, as every other is.
    let huge = format!("title=A+title+of+a+post&description={}", "%26".repeat(340_000));
    let mut raw = Raw::connect(site.address);
    raw.send(by_plain_proxy_pass("/posts", "127.0.0.1:3000", "", &huge));
    let answer = raw.answer();
    assert_eq!((answer.status, answer.body.len() <= MAX_PAGE_BYTES), (403, true), "{}", answer.body.len());
    // A browser says that it is another site's: its text is not shown on this one.
    let answer = ask("Sec-Fetch-Site: cross-site\r\n");
    assert_eq!((answer.status, answer.text().contains("words that took")), (403, false));
    assert_eq!(number_of(&site, "SELECT count(*) FROM posts WHERE title = 'A title of a post'"), 0);
}

#[test]
fn with_a_base_url_a_proxied_form_is_taken_whatever_its_host() {
    let base_url = Origin::parse("http://news.example").expect("an origin");
    let site = Site::with(3, |config| config.base_url = Some(base_url.clone()));
    for (number, host) in ["127.0.0.1:3000", "lorem_upstream", "[::1]:3000"].into_iter().enumerate() {
        let form = format!("screen_name=person{number}&password=correct+horse+battery");
        let mut raw = Raw::connect(site.address);
        raw.send(by_plain_proxy_pass("/users", host, "", &form));
        let answer = raw.answer();
        assert_eq!(answer.status, 303, "{host}: {}", answer.text());
        let sql = format!("SELECT count(*) FROM users WHERE screen_name = 'person{number}'");
        assert_eq!(number_of(&site, &sql), 1, "{host}");
    }
    // A form of another site, which the proxy passes on in the same way.
    let other =
        by_plain_proxy_pass("/users", "127.0.0.1:3000", "", SIGN_UP).replace("news.example", "evil.example");
    let mut raw = Raw::connect(site.address);
    raw.send(other);
    let answer = raw.answer();
    assert_eq!((answer.status, answer.text().contains("--base-url")), (403, false));
    assert_eq!(number_of(&site, "SELECT count(*) FROM users WHERE screen_name = 'newcomer'"), 0);
}

fn number_of(site: &Site, sql: &str) -> i64 {
    number(&site.database(), sql)
}

#[test]
fn a_session_has_the_address_that_the_proxy_names() {
    let trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect(network));
    let site = Site::with(3, |config| config.trusted_proxies = trusted.to_vec());
    let database = site.database();
    for (headers, address) in [
        (&[("X-Forwarded-For", "2.2.2.2:4567")][..], "2.2.2.2"),
        (&[("X-Forwarded-For", "[2001:db8::1]:443")], "2001:db8::1"),
        (&[("X-Forwarded-For", "2001:db8::1")], "2001:db8::1"),
        (&[("X-Forwarded-For", "6.6.6.6, 2.2.2.2, 10.1.2.3")], "2.2.2.2"),
        (&[("X-Forwarded-For", "6.6.6.6,2.2.2.2"), ("X-Forwarded-For", "fd00::1")], "2.2.2.2"),
        (&[("X-Forwarded-For", "unknown")], "127.0.0.1"),
        (&[("X-Forwarded-For", "6.6.6.6, unknown, 10.1.2.3")], "10.1.2.3"),
        (&[("Forwarded", "for=2.2.2.2;proto=https")], "2.2.2.2"),
        (&[("Forwarded", "For=\"[2001:db8::1]:443\"; by=10.0.0.1")], "2001:db8::1"),
        (&[("Forwarded", "for=6.6.6.6, for=2.2.2.2, for=10.0.0.1")], "2.2.2.2"),
        (&[("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "2.2.2.2")], "2.2.2.2"),
        (&[], "127.0.0.1"),
    ] {
        assert_eq!(site.ask("POST", "/benchmarking/user_show", headers).status, 200, "{headers:?}");
        let stored = string(&database, "SELECT ip_address FROM sessions ORDER BY id DESC LIMIT 1");
        assert_eq!(stored, address, "{headers:?}");
    }
}

#[test]
fn a_scheme_counts_once_however_often_it_is_named() {
    let site = Site::with(1, |config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    let client = ("X-Forwarded-For", "2.2.2.2");
    for (headers, is_secure) in [
        (&[client, ("X-Forwarded-Proto", "https, https")][..], true),
        (&[client, ("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "https")], true),
        (&[client, ("X-Forwarded-Proto", "HTTPS")], true),
        (&[client, ("X-Forwarded-Proto", "http")], false),
        (&[client, ("X-Forwarded-Proto", "gopher")], false),
        (&[("Forwarded", "for=2.2.2.2;proto=https")], true),
        (&[("Forwarded", "for=2.2.2.2;proto=http")], false),
    ] {
        let answer = site.ask("GET", "/", headers);
        assert_eq!(answer.header("Strict-Transport-Security").is_some(), is_secure, "{headers:?}");
    }
}

#[test]
fn a_header_that_cannot_be_read_is_logged_once() {
    let (_folder, database) = folder();
    let program = Program::serve(&database, &["--trusted-proxies", "127.0.0.0/8, ::1"]);
    for value in ["unknown", "_hidden", "2.2.2.2:x"] {
        assert_eq!(ask(program.address, "GET", "/", &[("X-Forwarded-For", value)]).status, 200);
    }
    let line = "a trusted proxy's X-Forwarded-For cannot be read, 127.0.0.1 is used: unknown";
    program.await_log(line);
    // The next kind's line comes after all those of the first.
    assert_eq!(ask(program.address, "GET", "/", &[("X-Forwarded-Proto", "gopher")]).status, 200);
    program.await_log("X-Forwarded-Proto cannot be read");
    assert_eq!(program.log().matches("X-Forwarded-For cannot be read").count(), 1, "{}", program.log());
}

#[test]
fn with_one_kind_of_header_the_other_is_nothing() {
    let (_folder, database) = folder();
    let more = ["--trusted-proxies", "127.0.0.1", "--proxy-headers", "forwarded"];
    let program = Program::serve(&database, &more);
    let is_secure = |headers: &[(&str, &str)]| {
        ask(program.address, "GET", "/", headers).header("Strict-Transport-Security").is_some()
    };
    assert!(is_secure(&[("Forwarded", "for=2.2.2.2;proto=https"), ("X-Forwarded-Proto", "http")]));
    assert!(!is_secure(&[("X-Forwarded-Proto", "https")]));
}

#[test]
fn cookies_in_several_lines_are_one_list() {
    let site = Site::start();
    let member = Client::signed_in(&site);
    let [name] = &member.cookie_names()[..] else { panic!("one cookie") };
    let session = format!("{name}={}", member.cookie("session").expect("a session"));
    for lines in [
        &[&*session][..],
        &["theme=dark", &session],
        &[&session, "theme=dark"],
        &["a=1; b=2", "c=3", &format!("d=4; {session}")],
        &["", &session],
    ] {
        let headers: Vec<(&str, &str)> = lines.iter().map(|&line| ("Cookie", line)).collect();
        assert!(viewer(&site.ask("GET", "/", &headers)).is_some(), "{lines:?}");
    }
}

/// Paths of a page, a feed, a document and files with and without a hash in their names.
fn paths_with_tags(site: &Site) -> [String; 5] {
    let stylesheet = attributes(&site.get("/").html(), "link[rel=stylesheet]", "href").remove(0);
    ["/posts".into(), "/posts.atom".into(), "/robots.txt".into(), "/manifest.json".into(), stylesheet]
}

#[test]
fn an_entity_tag_counts_weak_or_strong_in_any_line_of_any_document() {
    let site = Site::start();
    for path in paths_with_tags(&site) {
        for form in ["weak", "strong", "in a list", "in a second line", "any"] {
            // An age may reach the next minute between two requests: then the page has changed.
            eventually(&format!("{path} {form}"), || {
                let tag = site.get(&path).header("ETag").expect("a tag").to_owned();
                let strong = tag.trim_start_matches("W/");
                let list = format!("\"other\", W/{strong}");
                let lines = match form {
                    "weak" => vec![&*tag],
                    "strong" => vec![strong],
                    "in a list" => vec![&*list],
                    "in a second line" => vec!["\"other\"", strong],
                    _ => vec!["*"],
                };
                let headers: Vec<(&str, &str)> =
                    lines.into_iter().map(|line| ("If-None-Match", line)).collect();
                let answer = site.ask("GET", &path, &headers);
                (answer.status == 304 && answer.body.is_empty()).then_some(())
            });
        }
        assert_eq!(site.ask("GET", &path, &[("If-None-Match", "W/\"other\"")]).status, 200, "{path}");
    }
}

#[test]
fn a_coding_of_weight_0_is_not_used() {
    let site = Site::start();
    for path in paths_with_tags(&site).into_iter().filter(|path| path == "/posts" || path.ends_with(".css")) {
        for (lines, coding) in [
            (&["gzip"][..], Some("gzip")),
            (&["gzip;Q=0.5"], Some("gzip")),
            (&["deflate", "br, GZip"], Some("gzip")),
            (&["gzip;q=0"], None),
            (&["gzip;Q=0"], None),
            (&["gzip ; Q=0.000"], None),
            (&["gzip;q=0", "*"], None),
            (&[], None),
        ] {
            let headers: Vec<(&str, &str)> = lines.iter().map(|&line| ("Accept-Encoding", line)).collect();
            assert_eq!(
                site.ask("GET", &path, &headers).header("Content-Encoding"),
                coding,
                "{path} {lines:?}"
            );
        }
    }
}

/// The answer to a request line and headers as they are.
fn answer_to(site: &Site, head: &str) -> Answer {
    let mut raw = Raw::connect(site.address);
    raw.send(format!("{head}\r\n\r\n"));
    raw.answer()
}

#[test]
fn the_host_of_an_absolute_target_wins() {
    let site = Site::start();
    for version in ["1.0", "1.1"] {
        let head = format!("GET http://news.example/posts.atom HTTP/{version}\r\nHost: evil.example");
        let answer = answer_to(&site, &head);
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("http://news.example/posts/"), "{}", answer.text());
        assert!(!answer.text().contains("evil.example"));
    }
    let answer = answer_to(&site, "GET http://news.example/posts.atom HTTP/1.0");
    assert!(answer.text().contains("http://news.example/posts/"), "{}", answer.text());
    // The origin of a form is compared with that host, too.
    for (origin, status) in [("http://news.example", 303), ("http://evil.example", 403)] {
        let form = "screen_name=newcomer&password=correct+horse+battery";
        let mut raw = Raw::connect(site.address);
        raw.send(format!(
            "POST http://news.example/users HTTP/1.1\r\nHost: evil.example\r\nOrigin: {origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ));
        assert_eq!(raw.answer().status, status, "{origin}");
    }
}

#[test]
fn a_host_that_is_none_is_400() {
    let site = Site::start();
    for host in ["", " ", "a, b", "a,b", "a b", "me@a", "a/b", ":80", "a:b", "[::1", "a\"><script>"] {
        assert_eq!(answer_to(&site, &format!("GET / HTTP/1.1\r\nHost: {host}")).status, 400, "{host:?}");
        assert_eq!(answer_to(&site, &format!("GET / HTTP/1.0\r\nHost: {host}")).status, 400, "{host:?}");
    }
    assert_eq!(answer_to(&site, "GET http://a/ HTTP/1.1\r\nHost: a, b").status, 400);
    assert_eq!(answer_to(&site, "GET http://me@a/ HTTP/1.1\r\nHost: a").status, 400);
}

#[test]
fn with_a_base_url_the_host_is_in_no_answer() {
    let base_url = Origin::parse("https://news.example").expect("an origin");
    let site = Site::with(20, |config| {
        config.base_url = Some(base_url.clone());
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let member = Client::signed_in(&site);
    let [name] = &member.cookie_names()[..] else { panic!("one cookie") };
    let cookie = format!("Cookie: {name}={}", member.cookie("session").expect("a session"));
    for path in [
        "/",
        "/posts",
        "/posts/1",
        "/posts/1/",
        "/posts/new",
        "/users/1",
        "/sign_in",
        "/saved",
        "/search?q=a",
        "/posts.atom",
        "/front.atom",
        "/posts/1.atom",
        "/users/1.atom",
        "/search.atom?q=a",
        "/sitemap.xml",
        "/sitemap-1.xml",
        "/robots.txt",
        "/manifest.json",
        "/nothing",
    ] {
        for rest in ["", &*cookie, "X-Forwarded-Host: evil.example", "Referer: http://evil.example/posts"] {
            let end = if rest.is_empty() { "" } else { "\r\n" };
            for target in [path.to_owned(), format!("http://evil.example{path}")] {
                let head = format!("GET {target} HTTP/1.1\r\nHost: evil.example{end}{rest}");
                let answer = answer_to(&site, &head);
                assert!(answer.status < 500, "{path}");
                assert!(!answer.text().contains("evil.example"), "{path} {rest}");
                assert!(
                    answer.headers.iter().all(|(_, value)| !value.contains("evil.example")),
                    "{path} {rest}: {:?}",
                    answer.headers
                );
            }
        }
    }
    let feed = answer_to(&site, "GET /posts.atom HTTP/1.1\r\nHost: evil.example");
    assert!(feed.text().contains("https://news.example/posts/"), "{}", feed.text());
}

#[test]
fn behind_a_proxy_a_page_of_the_base_url_is_the_page_to_go_back_to() {
    let base_url = Origin::parse("https://news.example").expect("an origin");
    let site = Site::with(3, |config| config.base_url = Some(base_url.clone()));
    for (referer, is_own) in [
        ("https://news.example/posts/1?x=1", true),
        ("https://NEWS.example:443/posts/1?x=1", true),
        ("https://evil.example/posts/1?x=1", false),
        ("https://news.example.evil/posts/1?x=1", false),
    ] {
        let page = site.ask("GET", "/preferences", &[("Referer", referer)]);
        assert_eq!(page.text().contains("/posts/1?x=1"), is_own, "{referer}: {}", page.text());
    }
}
