//! The command line: what can be asked of the program, and how it says what went wrong.

mod replica;

use std::io::{IsTerminal, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, value_parser};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::app::{self, App};
use crate::replica::{Replica, close, open, settings::interval};
use crate::seed;
use crate::site::config::Config;
use crate::site::limiter::Limit;
use crate::site::limiter::RateLimits;
use crate::site::origin::Origin;
use crate::user::{name, password};
use crate::{moderation, session, user};
use lorem_http::Limits;

/// A Hacker-News style site in one binary on SQLite.
#[derive(Parser, Debug)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve a site full of demo data: made on the first start, with the benchmarking endpoints on
    Demo {
        #[command(flatten)]
        serve: Serve,
        #[command(flatten)]
        seed: Seed,
    },
    /// Serve the site
    Serve(Serve),
    /// Bring the database to this version's schema, and make it if it is missing
    Migrate(Database),
    /// Fill an empty database with demo data
    Seed {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        seed: Seed,
    },
    /// Make somebody an admin, or give them a new password; the server may be running
    User {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        change: UserChange,
    },
    #[command(flatten)]
    Replica(replica::Command),
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct UserChange {
    /// Make this user an admin, who can remove, lock and ban
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// Take it back
    #[arg(long, value_name = "NAME")]
    no_admin: Option<String>,
    /// Give this user the password that the first line of the standard input is, and end their sessions
    #[arg(long, value_name = "NAME")]
    password: Option<String>,
}

#[derive(Args, Debug)]
struct Database {
    /// The database file; it and its folder are made if they are missing
    #[arg(long, env, default_value = "db/lorem_news.sqlite3", value_name = "FILE")]
    database: PathBuf,
}

#[derive(Args, Debug)]
#[group(skip)] // Its name would be that of the command's own group.
struct Seed {
    /// The same number gives the same data
    #[arg(long, env, default_value_t = 2024, value_name = "N")]
    seed: u64,
    /// How many posts to make, each with 5 to 15 comments
    #[arg(long, env, default_value_t = seed::POSTS, value_name = "N", value_parser = value_parser!(u32).range(..=10_000_000))]
    posts: u32,
}

#[derive(Args, Debug)]
struct Serve {
    #[command(flatten)]
    database: Database,
    /// The address and port to listen on
    #[arg(long, env, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Answer POST /benchmarking/*, where anyone may write without an account (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    benchmarking: bool,
    /// Let cookies travel over plain HTTP (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    relax_ssl: bool,
    /// The site's own address in feeds, sitemaps and previews of links, such as `https://news.example`;
    /// without it they have the one that each request was sent to
    #[arg(long, env, value_name = "URL", value_parser = Origin::parse)]
    base_url: Option<Origin<'static>>,
    /// Believe X-Forwarded-For and -Proto from these addresses
    #[arg(long, env, value_delimiter = ',', value_name = "IP,…")]
    trusted_proxies: Vec<IpAddr>,
    /// Connections at once, each with a thread
    #[arg(long, env, default_value_t = 1024, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    max_connections: u32,
    /// Let everybody sign in, sign up, write and vote as fast as they can (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    no_rate_limits: bool,
    /// Attempts to sign in from an address, and as many by a name
    #[arg(long, env, default_value_t = RateLimits::default().sign_ins.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    sign_ins_per_minute: u32,
    /// New accounts from an address
    #[arg(long, env, default_value_t = RateLimits::default().sign_ups.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    sign_ups_per_hour: u32,
    /// Posts and comments of a user
    #[arg(long, env, default_value_t = RateLimits::default().writes.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    writes_per_minute: u32,
    /// Votes of a user, and posts that they save
    #[arg(long, env, default_value_t = RateLimits::default().votes.count, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    votes_per_minute: u32,
    /// Forget sign-ins that were not used for so many days
    #[arg(long, env, default_value_t = 90, value_name = "N", value_parser = value_parser!(u32).range(1..=36_500))]
    session_days: u32,
    /// Show /metrics, in Prometheus' text format, to everybody: without it only to who asks from this
    /// machine and not through a proxy
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    metrics: bool,
    /// Log requests, with where their time went, and statements of SQL that take so many milliseconds;
    /// 0: all of them, `off`: none
    #[arg(long, env, default_value = "500", value_name = "N", value_parser = Slow::parse)]
    slow_ms: Slow,
    #[command(flatten)]
    replica: replica::Options,
    /// Restore the replica, to try it, so often: `30s`, `24h`, `7d`, `off`; after a failure every hour
    #[arg(long, env, default_value = "24h", value_name = "TIME", value_parser = VerifyEvery::parse)]
    verify_every: VerifyEvery,
}

/// `None`: never.
#[derive(Debug, Clone, Copy)]
struct VerifyEvery(Option<Duration>);

impl VerifyEvery {
    fn parse(text: &str) -> Result<VerifyEvery, String> {
        interval(text).map(VerifyEvery)
    }
}

/// `None`: nothing is.
#[derive(Debug, Clone, Copy)]
struct Slow(Option<Duration>);

