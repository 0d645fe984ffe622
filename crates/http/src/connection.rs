//! One connection, from accept to close.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rouille::{Request, Response, Upgrade};

use crate::delivery::{Disconnected, deliver};
use crate::forwarded::resolve_client;
use crate::limits::{
    LINGER_TIMEOUT, Limits, MAX_KEPT_BUFFER_BYTES, MAX_LINGER_BYTES, PROGRESS_BYTES, PROGRESS_INTERVAL,
};
use crate::loggable::loggable;
use crate::overload;
use crate::parser::body::BodyDecoder;
use crate::parser::error::RequestError;
use crate::parser::head::RequestHead;
use crate::parser::receive_buffer::ReceiveBuffer;
use crate::response::{self, ResponseOptions};
use crate::shared::Shared;
use crate::slot::{Slot, Wait};
use crate::stream::StreamSocket;

/// The shortest timeout of a read: the standard library refuses zero.
const MIN_READ_TIMEOUT: Duration = Duration::from_millis(1);
/// Pause between reads of a connection whose reading a stop has shut down.
const SHUT_DOWN_POLL_INTERVAL: Duration = Duration::from_millis(2);
/// The application.
pub(crate) type Handler = dyn Fn(&Request) -> Response + Send + Sync;

/// Serves the connection of `slot` until the client or the server ends it, then frees the slot.
pub(crate) fn serve(shared: &Arc<Shared>, slot: &Arc<Slot>, peer: SocketAddr, handler: Arc<Handler>) {
    // The slot is freed even after a panic, and only after `handler` is dropped: when the last slot is free,
    // the caller of `Server::run` must be the only owner of what the handler holds. Locals are dropped in
    // reverse.
    let _guard = SlotGuard { shared, slot };
    let handler = handler;
    let mut connection = Connection {
        shared,
        slot,
        peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()),
        received: ReceiveBuffer::default(),
        output: Vec::new(),
        read_timeout: Duration::ZERO,
        is_answered: false,
    };
    match connection.serve_requests(&*handler) {
        Ok(()) => {}
        Err(Disconnected::EvictedSender) => {
            lorem_counted_log::warn!(
                "{peer} sent a request's body too slowly: it got 503 to make room for others"
            );
        }
        Err(Disconnected::EvictedNewcomer) => {
            lorem_counted_log::warn!("{peer} sent a request too late: it got 503 to make room for others");
        }
        Err(Disconnected::EvictedReader) => {
            lorem_counted_log::warn!(
                "{peer} read its response too slowly: it was closed to make room for others"
            );
        }
        // The client's reset or silence, or a stop: no error of this program.
        Err(error) => log::debug!("{peer} disconnected: {error}"),
    }
}

/// Frees the slot when it is dropped.
struct SlotGuard<'s> {
    shared: &'s Shared,
    slot: &'s Slot,
}

impl Drop for SlotGuard<'_> {
    fn drop(&mut self) {
        self.shared.registry.leave(self.slot);
    }
}

/// The outcome of waiting for bytes.
enum Fill {
    Received(usize),
    Closed,
    TimedOut,
}

struct Connection<'s> {
    shared: &'s Arc<Shared>,
    slot: &'s Arc<Slot>,
    peer: SocketAddr,
    received: ReceiveBuffer,
    output: Vec<u8>,
    /// The socket's present read timeout, so that it is set only when it changes.
    read_timeout: Duration,
    /// Its client has received an answer before.
    is_answered: bool,
}

