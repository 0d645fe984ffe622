//! Group commit: one thread owns the only connection that writes, and commits many callers' work
//! with one flush.
//!
//! A flush to disk costs as much as dozens of small writes. While one is under way the next callers
//! queue up, and whatever has queued becomes the next transaction: no timer, no tuning, a lone
//! caller never waits for company. Each caller's work runs in a savepoint of its own, so that its
//! error or panic undoes nobody else's. The measurements: `docs/decisions/0002-group-commit.md`.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Error;

/// Work that may wait. A caller is a thread with a connection, so this is above any number of them
/// that a default server lets in; beyond it a caller gets [`Error::Overloaded`] at once.
const QUEUE: usize = 4096;
/// A transaction takes no more work after so many callers …
const BATCH: usize = 256;
/// … or so much time: those who are in it already wait for its end.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// The writer's handle, shared by all callers.
pub(super) struct Writer {
    queue: Arc<Queue>,
    thread: JoinHandle<Connection>,
}

struct Queue {
    state: Mutex<State>,
    not_empty: Condvar,
}

struct State {
    waiting: VecDeque<Box<dyn Work>>,
    /// No more is taken in; what waits is still done.
    stopping: bool,
}

/// A caller's work on its way through the writer.
trait Work: Send {
    /// Runs in a transaction; keeps the result for later.
    fn run(&mut self, connection: &Connection) -> Outcome;
    /// Tells the caller: the result of the last run if the transaction was committed, else why not.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

/// How a run ended.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Outcome {
    Done,
    /// Its changes must be undone.
    Failed,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Writer> {
        let state = State { waiting: VecDeque::new(), stopping: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), not_empty: Condvar::new() });
        let served = Arc::clone(&queue);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || {
            while let Some(first) = served.wait() {
                write_batch(&connection, &served, first);
            }
            connection
        })?;
        Ok(Writer { queue, thread })
    }

    /// See [`super::Db::write`].
    pub(super) fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let reply = Arc::new(Reply { result: Mutex::new(None), answered: Condvar::new() });
        self.queue.push(Box::new(Job { work, result: None, reply: Arc::clone(&reply) }))?;
        reply.wait()
    }

    /// Takes no more in; what waits is still done.
    pub(super) fn close(&self) {
        self.queue.lock().stopping = true;
        self.queue.not_empty.notify_one();
    }

    /// Does what waits, then ends the thread and gives the connection back.
    pub(super) fn stop(self) -> Result<Connection, Error> {
        self.close();
        self.thread.join().map_err(|_| Error::Panicked)
    }

    /// How many callers wait for their turn.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.queue.lock().waiting.len()
    }
}

impl Queue {
    fn push(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let mut state = self.lock();
        if state.stopping {
            return Err(Error::Closed);
        }
        if state.waiting.len() >= QUEUE {
            return Err(Error::Overloaded);
        }
        state.waiting.push_back(work);
        // With others before it the writer is awake, or about to be.
        let was_empty = state.waiting.len() == 1;
        drop(state);
        if was_empty {
            self.not_empty.notify_one();
        }
        Ok(())
    }

    fn take(&self) -> Option<Box<dyn Work>> {
        self.lock().waiting.pop_front()
    }

    fn take_all(&self) -> VecDeque<Box<dyn Work>> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// The next work; `None` when there is none and the writer stops.
    fn wait(&self) -> Option<Box<dyn Work>> {
        let mut state = self
            .not_empty
            .wait_while(self.lock(), |state| state.waiting.is_empty() && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transaction with all the work there is, up to the limits; then everyone is told.
fn write_batch(connection: &Connection, queue: &Queue, first: Box<dyn Work>) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        // SQLite has waited as long as it may. If the rest began anew, one after the other, the last
        // of a hundred callers would hear of it after minutes.
        queue.take_all().into_iter().for_each(|work| work.answer(Err(error.another())));
        return first.answer(Err(error));
    }
    let began = Instant::now();
    let mut done: Vec<Box<dyn Work>> = Vec::with_capacity(32);
    let mut next = Some(first);
    while let Some(mut work) = next {
        match run_in_savepoint(connection, &mut *work) {
            Ok(Outcome::Done) => done.push(work),
            Ok(Outcome::Failed) => work.answer(Ok(())),
            Err(error) => {
                // SQLite has given up the whole transaction (full disk, I/O error, no memory), for
                // this work's fault or not. The others' work is gone with it and is done anew, each
                // in a transaction of its own, so that the one at fault takes nobody along.
                log::error!("the shared transaction was lost: {error}");
                let _ = execute(connection, "ROLLBACK");
                work.answer(Err(error));
                return done.into_iter().for_each(|work| write_alone(connection, work));
            }
        }
        let has_room = done.len() < BATCH && began.elapsed() < BATCH_TIME;
        next = if has_room { queue.take() } else { None };
    }
    finish(connection, done);
}

/// A transaction for one, after the shared one was lost.
fn write_alone(connection: &Connection, mut work: Box<dyn Work>) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        return work.answer(Err(error));
    }
    match run_in_savepoint(connection, &mut *work) {
        Ok(Outcome::Done) => finish(connection, vec![work]),
        Ok(Outcome::Failed) => {
            work.answer(Ok(()));
            finish(connection, Vec::new());
        }
        Err(error) => {
            let _ = execute(connection, "ROLLBACK");
            work.answer(Err(error));
        }
    }
}

/// Commits, and tells everyone whose work is now on disk, or is not.
fn finish(connection: &Connection, done: Vec<Box<dyn Work>>) {
    let committed = execute(connection, "COMMIT");
    if let Err(error) = &committed {
        log::error!("a commit of {} writes failed: {error}", done.len());
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    }
    for work in done {
        work.answer(match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(error.another()),
        });
    }
}

/// Runs the work; an error of this function means that the transaction around it is gone.
fn run_in_savepoint(connection: &Connection, work: &mut dyn Work) -> Result<Outcome, Error> {
    execute(connection, "SAVEPOINT work")?;
    let outcome = work.run(connection);
    if connection.is_autocommit() {
        // The work's own error says why; without one, the work has ended the transaction itself.
        return Err(Error::TransactionLost);
    }
    if outcome == Outcome::Failed {
        execute(connection, "ROLLBACK TO work")?;
    }
    execute(connection, "RELEASE work")?;
    Ok(outcome)
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

/// [`Work`] with its types known.
struct Job<T, W> {
    work: W,
    result: Option<Result<T, Error>>,
    reply: Arc<Reply<T>>,
}

impl<T, W> Work for Job<T, W>
where
    T: Send,
    W: Fn(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> Outcome {
        // The closure is not used again after a panic, and the savepoint undoes what it wrote.
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)));
        let result = result.map_or(Err(Error::Panicked), |result| result.map_err(Error::from));
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let result = match (self.result, committed) {
            // Its own error says more than that of the transaction.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Closed),
        };
        self.reply.give(result);
    }
}

/// Where a caller waits for its result.
struct Reply<T> {
    result: Mutex<Option<Result<T, Error>>>,
    answered: Condvar,
}

impl<T> Reply<T> {
    fn give(&self, result: Result<T, Error>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        self.answered.notify_one();
    }

    fn wait(&self) -> Result<T, Error> {
        let mut result = self
            .answered
            .wait_while(self.result.lock().unwrap_or_else(PoisonError::into_inner), |result| result.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        result.take().unwrap_or(Err(Error::Closed))
    }
}
