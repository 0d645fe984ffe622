//! Property tests. proptest checks each property with generated inputs and with the corpus in `fuzz/corpus`;
//! `bin/fuzz` checks it with libFuzzer.
//!
//! A property is a file in this folder with a function `holds`, which takes any bytes and panics when they violate
//! the property. `tests/architecture/tidy.rs` checks that each has a target in `fuzz/`.

#![allow(missing_docs)]

mod form;
mod hn_search;
mod http;
mod link;
mod markup;
mod return_to;
mod search;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Inputs of known pieces, mixed with random text and random bytes.
fn made_of(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let known = select(pieces).prop_map(|piece| piece.as_bytes().to_vec());
    let letters = prop_oneof!["\\PC{0,4}", any::<char>().prop_map(String::from), "[a-z0-9]{1,8}"];
    let piece = prop_oneof![6 => known, 2 => letters.prop_map(String::into_bytes), 1 => vec(any::<u8>(), 1)];
    vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

const HTTP: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\n",
    "POST /a?b HTTP/1.0\r\n",
    "HEAD http://a/b HTTP/1.1\r\n",
    "BREW / HTTP/1.1\r\n",
    "GET * HTTP/1.1\r\n",
    "Host: a\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "content-length:05 \r\n",
    "Content-Length: 5, 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "transfer-encoding:\tCHUNKED\r\n",
    "Connection: close\r\n",
    "Connection: x, keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "X: y\r\n",
    " folded: y\r\n",
    "X : y\r\n",
    "Content-Length : 5\r\n",
    "\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ";",
    "\0",
    "hello",
    "5\r\nhello\r\n",
    "5;a=\"b\"\r\nhello\r\n",
    "5 x\r\nhello\r\n",
    "0\r\n\r\n",
    "0\r\nA: b\r\n\r\n",
    "00100000\r\n",
    "100001\r\n",
];

