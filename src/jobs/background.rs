//! A thread that runs beside the requests until its handle is dropped.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The handle of a thread. Dropping it asks the thread to stop, and waits until it has.
pub(super) struct BackgroundThread {
    name: &'static str,
    /// Dropping it stops the thread; nothing is ever sent.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a thread learns of the stop.
pub(super) struct StopRequest(Receiver<()>);

impl BackgroundThread {
    /// Starts a thread. If that fails, the error is logged and the site runs on without it.
    pub(super) fn start(
        name: &'static str,
        work: impl FnOnce(&StopRequest) + Send + 'static,
    ) -> BackgroundThread {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name(name.into()).spawn(move || work(&StopRequest(stopped)));
        if let Err(error) = &thread {
            log::error!("cannot start the thread {name}: {error}");
        }
        BackgroundThread { name, stop: Some(stop), thread: thread.ok() }
    }
}

impl StopRequest {
    /// Waits for `pause`. Returns `true` as soon as the thread is to stop.
    pub(super) fn within(&self, pause: Duration) -> bool {
        self.0.recv_timeout(pause) != Err(RecvTimeoutError::Timeout)
    }
}

impl Drop for BackgroundThread {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the thread {} panicked", self.name);
        }
    }
}
