//! The settings of the site, its own pages, and its first admin.

use std::thread;

use lorem_news::site::settings::{CLOSED, Setting};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const SAVED: &str = "Settings were successfully saved.";
const MEANWHILE: &str = "Another admin has changed the settings since you opened this form. Send it again to set them as they are here";

/// A site on which user 1 is the only admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

fn change(client: &Client, form: &[(&str, &str)]) -> Answer {
    client.post("/settings", &[&[("_method", "patch")], form].concat())
}

/// The version of the settings that the form of a page carries.
fn version(answer: &Answer) -> String {
    attributes(&answer.html(), "[name=version]", "value").concat()
}

fn brand(client: &Client, path: &str) -> String {
    texts(&client.get(path).html(), ".brand").concat()
}

#[test]
fn an_admin_names_the_site_and_every_page_shows_it_at_once() {
    let (site, database, admin) = site();
    let (guest, member) = (Client::new(&site), Client::signed_in_as(&site, 5));
    let paths = ["/", "/posts", "/posts/3", "/sign_in", "/nowhere"];
    for _ in 0..2 {
        for path in paths {
            assert_eq!(
                (brand(&guest, path), brand(&member, path)),
                ("Lorem News".into(), "Lorem News".into())
            );
        }
    }
    let form = [("name", "  Zoë's <News>"), ("tagline", "Dull & true"), ("accent", "#FF6600")];
    assert_done(&admin, &change(&admin, &form), "/settings", SAVED);
    for path in paths {
        for reader in [&guest, &member, &admin] {
            assert_eq!(brand(reader, path), "Zoë's <News>", "{path}");
        }
        let html = guest.get(path).html();
        assert_eq!(texts(&html, ".tagline"), ["Dull & true"]);
        assert_eq!(attributes(&html, "link[rel=stylesheet]", "href")[1], "/accent/ff6600.css");
        assert!(texts(&html, "title").concat().ends_with("Zoë's <News>"));
    }
    assert!(guest.get("/posts.atom").text().contains(" · Zoë"));
    assert!(guest.get("/manifest.json").text().contains("\"short_name\": \"Zoë's"));
    let css = guest.get("/accent/ff6600.css");
    assert_eq!((css.status, css.header("Content-Type")), (200, Some("text/css; charset=utf-8")));
    assert!(css.text().starts_with(".brand{background:#ff6600;"));
    for path in ["/accent/ff66.css", "/accent/ff6600", "/accent/%23ff6600.css", "/accent/ff6600.css/x"] {
        assert_eq!(guest.get(path).status, 404, "{path}");
    }
    // The log names what was changed; changing nothing is not logged, and defaults need no row.
    let log = texts(&guest.get("/log").html(), "#log li").concat();
    assert!(
        log.contains("changed the settings of the site") && log.contains("Name, Tagline, Accent colour"),
        "{log}"
    );
    let acts = count(&database, "acts");
    assert_done(&admin, &change(&admin, &form), "/settings", SAVED);
    assert_eq!((count(&database, "acts"), count(&database, "settings")), (acts, 3));
    assert_done(
        &admin,
        &change(&admin, &[("name", "Lorem News"), ("accent", ""), ("tagline", "")]),
        "/settings",
        SAVED,
    );
    assert_eq!((brand(&guest, "/"), count(&database, "settings")), ("Lorem News".into(), 0));
}

#[test]
fn only_an_admin_changes_the_settings() {
    let (site, database, admin) = site();
    let form = [("name", "Other News")];
    let guest = Client::new(&site);
    assert_leads_to(&guest.get("/settings"), "/sign_in?return_to=%2Fsettings");
    assert_leads_to(&change(&guest, &[("name", "Typed as a guest")]), "/sign_in?return_to=%2Fsettings");
    let other = Client::signed_in_as(&site, 5);
    let headers = [("HX-Request-Type", "partial")];
    assert_eq!(other.get("/settings").status, 403);
    assert_eq!(change(&other, &form).status, 403);
    assert_eq!(other.ask("PATCH", "/settings", &form, &headers).status, 403);
    database
        .execute("UPDATE users SET banned_at = 1, is_admin = 1 WHERE id = 5", [])
        .expect("the schema is known");
    assert_eq!(change(&other, &form).status, 403);
    assert_eq!(count(&database, "settings"), 0);
    // With htmx, and twice.
    for _ in 0..2 {
        let answer = admin.ask("PATCH", "/settings", &form, &headers);
        assert_leads_htmx_to(&answer, 200, "/settings");
    }
    assert_eq!(brand(&guest, "/"), "Other News");
    // What a guest has typed is in the form after the sign-in.
    let typed = guest.sign_in(&name_of(&database, 1));
    assert_eq!(typed.status, 303);
    assert_eq!(attributes(&guest.get("/settings").html(), "#name", "value"), ["Typed as a guest"]);
}