impl Slow {
    fn parse(text: &str) -> Result<Slow, String> {
        if text == "off" {
            return Ok(Slow(None));
        }
        let millis = text.parse::<u32>().map_err(|_| "it is neither a number of milliseconds nor `off`")?;
        Ok(Slow(Some(Duration::from_millis(millis.into()))))
    }
}

/// Why the program ends with an exit code other than 0: one sentence.
type Failure = String;

/// Does what the command line asks for.
///
/// # Errors
/// A sentence for the person who asked.
pub fn run(cli: Cli) -> Result<(), Failure> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    match cli.command {
        Command::Demo { serve, seed } => self::serve(serve.config_for_demo()?, Some(&seed)),
        Command::Serve(options) => serve(options.config()?, None),
        Command::Replica(command) => command.run(),
        Command::Migrate(Database { database }) => {
            let db = open(&database).map_err(sentence)?;
            close(db).map_err(sentence)?;
            println!("{} is up to date", database.display());
            Ok(())
        }
        Command::Seed { database: Database { database }, seed } => {
            let db = open(&database).map_err(sentence)?;
            let filled = fill(&db, &seed);
            // Closed whatever came of it, so that no WAL stays beside the file.
            close(db).map_err(sentence)?;
            if filled? {
                return Ok(());
            }
            Err(format!("{} has users already; only an empty database is seeded", database.display()))
        }
        Command::User { database: Database { database }, change } => {
            if !database.exists() {
                return Err(format!("there is no database {}", database.display()));
            }
            let db = open(&database).map_err(sentence)?;
            let changed = change.make(&db);
            close(db).map_err(sentence)?;
            println!("{}", changed?);
            Ok(())
        }
    }
}

impl UserChange {
    /// What is done then, in a sentence.
    fn make(self, db: &lorem_store::Database) -> Result<String, Failure> {
        match (self.admin, self.no_admin, self.password) {
            (Some(name), ..) => set_admin(db, &name, true),
            (_, Some(name), _) => set_admin(db, &name, false),
            (.., Some(name)) => set_password(db, &name),
            _ => Err("it does not say what is to be changed".to_owned()), // The group lets none through.
        }
    }
}

/// The number of somebody.
fn find(db: &lorem_store::Database, name: &str) -> Result<i64, Failure> {
    let folded = name::folded(name);
    let account = db.read(|connection| user::sql::account(connection, &folded)).map_err(sentence)?;
    account.map(|account| account.id).ok_or_else(|| format!("there is no user {name}"))
}

fn set_admin(db: &lorem_store::Database, name: &str, is_admin: bool) -> Result<String, Failure> {
    let id = find(db, name)?;
    let change = move |connection: &_| moderation::sql::set_admin(connection, id, is_admin);
    match (db.write(change).map_err(sentence)?, is_admin) {
        (true, true) => Ok(format!("{name} is an admin")),
        (true, false) => Ok(format!("{name} is no admin")),
        (false, _) => Err(format!("{name} is banned: somebody else has to unban them first")),
    }
}

fn set_password(db: &lorem_store::Database, name: &str) -> Result<String, Failure> {
    let id = find(db, name)?;
    if std::io::stdin().is_terminal() {
        eprint!("New password of {name}, which is shown as you type: ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| format!("cannot read the password: {error}"))?;
    let typed = line.trim_end_matches(['\r', '\n']);
    user::check_password(typed)?;
    let hash = password::hash(typed).map_err(sentence)?;
    // Whoever knew the old one may be signed in.
    let change = move |connection: &_| {
        user::sql::set_password(connection, id, &hash)?;
        session::sql::destroy_others(connection, id, 0)
    };
    db.write(change).map_err(sentence)?;
    Ok(format!("{name} has a new password"))
}

impl Serve {
    fn config_for_demo(self) -> Result<Config, Failure> {
        let config = self.config()?;
        Ok(Config { benchmarking: true, relax_ssl: true, rates: None, server_timing: true, ..config })
    }

    fn config(self) -> Result<Config, Failure> {
        let replica = self.replica.settings(&self.database.database, self.verify_every.0)?;
        let rates = RateLimits {
            sign_ins: Limit::a_minute(self.sign_ins_per_minute),
            sign_ups: Limit::an_hour(self.sign_ups_per_hour),
            writes: Limit::a_minute(self.writes_per_minute),
            votes: Limit::a_minute(self.votes_per_minute),
        };
        Ok(Config {
            listen: self.listen,
            database: self.database.database,
            benchmarking: self.benchmarking,
            relax_ssl: self.relax_ssl,
            base_url: self.base_url,
            trusted_proxies: self.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
            limits: Limits { max_connections: self.max_connections as usize, ..Limits::default() },
            rates: (!self.no_rate_limits).then_some(rates),
            session_days: self.session_days,
            metrics: self.metrics,
            slow: self.slow_ms.0,
            server_timing: false,
            replica,
        })
    }
}

fn serve(config: Config, seed: Option<&Seed>) -> Result<(), Failure> {
    // The port first: when it is taken, nothing has been touched yet.
    let server =
        app::bind(&config).map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let stopper = server.stopper();
    let app = App::open(config).map_err(sentence)?;
    let is_restored = app.site.replica.as_ref().is_some_and(Replica::is_restored);
    if let Some(seed) = seed.filter(|_| !is_restored) {
        fill(&app.site.db, seed)?;
    }
    stop_on_signal(move || stopper.stop())?;
    // In one piece: who reads only the first line, for the address, may be gone then.
    let line = format!("Lorem News is at http://{} (Ctrl-C stops it); {}\n", server.address(), backup(&app));
    print!("{line}");
    app::serve(server, app).map_err(sentence)?;
    Ok(())
}

/// What the operator should know of the backup.
fn backup(app: &App) -> String {
    let Some(replica) = &app.site.replica else {
        return "there is no backup: --replica says where to keep one".to_owned();
    };
    let place = &replica.settings.place;
    if place.is_on_the_disk_of(replica.folder.database()) {
        format!("replicated to {place}, which is on the same disk: it does not survive losing that")
    } else {
        format!("replicated to {place}")
    }
}

/// SIGTERM or SIGINT stops what runs; a second one ends the program at once.
fn stop_on_signal(stop: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("cannot wait for signals: {error}");
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
    let wait = move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            log::info!("stopping: finishing what is under way");
            stop();
        }
        if signals.next().is_some() {
            log::warn!("stopped at once");
            std::process::exit(1);
        }
    };
    thread::Builder::new().name("signals".into()).spawn(wait).map_err(failed)?;
    Ok(())
}

