//! The commands about the replica, and how the environment says where it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Database, Failure, sentence, stop_on_signal};
use crate::replica::folder::{Folder, TEMPORARY};
use crate::replica::keeper::{self, Farewell};
use crate::replica::litestream::Litestream;
use crate::replica::restore::{self, Restored, Wish};
use crate::replica::settings::{Given, Keys, Place, Settings, masked, sync_interval};
use crate::replica::{self, Replica, close, control, copy, sql, verify};
use crate::types::time::{Micros, now, rfc_3339};

#[derive(Args, Debug)]
#[group(skip)]
pub(super) struct Options {
    /// Keep a copy of the database there: `s3://BUCKET/PATH`, or `file:///FOLDER`. A bucket needs
    /// LITESTREAM_ACCESS_KEY_ID and LITESTREAM_SECRET_ACCESS_KEY in the environment, and perhaps
    /// LITESTREAM_REPLICA_ENDPOINT and LITESTREAM_REPLICA_REGION; LITESTREAM_REPLICA_BUCKET can name it
    /// instead. With _FILE after such a name a file holds the value
    #[arg(long, env, value_name = "URL")]
    replica: Option<String>,
    /// The program that copies; without it that of bin/tools, else the one on the PATH
    #[arg(long, env = "LITESTREAM_BIN", value_name = "FILE")]
    litestream: Option<PathBuf>,
    /// Copy what was written so often, from 100ms to 30s: so much is lost with machine and disk
    #[arg(long, env, default_value = "1s", value_name = "TIME", value_parser = sync_interval)]
    sync_every: Duration,
}

/// A database and its replica.
#[derive(Args, Debug)]
#[group(skip)]
pub(super) struct Both {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    replica: Options,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Replicate the database in the foreground, for a server that does not do it itself
    Replicate(Both),
    /// Restore the database from its replica
    Restore {
        #[command(flatten)]
        both: Both,
        /// As it was then: `2026-11-26T12:00:00Z`
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// To this file, and not to the database
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Write something, and see whether a restore of the replica has it and is whole
    Verify(Both),
    /// How the replica is, and how it is reached
    #[command(subcommand)]
    Replica(Question),
    /// Copy the database, which may be running, to a file, and check that it is whole
    Backup {
        #[command(flatten)]
        database: Database,
        /// The new file
        file: PathBuf,
    },
    /// What the server starts to keep Litestream running
    #[command(hide = true)]
    KeepLitestream { program: PathBuf, database: PathBuf },
    /// What Litestream begins as
    #[command(hide = true)]
    BecomeLitestream {
        #[arg(value_parser = Farewell::parse)]
        farewell: Farewell,
        parent: u32,
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Subcommand, Debug)]
pub(super) enum Question {
    /// How old the newest copy is, how much there is, and when it was last verified
    Status(Both),
    /// What the environment says, secrets left out
    Env(Both),
}

impl Command {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Command::Replicate(both) => replicate(&both),
            Command::Restore { both, at, to, force } => {
                let (settings, database) = (both.needed()?, both.database());
                let wish = Wish { database, to: to.as_deref(), at, force };
                let restored = restore::restore(&settings, &wish)?;
                let restored =
                    restored.ok_or_else(|| format!("{} is empty: there is no backup", settings.place))?;
                println!("{}", fresh("Restored", &restored, now()));
                Ok(())
            }
            Command::Verify(both) => self::verify(&both),
            Command::Replica(Question::Status(both)) => status(&both),
            Command::Replica(Question::Env(both)) => {
                println!("{}", environment(&both.replica)?);
                Ok(())
            }
            Command::Backup { database: Database { database }, file } => {
                let copied = restore::backup(&database, &file)?;
                println!("{}", fresh("Copied to", &copied, now()));
                Ok(())
            }
            Command::KeepLitestream { program, database } => keeper::keep(&program, &database),
            Command::BecomeLitestream { farewell, parent, program, arguments } => {
                Err(keeper::become_litestream(farewell, parent, &program, &arguments))
            }
        }
    }
}

impl Options {
    /// The replica that is wanted, if any, with a Litestream for it.
    pub(super) fn settings(
        &self,
        database: &Path,
        verify_every: Option<Duration>,
    ) -> Result<Option<Settings>, Failure> {
        let given = self.given()?;
        let Some(place) = Place::of(&given, database)? else { return Ok(None) };
        let keys = Keys::of(&given, &place)?;
        let search = std::env::var_os("PATH");
        let litestream = Litestream::find(self.litestream.as_deref(), search.as_deref())?;
        Ok(Some(Settings { place, keys, litestream, sync_every: self.sync_every, verify_every }))
    }

    fn given(&self) -> Result<Given, Failure> {
        Ok(Given {
            url: self.replica.clone().filter(|url| !url.is_empty()),
            bucket: variable("LITESTREAM_REPLICA_BUCKET")?,
            endpoint: variable("LITESTREAM_REPLICA_ENDPOINT")?,
            region: variable("LITESTREAM_REPLICA_REGION")?,
            access_key_id: variable("LITESTREAM_ACCESS_KEY_ID")?,
            secret_access_key: variable("LITESTREAM_SECRET_ACCESS_KEY")?,
        })
    }
}

