//! The program that copies: where it is, whether it is good enough, and how it restores.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use super::folder;
use super::keeper::{self, Farewell};
use super::settings::Settings;

/// The least version: older ones bring an SQLite whose WAL can corrupt a database (see `db::MIN_SQLITE_VERSION`).
const SAFE: [u32; 3] = [0, 5, 17];
/// Who has got nothing for so long will get nothing. Litestream itself would go on trying for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// However much there is, it is not waited for any longer.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);
/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of what it says that are kept.
const SAID: usize = 16 * 1024;

/// A Litestream that can be used.
#[derive(Debug, Clone)]
pub struct Litestream {
    path: PathBuf,
}

/// What is in a replica, as far as listing it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The number of the newest transaction.
    pub newest: u64,
    /// What a restore would fetch, in bytes.
    pub bytes: u64,
}

impl Litestream {
    /// The one that is `named`, else that of `bin/tools`, else the first on the `PATH`.
    ///
    /// # Errors
    /// A sentence: there is none, or it is none, or it is too old.
    pub fn find(named: Option<&Path>, search: Option<&OsStr>) -> Result<Litestream, String> {
        let found = match named {
            Some(path) => path.to_owned(),
            None => {
                let tools = Path::new(".tools/bin").to_owned();
                let folders = std::iter::once(tools).chain(search.iter().flat_map(std::env::split_paths));
                let missing =
                    "Litestream is missing: bin/tools installs it, or LITESTREAM_BIN says where it is";
                folders.map(|folder| folder.join("litestream")).find(|path| path.is_file()).ok_or(missing)?
            }
        };
        let path = std::path::absolute(&found).map_err(|error| error.to_string())?;
        let litestream = Litestream { path };
        litestream.check()?;
        Ok(litestream)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check(&self) -> Result<(), String> {
        let path = self.path.display();
        let output = Command::new(&self.path).env_clear().arg("version").stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{path} cannot be run as litestream: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        match version(said.trim()) {
            Some(version) if version >= SAFE => Ok(()),
            Some(_) => Err(format!(
                "{path} is Litestream {}; 0.5.17 or later is needed: bin/tools installs it",
                said.trim()
            )),
            None => Err(format!("{path} is not Litestream: it does not say which version it is")),
        }
    }

    /// Restores what the replica of `database` holds, or held `at` a time, into the folder `work`, which must
    /// be empty and ours alone. Where the file is; `None`: the replica holds nothing. It is not checked yet.
    /// Ends early when `stopped` says so.
    ///
    /// # Errors
    /// A sentence: the replica cannot be reached, or there is nothing from that time.
    pub fn restore(
        &self,
        settings: &Settings,
        database: &Path,
        work: &Path,
        at: Option<Timestamp>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<PathBuf>, String> {
        let copy = work.join("copy.sqlite3");
        let at = at.map(|at| at.to_string());
        let mut arguments = vec![OsStr::new("-o"), copy.as_os_str()];
        match &at {
            Some(at) => arguments.extend([OsStr::new("-timestamp"), OsStr::new(at)]),
            None => arguments.push(OsStr::new("-if-replica-exists")),
        }
        self.run(settings, database, work, &arguments, stopped)?;
        Ok(copy.exists().then_some(copy))
    }

    /// What is in the replica; `None`: nothing. `work` as for [`restore`](Litestream::restore).
    ///
    /// # Errors
    /// As there.
    pub fn contents(
        &self,
        settings: &Settings,
        database: &Path,
        work: &Path,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Contents>, String> {
        let copy = work.join("copy.sqlite3");
        let arguments = ["-dry-run", "-json", "-o"].map(OsStr::new);
        let arguments = [&arguments[..], &[copy.as_os_str()]].concat();
        match self.run(settings, database, work, &arguments, stopped) {
            Ok(plan) => {
                contents(&plan).map(Some).ok_or_else(|| "Litestream's plan is not understood".to_owned())
            }
            Err(error) if error.contains(NOTHING) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Runs `litestream restore`; what it prints.
    fn run(
        &self,
        settings: &Settings,
        database: &Path,
        work: &Path,
        arguments: &[&OsStr],
        stopped: &dyn Fn() -> bool,
    ) -> Result<String, String> {
        let (file, printed) = (work.join("litestream.yml"), work.join("printed"));
        folder::configure(&file, database, settings, None).map_err(sentence)?;
        let mut command = keeper::litestream(&self.path, Farewell::Kill).map_err(sentence)?;
        command.env_clear().args(["restore", "-no-expand-env", "-config"]).arg(&file).args(arguments);
        command.arg(database).stdin(Stdio::null()).stdout(File::create(&printed).map_err(sentence)?);
        talk(command, settings, work, stopped)?;
        fs::read_to_string(printed).map_err(sentence)
    }
}

fn sentence(error: io::Error) -> String {
    format!("cannot run Litestream: {error}")
}

/// Runs one to its end.
fn talk(
    mut command: Command,
    settings: &Settings,
    work: &Path,
    stopped: &dyn Fn() -> bool,
) -> Result<(), String> {
    let place = &settings.place;
    let (said, says) = io::pipe().map_err(sentence)?;
    let mut child = command.envs(settings.environment()).stderr(says).spawn().map_err(sentence)?;
    drop(command); // It has an end of the pipe, too.
    let heard = listen(said, work, &place.to_string(), stopped);
    if heard.is_err() {
        child.kill().map_err(sentence)?;
    }
    let status = child.wait().map_err(sentence)?;
    let said = heard?;
    if status.success() {
        return Ok(());
    }
    let reason = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    let reason: String = reason.trim_start_matches("Error: ").chars().take(300).collect();
    Err(format!("{place} cannot be used: {reason}"))
}

/// What Litestream says when there is nothing to be restored.
const NOTHING: &str = "no matching backup files";

/// Collects what a child says until it ends; gives up when `work` has not changed for [`PATIENCE`].
fn listen(
    mut said: PipeReader,
    work: &Path,
    place: &str,
    stopped: &dyn Fn() -> bool,
) -> Result<String, String> {
    let cannot = |error: io::Error| format!("cannot hear Litestream: {error}");
    let (began, mut heard, mut part) = (Instant::now(), Vec::new(), [0; 4096]);
    let (mut size, mut grown) = (0, began);
    let look = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
    loop {
        let news = match poll(&mut [PollFd::new(&said, PollFlags::IN)], Some(&look)) {
            Ok(number) => number > 0,
            Err(rustix::io::Errno::INTR) => false,
            Err(error) => return Err(cannot(error.into())),
        };
        if news {
            match said.read(&mut part).map_err(cannot)? {
                0 => return Ok(String::from_utf8_lossy(&heard).into_owned()),
                read if heard.len() < SAID => heard.extend_from_slice(&part[..read]),
                _ => {}
            }
        }
        if stopped() {
            return Err("it was stopped".to_owned());
        }
        let now = bytes_in(work);
        if now != size {
            (size, grown) = (now, Instant::now());
        }
        if grown.elapsed() > PATIENCE || began.elapsed() > LONGEST {
            let waited = grown.elapsed().as_secs();
            return Err(format!("{place} cannot be reached: nothing has come for {waited} s"));
        }
    }
}

/// The sizes of all files of a folder together.
fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// `0.5.17`, also with a `v` before it or something after it.
fn version(said: &str) -> Option<[u32; 3]> {
    let number = said
        .trim_start_matches('v')
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

/// What a plan for a restore says.
fn contents(plan: &str) -> Option<Contents> {
    let plan: Value = serde_json::from_str(plan).ok()?;
    let newest = u64::from_str_radix(plan["max_txid"].as_str()?, 16).ok()?;
    let bytes = plan["files"].as_array()?.iter().map(|file| file["size"].as_u64()).sum::<Option<u64>>()?;
    Some(Contents { newest, bytes })
}

#[cfg(test)]
impl Litestream {
    /// One that nobody has looked at.
    pub(super) fn at(path: PathBuf) -> Litestream {
        Litestream { path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version("0.5.17"), Some([0, 5, 17]));
        assert_eq!(version("v0.6.0"), Some([0, 6, 0]));
        assert_eq!(version("1.0.0-rc1"), Some([1, 0, 0]));
        assert!(version("0.3.13") < Some(SAFE) && version("0.10.0") > Some(SAFE));
        for none in ["", "0.5", "0.5.17.1", "litestream", "(development build)", "..."] {
            assert_eq!(version(none), None, "{none}");
        }
    }

    #[test]
    fn a_plan_says_how_much_there_is() {
        let plan = r#"{"max_txid":"000000000000001f","files":[{"size":1089},{"size":11}]}"#;
        assert_eq!(contents(plan), Some(Contents { newest: 31, bytes: 1100 }));
        for none in ["", "{}", r#"{"max_txid":"g","files":[]}"#, r#"{"max_txid":"1","files":[{}]}"#] {
            assert_eq!(contents(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_litestream_is_refused() {
        for (path, why) in [("/nowhere/litestream", "cannot be run"), ("/bin/true", "is not Litestream")] {
            let said = Litestream::find(Some(Path::new(path)), None).expect_err(path);
            assert!(said.contains(path) && said.contains(why), "{said}");
        }
    }
}
