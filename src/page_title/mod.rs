//! The title of a page of another site, fetched by this server.
//!
//! A user chooses the address, so the server must not become their arm into networks that they cannot reach: it connects
//! only to addresses that [`AddressPolicy`] permits, and to those that it has looked at: a name is resolved once
//! for each connection. Time, size, redirects and the number of look-ups are bounded.

mod html;
mod policy;
mod resolver;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;
use ureq::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

pub use self::policy::AddressPolicy;
use self::resolver::Checked;

/// The time for a title: name, connections, redirects and page.
const MAX_TIME: Duration = Duration::from_secs(2);
/// The most bytes of a page that are read. Titles are at the beginning.
const MAX_BYTES: u64 = 256 * 1024;
/// The most bytes of a response's head.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// The most redirects that are followed.
const MAX_REDIRECTS: u32 = 3;

/// The reason for which there is no title. What the network answers is not told in more detail: it would show which hosts
/// there are.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No page came: a wrong address, a host that is not permitted, an error, too slow.
    #[error("the page could not be fetched")]
    NoPage(#[from] ureq::Error),
    /// The response is no HTML page that is there.
    #[error("the answer is no page: status {0}, {1}")]
    NotHtml(u16, String),
    /// The page has no title, as far as it was read.
    #[error("the page has no title")]
    NoTitle,
}

/// Fetches titles.
#[derive(Debug)]
pub struct Fetcher {
    agent: Agent,
}

impl Fetcher {
    /// A fetcher that connects to what `policy` permits. It trusts the certificates that the system trusts.
    #[must_use]
    pub fn new(policy: AddressPolicy) -> Fetcher {
        let loaded = rustls_native_certs::load_native_certs();
        for error in &loaded.errors {
            log::warn!("cannot read a certificate of the system: {error}");
        }
        let roots = loaded.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None) // It would resolve the name in our place.
            .timeout_global(Some(MAX_TIME))
            .max_redirects(MAX_REDIRECTS)
            .max_response_header_size(MAX_HEAD_BYTES)
            .max_idle_connections(0)
            .user_agent("lorem-news (title of a link)")
            .accept("text/html")
            .accept_encoding("identity") // Nothing is decompressed.
            .build();
        Fetcher { agent: Agent::with_parts(config, DefaultConnector::new(), Checked::new(policy)) }
    }

    /// The title of the page at `url`, on one line, not blank.
    ///
    /// # Errors
    /// [`FetchError`]
    pub fn title(&self, url: &str) -> Result<String, FetchError> {
        let mut response = self.agent.get(url).call()?;
        let content_type = header(&response, CONTENT_TYPE.as_str());
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_html = matches!(&*media_type, "text/html" | "application/xhtml+xml");
        let is_encoded = !matches!(&*header(&response, CONTENT_ENCODING.as_str()), "" | "identity");
        if response.status() != 200 || !is_html || is_encoded {
            return Err(FetchError::NotHtml(response.status().as_u16(), media_type));
        }
        let mut page = Vec::new();
        let mut body = response.body_mut().as_reader().take(MAX_BYTES);
        let mut part = [0; 8 * 1024];
        // A page that ends with an error, or never ends, may have had its title before.
        while let Ok(length @ 1..) = body.read(&mut part) {
            let seen = page.len().saturating_sub(html::END.len());
            page.extend_from_slice(&part[..length]);
            if html::has_end(&page[seen..]) {
                break;
            }
        }
        html::title(&page, &content_type).ok_or(FetchError::NoTitle)
    }
}

/// The value of a header, empty without one.
fn header<T>(response: &Response<T>, name: &str) -> String {
    let value = response.headers().get(name);
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
