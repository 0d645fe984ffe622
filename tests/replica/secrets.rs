//! The store's secret is where it must be and nowhere else.

use std::fs;
use std::path::Path;

use crate::drill::{Drill, finish};
use crate::harness::Program;
use crate::processes;
use crate::store::{KEY, SECRET};

/// Every file below the folder whose bytes hold the secret.
fn files_with_it(folder: &Path) -> Vec<String> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = fs::read(&path).unwrap_or_default();
                if bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    found
}

#[test]
fn it_is_in_no_log_no_file_and_no_list_of_processes() {
    let mut drill = Drill::start();
    let mut command = drill.serving();
    command.env("RUST_LOG", "trace");
    let mut server = Program::start(command);
    let mut said = Vec::new();
    drill.await_verified();
    for arguments in [&["verify"][..], &["replica", "env"], &["replica", "status"]] {
        let mut command = drill.command(arguments);
        command.env("RUST_LOG", "trace");
        said.push(finish(command).well());
    }
    for (path, accept) in [("/up", "application/json"), ("/status", "text/html")] {
        said.push(crate::harness::ask(server.address, "GET", path, &[("Accept", accept)]).text().to_owned());
    }
    let running = processes::of(drill.folder.path());
    assert_eq!(running.len(), 3, "{running:?}");
    assert!(running.iter().all(|process| !process.arguments.contains(SECRET)), "{running:?}");
    assert_eq!(files_with_it(drill.folder.path()), [""; 0]);

    // Who fails must not tell more.
    drill.store.kill();
    let mut verify = drill.command(&["verify"]);
    verify.env("RUST_LOG", "trace");
    said.push(finish(verify).badly(&["lorem-news: "]));
    let mut elsewhere = drill.command(&["restore", "--to", "elsewhere.sqlite3"]);
    elsewhere.env("RUST_LOG", "trace").current_dir(drill.folder.path());
    drill.store.restart_with("another");
    said.push(finish(elsewhere).badly(&["lorem-news: "]));
    drill.store.restart();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    said.push(server.log());
    for said in said {
        assert!(!said.contains(SECRET), "{said}");
    }
    assert_eq!(files_with_it(drill.folder.path()), [""; 0]);
}

#[test]
fn it_can_be_in_files_of_its_own() {
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
    finish(with_files(drill.command(&["verify"]))).well();
    assert_eq!(files_with_it(drill.folder.path()), [drill.file("secret").display().to_string()]);
}

#[test]
fn what_is_in_the_environment_beside_it_misleads_nobody() {
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
    finish(stray(drill.command(&["verify"]))).well();
}
