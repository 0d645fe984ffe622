//! The databases that are timed: each is made once, and every server gets a copy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use crate::Result;
use crate::process::Process;
use crate::server::{self, Build};

/// The name of the database in its folder.
pub const NAME: &str = "lorem_news.sqlite3";
/// Making the larger ones takes a while on a slow disk.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was made; it goes with this value.
pub struct Databases {
    folder: TempDir,
    /// By the number of posts.
    made: BTreeMap<Option<u64>, PathBuf>,
}

impl Databases {
    /// None yet.
    pub fn new() -> Result<Databases> {
        Ok(Databases { folder: folder()?, made: BTreeMap::new() })
    }

    /// A folder with a new copy of the database with so many posts, or as many as the demo has. The copy is on
    /// the disk already: the server that is timed on it does not have to wait for that.
    pub fn copy(&mut self, posts: Option<u64>) -> Result<TempDir> {
        let original = match self.made.get(&posts) {
            Some(path) => path.clone(),
            None => self.make(posts)?,
        };
        let folder = folder()?;
        let copy = folder.path().join(NAME);
        fs::copy(original, &copy)?;
        File::open(copy)?.sync_all()?;
        Ok(folder)
    }

    fn make(&mut self, posts: Option<u64>) -> Result<PathBuf> {
        let path = self.folder.path().join(posts.unwrap_or_default().to_string()).join(NAME);
        seed(&path, posts).map_err(|error| format!("seeding: {error}"))?;
        self.made.insert(posts, path.clone());
        Ok(path)
    }
}

/// A new folder beside the build, not in /tmp: that is often kept in memory, where a durable write costs nothing.
fn folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(server::build_folder(Build::Release)?)?)
}

fn seed(path: &Path, posts: Option<u64>) -> Result<()> {
    let mut command = server::own_program(&server::build_folder(Build::Release)?.join("lorem-news"));
    command.arg("seed").arg("--database").arg(path);
    command.args(posts.map(|posts| format!("--posts={posts}")));
    command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
    Process::start(&mut command)?.finish(PATIENCE)
}