#[test]
fn mistakes_in_the_settings_are_shown_and_nothing_is_lost() {
    let (_site, database, admin) = site();
    let long = "x".repeat(20_001);
    let form = [
        ("name", " "),
        ("tagline", &*"t".repeat(81)),
        ("accent", "red"),
        ("footer", &*"f".repeat(1_001)),
        ("rules", &*long),
        ("about", "It is *about* this."),
    ];
    let answer = change(&admin, &form);
    assert_eq!(answer.status, 422);
    let html = answer.html();
    assert_refused(
        &html,
        "form",
        &[
            "Name can't be blank",
            "Tagline is too long (maximum is 80 characters)",
            "Accent colour is a # and six digits, such as #ff6600",
            "Footer is too long (maximum is 1,000 bytes)",
            "Rules are too long (maximum is 20,000 bytes)",
        ],
    );
    let neither = change(&admin, &[("sign_up", "perhaps")]);
    assert_eq!(neither.status, 422);
    assert!(texts(&neither.html(), "#sign_up").concat().contains("Choose one of the three"));
    assert_eq!(texts(&html, "#rules"), [&*long]);
    assert_eq!(texts(&html, "#about"), ["It is *about* this."]);
    assert_eq!(attributes(&html, "#accent", "value"), ["red"]);
    assert_eq!(count(&database, "settings"), 0);
    let name = "n".repeat(31);
    assert_refused(
        &change(&admin, &[("name", &*name)]).html(),
        "form",
        &["Name is too long (maximum is 30 characters)"],
    );
}

#[test]
fn two_admins_do_not_undo_each_other_unseen() {
    let (site, database, admin) = site();
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("the schema is known");
    let other = Client::signed_in_as(&site, 2);
    let [mine, theirs] = [&admin, &other].map(|client| version(&client.get("/settings")));
    assert_eq!(mine, theirs);
    assert_eq!(
        change(&other, &[("version", &theirs), ("rules", "Be kind."), ("name", "Lorem News")]).status,
        303
    );
    let form = [("version", &*mine), ("rules", ""), ("name", "Mine")];
    let refused = change(&admin, &form);
    assert_eq!(refused.status, 422);
    assert!(texts(&refused.html(), ".errors").concat().contains(MEANWHILE));
    assert_eq!(attributes(&refused.html(), "#name", "value"), ["Mine"]);
    assert_eq!(texts(&Client::new(&site).get("/rules").html(), ".prose"), ["Be kind."]);
    // So is what was kept while its sender signed in again.
    let guest = Client::new(&site);
    let late = [("version", &*mine), ("rules", ""), ("name", "Late")];
    assert_eq!(change(&guest, &late).status, 303);
    assert_eq!(guest.sign_in(&name_of(&database, 1)).status, 303);
    assert!(texts(&guest.get("/settings").html(), ".errors").concat().contains(MEANWHILE));
    // Sent again, it is meant so.
    let again = version(&refused);
    assert_eq!(change(&admin, &[("version", &*again), ("rules", ""), ("name", "Mine")]).status, 303);
    assert_eq!((brand(&other, "/"), other.get("/rules").status), ("Mine".into(), 404));
    // Of fifty at once with one version, one is first.
    let start = version(&admin.get("/settings"));
    let done: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|number| {
                let (admin, start) = (&admin, &start);
                scope.spawn(move || {
                    let name = format!("Name {number}");
                    usize::from(change(admin, &[("version", start), ("name", &name)]).status == 303)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("it is answered")).sum()
    });
    assert_eq!(done, 1);
}

#[test]
fn the_sites_own_pages_have_links_while_they_have_texts() {
    let (site, _, admin) = site();
    let guest = Client::new(&site);
    let links = || attributes(&guest.get("/").html(), "footer a", "href");
    for path in ["/rules", "/about", "/privacy"] {
        assert_eq!(guest.get(path).status, 404);
        assert!(!links().contains(&path.to_owned()));
    }
    assert!(links().contains(&"https://twitter.com/fractaledmind".to_owned()));
    let form = [("rules", "Be *kind*.\r\n\r\nNo <ads>."), ("footer", "Run by [us](https://example.org/)")];
    assert_eq!(change(&admin, &form).status, 303);
    let html = guest.get("/rules").html();
    assert_eq!(
        (texts(&html, "h1"), texts(&html, ".prose p")),
        (vec!["Rules".into()], vec!["Be kind.".into(), "No <ads>.".into()])
    );
    assert!(links().contains(&"/rules".to_owned()) && links().contains(&"https://example.org/".to_owned()));
    assert!(!links().contains(&"https://twitter.com/fractaledmind".to_owned()));
    assert_eq!(change(&admin, &[("footer", "")]).status, 303);
    assert!(!texts(&guest.get("/").html(), "footer").concat().contains("Run by"));
}

