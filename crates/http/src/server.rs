//! Accept and drain.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rouille::{Request, Response};

use crate::connection;
use crate::limits;
use crate::load::Load;
use crate::options::Options;
use crate::refuse::Refuser;
use crate::registry::Registry;
use crate::shared::Shared;

/// A bound listener that has not begun to serve.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// Asks a running [`Server`] to stop: it accepts no more, answers what was sent, and returns.
#[derive(Clone)]
pub struct Stopper {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// How the end of [`Server::run`] went.
#[derive(Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because they had not finished within [`limits::DRAIN`].
    pub cut: usize,
}

impl Server {
    /// Binds `address` (with `SO_REUSEADDR`, so that a restart does not wait for old connections).
    ///
    /// # Errors
    /// The operating system's: in use, not permitted, or no such address.
    pub fn bind(address: impl ToSocketAddrs, options: Options) -> io::Result<Server> {
        let mut options = options;
        options.limits.connections = limits::affordable(options.limits.connections);
        // On Unix `TcpListener::bind` sets SO_REUSEADDR itself; its backlog of 128 is too short for
        // a burst of clients, and a second listen() on the socket sets a longer one.
        let listener = TcpListener::bind(address)?;
        socket2::SockRef::from(&listener).listen(limits::BACKLOG)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            registry: Registry::new(options.limits.connections),
            options,
            stopping: AtomicBool::new(false),
            next_request: AtomicU64::new(rand::random::<u64>() & !0xffff_ffff),
            turned_away: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
        });
        Ok(Server { listener, address, shared })
    }

    /// The address that was bound, with the port that the system chose if 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle with which another thread stops this server.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { shared: Arc::clone(&self.shared), address: self.address }
    }

    /// A look at how busy this server is.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { shared: Arc::clone(&self.shared) }
    }

    /// Serves until the [`Stopper`] is used, then drains and returns.
    pub fn run<H>(self, handler: H) -> Drained
    where
        H: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        let handler: Arc<connection::Handler> = Arc::new(handler);
        let refuser = Refuser::start();
        while !self.shared.is_stopping() {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(stream, peer, &handler, &refuser),
                Err(error) => self.survive(&error),
            }
        }
        // What was in the backlog when the stop came has perhaps sent its request: it is served too.
        if self.listener.set_nonblocking(true).is_ok() {
            for _ in 0..limits::BACKLOG {
                match self.listener.accept() {
                    Ok((stream, peer)) if stream.set_nonblocking(false).is_ok() => {
                        self.admit(stream, peer, &handler, &refuser);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    _ => {}
                }
            }
        }
        drop(self.listener);
        let cut = self.shared.registry.drain(limits::DRAIN);
        if cut > 0 {
            log::warn!("stopped with {cut} connections unfinished after {:?}", limits::DRAIN);
        }
        Drained { cut }
    }

    /// Gives the newcomer a slot and a thread, or an answer that says there is none.
    fn admit(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        handler: &Arc<connection::Handler>,
        refuser: &Refuser,
    ) {
        let slot = match self.shared.registry.admit(stream) {
            Ok(slot) => slot,
            Err(stream) => {
                self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
                return refuser.refuse(stream);
            }
        };
        let (shared, handler) = (Arc::clone(&self.shared), Arc::clone(handler));
        let client = slot.clone();
        let spawned = thread::Builder::new()
            .name("connection".into())
            .stack_size(limits::STACK)
            .spawn(move || connection::serve(&shared, &client, peer, handler));
        if let Err(error) = spawned {
            log::error!("no thread for a connection: {error}");
            self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
            self.shared.registry.leave(&slot);
            // As with no descriptors: who does nothing makes room for the next.
            self.shared.registry.evict_longest_waiting();
            if let Some(slot) = Arc::into_inner(slot) {
                refuser.refuse(slot.stream);
            }
        }
    }

    /// An accept error is the newcomer's loss, not the server's end. With no descriptors left the
    /// same error would come at once again, so one connection that is doing nothing is closed: after a
    /// moment, since it may be that of who came last, whose request is on its way.
    fn survive(&self, error: &io::Error) {
        log::warn!("accept: {error}");
        if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) {
            thread::sleep(Duration::from_millis(10));
            self.shared.registry.evict_longest_waiting();
        }
    }
}

impl Stopper {
    /// Begins the stop; returns at once. Calling it again changes nothing.
    pub fn stop(&self) {
        if self.shared.stopping.swap(true, Ordering::SeqCst) {
            return;
        }
        self.shared.registry.stop(Instant::now());
        // accept() has no time-out: a connection of our own wakes it.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        if let Err(error) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
            log::warn!("waking the accept loop: {error}");
        }
    }
}
