//! The names of the site's cookies. Browsers send a host's cookies to all of its ports, so each name ends in
//! eight letters that belong to the database: two sites on one host keep their cookies apart.

use sha2::{Digest, Sha256};

use crate::replica::Identity;

/// Letters at the end of a name: 26⁸ endings, so that two databases share one by an accident of 1 in 200
/// billion.
const LETTERS: usize = 8;

/// How the names of cookies begin and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieNames {
    prefix: &'static str,
    /// `_` and the letters.
    suffix: String,
}

/// A name that this site gives to cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnName<'n> {
    /// The name without its prefix and letters, such as `session`.
    pub name: &'n str,
    /// It has no letters: version 0.1 named cookies so, and so does another site on this host that
    /// still runs it.
    pub is_former: bool,
}

impl CookieNames {
    /// The names for a database. With `relax_ssl`, cookies travel over plain HTTP, and lack the prefix
    /// `__Host-`: browsers refuse a cookie with it unless it is `Secure`, for all paths and for this host alone
    /// (RFC 6265bis §4.1.3.2).
    #[must_use]
    pub fn new(relax_ssl: bool, identity: &Identity) -> CookieNames {
        // The identity itself stays private: other things may be derived from it.
        let hash = Sha256::new().chain_update(b"cookie names\0").chain_update(identity).finalize();
        let letter = |byte: &u8| char::from(b'a' + byte % 26);
        let letters: String = hash.iter().take(LETTERS).map(letter).collect();
        CookieNames { prefix: if relax_ssl { "" } else { "__Host-" }, suffix: format!("_{letters}") }
    }

    /// Whether cookies travel over HTTPS only.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// The name of a cookie as the browser has it.
    #[must_use]
    pub fn full(&self, name: &str) -> String {
        [self.prefix, name, &self.suffix].concat()
    }

    /// The name that version 0.1 gave to a cookie.
    #[must_use]
    pub fn former(&self, name: &str) -> String {
        [self.prefix, name].concat()
    }

    /// The parts of a name that a browser has sent; `None`: it lacks the prefix, so another program has set
    /// it.
    #[must_use]
    pub fn parse<'n>(&self, full: &'n str) -> Option<OwnName<'n>> {
        let rest = full.strip_prefix(self.prefix)?;
        let name = rest.strip_suffix(&*self.suffix);
        Some(OwnName { name: name.unwrap_or(rest), is_former: name.is_none() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_eight_letters_of_the_database() {
        for (relax_ssl, prefix) in [(false, "__Host-"), (true, "")] {
            let names = CookieNames::new(relax_ssl, &[7; 16]);
            let full = names.full("session");
            let letters = full.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("session_"));
            let letters = letters.unwrap_or_else(|| panic!("{full}"));
            assert!(letters.len() == 8 && letters.bytes().all(|byte| byte.is_ascii_lowercase()), "{full}");
            assert_eq!(names.parse(&full), Some(OwnName { name: "session", is_former: false }));
            assert_eq!(
                names.parse(&names.former("session")),
                Some(OwnName { name: "session", is_former: true })
            );
            assert_eq!(CookieNames::new(relax_ssl, &[7; 16]), names, "copies of a database share them");
            let other = CookieNames::new(relax_ssl, &[8; 16]);
            assert_ne!(names.parse(&other.full("session")).map(|own| own.name), Some("session"));
        }
        assert_eq!(CookieNames::new(false, &[7; 16]).parse("session"), None);
    }
}