/// Seeds, with its progress where someone watches. `false`: the database is not empty.
fn fill(db: &lorem_store::Database, options: &Seed) -> Result<bool, Failure> {
    let began = Instant::now();
    let watched = std::io::stderr().is_terminal();
    let wanted = options.posts;
    let progress = move |posts: u32| {
        if watched {
            eprint!("\rSeeding: {posts} of {wanted} posts");
            let _ = std::io::stderr().flush();
        }
    };
    let seeded = seed::run(db, options.seed, options.posts, progress).map_err(sentence)?;
    if let Some(seeded) = seeded {
        let end = if watched { "\r" } else { "" };
        eprintln!(
            "{end}Seeded {} users, {} posts and {} comments in {:.1} s; everybody's password is \"{}\"",
            seeded.users,
            seeded.posts,
            seeded.comments,
            began.elapsed().as_secs_f32(),
            seed::PASSWORD
        );
    }
    Ok(seeded.is_some())
}

fn sentence(error: impl std::fmt::Display) -> Failure {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(arguments: &[&str]) -> Serve {
        let command = ["lorem-news", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(command).expect("they are known").command {
            Command::Serve(serve) => serve,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_rate_limit_is_set_by_its_own_flag() {
        let config = serve(&[
            "--sign-ins-per-minute=1",
            "--sign-ups-per-hour=2",
            "--writes-per-minute=3",
            "--votes-per-minute=4",
            "--session-days=5",
        ])
        .config()
        .expect("they fit");
        let rates = config.rates.expect("there are limits");
        assert_eq!(rates.sign_ins, Limit::a_minute(1));
        assert_eq!(rates.sign_ups, Limit::an_hour(2));
        assert_eq!(rates.writes, Limit::a_minute(3));
        assert_eq!(rates.votes, Limit::a_minute(4));
        assert_eq!(config.session_days, 5);
    }

    #[test]
    fn a_limit_has_limits() {
        for (flag, most) in [
            ("--sign-ins-per-minute", 100_000),
            ("--sign-ups-per-hour", 100_000),
            ("--writes-per-minute", 100_000),
            ("--votes-per-minute", 100_000),
            ("--session-days", 36_500),
        ] {
            for (number, good) in [(0, false), (1, true), (most, true), (most + 1, false)] {
                let argument = format!("{flag}={number}");
                let parsed = Cli::try_parse_from(["lorem-news", "serve", &argument]);
                assert_eq!(parsed.is_ok(), good, "{argument}");
            }
        }
    }

    #[test]
    fn what_is_slow_is_said_in_milliseconds() {
        let slow = |arguments: &[&str]| serve(arguments).config().expect("they fit").slow;
        assert_eq!(slow(&[]), Some(Duration::from_millis(500)));
        assert_eq!(slow(&["--slow-ms=0"]), Some(Duration::ZERO));
        assert_eq!(slow(&["--slow-ms=off"]), None);
        for wrong in ["-1", "1.5", "1s", "", "4294967296"] {
            let argument = format!("--slow-ms={wrong}");
            assert!(Cli::try_parse_from(["lorem-news", "serve", &argument]).is_err(), "{argument}");
        }
    }

    #[test]
    fn only_a_demo_tells_browsers_where_the_time_goes() {
        assert!(!serve(&[]).config().expect("they fit").server_timing);
        assert!(serve(&[]).config_for_demo().expect("they fit").server_timing);
    }

    #[test]
    fn rates_are_limited_unless_it_is_a_demo_or_nobody_wants_it() {
        assert!(serve(&[]).config().expect("they fit").rates.is_some());
        assert!(serve(&["--no-rate-limits"]).config().expect("they fit").rates.is_none());
        assert!(serve(&[]).config_for_demo().expect("they fit").rates.is_none());
    }
}
