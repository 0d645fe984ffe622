//! A replica in a folder: refused configurations, restoring, and its status. (`tests/replica` is the drill
//! with an object store and killed processes.)

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::file_modes::{UMASKS, mode, set_mode, under};
use crate::harness::{
    Answer, Program, Site, TIMEOUT, ask, assert_sound, below, eventually, eventually_or, folder, number,
    open, program, seeded,
};
use crate::operation::Scrape;
use crate::printing::{BROKEN, Broken};

/// The path at which `bin/tools` installs Litestream.
const LITESTREAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin/litestream");

/// A database and a folder for its replica.
struct Place {
    folder: TempDir,
    database: PathBuf,
}

impl Place {
    /// Without a database. `None`, with a message, if Litestream is not installed.
    fn empty() -> Option<Place> {
        if !Path::new(LITESTREAM).exists() {
            eprintln!("SKIPPED: there is no {LITESTREAM}, bin/tools installs it");
            return None;
        }
        let (folder, database) = folder();
        Some(Place { folder, database })
    }

    /// With a database of 5 posts.
    fn seeded() -> Option<Place> {
        let place = Place::empty()?;
        seeded(&place.database, 5);
        Some(place)
    }

    fn replica(&self) -> PathBuf {
        self.folder.path().join("replica")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .arg("--database")
            .arg(&self.database)
            .env("REPLICA", format!("file://{}", self.replica().display()))
            .env("LITESTREAM_BIN", LITESTREAM)
            .env("RUST_LOG", "info,access=off");
        command
    }

