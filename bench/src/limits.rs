//! `bin/bench limits`: how near the server is to what its work must cost, and what it takes of the machine.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cell::{self, Load};
use crate::database::{Databases, NAME};
use crate::document::{machine, write_section};
use crate::endpoint::ENDPOINTS;
use crate::load::{self, Answers, Much};
use crate::process::{Process, unless_signalled};
use crate::progress::Progress;
use crate::report::middle;
use crate::server::{Build, How, Server, build_folder, own_program};
use crate::{Result, report};

/// Compare the server with its work alone, and see what it takes
#[derive(Args, Debug)]
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
/// After so long a page does not come any more.
const PATIENCE: Duration = Duration::from_secs(10);

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
            // Without a rate, an endpoint that destroys gets as many calls as its database can bear.
            let load = Load { endpoint, connections: CONNECTIONS, seconds: 3, rate: None };
            let cell = cell::time(&mut databases, &load, &How::default())?;
            if !cell.answers.others.is_empty() {
                return Err(format!("{}: {}", endpoint.name, report::counts(&cell.answers.others)).into());
            }
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

/// Microseconds of processor time a call, as `bench/programs/in_process.rs` prints them.
fn in_process(endpoint: &str) -> Result<f64> {
    let program = build_folder(Build::Release)?.join("in-process");
    let mut command = own_program(&program);
    let output = command.arg(endpoint).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("in-process: {}", output.status).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let row = said.lines().find(|line| line.starts_with(endpoint));
    let both = row.and_then(|row| row.split_whitespace().nth(3)?.parse().ok());
    Ok(both.ok_or_else(|| format!("in-process told nothing of {endpoint}: {said}"))?)
}

/// Time to start, memory, the slowest answer, the size of the program, and what was asked of each.
fn takes(options: &Options) -> Result<String> {
    let mut databases = Databases::new()?;
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let binary = fs::metadata(build_folder(Build::Release)?.join("lorem-news"))?.len();
    let start = first_answer(&mut databases)?;
    let many = balanced(&mut databases, MANY, options)?;
    let few = balanced(&mut databases, CONNECTIONS, options)?;
    eprintln!("the machine alone for {} s", options.minute());
    let pause = longest_pause(Duration::from_secs(options.minute()))?;
    let (failed_many, failed_few) =
        (report::counts(&many.answers.others), report::counts(&few.answers.others));
    let seconds = options.minute();
    let rows = [
        ["the program, stripped", &format!("{:.1} MB", binary as f64 / 1e6), "under 15 MB"],
        [
            &format!("start to the first 200, median of {STARTS}"),
            &format!("{:.0} ms", start * 1e3),
            "under 100 ms",
        ],
        [
            "memory of its own (RssAnon) at rest, after a few pages",
            &mebibytes(many.at_rest),
            "at most 60 MiB",
        ],
        [
            &format!("the same after {seconds} s of balanced at {MANY}"),
            &mebibytes(many.loaded),
            "at most 150 MiB",
        ],
        [
            &format!("not 200 at {MANY}, and at {CONNECTIONS}"),
            &format!("{failed_many}, {failed_few}"),
            "only 200s",
        ],
        [
            &format!("slowest answer in {seconds} s of balanced at {CONNECTIONS}"),
            &format!("{} ms", report::milliseconds(few.answers.slowest)),
            "at most 100 ms beyond the next line",
        ],
        [
            &format!("longest pause of a program alone in {seconds} s"),
            &format!("{:.1} ms", pause.as_secs_f64() * 1e3),
            &report::none(),
        ],
    ];
    Ok(report::table(["what", "how much", "asked"], &rows.map(|row| row.map(str::to_owned))))
}

/// What `balanced` showed.
struct Balanced {
    answers: Answers,
    /// Bytes of memory of the server's own before, and after.
    at_rest: u64,
    loaded: u64,
}

/// Loads a server of its own by so many clients.
fn balanced(databases: &mut Databases, connections: u64, options: &Options) -> Result<Balanced> {
    let folder = databases.copy(None)?;
    let server = Server::start(folder.path(), &How::default())?;
    // Nobody leaves a server untouched: what it needs for a page it has at rest as well.
    for page in ["/", "/posts", "/", "/posts"] {
        get(&format!("{}{page}", server.url()))?;
    }
    let at_rest = server.own_memory()?;
    eprintln!("balanced at {connections} connections for {} s", options.minute());
    let url = format!("{}/benchmarking/balanced", server.url());
    let answers = load::run(&url, connections, &Much::Seconds(options.minute()), folder.path())?;
    let loaded = server.own_memory()?;
    server.stop()?;
    Ok(Balanced { answers, at_rest, loaded })
}

/// Asks for a page, on a connection of its own; an error unless it comes whole with 200, and in time.
fn get(url: &str) -> Result<()> {
    let request = ureq::get(url).config().timeout_global(Some(PATIENCE)).build();
    request.call()?.body_mut().read_to_vec()?;
    Ok(())
}

/// Seconds from the start of the program on a database that is there to its first answer with 200.
fn first_answer(databases: &mut Databases) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let folder = databases.copy(None)?;
        // Free a moment ago, and nobody else here asks for one.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = own_program(&build_folder(Build::Release)?.join("lorem-news"));
        command.args(["serve", "--relax-ssl", "--listen", &address.to_string(), "--database"]);
        command
            .arg(folder.path().join(NAME))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let began = Instant::now();
        let server = Process::start(&mut command)?;
        let url = format!("http://{address}/up");
        while get(&url).is_err() {
            unless_signalled()?;
            if began.elapsed() > PATIENCE {
                return Err("the server does not answer".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        times.push(began.elapsed().as_secs_f64());
        server.terminate()?;
        server.finish(Duration::from_secs(30))?;
    }
    Ok(middle(times))
}

/// The longest time in which the machine did not let a program run that wanted to, of so much time: what no
/// server on it can be better than. There is a thread for each core, since a pause may be of one core alone.
pub fn longest_pause(time: Duration) -> Result<Duration> {
    let cores = thread::available_parallelism()?.get();
    let longest = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| longest_pause_of_one(time))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).max()
    });
    unless_signalled()?;
    Ok(longest.ok_or("no thread has looked at the clock")?)
}

/// Of a thread that does nothing but look at the clock, until the time is over or a signal comes.
fn longest_pause_of_one(time: Duration) -> Duration {
    let began = Instant::now();
    let (mut last, mut longest) = (began, Duration::ZERO);
    while last - began < time && unless_signalled().is_ok() {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}
