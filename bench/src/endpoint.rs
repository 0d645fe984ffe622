//! The ten benchmarking endpoints, and how much load each gets.

use crate::load::Amount;

/// One of `POST /benchmarking/…`.
pub struct Endpoint {
    pub name: &'static str,
    pub destroys: Option<Destroys>,
}

/// The bounds that keep an endpoint that destroys rows from emptying its table: the number of calls is limited, and
/// the database has more rows than that.
pub struct Destroys {
    /// The table of which a call removes one row.
    pub table: &'static str,
    /// The most calls per second of load.
    calls: u64,
    /// Posts in the database per second of load, each with about ten comments.
    posts: u64,
}

/// All endpoints, in the order in which they are reported.
pub const ENDPOINTS: [Endpoint; 10] = [
    endpoint("read_heavy"),
    endpoint("write_heavy"),
    endpoint("balanced"),
    endpoint("post_create"),
    endpoint("comment_create"),
    Endpoint {
        name: "post_destroy",
        destroys: Some(Destroys { table: "posts", calls: 2_000, posts: 3_000 }),
    },
    Endpoint {
        name: "comment_destroy",
        destroys: Some(Destroys { table: "comments", calls: 6_000, posts: 1_000 }),
    },
    endpoint("post_show"),
    endpoint("posts_index"),
    endpoint("user_show"),
];

const fn endpoint(name: &'static str) -> Endpoint {
    Endpoint { name, destroys: None }
}

impl Endpoint {
    /// The load for `seconds`. An endpoint that destroys rows gets a number of calls: as many as it answers in that
    /// time at `throughput` (requests per second), but never more than its database has rows for.
    pub fn amount(&self, seconds: u64, throughput: Option<f64>) -> Amount {
        match &self.destroys {
            None => Amount::Seconds(seconds),
            Some(destroys) => {
                let most = destroys.calls * seconds;
                let expected = throughput.map_or(most, |throughput| (throughput * seconds as f64) as u64);
                Amount::Requests(expected.clamp(1, most))
            }
        }
    }

    /// A first guess of the requests per second that one client gets from an endpoint that destroys rows. It decides
    /// how long the first measurement takes and nothing else.
    pub fn initial_throughput(&self) -> Option<f64> {
        self.destroys.as_ref().map(|destroys| destroys.calls as f64 / 4.0)
    }

    /// Posts in the database that it is measured on; `None`: the number that a demo has.
    pub fn posts(&self, seconds: u64) -> Option<u64> {
        self.destroys.as_ref().map(|destroys| destroys.posts * seconds)
    }
}

/// The names of all endpoints.
pub fn names() -> [&'static str; ENDPOINTS.len()] {
    ENDPOINTS.map(|endpoint| endpoint.name)
}

/// The endpoint of this name.
pub fn named(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.name == name)
}

/// The endpoints of these names, in the order of [`ENDPOINTS`]; all of them without a name.
pub fn chosen(names: &[String]) -> Vec<&'static Endpoint> {
    ENDPOINTS
        .iter()
        .filter(|endpoint| names.is_empty() || names.iter().any(|name| name == endpoint.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(amount: Amount) -> Option<u64> {
        match amount {
            Amount::Requests(requests) => Some(requests),
            Amount::Seconds(_) => None,
        }
    }

    #[test]
    fn no_throughput_makes_an_endpoint_empty_its_table() {
        for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.destroys.is_some()) {
            for throughput in [None, Some(0.0), Some(500.0), Some(1e9)] {
                let calls = requests(endpoint.amount(3, throughput)).expect("they are bounded");
                let posts = endpoint.posts(3).expect("it has a database of its own");
                let rows = if endpoint.name == "post_destroy" { posts } else { posts * 10 };
                assert!((1..rows).contains(&calls), "{}: {calls} calls, {rows} rows", endpoint.name);
            }
            assert_eq!(requests(endpoint.amount(3, Some(500.0))), Some(1500));
        }
        assert_eq!(requests(ENDPOINTS[0].amount(3, Some(500.0))), None);
    }

    #[test]
    fn chosen_endpoints_keep_their_order() {
        let names = |names: &[&str]| -> Vec<&str> {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            chosen(&names).iter().map(|endpoint| endpoint.name).collect()
        };
        assert_eq!(names(&["user_show", "balanced"]), ["balanced", "user_show"]);
        assert_eq!(names(&[]).len(), ENDPOINTS.len());
    }
}
