//! The route of a request, as far as those need it that only count.

/// The place of a route in the table of routes, which is in `routes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(pub usize);
