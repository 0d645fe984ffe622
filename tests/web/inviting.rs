//! Signing up by invitation, and the tree of who invited whom.

use std::sync::Barrier;
use std::thread;

use lorem_news::invitation::{LIFETIME, MAX_CHILDREN, MAX_ENDED, MAX_LEVELS};
use lorem_news::schema::{MIGRATIONS, SCHEMA};
use lorem_news::site::settings::{CLOSED as NOBODY, INVITED, OPEN, Setting};
use lorem_news::types::time::DAY;
use lorem_store::Database;
use rusqlite::Connection;

use crate::client::*;
use crate::contract::complaints;
use crate::harness::*;
use crate::seen::*;

const ADMIN: i64 = 1;
const MEMBER: i64 = 2;
const OTHER: i64 = 3;
const WITHDRAWN: &str = "Withdrawn: nobody can sign up with that link any more.";
const ENDED: &str = "This invitation doesn't work any more: it was used or withdrawn, or is older than 14 days. Ask for another one";
const DEAD: &str = "That invitation doesn't work";

/// A site that takes members this way, on which user 1 is the only admin; and clients of the admin and of two members.
fn site_that_is(who: &str) -> (Site, Connection, [Client; 3]) {
    let site = Site::with(20, |config| config.fixed_settings = vec![(Setting::SignUp, who.to_owned())]);
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let clients = [ADMIN, MEMBER, OTHER].map(|id| Client::signed_in_as(&site, id));
    (site, database, clients)
}

fn site() -> (Site, Connection, [Client; 3]) {
    site_that_is(INVITED)
}

/// The path of a link, on the page that makes it.
fn path_of(html: &scraper::Html) -> String {
    let link = texts(html, "#link").concat();
    let at = link.find("/sign_up").unwrap_or_else(|| panic!("{link:?} is no link"));
    link[at..].to_owned()
}

