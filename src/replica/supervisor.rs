//! Keeps a Litestream running beside the server: starts the go-between, starts another one when it or
//! Litestream is gone, and stops them when there is nothing more to copy.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::folder::{self, Folder};
use super::keeper;
use super::lock::Lock;
use super::settings::Settings;

/// Before a second start. Each time that it does not help the next one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// But no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Who has run for so long has not failed to start.
const WELL: Duration = Duration::from_secs(60);
/// A go-between ends after 95 s at the latest, and there may be two.
const END: Duration = Duration::from_secs(200);

/// The thread that does it. Dropping it stops Litestream, too.
pub struct Supervisor {
    line: Arc<Line>,
    /// Nothing is ever sent: that it is gone says stop.
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// Has Litestream begin anew, from nothing. (Started again as it is it would go on where it thinks the replica
/// is, also when that has lost what came before.)
pub struct Restarter(Arc<Line>);

impl Restarter {
    /// Returns at once.
    pub fn begin_anew(&self) {
        self.0.lock().anew = true;
        self.0.hang_up();
    }
}

/// Our end of the socket to the go-between that runs now, and Litestream's number.
#[derive(Default)]
struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    stopping: bool,
    /// What Litestream knows of the replica is wrong.
    anew: bool,
    socket: Option<UnixStream>,
    go_between: Option<Pid>,
    litestream: Option<Pid>,
}

/// What every start takes.
struct Plan {
    settings: Settings,
    folder: Folder,
    lock: Lock,
}

impl Supervisor {
    /// Begins at once. The lock is held until Litestream has ended.
    ///
    /// # Errors
    /// A sentence: the configuration cannot be written.
    pub fn start(settings: Settings, folder: Folder, lock: Lock) -> Result<Supervisor, String> {
        let plan = Plan { settings, folder, lock };
        plan.prepare().map_err(|error| format!("cannot prepare Litestream: {error}"))?;
        let (stop, stopped) = channel();
        let (end, ended) = channel();
        let line = Arc::new(Line::default());
        let kept = Arc::clone(&line);
        let thread = thread::Builder::new()
            .name("litestream".into())
            .spawn(move || {
                keep_running(&plan, &kept, &stopped);
                drop(end);
            })
            .map_err(|error| format!("no thread for Litestream: {error}"))?;
        Ok(Supervisor { line, stop: Some(stop), ended, thread: Some(thread) })
    }

    /// Has everything copied that has been written, and ends Litestream: then the WAL can be emptied. Should that
    /// fail it is logged, and the next start copies the rest.
    pub fn stop(mut self) {
        self.end();
    }

    /// For who may have Litestream begin anew.
    #[must_use]
    pub fn restarter(&self) -> Restarter {
        Restarter(Arc::clone(&self.line))
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.line.lock().stopping = true;
        self.stop = None;
        self.line.hang_up();
        if self.ended.recv_timeout(END) == Err(RecvTimeoutError::Timeout) {
            log::error!("Litestream does not end: it is killed");
            self.line.kill();
        }
        if thread.join().is_err() {
            log::error!("what keeps Litestream running panicked");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.end();
    }
}

impl Line {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the go-between that it is over.
    fn hang_up(&self) {
        if let Some(socket) = &self.lock().socket {
            // It may have ended a moment ago, or have been told already.
            let mut socket: &UnixStream = socket;
            let _ = socket.write_all(keeper::FAREWELL).and_then(|()| socket.shutdown(Shutdown::Write));
        }
    }

    fn kill(&self) {
        let state = self.lock();
        // As long as nobody has asked how they ended their numbers are theirs.
        for id in [state.litestream, state.go_between].into_iter().flatten() {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

impl Plan {
    fn prepare(&self) -> std::io::Result<()> {
        self.folder.make_way_for_socket()?;
        let (file, socket) = (self.folder.configuration(), self.folder.socket());
        folder::configure(&file, self.folder.database(), &self.settings, Some(&socket))
    }

    /// Starts a go-between, which starts Litestream.
    fn start(&self) -> std::io::Result<(Child, UnixStream)> {
        self.folder.make_way_for_socket()?;
        let (ours, its) = UnixStream::pair()?;
        let mut command = keeper::ourselves(&["keep-litestream"])?;
        let child = command
            .args([self.settings.litestream.path(), self.folder.database()])
            .env_clear() // What others left there would lead it astray.
            .envs(self.settings.environment())
            .process_group(0) // Ctrl-C is for the server.
            .stdin(Stdio::from(OwnedFd::from(its)))
            .stdout(Stdio::from(self.lock.share()?))
            .spawn()?;
        Ok((child, ours))
    }
}

fn keep_running(plan: &Plan, line: &Line, stopped: &Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        // Who is started then is stopped at once, and copies what there is before: since the one before it
        // ended something may have been written.
        let is_last = line.lock().stopping;
        let is_well = match plan.start() {
            Ok((child, socket)) => follow(child, socket, line),
            Err(error) => {
                log::error!("cannot start Litestream: {error}");
                false
            }
        };
        match line.lock().stopping {
            true if is_well => return,
            true if is_last => return log::error!("the last writes are not replicated until the next start"),
            true => continue,
            false => {}
        }
        if began.elapsed() > WELL {
            pause = FIRST_PAUSE;
        }
        if std::mem::take(&mut line.lock().anew) {
            log::warn!("Litestream copies everything anew");
            if let Err(error) = plan.folder.forget() {
                log::error!("removing {}: {error}", plan.folder.memory_of_litestream().display());
            }
            continue;
        }
        log::error!("Litestream has ended: nothing is replicated until it runs again, in {pause:?}");
        if stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Returns when both the go-between and its Litestream have ended. Whether they were asked to, and have copied
/// everything.
fn follow(mut child: Child, socket: UnixStream, line: &Line) -> bool {
    let pid = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw);
    let reader = socket.try_clone();
    let is_stopping = {
        let mut state = line.lock();
        state.socket = Some(socket);
        state.go_between = pid(child.id());
        state.stopping
    };
    if is_stopping {
        line.hang_up();
    }
    let mut litestream = None;
    if let Ok(reader) = reader {
        let mut reader = BufReader::new(reader);
        let mut number = String::new();
        if reader.read_line(&mut number).is_ok() {
            litestream = number.trim().parse().ok().and_then(Pid::from_raw);
            line.lock().litestream = litestream;
        }
        // Nothing more is said. Its end is the end of both: the go-between's socket is Litestream's, too.
        let _ = reader.read_to_end(&mut Vec::new());
    }
    let mut state = line.lock();
    *state = State { stopping: state.stopping, anew: state.anew, ..State::default() };
    drop(state);
    let status = child.wait().inspect_err(|error| log::error!("waiting for the go-between: {error}"));
    if let Some(litestream) = litestream {
        // Where we are the first process of a container, we are everybody's parent in the end.
        let _ = waitpid(Some(litestream), WaitOptions::empty());
    }
    status.is_ok_and(|status| status.success())
}
