//! The private folder beside the database: Litestream's configuration, its control socket and the lock.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::file_mode::FileMode;

/// The longest path of a socket in bytes, see unix(7): 108 with the terminating zero.
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// The prefix of the temporary folders in it.
pub const TEMPORARY_PREFIX: &str = "restoring-";

/// The paths that belong to the replica of one database.
#[derive(Debug, Clone)]
pub struct Folder {
    database: PathBuf,
    path: PathBuf,
}

impl Folder {
    /// The folder `DATABASE-replica` beside `database`, which may be missing. If the path is a symbolic link,
    /// it is the folder beside the link's target: SQLite keeps the WAL there, and one database has one
    /// Litestream under all its names.
    ///
    /// # Errors
    /// The folder that holds the database is missing.
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

    /// The database's canonical path.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// The folder's own path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the folder with mode 0700 if it is missing.
    ///
    /// # Errors
    /// The operating system's error; the folder exists, but another user owns it or all users can write to it.
    pub fn create(&self) -> io::Result<()> {
        create_private(&self.path)
    }

    /// Tightens the database's files, the folder, and Litestream's state.
    pub fn tighten(&self, mode: FileMode) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut file = self.database.clone().into_os_string();
            file.push(suffix);
            mode.tighten(Path::new(&file));
        }
        FileMode::PRIVATE.tighten_tree(&self.path);
        mode.tighten_tree(&self.litestream_state());
    }

    /// The file whose lock the processes hold that run Litestream or keep it from running.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The file that a process writes again and again while it waits for the lock.
    #[must_use]
    pub fn wait_marker(&self) -> PathBuf {
        self.path.join("awaited")
    }

    /// Litestream's configuration.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.path.join("litestream.yml")
    }

    /// Litestream's control socket. If its path would be longer than a socket's may be, it is in the system's
    /// folder for temporary files.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let socket = self.path.join("socket");
        if socket.as_os_str().len() <= MAX_SOCKET_PATH_BYTES {
            return socket;
        }
        let digest = Sha256::digest(self.path.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        temporary_files().join(format!("lorem-news-{name}")).join("socket")
    }

    /// Creates the socket's folder, and removes the socket of an earlier Litestream.
    ///
    /// # Errors
    /// Those of [`create`](Folder::create).
    pub fn prepare_socket_path(&self) -> io::Result<()> {
        let socket = self.socket();
        create_private(socket.parent().unwrap_or(&self.path))?;
        ignore_not_found(fs::remove_file(socket))
    }

    /// The folder in which Litestream records how far it has replicated.
    #[must_use]
    pub fn litestream_state(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.database.file_name().unwrap_or_default());
        name.push("-litestream");
        self.database.with_file_name(name)
    }

    /// Removes Litestream's state, so that the next Litestream copies everything. None may be running.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn remove_litestream_state(&self) -> io::Result<()> {
        ignore_not_found(fs::remove_dir_all(self.litestream_state()))
    }

    /// Removes the temporary folders of restores that were killed. The caller must hold the lock.
    pub fn remove_temporary_folders(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX);
            if is_temporary && let Err(error) = fs::remove_dir_all(entry.path()) {
                log::warn!("cannot remove {}: {error}", entry.path().display());
            }
        }
    }
}

/// Creates a folder that no other user can look into. An existing folder is checked, because another user may
/// have created it in a shared folder such as `/tmp`, or may have put files into it.
fn create_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        created => return created,
    }
    let found = fs::symlink_metadata(path)?;
    let user = rustix::process::geteuid().as_raw();
    if found.is_dir() && found.uid() == user && found.mode() & 0o002 == 0 {
        FileMode::PRIVATE.tighten_tree(path);
        return Ok(());
    }
    Err(io::Error::other(format!("{} is not a folder of this user alone", path.display())))
}

/// The system's folder for temporary files. An empty `TMPDIR` counts as unset.
pub(crate) fn temporary_files() -> PathBuf {
    let folder = std::env::temp_dir();
    if folder.as_os_str().is_empty() { "/tmp".into() } else { folder }
}

/// Turns "not found" into success: a missing file need not be removed.
pub(crate) fn ignore_not_found(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_folder_is_beside_the_target_of_a_link() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let parent = fs::canonicalize(temporary.path()).expect("it exists");
        let (database, link) = (parent.join("news.sqlite3"), parent.join("link"));
        fs::write(&database, "").expect("it can be written");
        symlink(&database, &link).expect("a link");
        for path in [&database, &link, &parent.join("./news.sqlite3")] {
            let folder = Folder::beside(path).expect("its parent exists");
            assert_eq!(folder.database(), database);
            assert_eq!(folder.path(), parent.join("news.sqlite3-replica"));
        }
        assert_eq!(Folder::beside(&parent.join("new")).expect("a folder").path(), parent.join("new-replica"));
        assert!(Folder::beside(&parent.join("no/new")).is_err());
    }

    #[test]
    fn other_users_cannot_look_into_the_folder() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::beside(&temporary.path().join("news.sqlite3")).expect("its parent exists");
        for _ in 0..2 {
            folder.create().expect("it is ours");
            assert_eq!(fs::metadata(folder.path()).expect("it exists").mode() & 0o777, 0o700);
        }
        let set_mode = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("it is ours");
        };
        for loose in [0o755, 0o775] {
            set_mode(loose);
            folder.create().expect("it is tightened");
            assert_eq!(fs::metadata(folder.path()).expect("it exists").mode() & 0o777, 0o700);
        }
        set_mode(0o777);
        assert!(folder.create().is_err(), "another user may have put files into it");
    }

    #[test]
    fn the_path_of_the_socket_is_never_too_long() {
        let socket =
            |path: &str| Folder { database: path.into(), path: format!("{path}-replica").into() }.socket();
        assert_eq!(socket("/a/news.sqlite3"), Path::new("/a/news.sqlite3-replica/socket"));
        let (one, other) = (format!("/{}", "a".repeat(100)), format!("/{}", "b".repeat(100)));
        assert!(socket(&one).starts_with(std::env::temp_dir()));
        assert!(socket(&one) == socket(&one) && socket(&one) != socket(&other));
    }
}
