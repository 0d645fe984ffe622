//! Live values of the API of Hacker News, as server-sent events.

use lorem_news::hn_api::ItemNumber;
use lorem_news::types::id::PostId;
use lorem_news::vote::Target;
use serde_json::{Value, json};

use crate::client::*;
use crate::harness::*;
use crate::hn_api::value;

const EVENTS: (&str, &str) = ("Accept", "text/event-stream");

/// A stream of the values at an address, whose head was received.
fn listen(address: std::net::SocketAddr, path: &str) -> Raw {
    let mut raw = Raw::connect(address);
    raw.ask("GET", path, &[EVENTS]);
    let head = raw.head();
    assert_eq!(head.status, 200, "{head:?}");
    assert_eq!(head.header("Content-Type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(head.header("Cache-Control"), Some("no-store"));
    assert_eq!(head.header("Connection"), Some("close"));
    assert_eq!((head.header("Content-Length"), head.header("Set-Cookie")), (None, None));
    raw
}

/// The name and the value of the next event that is no heartbeat.
fn next(stream: &mut Raw) -> (String, Value) {
    loop {
        let (name, data) = stream.event();
        if name == "keep-alive" {
            assert_eq!(data, "null");
            continue;
        }
        let data: Value = serde_json::from_str(&data).expect("the data is JSON");
        assert_eq!(data["path"], "/");
        return (name, data["data"].clone());
    }
}

#[test]
fn a_list_is_put_and_put_again_when_it_changes() {
    for cache_mb in [64, 0] {
        let site = Site::with(3, |config| config.cache_mb = cache_mb);
        let mut stream = listen(site.address, "/v0/newstories.json");
        assert_eq!(next(&mut stream), ("put".into(), value(&site, "/v0/newstories.json")));
        let answer =
            Client::signed_in(&site).post("/posts", &[("title", "News of now"), ("description", "")]);
        assert_eq!(answer.status, 303);
        let (name, list) = next(&mut stream);
        assert_eq!((name.as_str(), &list), ("put", &value(&site, "/v0/newstories.json")), "cache {cache_mb}");
        assert_eq!(list.as_array().expect("a list").len(), 4);
    }
}

#[test]
fn of_an_item_the_changed_fields_are_patched() {
    let site = Site::with(1, |_| {});
    let path = format!("/v0/item/{}.json?print=pretty", ItemNumber::of(Target::Post(PostId::new(1))).get());
    let mut stream = listen(site.address, &path);
    let (name, mut known) = next(&mut stream);
    assert_eq!((name.as_str(), &known), ("put", &value(&site, &path)));
    site.database().execute("UPDATE posts SET score = score + 7 WHERE id = 1", []).expect("valid SQL");
    let (name, changed) = next(&mut stream);
    assert_eq!(
        (name.as_str(), &changed),
        ("patch", &json!({ "score": known["score"].as_i64().expect("a number") + 7 }))
    );
    known["score"] = changed["score"].clone();
    assert_eq!(known, value(&site, &path));
    site.database()
        .execute("UPDATE posts SET gone_at = 1, deleted_at = 1 WHERE id = 1", [])
        .expect("valid SQL");
    let (name, gone) = next(&mut stream);
    let now = value(&site, &path);
    match now {
        Value::Null => assert_eq!((name.as_str(), gone), ("put", now)),
        _ => assert_eq!(name, "patch"),
    }
}

#[test]
fn an_unknown_item_is_null_until_there_is_one() {
    let site = Site::with(1, |_| {});
    let mut stream = listen(site.address, "/v0/item/4.json");
    assert_eq!(next(&mut stream), ("put".into(), Value::Null));
    Client::signed_in(&site).post("/posts", &[("title", "News of now"), ("description", "")]);
    let (name, item) = next(&mut stream);
    assert_eq!((name.as_str(), &item["title"]), ("put", &json!("News of now")));
}

#[test]
fn a_tenth_of_the_connections_may_be_streams() {
    let site = Site::with(1, |config| config.limits.max_connections = 20);
    let mut streams = [listen(site.address, "/v0/topstories.json"), listen(site.address, "/v0/maxitem.json")];
    streams.iter_mut().for_each(|stream| drop(next(stream)));
    let refused = site.ask("GET", "/v0/topstories.json", &[EVENTS]);
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("15")));
    assert_eq!(site.get("/v0/topstories.json").status, 200, "without a stream it is as before");
    drop(streams);
    eventually("a stream is free", || {
        let mut raw = Raw::connect(site.address);
        raw.ask("GET", "/v0/topstories.json", &[EVENTS]);
        (raw.head().status == 200).then_some(())
    });
}

#[test]
fn only_a_get_request_of_the_api_becomes_a_stream() {
    let site = Site::with(1, |_| {});
    assert_eq!(
        site.ask("HEAD", "/v0/topstories.json", &[EVENTS]).header("Content-Type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(site.ask("POST", "/v0/topstories.json", &[EVENTS]).status, 405);
    assert_eq!(site.ask("GET", "/v0/nothing.json", &[EVENTS]).status, 404);
    assert_eq!(site.ask("GET", "/", &[EVENTS]).status, site.get("/").status);
    let preferred = site.ask("GET", "/v0/maxitem.json", &[("Accept", "application/json")]);
    assert_eq!(preferred.header("Content-Type"), Some("application/json; charset=utf-8"));
}

#[test]
fn a_quiet_stream_has_a_heartbeat() {
    let site = Site::with(1, |_| {});
    let mut stream = listen(site.address, "/v0/maxitem.json");
    next(&mut stream);
    assert_eq!(stream.event(), ("keep-alive".into(), "null".into()));
}

#[test]
fn a_stop_ends_the_streams_and_cuts_none() {
    let (_folder, database) = folder();
    seeded(&database, 1);
    let mut program = Program::serve(&database, &[]);
    let mut stream = listen(program.address, "/v0/topstories.json");
    next(&mut stream);
    program.signal("TERM");
    stream.assert_closed();
    assert!(program.exit().success());
    assert!(!program.log().contains("cut"), "{}", program.log());
}
