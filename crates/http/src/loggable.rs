//! Request targets in logs.

/// The digits of a secret: 256 bits in hexadecimal.
const SECRET_DIGITS: usize = 64;

/// A request target for a log: on one line, and without secrets. An address may hold one, as that of a private feed does:
/// each run of 64 hexadecimal digits or more, which have 256 bits, is written as `…`.
#[must_use]
pub fn loggable(target: &str) -> String {
    let mut shown = String::with_capacity(target.len());
    let mut rest = target;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let others = rest[digits..].find(|letter: char| letter.is_ascii_hexdigit());
        let end = others.map_or(rest.len(), |others| digits + others);
        shown.push_str(if digits < SECRET_DIGITS { &rest[..digits] } else { "…" });
        shown.extend(rest[digits..end].escape_default());
        rest = &rest[end..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_left_out_and_control_characters_are_escaped() {
        let secret = "0a".repeat(32);
        for (target, expected) in [
            ("/posts/17?q=a%20b".to_owned(), "/posts/17?q=a%20b"),
            (format!("/inbox/17.{secret}.atom"), "/inbox/17.….atom"),
            (format!("/{secret}{secret}"), "/…"),
            (format!("/{}", &secret[1..]), &*format!("/{}", &secret[1..])),
            ("/a\nb\"é".to_owned(), "/a\\nb\\\"\\u{e9}"),
            (String::new(), ""),
        ] {
            assert_eq!(loggable(&target), expected);
        }
    }
}
