//! The beginning of a URL: the scheme, and the name of the host.

/// The most bytes of a host name (RFC 1035, 2.3.4).
const MAX_HOST_BYTES: usize = 253;
/// The most bytes of a host name's label, the part between two dots (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// The rest after `http://` or `https://`. The parser supplies a missing slash; a browser that finds such a
/// URL on a page does not.
pub(super) fn strip_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// Whether a host in ASCII is a name with a dot. Browsers also look up hosts such as `a"b.example`, but no such
/// name can be registered.
pub(super) fn is_host_name(host: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| (1..=MAX_LABEL_BYTES).contains(&label.len()) && label.bytes().all(is_known);
    host.contains('.') && host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label)
}
