//! Group commit: one thread owns the only connection that writes, and commits many callers' work
//! with one flush.
//!
//! A flush to disk costs as much as dozens of small writes. While one is under way the next callers
//! queue up, and whatever has queued becomes the next transaction: no timer, no tuning, a lone
//! caller never waits for company. When any work in it fails, the whole transaction is undone and
//! each work is done anew in one of its own, so that nobody pays for another's error or panic; that
//! is rare, and a savepoint around every work would cost every time. The measurements:
//! `docs/decisions/0002-group-commit.md`.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::checkpoint::Checkpoints;
use crate::error::Error;
use crate::files::{self, DatabaseFiles};
use crate::metrics::{BatchTimeline, WriteTimings, WriterMetrics};
use crate::pragmas;

/// Work that may wait. A caller is a thread with a connection, so this is above any number of them
/// that a default server lets in; beyond it a caller gets [`Error::Overloaded`] at once.
const MAX_QUEUED_WRITES: usize = 4096;
/// A transaction takes no more work after so many callers …
const MAX_BATCH_WRITES: usize = 128;
/// … or so much time: those who are in it already wait for its end.
const MAX_BATCH_TIME: Duration = Duration::from_millis(20);

/// The writer's handle, shared by all callers.
pub(crate) struct Writer {
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
    fn answer(self: Box<Self>, committed: Result<(), Error>, stages: BatchTimeline);
}

/// What the writer has to do.
enum Next {
    Work(Box<dyn Work>),
    Nothing,
    /// There is nothing more, and the writer stops.
    End,
}

/// How a run ended.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Outcome {
    Done,
    /// With an error or a panic: its changes must be undone.
    Failed,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        mut checkpoints: Checkpoints,
        written: Arc<WriterMetrics>,
        mut files: DatabaseFiles,
    ) -> std::io::Result<Writer> {
        let state = State { waiting: VecDeque::new(), stopping: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), not_empty: Condvar::new() });
        let served = Arc::clone(&queue);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || {
            let served = Served(served);
            loop {
                let next = served.0.wait(files::CHECK_INTERVAL);
                let files_present = files.are_present(|| checkpoints.empty(&connection));
                match next {
                    Next::Work(first) if files_present => {
                        write_batch(&connection, &served.0, first, &written);
                        written.set_wal_pages(checkpoints.after_commit(&connection));
                    }
                    Next::Work(first) => served.0.refuse(first, &Error::FileReplaced),
                    Next::Nothing => {}
                    Next::End => break,
                }
            }
            drop(checkpoints);
            connection
        })?;
        Ok(Writer { queue, thread })
    }

    /// Runs `work` in a transaction and waits for its commit.
    pub(crate) fn write<T, W>(&self, work: W) -> (Result<T, Error>, WriteTimings)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let asked = Instant::now();
        let reply = Arc::new(Reply { result: Mutex::new(None), answered: Condvar::new() });
        let job = Box::new(Job { work, result: None, reply: Some(Arc::clone(&reply)) });
        match self.queue.push(job) {
            Ok(()) => {
                let (result, stages) = reply.wait();
                (result, stages.timings_since(asked))
            }
            Err(error) => (Err(error), WriteTimings::default()),
        }
    }

    /// Queues `work` and does not wait for it.
    pub(crate) fn write_later<W>(&self, work: W) -> Result<(), Error>
    where
        W: Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        self.queue.push(Box::new(Job { work, result: None, reply: None }))
    }

    /// Takes no more in; what waits is still done.
    pub(crate) fn close(&self) {
        self.queue.lock().stopping = true;
        self.queue.not_empty.notify_one();
    }

    /// Does what waits, then ends the thread and gives the connection back.
    pub(crate) fn stop(self) -> Result<Connection, Error> {
        self.close();
        self.thread.join().map_err(|_| Error::Panicked)
    }

    /// How many callers wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.lock().waiting.len()
    }
}

/// The writer's own hold on the queue. When it goes, even by a panic, nobody may wait any longer.
struct Served(Arc<Queue>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.lock().stopping = true;
        drop(self.0.take_all());
    }
}

