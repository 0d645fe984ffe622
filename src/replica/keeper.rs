//! The processes between the server and Litestream, by which Litestream always gets one SIGTERM and never two
//! (at the second it would leave out its last copy), and none is left running:
//!
//! - The go-between ([`keep`]) holds one end of a pair of sockets whose other end only the server has. When
//!   that end is closed, by the server or by its end, however it came, the go-between stops Litestream. It is
//!   one process with one thread in a process group of its own, so that no Ctrl-C reaches Litestream and no
//!   kill of the server reaches it.
//! - A server that has enough says so before it closes its end. When it was killed, Litestream is killed at once:
//!   what it would write now could stand in the WAL where a commit that was cut short stands (`copy_after_kill`).
//! - Litestream itself begins as this program ([`become_litestream`]), which has the system send a signal when
//!   its parent dies, and then turns into Litestream: so it goes also when the go-between is killed. (The
//!   system watches the thread that is the parent, so a server could not be that parent: its threads end.)
//!
//! Both sockets' and the lock's descriptors pass on as standard input and output: what is open there is open
//! as long as one of the two lives.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, getppid, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use super::control;
use super::folder::Folder;
use lorem_store as db;

/// Litestream's last copy may take 15 s (`shutdown-sync-timeout`); after twice that it does not end by itself.
const LAST_COPY: Duration = Duration::from_secs(30);
/// How long it may take until everything is copied that was written before.
const BARRIER: Duration = Duration::from_secs(10);
/// A copy of everything that nobody needs at once ends after so long.
const WHOLE_COPY: Duration = Duration::from_secs(600);
/// Between two looks at whether it is in anybody's way.
const LOOK: Duration = Duration::from_millis(100);
/// How long those may take to finish who read the database when Litestream is to be started.
const READERS: Duration = Duration::from_secs(5);
/// What it is given, if it may have been told already.
const ITS_OWN_TIME: Duration = Duration::from_secs(16);

/// What the server says when it has enough. Whose end of the sockets is closed without it was killed.
pub(super) const FAREWELL: &[u8] = b".";

/// Which signal Litestream gets when its parent dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// SIGTERM: it copies what there is, and ends.
    Term,
    /// SIGKILL: nobody needs any more what it was doing.
    Kill,
}

impl Farewell {
    /// As it is written on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        if self == Farewell::Term { "TERM" } else { "KILL" }
    }

    /// What was written there.
    ///
    /// # Errors
    /// It was something else.
    pub fn parse(name: &str) -> Result<Farewell, String> {
        let known = [Farewell::Term, Farewell::Kill];
        known.into_iter().find(|farewell| farewell.name() == name).ok_or_else(|| format!("no signal {name}"))
    }
}

/// This program with these arguments.
pub(super) fn ourselves(arguments: &[&str]) -> io::Result<Command> {
    let program = std::env::current_exe()?;
    // The file may have been replaced by a newer one, which the running program should not start.
    let program = if program.exists() { program } else { PathBuf::from("/proc/self/exe") };
    let mut command = Command::new(program);
    command.arg0("lorem-news").args(arguments);
    Ok(command)
}

/// A Litestream, still to be given its own arguments, which ends with this thread.
pub(super) fn litestream(program: &Path, farewell: Farewell) -> io::Result<Command> {
    let parent = std::process::id().to_string();
    let mut command = ourselves(&["become-litestream", farewell.name(), &parent])?;
    command.arg(program);
    Ok(command)
}

/// Turns into Litestream, with a farewell from `parent`.
///
/// # Errors
/// A sentence; it only returns then.
pub fn become_litestream(
    farewell: Farewell,
    parent: u32,
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
) -> String {
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    {
        let signal = if farewell == Farewell::Term { Signal::TERM } else { Signal::KILL };
        if let Err(error) = rustix::process::set_parent_process_death_signal(Some(signal)) {
            return format!("cannot ask for a signal: {error}");
        }
    }
    // It may have died before it could be asked for.
    if getppid().map(Pid::as_raw_pid) != i32::try_from(parent).ok() {
        return format!("{parent} is gone, and so is {}", farewell.name());
    }
    let error = Command::new(program).args(arguments).exec();
    format!("{} cannot be run: {error}", program.display())
}

