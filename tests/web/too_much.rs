//! Overload: rate limits, and the permits for hashing and for handling requests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lorem_news::app::App;
use lorem_news::device;
use lorem_news::error_page;
use lorem_news::site::config::Config;
use lorem_news::site::hashing::{HashMemory, Hashing};
use lorem_news::site::limiter::{Action, RetryAfter};
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use lorem_news::site::semaphore::Semaphore;
use lorem_news::types::id::UserId;
use lorem_news::types::time::Timestamp;
use lorem_news::web::timing::Timing;
use lorem_news::web::{Cx, Error};
use lorem_store as db;
use rouille::Request;
use tempfile::TempDir;

use crate::harness::{TIMEOUT, config, folder, number, open, seeded, texts};

/// The application without a server.
fn app(change: impl FnOnce(&mut Config)) -> (TempDir, App) {
    let (folder, database) = folder();
    let mut config = config(&database);
    change(&mut config);
    (folder, App::open(config).expect("the database opens"))
}

fn request() -> Request {
    Request::fake_http("GET", "/", Vec::new(), Vec::new())
}

#[test]
fn a_rate_limited_request_gets_retry_after() {
    let limits = RateLimits::default().with(RateLimit::SignUps, Limit::per_hour(1));
    let (_folder, app) = app(|config| config.rates = Some(limits));
    let act = Action::SignUpFrom([192, 0, 2, 1].into());
    app.site.limiter.check_and_record(act).expect("the first is allowed");
    let wait = app.site.limiter.check_and_record(act).expect_err("the second is too soon");
    assert!((1..=3600).contains(&wait.seconds), "{wait:?}");
    for (wait, after, sentence) in [
        (RetryAfter { seconds: 3600 }, "3600", "Please try again in 60 minutes."),
        (RetryAfter { seconds: 1 }, "1", "Please try again in 1 second."),
        (RetryAfter { seconds: 59 }, "59", "Please try again in 59 seconds."),
    ] {
        let (request, timing) = (request(), Timing::start());
        let cx = Cx::new(&app.site, &request, &timing);
        let response = error_page::respond(&cx, &Error::from(wait));
        assert_eq!(response.status_code, 429);
        let header =
            |name: &str| response.headers.iter().find(|header| header.0 == name).map(|header| &*header.1);
        assert_eq!(header("Retry-After"), Some(after));
        assert!(header("Content-Type").unwrap_or_default().starts_with("text/html"));
        let (mut reader, _) = response.data.into_reader_and_size();
        let html = std::io::read_to_string(&mut reader).expect("text");
        let html = scraper::Html::parse_document(&html);
        assert_eq!(texts(&html, "h1"), ["That was a little too fast."]);
        assert!(texts(&html, "main p").contains(&sentence.to_owned()), "{:?}", texts(&html, "p"));
    }
}

#[test]
fn concurrent_hashes_are_limited_by_permits() {
    let (_folder, mut app) = app(|_| {});
    app.site.hashing = Hashing::new(Semaphore::new(2, TIMEOUT));
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..50 {
                    let (request, timing) = (request(), Timing::start());
                    let done = Cx::new(&app.site, &request, &timing).hashing(None, |_| {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        number
                    });
                    assert_eq!(done.expect("a permit in time"), number);
                }
            });
        }
    });
    assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[test]
fn a_request_that_hashes_releases_its_request_permit_meanwhile() {
    let (_folder, mut app) = app(|_| {});
    app.site.request_permits = Semaphore::new(1, Duration::from_millis(1));
    let (request, timing) = (request(), Timing::start());
    let cx = Cx::new(&app.site, &request, &timing);
    let read = || cx.read(|_| Ok(())).expect("a permit");
    read();
    assert!(app.site.request_permits.acquire().is_none(), "the only permit is taken");
    assert!(cx.hashing(None, |_| app.site.request_permits.acquire().is_some()).expect("a free hash permit"));
    read();
    assert!(app.site.request_permits.acquire().is_none(), "it is taken again");
}

#[test]
fn a_user_on_a_device_waits_for_one_hash_whatever_others_do() {
    let (_folder, mut app) = app(|config| seeded(&config.database, 1));
    app.site.hashing = Hashing::new(Semaphore::new(1, TIMEOUT));
    let connection = open(&app.site.config.database);
    let device = device::sql::record(&connection, None, UserId::new(1), Timestamp::now()).expect("a device");
    let name: String = connection
        .query_row("SELECT screen_name FROM users WHERE id = 1", [], |row| row.get(0))
        .expect("there is a user");
    let cookie = format!("{}={device}", app.site.cookie_names.full("device"));
    let sign_in = |cookie: &str, password: &str| {
        let form = serde_urlencoded::to_string([("screen_name", &*name), ("password", password)]);
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let body = form.expect("strings can be encoded").into_bytes();
        app.handle(&Request::fake_http("POST", "/sessions", headers, body)).status_code
    };
    let held = app.site.hashing.permits().acquire().expect("it is free");
    let is_done = AtomicBool::new(false);
    // Each of the others would keep the permit until the user has signed in.
    let hash = |_: &mut HashMemory| {
        while !is_done.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| app.site.hashing.run(None, hash));
        }
        let await_waiters = |number| {
            while app.site.hashing.permits().waiting() < number {
                thread::yield_now();
            }
        };
        await_waiters(100);
        let user = scope.spawn(|| {
            let status = sign_in(&cookie, "password");
            is_done.store(true, Ordering::SeqCst);
            status
        });
        await_waiters(101);
        drop(held);
        assert_eq!(user.join().expect("no panic"), 303);
    });
}

#[test]
fn a_request_without_a_hash_permit_in_time_is_503() {
    let (_folder, mut app) = app(|_| {});
    app.site.hashing = Hashing::new(Semaphore::new(1, Duration::from_millis(1)));
    let (request, timing) = (request(), Timing::start());
    let cx = Cx::new(&app.site, &request, &timing);
    let _permit = app.site.hashing.permits().acquire().expect("it is free");
    let refused = cx.hashing(None, |_| panic!("it has no permit")).expect_err("the permit is taken");
    assert!(matches!(refused, db::Error::Overloaded));
    assert_eq!(Error::from(refused).status(), 503);
}

#[test]
fn a_write_whose_page_cannot_be_shown_is_not_reported_as_unchanged() {
    let (folder, mut app) = app(|config| seeded(&config.database, 3));
    app.site.request_permits = Semaphore::new(1, Duration::from_millis(1));
    let _permit = app.site.request_permits.acquire().expect("it is free");
    let comments = || number(&open(&folder.path().join("news.sqlite3")), "SELECT count(*) FROM comments");
    let before = comments();
    // The write needs no request permit; its page needs one.
    let request = Request::fake_http("POST", "/benchmarking/comment_create", Vec::new(), Vec::new());
    let response = app.handle(&request);
    assert_eq!((response.status_code, comments()), (503, before + 1));
    assert!(response.headers.iter().all(|header| header.0 != "Retry-After"), "a retry would write twice");
    let (mut reader, _) = response.data.into_reader_and_size();
    let html = std::io::read_to_string(&mut reader).expect("text");
    let html = scraper::Html::parse_document(&html);
    assert_eq!(
        texts(&html, "main > p"),
        ["It was saved, or a part of it, but it cannot be shown to you at the moment."]
    );
}
