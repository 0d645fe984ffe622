//! Durability after a power cut, proven by a trace of the system calls: the flush of a write starts after the last
//! frame of its transaction is written, and succeeds before the first byte of the response is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use memchr::memmem;
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::harness::{Program, folder, seeded};
use crate::strace::Strace;
use crate::writers::Writers;

/// A system call of the server.
enum Call {
    /// A write of these bytes to the WAL.
    Wal(Vec<u8>),
    /// A thread starts to flush the WAL.
    FlushBegins(Thread),
    /// A flush by this thread has ended, with success or not.
    FlushEnds(Thread, bool),
    /// The start of a response.
    Answer(Vec<u8>),
}

type Thread = u32;

#[test]
fn no_write_is_acknowledged_before_it_is_on_disk() {
    let (folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &["--writes-per-minute", "1000"]);
    let author = Client::at(program.address);
    assert_eq!(author.sign_up("author").status, 303);
    let trace = folder.path().join("trace");
    let output = format!("--output={}", trace.display());
    let strace = Strace::of(
        &program,
        // Complete strings in hexadecimal, and the path of each descriptor.
        &["-xx", "-y", "-s", "5000", "-e", "trace=pwrite64,fdatasync,fsync,sendto", &output],
    );
    let endpoints = &["post_create", "comment_create", "comment_destroy"];
    let clients = Writers::calling(endpoints, program.address, 8);
    let forms: Titles = (0..20).map(|number| write_post(&author, number)).collect();
    clients.await_acknowledged(300);
    let written = clients.end();
    strace.end();
    let expected = written.acknowledged.len() + forms.len();
    let found = Proof::of(&calls(&trace), forms);
    assert_eq!(found.answers, expected, "the trace lacks responses");
    assert!(found.with_answers.len() < found.answers, "no two writes shared a transaction");
}

/// The titles of the posts that a form created, by the location of the response.
type Titles = BTreeMap<String, String>;

/// Posts by the form as a signed-in user.
fn write_post(author: &Client, number: u32) -> (String, String) {
    let title = format!("On the disk, as number {number:03}");
    let answer = author.post("/posts", &[("title", &title), ("description", "A text")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    (answer.header("Location").expect("the address of the post").to_owned(), title)
}

/// The state of the disk that the calls so far imply.
#[derive(Default)]
struct Proof {
    forms: Titles,
    /// The pages of each committed transaction, in the order of the commits.
    committed: Vec<Vec<u8>>,
    /// The pages of the transaction that is not committed yet.
    pages: Vec<u8>,
    /// Whether the next page is the last of its transaction.
    is_last: bool,
    /// For each running flush, the number of transactions that were committed when it started.
    flushing: BTreeMap<Thread, usize>,
    /// The number of transactions on the disk.
    flushed: usize,
    answers: usize,
    /// The transactions of acknowledged writes.
    with_answers: BTreeSet<usize>,
}

impl Proof {
    fn of(calls: &[Call], forms: Titles) -> Proof {
        let mut proof = Proof { forms, ..Proof::default() };
        for call in calls {
            match call {
                Call::Wal(bytes) => proof.write(bytes),
                Call::FlushBegins(thread) => drop(proof.flushing.insert(*thread, proof.committed.len())),
                Call::FlushEnds(thread, succeeded) => {
                    // It may be a flush of the database, which has no start here.
                    let begun = proof.flushing.remove(thread).filter(|_| *succeeded);
                    proof.flushed = proof.flushed.max(begun.unwrap_or(0));
                }
                Call::Answer(bytes) => proof.check(bytes),
            }
        }
        proof
    }

    /// SQLite writes a frame in two calls: a header of 24 bytes, whose second four are zero unless the frame is the
    /// last of its transaction, and the page (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
    fn write(&mut self, bytes: &[u8]) {
        match bytes.len() {
            24 => self.is_last = bytes[4..8] != [0; 4],
            32 => {} // The header of the WAL.
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
            return; // The rest of a long response.
        }
        let row = self.row(&text);
        let transaction = self.committed.iter().position(|pages| memmem::find(pages, &row).is_some());
        let is_on_disk = transaction.is_some_and(|transaction| transaction < self.flushed);
        assert!(is_on_disk, "acknowledged before it was on disk: {text:.600}");
        self.with_answers.extend(transaction);
        self.answers += 1;
    }

    /// Bytes that only the row of this write contains: the title of a post by the form, or the hash of the session
    /// secret that an endpoint returns.
    fn row(&self, answer: &str) -> Vec<u8> {
        if answer.starts_with("HTTP/1.1 303 ") {
            let location = between(answer, "Location: ", "\r\n");
            return self.forms.get(location).expect("a title for the location").clone().into_bytes();
        }
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let cookie = answer.split("session_").nth(1).expect("a session");
        let secret = cookie.split(['.', ';']).nth(1).expect("a secret");
        Sha256::digest(hexadecimal(secret)).to_vec()
    }
}

/// Parses the output of strace. A call that another thread interrupts is on two lines.
fn calls(trace: &Path) -> Vec<Call> {
    let text = fs::read_to_string(trace).expect("the output of strace");
    let calls: Vec<Call> = text.lines().flat_map(read).collect();
    assert!(!calls.is_empty());
    calls
}

/// The calls on a line, in their order.
fn read(line: &str) -> Vec<Call> {
    let (thread, call) = line.split_once(' ').expect("a thread and a call");
    let thread = thread.parse().expect("the id of a thread");
    let call = call.trim_start();
    let succeeded = call.ends_with("= 0");
    if call.starts_with("<... fdatasync resumed>") || call.starts_with("<... fsync resumed>") {
        return vec![Call::FlushEnds(thread, succeeded)];
    }
    let Some((name, rest)) = call.split_once('(') else {
        return Vec::new(); // A thread ends.
    };
    let is_wal = || unescaped(between(rest, "<", ">")).ends_with(b"-wal");
    match name {
        "pwrite64" if is_wal() => vec![Call::Wal(unescaped(between(rest, "\"", "\"")))],
        "fdatasync" | "fsync" if is_wal() && call.ends_with("<unfinished ...>") => {
            vec![Call::FlushBegins(thread)]
        }
        "fdatasync" | "fsync" if is_wal() => {
            vec![Call::FlushBegins(thread), Call::FlushEnds(thread, succeeded)]
        }
        "sendto" => vec![Call::Answer(unescaped(between(rest, "\"", "\"")))],
        _ => Vec::new(),
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let inner = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    inner.unwrap_or_else(|| panic!("no {start}…{end} in {text}")).0
}

/// The bytes of a string such as `\x4c\x4e`.
fn unescaped(text: &str) -> Vec<u8> {
    hexadecimal(&text.replace("\\x", ""))
}

fn hexadecimal(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap_or_else(|_| panic!("{text}"));
    (0..text.len()).step_by(2).map(byte).collect()
}
