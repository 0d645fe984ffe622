//! The macros of the table of routes.

/// The table of routes: a path's segments (a name stands for any segment) and a handler for each method, with
/// the rate limit of a change. It expands to a `match`, to the list of patterns, by which the metrics name the
/// routes, and to the list of methods.
macro_rules! routes {
    ($cx:ident, $($([$($part:tt),+])|+ $(if $guard:expr)? => {
        $($method:ident $([$($limit:tt)+])? => $handler:expr),+
    })+) => {
        /// The pattern of each route, such as `/posts/:id`; of a route with several paths the first.
        const PATTERNS: &[&str] = &[$(pattern!($([$($part)+])+)),+];

        /// The methods of each route, with what limits those that change something.
        const METHODS: &[&[(&str, Option<Limited>)]] =
            &[$(&[$((stringify!($method), limited!($method $([$($limit)+])?))),+]),+];

        /// Finds the handler and runs it.
        fn dispatch($cx: &Cx, segments: &[&str]) -> Result {
            match *segments {
                $($([$($part),+])|+ $(if $guard)? => {
                    const ROUTE: Route = named(pattern!($([$($part)+])+));
                    $cx.route.set(Some(ROUTE));
                    on!($cx, $($method => $handler),+)
                })+
                _ => Err(Error::NotFound),
            }
        }
    };
}

/// A method that changes something names its rate limit, or the reason for which it has none.
macro_rules! limited {
    (GET) => {
        None
    };
    (GET $limit:tt) => {
        compile_error!("a GET changes nothing")
    };
    ($method:ident [none $reason:literal]) => {
        Some(Limited::Not($reason))
    };
    ($method:ident [$key:ident]) => {
        Some(Limited::By(RateLimit::$key))
    };
    ($method:ident) => {
        compile_error!("a change names its rate limit: METHOD [Changes] => …, or [none \"a reason\"]")
    };
}

macro_rules! pattern {
    ([$($part:tt)+] $($others:tt)*) => { concat!($("/", pattern!(@part $part)),+) };
    (@part $literal:literal) => { $literal };
    (@part $name:ident) => { concat!(":", stringify!($name)) };
}

/// Runs the handler for the request's method, else returns 405 with the methods that the path has.
macro_rules! on {
    ($cx:ident, $($method:ident => $handler:expr),+) => {
        match $cx.method() {
            $(stringify!($method) => $handler,)+
            _ => Err(Error::MethodNotAllowed(on!(@allow $($method)+))),
        }
    };
    (@allow GET) => { "GET, HEAD" };
    (@allow $method:ident) => { stringify!($method) };
    (@allow $first:ident $($rest:ident)+) => { concat!(on!(@allow $first), $(", ", on!(@allow $rest)),+) };
}
