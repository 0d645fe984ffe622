//! `bin/bench pages`: pages of a demo, compressed, beside nginx that sends their bytes from files, and beside another
//! build of the program, by turns.

mod beside_writers;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use tempfile::TempDir;

use crate::database::{FILE_NAME, temporary_folder};
use crate::document::{self, Section, command_line};
use crate::executable::Build;
use crate::format::{self, ratio, table, unknown};
use crate::load::{self, Amount, Request};
use crate::process::{Process, wait_for};
use crate::progress::Progress;
use crate::server::{Executable, Mode, Server, ServerOptions};
use crate::statistics::median;

/// Compare pages with nginx and with another build of the program
#[derive(Args, Debug)]
pub struct Options {
    /// Seconds of load for each page in each round
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds, in each of which all servers run once
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Another build of the program
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
}

/// Clients, each of which sends one request after the other.
const CLIENTS: u64 = 20;
/// How long a server may take to start, or to make its database.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A page, as a guest and as a member.
struct Page {
    name: &'static str,
    path: &'static str,
    /// The share of nginx's answers per second that it should have.
    of_nginx: Option<f64>,
    /// The multiple of the answers per second of the build before copies were kept that it should have.
    of_before: f64,
    is_members: bool,
}

const PAGES: [Page; 8] = [
    guests("front page", "/", 4.0),
    guests("newest posts", "/posts", 4.0),
    guests("a discussion", "/posts/5", 4.0),
    guests("feed", "/posts.atom", 4.0),
    Page { of_nginx: None, ..guests("search", "/search?q=lorem", 3.0) },
    members("front page, member", "/"),
    members("newest posts, member", "/posts"),
    members("a discussion, member", "/posts/5"),
];

const fn guests(name: &'static str, path: &'static str, of_before: f64) -> Page {
    Page { name, path, of_nginx: Some(0.9), of_before, is_members: false }
}

const fn members(name: &'static str, path: &'static str) -> Page {
    Page { name, path, of_nginx: None, of_before: 2.0, is_members: true }
}

/// The servers that are compared.
struct Servers {
    this: Member,
    /// The program beside itself: the noise.
    again: Member,
    beside: Option<Member>,
    nginx: Option<Nginx>,
}

/// A server on a database of its own, and a member's cookies there.
struct Member {
    server: Server,
    cookies: String,
    _folder: TempDir,
}

/// The answers per second of the rounds.
#[derive(Default)]
struct Rounds {
    of_nginx: Vec<f64>,
    of_itself: Vec<f64>,
    of_before: Vec<f64>,
}

/// Measures, prints the table and writes the documents.
pub fn run(options: &Options) -> Result<()> {
    let servers = Servers::start(options)?;
    if servers.nginx.is_none() {
        eprintln!("nginx is not installed: no page is compared with it");
    }
    let mut progress = Progress::new(PAGES.len());
    let mut results = Vec::new();
    for (number, page) in PAGES.iter().enumerate() {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            let this = servers.this.throughput(page, options)?;
            rounds.of_itself.push(servers.again.throughput(page, options)? / this);
            if let Some(nginx) = servers.nginx.as_ref().filter(|_| page.of_nginx.is_some()) {
                rounds.of_nginx.push(this / nginx.throughput(number, options)?);
            }
            if let Some(beside) = &servers.beside {
                rounds.of_before.push(this / beside.throughput(page, options)?);
            }
        }
        progress.done(page.name);
        results.push(rounds);
    }
    let beside_writers = beside_writers::run(&servers, options)?;
    let table = format!("{}\n{beside_writers}", table_of(results));
    print!("{table}");
    let command = command_line(&[
        Some("pages".to_owned()),
        options.beside.as_ref().map(|_| "--beside FILE".to_owned()),
    ]);
    document::write(Section::Pages, &command, &table, &table)
}

fn table_of(results: Vec<Rounds>) -> String {
    let row = |(page, rounds): (&Page, Rounds)| {
        let of_nginx = if page.of_nginx.is_some() { ratio(median(rounds.of_nginx)) } else { unknown() };
        [
            page.name.to_owned(),
            of_nginx,
            ratio(page.of_nginx),
            ratio(median(rounds.of_before)),
            ratio(Some(page.of_before)),
            ratio(median(rounds.of_itself)),
        ]
    };
    let rows: Vec<[String; 6]> = PAGES.iter().zip(results).map(row).collect();
    table(["requests/s", "of nginx", "at least", "of the other build", "at least", "of itself"], &rows)
}

