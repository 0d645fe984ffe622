//! The shim: a process between the server and Litestream, which sends Litestream exactly one SIGTERM (at a
//! second one it would skip its last copy) and leaves no Litestream running.
//!
//! - The shim ([`run`]) has one end of a socket pair, the server has the other. When the server closes its
//!   end, or dies, the shim stops Litestream. It has one thread, and a process group of its own, so that
//!   neither Ctrl-C nor a kill of the server reaches it.
//! - A server that stops sends one byte before it closes its end. Without that byte the server was killed,
//!   and the shim kills Litestream at once: its next write could overwrite a commit in the WAL that the
//!   server had not finished (see `copy_after_kill`).
//! - Litestream itself gets a signal when the shim dies, see [`process`](super::process).
//!
//! Litestream inherits the shim's socket as its standard input, and the lock as its standard output: each
//! stays open as long as one of the two processes lives.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use lorem_store as store;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use super::control::{self, ControlError};
use super::folder::Folder;
use super::process::{StopSignal, litestream_command};

/// Litestream's last copy may take 15 s (`shutdown-sync-timeout`); after twice that it is killed.
const LAST_COPY_TIMEOUT: Duration = Duration::from_secs(30);
/// The limit on copying everything that was written before a stop.
const SYNC_TIMEOUT: Duration = Duration::from_secs(10);
/// The limit on copying everything again after the server was killed.
const FULL_COPY_TIMEOUT: Duration = Duration::from_secs(600);
/// The time between two looks at whether a full copy is in the way of another process.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The longest wait for readers of the database before Litestream starts.
const READERS_TIMEOUT: Duration = Duration::from_secs(5);
/// How long Litestream has to end by itself if a signal to the whole process group may have reached it.
const SIGNALLED_TIMEOUT: Duration = Duration::from_secs(16);

/// The server sends this before it closes its end of the socket pair. A server that was killed sends nothing.
pub(crate) const STOP_MESSAGE: &[u8] = b".";

/// Keeps one Litestream running on a database until the server stops or dies; then has every write copied.
/// The standard input is the socket pair's end, the standard output the lock.
///
/// # Errors
/// Litestream cannot be started, has ended by itself, or could not copy everything.
pub fn run(program: &Path, database: &Path) -> Result<()> {
    let folder = Folder::beside(database).with_context(|| database.display().to_string())?;
    let mut shim = Shim::start(program, folder).context("cannot start Litestream")?;
    if let Some(status) = shim.run().context("cannot wait for Litestream")? {
        bail!("Litestream has ended ({status})");
    }
    Ok(())
}

struct Shim<'p> {
    program: &'p Path,
    folder: Folder,
    server: UnixStream,
    /// Set by a stop signal to this process.
    is_signalled: Arc<AtomicBool>,
    /// Readable when a child has ended.
    child_ended: UnixStream,
    child: Child,
}

