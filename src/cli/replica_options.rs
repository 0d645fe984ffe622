//! The options and environment variables that say where the replica is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::database::DatabaseOption;
use super::environment;
use super::interval::Interval;
use crate::replica::binary::LitestreamBinary;
use crate::replica::settings::{RawSettings, Settings};

#[derive(Args, Debug)]
pub(crate) struct ReplicaOptions {
    /// Replicate the database to this location: `s3://BUCKET/PATH`, or `file:///FOLDER`. A bucket needs
    /// LITESTREAM_ACCESS_KEY_ID and LITESTREAM_SECRET_ACCESS_KEY in the environment, and perhaps
    /// LITESTREAM_REPLICA_ENDPOINT and LITESTREAM_REPLICA_REGION; LITESTREAM_REPLICA_BUCKET can name it
    /// instead. With _FILE appended, a variable names a file that holds the value
    #[arg(long, env, value_name = "URL")]
    replica: Option<String>,
    /// The Litestream program; without it, that of bin/tools, else the one on the PATH
    #[arg(long, env = "LITESTREAM_BIN", value_name = "FILE")]
    litestream: Option<PathBuf>,
    /// Copy new writes at this interval, from 100ms to 30s; losing machine and disk loses those since the
    /// last copy
    #[arg(long, env, default_value = "1s", value_name = "TIME", value_parser = Interval::parse_sync)]
    sync_every: Duration,
}

/// A database and its replica.
#[derive(Args, Debug)]
pub(crate) struct ReplicatedDatabase {
    #[command(flatten)]
    pub database: DatabaseOption,
    #[command(flatten)]
    pub replica: ReplicaOptions,
}

impl ReplicatedDatabase {
    /// The settings of a replica, which must be given.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let settings = self.replica.settings(self.database.path(), None)?;
        settings.context("there is no replica: --replica says where one is")
    }
}

impl ReplicaOptions {
    /// The checked settings; `None`: no replica is wanted.
    pub(crate) fn settings(
        &self,
        database: &Path,
        verify_every: Option<Duration>,
    ) -> Result<Option<Settings>> {
        let raw = self.raw()?;
        let Some(location) = raw.location(database)? else { return Ok(None) };
        let credentials = raw.credentials(&location)?;
        let search = environment::variable("PATH");
        let litestream = LitestreamBinary::find(self.litestream.as_deref(), search.as_deref())?;
        Ok(Some(Settings { location, credentials, litestream, sync_every: self.sync_every, verify_every }))
    }

    /// The values as they are given, one `NAME=value` per line, with secrets masked. The names are those that
    /// configure the demo app of RailsConf 2024.
    pub(crate) fn display(&self) -> Result<String> {
        let raw = self.raw()?;
        let lines = [
            ("REPLICA", raw.url),
            ("LITESTREAM_REPLICA_BUCKET", raw.bucket),
            ("LITESTREAM_REPLICA_ENDPOINT", raw.endpoint),
            ("LITESTREAM_REPLICA_REGION", raw.region),
            ("LITESTREAM_ACCESS_KEY_ID", raw.access_key_id.as_deref().map(masked)),
            ("LITESTREAM_SECRET_ACCESS_KEY", raw.secret_access_key.as_deref().map(masked)),
            ("LITESTREAM_BIN", self.litestream.as_ref().map(|path| path.display().to_string())),
        ];
        let line = |(name, value): (&str, Option<String>)| format!("{name}={}", value.unwrap_or_default());
        Ok(lines.map(line).join("\n"))
    }

    fn raw(&self) -> Result<RawSettings> {
        Ok(RawSettings {
            url: self.replica.clone().filter(|url| !url.is_empty()),
            bucket: environment::variable_or_file("LITESTREAM_REPLICA_BUCKET")?,
            endpoint: environment::variable_or_file("LITESTREAM_REPLICA_ENDPOINT")?,
            region: environment::variable_or_file("LITESTREAM_REPLICA_REGION")?,
            access_key_id: environment::variable_or_file("LITESTREAM_ACCESS_KEY_ID")?,
            secret_access_key: environment::variable_or_file("LITESTREAM_SECRET_ACCESS_KEY")?,
        })
    }
}

/// The first four characters of a secret. A secret of fewer than 16 characters is masked entirely: four would
/// be too large a part of it.
fn masked(secret: &str) -> String {
    let shown = if secret.chars().count() >= 16 { 4 } else { 0 };
    secret.chars().take(shown).chain("********".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_secret_shows_its_first_characters_at_most() {
        assert_eq!(masked("minioadmin"), "********");
        assert_eq!(masked("wJalrXUtnFEMI/K7MDENG"), "wJal********");
    }
}
