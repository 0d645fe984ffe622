//! A route's identity, below the table of routes that `routes` defines.

/// The index of a route in the table of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(pub usize);