    fn serve(&self, more: &[&str]) -> Program {
        let mut command =
            self.command(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"]);
        command.args(more);
        Program::start(command)
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        ended(&mut self.command(arguments))
    }

    /// Runs a command that must succeed; returns its output.
    fn well(&self, arguments: &[&str]) -> String {
        let (is_well, said) = self.run(arguments);
        assert!(is_well, "{arguments:?}: {said}");
        said
    }

    /// Runs a command that must fail with a message that contains `why`.
    fn refused(&self, arguments: &[&str], why: &str) {
        let (is_well, said) = self.run(arguments);
        assert!(!is_well && said.contains(why), "{arguments:?}: {said}");
        assert!(said.lines().last().unwrap().starts_with("lorem-news: "), "{said}");
    }

    /// Deletes the replica while Litestream writes to it. Not before the first snapshot: Litestream would
    /// write that one again.
    fn lose_replica(&self) {
        eventually("a snapshot", || self.replica().join("ltx/9").exists().then_some(()));
        eventually("it is gone", || fs::remove_dir_all(self.replica()).ok());
    }

    fn lose_database(&self) {
        fs::remove_file(&self.database).unwrap();
    }
}

/// Runs a command to its end: its success and output. A server that should have refused to start is
/// killed, which counts as a failure.
fn ended(command: &mut Command) -> (bool, String) {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    eventually("the program ends", || {
        if began.elapsed() > TIMEOUT / 2 {
            let _ = child.kill();
        }
        child.try_wait().unwrap()
    });
    said(&child.wait_with_output().unwrap())
}

fn said(output: &Output) -> (bool, String) {
    (output.status.success(), String::from_utf8([&*output.stdout, &*output.stderr].concat()).unwrap())
}

/// Stops it, and returns its log.
fn stop(mut program: Program) -> String {
    program.signal("TERM");
    assert_eq!(program.exit().code(), Some(0), "{}", program.log());
    program.log()
}

/// The answer of `/up` as JSON.
fn up(ask: impl Fn(&[(&str, &str)]) -> Answer) -> Value {
    let answer = ask(&[("Accept", "application/json")]);
    assert_eq!(answer.status, 200, "the site is up, whatever the state of its replica");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    serde_json::from_slice(&answer.body).unwrap()
}

fn replica_of(program: &Program) -> Value {
    up(|headers| ask(program.address, "GET", "/up", headers))["replica"].clone()
}

#[test]
fn without_a_replica_the_site_reports_that_there_is_no_backup() {
    let site = Site::start();
    let json = up(|headers| site.ask("GET", "/up", headers));
    assert_eq!(json.to_string(), r#"{"ok":true,"replica":null}"#);
    for accepts in ["*/*", "text/html,application/xhtml+xml", "application/jsonp"] {
        let page = site.ask("GET", "/up", &[("Accept", accepts)]);
        assert!(page.status == 200 && page.text().contains("green"), "{accepts}");
    }
    let page = site.get("/status");
    assert!(page.status == 200 && page.text().contains("There is no backup"), "{}", page.text());
    let (_folder, database) = folder();
    let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--database"]);
    let child = command.arg(&database).stdout(std::process::Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("there is no backup: --replica says where to keep one"), "{line}");
}

#[test]
fn an_invalid_replica_is_refused_before_any_file_is_touched() {
    let old = tempfile::tempdir().unwrap();
    let script = |name: &str, version: &str| {
        let path = old.path().join(name);
        fs::write(&path, format!("#!/bin/sh\necho {version}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path.display().to_string()
    };
    let (too_old, good) = (script("old", "0.5.16"), script("good", "0.5.17"));
    let file = "file:///tmp/replica";
    let bucket = "s3://railsconf-2024/news";
    let secret = ("LITESTREAM_SECRET_ACCESS_KEY", "a-secret-of-sixteen");
    let key = ("LITESTREAM_ACCESS_KEY_ID", "key");
    for (environment, why) in [
        (
            &[("REPLICA", "ftp://a/b"), ("LITESTREAM_BIN", &*good)][..],
            "a replica is s3://BUCKET/PATH or file:///FOLDER",
        ),
        (
            &[("REPLICA", file), ("LITESTREAM_BIN", "/nowhere/litestream")],
            "/nowhere/litestream cannot be run",
        ),
        (&[("REPLICA", file), ("LITESTREAM_BIN", &too_old)], "0.5.17 or later is needed"),
        (&[("REPLICA", file), ("LITESTREAM_BIN", "/bin/true")], "is not Litestream"),
        (&[("REPLICA", file), ("LITESTREAM_REPLICA_BUCKET", "news")], "one is enough"),
        (&[("REPLICA", bucket), ("LITESTREAM_BIN", &good), key], "needs LITESTREAM_SECRET_ACCESS_KEY"),
        (&[("REPLICA", bucket), ("LITESTREAM_BIN", &good), secret], "needs LITESTREAM_ACCESS_KEY_ID"),
        (
            &[("LITESTREAM_REPLICA_BUCKET", "UPPER/lower"), ("LITESTREAM_BIN", &good)],
            "is no name of a bucket",
        ),
        (
            &[("REPLICA", bucket), key, secret, ("LITESTREAM_SECRET_ACCESS_KEY_FILE", "/nowhere")],
            "both say it",
        ),
        (&[("REPLICA", bucket), key, ("LITESTREAM_SECRET_ACCESS_KEY_FILE", "/nowhere")], "/nowhere"),
        (&[("REPLICA", bucket), key, secret, ("LITESTREAM_REPLICA_ENDPOINT", "ftp://a")], "is no address"),
    ] {
        for command in ["serve", "demo", "replicate", "restore", "verify"] {
            let (folder, database) = folder();
            let mut program = program(&[command, "--database", database.to_str().unwrap()]);
            let (is_well, said) = ended(program.envs(environment.iter().copied()));
            assert!(
                !is_well && said.contains(why) && said.lines().count() == 1,
                "{command} {environment:?}: {said}"
            );
            assert!(!said.contains(secret.1), "{said}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{command} {environment:?}");
        }
    }
    for command in ["replicate", "restore", "verify"] {
        let (is_well, said) = said(&program(&[command]).output().unwrap());
        assert!(!is_well && said.contains("there is no replica"), "{said}");
    }
    let (_folder, database) = folder();
    let mut wrong = program(&["serve", "--verify-every", "soon", "--database", database.to_str().unwrap()]);
    assert_eq!(wrong.output().unwrap().status.code(), Some(2));
}

#[test]
fn secrets_are_shown_by_their_first_letters_and_read_from_files() {
    let (folder, _) = folder();
    let file = folder.path().join("secret");
    fs::write(&file, "wJalrXUtnFEMI/K7MDENG\n").unwrap();
    let mut command = program(&["replica", "env"]);
    command
        .env("LITESTREAM_REPLICA_BUCKET", "railsconf-2024")
        .env("LITESTREAM_ACCESS_KEY_ID", "minioadmin")
        .env("LITESTREAM_SECRET_ACCESS_KEY_FILE", &file);
    let (is_well, said) = said(&command.output().unwrap());
    assert!(is_well, "{said}");
    assert!(said.contains("LITESTREAM_REPLICA_BUCKET=railsconf-2024\n"), "{said}");
    assert!(said.contains("LITESTREAM_ACCESS_KEY_ID=********\n"), "{said}");
    assert!(said.contains("LITESTREAM_SECRET_ACCESS_KEY=wJal********\n"), "{said}");
}

#[test]
fn a_lost_database_is_restored_at_the_next_start_with_every_answered_write() {
    let Some(place) = Place::seeded() else { return };
    let server = place.serve(&[]);
    assert_eq!(Client::at(server.address).sign_up("Zoë").status, 303);
    stop(server);
    assert_eq!(fs::metadata(&place.database).unwrap().permissions().mode() & 0o777, 0o600);
    place.lose_database();
    let server = place.serve(&[]);
    server.await_log("restored");
    let database = open(&place.database);
    assert_eq!(number(&database, "SELECT count(*) FROM users WHERE screen_name = 'Zoë'"), 1);
    assert_sound(&database);
    drop(database);
    // The restored database takes writes and is replicated.
    assert_eq!(Client::at(server.address).sign_up("Ada").status, 303);
    place.well(&["verify"]);
    stop(server);
    place.lose_database();
    let said = place.well(&["restore"]);
    assert!(said.contains("it is whole; the newest write in it is of 20") && said.contains("ago"), "{said}");
    assert_eq!(number(&open(&place.database), "SELECT count(*) FROM users WHERE screen_name = 'Ada'"), 1);
}

#[test]
fn a_demo_is_seeded_only_if_there_is_no_replica_to_restore() {
    let Some(place) = Place::empty() else { return };
    let demo = || Program::start(place.command(&["demo", "--posts", "3", "--listen", "127.0.0.1:0"]));
    stop(demo());
    let database = open(&place.database);
    assert_eq!(number(&database, "SELECT count(*) FROM posts"), 3);
    database.execute_batch("PRAGMA foreign_keys = ON; DELETE FROM posts; DELETE FROM users").unwrap();
    drop(database);
    stop(demo());
    assert_eq!(number(&open(&place.database), "SELECT count(*) FROM posts"), 3, "an empty one is seeded");
    open(&place.database)
        .execute_batch("PRAGMA foreign_keys = ON; DELETE FROM posts; DELETE FROM users")
        .unwrap();
    stop(place.serve(&[]));
    place.lose_database();
    stop(demo());
    assert_eq!(number(&open(&place.database), "SELECT count(*) FROM posts"), 0, "a restored one is not");
}

#[test]
fn a_broken_replica_is_detected_reported_and_repaired() {
    let Some(place) = Place::seeded() else { return };
    let server = place.serve(&["--verify-every", "1s"]);
    eventually("it is verified", || replica_of(&server)["last_verified"].as_str().map(str::to_owned));
    assert_eq!(replica_of(&server)["ok"], true);
    assert!(replica_of(&server)["last_sync_age"].as_u64().unwrap() < 30);
    let scrape = Scrape::of(server.address);
    assert_eq!(scrape.number("lorem_news_replica_ok", &[]), 1.0);
    assert!(scrape.number("lorem_news_replica_last_sync_age_seconds", &[]) < 30.0);
    let shown = ask(server.address, "GET", "/status", &[]).text().to_owned();
    assert!(shown.contains("its backup is well") && shown.contains("on the same disk"), "{shown}");

    // Litestream has just started and may copy everything once more by itself.
    eventually("/up reports it", || {
        let _ = fs::remove_dir_all(place.replica());
        (replica_of(&server)["ok"] == false).then_some(())
    });
    // The replica may be repaired by then: it is deleted again.
    eventually("so do the metrics", || {
        let _ = fs::remove_dir_all(place.replica());
        (Scrape::of(server.address).number("lorem_news_replica_ok", &[]) == 0.0).then_some(())
    });
    server.await_log("the replica could not be restored");
    // Litestream starts over and copies everything.
    let why = || format!("the replica is not repaired: {}", server.log());
    eventually_or(why, || (replica_of(&server)["ok"] == true).then_some(()));
    stop(server);
    assert_sound(&open(&place.database));
}

#[test]
fn a_verification_reports_the_error_and_leaves_no_files() {
    let Some(place) = Place::seeded() else { return };
    place.refused(&["verify"], "Litestream does not run");
    let server = place.serve(&["--verify-every", "off"]);
    place.well(&["verify"]);
    let verified = |server: &Program| replica_of(server)["last_verified"].as_str().unwrap().to_owned();
    verified(&server);
    let files = || fs::read_dir(place.folder.path().join("news.sqlite3-replica")).unwrap().count();
    assert_eq!(files(), 3, "the lock, the configuration and the socket");
    place.lose_replica();
    place.refused(&["verify"], "is empty");
    assert_eq!(replica_of(&server)["ok"], false);
    assert_eq!((files(), number(&open(&place.database), "SELECT count(*) FROM sentinels")), (3, 0));
    let admin = Client::at(server.address);
    assert_eq!(admin.sign_up("Zoë").status, 303);
    let shown = admin.get("/status").text().to_owned();
    assert!(shown.contains("could not be relied on") && !shown.contains("file:///"), "{shown}");
    // Through a proxy, where all clients come from.
    let proxied = ("X-Forwarded-For", "203.0.113.9");
    let shown = admin.ask("GET", "/status", &[], &[proxied]).text().to_owned();
    assert!(shown.contains("The site is up.") && !shown.contains("backup"), "{shown}");
    let json = ask(server.address, "GET", "/up", &[("Accept", "application/json"), proxied]);
    assert_eq!(json.text(), r#"{"ok":true}"#);
    place.well(&["user", "--admin", "Zoë"]);
    let shown = admin.ask("GET", "/status", &[], &[proxied]).text().to_owned();
    assert!(shown.contains("is empty") && shown.contains("file:///"), "{shown}");
}

#[test]
fn a_restore_replaces_a_file_only_with_force_and_never_one_in_use() {
    let Some(place) = Place::seeded() else { return };
    let server = place.serve(&[]);
    place.well(&["verify"]);
    place.refused(&["restore"], "exists; --force replaces it");
    place.refused(&["restore", "--force"], "is in use");
    let elsewhere = place.folder.path().join("elsewhere.sqlite3");
    let to = elsewhere.to_str().unwrap();
    place.well(&["restore", "--to", to]);
    assert_sound(&open(&elsewhere));
    place.refused(&["restore", "--to", to], "exists; --force replaces it");
    let reader = open(&elsewhere);
    number(&reader, "SELECT count(*) FROM users");
    place.refused(&["restore", "--to", to, "--force"], "is in use");
    drop(reader);
    place.well(&["restore", "--to", to, "--force"]);
    place
        .refused(&["restore", "--to", to, "--force", "--at", "2001-01-01T00:00:00Z"], "no backup as of 2001");
    assert_sound(&open(&elsewhere));
    stop(server);
    // A WAL left over from another file does not belong to the new one.
    fs::write(place.database.with_extension("sqlite3-wal"), "of another file").unwrap();
    place.well(&["restore", "--force"]);
    assert!(!place.database.with_extension("sqlite3-wal").exists());
    let left: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("restoring")), "{left:?}");
}

#[test]
fn the_replica_of_another_database_is_refused() {
    let Some(place) = Place::seeded() else { return };
    stop(place.serve(&[]));
    place.lose_database();
    seeded(&place.database, 2);
    place.refused(&["serve", "--listen", "127.0.0.1:0"], "holds the replica of another database");
    place.refused(&["replicate"], "holds the replica of another database");
    place.well(&["restore", "--force"]);
    assert_eq!(number(&open(&place.database), "SELECT count(*) FROM posts"), 5);
    stop(place.serve(&[]));
}

#[test]
fn commands_about_a_replica_succeed_whatever_becomes_of_their_output() {
    let Some(place) = Place::seeded() else { return };
    let server = place.serve(&["--verify-every", "off"]);
    place.well(&["verify"]);
    for (number, broken) in BROKEN.into_iter().enumerate() {
        let to = place.folder.path().join(format!("{number}.sqlite3"));
        for arguments in [&["verify"][..], &["replica", "status"], &["restore", "--to", to.to_str().unwrap()]]
        {
            assert_eq!(broken.run(&place.command(arguments)), Some(0), "{broken:?} {arguments:?}");
        }
        assert_sound(&open(&to));
    }
    stop(server);
    for broken in BROKEN {
        let mut alone = broken.start(&place.command(&["replicate"]));
        eventually("it replicates", || place.run(&["verify"]).0.then_some(()));
        if matches!(broken, Broken::Gone) {
            // Litestream would end with the first line that it logs.
            let log = |id: &u32| fs::read_link(format!("/proc/{id}/fd/2")).unwrap();
            let is_litestream = |id: &u32| {
                let program = fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
                program.ends_with("litestream")
            };
            let litestreams: Vec<u32> =
                companions(&place, alone.id()).into_iter().filter(is_litestream).collect();
            assert_eq!(litestreams.iter().map(log).collect::<Vec<_>>(), [Path::new("/dev/null")]);
        }
        terminate(&[alone.id()]);
        assert_eq!(alone.wait().unwrap().code(), Some(0), "{broken:?}");
    }
}

/// Every file and folder of the place, with its mode; not the place's own folder.
fn modes(place: &Place) -> Vec<(PathBuf, u32)> {
    // Litestream removes files meanwhile.
    let mode = |path: &Path| Some(fs::symlink_metadata(path).ok()?.permissions().mode() & 0o7777);
    below(place.folder.path()).into_iter().filter_map(|path| Some((path.clone(), mode(&path)?))).collect()
}

/// Panics unless all files are there and have none of the rights in `denied`.
fn assert_without(place: &Place, denied: u32, what: &str) {
    let found = modes(place);
    for part in
        ["/replica/ltx/0", ".ltx", ".news.sqlite3-litestream/ltx/0", "-replica/lock", "-replica/socket"]
    {
        assert!(
            found.iter().any(|(path, _)| path.to_string_lossy().contains(part)),
            "{what} {part}: {found:?}"
        );
    }
    for (path, mode) in found {
        assert_eq!(mode & denied, 0, "{what}: {} has mode {mode:o}", path.display());
    }
}

/// A server with this umask, after a verification.
fn replicating(place: &Place, umask: &str, more: &[&str]) -> Program {
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--verify-every", "off"]);
    command.args(more);
    let server = Program::start(under(umask, &command));
    eventually("it is copied", || place.run(&[&["verify"], more].concat()).0.then_some(()));
    eventually("a snapshot", || place.replica().join("ltx/9").exists().then_some(()));
    server
}

#[test]
fn the_replica_its_folders_and_a_restored_copy_are_private() {
    for umask in UMASKS {
        let Some(place) = Place::empty() else { return };
        let server = replicating(&place, umask, &[]);
        let copy = place.folder.path().join("copy.sqlite3");
        let restore = place.command(&["restore", "--to", copy.to_str().unwrap()]);
        let (is_well, said) = ended(&mut under(umask, &restore));
        assert!(is_well, "{said}");
        assert_eq!(mode(&copy), 0o600, "{umask}");
        assert_without(&place, 0o077, umask);
        // A copy that replaces a file keeps the rights that were taken from it.
        for (had, asked, has) in [(0o644, "0600", 0o600), (0o600, "0640", 0o600), (0o640, "0640", 0o640)] {
            set_mode(&copy, had);
            place.well(&["restore", "--force", "--file-mode", asked, "--to", copy.to_str().unwrap()]);
            assert_eq!(mode(&copy), has, "{had:o} {asked}");
        }
        stop(server);
        place.lose_database();
        stop(replicating(&place, umask, &[]));
        assert_eq!(mode(&place.database), 0o600, "{umask}: restored at the start");
    }
}

#[test]
fn a_replica_that_others_can_read_is_tightened_once_with_a_warning() {
    let Some(place) = Place::empty() else { return };
    stop(replicating(&place, "022", &["--file-mode", "0644"]));
    assert!(modes(&place).iter().any(|(_, mode)| mode & 0o077 != 0), "it was loose before");
    let loosen = || {
        let status = Command::new("chmod").args(["-R", "go+rX"]).arg(place.folder.path()).status().unwrap();
        assert!(status.success());
        set_mode(place.folder.path(), 0o700);
    };
    loosen();
    let server = replicating(&place, "022", &[]);
    assert_without(&place, 0o077, "tightened");
    let log = stop(server);
    let folders = ["/replica", "/news.sqlite3-replica", "/.news.sqlite3-litestream"];
    for folder in folders {
        let line = format!("{folder} could be used by other users (mode 0755)");
        assert_eq!(log.matches(&line).count(), 1, "{folder}: {log}");
    }
    let server = replicating(&place, "022", &[]);
    let log = stop(server);
    assert!(!log.contains("other users"), "{log}");
    // A folder that has other files, too, is shared by the operator's wish.
    loosen();
    fs::write(place.replica().join("other"), "").unwrap();
    stop(replicating(&place, "022", &[]));
    assert_eq!([&place.replica(), &place.replica().join("ltx")].map(|path| mode(path)), [0o755, 0o700]);
}

#[test]
fn a_group_can_read_a_replica_if_the_operator_asks_for_that() {
    let Some(place) = Place::empty() else { return };
    let server = replicating(&place, "077", &["--file-mode", "0640"]);
    assert_without(&place, 0o027, "0640");
    let is_of_replica = |path: &Path| path.starts_with(place.replica()) || path == place.database;
    for (path, mode) in modes(&place).into_iter().filter(|(path, _)| is_of_replica(path)) {
        assert_eq!(mode, if path.is_dir() { 0o750 } else { 0o640 }, "{}", path.display());
    }
    assert_eq!(mode(&place.folder.path().join("news.sqlite3-replica")), 0o700, "it has the control socket");
    stop(server);
}

#[test]
fn no_command_empties_the_wal_while_it_is_replicated() {
    let Some(place) = Place::seeded() else { return };
    let server = place.serve(&[]);
    place.well(&["verify"]);
    for command in [&["migrate"][..], &["verify"], &["replica", "status"]] {
        place.well(command);
        let wal = fs::metadata(place.database.with_extension("sqlite3-wal")).unwrap();
        assert!(wal.len() > 0, "{command:?}");
    }
    place.refused(&["serve", "--listen", "127.0.0.1:0"], "already");
    place.refused(&["replicate"], "already");
    stop(server);
    let left: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with("-wal")), "{left:?}");
    let server = Program::serve(&place.database, &[]);
    let mut alone = place.command(&["replicate"]).spawn().unwrap();
    eventually("it replicates", || place.run(&["verify"]).0.then_some(()));
    place.refused(&["serve", "--listen", "127.0.0.1:0"], "already");
    stop(server);
    assert!(place.database.with_extension("sqlite3-wal").exists(), "Litestream still uses the WAL");
    assert!(Command::new("kill").arg(alone.id().to_string()).status().unwrap().success());
    assert!(alone.wait().unwrap().success());
}

#[test]
fn the_running_database_can_be_copied_to_a_file() {
    let (folder, database) = folder();
    seeded(&database, 5);
    let server = Program::serve(&database, &["--no-rate-limits"]);
    assert_eq!(Client::at(server.address).sign_up("Zoë").status, 303);
    let to = folder.path().join("copy.sqlite3");
    let backup = || program(&["backup", "--database"]).arg(&database).arg(&to).output().unwrap();
    let (is_well, text) = said(&backup());
    assert!(is_well && text.contains("it is whole; the newest write in it is of 20"), "{text}");
    let copy = open(&to);
    assert_eq!(number(&copy, "SELECT count(*) FROM users WHERE screen_name = 'Zoë'"), 1);
    assert_sound(&copy);
    drop(copy);
    let (is_well, text) = said(&backup());
    assert!(!is_well && text.contains("exists"), "{text}");
    fs::remove_file(&to).unwrap();
    let (is_well, _) = said(&program(&["backup", "--database", "/nowhere"]).arg(&to).output().unwrap());
    assert!(!is_well && !to.exists());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        3,
        "the database, its WAL and its shared memory"
    );
}

