//! Request headers with a list of values: a list may come in several lines (RFC 9110 §5.3), of which
//! [`Request::header`] gives only the first.

use rouille::Request;

/// The values of all lines of a header.
pub fn lines<'r>(request: &'r Request, name: &'static str) -> impl Iterator<Item = &'r str> {
    request.headers().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The members of a list that commas separate, in all its lines, without blanks around them and without empty
/// members (RFC 9110 §5.6.1). A comma in a quoted string separates nothing.
pub fn members<'r>(request: &'r Request, name: &'static str) -> impl Iterator<Item = &'r str> {
    lines(request, name)
        .flat_map(|line| unquoted_split(line, ','))
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

/// A member of `Accept` or `Accept-Encoding`: its name, and its weight from 0 to 1 (RFC 9110 §12.4.2).
/// Without a weight it is 1; one that is not a number counts as 0, which makes the member unacceptable.
#[must_use]
pub fn weighted(member: &str) -> (&str, f32) {
    let mut parts = unquoted_split(member, ';');
    let name = parts.next().unwrap_or_default().trim();
    let mut parameters = parts.filter_map(|parameter| parameter.split_once('='));
    let weight = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let weight = weight.map_or(1.0, |(_, weight)| weight.trim().parse().unwrap_or(0.0));
    (name, if weight > 0.0 { f32::min(weight, 1.0) } else { 0.0 })
}

/// The codings that `Accept-Encoding` allows for a response, of those that the site has (RFC 9110 §12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptedCodings {
    /// gzip, and the client does not prefer a response without a coding.
    pub gzip: bool,
    /// None.
    pub identity: bool,
}

impl AcceptedCodings {
    /// The codings of a request. Without the header a client may accept any coding, but only few such clients
    /// do: they get none.
    #[must_use]
    pub fn of(request: &Request) -> AcceptedCodings {
        let (mut gzip, mut identity, mut others) = (None, None, None);
        for (name, weight) in members(request, "Accept-Encoding").map(weighted) {
            let coding = match name {
                "*" => &mut others,
                // Two names of one coding (RFC 9110 §8.4.1.3).
                _ if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => &mut gzip,
                _ if name.eq_ignore_ascii_case("identity") => &mut identity,
                _ => continue,
            };
            *coding = Some(coding.map_or(weight, |known: f32| known.min(weight)));
        }
        let gzip = gzip.or(others).unwrap_or(0.0);
        AcceptedCodings {
            gzip: gzip > 0.0 && gzip >= identity.unwrap_or(0.0),
            identity: identity.or(others).is_none_or(|weight| weight > 0.0),
        }
    }
}

/// Whether `If-None-Match` has the entity tag, by weak comparison (RFC 9110 §13.1.2): `W/"a"` and `"a"` are
/// one tag. Proxies that compress a response make its tag weak.
#[must_use]
pub fn has_entity_tag(request: &Request, tag: &str) -> bool {
    let opaque = opaque_tags(tag).next();
    lines(request, "If-None-Match").any(|line| {
        let is_any = line.split(',').any(|member| member.trim() == "*");
        is_any || opaque.is_some() && opaque_tags(line).any(|known| Some(known) == opaque)
    })
}

/// The texts between the quotes of entity tags, in which a backslash is no escape (RFC 9110 §8.8.3).
fn opaque_tags(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('"')?;
        let (tag, after) = after.split_once('"')?;
        rest = after;
        Some(tag)
    })
}

/// Splits a text at each `separator` that is not in a quoted string (RFC 9110 §5.6.4).
fn unquoted_split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |letter: char| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return letter == separator && !is_quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, values: &[&str]) -> Request {
        let headers = values.iter().map(|&value| (name.to_owned(), value.to_owned())).collect();
        Request::fake_http("GET", "/", headers, Vec::new())
    }

    #[test]
    fn a_list_has_the_members_of_all_its_lines() {
        let request = request("accept", &["a, b;q=\"1,\\\",2\" ,", "", "c,,d"]);
        let members: Vec<&str> = members(&request, "Accept").collect();
        assert_eq!(members, ["a", "b;q=\"1,\\\",2\"", "c", "d"]);
    }

    #[test]
    fn gzip_is_accepted_by_either_name_or_by_a_star_unless_its_weight_is_0() {
        let (none, gzip) = ((false, true), (true, true));
        for (lines, expected) in [
            (&[][..], none),
            (&[""], none),
            (&["gzip"], gzip),
            (&["GZIP"], gzip),
            (&["x-gzip"], gzip),
            (&["deflate, gzip;q=0.5, br"], gzip),
            (&["deflate", "br, gzip"], gzip),
            (&["br"], none),
            (&["gzipped"], none),
            (&["gzip;q=0"], none),
            (&["gzip;Q=0"], none),
            (&["gzip ; q=0.000 "], none),
            (&["gzip;q = 0"], none),
            (&["x-gzip;q=0, *"], none),
            (&["gzip", "gzip;q=0"], none),
            (&["gzip;level=1;q=0"], none),
            (&["gzip;q=0.001"], gzip),
            (&["gzip;q=none"], none),
            (&["gzip;q=-1"], none),
            (&["gzip;q=NaN"], none),
            (&["gzip;q=7"], gzip),
            (&["*"], gzip),
            (&["*;q=0"], (false, false)),
            (&["*;q=0, gzip"], (true, false)),
            (&["identity;q=0"], (false, false)),
            (&["identity;q=0, gzip"], (true, false)),
            (&["identity;q=0, *"], (true, false)),
            (&["identity, *;q=0"], none),
            (&["identity;q=0.5, gzip;q=0.2"], none),
            (&["identity;q=0.2, gzip;q=0.5"], gzip),
        ] {
            let AcceptedCodings { gzip, identity } = AcceptedCodings::of(&request("Accept-Encoding", lines));
            assert_eq!((gzip, identity), expected, "{lines:?}");
        }
    }

    #[test]
    fn entity_tags_are_compared_weakly_and_in_all_lines() {
        for (tag, lines, is_known) in [
            ("W/\"a\"", &["W/\"a\""][..], true),
            ("W/\"a\"", &["\"a\""], true),
            ("\"a\"", &["W/\"a\""], true),
            ("\"a\"", &["\"b\", W/\"c\",\"a\""], true),
            ("\"a\"", &["\"b\"", "\"a\""], true),
            ("\"a,b\"", &["\"c\", \"a,b\""], true),
            ("\"b\"", &["\"a,b\""], false),
            ("\"b\"", &["\"a, \\\", \"b\""], true),
            ("\"a\"", &["*"], true),
            ("\"a\"", &[" * "], true),
            ("\"a\"", &["\"*\""], false),
            ("\"a\"", &["a"], false),
            ("\"a\"", &["\"A\""], false),
            ("\"a\"", &["\"a"], false),
            ("\"a\"", &[""], false),
            ("\"a\"", &[], false),
        ] {
            assert_eq!(has_entity_tag(&request("if-none-match", lines), tag), is_known, "{tag} {lines:?}");
        }
    }
}
