//! The environment: a variable that is set and empty counts as unset.

use std::fs;
use std::process::Command;

use clap::CommandFactory;
use lorem_news::cli::Cli;

use crate::harness::{Program, folder, program, run};

/// The variables that no option names.
const OTHERS: [&str; 14] = [
    "RUST_LOG",
    "RUST_LOG_STYLE",
    "TMPDIR",
    "PATH",
    "LITESTREAM_REPLICA_BUCKET",
    "LITESTREAM_REPLICA_BUCKET_FILE",
    "LITESTREAM_REPLICA_ENDPOINT",
    "LITESTREAM_REPLICA_REGION",
    "LITESTREAM_ACCESS_KEY_ID",
    "LITESTREAM_ACCESS_KEY_ID_FILE",
    "LITESTREAM_SECRET_ACCESS_KEY",
    "LITESTREAM_SECRET_ACCESS_KEY_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
];

/// The words and the variables of each command that an operator runs.
fn commands() -> Vec<(Vec<String>, Vec<String>)> {
    fn gather(command: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, Vec<String>)>) {
        for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            let words = [words, &[subcommand.get_name().to_owned()]].concat();
            gather(subcommand, &words, found);
            if subcommand.get_subcommands().next().is_none() {
                let name = |option: &clap::Arg| option.get_env()?.to_str().map(str::to_owned);
                found.push((words, subcommand.get_arguments().filter_map(name).collect()));
            }
        }
    }
    let mut found = Vec::new();
    gather(&Cli::command(), &[], &mut found);
    found
}

/// The command with each of its variables, and all others, set and empty, in a folder of its own.
fn with_empty(words: &[&str], variables: &[String], folder: &std::path::Path) -> Command {
    let mut command = program(words);
    command.current_dir(folder).envs(variables.iter().map(|name| (name, "")));
    command.envs(OTHERS.map(|name| (name, "")));
    command
}

#[test]
fn every_command_takes_every_variable_that_is_empty_for_unset() {
    let commands = commands();
    assert!(commands.len() >= 10, "{commands:?}");
    for (words, variables) in commands {
        let is_about_database = !matches!(&words[0][..], "healthcheck" | "version" | "completions" | "man");
        assert_eq!(variables.contains(&"DATABASE".to_owned()), is_about_database, "{words:?}");
        let (folder, _) = folder();
        fs::create_dir(folder.path().join("db")).expect("a folder");
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (more, code, said): (&[&str], i32, &str) = match words[..] {
            // Options are read before this is checked, and nothing is started.
            ["serve" | "demo"] => (&["--replica", "ftp://a/b"], 1, "a replica is s3://BUCKET/PATH"),
            ["migrate"] => (&[], 0, "db/lorem_news.sqlite3 is up to date"),
            ["seed"] => (&["--posts", "1"], 0, "1 posts"),
            ["user"] => (&["--admin", "Zoë"], 1, "there is no database db/lorem_news.sqlite3"),
            ["doctor"] => (&[], 1, "there is no database db/lorem_news.sqlite3"),
            ["sql"] => (&["SELECT 1"], 1, "there is no database db/lorem_news.sqlite3"),
            ["export"] => (&["out.zip"], 1, "there is no database db/lorem_news.sqlite3"),
            ["import", "hn"] => (&["items.jsonl"], 1, "items.jsonl"),
            ["healthcheck"] => (&[], 1, "127.0.0.1:3000"),
            ["version"] => (&[], 0, "lorem-news "),
            ["completions"] => (&["bash"], 0, "lorem-news"),
            ["man"] => (&[], 0, "lorem"),
            ["backup"] => (&["copy.sqlite3"], 1, "cannot copy db/lorem_news.sqlite3"),
            ["replica", "env"] => (&[], 0, "LITESTREAM_BIN=\n"),
            ["restore" | "verify" | "replicate"] | ["replica", "status"] => (&[], 1, "there is no replica"),
            _ => panic!("{words:?} is not known here"),
        };
        words.extend(more);
        let output = with_empty(&words, &variables, folder.path()).output().expect("the program starts");
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {printed}");
        assert!(printed.contains(said), "{words:?}: {printed}");
    }
}

#[test]
fn a_server_starts_with_every_variable_empty() {
    let variables: Vec<String> =
        commands().into_iter().find(|command| command.0 == ["serve"]).expect("serve").1;
    let (folder, _) = folder();
    let mut server =
        Program::start(with_empty(&["serve", "--listen", "127.0.0.1:0"], &variables, folder.path()));
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.post("/benchmarking/post_create").status, 404, "an empty switch is off");
    server.await_log("GET / 200"); // Level info is the default.
    assert!(folder.path().join("db/lorem_news.sqlite3").exists());
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
}

#[test]
fn an_empty_path_does_not_run_a_program_of_the_current_folder() {
    let (folder, _) = folder();
    fs::write(folder.path().join("litestream"), "").expect("a file");
    let mut command = program(&["verify", "--replica", "file:///replica"]);
    let output = command.current_dir(folder.path()).env("PATH", "").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("Litestream is missing"), "{said}");
}

#[test]
fn the_help_names_a_variable_that_is_empty() {
    let mut command = program(&["serve", "--help"]);
    let help = command.env("LISTEN", "").output().expect("the program starts").stdout;
    let without = run(&["serve", "--help"]).stdout;
    assert_eq!(String::from_utf8_lossy(&help), String::from_utf8_lossy(&without));
}
