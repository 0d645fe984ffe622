//! Live values: an address of the API as server-sent events, as Firebase's REST interface streams them
//! (<https://firebase.google.com/docs/reference/rest/database#section-streaming>).
//!
//! The first event, `put`, has the whole value. When it changes, `patch` has the changed fields of an object, or `put`
//! another value; several changes within a second are one event. `keep-alive` comes every 15 seconds.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rouille::{ReadWrite, Request, Response, Upgrade};
use serde_json::{Map, Value, json};

use crate::site::Site;
use crate::web::list_header;

/// The time between two events `keep-alive`, of which Firebase says no number; proxies close what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The time between two looks at the value, which is a copy while nothing has changed.
const INTERVAL: Duration = Duration::from_secs(1);
/// The time between two looks at whether the client has left or the server stops.
const TICK: Duration = Duration::from_millis(250);
/// The part of the connections that may be streams: each has a thread.
const SHARE: usize = 10;
/// What a client is told to wait whose stream would be one too many.
const RETRY_SECONDS: &str = "15";

/// What answers a request of the API.
pub type Answer = fn(&Site, &Request) -> Response;

/// The stream for a request that accepts one; `None`: it is another request. `answer` answers it as if it did not.
#[must_use]
pub fn stream(site: &Arc<Site>, request: &Request, answer: Answer) -> Option<Response> {
    if request.method() != "GET" || !request.raw_url().starts_with("/v0/") || !accepts_events(request) {
        return None;
    }
    let Some(place) = Place::take(site) else { return Some(refusal()) };
    let asked = Asked::of(request);
    let first = answer(site, &asked.request());
    if first.status_code != 200 {
        return Some(first);
    }
    let live = Live { place, asked, answer, sent: None, next: text(first) };
    let mut response = Response::from_data("text/event-stream; charset=utf-8", Vec::new());
    for (name, value) in [
        ("Cache-Control", "no-store"),
        ("X-Accel-Buffering", "no"), // nginx passes each event on.
        ("X-Content-Type-Options", "nosniff"),
        ("Access-Control-Allow-Origin", "*"),
    ] {
        response.headers.push((name.into(), value.into()));
    }
    response.upgrade = Some(Box::new(live));
    Some(response)
}

fn accepts_events(request: &Request) -> bool {
    list_header::members(request, "Accept")
        .any(|member| list_header::weighted(member).0 == "text/event-stream")
}

fn refusal() -> Response {
    let response = Response::json(&"There are too many streams. Ask without text/event-stream, or later.");
    response
        .with_status_code(503)
        .with_additional_header("Retry-After", RETRY_SECONDS)
        .with_additional_header("Access-Control-Allow-Origin", "*")
}

/// One of the streams that may be at a time.
struct Place(Arc<Site>);

impl Place {
    fn take(site: &Arc<Site>) -> Option<Place> {
        let most = (site.config.limits.max_connections / SHARE).max(1);
        let place = Place(Arc::clone(site));
        (site.streams.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is left of a request, to ask again.
struct Asked {
    client: SocketAddr,
    target: String,
    host: Option<String>,
    is_secure: bool,
}

impl Asked {
    fn of(request: &Request) -> Asked {
        Asked {
            client: *request.remote_addr(),
            target: request.raw_url().to_owned(),
            host: request.header("Host").map(str::to_owned),
            is_secure: request.is_secure(),
        }
    }

    fn request(&self) -> Request {
        let make = if self.is_secure { Request::fake_https_from } else { Request::fake_http_from };
        let host = self.host.iter().map(|host| ("Host".to_owned(), host.clone())).collect();
        make(self.client, "GET", self.target.clone(), host, Vec::new())
    }
}

/// The text of an answer; `None`: it could not be given.
fn text(response: Response) -> Option<String> {
    let mut text = String::new();
    let is_read = response.data.into_reader_and_size().0.read_to_string(&mut text).is_ok();
    (is_read && response.status_code == 200).then_some(text)
}

/// A stream.
struct Live {
    place: Place,
    asked: Asked,
    answer: Answer,
    /// What the client knows.
    sent: Option<(String, Value)>,
    /// What it is to know next, unless that is the same.
    next: Option<String>,
}

impl Upgrade for Live {
    /// Returns when the client has left, or the server stops.
    fn build(&mut self, mut socket: Box<dyn ReadWrite + Send>) {
        let (mut looked_at, mut sent_at) = (Instant::now(), Instant::now());
        loop {
            if let Some(event) = self.event() {
                if socket.write_all(event.as_bytes()).is_err() {
                    return;
                }
                sent_at = Instant::now();
            } else if sent_at.elapsed() >= HEARTBEAT {
                if socket.write_all(b"event: keep-alive\ndata: null\n\n").is_err() {
                    return;
                }
                sent_at = Instant::now();
            }
            while looked_at.elapsed() < INTERVAL {
                thread::sleep(TICK);
                match socket.read(&mut [0; 512]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
            looked_at = Instant::now();
            self.next = text((self.answer)(&self.place.0, &self.asked.request()));
        }
    }
}

impl Live {
    /// The event that brings the client from what it knows to what is next, if they differ.
    fn event(&mut self) -> Option<String> {
        let next = self.next.take()?;
        if self.sent.as_ref().is_some_and(|(sent, _)| *sent == next) {
            return None;
        }
        let value: Value = serde_json::from_str(&next).ok()?;
        let event = event(self.sent.as_ref().map(|(_, value)| value), &value);
        self.sent = Some((next, value));
        Some(event)
    }
}

/// `put` with the whole value, or `patch` with the fields of an object that have changed, `null` for those that are gone.
fn event(before: Option<&Value>, now: &Value) -> String {
    let (name, data) = match (before, now) {
        (Some(Value::Object(before)), Value::Object(now)) => {
            ("patch", Value::Object(difference(before, now)))
        }
        _ => ("put", now.clone()),
    };
    format!("event: {name}\ndata: {}\n\n", json!({ "path": "/", "data": data }))
}

fn difference(before: &Map<String, Value>, now: &Map<String, Value>) -> Map<String, Value> {
    let changed = now.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let gone = before.keys().filter(|name| !now.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    changed.map(|(name, value)| (name.clone(), value.clone())).chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_brings_a_client_from_one_value_to_the_next() {
        let post = json!({ "id": 2, "score": 1, "title": "A\nb", "url": "https://a.example" });
        let next = json!({ "id": 2, "score": 2, "title": "A\nb", "kids": [3] });
        let said = |before: Option<&Value>, now: &Value| event(before, now);
        assert_eq!(said(None, &json!([4, 2])), "event: put\ndata: {\"data\":[4,2],\"path\":\"/\"}\n\n");
        assert_eq!(
            said(Some(&json!([2])), &json!([4, 2])),
            said(None, &json!([4, 2])),
            "a list is sent whole"
        );
        let patch = said(Some(&post), &next);
        let data = patch.strip_prefix("event: patch\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let data: Value = serde_json::from_str(data.expect("one line of data")).expect("it is JSON");
        assert_eq!(data, json!({ "path": "/", "data": { "score": 2, "kids": [3], "url": null } }));
        assert!(said(Some(&post), &Value::Null).starts_with("event: put\ndata: {\"data\":null"));
        assert!(said(Some(&Value::Null), &post).starts_with("event: put"));
    }
}
