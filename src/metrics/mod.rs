//! What is counted while the site runs, and how it is told to Prometheus.
//!
//! Who has something to count keeps the numbers with what they are about, in plain atomics: `db` those of the
//! writer, `server` those of connections, [`requests`] those of answers. To count is an addition or three, without
//! a lock, an allocation or a text; all that costs more is done when somebody asks ([`handlers`], [`text`]).

pub mod requests;
pub mod text;

pub use lorem_store::histogram::{DURATION_BOUNDS, Histogram};
