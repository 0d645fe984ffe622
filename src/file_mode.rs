//! The permissions of the program's files. They hold password hashes, so by default only the program's user may
//! read them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rustix::fs::Mode;
use rustix::process::{geteuid, umask};

/// The rights of the group and of all others.
const SHARED: u32 = 0o077;
/// The rights of all others.
const OTHERS: u32 = 0o007;

/// The mode of the program's files. A user with permission to read a file may list its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMode(u32);

impl FileMode {
    /// Only the program's user reads and writes.
    pub const PRIVATE: FileMode = FileMode(0o600);

    /// Reads a mode in octal, such as `0640`.
    ///
    /// # Errors
    /// The mode takes a right from the program's user, gives others the right to write, lets the group write
    /// and not read, or has another bit.
    pub fn parse(text: &str) -> Result<FileMode> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let mode =
            u32::from_str_radix(digits, 8).ok().with_context(|| format!("{text:?} is no octal number"))?;
        let is_readable_by_writers = mode & 0o060 != 0o020;
        ensure!(
            mode & 0o600 == 0o600 && mode & !0o664 == 0 && is_readable_by_writers,
            "{text} is none of 0600, 0640, 0644, 0660, 0664"
        );
        Ok(FileMode(mode))
    }

    /// The permissions of a new file.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        Permissions::from_mode(self.0)
    }

    fn of_folder(self) -> u32 {
        self.0 | (self.0 & 0o444) >> 2
    }

    /// Gives every file and folder that this process and its children create from now on this mode, unless they
    /// ask for a tighter one. The process must have one thread.
    pub fn apply(self) {
        umask(Mode::from_raw_mode(0o777 & !self.of_folder()));
    }

    /// The mode of a file that gives other users more rights than this one; `None`: it does not.
    #[must_use]
    pub fn excessive(self, path: &Path) -> Option<u32> {
        self.excess(path).map(|found| found.mode)
    }

    /// Takes from the group and from all others the rights that exceed this mode, with a warning. A missing file,
    /// a symbolic link, and rights that the operator took away stay as they are. Where the rights cannot be
    /// changed there is only the warning. Returns whether the file or folder had such rights.
    pub fn tighten(self, path: &Path) -> bool {
        let Some(found) = self.excess(path) else { return false };
        let (removed, path, Excess { mode, tight, .. }) = (found.remove(path), path.display(), found);
        match removed {
            Ok(()) => log::warn!(
                "{path} could be used by other users (mode {mode:04o}): it has mode {tight:04o} now; --file-mode \
                 can allow more"
            ),
            Err(error) => log::warn!("{path} can be used by other users (mode {mode:04o}): {error}"),
        }
        true
    }

    /// Tightens a folder with all that is in it, with one warning. If the folder itself is tight, other users reach
    /// nothing in it, and nothing is looked at.
    pub fn tighten_tree(self, folder: &Path) {
        if self.tighten(folder) {
            self.tighten_contents(folder);
        }
    }

    fn tighten_contents(self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if let Some(Err(error)) = self.excess(&path).map(|found| found.remove(&path)) {
                log::warn!("{} can be used by other users: {error}", path.display());
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.tighten_contents(&path);
            }
        }
    }

    /// The rights of a file or folder that exceed this mode; `None`: there are none.
    fn excess(self, path: &Path) -> Option<Excess> {
        let found = fs::symlink_metadata(path).ok()?;
        let allowed = match found.file_type() {
            kind if kind.is_dir() => self.of_folder(),
            kind if kind.is_file() => self.0,
            _ => return None,
        };
        let mode = found.mode() & 0o7777;
        // With an access control list the bits of the group bound the rights of the users and groups that the
        // operator has listed.
        let bits = if has_access_list(path) { OTHERS } else { SHARED };
        let tight = mode & !(bits & !allowed);
        (tight != mode).then_some(Excess { mode, tight, owner: found.uid() })
    }
}

/// A file or folder whose mode gives too many rights.
#[derive(Clone, Copy)]
struct Excess {
    mode: u32,
    tight: u32,
    owner: u32,
}

impl Excess {
    fn remove(self, path: &Path) -> io::Result<()> {
        if self.owner != geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        fs::set_permissions(path, Permissions::from_mode(self.tight))
    }
}