/// What the environment says, or the file that it names. (No flag says it: everybody can read the list of
/// processes.)
fn variable(name: &str) -> Result<Option<String>, Failure> {
    let read = |name: &str| match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(_) => Err(format!("{name} is no text")),
    };
    let file = format!("{name}_FILE");
    match (read(name)?, read(&file)?) {
        (Some(_), Some(_)) => Err(format!("{name} and {file} both say it: one is enough")),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {path}: {error}"))?;
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() { Err(format!("{file}: {path} is empty")) } else { Ok(Some(text.to_owned())) }
        }
        (value, None) => Ok(value),
    }
}

impl Both {
    fn database(&self) -> &Path {
        &self.database.database
    }

    /// The replica, without which there is nothing to be done.
    fn needed(&self) -> Result<Settings, Failure> {
        let settings = self.replica.settings(self.database(), None)?;
        settings.ok_or_else(|| "there is no replica: --replica says where one is".to_owned())
    }

    /// The database, which must be there.
    fn open(&self) -> Result<lorem_store::Database, Failure> {
        if !self.database().exists() {
            return Err(format!("there is no database {}", self.database().display()));
        }
        replica::open(self.database()).map_err(sentence)
    }
}

fn replicate(both: &Both) -> Result<(), Failure> {
    let settings = both.needed()?;
    if !both.database().exists() {
        return Err(format!("there is no database {}", both.database().display()));
    }
    let replica = Replica::prepare(settings, both.database())?;
    let db = both.open()?;
    let paired = replica.pair(&db);
    db.close_without_checkpoint().map_err(sentence)?;
    paired?;
    let litestream = replica.start()?;
    let (stop, stopped) = channel();
    stop_on_signal(move || drop(stop))?;
    let place = &replica.settings.place;
    println!("{} is replicated to {place} (Ctrl-C stops it)", both.database().display());
    // Nothing is ever sent: its end is the signal.
    let _: Result<(), _> = stopped.recv();
    litestream.stop();
    Ok(())
}

fn verify(both: &Both) -> Result<(), Failure> {
    let settings = both.needed()?;
    let db = both.open()?;
    let folder = Folder::beside(both.database()).map_err(sentence)?;
    let verified = verify::verify(&db, &settings, &folder, &|| false);
    close(db).map_err(sentence)?;
    verified.map_err(|fault| format!("the replica cannot be relied on: {fault}"))?;
    println!("{} was restored, and it is whole", settings.place);
    Ok(())
}

/// What is not known is said in its line, and is no failure: that is what `verify` is for.
fn status(both: &Both) -> Result<(), Failure> {
    const BARRIER: Duration = Duration::from_secs(5);
    let settings = both.needed()?;
    let db = both.open()?;
    let verified = db.read(sql::last_verification);
    close(db).map_err(sentence)?;
    let folder = Folder::beside(both.database()).map_err(sentence)?;
    let work = copy::workshop_in(&std::env::temp_dir(), TEMPORARY)?;
    let contents = settings.litestream.contents(&settings, folder.database(), work.path(), &|| false);
    println!("Replica        {}", settings.place);
    println!(
        "Last sync      {}",
        match control::sync(&folder, BARRIER) {
            Ok(position) => format!("just now, transaction {} of {}", position.replicated, position.local),
            Err(why) => format!("unknown: {why}"),
        }
    );
    println!(
        "Restorable     {}",
        match contents {
            Ok(Some(contents)) => format!("{} bytes, transaction {}", contents.bytes, contents.newest),
            Ok(None) => "nothing".to_owned(),
            Err(why) => format!("unknown: {why}"),
        }
    );
    println!(
        "Last verified  {}",
        match verified.map_err(sentence)? {
            None => "never".to_owned(),
            Some(last) =>
                format!("{}, {}", rfc_3339(last.at), last.fault.as_deref().unwrap_or("it was whole")),
        }
    );
    Ok(())
}

/// The names are those by which the demo app of RailsConf 2024 is configured.
fn environment(options: &Options) -> Result<String, Failure> {
    let given = options.given()?;
    let secret = given.secret_access_key.as_deref().map(masked);
    let lines = [
        ("REPLICA", given.url),
        ("LITESTREAM_REPLICA_BUCKET", given.bucket),
        ("LITESTREAM_REPLICA_ENDPOINT", given.endpoint),
        ("LITESTREAM_REPLICA_REGION", given.region),
        ("LITESTREAM_ACCESS_KEY_ID", given.access_key_id.as_deref().map(masked)),
        ("LITESTREAM_SECRET_ACCESS_KEY", secret),
        ("LITESTREAM_BIN", options.litestream.as_ref().map(|path| path.display().to_string())),
    ];
    let line = |(name, value): (&str, Option<String>)| format!("{name}={}", value.unwrap_or_default());
    Ok(lines.map(line).join("\n"))
}

/// What came of it, and how old it is.
fn fresh(done: &str, restored: &Restored, now: Micros) -> String {
    let path = restored.path.display();
    match restored.newest {
        None => format!("{done} {path}: it is whole, and nothing was ever written to it"),
        Some(newest) => {
            let age = Duration::from_micros(u64::try_from(now - newest).unwrap_or_default());
            let age = Duration::from_millis(age.as_millis().try_into().unwrap_or(u64::MAX));
            format!(
                "{done} {path}: it is whole; the newest write in it is of {}, {age:?} ago",
                rfc_3339(newest)
            )
        }
    }
}
