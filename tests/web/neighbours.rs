//! Two sites on one host: browsers send the cookies of a host to all of its ports.

use std::fs;

use lorem_news::replica;

use crate::client::Client;
use crate::harness::*;
use crate::seen::*;

#[test]
fn a_browser_is_signed_in_at_two_sites_of_one_host() {
    let sites = [Site::start(), Site::start()];
    let clients = {
        let first = Client::new(&sites[0]);
        let second = first.visiting(&sites[1]);
        [first, second]
    };
    let names = sites.each_ref().map(|site| name_of(&site.database(), 1));
    let other = name_of(&sites[1].database(), 2);
    assert_eq!(clients[0].sign_in(&names[0]).status, 303);
    assert_eq!(whoami(&clients[1]), None, "the other site does not know the session");
    assert_eq!(clients[1].sign_in(&other).status, 303);
    assert_eq!(clients.each_ref().map(whoami), [Some(names[0].clone()), Some(other)]);
    assert_eq!(count(&sites[0].database(), "sessions"), 1, "no session has been replaced");
    // Each site has preferences, a notice, a guest's text and a guest's vote of its own.
    assert_eq!(clients[0].post("/preferences", &[("theme", "dark"), ("keys", "off")]).status, 303);
    assert_eq!(attributes(&clients[1].get("/").html(), "html", "data-theme"), [""; 0]);
    assert_eq!(attributes(&clients[0].get("/").html(), "html", "data-theme"), ["dark"]);
    assert_eq!(flash(&clients[1].get("/")), [""; 0], "it has shown its own notice");
    let path = format!("/sessions/{}", clients[1].session_id());
    assert_eq!(clients[1].ask("DELETE", &path, &[], &[]).status, 303);
    assert_eq!(clients.each_ref().map(whoami), [Some(names[0].clone()), None]);
    assert_eq!(clients[1].post("/posts", &[("title", "Typed as a guest")]).status, 303);
    assert_eq!(clients[1].post("/posts/1/vote", &[]).status, 303);
    let path = format!("/sessions/{}", clients[0].session_id());
    assert_eq!(clients[0].ask("DELETE", &path, &[], &[]).status, 303);
    assert_eq!(clients[0].sign_in(&names[0]).status, 303);
    assert_eq!(line(&clients[0].get("/posts/new"), "title"), "", "the text stays at the other site");
    assert_eq!(count(&sites[0].database(), "post_votes"), 0, "the vote was for a post of the other site");
    assert!(clients[1].cookie("vote").is_some());
    assert_eq!(clients[1].sign_in(&names[1]).status, 303);
    assert_eq!(line(&clients[1].get("/posts/new"), "title"), "Typed as a guest");
    assert_sound(&sites[0].database());
}

#[test]
fn a_copy_of_a_database_shares_the_names_of_cookies() {
    let site = Site::start();
    let (name, database) = (name_of(&site.database(), 1), site.folder.path().join("copy.sqlite3"));
    let client = Client::new(&site);
    assert_eq!(client.sign_in(&name).status, 303);
    site.database().execute("VACUUM INTO ?1", [database.to_str()]).expect("a copy");
    assert!(fs::exists(&database).expect("the folder is readable"));
    let copy = Site::with(0, |config| config.database = database);
    assert_eq!(copy.cookie_names, site.cookie_names);
    assert_eq!(whoami(&client.visiting(&copy)), Some(name));
    // The letters do not show the identity.
    let identity = replica::sql::identity(&site.database()).expect("there is one");
    let hexadecimal: String = identity.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!hexadecimal.contains(site.cookie_names.full("").trim_start_matches('_')));
}