impl Connection<'_> {
    fn serve_requests(&mut self, handler: &Handler) -> Result<(), Disconnected> {
        let stream = &self.slot.stream;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PROGRESS_INTERVAL))?;
        while let Some(head) = self.next_head()? {
            let is_kept = match head {
                Ok(head) => self.answer(head, handler)?,
                Err(error) => self.refuse(error)?,
            };
            if !is_kept {
                return Ok(());
            }
            self.is_answered = true;
            self.shared.registry.set_waiting(self.slot);
        }
        Ok(())
    }

    /// Waits for a complete request head. `None`: the client closed, was idle too long, or was evicted.
    fn next_head(&mut self) -> Result<Option<Result<RequestHead, RequestError>>, Disconnected> {
        let mut deadline = None;
        loop {
            if let Some(head) = self.received.take_head() {
                if self.shared.registry.set_busy(self.slot) {
                    return Ok(Some(head));
                }
                return Err(self.turn_away(Disconnected::EvictedNewcomer));
            }
            let timeout = match deadline {
                None => self.shared.idle_timeout(),
                Some(deadline) => remaining(deadline),
            };
            match self.fill(timeout) {
                Fill::Received(_) => {
                    deadline = deadline.or_else(|| Some(Instant::now() + self.limits().head_timeout));
                }
                Fill::TimedOut if !self.received.is_empty() && self.shared.registry.set_busy(self.slot) => {
                    return Ok(Some(Err(RequestError::new(408, "the headers took too long"))));
                }
                // A client with an answer is idle, and sends its next request again. A new one may have sent its
                // first, and would have no answer to it.
                Fill::Closed | Fill::TimedOut
                    if self.slot.is_evicted() && (!self.is_answered || !self.received.is_empty()) =>
                {
                    return Err(self.turn_away(Disconnected::EvictedNewcomer));
                }
                Fill::Closed | Fill::TimedOut => return Ok(None),
            }
        }
    }

    /// Answers 503 to the client of an evicted connection. Returns `why`.
    fn turn_away(&self, why: Disconnected) -> Disconnected {
        self.shared.rejected_connections.fetch_add(1, Ordering::Relaxed);
        overload::answer(&self.slot.stream);
        why
    }

    /// Reads the body, runs the handler and writes its response. Returns whether the connection is kept.
    fn answer(&mut self, mut head: RequestHead, handler: &Handler) -> Result<bool, Disconnected> {
        let began = Instant::now();
        let body = match self.body(&head)? {
            Ok(body) => body,
            Err(error) => return self.refuse(error),
        };
        let id = format!("{:016x}", self.shared.request_id());
        let logged = log::log_enabled!(target: "access", log::Level::Info)
            .then(|| (head.method.clone(), head.target.clone()));
        let omit_body = head.method == "HEAD";
        let (client, is_secure) = resolve_client(self.peer, &self.shared.options, &mut head.headers);
        head.headers.push(("X-Request-Id".to_owned(), id.clone()));
        let request = if is_secure {
            Request::fake_https_from(client, head.method, head.target, head.headers, body)
        } else {
            Request::fake_http_from(client, head.method, head.target, head.headers, body)
        };
        // An application usually renders its own 500; this is for a handler that cannot.
        let mut response = catch_unwind(AssertUnwindSafe(|| handler(&request))).unwrap_or_else(|_| {
            log::error!("{id} the handler panicked");
            Response::text("Something went wrong\n").with_status_code(500)
        });
        let status = response.status_code;
        let stream = response.upgrade.take().filter(|_| !omit_body);
        let keep_alive =
            head.keep_alive && stream.is_none() && (!self.shared.is_stopping() || self.has_next());
        let options = ResponseOptions { omit_body, keep_alive, is_http_1_0: head.is_http_1_0 };
        let is_stream = stream.is_some();
        if !keep_alive && !is_stream {
            self.slot.is_ending.store(true, Ordering::Relaxed);
        }
        let sent = match stream {
            Some(stream) => self.stream(response, stream),
            None => self.send(response, options),
        };
        if let Some((method, target)) = logged {
            let bytes = sent.as_ref().map_or("gone".to_owned(), |bytes| format!("{bytes} B"));
            let (micros, target) = (began.elapsed().as_micros(), loggable(&target));
            log::info!(target: "access", "{id} {} {method} {target} {status} {bytes} {micros} µs", client.ip());
        }
        sent?;
        if !keep_alive && !is_stream && (head.keep_alive || !self.received.is_empty()) {
            // The client expects the connection to be kept, so it may be sending its next request.
            self.linger();
        }
        Ok(keep_alive)
    }

    /// Reads the request's body.
    fn body(&mut self, head: &RequestHead) -> Result<Result<Vec<u8>, RequestError>, Disconnected> {
        let body = self.receive_body(head)?;
        if self.shared.registry.set_busy(self.slot) {
            return Ok(body);
        }
        Err(self.turn_away(Disconnected::EvictedSender))
    }

    /// Waits for the body, after `100 Continue` if the client waits for that (RFC 9110 §10.1.1). A connection that
    /// was evicted meanwhile ends the wait with any result.
    fn receive_body(&mut self, head: &RequestHead) -> Result<Result<Vec<u8>, RequestError>, Disconnected> {
        let registry = &self.shared.registry;
        let mut decoder = BodyDecoder::new(head.framing);
        let deadline = Instant::now() + self.limits().body_timeout;
        let mut must_continue = head.expects_continue;
        let mut progress = 0;
        loop {
            if let Err(error) = self.received.take_body(&mut decoder) {
                return Ok(Err(error));
            }
            if decoder.is_complete() {
                return Ok(Ok(decoder.into_body()));
            }
            if must_continue {
                deliver(self.shared, self.slot, b"HTTP/1.1 100 Continue\r\n\r\n", 0)?;
                must_continue = false;
            }
            registry.begin_wait(self.slot, Wait::Body);
            let (status, reason) = match self.fill(remaining(deadline)) {
                Fill::Received(count) if !self.slot.is_evicted() => {
                    registry.hold(self.slot, count);
                    progress += count;
                    if progress >= PROGRESS_BYTES {
                        registry.set_progress(self.slot, Wait::Body);
                        progress = 0;
                    }
                    continue;
                }
                Fill::Closed | Fill::Received(_) => (400, "the body ended before its announced length"),
                Fill::TimedOut => (408, "the body took too long"),
            };
            return Ok(Err(RequestError::new(status, reason)));
        }
    }

    /// Whether more than this request has arrived: a request that was sent before the stop is answered.
    fn has_next(&mut self) -> bool {
        !self.received.is_empty()
            || self.set_read_timeout(MIN_READ_TIMEOUT).is_ok()
                && self.slot.stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0)
    }

    /// Answers with the error. Returns `false`, the connection is not kept: the beginning of the next request
    /// is unknown.
    fn refuse(&mut self, error: RequestError) -> Result<bool, Disconnected> {
        let RequestError { status, reason } = error;
        let id = self.shared.request_id();
        self.shared.malformed_requests.fetch_add(1, Ordering::Relaxed);
        log::info!(target: "access", "{id:016x} {} refused: {status} {reason}", self.peer.ip());
        let text = format!("{status} {}: {reason}\n", response::reason_phrase(status));
        let response = Response::text(text).with_status_code(status);
        self.send(response, ResponseOptions { omit_body: false, keep_alive: false, is_http_1_0: false })?;
        self.linger();
        Ok(false)
    }

    /// Writes the head of a stream, whose end is that of the connection, and lets `stream` write the rest. Returns the number
    /// of body bytes.
    fn stream(&mut self, head: Response, mut stream: Box<dyn Upgrade + Send>) -> Result<usize, Disconnected> {
        response::encode_stream(&mut self.output, &head)?;
        deliver(self.shared, self.slot, &self.output, self.output.capacity())?;
        self.output = Vec::new();
        let (socket, written) = StreamSocket::open(self.shared, self.slot);
        if catch_unwind(AssertUnwindSafe(|| stream.build(Box::new(socket)))).is_err() {
            log::error!("a stream panicked");
        }
        drop(stream);
        Ok(usize::try_from(written.load(Ordering::Relaxed)).unwrap_or(usize::MAX))
    }

    /// Writes head and body at once, if the system takes them at once. Returns the number of body bytes.
    fn send(&mut self, response: Response, options: ResponseOptions) -> Result<usize, Disconnected> {
        let bytes = response::encode(&mut self.output, response, options).inspect_err(|error| {
            lorem_counted_log::error!("the response's body could not be read: {error}");
        })?;
        deliver(self.shared, self.slot, &self.output, self.output.capacity())?;
        if self.output.capacity() > MAX_KEPT_BUFFER_BYTES {
            self.output = Vec::new();
        }
        Ok(bytes)
    }

    /// Reads the bytes that have arrived, or waits for some, at most `timeout`. With a timeout of zero
    /// nothing is read, so that a client that sends without a pause meets its deadline too.
    fn fill(&mut self, timeout: Duration) -> Fill {
        if timeout.is_zero() {
            return Fill::TimedOut;
        }
        loop {
            let grace = self.shared.registry.drain_grace(self.slot);
            let timeout = grace.map_or(timeout, |grace| timeout.min(grace));
            if self.set_read_timeout(timeout.max(MIN_READ_TIMEOUT)).is_err() {
                return Fill::Closed;
            }
            match (&self.slot.stream).read(self.received.space()) {
                // Either the client has closed, or a stop has shut down the reading, perhaps during this
                // read. In the second case bytes that arrive can still be read.
                Ok(0)
                    if self.shared.registry.drain_grace(self.slot).is_some_and(|grace| !grace.is_zero()) =>
                {
                    thread::sleep(SHUT_DOWN_POLL_INTERVAL);
                }
                Ok(0) => return Fill::Closed,
                Ok(count) => {
                    self.received.advance(count);
                    return Fill::Received(count);
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Fill::TimedOut,
                    _ => return Fill::Closed,
                },
            }
        }
    }

    fn limits(&self) -> &Limits {
        &self.shared.options.limits
    }

    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        if self.read_timeout != timeout {
            self.slot.stream.set_read_timeout(Some(timeout))?;
            self.read_timeout = timeout;
        }
        Ok(())
    }

    /// Ends the server's side, then reads and discards what the client still sends, see [`LINGER_TIMEOUT`].
    fn linger(&mut self) {
        self.shared.registry.set_waiting(self.slot);
        let deadline = Instant::now() + LINGER_TIMEOUT;
        let mut allowed = MAX_LINGER_BYTES;
        if self.slot.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        while !remaining(deadline).is_zero() && self.set_read_timeout(remaining(deadline)).is_ok() {
            self.received.clear();
            match (&self.slot.stream).read(self.received.space()) {
                Ok(count) if count > 0 && count < allowed => allowed -= count,
                _ => return,
            }
        }
    }
}

/// The time until `deadline`; zero when it has passed.
fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
