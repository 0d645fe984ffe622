//! The modes of the program's files, which hold password hashes: other users of the machine cannot read them,
//! whatever the umask. `replica` has those of a replica.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use crate::harness::{Program, folder, on, open, seeded};

/// The usual umask, that of users with a group of their own, and a tight one.
pub const UMASKS: [&str; 3] = ["022", "002", "077"];

/// The command in a process with this umask.
pub fn under(umask: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask $0; exec \"$@\"", umask]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

pub fn mode(path: &Path) -> u32 {
    let found = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.mode() & 0o7777
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn server(umask: &str, database: &Path, more: &[&str]) -> Program {
    let mut command = on(database, &["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"]);
    command.args(more).env("RUST_LOG", "info,access=off");
    let server = Program::start(under(umask, &command));
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    server
}

fn stop(mut server: Program) -> String {
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    server.log()
}

fn run(command: &Command, umask: &str) {
    let output = under(umask, command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn with_suffix(database: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", database.display()))
}

fn files_of(database: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| with_suffix(database, suffix))
}

#[test]
fn a_new_database_its_wal_its_shared_memory_and_its_folders_are_private() {
    for umask in UMASKS {
        let (folder, _) = folder();
        let database = folder.path().join("new/deeper/news.sqlite3");
        run(&on(&database, &["seed", "--posts", "3"]), umask);
        assert_eq!(mode(&database), 0o600, "{umask}");
        let server = server(umask, &database, &[]);
        for file in files_of(&database) {
            assert_eq!(mode(&file), 0o600, "{umask} {}", file.display());
        }
        stop(server);
        assert_eq!(mode(&database), 0o600, "{umask}");
        for folder in [database.parent().unwrap(), &folder.path().join("new")] {
            assert_eq!(mode(folder), 0o700, "{umask} {}", folder.display());
        }
    }
}

#[test]
fn migrate_and_the_demo_create_private_databases() {
    for umask in UMASKS {
        let (folder, database) = folder();
        run(&on(&database, &["migrate"]), umask);
        assert_eq!(mode(&database), 0o600, "{umask}");
        let database = folder.path().join("demo.sqlite3");
        let demo = on(&database, &["demo", "--posts", "3", "--listen", "127.0.0.1:0"]);
        let _demo = Program::start(under(umask, &demo));
        for file in files_of(&database) {
            assert_eq!(mode(&file), 0o600, "{umask} {}", file.display());
        }
    }
}

#[test]
fn a_backup_is_private() {
    for umask in UMASKS {
        let (folder, database) = folder();
        seeded(&database, 3);
        let copy = folder.path().join("copy.sqlite3");
        run(&on(&database, &["backup", copy.to_str().unwrap()]), umask);
        assert_eq!(mode(&copy), 0o600, "{umask}");
    }
}

#[test]
fn files_have_the_mode_that_the_operator_asks_for() {
    for (asked, of_folder) in [("0640", 0o750), ("0660", 0o770), ("0644", 0o755)] {
        let of_file = u32::from_str_radix(asked, 8).unwrap();
        for umask in UMASKS {
            let (folder, _) = folder();
            let database = folder.path().join("new/news.sqlite3");
            let copy = folder.path().join("copy.sqlite3");
            run(&on(&database, &["seed", "--posts", "3", "--file-mode", asked]), umask);
            let server = server(umask, &database, &["--file-mode", asked]);
            let mut backup = on(&database, &["backup", copy.to_str().unwrap()]);
            run(backup.env("FILE_MODE", asked), umask);
            for file in files_of(&database).iter().chain([&copy]) {
                assert_eq!(mode(file), of_file, "{asked} {umask} {}", file.display());
            }
            assert_eq!(mode(database.parent().unwrap()), of_folder, "{asked} {umask}");
            assert!(!stop(server).contains("other users"), "{asked} {umask}");
        }
    }
}

#[test]
fn files_that_others_can_read_are_tightened_once_with_a_warning() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    set_mode(&database, 0o644);
    // A killed server leaves its WAL.
    server("022", &database, &["--file-mode", "0644"]).kill();
    assert_eq!(files_of(&database).map(|file| mode(&file)), [0o644; 3], "the operator asks for that");
    let first = server("022", &database, &[]);
    assert_eq!(files_of(&database).map(|file| mode(&file)), [0o600; 3]);
    let log = stop(first);
    for file in files_of(&database) {
        let said = log.lines().filter(|line| line.contains(&format!("{} could be used", file.display())));
        assert_eq!(said.count(), 1, "{log}");
    }
    assert!(log.contains("--file-mode"), "{log}");
    let log = stop(server("022", &database, &[]));
    assert!(!log.contains("other users"), "{log}");
    // Each command that opens the database does it.
    for command in [&["migrate"][..], &["user", "--no-admin", "nobody"]] {
        set_mode(&database, 0o664);
        let output = on(&database, command).output().unwrap();
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("could be used by other users"),
            "{output:?}"
        );
        assert_eq!(mode(&database), 0o600, "{command:?}");
    }
}

