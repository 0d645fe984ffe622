use std::path::PathBuf;
use std::time::Instant;

use super::super::{Kind, MAX_GROUPS};
use super::*;
use crate::types::cursor::START;

fn error(number: i64, place: &str, cause: &str) -> NewError {
    NewError {
        kind: Kind::Returned,
        at: Timestamp::from_micros(number),
        place: place.to_owned(),
        cause: cause.to_owned(),
        request_id: format!("id-{number}"),
    }
}

fn log() -> (tempfile::TempDir, PathBuf, ErrorLog) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("news.sqlite3");
    let log = ErrorLog::beside(&database, FileMode::PRIVATE);
    (folder, database.with_file_name("news-errors.sqlite3"), log)
}

/// Waits until this number of errors is stored or dropped.
fn settle(log: &ErrorLog, number: u64) -> Counts {
    let began = Instant::now();
    loop {
        let counts = log.counts();
        if counts.stored + counts.dropped >= number {
            return counts;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{counts:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn open_groups(log: &ErrorLog) -> Vec<ErrorGroup> {
    log.list(Listed::Open, START, 2_000).expect("the file can be read").rows
}

#[test]
fn no_file_is_made_before_the_first_error() {
    let (_folder, file, log) = log();
    assert_eq!(log.counts(), Counts { open: Some(0), resolved: Some(0), ..Counts::default() });
    assert!(open_groups(&log).is_empty() && !file.exists());
    log.record(error(1, "GET /", "no such table: posts"));
    settle(&log, 1);
    assert!(file.exists());
}

#[test]
fn errors_with_one_cause_at_one_place_are_a_group_with_its_last_occurrences() {
    let (_folder, _, log) = log();
    for number in 1..=25 {
        log.record(error(number, "GET /posts/:id", &format!("row {number} is damaged")));
    }
    log.record(error(26, "GET /posts/:id", "no such table: posts"));
    log.record(error(27, "GET /", "row 1 is damaged"));
    assert_eq!(settle(&log, 27), Counts { stored: 27, dropped: 0, open: Some(3), resolved: Some(0) });
    let groups = open_groups(&log);
    assert_eq!(groups.iter().map(|group| group.count).collect::<Vec<_>>(), [1, 1, 25]);
    let (group, last) = log.find(groups[2].id).expect("the file can be read").expect("it is there");
    assert_eq!((group.first_at.as_micros(), group.last_at.as_micros()), (1, 25));
    assert_eq!(group.cause, "row 1 is damaged");
    let ids: Vec<String> = last.into_iter().map(|occurrence| occurrence.request_id).collect();
    assert_eq!(ids, (16..=25).rev().map(|number| format!("id-{number}")).collect::<Vec<_>>());
}

#[test]
fn panics_at_two_lines_are_two_groups() {
    let (_folder, _, log) = log();
    for line in [10, 11, 11] {
        let cause = format!("the handler panicked at src/a.rs:{line}");
        log.record(NewError { kind: Kind::Panicked, ..error(line, "GET /", &cause) });
    }
    assert_eq!(settle(&log, 3).open, Some(2));
}

#[test]
fn an_error_that_comes_back_opens_its_group_again() {
    let (_folder, _, log) = log();
    log.record(error(1, "GET /", "a"));
    settle(&log, 1);
    let id = open_groups(&log)[0].id;
    for at in [5, 9] {
        assert!(log.resolve(id, Some(Timestamp::from_micros(at))).expect("it can be written"));
    }
    let resolved = log.list(Listed::Resolved, START, 10).expect("the file can be read").rows;
    assert_eq!(resolved[0].resolved_at, Some(Timestamp::from_micros(5)));
    assert_eq!(log.counts().open, Some(0));
    log.record(error(7, "GET /", "a"));
    assert_eq!(settle(&log, 2), Counts { stored: 2, dropped: 0, open: Some(1), resolved: Some(0) });
    assert!(!log.resolve(ErrorGroupId::new(99), None).expect("it can be written"));
}

#[test]
fn of_too_many_groups_those_that_are_resolved_go_first_and_then_the_oldest() {
    let (_folder, _, log) = log();
    let letters = |number: u32| -> String {
        number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    };
    for number in 1..=MAX_GROUPS {
        log.record(error(number.into(), "GET /", &letters(number)));
    }
    assert_eq!(settle(&log, MAX_GROUPS.into()).open, Some(MAX_GROUPS.into()));
    let newest = open_groups(&log)[0].id;
    assert!(log.resolve(newest, Some(Timestamp::from_micros(1))).expect("it can be written"));
    log.record(error(5_000, "GET /", "one more"));
    settle(&log, u64::from(MAX_GROUPS) + 1);
    assert_eq!(log.find(newest).expect("the file can be read"), None);
    assert_eq!(log.counts().open, Some(MAX_GROUPS.into()));
    log.record(error(5_001, "GET /", "and another"));
    settle(&log, u64::from(MAX_GROUPS) + 2);
    let groups = open_groups(&log);
    assert_eq!(groups.len(), MAX_GROUPS as usize);
    assert_eq!(groups.last().map(|group| group.cause.clone()), Some(letters(2)));
}

#[test]
fn what_cannot_be_stored_is_counted_and_storing_goes_on_afterwards() {
    let (_folder, file, log) = log();
    std::fs::create_dir(&file).expect("a folder in the file's place");
    log.record(error(1, "GET /", "a"));
    let counts = settle(&log, 1);
    assert_eq!((counts.stored, counts.dropped, counts.open), (0, 1, None));
    std::fs::remove_dir(&file).expect("it is empty");
    log.record(error(2, "GET /", "a"));
    assert_eq!(settle(&log, 2), Counts { stored: 1, dropped: 1, open: Some(1), resolved: Some(0) });
}

#[test]
fn a_full_queue_makes_nobody_wait() {
    let (_folder, file, log) = log();
    // Another process holds the lock, so the thread waits for its first transaction.
    log.record(error(1, "GET /", "a"));
    settle(&log, 1);
    let other = Connection::open(&file).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let (number, batch) = (2 * MAX_QUEUED as u64, MAX_BATCH as u64);
    for number in 0..number {
        log.record(error(2 + number.cast_signed(), "GET /", "a"));
    }
    let dropped = log.counts().dropped;
    let least = number - MAX_QUEUED as u64 - batch;
    assert!((least..=number).contains(&dropped), "{dropped}");
    other.execute_batch("COMMIT").expect("the lock is given back");
    let counts = settle(&log, 1 + number);
    assert_eq!(counts.stored + counts.dropped, 1 + number);
}

#[test]
fn what_is_queued_is_stored_at_the_end() {
    let (_folder, file, log) = log();
    for number in 0..100 {
        log.record(error(number, "GET /", "a"));
    }
    drop(log);
    let connection = Connection::open(file).expect("it opens");
    let count: i64 =
        connection.query_row("SELECT count FROM error_groups", [], |row| row.get(0)).expect("a group");
    assert_eq!(count, 100);
}
