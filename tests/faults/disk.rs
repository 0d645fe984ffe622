//! Small disks that can be full or read-only.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory, mounted on a temporary folder. Dropping it unmounts it.
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a disk of this size.
    pub fn of(mebibytes: u32) -> Disk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let size = format!("size={mebibytes}m");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], folder.path());
        Disk { folder }
    }

    /// The path of a database on it.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("news.sqlite3")
    }

    /// Fills the disk with one file.
    pub fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.filler()).expect("a file");
        for size in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Removes the file that fills the disk.
    pub fn empty(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    /// Remounts the disk read-only. No file may be open for writing.
    pub fn make_read_only(&self) {
        mount(&["-o", "remount,ro"], self.folder.path());
    }

    /// Remounts the disk for writing.
    pub fn make_writable(&self) {
        mount(&["-o", "remount,rw"], self.folder.path());
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(self.folder.path());
    }
}

/// A file that not even root can write, mounted read-only on itself. Dropping it unmounts it.
pub struct ReadOnlyFile<'p>(&'p Path);

impl ReadOnlyFile<'_> {
    /// Makes a file read-only. It may not be open for writing.
    pub fn at(path: &Path) -> ReadOnlyFile<'_> {
        mount(&["--bind", path.to_str().expect("a temporary folder has a plain name")], path);
        let file = ReadOnlyFile(path);
        mount(&["-o", "remount,bind,ro"], path);
        file
    }
}

impl Drop for ReadOnlyFile<'_> {
    fn drop(&mut self) {
        unmount(self.0);
    }
}

fn unmount(path: &Path) {
    // Lazily, since a killed server may not have ended yet.
    let _ = Command::new("umount").arg("--lazy").arg(path).status();
}

fn mount(arguments: &[&str], path: &Path) {
    let mounted = Command::new("mount").args(arguments).arg(path).output().expect("the mount command runs");
    let stderr = String::from_utf8_lossy(&mounted.stderr);
    assert!(mounted.status.success(), "only root can mount, see tests/faults/main.rs: {stderr}");
}