#[test]
fn a_closed_site_takes_no_new_users() {
    let (site, database, admin) = site();
    assert_eq!(change(&admin, &[("sign_up", CLOSED)]).status, 303);
    let (guest, users) = (Client::new(&site), count(&database, "users"));
    let refused = guest.get("/sign_up");
    assert_eq!(refused.status, 403);
    assert!(texts(&refused.html(), "main").concat().contains("This site takes no new users."));
    assert_eq!(guest.sign_up("Newcomer").status, 403);
    assert_eq!(count(&database, "users"), users);
    let html = guest.get("/sign_in").html();
    assert!(attributes(&html, "a", "href").iter().all(|href| !href.starts_with("/sign_up")));
    assert_eq!(guest.sign_in(&name_of(&database, 5)).status, 303, "those who are there come in");
}

#[test]
fn what_a_flag_sets_cannot_be_changed_on_the_page() {
    let fixed = vec![(Setting::Name, "By flag".to_owned())];
    let site = Site::with(20, |config| config.fixed_settings.clone_from(&fixed));
    let database = site.database();
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, 1);
    let html = admin.get("/settings").html();
    assert_eq!(attributes(&html, "input#name", "value"), [""; 0]);
    assert!(texts(&html, "#name").concat().contains("A flag or variable of the server has set this"));
    assert_eq!(change(&admin, &[("name", "Mine"), ("tagline", "But this")]).status, 303);
    assert_eq!((brand(&admin, "/"), count(&database, "settings")), ("By flag".into(), 1));
    let refused = run(&["serve", "--site-name", &"x".repeat(31), "--database", "/nowhere/x"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Name is too long (maximum is 30 characters)"));
}

#[test]
fn the_link_that_the_server_prints_makes_the_first_admin() {
    let (folder, database) = folder();
    let server = Program::serve(&database, &[]);
    let line = server.line();
    let (_, link) = line.split_once(&format!("http://{}", server.address)).expect(&line);
    assert!(line.starts_with("No user is an admin yet."), "{line}");
    let guest = Client::at(server.address);
    assert_leads_to(&guest.get(link), &format!("/sign_in?return_to={}", link.replace('/', "%2F")));
    assert_eq!(guest.post(link, &[]).status, 303);
    let [first, second] = ["First Person", "Second Person"].map(|name| {
        let client = Client::at(server.address);
        assert_eq!(client.sign_up(name).status, 303);
        client
    });
    for wrong in ["/first_admin/x", &format!("/first_admin/{}", "0".repeat(64))] {
        assert_eq!((first.get(wrong).status, first.post(wrong, &[]).status), (404, 404), "{wrong}");
    }
    let page = first.get(link);
    assert_eq!((page.status, page.header("Cache-Control")), (200, Some("no-store")));
    // With "no-referrer" a browser would send the form with the origin "null", which is refused.
    assert_eq!(page.header("Referrer-Policy"), Some("same-origin"));
    let from_elsewhere = first.ask("POST", link, &[], &[("Origin", "null")]);
    assert_eq!(from_elsewhere.status, 403);
    assert_eq!(attributes(&page.html(), "main form", "action"), [link]);
    let origin = format!("http://{}", server.address);
    let made = first.ask("POST", link, &[], &[("Origin", &origin)]);
    assert_eq!((made.status, made.header("Location")), (303, Some("/settings")));
    assert_eq!(first.get("/settings").status, 200);
    for client in [&first, &second] {
        assert_eq!((client.get(link).status, client.post(link, &[]).status), (404, 404));
    }
    let headers = [("HX-Request-Type", "partial")];
    assert_eq!(second.ask("POST", link, &[], &headers).status, 404);
    assert_eq!(second.get("/settings").status, 403);
    let log = texts(&second.get("/log").html(), "#log li").concat();
    assert!(log.contains("The operator made an admin of First Person"), "{log}");
    assert!(!server.log().contains(link));
    drop((server, folder));
}
