//! Rules of the source that the compiler does not check. The program is neither built nor started for them.

#![allow(clippy::unwrap_used, missing_docs)]

mod documents;
mod graph;
mod layers;
mod tidy;
