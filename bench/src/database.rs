//! The databases that servers are measured on: each is made once, and each server gets a copy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::executable::Build;
use crate::process::Process;

/// The name of a database file in its folder.
pub const FILE_NAME: &str = "lorem_news.sqlite3";
/// Making the larger databases takes minutes on a slow disk.
const SEED_TIMEOUT: Duration = Duration::from_secs(300);

/// The databases made so far. They are removed when this value is dropped.
pub struct Databases {
    folder: TempDir,
    by_posts: BTreeMap<Option<u64>, PathBuf>,
}

impl Databases {
    /// No database yet.
    pub fn new() -> Result<Databases> {
        Ok(Databases { folder: temporary_folder()?, by_posts: BTreeMap::new() })
    }

    /// A new folder with a copy of the database with this number of posts (`None`: the number that a demo has).
    /// The copy is flushed to the disk, so that a server on it does not have to wait for that.
    pub fn copy(&mut self, posts: Option<u64>) -> Result<TempDir> {
        let original = match self.by_posts.get(&posts) {
            Some(path) => path.clone(),
            None => self.make(posts)?,
        };
        let folder = temporary_folder()?;
        let copy = folder.path().join(FILE_NAME);
        fs::copy(original, &copy)?;
        File::open(copy)?.sync_all()?;
        Ok(folder)
    }

    fn make(&mut self, posts: Option<u64>) -> Result<PathBuf> {
        let path = self.folder.path().join(posts.unwrap_or_default().to_string()).join(FILE_NAME);
        seed(Build::Release.lorem_news()?.arg("seed"), &path, posts).context("seeding a database")?;
        self.by_posts.insert(posts, path.clone());
        Ok(path)
    }
}

/// A temporary folder beside the build. `/tmp` is often in memory, where a durable write costs nothing.
pub fn temporary_folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(Build::Release.folder()?)?)
}

/// Makes a database by the command `lorem-news seed`.
pub fn seed(command: &mut Command, path: &Path, posts: Option<u64>) -> Result<()> {
    command.arg("--database").arg(path);
    command.args(posts.map(|posts| format!("--posts={posts}")));
    command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
    Process::start(command)?.finish(SEED_TIMEOUT)
}
