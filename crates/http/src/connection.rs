//! One client from accept to close.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rouille::{Request, Response};

use crate::body::Decoder;
use crate::limits::{self, Limits};
use crate::received::Received;
use crate::registry::Slot;
use crate::request::{Head, Refusal};
use crate::response::{self, Shape};
use crate::shared::Shared;

/// What a server serves.
pub(super) type Handler = dyn Fn(&Request) -> Response + Send + Sync;

/// Serves the client of `slot` until one of the two has had enough, then gives the slot back.
pub(super) fn serve(shared: &Shared, slot: &Slot, peer: SocketAddr, handler: Arc<Handler>) {
    // Whatever happens the slot comes free, and only after the handler was let go: whoever waits for
    // the last slot may want to be the handler's only owner.
    let _leaves = Leaves { shared, slot };
    let handler = handler;
    let mut connection = Connection {
        shared,
        slot,
        peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()),
        received: Received::default(),
        output: Vec::new(),
        read_timeout: Duration::ZERO,
    };
    // What ends a connection is the client's doing (reset, silence) or a stop: nobody's error.
    if let Err(Gone) = connection.converse(&*handler) {
        log::debug!("{peer} is gone");
    }
}

/// Gives the slot back when it is dropped.
struct Leaves<'s> {
    shared: &'s Shared,
    slot: &'s Slot,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.shared.registry.leave(self.slot);
    }
}

/// The client can no longer be read from or written to.
struct Gone;

impl From<std::io::Error> for Gone {
    fn from(_: std::io::Error) -> Gone {
        Gone
    }
}

/// What came of waiting for bytes.
enum Fill {
    Bytes,
    Closed,
    TimedOut,
}

struct Connection<'s> {
    shared: &'s Shared,
    slot: &'s Slot,
    peer: SocketAddr,
    received: Received,
    output: Vec<u8>,
    /// As the socket has it now, to set it only when it changes.
    read_timeout: Duration,
}

