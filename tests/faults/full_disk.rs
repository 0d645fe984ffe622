//! A full disk: writes are refused and reads succeed, and with free space writes succeed again.

use std::fs;
use std::path::Path;

use crate::client::Client;
use crate::disk::Disk;
use crate::harness::{Program, assert_sound, eventually, on, open, seeded};
use crate::writers::{Writers, assert_kept, assert_reads, assert_refused, stop, write};

const BEFORE: usize = 10;

#[test]
fn writes_are_refused_while_the_disk_is_full_and_succeed_afterwards() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 4);
    for _ in 0..3 {
        clients.await_acknowledged(50);
        disk.fill();
        clients.await_refusals(50);
        assert_refused(&program.post("/benchmarking/comment_create"));
        assert_reads(&program);
        disk.empty();
        clients.await_acknowledged(50);
    }
    let written = clients.end();
    program.kill();
    let connection = open(&disk.database());
    let kept = assert_kept(&connection, &written.acknowledged, BEFORE);
    assert_eq!(kept, written.acknowledged, "a refused write was kept");
    assert_sound(&connection);
}

#[test]
fn a_full_disk_at_the_checkpoint_loses_no_write() {
    let disk = Disk::of(64);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 8);
    // After a checkpoint the WAL is overwritten from its start, so only the database needs more space.
    await_growth(&disk.database());
    disk.fill();
    program.await_log("checkpoint: database or disk is full");
    clients.await_refusals(50);
    assert_reads(&program);
    disk.empty();
    clients.await_acknowledged(50);
    await_growth(&disk.database());
    let mut acknowledged = clients.end().acknowledged;
    acknowledged.insert(write(&program));
    stop(&mut program);
    assert!(
        !disk.database().with_extension("sqlite3-wal").exists(),
        "the stop has not copied the WAL into the database"
    );
    let connection = open(&disk.database());
    assert_eq!(assert_kept(&connection, &acknowledged, BEFORE), acknowledged, "a refused write was kept");
    assert_sound(&connection);
}

/// Waits until a checkpoint has extended the database.
fn await_growth(database: &Path) {
    let length = || fs::metadata(database).expect("the database exists").len();
    let before = length();
    eventually("a checkpoint", || (length() > before).then_some(()));
}

/// The value of a metric.
fn metric(program: &Program, line: &str) -> f64 {
    let metrics = program.get("/metrics");
    let found = metrics.text().lines().find_map(|other| other.strip_prefix(line)?.trim().parse().ok());
    found.unwrap_or_else(|| panic!("no {line} in {}", metrics.text()))
}

const STORED: &str = "lorem_news_errors_total{outcome=\"stored\"}";
const DROPPED: &str = "lorem_news_errors_total{outcome=\"dropped\"}";

#[test]
fn errors_are_only_logged_while_the_disk_is_full_and_are_recorded_afterwards() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    let program = Program::serve(&disk.database(), &[]);
    open(&disk.database())
        .execute_batch("ALTER TABLE descriptions RENAME TO missing")
        .expect("it is renamed");
    disk.fill();
    for _ in 0..20 {
        assert_eq!(program.get("/posts/1").status, 500);
    }
    eventually("they are dropped", || (metric(&program, DROPPED) >= 20.0).then_some(()));
    assert_eq!((metric(&program, STORED), program.get("/posts").status), (0.0, 200));
    disk.empty();
    assert_eq!(program.get("/posts/1").status, 500);
    eventually("it is stored", || (metric(&program, STORED) >= 1.0).then_some(()));
    assert_eq!(metric(&program, "lorem_news_error_groups{state=\"open\"}"), 1.0);
}

#[test]
fn a_copy_to_try_is_refused_where_the_disk_has_no_room() {
    let (disk, replica) = (Disk::of(64), tempfile::tempdir().expect("a temporary folder"));
    seeded(&disk.database(), 10);
    let database = open(&disk.database());
    let admin =
        "UPDATE users SET is_admin = 1, screen_name = 'the admin', folded_name = 'the admin' WHERE id = 1";
    database.execute(admin, []).expect("the schema is known");
    let mut command = on(&disk.database(), &["serve", "--relax-ssl", "--listen", "127.0.0.1:0"]);
    command.env("LITESTREAM_BIN", concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin/litestream"));
    command.arg("--replica").arg(format!("file://{}", replica.path().display()));
    let mut program = Program::start(command);
    let client = Client::at(program.address);
    assert_eq!(client.sign_in("the admin").status, 303);
    assert!(client.get("/admin/backup").text().contains("not enough room"));
    let answer = client.post("/admin/backup/copy", &[]);
    assert!(answer.status == 409 && answer.text().contains("not enough room"), "{}", answer.text());
    assert!(!disk.database().with_extension("sqlite3-copy").exists());
    stop(&mut program);
}
