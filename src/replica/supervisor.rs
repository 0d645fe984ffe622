//! The thread that keeps Litestream running beside the server: it starts the shim, starts another one when
//! the shim or Litestream has ended, and stops both at the end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::folder::Folder;
use super::lock::Lock;
use super::process::own_program;
use super::settings::Settings;
use super::{configuration, shim};

/// The pause before the first restart. It doubles with each further one.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
/// The longest pause between two restarts.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// A Litestream that has run for this long has started well: the pause begins at its minimum again.
const STABLE_AFTER: Duration = Duration::from_secs(60);
/// The limit on stopping. A shim ends within 95 s, and there may be two of them, one after the other.
const STOP_TIMEOUT: Duration = Duration::from_secs(200);

/// The running thread. Dropping it stops Litestream, too.
pub struct Supervisor {
    current: Arc<Current>,
    /// Nothing is ever sent: the receiver sees that it is dropped.
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// Restarts Litestream from scratch, so that it copies everything. An ordinary restart would resume at the
/// position that Litestream believes the replica to have, even if the replica has lost what came before.
pub struct Restarter(Arc<Current>);

impl Restarter {
    /// Returns at once; the supervisor does the rest.
    pub fn restart_from_scratch(&self) {
        self.0.lock().is_from_scratch = true;
        self.0.send_stop();
    }
}

/// The shim and the Litestream that run now.
#[derive(Default)]
struct Current(Mutex<State>);

#[derive(Default)]
struct State {
    is_stopping: bool,
    /// The next Litestream copies everything: the state of this one does not match the replica.
    is_from_scratch: bool,
    /// The server's end of the socket pair.
    socket: Option<UnixStream>,
    shim: Option<Pid>,
    litestream: Option<Pid>,
}

/// The parameters of each start of a shim.
struct Launcher {
    settings: Settings,
    folder: Folder,
    lock: Lock,
}

impl Supervisor {
    /// Starts Litestream. The lock is held until Litestream has ended.
    ///
    /// # Errors
    /// The configuration cannot be written, or the thread not started.
    pub fn start(settings: Settings, folder: Folder, lock: Lock) -> Result<Supervisor> {
        let launcher = Launcher { settings, folder, lock };
        launcher.prepare().context("cannot prepare Litestream")?;
        let (stop, stopped) = channel();
        let (end, ended) = channel();
        let current = Arc::new(Current::default());
        let shared = Arc::clone(&current);
        let thread = thread::Builder::new()
            .name("litestream".into())
            .spawn(move || {
                keep_running(&launcher, &shared, &stopped);
                drop(end);
            })
            .context("no thread for Litestream")?;
        Ok(Supervisor { current, stop: Some(stop), ended, thread: Some(thread) })
    }

    /// Has every write copied and stops Litestream: then the WAL can be emptied. A failure is logged, and the
    /// next start copies the rest.
    pub fn stop(mut self) {
        self.end();
    }

    /// A handle that restarts Litestream from scratch.
    #[must_use]
    pub fn restarter(&self) -> Restarter {
        Restarter(Arc::clone(&self.current))
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.current.lock().is_stopping = true;
        self.stop = None;
        self.current.send_stop();
        if self.ended.recv_timeout(STOP_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            log::error!("Litestream does not end: it is killed");
            self.current.kill();
        }
        if thread.join().is_err() {
            log::error!("the Litestream supervisor panicked");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.end();
    }
}

impl Current {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the shim stop Litestream.
    fn send_stop(&self) {
        if let Some(socket) = &self.lock().socket {
            // The shim may have ended a moment ago, or have been stopped already.
            let mut socket: &UnixStream = socket;
            let _ = socket.write_all(shim::STOP_MESSAGE).and_then(|()| socket.shutdown(Shutdown::Write));
        }
    }

    fn kill(&self) {
        let state = self.lock();
        // The ids are still theirs: no process gets an id before its last owner is waited for.
        for id in [state.litestream, state.shim].into_iter().flatten() {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

impl Launcher {
    fn prepare(&self) -> Result<()> {
        self.folder.prepare_socket_path()?;
        let (file, socket) = (self.folder.configuration(), self.folder.socket());
        configuration::write(&file, self.folder.database(), &self.settings, Some(&socket))
    }

    /// Starts a shim, which starts Litestream.
    fn start(&self) -> io::Result<(Child, UnixStream)> {
        self.folder.prepare_socket_path()?;
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = own_program(&["keep-litestream"])?;
        let child = command
            .args([self.settings.litestream.path(), self.folder.database()])
            .env_clear() // Litestream reads variables of its own, which must not change what it does here.
            .envs(self.settings.environment())
            .process_group(0) // Ctrl-C is for the server.
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(self.lock.inheritable()?))
            .spawn()?;
        Ok((child, ours))
    }
}

fn keep_running(launcher: &Launcher, current: &Current, stopped: &Receiver<()>) {
    let mut backoff = MIN_BACKOFF;
    loop {
        let began = Instant::now();
        // A Litestream that starts while the server stops is stopped at once, after one copy: something may
        // have been written since the one before it ended.
        let is_last = current.lock().is_stopping;
        let ended_well = match launcher.start() {
            Ok((child, socket)) => follow(child, socket, current),
            Err(error) => {
                log::error!("cannot start Litestream: {error}");
                false
            }
        };
        match current.lock().is_stopping {
            true if ended_well => return,
            true if is_last => return log::error!("the last writes are not replicated until the next start"),
            true => continue,
            false => {}
        }
        if began.elapsed() > STABLE_AFTER {
            backoff = MIN_BACKOFF;
        }
        if std::mem::take(&mut current.lock().is_from_scratch) {
            log::warn!("Litestream copies everything again");
            if let Err(error) = launcher.folder.remove_litestream_state() {
                log::error!("cannot remove {}: {error}", launcher.folder.litestream_state().display());
            }
            continue;
        }
        log::error!("Litestream has ended: nothing is replicated until it runs again, in {backoff:?}");
        if stopped.recv_timeout(backoff) == Err(RecvTimeoutError::Timeout) {
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }
}

/// Waits until the shim and its Litestream have ended. Returns whether they were stopped, and everything was
/// copied.
fn follow(mut child: Child, socket: UnixStream, current: &Current) -> bool {
    let pid = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw);
    let reader = socket.try_clone();
    let is_stopping = {
        let mut state = current.lock();
        state.socket = Some(socket);
        state.shim = pid(child.id());
        state.is_stopping
    };
    if is_stopping {
        current.send_stop();
    }
    let mut litestream = None;
    if let Ok(reader) = reader {
        let mut reader = BufReader::new(reader);
        let mut id = String::new();
        if reader.read_line(&mut id).is_ok() {
            litestream = id.trim().parse().ok().and_then(Pid::from_raw);
            current.lock().litestream = litestream;
        }
        // The shim sends nothing more. The stream ends when both have ended: Litestream inherits the socket.
        let _ = reader.read_to_end(&mut Vec::new());
    }
    let mut state = current.lock();
    let State { is_stopping, is_from_scratch, .. } = *state;
    *state = State { is_stopping, is_from_scratch, ..State::default() };
    drop(state);
    let status = child.wait().inspect_err(|error| log::error!("waiting for the shim: {error}"));
    if let Some(litestream) = litestream {
        // As the first process of a container this one becomes the parent of every orphan.
        let _ = waitpid(Some(litestream), WaitOptions::empty());
    }
    status.is_ok_and(|status| status.success())
}
