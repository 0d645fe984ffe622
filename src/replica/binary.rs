//! The Litestream program: where it is, and whether its version can be used.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Older versions bring an SQLite whose WAL can corrupt a database (see `MIN_SQLITE_VERSION` in
/// `lorem_store`).
const MIN_VERSION: [u32; 3] = [0, 5, 17];

/// A Litestream whose version was checked.
#[derive(Debug, Clone)]
pub struct LitestreamBinary {
    path: PathBuf,
}

impl LitestreamBinary {
    /// Uses the program at `path`; without one, `.tools/bin/litestream`, else the first `litestream` in the
    /// folders of `search` (a `PATH`).
    ///
    /// # Errors
    /// There is no such program, it is not Litestream, or it is older than 0.5.17.
    pub fn find(path: Option<&Path>, search: Option<&OsStr>) -> Result<LitestreamBinary> {
        let found = match path {
            Some(path) => path.to_owned(),
            None => {
                let tools = Path::new(".tools/bin").to_owned();
                let folders = std::iter::once(tools).chain(search.iter().flat_map(std::env::split_paths));
                folders.map(|folder| folder.join("litestream")).find(|path| path.is_file()).context(
                    "Litestream is missing: bin/tools installs it, or LITESTREAM_BIN says where it is",
                )?
            }
        };
        let binary = LitestreamBinary { path: std::path::absolute(&found)? };
        binary.check()?;
        Ok(binary)
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check(&self) -> Result<()> {
        let path = self.path.display();
        let output = Command::new(&self.path).env_clear().arg("version").stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("{path} cannot be run as litestream"))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        match parse_version(printed.trim()) {
            Some(version) if version >= MIN_VERSION => Ok(()),
            Some(_) => bail!(
                "{path} is Litestream {}; 0.5.17 or later is needed: bin/tools installs it",
                printed.trim()
            ),
            None => bail!("{path} is not Litestream: it does not say which version it is"),
        }
    }
}

/// Reads `0.5.17`, also with a `v` before it or a suffix.
fn parse_version(printed: &str) -> Option<[u32; 3]> {
    let number = printed
        .trim_start_matches('v')
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
impl LitestreamBinary {
    /// One whose version was not checked.
    pub(crate) fn unchecked(path: PathBuf) -> LitestreamBinary {
        LitestreamBinary { path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("0.5.17"), Some([0, 5, 17]));
        assert_eq!(parse_version("v0.6.0"), Some([0, 6, 0]));
        assert_eq!(parse_version("1.0.0-rc1"), Some([1, 0, 0]));
        assert!(parse_version("0.3.13") < Some(MIN_VERSION) && parse_version("0.10.0") > Some(MIN_VERSION));
        for none in ["", "0.5", "0.5.17.1", "litestream", "(development build)", "..."] {
            assert_eq!(parse_version(none), None, "{none}");
        }
    }

    #[test]
    fn another_program_is_refused() {
        for (path, why) in [("/nowhere/litestream", "cannot be run"), ("/bin/true", "is not Litestream")] {
            let error = LitestreamBinary::find(Some(Path::new(path)), None).expect_err(path);
            let message = format!("{error:#}");
            assert!(message.contains(path) && message.contains(why), "{message}");
        }
    }
}
