//! The folder beside the database in which Litestream's configuration, its control socket and the lock
//! are. Nobody else can look into it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::settings::{Place, Settings};

/// Bytes of a socket's path, see unix(7); one is for the end, and Litestream adds none.
const SOCKET_PATH: usize = 107;

/// The folder of one database.
#[derive(Debug, Clone)]
pub struct Folder {
    database: PathBuf,
    path: PathBuf,
}

impl Folder {
    /// That of the database, which may be missing. Where its path is a link it is the folder of what the link
    /// leads to: SQLite keeps its WAL there, and one database has one Litestream whatever it is called.
    ///
    /// # Errors
    /// When the folder that the database is to be in is not there.
    pub fn beside(database: &Path) -> io::Result<Folder> {
        let database = match fs::canonicalize(database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = database.parent().filter(|parent| !parent.as_os_str().is_empty());
                let name = database.file_name().ok_or(io::ErrorKind::InvalidInput)?;
                fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name)
            }
            found => found?,
        };
        let mut path = database.clone().into_os_string();
        path.push("-replica");
        Ok(Folder { database, path: path.into() })
    }

    /// The database, by its only real path.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, for nobody but us.
    ///
    /// # Errors
    /// The system's; when it is there and somebody else's.
    pub fn make(&self) -> io::Result<()> {
        make_private(&self.path)
    }

    /// Who holds the lock on this file runs Litestream, or keeps it from running.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Litestream's configuration.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.path.join("litestream.yml")
    }

    /// Where Litestream can be spoken to. A path that is too long for a socket is replaced by one in the
    /// system's folder for temporary files.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let socket = self.path.join("socket");
        if socket.as_os_str().len() <= SOCKET_PATH {
            return socket;
        }
        let digest = Sha256::digest(self.path.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        std::env::temp_dir().join(format!("lorem-news-{name}")).join("socket")
    }

    /// Makes the place for the socket, and removes one that a Litestream left there.
    ///
    /// # Errors
    /// As [`make`](Folder::make).
    pub fn make_way_for_socket(&self) -> io::Result<()> {
        let socket = self.socket();
        make_private(socket.parent().unwrap_or(&self.path))?;
        unless_missing(fs::remove_file(socket))
    }

    /// Where Litestream keeps what it knows of the replica.
    #[must_use]
    pub fn memory_of_litestream(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.database.file_name().unwrap_or_default());
        name.push("-litestream");
        self.database.with_file_name(name)
    }

    /// Has Litestream forget that, so that it copies everything. It must not run.
    ///
    /// # Errors
    /// The system's.
    pub fn forget(&self) -> io::Result<()> {
        unless_missing(fs::remove_dir_all(self.memory_of_litestream()))
    }

    /// That somebody waits for the lock: who waits writes it, again and again.
    #[must_use]
    pub fn note_of_waiting(&self) -> PathBuf {
        self.path.join("awaited")
    }

    /// Removes what restores left here that were killed. Only for who holds the lock.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_left = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
            if is_left && let Err(error) = fs::remove_dir_all(entry.path()) {
                log::warn!("removing {}: {error}", entry.path().display());
            }
        }
    }
}

/// How temporary folders in it begin.
pub const TEMPORARY: &str = "restoring-";

/// Makes a folder that only we can look into, or makes sure that it is one: where others may write, somebody
/// could have made it before us.
fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let found = fs::symlink_metadata(path)?;
    let ours = rustix::process::geteuid().as_raw();
    if found.is_dir() && found.uid() == ours && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("{} is not a folder that only we can look into", path.display())))
}

