//! `lorem-news replicate`, `verify` and `replica`, and the hidden commands that start Litestream.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Subcommand;

use super::database::DatabaseOption;
use super::output;
use super::replica_options::ReplicatedDatabase;
use super::signals::on_stop_signal;
use crate::errors::one_line;
use crate::replica::folder::{Folder, TEMPORARY_PREFIX, temporary_files};
use crate::replica::process::{StopSignal, become_litestream};
use crate::replica::setup::Replica;
use crate::replica::verify::verify;
use crate::replica::{control, copy, database, litestream, shim, sql};

/// How long `replica status` waits for Litestream.
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Replicate the database in the foreground, beside a server that runs without --replica
    Replicate(ReplicatedDatabase),
    /// Write a row, restore the replica, and check that the copy has the row and is complete
    Verify(ReplicatedDatabase),
    /// Show the replica's state or its settings
    #[command(subcommand)]
    Replica(ReplicaCommand),
    /// Keep Litestream running until the server stops; only the server starts this
    #[command(hide = true)]
    KeepLitestream { program: PathBuf, database: PathBuf },
    /// Become Litestream; only `keep-litestream` and restores start this
    #[command(hide = true)]
    BecomeLitestream {
        #[arg(value_parser = StopSignal::parse)]
        signal: StopSignal,
        parent: u32,
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum ReplicaCommand {
    /// Show the age and size of the newest copy, and the last verification
    Status(ReplicatedDatabase),
    /// Show the values of the environment variables, with secrets masked
    Env(ReplicatedDatabase),
}

impl Command {
    /// The database of the command; `None`: a command that the server starts, with its umask.
    pub(crate) fn database(&self) -> Option<&DatabaseOption> {
        match self {
            Command::Replicate(replicated)
            | Command::Verify(replicated)
            | Command::Replica(ReplicaCommand::Status(replicated) | ReplicaCommand::Env(replicated)) => {
                Some(&replicated.database)
            }
            Command::KeepLitestream { .. } | Command::BecomeLitestream { .. } => None,
        }
    }

    pub(crate) fn run(self) -> Result<()> {
        match self {
            Command::Replicate(replicated) => replicate(&replicated),
            Command::Verify(replicated) => verify_replica(&replicated),
            Command::Replica(ReplicaCommand::Status(replicated)) => show_status(&replicated),
            Command::Replica(ReplicaCommand::Env(replicated)) => {
                output::line(replicated.replica.display()?);
                Ok(())
            }
            Command::KeepLitestream { program, database } => shim::run(&program, &database),
            Command::BecomeLitestream { signal, parent, program, arguments } => {
                Err(become_litestream(signal, parent, &program, &arguments))
            }
        }
    }
}

fn replicate(replicated: &ReplicatedDatabase) -> Result<()> {
    let settings = replicated.settings()?;
    replicated.database.must_exist()?;
    let (path, mode) = (replicated.database.path(), replicated.database.file_mode());
    let replica = Replica::prepare(settings, path, mode)?;
    let db = database::open(path, mode)?;
    let paired = replica.pair(&db);
    db.close_without_checkpoint()?;
    paired?;
    let litestream = replica.start_litestream()?;
    let (stop, stopped) = channel();
    on_stop_signal(move || drop(stop))?;
    let location = &replica.settings.location;
    output::line(format_args!("{} is replicated to {location} (Ctrl-C stops it)", path.display()));
    // Nothing is ever sent: this returns when the sender is dropped.
    let _: Result<(), _> = stopped.recv();
    litestream.stop();
    Ok(())
}

fn verify_replica(replicated: &ReplicatedDatabase) -> Result<()> {
    let settings = replicated.settings()?;
    replicated.database.must_exist()?;
    let folder = Folder::beside(replicated.database.path())?;
    replicated
        .database
        .with_db(|db| verify(db, &settings, &folder, &|| false).context("the replica cannot be relied on"))?;
    output::line(format_args!("{} was restored, and it is whole", settings.location));
    Ok(())
}

/// A line whose value is unknown shows the reason; the command still succeeds.
fn show_status(replicated: &ReplicatedDatabase) -> Result<()> {
    let settings = replicated.settings()?;
    replicated.database.must_exist()?;
    let verification = replicated.database.with_db(|db| Ok(db.read(sql::last_verification)?));
    let folder = Folder::beside(replicated.database.path())?;
    let work = copy::work_folder_in(&temporary_files(), TEMPORARY_PREFIX)?;
    let contents = litestream::contents(&settings, folder.database(), work.path(), &|| false);
    let show = |name: &str, value: String| output::line(format_args!("{name:<15}{value}"));
    show("Replica", settings.location.to_string());
    show(
        "Last sync",
        match control::sync(&folder, STATUS_TIMEOUT) {
            Ok(position) => format!("just now, transaction {} of {}", position.replicated, position.local),
            Err(error) => format!("unknown: {error}"),
        },
    );
    show(
        "Restorable",
        match contents {
            Ok(Some(contents)) => {
                format!("{} bytes, transaction {}", contents.bytes, contents.newest_transaction)
            }
            Ok(None) => "nothing".to_owned(),
            Err(error) => format!("unknown: {}", one_line(&error)),
        },
    );
    show(
        "Last verified",
        match verification? {
            None => "never".to_owned(),
            Some(last) => {
                format!("{}, {}", last.at.rfc_3339(), last.fault.as_deref().unwrap_or("it was whole"))
            }
        },
    );
    Ok(())
}
