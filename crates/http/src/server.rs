//! Bind, accept, stop and drain.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rouille::{Request, Response};

use crate::connection::{self, Handler};
use crate::descriptors::affordable_connections;
use crate::limits::{DRAIN_TIMEOUT, LISTEN_BACKLOG, THREAD_STACK_BYTES};
use crate::options::Options;
use crate::overload::OverloadResponder;
use crate::shared::Shared;
use crate::socket::network;
use crate::stats::ServerStats;

/// Pause after a failed accept, in which the request of the latest connection can arrive: without it that
/// connection was often the one to be evicted.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(10);
/// Time for [`Stopper::stop`] to connect to its own listener. Beyond it the server stops at the next
/// connection.
const WAKE_TIMEOUT: Duration = Duration::from_secs(1);

/// A bound listener that does not serve yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// Stops a [`Server`] from another thread, from [`Server::stopper`]. All clones stop the same server.
#[derive(Clone)]
pub struct Stopper {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// How a [`Server::run`] ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because they had not finished within [`DRAIN_TIMEOUT`].
    pub aborted: usize,
}

impl Server {
    /// Binds `address` and listens. Port 0 lets the system choose, see [`Server::address`].
    ///
    /// Raises the process's soft limit of file descriptors as far as necessary and permitted, and lowers
    /// [`Limits::max_connections`](crate::Limits::max_connections) (with a warning in the log) if that is not
    /// enough. Sets `SO_REUSEADDR` on Unix, so that a restart does not wait for old connections.
    ///
    /// # Errors
    /// The system's: [`AddrInUse`](io::ErrorKind::AddrInUse),
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied),
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable), or that of resolving a name.
    pub fn bind(address: impl ToSocketAddrs, mut options: Options) -> io::Result<Server> {
        options.limits.max_connections = affordable_connections(options.limits.max_connections);
        // `TcpListener::bind` sets SO_REUSEADDR on Unix. Its backlog of 128 is too short for a burst of
        // clients; a second listen() on the socket sets a longer one.
        let listener = TcpListener::bind(address)?;
        socket2::SockRef::from(&listener).listen(LISTEN_BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Server { listener, address, shared: Arc::new(Shared::new(options)) })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle with which another thread stops this server.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { shared: Arc::clone(&self.shared), address: self.address }
    }

    /// A handle to this server's statistics.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        ServerStats { shared: Arc::clone(&self.shared) }
    }

    /// Serves until [`Stopper::stop`] is called, then drains: accepts the backlog, answers every request that
    /// was sent, and returns after [`DRAIN_TIMEOUT`] at the latest (one second later if connections had to be
    /// cut).
    ///
    /// Each connection has a thread, which calls `handler` for one request at a time. A request reaches it
    /// whole, with its body in memory and an `X-Request-Id` header (16 hexadecimal digits, unique in this
    /// process) that the access log also has. A panic in the handler is answered 500. `Response::upgrade` is
    /// ignored.
    ///
    /// The handler is dropped before this function returns, unless a connection that was cut is still in it.
    pub fn run<H>(self, handler: H) -> Drained
    where
        H: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        let handler: Arc<Handler> = Arc::new(handler);
        let overload = OverloadResponder::start();
        while !self.shared.is_stopping() {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(stream, peer, &handler, &overload),
                Err(error) => self.recover(&error),
            }
        }
        // A connection that was in the backlog when the stop began may have sent its request: it is served
        // too.
        if self.listener.set_nonblocking(true).is_ok() {
            for _ in 0..LISTEN_BACKLOG {
                match self.listener.accept() {
                    Ok((stream, peer)) if stream.set_nonblocking(false).is_ok() => {
                        self.admit(stream, peer, &handler, &overload);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    _ => {}
                }
            }
        }
        drop(self.listener);
        let aborted = self.shared.registry.drain(DRAIN_TIMEOUT);
        if aborted > 0 {
            log::warn!("stopped with {aborted} connections unfinished after {DRAIN_TIMEOUT:?}");
        }
        Drained { aborted }
    }

    /// Gives the new connection a slot and a thread, or passes it to the overload responder.
    fn admit(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        handler: &Arc<Handler>,
        overload: &OverloadResponder,
    ) {
        let slot = match self.shared.registry.admit(stream, self.limited_network(peer.ip())) {
            Ok(slot) => slot,
            Err(stream) => {
                lorem_counted_log::warn!("{peer} got 503: all connections are in a request");
                self.shared.rejected_connections.fetch_add(1, Ordering::Relaxed);
                return overload.reject(stream);
            }
        };
        let (shared, handler) = (Arc::clone(&self.shared), Arc::clone(handler));
        let client = slot.clone();
        let spawned = thread::Builder::new()
            .name("connection".into())
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || connection::serve(&shared, &client, peer, handler));
        if let Err(error) = spawned {
            lorem_counted_log::warn!("no thread for a connection: {error}");
            self.shared.rejected_connections.fetch_add(1, Ordering::Relaxed);
            self.shared.registry.leave(&slot);
            // The thread of an evicted connection ends, which makes one possible for the next connection.
            self.shared.registry.evict_longest_waiting();
            if let Some(slot) = Arc::into_inner(slot) {
                overload.reject(slot.stream);
            }
        }
    }

    /// The network to which the limit of connections per address applies: none for this machine and for proxies,
    /// behind which there are many clients.
    fn limited_network(&self, peer: IpAddr) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        let is_exempt = peer.is_loopback() || self.shared.options.trusts(peer);
        (!is_exempt).then(|| network(peer))
    }

    /// Keeps the server running after a failed accept. Without free file descriptors the error would repeat
    /// at once, so the connection that has waited longest for its client is closed.
    fn recover(&self, error: &io::Error) {
        lorem_counted_log::warn!("accept: {error}");
        if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) {
            thread::sleep(ACCEPT_RETRY_DELAY);
            self.shared.registry.evict_longest_waiting();
        }
    }
}

impl Stopper {
    /// Begins the stop and returns without waiting for its end. Further calls have no effect. A server that
    /// is stopped before it runs serves its backlog and returns.
    pub fn stop(&self) {
        if self.shared.stopping.swap(true, Ordering::SeqCst) {
            return;
        }
        self.shared.registry.stop(Instant::now());
        // accept() has no timeout: a connection from this thread wakes it.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        if let Err(error) = TcpStream::connect_timeout(&address, WAKE_TIMEOUT) {
            log::warn!("could not wake the accept loop: {error}");
        }
    }
}
