//! The store's secret does not leak.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::drill::{Drill, finish};
use crate::harness::{Program, below};
use crate::processes;
use crate::store::{KEY, SECRET};

/// Every file below the folder that contains the secret.
fn files_with_secret(folder: &Path) -> Vec<String> {
    let has_secret = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
    };
    let files = below(folder).into_iter().filter(|path| path.is_file());
    files.filter(has_secret).map(|path| path.display().to_string()).collect()
}

#[test]
fn the_secret_is_in_no_log_no_file_and_no_command_line() {
    let mut drill = Drill::start();
    let mut command = drill.serving();
    command.env("RUST_LOG", "trace");
    let mut server = Program::start(command);
    let mut outputs = Vec::new();
    drill.await_verified();
    for arguments in [&["verify"][..], &["replica", "env"], &["replica", "status"]] {
        let mut command = drill.command(arguments);
        command.env("RUST_LOG", "trace");
        outputs.push(finish(command).assert_success());
    }
    for (path, accept) in [("/up", "application/json"), ("/status", "text/html")] {
        outputs
            .push(crate::harness::ask(server.address, "GET", path, &[("Accept", accept)]).text().to_owned());
    }
    let running = processes::of(drill.folder.path());
    assert_eq!(running.len(), 3, "{running:?}");
    assert!(running.iter().all(|process| !process.arguments.contains(SECRET)), "{running:?}");
    assert_eq!(files_with_secret(drill.folder.path()), [""; 0]);

    // The messages of failed commands do not contain it either.
    drill.store.kill();
    let mut verify = drill.command(&["verify"]);
    verify.env("RUST_LOG", "trace");
    outputs.push(finish(verify).assert_failure(&["lorem-news: "]));
    let mut elsewhere = drill.command(&["restore", "--to", "elsewhere.sqlite3"]);
    elsewhere.env("RUST_LOG", "trace").current_dir(drill.folder.path());
    drill.store.restart_with("another");
    outputs.push(finish(elsewhere).assert_failure(&["lorem-news: "]));
    drill.store.restart();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    outputs.push(server.log());
    for output in outputs {
        assert!(!output.contains(SECRET), "{output}");
    }
    assert_eq!(files_with_secret(drill.folder.path()), [""; 0]);
}

#[test]
fn files_beside_the_database_are_for_the_programs_user_alone() {
    let drill = Drill::start();
    let _server = Program::start(drill.serving());
    drill.await_verified();
    drill.run(&["backup", drill.file("copy.sqlite3").to_str().unwrap()]).assert_success();
    drill.run(&["restore", "--to", drill.file("restored.sqlite3").to_str().unwrap()]).assert_success();
    let mut seen = 0;
    for path in below(drill.folder.path()) {
        // Litestream removes files meanwhile.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let mode = metadata.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_secret_can_be_read_from_a_file() {
    let drill = Drill::start();
    let (key, secret) = (drill.file("key"), drill.file("secret"));
    fs::write(&key, format!("{KEY}\n")).unwrap();
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let with_files = |mut command: std::process::Command| {
        command
            .env_remove("LITESTREAM_ACCESS_KEY_ID")
            .env_remove("LITESTREAM_SECRET_ACCESS_KEY")
            .env("LITESTREAM_ACCESS_KEY_ID_FILE", &key)
            .env("LITESTREAM_SECRET_ACCESS_KEY_FILE", &secret);
        command
    };
    let _server = Program::start(with_files(drill.serving()));
    drill.await_verified();
    finish(with_files(drill.command(&["verify"]))).assert_success();
    assert_eq!(files_with_secret(drill.folder.path()), [drill.file("secret").display().to_string()]);
}

#[test]
fn unrelated_environment_variables_have_no_effect() {
    let drill = Drill::start();
    let stray = |mut command: std::process::Command| {
        command
            .env("AWS_CA_BUNDLE", "/nowhere")
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .env("AWS_ACCESS_KEY_ID", "stray")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("HTTPS_PROXY", "http://127.0.0.1:1");
        command
    };
    let _server = Program::start(stray(drill.serving()));
    drill.await_verified();
    finish(stray(drill.command(&["verify"]))).assert_success();
}
