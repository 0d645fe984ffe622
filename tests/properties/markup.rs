//! Any text is rendered as well-nested HTML of known tags, with the words of the text.

use horrorshow::Template;
use lorem_news::markup::cut::{beginning, common_limit, size};
use lorem_news::markup::{MAX_ADDRESS_CHARS, MAX_MARKUP_BYTES, Markup, excerpt, most};
use scraper::{Html, Node};
use url::Url;

/// `input` is the text of a post or a comment.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let output = Markup(&text).into_string().expect("a string takes it");
    assert!(output.len() <= most(text.len()).min(MAX_MARKUP_BYTES), "{} of {}", output.len(), text.len());
    assert_eq!(size(&text), output.len());
    let all = words(&text);
    assert_eq!(words(&read_back(&output)), all);
    for limit in [0, 50, 200, output.len() / 3, output.len().saturating_sub(1), output.len()] {
        let beginning = beginning(&text, limit);
        let part = (&beginning).into_string().expect("a string takes it");
        assert!(part.len() <= limit, "{} of {limit}", part.len());
        assert_eq!(beginning.is_cut, limit < output.len());
        let shown = words(&read_back(&part));
        assert!(all.starts_with(&shown), "{shown:?} of {text:?}");
    }
    let both = [&*text, "another text"];
    let room = output.len();
    if let Some(limit) = common_limit(both.iter().copied(), room) {
        let sizes = both.map(|text| beginning(text, limit).into_string().expect("a string takes it").len());
        assert!(sizes.iter().sum::<usize>() <= room, "{sizes:?} of {room}");
    }
    for limit in [0, 1, 7, 200] {
        let excerpt = excerpt(&text, limit);
        assert!(excerpt.chars().count() <= limit.max(1), "{excerpt:?}");
        assert!(excerpt.trim() == excerpt && !excerpt.contains("  "), "{excerpt:?}");
        assert!(!excerpt.contains(char::is_control), "{excerpt:?}");
    }
}

/// The characters that the output must contain in the order of the input.
fn words(text: &str) -> String {
    text.chars().filter(|&letter| !letter.is_whitespace() && !"*\\<>\0".contains(letter)).collect()
}

/// The text as a browser parses it, with the complete address of each link. Panics when a tag is unknown, or is
/// nested in another way than written.
fn read_back(output: &str) -> String {
    let parsed = Html::parse_fragment(output);
    let root = parsed.root_element();
    assert_eq!(
        root.inner_html().replace("&nbsp;", "\u{a0}"),
        output.replace('\0', ""),
        "the nesting differs"
    );
    let mut text = String::new();
    for node in root.descendants().skip(1) {
        let parent = node.parent().and_then(|parent| parent.value().as_element()).expect("a parent");
        match node.value() {
            Node::Text(words) if parent.name() != "a" => text += words,
            Node::Text(shown) => {
                let href = parent.attr("href").expect("an address");
                let is_cut = href.chars().count() > MAX_ADDRESS_CHARS;
                match shown.strip_suffix('…').filter(|_| is_cut) {
                    Some(start) => {
                        assert!(
                            href.starts_with(start) && start.chars().count() <= MAX_ADDRESS_CHARS,
                            "{href}"
                        );
                    }
                    None => assert_eq!(&**shown, href),
                }
                text += href;
            }
            Node::Element(element) => {
                let attributes: Vec<_> = element.attrs().collect();
                let is_known = match (parent.name(), element.name(), &*attributes) {
                    ("html", "p", [] | [("dir", "auto")])
                    | ("p", "em", [])
                    | ("p" | "em", "br", [])
                    | ("pre", "code", []) => true,
                    ("html", "pre", [("tabindex", "0")]) => true,
                    ("p" | "em", "a", [("href", href), ("rel", "nofollow ugc noopener")]) => {
                        is_of_the_web(href)
                    }
                    _ => false,
                };
                assert!(is_known, "{element:?} in {}", parent.name());
            }
            other => panic!("{other:?}"),
        }
    }
    text
}

/// Whether a link leads to the web, also as a browser resolves it.
fn is_of_the_web(href: &str) -> bool {
    let page = Url::parse("https://news.example/posts/1").expect("an address");
    let leads = page.join(href).map_or(true, |target| matches!(target.scheme(), "http" | "https"));
    let (scheme, rest) = href.split_once("://").unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let ends = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || "\"`<>\\“”„«»\u{61c}\u{200e}\u{200f}".contains(letter)
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    leads && is_web && rest.starts_with(char::is_alphanumeric) && !href.contains(ends)
}
