//! Names to addresses that may be connected to. ureq connects to the addresses that it gets here, and asks again for each redirect.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::AddressPolicy;

/// The most look-ups at once. The system's resolver cannot be stopped, and a name server that does not answer holds a thread for
/// longer than anybody waits. Beyond it names are refused.
const MAX_LOOK_UPS: usize = 8;
/// The most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Resolves names, and leaves out what the policy does not permit.
#[derive(Debug)]
pub(super) struct Checked {
    policy: AddressPolicy,
    under_way: Arc<AtomicUsize>,
}

/// A look-up under way.
struct LookUp(Arc<AtomicUsize>);

impl Drop for LookUp {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Checked {
    pub(super) fn new(policy: AddressPolicy) -> Checked {
        Checked { policy, under_way: Arc::default() }
    }

    /// Those of the addresses that may be connected to.
    fn permitted(&self, found: impl IntoIterator<Item = SocketAddr>) -> Result<ResolvedSocketAddrs, Error> {
        let mut permitted = self.empty();
        let found = found.into_iter().filter(|address| self.policy.permits(*address));
        found.take(MAX_ADDRESSES).for_each(|address| permitted.push(address));
        if permitted.is_empty() { Err(Error::HostNotFound) } else { Ok(permitted) }
    }

    fn begin(&self) -> Option<LookUp> {
        let look_up = LookUp(Arc::clone(&self.under_way)); // It counts from here on, also where it is refused.
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        (before < MAX_LOOK_UPS).then_some(look_up)
    }
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(Error::HostNotFound)?;
        let name = DefaultResolver::host_and_port(scheme, authority).ok_or(Error::HostNotFound)?;
        let port = name.rsplit(':').next().and_then(|port| port.parse().ok());
        if let (true, Some(port)) = (is_local(authority.host()), port) {
            return self.permitted([SocketAddr::from(([127, 0, 0, 1], port))]);
        }
        let look_up = self.begin().ok_or(Error::HostNotFound)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let work = move || {
            let found = name.to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
            drop(look_up);
            let _ = sender.send(found); // Nobody may wait any more.
        };
        thread::Builder::new().name("title-name".into()).spawn(work)?;
        let found = receiver.recv_timeout(*timeout.after).map_err(|_| Error::Timeout(timeout.reason))??;
        self.permitted(found)
    }
}

/// Whether a name is of this machine: it is asked of no name server (RFC 6761, 6.3).
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}
