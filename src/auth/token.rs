//! The token of a session or a draft, and the secret of a device: a cookie has it, a row its hash. The token of an inbox's
//! feed is in its address.

use std::fmt;

use sha2::{Digest, Sha256};

/// The id of a row and 256 random bits as a secret; in the cookie `17.0a1b…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The id of the row.
    pub id: i64,
    secret: Secret,
}

/// The secret of a [`Token`], which exists before its row.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// 256 bits from the thread's cryptographic generator.
    #[must_use]
    pub fn random() -> Secret {
        Secret(rand::random())
    }

    /// The secret with these bytes.
    #[must_use]
    pub fn of_bytes(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// SHA-256, which the database keeps. A fast hash is enough, since 256 random bits cannot be guessed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Parses the format of [`fmt::Display`]: 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Secret> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let mut digits = digits.iter().map(|&digit| char::from(digit).to_digit(16));
            *byte = digits.try_fold(0, |byte, digit| Some(byte * 16 + u8::try_from(digit?).ok()?))?;
        }
        Some(Secret(bytes))
    }

    /// The token of the row with this id.
    #[must_use]
    pub fn of(self, id: i64) -> Token {
        Token { id, secret: self }
    }
}

impl Token {
    /// Parses the format of [`fmt::Display`]: digits, a point and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Token> {
        let (id, secret) = text.split_once('.')?;
        let canonical = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let id = id.parse().ok().filter(|_| canonical)?;
        Secret::parse(secret).map(|secret| Token { id, secret })
    }

    /// Whether `hash` is that of this secret. The comparison takes constant time.
    #[must_use]
    pub fn matches(&self, hash: &[u8]) -> bool {
        let own = self.secret.hash();
        hash.len() == own.len() && own.iter().zip(hash).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // One `write!` for all digits; sixty-four calls through `fmt` would be slower.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
        let digits: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        f.write_str(&digits)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.secret)
    }
}

/// A log must never hold a secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A log must never hold a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Token({}.…)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = Secret::random().of(17);
        let text = token.to_string();
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?}").contains(&text[3..]));
        for wrong in [
            "",
            ".",
            "17",
            "17.",
            &text[1..].replacen('7', "", 1),
            &text[..66],
            &format!("{text}0"),
            &format!("+{text}"),
            &text.replace('.', ".g")[..67],
        ] {
            assert_eq!(Token::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(Token::parse(&format!("17.{}", "é".repeat(32))), None);
    }

    #[test]
    fn only_the_right_secret_matches() {
        let token = Secret::random().of(1);
        let mut hash = token.secret.hash();
        assert!(token.matches(&hash));
        hash[31] ^= 1;
        assert!(!token.matches(&hash) && !token.matches(&hash[..31]) && !token.matches(&[]));
    }
}
