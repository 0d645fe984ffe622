//! Group commit: one thread owns the only connection that writes, and commits many callers' writes with one
//! flush.
//!
//! A flush to the disk takes as long as dozens of small writes. During a flush the next callers queue, and
//! all queued writes become the next transaction. There is no timer and nothing to tune, and a lone caller
//! never waits for others. When one closure of a transaction fails, the transaction is rolled back and each
//! closure runs again in a transaction of its own, so that no caller pays for another's error or panic. That
//! is rare; a savepoint around every closure would cost a tenth of the processor time of each write, since
//! SQLite copies each page before it changes it within a savepoint.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::checkpoint::Checkpoints;
use crate::commits::Commits;
use crate::error::Error;
use crate::files::{self, DatabaseFiles};
use crate::metrics::{BatchTimeline, WriteTimings, WriterMetrics};
use crate::pragmas;

/// The writes that may wait in the queue; the next caller gets [`Error::Overloaded`] at once. A waiting
/// caller is a blocked thread, so a server with fewer threads never gets there.
pub const MAX_QUEUED_WRITES: usize = 4096;
/// The writes that may share a transaction; the others stay in the queue.
pub const MAX_BATCH_WRITES: usize = 128;
/// A transaction takes no further write after this time: its callers wait for its end.
pub const MAX_BATCH_TIME: Duration = Duration::from_millis(20);

/// The callers' handle to the writer's thread.
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
    /// The queue refuses new writes; the writer still runs those that wait.
    stopping: bool,
}

/// A caller's closure on its way through the writer.
trait Work: Send {
    /// Runs the closure in a transaction and keeps its result.
    fn run(&mut self, connection: &Connection) -> Outcome;
    /// Sends the caller the result of the last run if the transaction was committed, else the error.
    fn answer(self: Box<Self>, committed: Result<(), Error>, timeline: BatchTimeline);
}

/// The writer's next step.
enum Next {
    Work(Box<dyn Work>),
    /// Nothing was queued in time.
    Idle,
    /// The queue is empty and the writer stops.
    Stop,
}

/// How a closure ended.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Outcome {
    Done,
    /// An error or a panic: its changes must be undone.
    Failed,
}

impl Writer {
    /// Starts the writer's thread.
    pub(crate) fn start(
        connection: Connection,
        mut checkpoints: Checkpoints,
        metrics: Arc<WriterMetrics>,
        commits: Arc<Commits>,
        mut files: DatabaseFiles,
    ) -> std::io::Result<Writer> {
        let state = State { waiting: VecDeque::new(), stopping: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), not_empty: Condvar::new() });
        let consumed = Arc::clone(&queue);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || {
            let consumer = Consumer(consumed);
            let queue = &consumer.0;
            loop {
                let next = queue.wait(files::CHECK_INTERVAL);
                let files_are_present = files.are_present(|| checkpoints.empty_wal(&connection));
                match next {
                    Next::Work(first) if files_are_present => {
                        write_batch(
                            &connection,
                            queue,
                            first,
                            Watch { metrics: &metrics, commits: &commits },
                        );
                        metrics.set_wal_pages(checkpoints.after_commit(&connection));
                        commits.look(); // A checkpoint can change the header, too.
                    }
                    Next::Work(first) => queue.refuse_all(first, &Error::FileReplaced),
                    Next::Idle => commits.look(),
                    Next::Stop => break,
                }
            }
            drop(checkpoints);
            connection
        })?;
        Ok(Writer { queue, thread })
    }

    /// Queues `work` and waits until it is committed or has failed.
    pub(crate) fn write<T, W>(&self, work: W) -> (Result<T, Error>, WriteTimings)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let called = Instant::now();
        let reply = Arc::new(Reply { result: Mutex::new(None), answered: Condvar::new() });
        let job = Box::new(Job { work, result: None, reply: Some(Arc::clone(&reply)) });
        match self.queue.push(job) {
            Ok(()) => {
                let (result, timeline) = reply.wait();
                (result, timeline.timings_since(called))
            }
            Err(error) => (Err(error), WriteTimings::default()),
        }
    }

    /// Queues `work` and returns.
    pub(crate) fn write_later<W>(&self, work: W) -> Result<(), Error>
    where
        W: Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        self.queue.push(Box::new(Job { work, result: None, reply: None }))
    }

    /// Refuses new writes; those that wait still run.
    pub(crate) fn close(&self) {
        self.queue.lock().stopping = true;
        self.queue.not_empty.notify_one();
    }

    /// Runs the writes that wait, then ends the thread and returns its connection.
    pub(crate) fn stop(self) -> Result<Connection, Error> {
        self.close();
        self.thread.join().map_err(|_| Error::Panicked)
    }

    /// The number of writes that wait.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.lock().waiting.len()
    }
}

/// The writer's hold on the queue. When it is dropped, also by a panic, no caller may wait any longer.
struct Consumer(Arc<Queue>);

impl Drop for Consumer {
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
        // Behind other writes the writer is awake, or about to be.
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

