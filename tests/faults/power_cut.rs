//! A power cut, without cutting the power: the system calls show that no write was answered before the
//! disk had it. The flush must have begun after the last frame of the transaction was written, and have
//! ended well before the first byte of the answer left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use memchr::memmem;
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::harness::{Program, folder, seeded};
use crate::strace::Strace;
use crate::writers::Writers;

/// Something that the server asked the system for, in the order in which it did.
enum Call {
    /// Bytes into the WAL.
    Wal(Vec<u8>),
    /// A thread begins to flush it.
    FlushBegins(Thread),
    FlushEnds(Thread, /* Well */ bool),
    Answer(Vec<u8>),
}

type Thread = u32;

#[test]
fn no_write_is_answered_before_it_is_on_the_disk() {
    let (folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &["--writes-per-minute", "1000"]);
    let author = Client::at(program.address);
    assert_eq!(author.sign_up("author").status, 303);
    let trace = folder.path().join("trace");
    let output = format!("--output={}", trace.display());
    let strace = Strace::of(
        &program,
        // All strings whole and in hexadecimal, and paths with the descriptors.
        &["-xx", "-y", "-s", "5000", "-e", "trace=pwrite64,fdatasync,fsync,sendto", &output],
    );
    let endpoints = &["post_create", "comment_create", "comment_destroy"];
    let clients = Writers::calling(endpoints, program.address, 8);
    let forms: Titles = (0..20).map(|number| write_post(&author, number)).collect();
    clients.await_answers(300);
    let written = clients.end();
    strace.end();
    let expected = written.told.len() + forms.len();
    let found = Proof::of(&calls(&trace), forms);
    assert_eq!(found.answers, expected, "not all answers were seen");
    assert!(found.with_answers.len() < found.answers, "nobody shared a transaction");
}

/// The titles of what was posted by a form, by where its answer led.
type Titles = BTreeMap<String, String>;

/// Sends the form as somebody who is signed in.
fn write_post(author: &Client, number: u32) -> (String, String) {
    let title = format!("On the disk, as number {number:03}");
    let answer = author.post("/posts", &[("title", &title), ("description", "A text")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    (answer.header("Location").expect("it leads to the post").to_owned(), title)
}

/// What is known of the disk as the calls go by.
#[derive(Default)]
struct Proof {
    forms: Titles,
    /// The pages of each transaction, in their order.
    committed: Vec<Vec<u8>>,
    /// Those of the one that is not committed.
    pages: Vec<u8>,
    /// The next page is its last one.
    is_last: bool,
    /// How many had been committed when a flush began that is under way.
    flushing: BTreeMap<Thread, usize>,
    /// So many are on the disk.
    flushed: usize,
    answers: usize,
    /// Which transactions hold what was answered.
    with_answers: BTreeSet<usize>,
}

impl Proof {
    fn of(calls: &[Call], forms: Titles) -> Proof {
        let mut proof = Proof { forms, ..Proof::default() };
        for call in calls {
            match call {
                Call::Wal(bytes) => proof.write(bytes),
                Call::FlushBegins(thread) => drop(proof.flushing.insert(*thread, proof.committed.len())),
                Call::FlushEnds(thread, well) => {
                    // What ends may be a flush of the database, whose beginning is none of the WAL's.
                    let begun = proof.flushing.remove(thread).filter(|_| *well);
                    proof.flushed = proof.flushed.max(begun.unwrap_or(0));
                }
                Call::Answer(bytes) => proof.check(bytes),
            }
        }
        proof
    }

    /// Frames are written in two: 24 bytes of which the second four are zero unless it is the last of its
    /// transaction, and the page (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
    fn write(&mut self, bytes: &[u8]) {
        match bytes.len() {
            24 => self.is_last = bytes[4..8] != [0; 4],
            32 => {} // The head of the WAL.
            4096 => {
                self.pages.extend_from_slice(bytes);
                if self.is_last {
                    self.committed.push(std::mem::take(&mut self.pages));
                }
            }
            length => panic!("{length} bytes are no part of a frame"),
        }
    }

    fn check(&mut self, answer: &[u8]) {
        let text = String::from_utf8_lossy(answer);
        if !text.starts_with("HTTP/1.1 ") {
            return; // The rest of a long one.
        }
        let row = self.row(&text);
        let transaction = self.committed.iter().position(|pages| memmem::find(pages, &row).is_some());
        let is_on_disk = transaction.is_some_and(|transaction| transaction < self.flushed);
        assert!(is_on_disk, "answered before it was on the disk: {text:.600}");
        self.with_answers.extend(transaction);
        self.answers += 1;
    }

    /// What a row has of the write that is answered, and no other: that of the post has its title. An endpoint's
    /// answer has the secret of the session that it has made, whose row has the secret's hash.
    fn row(&self, answer: &str) -> Vec<u8> {
        if answer.starts_with("HTTP/1.1 303 ") {
            let location = between(answer, "Location: ", "\r\n");
            return self.forms.get(location).expect("the form's answer").clone().into_bytes();
        }
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let cookie = answer.split("session=").nth(1).expect("a session");
        let secret = cookie.split(['.', ';']).nth(1).expect("a secret");
        Sha256::digest(hexadecimal(secret)).to_vec()
    }
}

/// Reads what strace wrote. A call during which another thread called is on two lines.
fn calls(trace: &Path) -> Vec<Call> {
    let text = fs::read_to_string(trace).expect("strace has written it");
    let calls: Vec<Call> = text.lines().flat_map(read).collect();
    assert!(!calls.is_empty());
    calls
}

/// What happened on a line, in its order.
fn read(line: &str) -> Vec<Call> {
    let (thread, call) = line.split_once(' ').expect("a thread and a call");
    let thread = thread.parse().expect("its number");
    let call = call.trim_start();
    let is_well = call.ends_with("= 0");
    if call.starts_with("<... fdatasync resumed>") || call.starts_with("<... fsync resumed>") {
        return vec![Call::FlushEnds(thread, is_well)];
    }
    let Some((name, rest)) = call.split_once('(') else {
        return Vec::new(); // A thread has ended.
    };
    let is_wal = || unescaped(between(rest, "<", ">")).ends_with(b"-wal");
    match name {
        "pwrite64" if is_wal() => vec![Call::Wal(unescaped(between(rest, "\"", "\"")))],
        "fdatasync" | "fsync" if is_wal() && call.ends_with("<unfinished ...>") => {
            vec![Call::FlushBegins(thread)]
        }
        "fdatasync" | "fsync" if is_wal() => {
            vec![Call::FlushBegins(thread), Call::FlushEnds(thread, is_well)]
        }
        "sendto" => vec![Call::Answer(unescaped(between(rest, "\"", "\"")))],
        _ => Vec::new(),
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let inner = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    inner.unwrap_or_else(|| panic!("no {start}…{end} in {text}")).0
}

/// `\x4c\x4e` as bytes.
fn unescaped(text: &str) -> Vec<u8> {
    hexadecimal(&text.replace("\\x", ""))
}

fn hexadecimal(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap_or_else(|_| panic!("{text}"));
    (0..text.len()).step_by(2).map(byte).collect()
}
