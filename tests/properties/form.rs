//! The form parser reads the fields that the reference reads, and cookies are read back as they were set.

use lorem_news::auth::token::Token;
use lorem_news::site::cookie_names::CookieNames;
use lorem_news::types::time::MINUTE;
use lorem_news::web::cookie::{self, Cookie};
use lorem_news::web::form::{Form, MAX_FIELDS};

/// `input` is the body of a form, and the value of a `Cookie` header.
pub fn holds(input: &[u8]) {
    let form = Form::parse(input);
    let fields = expected(input);
    let borrowed: Option<Vec<(&str, String)>> = fields
        .as_ref()
        .map(|fields| fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect());
    assert_eq!(form, borrowed.map(|fields| Form::of(&fields)));
    if let Some((form, fields)) = form.zip(fields) {
        assert_eq!(Form::parse(form.encoded().as_bytes()), Some(form.clone()), "read back after encoding");
        fields.iter().for_each(|(name, _)| assert_cleaned(&form, name));
    }
    let header = String::from_utf8_lossy(input);
    for relax_ssl in [true, false] {
        assert_cookies_parse(&header, relax_ssl);
    }
}

/// The fields by <https://url.spec.whatwg.org/#urlencoded-parsing>. `None` if one is not UTF-8, or there are too
/// many.
fn expected(body: &[u8]) -> Option<Vec<(String, String)>> {
    let pairs: Vec<&[u8]> = body.split(|&byte| byte == b'&').collect();
    if pairs.len() > MAX_FIELDS {
        return None;
    }
    let pairs = pairs.into_iter().filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut parts = pair.splitn(2, |&byte| byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(mut text: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some((&first, rest)) = text.split_first() {
        let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = digits
            .filter(|two| first == b'%' && two.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        (text, _) = match code {
            Some(byte) => (&rest[2..], bytes.push(byte)),
            None => (rest, bytes.push(if first == b'+' { b' ' } else { first })),
        };
    }
    String::from_utf8(bytes).ok()
}

/// A cleaned field has no control characters, and cleaning is idempotent.
fn assert_cleaned(form: &Form, name: &str) {
    let again = |text: &str| Form::of(&[("a", text.to_owned())]);
    let (line, text) = (form.line(name), form.text(name));
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t'), "{text:?}");
    assert_eq!((again(&line).line("a"), again(&text).text("a")), (line, text));
}

/// A cookie that the site has set is found among any other cookies.
fn assert_cookies_parse(header: &str, relax_ssl: bool) {
    let names = CookieNames::new(relax_ssl, &[7; 16]);
    for Cookie { name, value, .. } in cookie::parse(header, &names) {
        assert!(!name.contains([';', '=']) && !value.contains(';'), "{name:?}={value:?}");
        assert_read_back(header, value, &names);
    }
    assert_read_back(header, header, &names);
}

fn assert_read_back(header: &str, value: &str, names: &CookieNames) {
    // Only characters that the site uses in cookies.
    let plain: String =
        value.chars().filter(|&letter| letter.is_ascii_alphanumeric() || letter == '-').collect();
    let token = Token::parse(value);
    for value in [Some(plain), token.as_ref().map(Token::to_string)].into_iter().flatten() {
        let set = cookie::set_cookie("name", &value, MINUTE, names);
        assert!(set.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "a header value: {set:?}");
        let (pair, rest) = set.split_once(';').expect("attributes");
        assert_eq!(names.is_secure(), rest.contains("; Secure"));
        let sent = format!("{header}; {pair}");
        let expected = Some(Cookie { name: "name", value: &value, is_former: false });
        assert_eq!(cookie::parse(&sent, names).last(), expected, "{sent:?}");
        assert_eq!(cookie::parse(&format!("{pair}; {header}"), names).next(), expected);
        if let Some(token) = &token
            && value.contains('.')
        {
            assert_eq!(Token::parse(&value).as_ref(), Some(token));
        }
    }
}
