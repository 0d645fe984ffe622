//! The ten endpoints, and how much each is sent.

use crate::load::Much;

/// One of `POST /benchmarking/…`.
pub struct Endpoint {
    pub name: &'static str,
    pub destroys: Option<Destroys>,
}

/// How an endpoint that destroys is kept from being timed on an empty table: the number of calls is
/// bounded, and the database holds more than that.
pub struct Destroys {
    /// What a call removes one row of.
    pub table: &'static str,
    /// The most calls for each second that was asked for.
    calls: u64,
    /// Posts in the database, each with about ten comments, for each of these seconds.
    posts: u64,
}

/// In the order in which they are reported.
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
    /// What loads it for so many seconds. One that destroys gets a number of calls: as many as it would
    /// answer in that time at `rate`, the requests a second that it was seen to answer, but never more
    /// than its database can bear.
    pub fn much(&self, seconds: u64, rate: Option<f64>) -> Much {
        match &self.destroys {
            None => Much::Seconds(seconds),
            Some(destroys) => {
                let most = destroys.calls * seconds;
                Much::Calls(rate.map_or(most, |rate| (rate * seconds as f64) as u64).clamp(1, most))
            }
        }
    }

    /// The requests a second that one client gets answered at least, of an endpoint that destroys: a guess
    /// to begin with, which decides how long the first run is and nothing else.
    pub fn fewest_a_second(&self) -> Option<f64> {
        self.destroys.as_ref().map(|destroys| destroys.calls as f64 / 4.0)
    }

    /// Posts in the database that it is timed on; `None`: as many as the demo has.
    pub fn posts(&self, seconds: u64) -> Option<u64> {
        self.destroys.as_ref().map(|destroys| destroys.posts * seconds)
    }
}

/// The endpoint of this name, which is one of the ten.
pub fn named(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.name == name)
}

/// The endpoints of these names, in their own order; no name means all.
pub fn chosen(names: &[String]) -> Vec<&'static Endpoint> {
    ENDPOINTS
        .iter()
        .filter(|endpoint| names.is_empty() || names.iter().any(|name| name == endpoint.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(much: Much) -> Option<u64> {
        match much {
            Much::Calls(calls) => Some(calls),
            Much::Seconds(_) => None,
        }
    }

    #[test]
    fn no_rate_makes_an_endpoint_empty_its_table() {
        for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.destroys.is_some()) {
            for rate in [None, Some(0.0), Some(500.0), Some(1e9)] {
                let calls = calls(endpoint.much(3, rate)).expect("they are bounded");
                let posts = endpoint.posts(3).expect("it has a database of its own");
                let rows = if endpoint.name == "post_destroy" { posts } else { posts * 10 };
                assert!((1..rows).contains(&calls), "{}: {calls} calls, {rows} rows", endpoint.name);
            }
            assert_eq!(calls(endpoint.much(3, Some(500.0))), Some(1500));
        }
        assert_eq!(calls(ENDPOINTS[0].much(3, Some(500.0))), None);
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