impl Queue {
    fn push(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let mut state = self.lock();
        if state.stopping {
            return Err(Error::Closed);
        }
        if state.waiting.len() >= MAX_QUEUED_WRITES {
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

    /// Waits for the next work, at most so long.
    fn wait(&self, patience: Duration) -> Next {
        let (mut state, _) = self
            .not_empty
            .wait_timeout_while(self.lock(), patience, |state| state.waiting.is_empty() && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        match state.waiting.pop_front() {
            Some(work) => Next::Work(work),
            None if state.stopping => Next::End,
            None => Next::Nothing,
        }
    }

    /// Tells everybody who waits that it cannot be done.
    fn refuse(&self, first: Box<dyn Work>, error: &Error) {
        let stages = BatchTimeline::none();
        first.answer(Err(error.duplicate()), stages);
        self.take_all().into_iter().for_each(|work| work.answer(Err(error.duplicate()), stages));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transaction with all the work there is, up to the limits; then everyone is told.
fn write_batch(connection: &Connection, queue: &Queue, first: Box<dyn Work>, written: &WriterMetrics) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        // Another process keeps the lock. Who has queued meanwhile would wait as long once more, one
        // after the other.
        return queue.refuse(first, &error);
    }
    let began = Instant::now();
    let mut batch: Vec<Box<dyn Work>> = Vec::with_capacity(32);
    let mut next = Some(first);
    while let Some(mut work) = next {
        let outcome = work.run(connection);
        batch.push(work);
        if outcome == Outcome::Failed || connection.is_autocommit() {
            // Nobody else may suffer, and SQLite may have given up the transaction already (full
            // disk, I/O error, no memory): all of it is undone, and each does its work alone.
            roll_back(connection);
            return batch.into_iter().for_each(|work| write_alone(connection, work, written));
        }
        let has_room = batch.len() < MAX_BATCH_WRITES && began.elapsed() < MAX_BATCH_TIME;
        next = if has_room { queue.take() } else { None };
    }
    let stages = BatchTimeline { began, worked: Instant::now() };
    let committed = commit(connection, batch.len(), written);
    for work in batch {
        let committed = match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(error.duplicate()),
        };
        work.answer(committed, stages);
    }
}

/// A transaction for one, after one that was shared has failed.
fn write_alone(connection: &Connection, mut work: Box<dyn Work>, written: &WriterMetrics) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        return work.answer(Err(error), BatchTimeline::none());
    }
    let began = Instant::now();
    let outcome = work.run(connection);
    let stages = BatchTimeline { began, worked: Instant::now() };
    let committed = if connection.is_autocommit() {
        Err(Error::TransactionLost)
    } else if outcome == Outcome::Failed {
        roll_back(connection);
        Ok(())
    } else {
        commit(connection, 1, written)
    };
    work.answer(committed, stages);
}

/// Brings the work of so many callers to the disk.
fn commit(connection: &Connection, writes: usize, written: &WriterMetrics) -> Result<(), Error> {
    let began = Instant::now();
    execute(connection, "COMMIT").inspect_err(|error| {
        log::error!("a commit failed: {error}");
        if error.is_flush_failure() {
            written.observe_failed_flush();
        }
        roll_back(connection);
        if let Err(error) = pragmas::overwrite_refused_commit(connection) {
            log::error!("what was refused may be there after a crash: {error}");
        }
    })?;
    written.observe_commit(writes, began.elapsed());
    Ok(())
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        log::error!("a rollback failed: {error}");
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

/// [`Work`] with its types known.
struct Job<T, W> {
    work: W,
    result: Option<Result<T, Error>>,
    /// `None` when the caller has been told, or does not wait.
    reply: Option<Arc<Reply<T>>>,
}

/// A caller whose work is thrown away hears of it.
impl<T, W> Drop for Job<T, W> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply.give(Err(Error::Closed), BatchTimeline::none());
        }
    }
}

impl<T, W> Work for Job<T, W>
where
    T: Send,
    W: Fn(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> Outcome {
        // What the closure wrote before it panicked is rolled back, and it owns what it captured.
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)));
        let result = result.map_or(Err(Error::Panicked), |result| result.map_err(Error::from));
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
        self.result = Some(result);
        outcome
    }

    fn answer(mut self: Box<Self>, committed: Result<(), Error>, stages: BatchTimeline) {
        let result = match (self.result.take(), committed) {
            // Its own error says more than that of the transaction.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Closed),
        };
        match (self.reply.take(), result) {
            (Some(reply), result) => reply.give(result, stages),
            (None, Err(error)) => log::warn!("a write that nobody waits for was not done: {error}"),
            (None, Ok(_)) => {}
        }
    }
}

/// Where a caller waits for its result.
struct Reply<T> {
    result: Mutex<Option<(Result<T, Error>, BatchTimeline)>>,
    answered: Condvar,
}

impl<T> Reply<T> {
    fn give(&self, result: Result<T, Error>, stages: BatchTimeline) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some((result, stages));
        self.answered.notify_one();
    }

    fn wait(&self) -> (Result<T, Error>, BatchTimeline) {
        let mut result = self
            .answered
            .wait_while(self.result.lock().unwrap_or_else(PoisonError::into_inner), |result| result.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        result.take().unwrap_or_else(|| (Err(Error::Closed), BatchTimeline::none()))
    }
}
