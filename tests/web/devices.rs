//! Devices: a browser in which a user has signed in before keeps its own attempts to sign in, whatever others do.

use std::process::Stdio;

use lorem_news::auth::token::Secret;
use lorem_news::device;
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use lorem_news::types::id::UserId;
use lorem_news::types::time::{DAY, Timestamp};
use rusqlite::Connection;

use crate::client::Client;
use crate::harness::*;
use crate::seen::*;

/// Attempts by one name without a device.
const NAME_LIMIT: u32 = 10;

/// A site behind a trusted proxy, with the limits of `lorem-news serve` but [`NAME_LIMIT`].
fn limited() -> Site {
    Site::with(20, |config| {
        let by_name = Limit::per_minute(NAME_LIMIT);
        config.rates = Some(RateLimits::default().with(RateLimit::NameSignIns, by_name));
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
}

/// Tries to sign in from an address; the status.
fn sign_in(client: &Client, from: &str, name: &str, password: &str) -> u16 {
    let form = [("screen_name", name), ("password", password)];
    client.ask("POST", "/sessions", &form, &[("X-Forwarded-For", from)]).status
}

/// Uses up the attempts by a name, from other addresses than the users'.
fn attack(site: &Site, name: &str) {
    for number in 0..NAME_LIMIT {
        let from = format!("198.51.100.{number}");
        assert!(matches!(sign_in(&Client::new(site), &from, name, "wrong"), 422 | 429));
    }
    assert_eq!(sign_in(&Client::new(site), "198.51.100.99", name, "password"), 429);
}

/// A browser in which a user has signed in, and out again.
fn known_browser(site: &Site, user: i64) -> Client {
    let client = Client::new(site);
    let name = name_of(&site.database(), user);
    assert_eq!(sign_in(&client, &format!("192.0.2.{user}"), &name, "password"), 303);
    client
}

fn hash_of(client: &Client) -> [u8; 32] {
    Secret::parse(&client.cookie("device").expect("a device")).expect("a secret").hash()
}

/// The users that the database knows on a client's device.
fn users_of(connection: &Connection, client: &Client) -> Vec<i64> {
    let mut statement = connection
        .prepare("SELECT user_id FROM devices WHERE secret_hash = ?1 ORDER BY user_id")
        .expect("the schema is known");
    let users = statement.query_map([hash_of(client)], |row| row.get(0)).expect("one parameter");
    users.collect::<Result<_, _>>().expect("numbers")
}

#[test]
fn wrong_passwords_of_others_keep_no_user_out_of_a_browser_they_know() {
    let site = limited();
    let name = name_of(&site.database(), 1);
    let client = known_browser(&site, 1);
    let path = format!("/sessions/{}", client.session_id());
    assert_eq!(client.ask("DELETE", &path, &[], &[]).status, 303);
    assert!(client.cookie("device").is_some(), "it outlives the session");
    attack(&site, &name);
    // An attacker in the user's own network uses up its address, too.
    for _ in 0..6 {
        sign_in(&Client::new(&site), "192.0.2.1", "nobody", "wrong");
    }
    assert_eq!(sign_in(&Client::new(&site), "192.0.2.1", "nobody", "wrong"), 429);
    assert_eq!(sign_in(&client, "192.0.2.1", &name, "password"), 303);
    assert!(whoami(&client).is_some());
    // The device has a limit of its own, which does not depend on the address.
    for number in 0..4 {
        assert_eq!(sign_in(&client, &format!("192.0.2.{number}"), &name, "wrong"), 422, "{number}");
    }
    assert_eq!(sign_in(&client, "192.0.2.77", &name, "password"), 429);
    // Its attempts do not count against others.
    assert_eq!(sign_in(&Client::new(&site), "192.0.2.77", &name_of(&site.database(), 2), "password"), 303);
    assert_sound(&site.database());
}

#[test]
fn a_copy_of_a_devices_cookie_does_not_keep_the_owner_out() {
    let site = limited();
    let (client, name) = (known_browser(&site, 1), name_of(&site.database(), 1));
    let thief = Client::new(&site);
    thief.set_cookie("device", &client.cookie("device").expect("a device"));
    for number in 0..5 {
        assert_eq!(sign_in(&thief, &format!("198.51.100.{number}"), &name, "wrong"), 422);
    }
    // The copy has the limits of its address now, and so has the owner.
    for _ in 0..5 {
        assert_eq!(sign_in(&thief, "198.51.100.1", &name, "wrong"), 422);
    }
    assert_eq!(sign_in(&thief, "198.51.100.1", &name, "wrong"), 429);
    assert_eq!(sign_in(&client, "192.0.2.1", &name, "password"), 303);
}

#[test]
fn all_sessions_of_a_user_together_have_a_limit_for_stated_passwords() {
    let site = limited();
    let name = name_of(&site.database(), 1);
    let sessions: Vec<Client> = (0..7)
        .map(|number| {
            let client = Client::new(&site);
            assert_eq!(sign_in(&client, &format!("192.0.2.{number}"), &name, "password"), 303);
            client
        })
        .collect();
    let form = [("_method", "delete"), ("password", "wrong")];
    let status = |client: &Client| client.post("/user", &form).status;
    let statuses: Vec<u16> = sessions.iter().flat_map(|client| [(); 5].map(|()| status(client))).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 30, "{statuses:?}");
    assert_eq!(statuses[30..], [429; 5]);
    // The owner ends the sessions of a stranger without a password.
    assert_eq!(sessions[0].post("/sessions", &[("_method", "delete")]).status, 303);
    assert_eq!(count(&site.database(), "sessions"), 1);
}

#[test]
fn an_unknown_browser_has_the_limits_of_its_address_and_of_the_name() {
    let site = limited();
    let name = name_of(&site.database(), 1);
    // From one address a name gets as few attempts as the address.
    for _ in 0..5 {
        assert_eq!(sign_in(&Client::new(&site), "192.0.2.1", &name, "wrong"), 422);
    }
    assert_eq!(sign_in(&Client::new(&site), "192.0.2.1", &name, "password"), 429);
    assert_eq!(sign_in(&Client::new(&site), "192.0.2.2", &name, "password"), 303, "another address");
    // A cookie of another user's device, and one that the site has not set, give nothing.
    attack(&site, &name);
    let other = known_browser(&site, 2);
    let forged = Client::new(&site);
    for value in ["0".repeat(64), "x".into(), "0".repeat(63), "é".repeat(32), hex(&hash_of(&other))] {
        forged.set_cookie("device", &value);
        assert_eq!(sign_in(&forged, "192.0.2.3", &name, "password"), 429, "{value}");
    }
    assert_eq!(sign_in(&other, "192.0.2.4", &name, "password"), 429);
    assert_eq!(sign_in(&forged, "192.0.2.4", "nobody", "wrong"), 422);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_cookie_is_hidden_from_scripts_lasts_a_year_and_tells_nothing() {
    for relax_ssl in [true, false] {
        let site = Site::with(20, |config| config.relax_ssl = relax_ssl);
        let database = site.database();
        let name = name_of(&database, 1);
        let client = Client::new(&site);
        let answer = client.sign_in(&name);
        let cookies = set_cookies(&answer, if relax_ssl { "device" } else { "__Host-device" });
        let [cookie] = &cookies[..] else { panic!("{answer:?}") };
        let parts: Vec<&str> = cookie.split("; ").collect();
        for part in ["Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=Lax"] {
            assert!(parts.contains(&part), "{cookie}");
        }
        assert_eq!(parts.contains(&"Secure"), !relax_ssl, "{cookie}");
        let value = client.cookie("device").expect("a device");
        assert!(value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()), "{value}");
        let row = string(&database, "SELECT lower(hex(secret_hash)) FROM devices");
        assert_ne!(row, value, "only a hash is stored");
        // The answer to a wrong password is that of any browser.
        let form = [("screen_name", &*name), ("password", "wrong")];
        let [known, unknown] = [client, Client::new(&site)].map(|client| {
            client.set_cookie("session", "");
            client.set_cookie("flash", "");
            client.post("/sessions", &form)
        });
        assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
        assert_eq!((known.headers.len(), known.header("Set-Cookie")), (unknown.headers.len(), None));
        // Signing up makes a device, too.
        let newcomer = Client::new(&site);
        assert_eq!(newcomer.sign_up("newcomer").status, 303);
        assert_eq!(users_of(&database, &newcomer).len(), 1);
    }
}

#[test]
fn users_of_one_browser_share_its_cookie_and_a_planted_one_is_replaced() {
    let site = Site::start();
    let database = site.database();
    let client = Client::new(&site);
    for user in [1, 2, 1] {
        assert_eq!(client.sign_in(&name_of(&database, user)).status, 303);
    }
    assert_eq!(users_of(&database, &client), [1, 2]);
    assert_eq!(count(&database, "devices"), 2, "a second sign-in replaces the row");
    let planted = Client::new(&site);
    planted.set_cookie("device", &"5".repeat(64));
    assert_eq!(planted.sign_in(&name_of(&database, 3)).status, 303);
    assert_ne!(planted.cookie("device"), Some("5".repeat(64)));
    // A user's ten latest devices are remembered.
    let clients: Vec<Client> = (0..11).map(|_| known_browser(&site, 4)).collect();
    let known: Vec<usize> = clients.iter().map(|client| users_of(&database, client).len()).collect();
    assert_eq!(known, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_sound(&database);
}

#[test]
fn a_new_password_and_signing_out_elsewhere_forget_the_other_devices() {
    let change = [("_method", "patch"), ("current_password", "password"), ("password", "another secret")];
    for (path, form) in [("/user", &change[..]), ("/sessions", &[("_method", "delete")])] {
        let site = limited();
        let (database, name) = (site.database(), name_of(&site.database(), 1));
        let (here, elsewhere) = (known_browser(&site, 2), known_browser(&site, 1));
        assert_eq!(sign_in(&here, "192.0.2.9", &name, "password"), 303);
        let before = here.clone();
        assert_eq!((users_of(&database, &here), users_of(&database, &elsewhere)), (vec![1, 2], vec![1]));
        assert_eq!(here.post(path, form).status, 303, "{path}");
        assert_eq!((users_of(&database, &here), users_of(&database, &elsewhere)), (vec![1, 2], vec![]));
        assert_eq!(users_of(&database, &before), [0; 0], "a copy of the cookie is worthless");
        let password = if path == "/user" { "another secret" } else { "password" };
        attack(&site, &name);
        assert_eq!(sign_in(&elsewhere, "192.0.2.10", &name, password), 429, "{path}");
        assert_eq!(sign_in(&before, "192.0.2.11", &name, password), 429, "{path}");
        assert_eq!(sign_in(&here, "192.0.2.12", &name, password), 303, "{path}");
        assert_sound(&database);
    }
}

#[test]
fn a_deleted_account_and_an_operators_password_forget_all_devices() {
    let site = Site::start();
    let database = site.database();
    let leaving = known_browser(&site, 1);
    let staying = known_browser(&site, 2);
    assert_eq!(leaving.ask("DELETE", "/user", &[("password", "password")], &[]).status, 303);
    assert_eq!((users_of(&database, &leaving), users_of(&database, &staying)), (vec![], vec![2]));
    let path = site.folder.path().join("news.sqlite3");
    let mut command = program(&["user", "--password", &name_of(&database, 2), "--database"]);
    let mut child =
        command.arg(path).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut stdin, b"a new secret\n").expect("the program reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    assert_eq!(count(&database, "devices"), 0);
    assert_sound(&database);
}

#[test]
fn a_device_is_forgotten_after_a_year() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let days = |days: u32| Timestamp::now() - days * DAY;
    let record = |user: i64, at| {
        device::sql::record(&connection, None, UserId::new(user), at).expect("it is recorded")
    };
    for (user, age) in [(1, 500), (2, 366), (1, 364), (2, 0)] {
        record(user, days(age));
    }
    // The site was used today: housekeeping does not trust the clock alone.
    let sql = "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
               VALUES (1, ?1, ?1, zeroblob(32), '::1', '')";
    connection.execute(sql, [Timestamp::now()]).expect("the schema is known");
    connection.execute("UPDATE users SET sessions_count = 1 WHERE id = 1", []).expect("as above");
    let old = record(3, days(366));
    let known = device::sql::exists(&connection, &old, UserId::new(3), Timestamp::now() - device::LIFETIME);
    assert!(!known.expect("an answer"), "it counts no more, before housekeeping removes it");
    let _site = Site::with(0, |config| config.database = database);
    eventually("the old devices are removed", || (count(&connection, "devices") == 2).then_some(()));
    assert_eq!(ids(&connection, "SELECT user_id FROM devices ORDER BY id"), [1, 2]);
    assert_sound(&connection);
}