impl Servers {
    fn start(options: &Options) -> Result<Servers> {
        let this = Member::start(Executable::Built(Build::Release))?;
        Ok(Servers {
            again: Member::start(Executable::Built(Build::Release))?,
            beside: options
                .beside
                .as_deref()
                .map(|file| Member::start(Executable::File(file)))
                .transpose()?,
            nginx: Nginx::start(&this.server)?,
            this,
        })
    }
}

impl Member {
    fn start(executable: Executable) -> Result<Member> {
        let folder = temporary_folder()?;
        let options = ServerOptions {
            executable,
            mode: Mode::Serve { benchmarking: true },
            ..ServerOptions::default()
        };
        options.seed(&folder.path().join(FILE_NAME))?;
        let server = Server::start(folder.path(), &options)?;
        let cookies = sign_up(server.url())?;
        Ok(Member { server, cookies, _folder: folder })
    }

    fn throughput(&self, page: &Page, options: &Options) -> Result<f64> {
        let cookies = page.is_members.then(|| format!("Cookie: {}", self.cookies));
        throughput(&format!("{}{}", self.server.url(), page.path), cookies, options)
    }
}

fn throughput(url: &str, cookies: Option<String>, options: &Options) -> Result<f64> {
    let folder = temporary_folder()?;
    let headers: Vec<String> = ["Accept-Encoding: gzip".to_owned()].into_iter().chain(cookies).collect();
    let request = Request { method: "GET", url, is_pattern: false, headers: &headers };
    let load = load::request(&request, CLIENTS, &Amount::Seconds(options.seconds), folder.path())?;
    if !load.failures.is_empty() {
        bail!("{url}: {}", format::counts(&load.failures));
    }
    Ok(load.throughput)
}

/// The cookies of a new user.
fn sign_up(url: &str) -> Result<String> {
    let password = "a long password of a benchmark";
    let form = [("screen_name", "bench_member"), ("password", password), ("password_confirmation", password)];
    let agent =
        ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    let answer = agent.post(format!("{url}/users")).send_form(form)?;
    let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let cookies: Vec<&str> = cookies
        .filter_map(|cookie| cookie.split(';').next())
        .filter(|cookie| !cookie.starts_with("flash"))
        .collect();
    if cookies.is_empty() {
        bail!("signing up was answered {}", answer.status());
    }
    Ok(cookies.join("; "))
}

/// nginx, which sends the bodies of the pages from files.
struct Nginx {
    _process: Process,
    url: String,
    _folder: TempDir,
}

impl Nginx {
    /// Starts it with the pages of a server; `None`: it is not installed.
    fn start(server: &Server) -> Result<Option<Nginx>> {
        let Some(program) =
            ["/usr/sbin/nginx", "/usr/local/bin/nginx"].iter().find(|path| Path::new(path).exists())
        else {
            return Ok(None);
        };
        let folder = temporary_folder()?;
        let root = folder.path().join("pages");
        fs::create_dir(&root)?;
        for (number, page) in PAGES.iter().enumerate().filter(|(_, page)| page.of_nginx.is_some()) {
            for (name, coding) in [(number.to_string(), "identity"), (format!("{number}.gz"), "gzip")] {
                fs::write(root.join(name), body(&format!("{}{}", server.url(), page.path), coding)?)?;
            }
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(folder.path(), port))?;
        let log = File::create(folder.path().join("stderr"))?;
        let mut command = Command::new(program);
        command
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        wait_for(START_TIMEOUT, || Ok(body(&format!("{url}/0"), "gzip").ok()))
            .context("nginx does not answer")?;
        Ok(Some(Nginx { _process: process, url, _folder: folder }))
    }

    fn throughput(&self, number: usize, options: &Options) -> Result<f64> {
        throughput(&format!("{}/{number}", self.url), None, options)
    }
}

/// As fast as nginx sends files: two processes, no log, open files kept, connections without end.
fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process on; worker_processes 2; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; gzip_static on; default_type text/html;
    keepalive_requests 1000000000; keepalive_timeout 600s;
    open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/pages; }}
}}
"
    )
}

/// The bytes of a body as they are sent.
fn body(url: &str, coding: &str) -> Result<Vec<u8>> {
    Ok(ureq::get(url).header("Accept-Encoding", coding).call()?.body_mut().read_to_vec()?)
}