/// The processes whose command line names the folder, except the server.
fn companions(place: &Place, server: u32) -> Vec<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let name = place.folder.path().to_str().unwrap();
    let is_its = |id: &u32| {
        fs::read(format!("/proc/{id}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(name))
    };
    processes.filter(|id| *id != server).filter(is_its).collect()
}

fn terminate(ids: &[u32]) {
    let ids = ids.iter().map(u32::to_string);
    assert!(Command::new("kill").args(ids).status().unwrap().success());
}

#[test]
fn no_write_is_lost_when_all_processes_are_stopped_at_once() {
    // As systemd does by default. Litestream ends long before the server in the first round only.
    for is_early in [true, false] {
        let Some(place) = Place::seeded() else { return };
        let mut server = place.serve(&["--verify-every", "off", "--no-rate-limits"]);
        place.well(&["verify"]);
        let client = Client::at(server.address);
        assert_eq!(client.sign_up("Zoë").status, 303);
        let companions = companions(&place, server.id());
        assert_eq!(companions.len(), 2);
        terminate(&companions);
        if is_early {
            eventually("Litestream ends", || (self::companions(&place, server.id()).len() < 2).then_some(()));
        }
        assert_eq!(Client::at(server.address).sign_up("Ada").status, 303);
        server.signal("TERM");
        assert_eq!(server.exit().code(), Some(0), "{}", server.log());
        let log = server.log();
        place.lose_database();
        place.well(&["restore"]);
        assert_eq!(
            number(&open(&place.database), "SELECT count(*) FROM users WHERE id > 100"),
            2,
            "{is_early}: {log}"
        );
    }
}