impl Shim<'_> {
    fn start(program: &Path, folder: Folder) -> io::Result<Shim<'_>> {
        // The server handles these signals, not the shim. A handler, unlike ignoring them, is not inherited.
        let is_signalled = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            flag::register(signal, Arc::clone(&is_signalled))?;
        }
        let (child_ended, sender) = UnixStream::pair()?;
        child_ended.set_nonblocking(true)?;
        pipe::register(SIGCHLD, sender)?;
        let mut server = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        empty_wal(&folder)?;
        let child = replicate(program, &folder, StopSignal::Term, &[])?;
        // If the server is gone the write fails; `run` notices at once.
        let _ = writeln!(server, "{}", child.id());
        Ok(Shim { program, folder, server, is_signalled, child_ended, child })
    }

    /// `Some`: Litestream ended by itself, or without having copied everything, with this status.
    fn run(&mut self) -> io::Result<Option<ExitStatus>> {
        while !self.poll(None)? {
            if let Some(status) = self.child.try_wait()? {
                // systemd signals all processes of a service at once, so the server will stop, too.
                let is_stop = self.is_signalled.load(Ordering::SeqCst) && status.success();
                return if is_stop && self.server_stops_within(SIGNALLED_TIMEOUT)? {
                    self.copy_remainder()
                } else {
                    Ok(Some(status))
                };
            }
        }
        if self.server.read_exact(&mut [0; STOP_MESSAGE.len()]).is_err() {
            return self.copy_after_kill();
        }
        // Litestream does not report whether its last copy succeeded, and makes none if it was started a
        // moment ago and has not made its first one: hence the barrier before it is stopped.
        let synced = control::sync(&self.folder, SYNC_TIMEOUT);
        self.stop()?;
        match synced {
            Ok(_) => Ok(None),
            Err(ControlError::NotRunning | ControlError::Malformed(_)) => self.copy_remainder(),
            Err(error) => {
                log::error!("the last writes are not replicated until the next start: {error}");
                Ok(None)
            }
        }
    }

    /// Copies the remainder after the server was killed. The server may have been in the middle of a commit:
    /// the WAL has the whole commit, but SQLite does not use it as long as any process has the database open,
    /// and the next writer overwrites it. That writer would be Litestream, at a checkpoint, after it has
    /// perhaps copied the commit: it reads the WAL without SQLite. So Litestream is killed. Once no process
    /// has the database open, the next one to open it reads the WAL again, and the commit counts.
    fn copy_after_kill(&mut self) -> io::Result<Option<ExitStatus>> {
        // A marker of a process that gave up; one that still waits writes it again.
        let _ = fs::remove_file(self.folder.wait_marker());
        self.child.kill()?;
        self.child.wait()?;
        if let Some(status) = self.copy_remainder()? {
            return Ok(Some(status));
        }
        self.copy_everything()?;
        Ok(None)
    }

    /// Copies everything again, in case Litestream wrote to the WAL before it was killed. A server that
    /// starts meanwhile does so itself.
    fn copy_everything(&mut self) -> io::Result<()> {
        if self.is_in_the_way() {
            return Ok(());
        }
        empty_wal(&self.folder)?;
        self.start_once()?;
        let began = Instant::now();
        while !self.is_in_the_way() && began.elapsed() < FULL_COPY_TIMEOUT {
            if self.child_ends_within(POLL_INTERVAL)? {
                return Ok(());
            }
        }
        self.end_child_within(Duration::ZERO)
    }

    /// Whether another process waits for the lock, or cannot know of this one because the lock file was
    /// removed or replaced.
    fn is_in_the_way(&self) -> bool {
        let locked = io::stdout().as_fd().try_clone_to_owned().and_then(|lock| File::from(lock).metadata());
        let is_known = fs::metadata(self.folder.lock_file()).is_ok_and(|file| {
            locked.is_ok_and(|locked| (file.dev(), file.ino()) == (locked.dev(), locked.ino()))
        });
        !is_known || self.is_signalled.load(Ordering::SeqCst) || self.folder.wait_marker().exists()
    }

    /// Stops Litestream with one signal.
    fn stop(&mut self) -> io::Result<()> {
        // systemd signals all processes of a service at once: Litestream may have had its one signal.
        if self.is_signalled.load(Ordering::SeqCst) && self.child_ends_within(SIGNALLED_TIMEOUT)? {
            return Ok(());
        }
        self.terminate()?;
        self.end_child_within(LAST_COPY_TIMEOUT)
    }

    /// Copies the remainder with another Litestream. `Some`: it failed with this status.
    fn copy_remainder(&mut self) -> io::Result<Option<ExitStatus>> {
        self.start_once()?;
        self.end_child_within(LAST_COPY_TIMEOUT)?;
        let status = self.child.wait()?;
        Ok((!status.success()).then_some(status))
    }

    /// Starts a Litestream that makes one copy and ends.
    fn start_once(&mut self) -> io::Result<()> {
        self.folder.prepare_socket_path()?;
        self.child = replicate(self.program, &self.folder, StopSignal::Kill, &["-once"])?;
        Ok(())
    }

    /// Waits for the child's end, and kills it after `timeout`.
    fn end_child_within(&mut self, timeout: Duration) -> io::Result<()> {
        if !self.child_ends_within(timeout)? {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    fn child_ends_within(&mut self, timeout: Duration) -> io::Result<bool> {
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            let Some(left) = timeout.checked_sub(began.elapsed()) else { return Ok(false) };
            self.poll(Some(left))?;
        }
        Ok(true)
    }

    /// Sends SIGTERM, the only signal to a Litestream that is to make its last copy.
    fn terminate(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::InvalidInput)?;
        // Even if it ends at this moment, no other process gets its id before it is waited for.
        Ok(kill_process(id, Signal::TERM)?)
    }

    /// Whether the server stops, or dies, within `timeout`.
    fn server_stops_within(&self, timeout: Duration) -> io::Result<bool> {
        let began = Instant::now();
        while let Some(left) = timeout.checked_sub(began.elapsed()) {
            if wait_for(&mut [PollFd::new(&self.server, PollFlags::IN)], Some(left))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for an event; returns whether the server stops or has died. With a timeout, only the end of the
    /// child is waited for.
    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let mut both =
            [PollFd::new(&self.child_ended, PollFlags::IN), PollFd::new(&self.server, PollFlags::IN)];
        let watched = if timeout.is_some() { &mut both[..1] } else { &mut both[..] };
        wait_for(watched, timeout)?;
        let server_stops = !both[1].revents().is_empty();
        while self.child_ended.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
        Ok(server_stops)
    }
}

/// Waits until one of the sources is readable, a signal arrives or `timeout` has passed; returns whether one
/// is readable.
fn wait_for(sources: &mut [PollFd], timeout: Option<Duration>) -> io::Result<bool> {
    let timeout = timeout.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    match poll(sources, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Empties the WAL before Litestream starts. Otherwise Litestream would resume at a position in the WAL,
/// which it recognises by the page there. SQLite may have restarted the WAL since, and that page may be left
/// over from the old one, whose end was moved into the database and never replicated. In an emptied WAL there
/// is no such page, and Litestream copies everything (docs/decisions/0018-wal-and-litestream.md).
fn empty_wal(folder: &Folder) -> io::Result<()> {
    let database = folder.database();
    if store::empty_wal(database, READERS_TIMEOUT).map_err(io::Error::other)? {
        return Ok(());
    }
    Err(io::Error::other(format!("a reader keeps the WAL of {} from being emptied", database.display())))
}

/// Whether the standard error is a pipe that is no longer read. The first line that Litestream logged would end it
/// with SIGPIPE, which Go ends a program with even where its parent ignores the signal.
fn is_reader_gone() -> io::Result<bool> {
    let stderr = io::stderr();
    let mut log = [PollFd::new(&stderr, PollFlags::empty())];
    wait_for(&mut log, Some(Duration::ZERO))?;
    Ok(log[0].revents().contains(PollFlags::ERR))
}

/// Starts a Litestream that replicates. It inherits the environment, which has only the access key.
fn replicate(program: &Path, folder: &Folder, signal: StopSignal, arguments: &[&str]) -> io::Result<Child> {
    let mut command = litestream_command(program, signal)?;
    if is_reader_gone()? {
        command.stderr(Stdio::null());
    }
    command
        .args(["replicate", "-no-expand-env"])
        .args(arguments)
        .arg("-config")
        .arg(folder.configuration())
        .spawn()
}