/// Keeps one Litestream running on a database until the server, whose socket is the standard input, has enough
/// or is gone; then everything that was written is copied. The standard output is the lock.
///
/// # Errors
/// A sentence: Litestream could not be started, or has ended by itself, or not everything could be copied.
pub fn keep(program: &Path, database: &Path) -> Result<(), String> {
    let folder = Folder::beside(database).map_err(|error| format!("{}: {error}", database.display()))?;
    let mut keeper =
        Keeper::start(program, folder).map_err(|error| format!("cannot start Litestream: {error}"))?;
    match keeper.run().map_err(|error| format!("cannot wait for Litestream: {error}"))? {
        Some(status) => Err(format!("Litestream has ended ({status})")),
        None => Ok(()),
    }
}

struct Keeper<'k> {
    program: &'k Path,
    folder: Folder,
    server: UnixStream,
    /// Set by a signal to stop that came to us.
    told: Arc<AtomicBool>,
    /// Readable when a child has ended.
    ended: UnixStream,
    child: Child,
}

impl Keeper<'_> {
    fn start(program: &Path, folder: Folder) -> io::Result<Keeper<'_>> {
        // Who means the server sends it to the server. A handler, unlike ignoring, is not inherited.
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            flag::register(signal, Arc::clone(&told))?;
        }
        let (ended, tell) = UnixStream::pair()?;
        ended.set_nonblocking(true)?;
        pipe::register(SIGCHLD, tell)?;
        let mut server = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        begin_wal_anew(&folder)?;
        let child = replicate(program, &folder, Farewell::Term, &[])?;
        // A server that is gone does not listen, which shows at once in any case.
        let _ = writeln!(server, "{}", child.id());
        Ok(Keeper { program, folder, server, told, ended, child })
    }

    /// `Some`: how Litestream ended, which nobody had asked it to, or without having copied everything.
    fn run(&mut self) -> io::Result<Option<ExitStatus>> {
        while !self.is_over(None)? {
            if let Some(status) = self.child.try_wait()? {
                // Who stops all processes of a service at once, as systemd does, has told the server as well.
                let is_stop = self.told.load(Ordering::SeqCst) && status.success();
                return if is_stop && self.hears_within(ITS_OWN_TIME)? {
                    self.copy_the_rest()
                } else {
                    Ok(Some(status))
                };
            }
        }
        if self.server.read_exact(&mut [0; FAREWELL.len()]).is_err() {
            return self.copy_after_kill();
        }
        // Whether its last copy went well Litestream does not say; and if it has just been started, and has not
        // made its first one, it makes none.
        let copied = control::sync(&self.folder, BARRIER);
        self.stop()?;
        match copied {
            Ok(_) => Ok(None),
            Err(control::Error::NotRunning | control::Error::Unclear(_)) => self.copy_the_rest(),
            Err(why) => {
                log::error!("the last writes are not replicated until the next start: {why}");
                Ok(None)
            }
        }
    }

    /// Has what is left copied after the server was killed. It may have been in the middle of a commit, which
    /// stands in the WAL as a whole, but SQLite does not know of it as long as anybody has the database open. Whoever
    /// writes next writes over it; that would be Litestream, at a checkpoint, and it has perhaps copied it: it
    /// reads the WAL by itself. When nobody has the database open any more the next one to open it reads the WAL
    /// anew, and the commit is one.
    fn copy_after_kill(&mut self) -> io::Result<Option<ExitStatus>> {
        let _ = fs::remove_file(self.folder.note_of_waiting()); // Of who has given up; who has not writes it again.
        self.child.kill()?;
        self.child.wait()?;
        if let Some(status) = self.copy_the_rest()? {
            return Ok(Some(status));
        }
        self.copy_anew()?;
        Ok(None)
    }

    /// Has everything copied, in case Litestream was faster than we were. A server that is started does so, too.
    fn copy_anew(&mut self) -> io::Result<()> {
        if self.is_in_the_way() {
            return Ok(());
        }
        begin_wal_anew(&self.folder)?;
        self.copy_once()?;
        let began = Instant::now();
        while !self.is_in_the_way() && began.elapsed() < WHOLE_COPY {
            if self.ends_within(LOOK)? {
                return Ok(());
            }
        }
        self.end_within(Duration::ZERO)
    }

    /// Whether somebody waits for our end, or does not know that we are there, since our lock was removed.
    fn is_in_the_way(&self) -> bool {
        let locked = io::stdout().as_fd().try_clone_to_owned().and_then(|lock| File::from(lock).metadata());
        let is_known = fs::metadata(self.folder.lock_file()).is_ok_and(|file| {
            locked.is_ok_and(|locked| (file.dev(), file.ino()) == (locked.dev(), locked.ino()))
        });
        !is_known || self.told.load(Ordering::SeqCst) || self.folder.note_of_waiting().exists()
    }

    /// Ends Litestream, by one signal.
    fn stop(&mut self) -> io::Result<()> {
        // Who stops all processes of a service at once, as systemd does, has told Litestream as well.
        if self.told.load(Ordering::SeqCst) && self.ends_within(ITS_OWN_TIME)? {
            return Ok(());
        }
        self.terminate()?;
        self.end_within(LAST_COPY)
    }

    /// Has another Litestream copy what is left. Its end, if that was not well.
    fn copy_the_rest(&mut self) -> io::Result<Option<ExitStatus>> {
        self.copy_once()?;
        self.end_within(LAST_COPY)?;
        let status = self.child.wait()?;
        Ok((!status.success()).then_some(status))
    }

    /// Starts a Litestream that only copies what there is.
    fn copy_once(&mut self) -> io::Result<()> {
        self.folder.make_way_for_socket()?;
        self.child = replicate(self.program, &self.folder, Farewell::Kill, &["-once"])?;
        Ok(())
    }

    /// Waits for the child's end, and ends it if that takes too long.
    fn end_within(&mut self, time: Duration) -> io::Result<()> {
        if !self.ends_within(time)? {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    fn ends_within(&mut self, time: Duration) -> io::Result<bool> {
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            let Some(left) = time.checked_sub(began.elapsed()) else { return Ok(false) };
            self.is_over(Some(left))?;
        }
        Ok(true)
    }

    /// The only signal that Litestream gets from us.
    fn terminate(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::InvalidInput)?;
        // It may end at this moment: until we ask how, its number is nobody else's.
        Ok(kill_process(id, Signal::TERM)?)
    }

    /// Whether the server has enough, or is gone, before so much time has passed.
    fn hears_within(&self, time: Duration) -> io::Result<bool> {
        let began = Instant::now();
        while let Some(left) = time.checked_sub(began.elapsed()) {
            if wait_for(&mut [PollFd::new(&self.server, PollFlags::IN)], Some(left))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until something happens; whether the server has enough, or is gone. With a time it waits for the
    /// child alone.
    fn is_over(&mut self, at_most: Option<Duration>) -> io::Result<bool> {
        let mut both = [PollFd::new(&self.ended, PollFlags::IN), PollFd::new(&self.server, PollFlags::IN)];
        let watched = if at_most.is_some() { &mut both[..1] } else { &mut both[..] };
        wait_for(watched, at_most)?;
        let is_over = !both[1].revents().is_empty();
        while self.ended.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
        Ok(is_over)
    }
}

/// Waits until there is something to be read, or a signal came, or so much time has passed; whether there is.
fn wait_for(sources: &mut [PollFd], at_most: Option<Duration>) -> io::Result<bool> {
    let at_most = at_most.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    match poll(sources, at_most.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Empties the WAL before Litestream begins. Else it would go on where another one was: at a place in the WAL,
/// which it takes for the same when the page there is. But since then SQLite may have begun the WAL anew, and that
/// page be left of the old one, of which the end was copied into the database and nobody replicated it. In a WAL
/// that was emptied meanwhile there is no such page, and it copies everything (docs/decisions/0014-replica.md).
fn begin_wal_anew(folder: &Folder) -> io::Result<()> {
    let database = folder.database();
    if db::empty_wal(database, READERS).map_err(io::Error::other)? {
        return Ok(());
    }
    Err(io::Error::other(format!("somebody has been reading {} for too long", database.display())))
}

/// A Litestream that replicates. The environment, which is ours, has nothing but what it needs.
fn replicate(program: &Path, folder: &Folder, farewell: Farewell, more: &[&str]) -> io::Result<Child> {
    let mut command = litestream(program, farewell)?;
    command
        .args(["replicate", "-no-expand-env"])
        .args(more)
        .arg("-config")
        .arg(folder.configuration())
        .spawn()
}
