//! The request for one's own data.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use horrorshow::Template;
use rusqlite::Connection;
use serde_json::{Map, Value};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Fault, MAX_BYTES, sql, views};
use crate::auth;
use crate::site::limiter::Action;
use crate::types::id::UserId;
use crate::web::{Cx, Error, Result, paths, reply};

type Written<T> = std::result::Result<T, Fault>;

/// `POST /user/data`: a ZIP of what the site keeps about the viewer. It is written into a temporary file that has no name, by
/// one reader, and one at a time.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::RateLimited`]; [`Error::Unavailable`] when others are written;
/// [`Error::Conflict`] beyond [`MAX_BYTES`]; [`Error::Internal`] when the temporary file cannot be written or the database
/// fails.
pub fn download(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::ACCOUNT)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let _permit = cx.site.downloads.acquire().ok_or(Error::Unavailable(lorem_store::Error::Overloaded))?;
    let id = viewer.id;
    // Beside the permits to compute: a large account would hold one for long.
    let written = cx.site.db.read(|connection| Ok(write(connection, id)))?;
    let mut file = written.map_err(|fault| Error::Internal(fault.into()))?;
    let bytes = read(&mut file).map_err(|error| Error::Internal(error.into()))?;
    let bytes = bytes.ok_or(Error::Conflict(
        "What the site keeps about you is too much for one answer. Ask an admin to send it to you.",
    ))?;
    Ok(reply::download(cx, "application/zip", "my-data.zip", bytes))
}

fn write(connection: &Connection, id: UserId) -> Written<File> {
    let file = tempfile::tempfile()?;
    let mut out = BufWriter::new(&file);
    archive(connection, id, &mut out)?;
    out.flush()?;
    drop(out);
    Ok(file)
}

/// The content; `None`: it is more than [`MAX_BYTES`].
fn read(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let size = file.seek(SeekFrom::End(0))?;
    if size > MAX_BYTES {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes the ZIP from one connection, whose transaction is the snapshot. One row is in memory at a time.
///
/// # Errors
/// Those of SQLite and of `out`.
fn archive(connection: &Connection, user_id: UserId, out: impl Write + Seek) -> Written<()> {
    let mut zip = ZipWriter::new(out);
    let options = SimpleFileOptions::default();
    for (name, sql) in sql::PARTS {
        zip.start_file(format!("{name}.jsonl"), options)?;
        sql::each_row(connection, sql, user_id, |row| line(&mut zip, &row))?;
    }
    zip.start_file("index.html", options)?;
    zip.write_all(views::BEGIN.as_bytes())?;
    for (heading, part) in [("Posts", "posts"), ("Comments", "comments")] {
        zip.write_all(views::heading(heading).into_string()?.as_bytes())?;
        sql::each_row(connection, sql::part(part), user_id, |row| {
            zip.write_all(views::entry(&row).into_string()?.as_bytes())?;
            Ok(())
        })?;
    }
    zip.write_all(views::END.as_bytes())?;
    zip.finish()?;
    Ok(())
}

fn line(out: &mut impl Write, row: &Map<String, Value>) -> Written<()> {
    serde_json::to_writer(&mut *out, row).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}
