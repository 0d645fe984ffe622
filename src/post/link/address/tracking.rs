//! Query parameters that only say where a reader comes from.

/// Parameters that no site uses for anything else: the click identifiers of advertisers and mailings.
const EVERYWHERE: [&str; 12] = [
    "gclid", "fbclid", "dclid", "msclkid", "yclid", "twclid", "igshid", "mc_cid", "mc_eid", "mkt_tok",
    "_hsenc", "_hsmi",
];

/// Parameters that track on some hosts and their subdomains, and choose the document on others: `ref` is a
/// branch on many code hosts, `si` and `pp` are a search's page.
const BY_HOST: [(&str, &[&str]); 14] = [
    ("youtube.com", &["si", "pp", "feature", "ab_channel"]),
    ("youtu.be", &["si", "pp", "feature"]),
    ("spotify.com", &["si"]),
    ("soundcloud.com", &["si"]),
    ("medium.com", &["sk", "source"]),
    ("linkedin.com", &["trk", "trackingid"]),
    ("producthunt.com", &["ref"]),
    ("kickstarter.com", &["ref"]),
    ("indiegogo.com", &["ref"]),
    ("etsy.com", &["ref"]),
    ("goodreads.com", &["ref"]),
    ("imdb.com", &["ref_"]),
    ("facebook.com", &["ref", "fref"]),
    ("microsoft.com", &["linkid"]),
];

/// Shops of Amazon, by their host's first label.
const AMAZON: [&str; 4] = ["ref", "ref_", "linkid", "linkcode"];

/// Whether a pair of a query string only says where the reader comes from.
pub(super) fn is_tracking(host: &str, pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let is_of =
        |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.starts_with("utm_")
        || EVERYWHERE.contains(&&*name)
        || BY_HOST.iter().any(|(known, names)| is_of(known) && names.contains(&&*name))
        || host.starts_with("amazon.") && AMAZON.contains(&&*name)
}
