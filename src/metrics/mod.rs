//! Metrics of a running site, for Prometheus.
//!
//! Each counter is a plain atomic next to the code that it counts: the store has those of the writer, the server
//! those of connections, [`requests`] those of answers. An observation is a few additions, without a lock, an
//! allocation or formatting. The exposition is written only when a client requests the page
//! (`monitoring/handlers.rs`), in the format of [`exposition`].

pub mod exposition;
pub mod requests;

pub use lorem_store::histogram::{DURATION_BOUNDS, Histogram};
