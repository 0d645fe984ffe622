//! The others: clients that ask for pages, and what they see.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Clients that ask at once.
pub const CLIENTS: usize = 4;
/// Pause of a client after an answer: together they ask some 200 times a second.
const PAUSE: Duration = Duration::from_millis(20);
/// Time for an answer. Beyond it the request has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The answers that clients saw.
#[derive(Default)]
pub struct Seen {
    /// The durations of answers with status 200, from the connect to the last byte.
    pub times: Vec<Duration>,
    /// The number of other answers, by status or failure.
    pub failures: BTreeMap<String, u64>,
}

impl Seen {
    pub fn add(&mut self, other: Seen) {
        self.times.extend(other.times);
        for (failure, count) in other.failures {
            *self.failures.entry(failure).or_default() += count;
        }
    }

    /// The time that this part of the answers needed at most. `None` without answers.
    pub fn percentile(&self, part: f64) -> Option<Duration> {
        let mut times = self.times.clone();
        times.sort();
        times.get((times.len() as f64 * part) as usize).copied()
    }
}

/// Asks for the front page, each time on a new connection, until it is over.
pub fn visit(address: SocketAddr, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        match get(address, "/") {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => seen.times.push(began.elapsed()),
            Ok(answer) => {
                let status = answer.split(' ').nth(1).unwrap_or("no answer").to_owned();
                *seen.failures.entry(status).or_default() += 1;
            }
            Err(error) => *seen.failures.entry(error.to_string()).or_default() += 1,
        }
        thread::sleep(PAUSE);
    }
    seen
}

/// The address of htmx's file, which a page names.
pub fn asset(address: SocketAddr) -> Result<String> {
    let page = get(address, "/")?;
    let start = page.find("/assets/htmx").context("the page loads no htmx")?;
    let end = page[start..].find(['"', '>', ' ']).context("the page is cut")?;
    Ok(page[start..start + end].to_owned())
}

/// The whole answer. A body that was cut is an error.
fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return Ok(String::new());
    };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
    anyhow::ensure!(length.is_none_or(|length: usize| length == body.len()), "a body was cut");
    Ok(answer)
}
