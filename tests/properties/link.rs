//! An accepted link leads to a named host by http or https, and equal URLs have one address.

use lorem_news::post::link::site::{self, MAX_SITE_CHARS};
use lorem_news::post::link::{self, MAX_BYTES, NewLink};
use url::{Host, Url};

/// Hosts with rules of their own.
const SITES: [&str; 6] = ["example.com", "youtu.be", "youtube.com", "x.com", "arxiv.org", "rfc-editor.org"];

/// `input` is a URL, or the rest of one after a scheme or a host.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = site::parse(&text);
    for start in
        ["", "https://"].into_iter().map(str::to_owned).chain(SITES.map(|host| format!("http://{host}/")))
    {
        let given = format!("{start}{text}");
        if let Ok(link) = link::parse(&given) {
            assert!(link.url == given || link.url == format!("https://{given}"), "{given}: {}", link.url);
            assert_eq!(link::parse(&link.url).as_ref(), Ok(&link), "parsing is deterministic");
            assert_leads_to_named_host(&link);
            assert_one_address(&link);
        }
    }
}

fn assert_leads_to_named_host(link: &NewLink) {
    let NewLink { url: given, site: of_link, .. } = link;
    assert!(given.len() <= MAX_BYTES);
    let url = Url::parse(given).unwrap_or_else(|why| panic!("{given}: {why}"));
    assert!(["http", "https"].contains(&url.scheme()), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    let Some(Host::Domain(host)) = url.host() else { panic!("{url} has no host name") };
    assert!(host.trim_end_matches('.').contains('.'), "{host}");
    assert!(!given.contains(|letter: char| letter.is_whitespace() || letter.is_control()), "{given:?}");
    assert!(of_link.chars().count() <= MAX_SITE_CHARS, "{of_link}");
    assert_eq!(site::parse(of_link).as_ref(), Some(of_link), "the site can be requested");
}

fn assert_one_address(link: &NewLink) {
    let address_of = |url: &str| link::parse(url).map(|link| link.address);
    let NewLink { url: given, address, .. } = link;
    let url = Url::parse(given).expect("it was parsed before");
    let mut ways = vec![("as a browser writes it", url.to_string())];
    if let Some((_, rest)) = given.split_once("://") {
        ways.push(("with the other scheme", format!("http://{rest}")));
        ways.push(("with the other scheme", format!("HTTPS://{rest}")));
    }
    if url.fragment().is_none() {
        ways.push(("with a fragment", format!("{given}#place")));
    }
    for (how, way) in ways.iter().filter(|(_, way)| way.len() <= MAX_BYTES) {
        assert_eq!(address_of(way).as_ref(), Ok(address), "{given} {how}: {way}");
    }
    // The address is its own address.
    let own = format!("https://{address}");
    if own.len() <= MAX_BYTES {
        assert_eq!(address_of(&own).as_ref(), Ok(address), "{given}");
    }
    assert!(address.len() <= 3 * MAX_BYTES + 253, "{address}");
}