/// Whether a file has a POSIX access control list, see acl(5).
#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> bool {
    rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut [0_u8; 0]).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_access_list(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it exists").mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    }

    #[test]
    fn a_mode_is_octal_and_gives_others_no_right_to_write() {
        for (text, mode, folder) in [
            ("0600", 0o600, 0o700),
            ("600", 0o600, 0o700),
            ("0o640", 0o640, 0o750),
            ("0644", 0o644, 0o755),
            ("0660", 0o660, 0o770),
            ("0664", 0o664, 0o775),
            ("0604", 0o604, 0o705),
        ] {
            let parsed = FileMode::parse(text).expect(text);
            assert_eq!((parsed.0, parsed.of_folder()), (mode, folder), "{text}");
        }
        for wrong in ["", "0400", "0200", "0666", "0602", "0620", "0700", "01600", "0680", "rw", "-600", "0o"]
        {
            assert!(FileMode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_rights_beyond_the_mode_are_taken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        File::create(&file).expect("a new file");
        for (had, allowed, has) in [
            (0o644, 0o600, 0o600),
            (0o666, 0o640, 0o640),
            (0o400, 0o600, 0o400),
            (0o440, 0o600, 0o400),
            (0o600, 0o644, 0o600),
            (0o640, 0o640, 0o640),
            (0o777, 0o664, 0o764),
        ] {
            set_mode(&file, had);
            let changes = FileMode(allowed).tighten(&file);
            assert_eq!((mode(&file), changes), (has, had != has), "{had:o} {allowed:o}");
        }
        let link = folder.path().join("link");
        set_mode(&file, 0o644);
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        assert!(!FileMode::PRIVATE.tighten(&link) && mode(&file) == 0o644);
        assert!(!FileMode::PRIVATE.tighten(&folder.path().join("nothing")));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_tightened_with_its_contents() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (top, inner) = (folder.path().join("top"), folder.path().join("top/inner"));
        fs::create_dir_all(&inner).expect("folders");
        let file = inner.join("file");
        File::create(&file).expect("a new file");
        for (path, loose) in [(&top, 0o755), (&inner, 0o2775), (&file, 0o664)] {
            set_mode(path, loose);
        }
        FileMode(0o640).tighten_tree(&top);
        assert_eq!([&top, &inner, &file].map(|path| mode(path)), [0o750, 0o2750, 0o640]);
        FileMode::PRIVATE.tighten_tree(&top);
        assert_eq!([&top, &inner, &file].map(|path| mode(path)), [0o700, 0o2700, 0o600]);
        set_mode(&file, 0o644);
        FileMode::PRIVATE.tighten_tree(&top);
        assert_eq!(mode(&file), 0o644, "no other user reaches it");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn users_in_an_access_control_list_keep_their_rights() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        File::create(&file).expect("a new file");
        // Version 2, then tag, rights and id: the owner, user 1234, the group, the mask, all others.
        let entries: [(u16, u16, u32); 5] =
            [(1, 6, u32::MAX), (2, 4, 1234), (4, 0, u32::MAX), (16, 4, u32::MAX), (32, 4, u32::MAX)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in entries {
            list.extend([tag.to_le_bytes(), rights.to_le_bytes()].concat());
            list.extend(id.to_le_bytes());
        }
        let name = "system.posix_acl_access";
        match rustix::fs::setxattr(&file, name, &list, rustix::fs::XattrFlags::empty()) {
            Err(rustix::io::Errno::NOTSUP) => return, // The disk has no lists.
            set => set.expect("the list is valid"),
        }
        assert_eq!(mode(&file), 0o644);
        assert!(FileMode::PRIVATE.tighten(&file));
        assert_eq!(mode(&file), 0o640, "the mask of the list is kept");
        assert!(!FileMode::PRIVATE.tighten(&file));
    }

    #[test]
    fn rights_that_cannot_be_changed_are_no_failure() {
        // The kernel refuses to change the modes of these files.
        assert!(FileMode::PRIVATE.tighten(Path::new("/proc/self/limits")));
        FileMode::PRIVATE.tighten_tree(Path::new("/proc/self/fdinfo"));
    }
}
