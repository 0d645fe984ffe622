//! The mail server, as the operator's URL names it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, SmtpTransport};
use percent_encoding::percent_decode_str;
use url::Url;

use super::origin::Origin;
use super::settings::DEFAULT_NAME;

/// How long the server may take for each of its answers.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The ports of RFC 8314 (TLS from the first byte) and RFC 6409 (STARTTLS), and of a server on this machine.
const PORTS: [u16; 3] = [465, 587, 25];

/// A mail server, and the sender of the site's mails.
#[derive(Clone)]
pub struct Smtp {
    /// Sends a message over a connection of its own.
    pub transport: SmtpTransport,
    /// The sender.
    pub from: Mailbox,
}

/// Why a URL names no mail server. The URL is not in it, since it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSmtp {
    /// It is no such URL.
    #[error(
        "it must be smtp:// or smtps://, a host, and perhaps a user with a password before it and a port behind it"
    )]
    Url,
    /// Links in mails need the site's address.
    #[error("mails have links: set --base-url to the site's own address")]
    NoBaseUrl,
    /// The sender cannot be derived from the site's address.
    #[error("set --mail-from to the address of the sender, such as `news@example.com`")]
    NoSender,
    /// The certificates of the system cannot be used.
    #[error("TLS: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
}

impl Smtp {
    /// Reads `smtps://USER:PASSWORD@HOST:PORT`. `smtps` speaks TLS from the first byte, `smtp` changes to TLS first
    /// (STARTTLS) and sends nothing without it, except to this machine. Without `from`, the sender is `noreply` at the host
    /// of the site.
    ///
    /// # Errors
    /// [`InvalidSmtp`].
    pub fn parse(url: &str, from: Option<&Mailbox>, base_url: Option<&Origin>) -> Result<Smtp, InvalidSmtp> {
        let base_url = base_url.ok_or(InvalidSmtp::NoBaseUrl)?;
        let host = base_url.name();
        let from = from.cloned().or_else(|| sender(host?)).ok_or(InvalidSmtp::NoSender)?;
        let url = Url::parse(url).map_err(|_| InvalidSmtp::Url)?;
        let server = url.host().ok_or(InvalidSmtp::Url)?.to_owned();
        let name = server.to_string().trim_matches(['[', ']']).to_owned();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidSmtp::Url);
        }
        let (tls, port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(TlsParameters::new(name.clone())?), PORTS[0]),
            "smtp" if is_this_machine(&name) => (Tls::None, PORTS[2]),
            "smtp" => (Tls::Required(TlsParameters::new(name.clone())?), PORTS[1]),
            _ => return Err(InvalidSmtp::Url),
        };
        let mut transport = SmtpTransport::builder_dangerous(name)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .hello_name(client_id(host));
        if !url.username().is_empty() {
            let decoded = |text| percent_decode_str(text).decode_utf8().map_err(|_| InvalidSmtp::Url);
            let (user, password) = (decoded(url.username())?, decoded(url.password().unwrap_or_default())?);
            transport = transport.credentials(Credentials::new(user.into_owned(), password.into_owned()));
        }
        Ok(Smtp { transport: transport.build(), from })
    }
}

/// The sender at a host with a name.
fn sender(host: &str) -> Option<Mailbox> {
    Address::new("noreply", host).ok().map(|address| Mailbox::new(Some(DEFAULT_NAME.to_owned()), address))
}

/// The site's name in the greeting.
fn client_id(host: Option<&str>) -> ClientId {
    host.map_or_else(ClientId::default, |host| ClientId::Domain(host.to_owned()))
}

/// Whether mails to this server do not leave the machine.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Without the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Smtp(… from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Smtp, InvalidSmtp> {
        let base_url = Origin::parse("https://news.example").expect("an origin");
        Smtp::parse(url, None, Some(&base_url))
    }

    #[test]
    fn a_server_is_a_url_with_a_host() {
        for url in [
            "smtp://localhost",
            "smtp://127.0.0.1:2525",
            "smtp://[::1]",
            "smtps://mail.example",
            "smtp://mail.example:2587/",
            "smtps://me%40example.com:pass%3aword@mail.example",
        ] {
            let smtp = parse(url).expect(url);
            assert_eq!(smtp.from.to_string(), "Lorem News <noreply@news.example>");
            assert!(!format!("{smtp:?}").contains("pass"));
        }
        for url in [
            "",
            "localhost",
            "smtp:",
            "smtp://",
            "http://mail.example",
            "smtp://a/b",
            "smtp://a?tls=none",
            "smtp://%ff@a",
        ] {
            let why = parse(url).expect_err(url);
            assert!(matches!(why, InvalidSmtp::Url), "{url}: {why}");
        }
    }

    #[test]
    fn the_sender_is_given_or_derived_from_the_sites_name() {
        let local = Origin::parse("http://127.0.0.1:3000").expect("an origin");
        let parse = |from, base_url| Smtp::parse("smtp://localhost", from, base_url);
        assert!(matches!(parse(None, None), Err(InvalidSmtp::NoBaseUrl)));
        assert!(matches!(parse(None, Some(&local)), Err(InvalidSmtp::NoSender)));
        let from: Mailbox = "News <news@example.com>".parse().expect("an address");
        assert_eq!(parse(Some(&from), Some(&local)).expect("a server").from, from);
    }
}
