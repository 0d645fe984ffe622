//! A `return_to` parameter leads to a page of this site.

use lorem_news::web::form::{Form, local_path};
use lorem_news::web::paths;
use url::Url;

/// `input` is the wanted address, or the rest of one after a prefix.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for start in ["", "/", "//", "/\\", "/\t/", "/.//", "/posts?"] {
        assert_stays(&format!("{start}{text}"));
    }
}

fn assert_stays(wanted: &str) {
    // Signing in carries the address as a parameter.
    let through = paths::with_return_to(paths::SIGN_IN, wanted);
    let (_, query) = through.split_once('?').expect("a query");
    assert_eq!(Form::parse(query.as_bytes()).expect("a form").get("return_to"), Some(wanted));
    assert_eq!(local_path(&through).is_some(), through.len() <= 2000, "{through}");
    for led in local_path(wanted).into_iter().chain(Some(&*through)) {
        assert!(led.bytes().all(|byte| byte.is_ascii_graphic()), "a header value: {led:?}");
        for site in ["https://news.example", "http://127.0.0.1:3000"] {
            for page in ["/", "/sign_in?return_to=%2F", "/posts/1/comments?a=//b.example#c"] {
                let page = Url::parse(&format!("{site}{page}")).expect("an address");
                let target = page.join(led).unwrap_or_else(|why| panic!("{led:?} leads nowhere: {why}"));
                assert_eq!(target.origin(), page.origin(), "{led:?} from {page} leads to {target}");
                assert!(target.username().is_empty() && target.password().is_none(), "{target}");
            }
        }
    }
}