#[test]
fn a_session_of_version_0_1_is_taken_once_and_its_cookie_replaced() {
    for relax_ssl in [true, false] {
        let former = if relax_ssl { "session" } else { "__Host-session" };
        let site = Site::with(20, |config| config.relax_ssl = relax_ssl);
        let signed_in = Client::signed_in_as(&site, 1);
        let token = signed_in.cookie("session").expect("a session");
        for path in ["/", "/nowhere", "/posts/new"] {
            let client = Client::new(&site);
            client.set_raw_cookie(former, &token);
            let answer = client.get(path);
            assert_eq!(viewer(&answer), Some(name_of(&site.database(), 1)), "{path}");
            assert_eq!(client.cookie_names(), [site.cookie_names.full("session")], "{path}");
            assert_eq!(client.cookie("session"), Some(token.clone()), "{path}");
            assert_eq!(client.get("/").header("Set-Cookie"), None, "{path}: once");
        }
        // The present cookie wins, and the former is not looked at.
        let client = Client::signed_in_as(&site, 2);
        client.set_raw_cookie(former, &token);
        assert_eq!(whoami(&client), Some(name_of(&site.database(), 2)));
        // A session of another site on this host stays there.
        let foreign = Client::new(&site);
        foreign.set_raw_cookie(former, &format!("{}.{}", signed_in.session_id(), "0".repeat(64)));
        let answer = foreign.get("/");
        assert_eq!((viewer(&answer), answer.header("Set-Cookie")), (None, None));
        assert_eq!(foreign.cookie_names(), [former]);
        // Signing out with the former cookie ends the session and deletes both.
        let leaving = Client::new(&site);
        leaving.set_raw_cookie(former, &token);
        let path = format!("/sessions/{}", signed_in.session_id());
        assert_eq!(leaving.ask("DELETE", &path, &[], &[]).status, 303);
        assert_eq!(leaving.get("/nowhere").status, 404);
        assert!(leaving.cookie_names().iter().all(|name| !name.contains("session")));
        assert_eq!(whoami(&signed_in), None);
    }
}

#[test]
fn a_draft_and_preferences_of_version_0_1_are_taken() {
    let site = Site::start();
    let guest = Client::new(&site);
    assert_eq!(guest.post("/posts", &[("title", "Typed before the upgrade")]).status, 303);
    let token = guest.cookie("draft").expect("a draft");
    for visit in ["/posts/new", "/sign_in?return_to=/posts/new"] {
        let client = Client::new(&site);
        client.set_raw_cookie("draft", &token);
        let signed_in = Client::signed_in(&site).cookie("session").expect("a session");
        client.set_cookie("session", &signed_in);
        client.get(visit);
        assert_eq!(client.cookie("draft"), Some(token.clone()), "{visit}");
        assert!(!client.cookie_names().contains(&"draft".to_owned()), "{visit}");
        assert_eq!(line(&client.get("/posts/new"), "title"), "Typed before the upgrade", "{visit}");
    }
    let wrong = Client::new(&site);
    wrong.set_raw_cookie("draft", &format!("{}.{}", 1, "0".repeat(64)));
    assert_eq!(wrong.get("/sign_in").header("Set-Cookie"), None, "it may be another site's");

    // Preferences are copied: the former cookies may be another site's, too.
    let reader = Client::new(&site);
    reader.set_raw_cookie("theme", "dark");
    reader.set_raw_cookie("keys", "off");
    let page = reader.get("/");
    assert_eq!(attributes(&page.html(), "html", "data-theme"), ["dark"]);
    assert_eq!((reader.cookie("theme"), reader.cookie("keys")), (Some("dark".into()), Some("off".into())));
    assert_eq!(reader.cookie_names().len(), 4);
    assert_eq!(reader.get("/").header("Set-Cookie"), None);
    assert_eq!(reader.post("/preferences", &[("theme", "system"), ("keys", "on")]).status, 303);
    reader.get("/nowhere");
    assert_eq!(
        attributes(&reader.get("/").html(), "html", "data-theme"),
        [""; 0],
        "the former does not return"
    );
    assert_eq!(reader.cookie_names().iter().filter(|name| !name.contains('_')).count(), 2);
    // A vote without letters may be for a post of another site.
    let voter = Client::new(&site);
    voter.set_raw_cookie("vote", "post-1");
    assert_eq!(voter.sign_in(&name_of(&site.database(), 1)).status, 303);
    assert_eq!(count(&site.database(), "post_votes"), 0);
}