    /// Waits for the next write, for at most `timeout`.
    fn wait(&self, timeout: Duration) -> Next {
        let (mut state, _) = self
            .not_empty
            .wait_timeout_while(self.lock(), timeout, |state| state.waiting.is_empty() && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        match state.waiting.pop_front() {
            Some(work) => Next::Work(work),
            None if state.stopping => Next::Stop,
            None => Next::Idle,
        }
    }

    /// Answers `first` and all queued writes with `error`.
    fn refuse_all(&self, first: Box<dyn Work>, error: &Error) {
        let timeline = BatchTimeline::not_begun();
        first.answer(Err(error.duplicate()), timeline);
        self.take_all().into_iter().for_each(|work| work.answer(Err(error.duplicate()), timeline));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told of a commit.
#[derive(Clone, Copy)]
struct Watch<'w> {
    metrics: &'w WriterMetrics,
    commits: &'w Commits,
}

/// Runs `first` and the queued writes, up to the limits, in one transaction, commits it, and answers the
/// callers.
fn write_batch(connection: &Connection, queue: &Queue, first: Box<dyn Work>, watch: Watch) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        // Another process keeps the lock. The writes that queued meanwhile would each wait as long again.
        return queue.refuse_all(first, &error);
    }
    let began = Instant::now();
    let mut batch: Vec<Box<dyn Work>> = Vec::with_capacity(32);
    let mut next = Some(first);
    while let Some(mut work) = next {
        let outcome = work.run(connection);
        batch.push(work);
        if outcome == Outcome::Failed || connection.is_autocommit() {
            // SQLite itself rolls back after a full disk, an I/O error or a lack of memory.
            roll_back(connection);
            return batch.into_iter().for_each(|work| write_alone(connection, work, watch));
        }
        let has_room = batch.len() < MAX_BATCH_WRITES && began.elapsed() < MAX_BATCH_TIME;
        next = if has_room { queue.take() } else { None };
    }
    let timeline = BatchTimeline { began, work_done: Instant::now() };
    let committed = commit(connection, batch.len(), watch);
    for work in batch {
        let committed = match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(error.duplicate()),
        };
        work.answer(committed, timeline);
    }
}

/// Runs one write in a transaction of its own, after a shared transaction has failed.
fn write_alone(connection: &Connection, mut work: Box<dyn Work>, watch: Watch) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        return work.answer(Err(error), BatchTimeline::not_begun());
    }
    let began = Instant::now();
    let outcome = work.run(connection);
    let timeline = BatchTimeline { began, work_done: Instant::now() };
    let committed = if connection.is_autocommit() {
        Err(Error::TransactionLost)
    } else if outcome == Outcome::Failed {
        roll_back(connection);
        Ok(())
    } else {
        commit(connection, 1, watch)
    };
    work.answer(committed, timeline);
}

/// Commits and flushes a transaction of this many writes. A failed commit is rolled back, and overwritten in
/// the WAL before its callers are answered.
fn commit(connection: &Connection, writes: usize, Watch { metrics, commits }: Watch) -> Result<(), Error> {
    let began = Instant::now();
    commits.during(|| execute(connection, "COMMIT")).inspect_err(|error| {
        lorem_counted_log::error!("a commit failed: {error}");
        if error.is_flush_failure() {
            metrics.observe_failed_flush();
        }
        roll_back(connection);
        if let Err(error) = pragmas::overwrite_refused_commit(connection) {
            lorem_counted_log::error!(
                "a crash may make the failed commit permanent, since it was not overwritten: {error}"
            );
        }
    })?;
    metrics.observe_commit(writes, began.elapsed());
    Ok(())
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        lorem_counted_log::error!("a rollback failed: {error}");
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

/// [`Work`] of a caller with its types.
struct Job<T, W> {
    work: W,
    result: Option<Result<T, Error>>,
    /// `None` when the caller has its answer, or does not wait for one.
    reply: Option<Arc<Reply<T>>>,
}

/// Answers the caller of a job that is dropped.
impl<T, W> Drop for Job<T, W> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply.send(Err(Error::Closed), BatchTimeline::not_begun());
        }
    }
}

impl<T, W> Work for Job<T, W>
where
    T: Send,
    W: Fn(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> Outcome {
        // After a panic its changes are rolled back, and the closure owns all that it captured.
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)));
        let result = result.map_or(Err(Error::Panicked), |result| result.map_err(Error::from));
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
        self.result = Some(result);
        outcome
    }

    fn answer(mut self: Box<Self>, committed: Result<(), Error>, timeline: BatchTimeline) {
        let result = match (self.result.take(), committed) {
            // The closure's own error says more than the transaction's.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Closed),
        };
        match (self.reply.take(), result) {
            (Some(reply), result) => reply.send(result, timeline),
            (None, Err(error)) => lorem_counted_log::warn!("a background write failed: {error}"),
            (None, Ok(_)) => {}
        }
    }
}

/// The place where a caller waits for its result.
struct Reply<T> {
    result: Mutex<Option<(Result<T, Error>, BatchTimeline)>>,
    answered: Condvar,
}

impl<T> Reply<T> {
    fn send(&self, result: Result<T, Error>, timeline: BatchTimeline) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some((result, timeline));
        self.answered.notify_one();
    }

    fn wait(&self) -> (Result<T, Error>, BatchTimeline) {
        let mut result = self
            .answered
            .wait_while(self.result.lock().unwrap_or_else(PoisonError::into_inner), |result| result.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        result.take().unwrap_or_else(|| (Err(Error::Closed), BatchTimeline::not_begun()))
    }
}
