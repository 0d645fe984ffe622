//! `lorem-news export`: the public site as a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::database::DatabaseOption;
use super::output;
use crate::export;

#[derive(Args, Debug)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    database: DatabaseOption,
    /// The new ZIP file
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

impl ExportOptions {
    pub(crate) fn database(&self) -> &DatabaseOption {
        &self.database
    }

    pub(crate) fn run(self) -> Result<()> {
        let ExportOptions { database, out, force } = self;
        database.must_exist()?;
        let place = out.display();
        ensure!(force || !out.exists(), "{place} exists: --force replaces it");
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // It is deleted when it is dropped before it has its name. Its mode is 0600, then that of --file-mode.
        let file = tempfile::Builder::new()
            .permissions(database.file_mode().permissions())
            .tempfile_in(folder)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        let counts = database.with_db(|db| db.read(|connection| Ok(write(connection, file.as_file())))?)?;
        file.as_file().sync_all()?;
        if force {
            file.persist(&out).with_context(|| format!("cannot replace {place}"))?;
        } else {
            file.persist_noclobber(&out).with_context(|| format!("cannot create {place}"))?;
        }
        let export::Counts { posts, comments, users } = counts;
        output::line(format_args!("Wrote {posts} posts, {comments} comments and {users} users to {place}"));
        Ok(())
    }
}

fn write(connection: &rusqlite::Connection, file: &File) -> Result<export::Counts> {
    let mut out = BufWriter::new(file);
    let counts = export::write(connection, &mut out)?;
    out.flush()?;
    Ok(counts)
}