impl Connection<'_> {
    fn converse(&mut self, handler: &Handler) -> Result<(), Gone> {
        let stream = &self.slot.stream;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(limits::WRITE_TIME))?;
        while let Some(head) = self.next_head()? {
            let kept = match head {
                Ok(head) => self.answer(head, handler)?,
                Err(refusal) => self.refuse(refusal)?,
            };
            if !kept {
                return Ok(());
            }
            self.shared.registry.set_waiting(self.slot);
        }
        Ok(())
    }

    /// Waits for a whole request head. `None`: the client closed, was idle too long, or had to go.
    fn next_head(&mut self) -> Result<Option<Result<Head, Refusal>>, Gone> {
        let mut deadline = None;
        loop {
            if let Some(head) = self.received.take_head() {
                return Ok(self.shared.registry.set_busy(self.slot).then_some(head));
            }
            let patience = match deadline {
                None => self.shared.idle_time(),
                Some(deadline) => left(deadline),
            };
            match self.fill(patience) {
                Fill::Bytes => deadline = deadline.or_else(|| Some(Instant::now() + self.limits().head_time)),
                Fill::TimedOut if !self.received.is_empty() && self.shared.registry.set_busy(self.slot) => {
                    return Ok(Some(Err(Refusal(408, "the headers took too long"))));
                }
                Fill::Closed | Fill::TimedOut => return Ok(None),
            }
        }
    }

    /// Reads the body, runs the handler and writes its response. `false`: the connection is over.
    fn answer(&mut self, mut head: Head, handler: &Handler) -> Result<bool, Gone> {
        let began = Instant::now();
        let body = match self.body(&head)? {
            Ok(body) => body,
            Err(refusal) => return self.refuse(refusal),
        };
        let id = format!("{:016x}", self.shared.request_id());
        let log = log::log_enabled!(target: "access", log::Level::Info)
            .then(|| (head.method.clone(), head.target.clone()));
        let without_body = head.method == "HEAD";
        let (client, secure) = self.origin(&mut head.headers);
        head.headers.push(("X-Request-Id".to_owned(), id.clone()));
        let request = if secure {
            Request::fake_https_from(client, head.method, head.target, head.headers, body)
        } else {
            Request::fake_http_from(client, head.method, head.target, head.headers, body)
        };
        // The application renders its own 500; this is for a handler that cannot even do that.
        let response = catch_unwind(AssertUnwindSafe(|| handler(&request))).unwrap_or_else(|_| {
            log::error!("{id} the handler panicked");
            Response::text("Something went wrong\n").with_status_code(500)
        });
        let status = response.status_code;
        let keep_alive = head.keep_alive && (!self.shared.is_stopping() || self.has_next());
        let shape = Shape { without_body, keep_alive, is_http_1_0: head.is_http_1_0 };
        let sent = self.send(response, shape);
        if let Some((method, target)) = log {
            let bytes = sent.as_ref().map_or("gone".to_owned(), |bytes| format!("{bytes} B"));
            let (micros, target) = (began.elapsed().as_micros(), target.escape_default());
            log::info!(target: "access", "{id} {} {method} {target} {status} {bytes} {micros} µs", client.ip());
        }
        sent?;
        if !keep_alive && (head.keep_alive || !self.received.is_empty()) {
            // The client did not expect the end, so it may be sending already.
            self.linger();
        }
        Ok(keep_alive)
    }

    /// The request's body, after `100 Continue` where the client waits for it.
    fn body(&mut self, head: &Head) -> Result<Result<Vec<u8>, Refusal>, Gone> {
        let mut decoder = Decoder::new(head.framing);
        let deadline = Instant::now() + self.limits().body_time;
        let mut invited = !head.expects_continue;
        loop {
            if let Err(refusal) = self.received.take_body(&mut decoder) {
                return Ok(Err(refusal));
            }
            if decoder.is_whole() {
                let kept = self.shared.registry.set_busy(self.slot);
                return if kept { Ok(Ok(decoder.into_body())) } else { Err(Gone) };
            }
            self.shared.registry.set_receiving(self.slot);
            if !invited {
                (&self.slot.stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                invited = true;
            }
            match self.fill(left(deadline)) {
                Fill::Bytes => {}
                Fill::TimedOut => return Ok(Err(Refusal(408, "the body took too long"))),
                Fill::Closed => return Ok(Err(Refusal(400, "the body ended before its announced length"))),
            }
        }
    }

    /// Who asks, and whether over TLS: what a trusted proxy says of it, else the peer itself. What
    /// anybody else claims is removed, so that no handler can be fooled by it.
    fn origin(&self, headers: &mut Vec<(String, String)>) -> (SocketAddr, bool) {
        let proxies = &self.shared.options.trusted_proxies;
        let named = |headers: &[(String, String)], name: &str| {
            headers
                .iter()
                .rev()
                .find(|header| header.0.eq_ignore_ascii_case(name))
                .map(|header| header.1.clone())
        };
        let mut client = self.peer;
        let mut secure = false;
        if proxies.contains(&self.peer.ip()) {
            // Each proxy appends the peer it saw: the last one that is not a proxy of ours is the client.
            let chain = named(headers, "X-Forwarded-For").unwrap_or_default();
            let hops = chain.rsplit(',').map_while(|hop| hop.trim().parse::<IpAddr>().ok());
            if let Some(address) = hops.into_iter().find(|hop| !proxies.contains(hop)) {
                client = SocketAddr::new(address, 0);
            }
            secure =
                named(headers, "X-Forwarded-Proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        }
        headers.retain(|(name, _)| {
            let is_long = name.len() >= 12;
            if is_long && is_forwarded(name) {
                client.set_port(0); // It is not the peer who asks, or not for itself.
                return false;
            }
            !(is_long && name.eq_ignore_ascii_case("x-request-id"))
        });
        (client, secure)
    }

    /// More than this request has arrived: it was sent ahead, and a stop does not break the promise.
    fn has_next(&mut self) -> bool {
        !self.received.is_empty()
            || self.set_read_timeout(Duration::from_millis(1)).is_ok()
                && self.slot.stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0)
    }

    /// Says why the request is not served; the connection ends, since where the next request would
    /// begin is not known.
    fn refuse(&mut self, Refusal(status, why): Refusal) -> Result<bool, Gone> {
        let id = self.shared.request_id();
        self.shared.malformed.fetch_add(1, Ordering::Relaxed);
        log::info!(target: "access", "{id:016x} {} refused: {status} {why}", self.peer.ip());
        let text = format!("{status} {}: {why}\n", response::reason(status));
        let response = Response::text(text).with_status_code(status);
        self.send(response, Shape { without_body: false, keep_alive: false, is_http_1_0: false })?;
        self.linger();
        Ok(false)
    }

    /// One write for head and body, unless the client is too slow to take it at once.
    fn send(&mut self, response: Response, shape: Shape) -> Result<usize, Gone> {
        let bytes = response::write(&mut self.output, response, shape).inspect_err(|error| {
            log::error!("the response's body could not be read: {error}");
        })?;
        let deadline = Instant::now() + limits::RESPONSE_TIME;
        let mut rest = &self.output[..];
        while !rest.is_empty() {
            match (&self.slot.stream).write(rest) {
                Ok(0) => return Err(Gone),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Gone),
            }
            if !rest.is_empty() && left(deadline).is_zero() {
                return Err(Gone);
            }
        }
        if self.output.capacity() > limits::KEPT_BUFFER {
            self.output = Vec::new();
        }
        Ok(bytes)
    }

    /// Reads what is there, or waits for it as long as `patience` lasts. With none left nothing is
    /// read: who sends without a pause must keep to the time as well.
    fn fill(&mut self, patience: Duration) -> Fill {
        if patience.is_zero() {
            return Fill::TimedOut;
        }
        loop {
            // While the server stops, a connection is heard out only for a moment.
            let grace = self.shared.registry.grace(self.slot);
            let patience = grace.map_or(patience, |grace| patience.min(grace));
            if self.set_read_timeout(patience.max(Duration::from_millis(1))).is_err() {
                return Fill::Closed;
            }
            match (&self.slot.stream).read(self.received.space()) {
                // The end of the stream, or that of our own reading when the stop began, perhaps
                // during this very read: then what arrives meanwhile can still be read.
                Ok(0) if self.shared.registry.grace(self.slot).is_some_and(|grace| !grace.is_zero()) => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok(0) => return Fill::Closed,
                Ok(read) => {
                    self.received.add(read);
                    return Fill::Bytes;
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

    fn set_read_timeout(&mut self, timeout: Duration) -> std::io::Result<()> {
        if self.read_timeout != timeout {
            self.slot.stream.set_read_timeout(Some(timeout))?;
            self.read_timeout = timeout;
        }
        Ok(())
    }

    /// Ends our side and reads over what the client still sends, see [`limits::LINGER`].
    fn linger(&mut self) {
        self.shared.registry.set_waiting(self.slot);
        let deadline = Instant::now() + limits::LINGER;
        let mut allowed = limits::LINGER_BYTES;
        if self.slot.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        while !left(deadline).is_zero() && self.set_read_timeout(left(deadline)).is_ok() {
            self.received.clear();
            match (&self.slot.stream).read(self.received.space()) {
                Ok(read) if read > 0 && read < allowed => allowed -= read,
                _ => return,
            }
        }
    }
}

fn is_forwarded(name: &str) -> bool {
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// How long until `deadline`; zero when it has passed.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