/// A valid request, whose body has a length or is chunked.
fn valid_request() -> impl Strategy<Value = Vec<u8>> {
    let start = select(vec![
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST /posts?a=b HTTP/1.1\r\nhost:a\r\nX: \t y \r\n",
        "\r\nDELETE HTTPS://a?b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n",
        "PUT /b HTTP/1.0\r\nConnection: x, Keep-Alive\r\n",
    ]);
    let line = select(vec!["", ";a", " ; a=\"b\"", "\t"]);
    let trailers = select(vec!["", "A: b\r\n", "A:\r\nB: c\r\n"]);
    let chunks = (vec(any::<u8>(), 0..200), 1usize..40, line, trailers);
    (start, any::<bool>(), chunks).prop_map(|(start, is_chunked, (body, size, line, trailers))| {
        let mut request = start.as_bytes().to_vec();
        if !is_chunked || start.contains("HTTP/1.0") {
            request.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
            request.extend(body);
            return request;
        }
        request.extend(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in body.chunks(size) {
            request.extend(format!("{:x}{line}\r\n", chunk.len()).bytes());
            request.extend(chunk.iter().chain(b"\r\n"));
        }
        request.extend(format!("0{line}\r\n{trailers}\r\n").bytes());
        request
    })
}

const FORM: &[&str] = &[
    "&",
    "=",
    "+",
    "%",
    "%2",
    "%26",
    "%3D",
    "%C3%A9",
    "%c3",
    "%ff",
    "%00",
    "%0d%0a",
    "%E2%80%AE",
    "title",
    "body",
    ";",
    "; ",
    ";;",
    "__Host-session=",
    "session=",
    "draft=",
    "17.",
    "17.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&a&",
    "\"",
    ",",
    " ",
    "\u{a0}",
    "é",
];

const HN_SEARCH: &[&str] = &[
    "tags=",
    "numericFilters=",
    "query=",
    "page=",
    "hitsPerPage=",
    "&",
    "story",
    "comment",
    "ask_hn",
    "show_hn",
    "front_page",
    "poll",
    "author_ann",
    "author_Ann",
    "author_",
    "story_14",
    "story_15",
    "(",
    ")",
    ",",
    "),(",
    "created_at_i",
    "points",
    "num_comments",
    "<",
    "<=",
    "%3E",
    ">=",
    "%3D",
    "!=",
    "0",
    "5",
    "1700000000",
    "-1",
    "9223372036854775807",
    "+",
    "tags=story,(ask_hn,show_hn)",
    "&numericFilters=created_at_i<=5,points>4",
];

const RETURN_TO: &[&str] = &[
    "/",
    "//",
    "\\",
    "/\\",
    "\t",
    "\n",
    "\r",
    ".",
    "..",
    "%2e",
    "%2F",
    "%5c",
    "?",
    "#",
    "@",
    ":",
    "http:",
    "https://",
    "javascript:",
    "evil.example",
    "posts",
    "1",
    "[::1]",
    "é",
    " ",
    "\u{3002}",
    "；",
    "／",
    "＼",
];

const LINK: &[&str] = &[
    "/",
    "//",
    "/.",
    "/..",
    "/%2e",
    ".html",
    ".htm",
    "/index",
    "/index.php",
    "/default.aspx",
    "?",
    "&",
    "=",
    "#",
    "#!",
    "#/",
    "v=",
    "/watch",
    "/shorts/",
    "/abs/",
    "/pdf/",
    ".pdf",
    "v2",
    "1",
    "/status/",
    "/rfc/rfc",
    "/html/rfc",
    ".txt",
    "utm_source=a",
    "ref=",
    ":",
    ":80",
    ":443",
    "@",
    "%",
    "\\",
    "'",
    "\"",
    "www.",
    "www2.",
    "example.com",
    "youtu.be",
    "m.youtube.com",
    "x.com",
    "twitter.com",
    "arxiv.org",
    "tools.ietf.org",
    "github.com",
    "https://",
    "HTTP://",
    "xn--",
    "www.www.a.example/",
    "https://हिन्दी.example",
    "https://ที่ไทย.example",
    "bücher",
    "例え",
    "हिन्दी",
    "ไทย",
    "ß",
    ".",
    "..",
    "-",
    "_",
    "~",
    "1.2.3.4",
    "0x7f.1",
    "[::1]",
    "\u{200d}",
    "\u{ad}",
    "。",
];

const MARKUP: &[&str] = &[
    "*",
    "`",
    "``",
    "> ",
    "\n> ",
    "\n>> ",
    "\n- ",
    "\n  - ",
    "\n    * ",
    "\n1. ",
    "\n  27. ",
    "\n\n  ",
    "[",
    "](",
    "](http://a.example)",
    "[a](https://b.example/c_(d))",
    "**",
    "\\",
    "<",
    ">",
    "&",
    "\"",
    "'",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\n\n  ",
    "\n\t",
    "  ",
    " ",
    "\t",
    "(",
    ")",
    "[",
    "]",
    ".",
    ",",
    ":",
    ";",
    "!",
    "?",
    "a",
    "b c",
    "é",
    "…",
    "\u{a0}",
    "&amp;",
    "http://",
    "HTTPS://",
    "<http://",
    "http://a.example/",
    "javascript:",
    "</a>",
    "</p>",
    "<script>",
    "<pre>",
    "-->",
    "\u{202e}",
    "\0",
    "http://a.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const SEARCH: &[&str] = &[
    "NEAR",
    "AND ",
    " OR ",
    "NOT",
    "words",
    "by:",
    "site:",
    "type:",
    "post",
    "comment",
    "lorem",
    "lor",
    "dolor",
    "do",
    "big",
    "cat",
    "Zoë",
    "example.com",
    " ",
    " ",
    "\"",
    "(",
    ")",
    "*",
    "^",
    "{",
    "}",
    "+",
    "-",
    "'",
    ":",
    ",",
    "\0",
    "\u{300}",
    "½",
    "ß",
    "Σ",
    "한",
    "é",
    "3.14",
    "a a a a ",
    "\u{e000}1",
    "\u{e002}8",
    "\u{fffd}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_parser_reads_the_requests_that_the_reference_reads(seed: u8, wire in made_of(HTTP)) {
        http::holds(&[&[seed][..], &wire].concat());
    }

    #[test]
    fn pipelined_requests_with_one_changed_byte_are_read_as_the_reference_reads_them(
        seed: u8, sent in vec(valid_request(), 1..5),
        place: prop::sample::Index, removed in 0..2_usize, added in vec(any::<u8>(), 0..2),
    ) {
        let mut input = [&[seed][..], &sent.concat()].concat();
        let at = 1 + place.index(input.len() - 1);
        input.splice(at..at + removed, added);
        http::holds(&input);
    }

    #[test]
    fn forms_and_cookies_are_read_as_they_were_written(input in made_of(FORM)) {
        form::holds(&input);
    }

    #[test]
    fn the_parameters_of_a_search_leave_out_no_hit(input in made_of(HN_SEARCH)) {
        hn_search::holds(&input);
    }

    #[test]
    fn a_return_to_parameter_never_leads_to_another_site(input in made_of(RETURN_TO)) {
        return_to::holds(&input);
    }

    #[test]
    fn links_lead_to_named_hosts_and_equal_urls_have_one_address(input in made_of(LINK)) {
        link::holds(&input);
    }

    #[test]
    fn any_text_is_rendered_as_valid_html_with_all_its_words(input in made_of(MARKUP)) {
        markup::holds(&input);
    }

    #[test]
    fn no_search_causes_an_error_in_sqlite(input in made_of(SEARCH)) {
        search::holds(&input);
    }
}

/// Checks a property with every input of its corpus.
fn holds_for_all_kept(name: &str, holds: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut checked = 0;
    for file in fs::read_dir(&folder).expect("a corpus") {
        let path = file.expect("an entry").path();
        println!("{}", path.display());
        holds(&fs::read(&path).expect("an input"));
        checked += 1;
    }
    assert!(checked > 5, "the corpus {} is too small", folder.display());
}

#[test]
fn the_properties_hold_for_the_corpus() {
    holds_for_all_kept("form", form::holds);
    holds_for_all_kept("hn_search", hn_search::holds);
    holds_for_all_kept("http", http::holds);
    holds_for_all_kept("link", link::holds);
    holds_for_all_kept("markup", markup::holds);
    holds_for_all_kept("return_to", return_to::holds);
    holds_for_all_kept("search", search::holds);
}