fn invite(client: &Client) -> String {
    let answer = client.post("/invitations", &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    path_of(&answer.html())
}

fn token(path: &str) -> &str {
    path.strip_prefix("/sign_up?invitation=").unwrap_or_else(|| panic!("{path}"))
}

fn sign_up(client: &Client, path: &str, name: &str) -> Answer {
    let form = [("screen_name", name), ("password", NEW_PASSWORD), ("invitation", token(path))];
    client.post("/users", &form)
}

fn id_of(database: &Connection, name: &str) -> i64 {
    database
        .query_row("SELECT id FROM users WHERE screen_name = ?1", [name], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A new member, whom another one invites.
fn newcomer(site: &Site, inviter: &Client, name: &str) -> Client {
    let client = Client::new(site);
    assert_eq!(sign_up(&client, &invite(inviter), name).status, 303, "{name}");
    client
}

fn rows(client: &Client) -> Vec<String> {
    texts(&client.get("/invitations").html(), "#made > li")
        .iter()
        .map(|row| row.replace('\u{a0}', " "))
        .collect()
}

fn assert_no_store(answer: &Answer, policy: &str) {
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Referrer-Policy"), Some(policy));
    assert_eq!(answer.header("X-Robots-Tag"), Some("noindex"));
}

#[test]
fn a_member_invites_a_person_who_signs_up_once() {
    let (site, database, [_, member, other]) = site();
    let own_page = member.follow(&member.get("/user")).html();
    assert!(attributes(&own_page, ".actions a", "href").contains(&"/invitations".to_owned()));
    assert_eq!(
        texts(&member.get("/invitations").html(), "main p.empty"),
        ["You have not invited anyone yet."]
    );
    let made = member.post("/invitations", &[]);
    assert_no_store(&made, "same-origin");
    let path = path_of(&made.html());
    let secret = token(&path).split_once('.').expect("a token").1.to_owned();
    let stored = string(&database, "SELECT hex(secret_hash) FROM invitations");
    assert!(!stored.to_lowercase().contains(&secret), "the hash alone is stored");
    let list = member.get("/invitations");
    assert!(!list.text().contains(&secret), "no other page shows it");
    assert!(rows(&member)[0].starts_with("Open until "), "{:?}", rows(&member));
    assert!(rows(&other).is_empty(), "it is the member's own");

    let guest = Client::new(&site);
    let form = guest.get(&path);
    assert_eq!(form.status, 200, "{}", form.text());
    assert_no_store(&form, "same-origin");
    let html = form.html();
    let name = name_of(&database, MEMBER);
    assert_eq!(texts(&html, "#invited_by"), [format!("{name} invites you.")]);
    assert_eq!(attributes(&html, "main input[name=invitation]", "value"), [token(&path)]);
    // A browser says from where it sends the form.
    let origin = format!("http://{}", site.address);
    let fields = [("screen_name", "Ada"), ("password", NEW_PASSWORD), ("invitation", token(&path))];
    let answer = guest.ask("POST", "/users", &fields, &[("Origin", &origin)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(whoami_on(&guest, "/posts"), Some("Ada".to_owned()));
    let ada = id_of(&database, "Ada");

    for again in [Client::new(&site), guest] {
        let page = again.get(&path);
        assert_eq!((page.status, texts(&page.html(), "h1")), (404, vec![DEAD.to_owned()]));
    }
    let late = sign_up(&Client::new(&site), &path, "Late");
    assert_eq!(late.status, 422);
    assert_eq!(errors(&late).1, [ENDED]);
    assert_eq!(line(&late, "screen_name"), "Late", "what was typed is kept");
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE screen_name = 'Late'"), 0);

    assert!(rows(&member)[0].starts_with("Used by Ada · "), "{:?}", rows(&member));
    let page = Client::new(&site).get(&format!("/users/{ada}")).html();
    assert_eq!(texts(&page, "#invited_by"), [format!("{name} (tree)")]);
    let links = [format!("/users/{MEMBER}"), format!("/invitations/tree?of={MEMBER}")];
    assert_eq!(attributes(&page, "#invited_by a", "href"), links);
    let page = Client::new(&site).get(&format!("/users/{MEMBER}")).html();
    assert!(texts(&page, "#invited_by").is_empty() && texts(&page, "#has_invited").is_empty());
    assert_sound(&database);
}

/// The name of the viewer on a page.
fn whoami_on(client: &Client, path: &str) -> Option<String> {
    viewer(&client.get(path))
}

#[test]
fn without_an_invitation_the_site_says_how_it_takes_members() {
    let (site, database, _) = site();
    let (guest, users) = (Client::new(&site), count(&database, "users"));
    for path in ["/sign_up", "/users/new"] {
        let page = guest.get(path);
        assert_eq!(
            (page.status, texts(&page.html(), "h1")),
            (403, vec!["By invitation".to_owned()]),
            "{path}"
        );
        assert!(texts(&page.html(), "main").concat().contains("Ask a member for one."));
        assert!(attributes(&page.html(), "main form", "action").is_empty());
    }
    let refused = guest.sign_up("Newcomer");
    assert_page_of_error(&guest, &refused, 403, REJECTED);
    let answer = guest.htmx("POST", "/users", &[("screen_name", "Newcomer"), ("password", NEW_PASSWORD)]);
    assert_alert(
        &answer,
        403,
        "The change you wanted was rejected. New members join this site by invitation. Ask a member for one.",
    );
    let by_program = [("acct", "from_an_app"), ("pw", NEW_PASSWORD), ("creating", "t")];
    assert_eq!(guest.post("/login", &by_program).status, 403);
    assert_eq!(guest.post("/login", &[("acct", &name_of(&database, 5)), ("pw", "password")]).status, 302);
    let guest = Client::new(&site);
    assert!(attributes(&guest.get("/").html(), "header a", "href").iter().all(|href| href != "/sign_up"));
    let html = guest.get("/sign_in").html();
    assert_eq!(texts(&html, "#by_invitation").len(), 1);
    assert!(attributes(&html, "a", "href").iter().all(|href| !href.starts_with("/sign_up")));
    assert_eq!(count(&database, "users"), users);
}

#[test]
fn garbage_expired_and_withdrawn_links_and_those_of_banned_members_do_not_work() {
    let (site, database, [admin, member, _]) = site();
    let guest = Client::new(&site);
    let dead = |path: &str| {
        let page = guest.get(path);
        assert_eq!((page.status, texts(&page.html(), "h1")), (404, vec![DEAD.to_owned()]), "{path}");
        assert_no_store(&page, "no-referrer");
        let answer = sign_up(&guest, path, "Nemo");
        assert_eq!((answer.status, errors(&answer).1), (422, vec![ENDED.to_owned()]), "{path}");
        assert_eq!(line(&answer, "screen_name"), "Nemo");
    };
    let path = invite(&member);
    let (id, secret) = token(&path).split_once('.').expect("a token");
    for garbage in [
        String::new(),
        "x".to_owned(),
        format!("{id}."),
        format!("{id}.{}", "0a".repeat(32)),
        format!("999.{secret}"),
        format!("{id}.{}", &secret[1..]),
        "9".repeat(2_000),
    ] {
        dead(&format!("/sign_up?invitation={garbage}"));
    }
    assert_eq!(guest.get(&path).status, 200);
    let age = |by| {
        let sql = "UPDATE invitations SET created_at = created_at - ?1";
        database.execute(sql, [by]).expect("the schema is known");
    };
    age(micros(LIFETIME - DAY));
    assert_eq!(guest.get(&path).status, 200, "thirteen days old");
    age(micros(DAY));
    dead(&path);
    assert!(rows(&member)[0].starts_with("Expired · "), "{:?}", rows(&member));

    let path = invite(&member);
    let withdraw = format!("/invitations/{}/withdraw", token(&path).split_once('.').expect("a token").0);
    assert_done(&member, &member.post(&withdraw, &[]), "/invitations", WITHDRAWN);
    dead(&path);

    let path = invite(&member);
    let ban = |act| {
        let form = [("act", act), ("reason", "A reason")];
        assert_eq!(admin.post(&format!("/users/{MEMBER}/moderate"), &form).status, 303);
    };
    ban("ban");
    dead(&path);
    assert_eq!(member.post("/invitations", &[]).status, 403, "a banned user invites nobody");
    assert_eq!(member.get("/invitations").status, 403);
    ban("unban");
    assert_eq!(sign_up(&guest, &path, "Somebody").status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE screen_name = 'Nemo'"), 0);
    assert_sound(&database);
}

#[test]
fn other_mistakes_leave_the_invitation_as_it_is() {
    let (site, database, [_, member, _]) = site();
    let (path, guest) = (invite(&member), Client::new(&site));
    let taken = name_of(&database, 7);
    for (name, password) in [("", NEW_PASSWORD), ("Ada", "short"), (&*taken, NEW_PASSWORD)] {
        let form = [("screen_name", name), ("password", password), ("invitation", token(&path))];
        let answer = guest.post("/users", &form);
        assert_eq!((answer.status, line(&answer, "invitation")), (422, token(&path).to_owned()), "{name}");
        assert_no_store(&answer, "same-origin");
    }
    assert_eq!(sign_up(&guest, &path, "Ada").status, 303);
}

#[test]
fn fifty_sign_ups_at_once_with_one_invitation_make_one_user() {
    let (site, database, [_, member, _]) = site();
    let (path, users) = (invite(&member), count(&database, "users"));
    let barrier = Barrier::new(50);
    let answers: Vec<(String, Answer)> = thread::scope(|scope| {
        let asked: Vec<_> = (0..50)
            .map(|number| {
                let (site, path, barrier) = (&site, &path, &barrier);
                scope.spawn(move || {
                    let (client, name) = (Client::new(site), format!("Person {number}"));
                    barrier.wait();
                    let again = || Some(sign_up(&client, path, &name)).filter(|answer| answer.status != 503);
                    let answer = eventually("a permit", again);
                    (name, answer)
                })
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(_, answer)| answer.status == 303);
    assert_eq!((done.len(), refused.len()), (1, 49));
    for (name, answer) in refused {
        assert_eq!((answer.status, errors(answer).1), (422, vec![ENDED.to_owned()]));
        assert_eq!(&line(answer, "screen_name"), name, "what was typed is kept");
    }
    assert_eq!(count(&database, "users"), users + 1);
    assert_eq!(count(&database, "profiles"), users + 1);
    assert!(rows(&member)[0].starts_with(&format!("Used by {} · ", done[0].0)));
    assert_sound(&database);
}

#[test]
fn invitations_are_made_and_withdrawn_in_every_way() {
    let (site, database, [_, member, other]) = site();
    // A guest.
    let guest = Client::new(&site);
    assert_leads_to_sign_in(
        &guest.get("/invitations"),
        &guest.htmx("GET", "/invitations", &[]),
        "/invitations",
    );
    assert_leads_to_sign_in(
        &guest.post("/invitations", &[]),
        &guest.htmx("POST", "/invitations", &[]),
        "/invitations",
    );
    assert_eq!(count(&database, "invitations"), 0);
    // Without JavaScript, twice in a row: two links.
    let [first, second] = [invite(&member), invite(&member)];
    assert_ne!(first, second);
    // With htmx the list is made anew.
    let answer = member.htmx("POST", "/invitations", &[]);
    assert_eq!(
        (answer.status, places(&partials(&answer))),
        (200, vec!["#invitations outerHTML".to_owned(), "#flash innerHTML".to_owned()])
    );
    assert_no_store(&answer, "no-referrer");
    let part = scraper::Html::parse_fragment(&partials(&answer)[0].html);
    assert_eq!(texts(&part, "#made > li").len(), 3);
    let third = path_of(&part);
    assert_eq!(Client::new(&site).get(&third).status, 200);
    // Withdrawing: a guest, another user, an unknown one.
    let id = |path: &str| token(path).split_once('.').expect("a token").0.to_owned();
    let withdraw = |path: &str| format!("/invitations/{}/withdraw", id(path));
    let at = withdraw(&first);
    assert_leads_to_sign_in(&guest.post(&at, &[]), &guest.htmx("POST", &at, &[]), "/invitations");
    for path in [&*at, "/invitations/999/withdraw", "/invitations/0/withdraw"] {
        assert_page_of_error(&other, &other.post(path, &[]), 404, NOT_FOUND);
        assert_alert(
            &other.htmx("POST", path, &[]),
            404,
            "The page you were looking for doesn't exist. You may have mistyped the address or the page may have moved.",
        );
    }
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(member.ask(method, &at, &[], &[]).status, 405, "{method}");
    }
    let elsewhere = member.ask("POST", &at, &[], &[("Sec-Fetch-Site", "cross-site")]);
    assert_page_of_error(&member, &elsewhere, 403, REJECTED);
    let account = OTHER.to_string();
    assert_eq!(
        member.post("/invitations", &[("account", &account)]).status,
        409,
        "the form of another account"
    );
    assert_eq!(number(&database, "SELECT count(*) FROM invitations WHERE withdrawn_at IS NOT NULL"), 0);
    // Without JavaScript, twice in a row.
    let times: Vec<i64> = (0..2)
        .map(|_| {
            assert_done(&member, &member.post(&at, &[]), "/invitations", WITHDRAWN);
            number(&database, &format!("SELECT withdrawn_at FROM invitations WHERE id = {}", id(&first)))
        })
        .collect();
    assert_eq!(times[0], times[1], "the second changes nothing");
    // With htmx.
    let answer = member.htmx("POST", &withdraw(&second), &[]);
    assert_eq!(places(&partials(&answer)), ["#invitations outerHTML", "#flash innerHTML"]);
    assert!(partials(&answer)[1].html.contains(WITHDRAWN));
    let states = || {
        rows(&member)
            .iter()
            .map(|row| row.split([' ', '\u{a0}']).next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(), ["Open", "Withdrawn", "Withdrawn"]);
    assert_eq!(
        attributes(&member.get("/invitations").html(), "#made button", "formaction"),
        [withdraw(&third)]
    );
    // One that was used.
    assert_eq!(sign_up(&guest, &third, "Ada").status, 303);
    for answer in [member.post(&withdraw(&third), &[]), member.htmx("POST", &withdraw(&third), &[])] {
        assert_eq!(answer.status, 409);
        assert!(answer.text().contains("A person has signed up with that invitation already."));
    }
    assert_sound(&database);
}

#[test]
fn a_member_has_five_open_invitations_and_an_admin_any_number() {
    let (site, database, [admin, member, _]) = site();
    let paths: Vec<String> = (0..5).map(|_| invite(&member)).collect();
    let html = member.get("/invitations").html();
    assert!(texts(&html, "#why_not").concat().starts_with("You have 5 open invitations"));
    assert_eq!(attributes(&html, "main form", "action"), [""; 0]);
    for answer in [member.post("/invitations", &[]), member.htmx("POST", "/invitations", &[])] {
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(answer.text().contains("You have 5 open invitations, which is the most."));
    }
    let id = token(&paths[0]).split_once('.').expect("a token").0;
    assert_eq!(member.post(&format!("/invitations/{id}/withdraw"), &[]).status, 303);
    invite(&member);
    for _ in 0..12 {
        invite(&admin);
    }
    assert_eq!(rows(&admin).len(), 12);
    // Of those that ended some are kept; the list has pages.
    let ended = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60)
                 INSERT INTO invitations (inviter_id, secret_hash, created_at) SELECT 3, zeroblob(32), n FROM n";
    database.execute(ended, []).expect("the schema is known");
    let other = Client::signed_in_as(&site, OTHER);
    let first = other.get("/invitations").html();
    let next = attributes(&first, "a[rel=next]", "href").concat();
    let second = other.get(&next).html();
    assert_eq!((texts(&first, "#made > li").len(), texts(&second, "#made > li").len()), (30, 30));
    invite(&other);
    assert_eq!(rows(&other).len(), 1 + MAX_ENDED as usize);
    assert_eq!(other.get("/invitations?after=x").status, 400);
    assert_sound(&database);
}

#[test]
fn fifty_requests_at_once_make_five_invitations() {
    let (_site, database, [_, member, _]) = site();
    let barrier = Barrier::new(50);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            member.post("/invitations", &[]).status
        };
        let asked: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
    });
    let made = statuses.iter().filter(|status| **status == 200).count();
    assert!(made <= 5 && statuses.iter().all(|status| [200, 409, 503].contains(status)), "{statuses:?}");
    assert_eq!(usize::try_from(count(&database, "invitations")).expect("a number"), made);
}

#[test]
fn on_an_open_and_on_a_closed_site_nobody_invites() {
    for (who, why, status) in [
        (OPEN, "Everybody can sign up on this site; no invitation is needed.", 200),
        (NOBODY, "This site takes no new users at present.", 403),
    ] {
        let (site, database, [_, member, _]) = site_that_is(who);
        let html = member.get("/invitations").html();
        assert_eq!(texts(&html, "#why_not"), [why]);
        assert_eq!(attributes(&html, "main form", "action"), [""; 0]);
        assert_page_of_error(&member, &member.post("/invitations", &[]), 403, REJECTED);
        assert_alert(&member.htmx("POST", "/invitations", &[]), 403, &format!("{REJECTED} {why}"));
        assert_eq!(count(&database, "invitations"), 0);
        let own_page = member.follow(&member.get("/user")).html();
        assert!(!attributes(&own_page, "main a", "href").contains(&"/invitations".to_owned()));
        // One from before.
        let secret = "0a".repeat(32);
        let hash = lorem_news::auth::token::Secret::parse(&secret).expect("a secret").hash();
        let sql = "INSERT INTO invitations (id, inviter_id, secret_hash, created_at) VALUES (7, 2, ?1, unixepoch() * 1000000)";
        database.execute(sql, [hash]).expect("the schema is known");
        let (path, guest) = (format!("/sign_up?invitation=7.{secret}"), Client::new(&site));
        assert_eq!(guest.get(&path).status, status, "{who}");
        let answer = sign_up(&guest, &path, "Ada");
        if who == OPEN {
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert!(rows(&member)[0].starts_with("Used by Ada"), "the tree has it");
            // One that does not work keeps nobody out.
            let page = guest.get("/sign_up?invitation=x");
            assert_eq!((page.status, attributes(&page.html(), "[name=invitation]", "value")), (200, vec![]));
            assert_eq!(sign_up(&Client::new(&site), &path, "Bob").status, 303);
        } else {
            assert_eq!(answer.status, 403);
            assert_done(&member, &member.post("/invitations/7/withdraw", &[]), "/invitations", WITHDRAWN);
        }
        assert_sound(&database);
    }
}

#[test]
fn an_admin_chooses_it_on_the_page_of_settings_and_the_log_says_so() {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let (admin, guest) = (Client::signed_in_as(&site, ADMIN), Client::new(&site));
    assert_eq!(guest.get("/sign_up").status, 200);
    let form = [("_method", "patch"), ("sign_up", INVITED)];
    assert_eq!(admin.post("/settings", &form).status, 303);
    let html = admin.get("/settings").html();
    assert_eq!(attributes(&html, "#sign_up input[checked]", "value"), [INVITED]);
    assert_eq!(attributes(&html, "#sign_up input", "value"), [OPEN, INVITED, NOBODY]);
    assert_eq!(guest.get("/sign_up").status, 403);
    assert!(texts(&guest.get("/log").html(), "#log").concat().contains("Signing up"));
    invite(&admin);
}

#[test]
fn a_new_user_within_the_limits_for_new_users_invites_nobody_yet() {
    let site = Site::with(20, |config| {
        let fixed = [(Setting::SignUp, INVITED), (Setting::NewUserDays, "7")];
        config.fixed_settings = fixed.map(|(setting, value)| (setting, value.to_owned())).into();
    });
    let database = site.database();
    database.execute("UPDATE users SET is_admin = 0, created_at = 1", []).expect("the schema is known");
    let member = Client::signed_in_as(&site, MEMBER);
    let new = newcomer(&site, &member, "Ada");
    let why = texts(&new.get("/invitations").html(), "#why_not").concat();
    assert!(why.starts_with("You are new here: you can invite people from "), "{why}");
    for answer in [new.post("/invitations", &[]), new.htmx("POST", "/invitations", &[])] {
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("you can invite people from"));
    }
    assert_eq!(count(&database, "invitations"), 1);
}

/// The tree of a page as nested names.
fn tree(client: &Client, path: &str) -> String {
    fn walk(item: scraper::ElementRef) -> String {
        let (mut name, mut below) = (String::new(), Vec::new());
        for child in item.child_elements() {
            match child.value().name() {
                "p" if name.is_empty() => name = child.text().collect::<String>().replace(" admin", ""),
                "ol" => below = child.child_elements().map(walk).collect(),
                _ => {}
            }
        }
        if below.is_empty() { name } else { format!("{name}({})", below.join(" ")) }
    }
    let answer = client.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let html = answer.html();
    let selector = scraper::Selector::parse("#tree > li").expect("a selector");
    html.select(&selector).map(walk).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_tree_says_who_invited_whom_and_each_user_stands_once() {
    let (site, database, [admin, member, other]) = site();
    let guest = Client::new(&site);
    assert_eq!(
        texts(&guest.get("/invitations/tree").html(), "main p.empty"),
        ["Nobody has been invited yet."]
    );
    let [chief, second, third] = [ADMIN, MEMBER, OTHER].map(|id| name_of(&database, id));
    let ada = newcomer(&site, &member, "Ada");
    let bob = newcomer(&site, &ada, "Bob");
    newcomer(&site, &ada, "Cyd");
    newcomer(&site, &bob, "Dan");
    newcomer(&site, &other, "Eve");
    newcomer(&site, &admin, "Fay");
    let whole = || tree(&guest, "/invitations/tree");
    assert_eq!(whole(), format!("{third}(Eve) {second}(Ada(Cyd Bob(Dan))) {chief}(Fay)"));
    let ada_id = id_of(&database, "Ada");
    assert_eq!(tree(&guest, &format!("/invitations/tree?of={ada_id}")), "Cyd Bob(Dan)");
    for wrong in ["999", "0", "x"] {
        assert_eq!(guest.get(&format!("/invitations/tree?of={wrong}")).status, 404, "{wrong}");
    }
    assert_eq!(guest.get("/invitations/tree?after=x").status, 400);
    assert_sound(&database);

    // An admin sees on a banned user's page whom they invited; a ban hides no name.
    let form = [("act", "ban"), ("reason", "Too many accounts")];
    assert_eq!(admin.post(&format!("/users/{ada_id}/moderate"), &form).status, 303);
    let page = admin.get(&format!("/users/{ada_id}")).html();
    assert_eq!(texts(&page, "#has_invited"), ["Cyd, Bob (tree)"]);
    let link = attributes(&page, "#has_invited a", "href").pop();
    assert_eq!(link, Some(format!("/invitations/tree?of={ada_id}")));
    assert!(texts(&guest.get(&format!("/users/{ada_id}")).html(), "#has_invited").is_empty());
    let page = guest.get(&format!("/users/{}", id_of(&database, "Bob"))).html();
    assert_eq!(texts(&page, "#invited_by"), ["Ada (tree)"]);
    assert_eq!(whole(), format!("{third}(Eve) {second}(Ada(Cyd Bob(Dan))) {chief}(Fay)"));

    // The account of one in the middle is deleted: those below stand at the top.
    let delete = [("_method", "delete"), ("password", NEW_PASSWORD)];
    assert_eq!(ada.post("/user", &delete).status, 303);
    assert_eq!(whole(), format!("Cyd Bob(Dan) {third}(Eve) {second} {chief}(Fay)"));
    let page = guest.get(&format!("/users/{}", id_of(&database, "Bob"))).html();
    assert_eq!(texts(&page, "#invited_by"), ["[deleted]"]);
    assert!(rows(&member)[0].starts_with("Used by [deleted] · "), "{:?}", rows(&member));
    assert_sound(&database);
    // Of two deleted accounts nothing stays.
    assert_eq!(bob.post("/user", &delete).status, 303);
    assert_eq!(whole(), format!("Dan Cyd {third}(Eve) {second} {chief}(Fay)"));
    assert_eq!(
        number(&database, "SELECT count(*) FROM invitations WHERE invited_id IS NULL AND inviter_id IS NULL"),
        0
    );
    let open = invite(&member);
    assert_eq!(member.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(guest.get(&open).status, 404);
    assert_eq!(number(&database, "SELECT count(*) FROM invitations WHERE inviter_id = 2"), 0);
    assert_eq!(whole(), format!("Dan Cyd {third}(Eve) {chief}(Fay)"));
    assert_sound(&database);
}

#[test]
fn the_tree_is_bounded_however_large_it_is() {
    let (site, database, _) = site();
    // User 1000 + n was invited by user 1000 + n / 40, those below 1040 by user 5; a chain hangs on the last one.
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
             INSERT INTO users (id, screen_name, folded_name, created_at, updated_at)
                 SELECT 1000 + n, 'u' || n, 'u' || n, 1, 1 FROM n;
             INSERT INTO profiles (user_id, password_hash) SELECT id, '' FROM users WHERE id >= 1000;
             INSERT INTO invitations (inviter_id, secret_hash, created_at)
                 SELECT iif(id < 1040, 5, iif(id < 3900, 1000 + (id - 1000) / 40, id - 1)), zeroblob(32), id FROM users
                 WHERE id >= 1000 ORDER BY id;
             UPDATE invitations SET used_at = created_at, invited_id = created_at;",
        )
        .expect("the schema is known");
    assert_sound(&database);
    let guest = Client::new(&site);
    let answer = guest.get("/invitations/tree");
    let html = answer.html();
    assert!(answer.text().len() < 100_000, "{} bytes", answer.text().len());
    assert!(texts(&html, "#tree li").len() <= 301);
    // Everybody is reached by links, and stands once in the lists of their inviter.
    let (mut seen, mut left) = (std::collections::BTreeSet::new(), vec!["/invitations/tree".to_owned()]);
    let mut visited = std::collections::BTreeSet::new();
    while let Some(path) = left.pop() {
        if !visited.insert(path.clone()) {
            continue;
        }
        let html = guest.get(&path).html();
        let links = attributes(&html, "#tree p:first-child a", "href");
        let unique: std::collections::BTreeSet<_> = links.iter().cloned().collect();
        assert_eq!(links.len(), unique.len(), "{path}: each user once");
        assert!(texts(&html, &format!("#tree > li{}", " > ol > li".repeat(MAX_LEVELS as usize))).is_empty());
        assert!(unique.len() <= 330);
        seen.extend(unique);
        left.extend(attributes(&html, "#tree p.hint a", "href"));
        left.extend(attributes(&html, "a[rel=next]", "href"));
    }
    assert_eq!(seen.len(), 3002, "the root and all below it");
    assert!(texts(&html, "#tree > li > ol > li").len() <= MAX_CHILDREN as usize);
}

#[test]
fn an_admin_withdraws_the_invitations_of_a_member_and_the_log_says_why() {
    let (site, database, [admin, member, _]) = site();
    let paths = [invite(&member), invite(&member)];
    newcomer(&site, &member, "Ada");
    let page = format!("/users/{MEMBER}/moderate");
    let form = [("act", "uninvite"), ("reason", "They are sold elsewhere")];
    // Not by a guest, nor by a member.
    assert_eq!(Client::new(&site).post(&page, &form).status, 303);
    assert_eq!(member.post(&page, &form).status, 403);
    assert!(attributes(&admin.get(&page).html(), "section", "id").contains(&"uninvite".to_owned()));
    assert_eq!(admin.post(&page, &[("act", "uninvite"), ("reason", "")]).status, 422);
    assert_eq!(rows(&member).iter().filter(|row| row.starts_with("Open")).count(), 2);
    for _ in 0..2 {
        assert_eq!(admin.post(&page, &form).status, 303, "the second changes nothing");
    }
    for path in &paths {
        assert_eq!(Client::new(&site).get(path).status, 404);
    }
    assert_eq!(rows(&member).iter().filter(|row| row.starts_with("Withdrawn")).count(), 2);
    assert!(!attributes(&admin.get(&page).html(), "section", "id").contains(&"uninvite".to_owned()));
    let [chief, name] = [ADMIN, MEMBER].map(|id| name_of(&database, id));
    let log = texts(&Client::new(&site).get("/log").html(), "#log li").concat().replace('\u{a0}', " ");
    assert!(log.starts_with(&format!("{chief} admin withdrew the open invitations of {name}")), "{log}");
    assert!(log.contains("They are sold elsewhere"));
    assert_eq!(count(&database, "acts"), 1);
    let notice = texts(&member.get("/inbox").html(), "#notices li").concat();
    assert!(notice.contains("withdrew the open invitations of"), "{notice}");
    // Those of an admin are not withdrawn so.
    invite(&admin);
    assert_eq!(admin.post(&format!("/users/{ADMIN}/moderate"), &form).status, 422);
    assert_sound(&database);
}

#[test]
fn the_migration_leaves_an_older_database_as_it_was() {
    let (_folder, path) = folder();
    let migration =
        MIGRATIONS.iter().position(|sql| sql.contains("CREATE TABLE invitations")).expect("the migration");
    let older = older_database(&path, migration);
    older
        .execute_batch(
            "INSERT INTO users (id, screen_name, folded_name, created_at, updated_at) VALUES (1, 'zoe', 'zoe', 1, 1), (2, 'ann', 'ann', 1, 1);
             INSERT INTO profiles (user_id, password_hash) VALUES (1, 'none'), (2, 'none');
             INSERT INTO settings VALUES ('sign_up', 'closed');",
        )
        .expect("the schema is known");
    drop(older);
    drop(Database::open(&path, &SCHEMA).expect("it is migrated"));
    let database = open(&path);
    let counts =
        ["users", "settings", "invitations", "invitation_roots"].map(|table| count(&database, table));
    assert_eq!(counts, [2, 1, 0, 0]);
    database
        .execute_batch(
            "INSERT INTO invitations (inviter_id, secret_hash, created_at) VALUES (1, zeroblob(32), 1);
             UPDATE invitations SET used_at = 2, invited_id = 2;",
        )
        .expect("a row");
    assert_eq!(ids(&database, "SELECT user_id FROM invitation_roots"), [1]);
    assert_sound(&database);
    // A row that is used and withdrawn, or has an invited user and was not used, is none.
    for sql in ["UPDATE invitations SET withdrawn_at = 3", "UPDATE invitations SET used_at = NULL"] {
        assert!(database.execute(sql, []).is_err(), "{sql}");
    }
    // By the references alone, as any deletion of a user.
    database.execute("DELETE FROM users WHERE id = 1", []).expect("it goes");
    assert_eq!(ids(&database, "SELECT user_id FROM invitation_roots"), [2]);
    assert_sound(&database);
}

#[test]
fn a_member_gets_their_invitations_with_their_data() {
    let (site, database, [_, member, _]) = site();
    let ada = newcomer(&site, &member, "Ada");
    for (client, part, expected) in [
        (&member, "invitations.jsonl", "Ada".to_owned()),
        (&ada, "invited_by.jsonl", name_of(&database, MEMBER)),
    ] {
        let answer = client.post("/user/data", &[]);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.body)).expect("a ZIP");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(part).expect(part), &mut text)
            .expect("it is text");
        assert!(text.contains(&format!("\"{expected}\"")), "{part}: {text}");
    }
}

#[test]
fn the_pages_of_invitations_are_well_formed() {
    let (site, _database, [admin, member, _]) = site();
    let guest = Client::new(&site);
    let ada = newcomer(&site, &member, "Ada");
    newcomer(&site, &ada, "Bob");
    let path = invite(&member);
    let refused = guest.post("/users", &[("screen_name", "x"), ("invitation", token(&path))]);
    let pages = [
        member.post("/invitations", &[]),
        member.get("/invitations"),
        guest.get("/invitations/tree"),
        guest.get(&format!("/invitations/tree?of={MEMBER}")),
        guest.get(&path),
        refused,
        guest.get("/sign_up"),
        guest.get("/sign_up?invitation=x"),
        guest.get("/sign_in"),
        admin.get(&format!("/users/{MEMBER}")),
        admin.get(&format!("/users/{MEMBER}/moderate")),
        ada.follow(&ada.get("/user")),
    ];
    for page in pages {
        assert_eq!(complaints(&page.html()), [""; 0], "{}", page.text());
    }
    for partial in partials(&member.htmx("POST", "/invitations", &[])) {
        assert_eq!(complaints(&scraper::Html::parse_fragment(&partial.html)), [""; 0]);
    }
}
