//! `bin/bench limits`: how near the server is to what its work must cost, and what it takes of the machine.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::cell::{self, Load};
use crate::database::{Databases, NAME};
use crate::document::{machine, write_section};
use crate::endpoint::ENDPOINTS;
use crate::load::{self, Much};
use crate::process::Process;
use crate::progress::Progress;
use crate::report::middle;
use crate::server::{Build, How, Server, build_folder};
use crate::{Result, report};

/// Compare the server with its work alone, and see what it takes
#[derive(Args, Debug)]
#[group(skip)]
pub struct Options {
    /// Done within three minutes: one round, and ten seconds in place of a minute
    #[arg(long)]
    quick: bool,
}

/// Clients, as elsewhere.
const CONNECTIONS: u64 = 20;
/// Clients that are many.
const MANY: u64 = 256;
/// How often the server is started to see how long that takes.
const STARTS: usize = 5;

impl Options {
    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// How long `balanced` goes on where a minute was asked for.
    fn minute(&self) -> u64 {
        if self.quick { 10 } else { 60 }
    }

    fn command(&self) -> String {
        format!("bin/bench limits{}", if self.quick { " --quick" } else { "" })
    }
}

/// Measures all of it, prints it, and writes the section.
pub fn run(options: &Options) -> Result<()> {
    let text = format!("{}\n{}", prices(options)?, takes(options)?);
    print!("{text}");
    write_section("limits", &format!("{text}\n{}", machine(&options.command())?))
}

/// Of each endpoint: the processor time of a call in this process alone, and through the whole server.
fn prices(options: &Options) -> Result<String> {
    let mut databases = Databases::new()?;
    let mut progress = Progress::new(ENDPOINTS.len() * options.rounds());
    let mut rows = Vec::new();
    for endpoint in &ENDPOINTS {
        let (mut alone, mut whole, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds() {
            let work = in_process(endpoint.name)?;
            let load =
                Load { endpoint, connections: CONNECTIONS, seconds: 3, rate: endpoint.fewest_a_second() };
            let cell = cell::time(&mut databases, &load, &How::default())?;
            let server = cell.processor.ok_or("the system tells no processor times")?.as_secs_f64() * 1e6;
            progress.done(&format!("{}: {work:.0} µs alone, {server:.0} µs in the server", endpoint.name));
            alone.push(work);
            whole.push(server);
            ratios.push(server / work);
        }
        let (alone, whole, ratio) = (middle(alone), middle(whole), middle(ratios));
        rows.push([
            endpoint.name.to_owned(),
            format!("{alone:.0}"),
            format!("{whole:.0}"),
            format!("{ratio:.2}"),
        ]);
    }
    Ok(report::table(["endpoint", "in process, µs", "through the server, µs", "ratio"], &rows))
}

/// Microseconds of processor time a call, as `benches/in_process.rs` prints them.
fn in_process(endpoint: &str) -> Result<f64> {
    let program = build_folder(Build::Release)?.join("in-process");
    let output = Command::new(program).arg(endpoint).stdin(Stdio::null()).output()?;
    let said = String::from_utf8(output.stdout)?;
    let row = said.lines().find(|line| line.starts_with(endpoint));
    let both = row.and_then(|row| row.split_whitespace().nth(3)?.parse().ok());
    Ok(both.ok_or_else(|| format!("in-process told nothing of {endpoint}: {said}"))?)
}

/// Time to start, memory, the slowest answer, the size of the program.
fn takes(options: &Options) -> Result<String> {
    let mut databases = Databases::new()?;
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let binary = fs::metadata(build_folder(Build::Release)?.join("lorem-news"))?.len();
    let start = first_answer(&mut databases)?;
    let folder = databases.copy(None)?;
    let server = Server::start(folder.path(), &How::default())?;
    let at_rest = server.own_memory()?;
    let url = format!("{}/benchmarking/balanced", server.url());
    let much = Much::Seconds(options.minute());
    eprintln!("balanced at {MANY} connections for {} s", options.minute());
    let many = load::run(&url, MANY, &much, folder.path())?;
    let loaded = server.own_memory()?;
    server.stop()?;
    let folder = databases.copy(None)?;
    let server = Server::start(folder.path(), &How::default())?;
    let url = format!("{}/benchmarking/balanced", server.url());
    eprintln!("balanced at {CONNECTIONS} connections for {} s", options.minute());
    let few = load::run(&url, CONNECTIONS, &much, folder.path())?;
    server.stop()?;
    eprintln!("the machine alone for {} s", options.minute());
    let pause = longest_pause(Duration::from_secs(options.minute()));
    let failed = |answers: &load::Answers| report::counts(&answers.others);
    let rows = [
        ["the program, stripped".to_owned(), megabytes(binary)],
        [format!("start to the first 200, median of {STARTS}"), format!("{:.0} ms", start * 1e3)],
        ["memory of its own (RssAnon) at rest".to_owned(), megabytes(at_rest)],
        [format!("the same after {} s of balanced at {MANY}", options.minute()), megabytes(loaded)],
        [format!("not 200 at {MANY}, and at {CONNECTIONS}"), format!("{}, {}", failed(&many), failed(&few))],
        [
            format!("slowest answer in {} s of balanced at {CONNECTIONS}", options.minute()),
            format!("{} ms", report::milliseconds(few.slowest)),
        ],
        [
            format!("longest pause of a program alone in {} s", options.minute()),
            format!("{:.1} ms", pause.as_secs_f64() * 1e3),
        ],
    ];
    Ok(report::table(["what", "how much"], &rows))
}

/// Seconds from the start of the program on a database that is there to its first answer with 200.
fn first_answer(databases: &mut Databases) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let folder = databases.copy(None)?;
        // Free a moment ago, and nobody else here asks for one.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(build_folder(Build::Release)?.join("lorem-news"));
        command.args(["serve", "--relax-ssl", "--listen", &address.to_string(), "--database"]);
        command
            .arg(folder.path().join(NAME))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let began = Instant::now();
        let server = Process::start(&mut command)?;
        let url = format!("http://{address}/up");
        while ureq::get(&url).call().is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("the server does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(began.elapsed().as_secs_f64());
        server.terminate()?;
        server.finish(Duration::from_secs(30))?;
    }
    Ok(middle(times))
}

/// The longest time in which the machine did not let a program run that wanted to, of so much time: what no
/// server on it can be better than.
fn longest_pause(time: Duration) -> Duration {
    let began = Instant::now();
    let (mut last, mut longest) = (began, Duration::ZERO);
    while last - began < time {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}