#[test]
fn the_wal_of_a_database_that_others_could_read_is_private_from_the_beginning() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    set_mode(&database, 0o644);
    let log = stop(server("022", &database, &[]));
    // The WAL has the mode that the database has when SQLite opens it.
    assert_eq!(log.matches("could be used by other users").count(), 1, "{log}");
}

#[test]
fn a_mode_that_the_operator_made_tighter_is_kept() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    set_mode(&database, 0o600);
    let server = server("022", &database, &["--file-mode", "0640"]);
    assert_eq!(files_of(&database).map(|file| mode(&file)), [0o600; 3]);
    assert!(!stop(server).contains("other users"));
    assert_eq!(mode(&database), 0o600);
}

#[test]
fn the_target_of_a_symbolic_link_is_tightened() {
    let (folder, target) = folder();
    seeded(&target, 3);
    set_mode(&target, 0o644);
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    let server = server("022", &link, &[]);
    assert_eq!(files_of(&target).map(|file| mode(&file)), [0o600; 3]);
    assert!(stop(server).contains(&format!("{} could be used", target.display())));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    // A link to a file that is still missing.
    fs::remove_file(&target).unwrap();
    run(&on(&link, &["migrate"]), "022");
    assert_eq!(mode(&target), 0o600);
}

#[test]
fn a_refused_database_keeps_its_mode() {
    let (_folder, database) = folder();
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE songs (title)").unwrap();
    set_mode(&database, 0o644);
    assert!(!on(&database, &["migrate"]).output().unwrap().status.success());
    assert_eq!(mode(&database), 0o644);
}

#[test]
fn a_file_of_another_user_is_reported_and_used() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    set_mode(&database, 0o666);
    if std::os::unix::fs::chown(&database, Some(4711), None).is_err() {
        return; // Only root gives files away.
    }
    let log = stop(server("022", &database, &[]));
    assert!(log.contains("can be used by other users (mode 0666): it belongs to another user"), "{log}");
    assert_eq!(mode(&database), 0o666);
    assert_eq!(crate::harness::number(&open(&database), "SELECT count(*) FROM posts"), 4);
}

#[test]
fn files_are_private_from_the_moment_of_their_creation() {
    let (folder, database) = folder();
    let trace = folder.path().join("trace");
    let seed = on(&database, &["seed", "--posts", "3"]);
    let mut traced = Command::new("strace");
    traced.args([
        "-f",
        "-e",
        "trace=umask,openat,mkdir,chmod,fchmod,fchmodat",
        "-o",
        trace.to_str().unwrap(),
    ]);
    traced.arg(seed.get_program()).args(seed.get_args());
    let output = under("022", &traced).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let trace = fs::read_to_string(&trace).unwrap();
    let masked = trace.find("umask(077)").unwrap_or_else(|| panic!("{trace}"));
    let created = trace.find("O_CREAT").unwrap_or_else(|| panic!("{trace}"));
    assert!(masked < created, "{trace}");
    assert!(!trace.contains("chmod"), "{trace}");
}

#[test]
fn a_mode_that_serves_nobody_is_refused() {
    for wrong in ["0400", "0666", "0700", "rw-r-----", "1600"] {
        let (_folder, database) = folder();
        let output = on(&database, &["migrate", "--file-mode", wrong]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(!database.exists(), "{wrong}");
    }
}