/// What is not there need not be removed.
pub fn unless_missing(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Writes Litestream's configuration for the database: JSON, which is YAML in which nothing needs care. The
/// keys are not in it; Litestream finds them in its environment. `socket`: where it can be spoken to.
///
/// - Both intervals are what may be lost with the whole machine; each alone changes nothing. Copying costs
///   by its number, not by what was written.
/// - A week of history can be gone back to; a snapshot a day.
/// - Only errors are logged, since its log is ours; and at its end it must not find that nobody reads that
///   any more.
///
/// # Errors
/// The system's; when a path is no UTF-8, which YAML is.
pub fn configure(file: &Path, database: &Path, settings: &Settings, socket: Option<&Path>) -> io::Result<()> {
    let text = |path: &Path| {
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| io::Error::other(format!("Litestream takes no path like {}", path.display())))
    };
    let mut replica = match &settings.place {
        Place::Folder(folder) => json!({ "type": "file", "path": text(folder)? }),
        Place::Bucket { bucket, path, endpoint, region } => {
            let mut replica = json!({ "type": "s3", "bucket": bucket, "path": path, "region": region });
            if let Some(endpoint) = endpoint {
                replica["endpoint"] = json!(endpoint);
                replica["force-path-style"] = json!(true);
            }
            replica
        }
    };
    let every = format!("{}ms", settings.sync_every.as_millis());
    replica["sync-interval"] = json!(every);
    let mut configuration = json!({
        "logging": { "level": "error", "type": "text", "stderr": true },
        "shutdown-sync-timeout": "15s",
        "snapshot": { "interval": "24h", "retention": "168h" },
        "levels": [{ "interval": "30s" }, { "interval": "5m" }, { "interval": "1h" }],
        "dbs": [{
            "path": text(database)?, "monitor-interval": every, "busy-timeout": "5s", "replica": replica,
        }],
    });
    if let Some(socket) = socket {
        configuration["socket"] = json!({ "enabled": true, "path": text(socket)?, "permissions": 0o600 });
    }
    unless_missing(fs::remove_file(file))?;
    let mut opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    opened.write_all(configuration.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn it_is_beside_the_file_that_a_link_leads_to() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let place = fs::canonicalize(place.path()).expect("it is there");
        let (database, link) = (place.join("news.sqlite3"), place.join("link"));
        fs::write(&database, "").expect("it can be written");
        symlink(&database, &link).expect("a link");
        for path in [&database, &link, &place.join("./news.sqlite3")] {
            let folder = Folder::beside(path).expect("its folder is there");
            assert_eq!(folder.database(), database);
            assert_eq!(folder.path(), place.join("news.sqlite3-replica"));
        }
        assert_eq!(Folder::beside(&place.join("new")).expect("a folder").path(), place.join("new-replica"));
        assert!(Folder::beside(&place.join("no/new")).is_err());
    }

    #[test]
    fn nobody_else_can_look_into_it() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::beside(&place.path().join("news.sqlite3")).expect("it is there");
        for _ in 0..2 {
            folder.make().expect("it is ours");
            assert_eq!(fs::metadata(folder.path()).expect("it is there").mode() & 0o777, 0o700);
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        assert!(folder.make().is_err());
    }

    #[test]
    fn a_sockets_path_is_never_too_long() {
        let of =
            |path: &str| Folder { database: path.into(), path: format!("{path}-replica").into() }.socket();
        assert_eq!(of("/a/news.sqlite3"), Path::new("/a/news.sqlite3-replica/socket"));
        let (one, other) = (format!("/{}", "a".repeat(100)), format!("/{}", "b".repeat(100)));
        assert!(of(&one).starts_with(std::env::temp_dir()));
        assert!(of(&one) == of(&one) && of(&one) != of(&other));
    }

    #[test]
    fn the_configuration_says_what_was_measured_and_no_secret() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let file = place.path().join("litestream.yml");
        let settings = Settings::of_bucket("a secret");
        configure(&file, Path::new("/a \"b\"/${HOME}"), &settings, Some(Path::new("/s")))
            .expect("it is written");
        assert_eq!(fs::metadata(&file).expect("it is there").mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).expect("a text");
        assert!(!text.contains("secret"));
        let written: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let database = &written["dbs"][0];
        assert_eq!(database["path"], "/a \"b\"/${HOME}");
        assert_eq!(
            (&database["monitor-interval"], &database["replica"]["sync-interval"]),
            (&json!("250ms"), &json!("250ms"))
        );
        assert_eq!(database["replica"]["force-path-style"], true);
        assert_eq!(written["socket"]["permissions"], 0o600);
        configure(&file, Path::new("/a"), &settings, None).expect("it is replaced");
        assert!(!fs::read_to_string(&file).expect("a text").contains("socket"));
    }
}
