//! Any text is rendered as well-nested HTML of known tags, with the words of the text.

use horrorshow::Template;
use lorem_news::markup::cut::{beginning, common_limit, size};
use lorem_news::markup::{MAX_ADDRESS_CHARS, MAX_MARKUP_BYTES, Markup, excerpt, most};
use scraper::node::Element;
use scraper::{ElementRef, Html, Node};
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
    text.chars().filter(|&letter| !letter.is_whitespace() && !"*\\<>\0`-".contains(letter)).collect()
}

/// The text as a browser parses it, with the complete address of each link and the number of each item. Panics when a tag
/// is unknown, or is nested in another way than written.
fn read_back(output: &str) -> String {
    let parsed = Html::parse_fragment(output);
    let root = parsed.root_element();
    assert_eq!(
        root.inner_html().replace("&nbsp;", "\u{a0}"),
        output.replace('\0', ""),
        "the nesting differs"
    );
    let mut text = String::new();
    append(&mut text, root);
    text
}

/// Appends what is in an element, as it was typed but for the marks that [`words`] leaves out.
fn append(text: &mut String, element: ElementRef) {
    let (mut number, mut is_after_host) = (0, false);
    for node in element.children() {
        if let Node::Text(words) = node.value() {
            let after_host = words.strip_prefix(')').filter(|_| is_after_host);
            assert_eq!(after_host.is_some(), is_after_host, "the host is in brackets");
            *text += after_host.unwrap_or(words);
        }
        is_after_host = false;
        let Some(inner) = ElementRef::wrap(node) else { continue };
        assert!(is_known(element.value(), inner.value()), "{inner:?} in {element:?}");
        match inner.value().name() {
            "a" => append_link(text, inner),
            "bdi" => {
                *text = text.strip_suffix(" (").expect("a bracket before the host").to_owned();
                is_after_host = true;
            }
            "li" => {
                number = inner.attr("value").map_or(number + 1, |value| value.parse().expect("a number"));
                if element.value().name() == "ol" {
                    *text += &format!("{number}.");
                }
                append(text, inner);
            }
            _ => append(text, inner),
        }
    }
}

/// Appends a link: its address, or its text and its address, if a host is shown behind it.
fn append_link(text: &mut String, link: ElementRef) {
    let (shown, href) = (link.text().collect::<String>(), link.attr("href").expect("an address"));
    let host = link.next_siblings().nth(1).and_then(ElementRef::wrap);
    if let Some(host) = host.filter(|host| host.value().name() == "bdi") {
        let (host, url) = (host.text().collect::<String>(), href.to_lowercase());
        let end = host.strip_prefix('…').unwrap_or(&host).to_lowercase();
        let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next());
        let is_host = |authority: &str| {
            authority
                .rsplit('@')
                .next()
                .is_some_and(|host| host.split(':').next().is_some_and(|host| host.ends_with(&end)))
        };
        assert!(!end.is_empty() && authority.is_some_and(is_host), "{host} of {href}");
        *text += &format!("[{shown}]({href})");
        return;
    }
    match shown.strip_suffix('…').filter(|_| href.chars().count() > MAX_ADDRESS_CHARS) {
        Some(start) => {
            assert!(href.starts_with(start) && start.chars().count() <= MAX_ADDRESS_CHARS, "{href}");
        }
        None => assert_eq!(shown, href),
    }
    *text += href;
}

/// Whether an element may be in another one.
fn is_known(outer: &Element, inner: &Element) -> bool {
    let attributes: Vec<_> = inner.attrs().collect();
    let has_text = |name: &str| matches!(name, "p" | "li" | "em");
    match (outer.name(), inner.name(), &*attributes) {
        ("html" | "blockquote", "p", [] | [("dir", "auto")])
        | ("html" | "blockquote", "blockquote", [])
        | ("html" | "blockquote" | "li", "ul" | "ol", [("class", "text")])
        | ("ul" | "ol", "li", [] | [("dir", "auto")])
        | ("p" | "li", "em", [])
        | ("pre", "code", [])
        | ("html" | "blockquote", "pre", [("tabindex", "0")]) => true,
        ("ol", "li", [("value", number)] | [("dir", "auto"), ("value", number)]) => {
            number.parse::<u16>().is_ok_and(|number| number < 1000)
        }
        (outer, "code" | "br" | "bdi", []) => has_text(outer),
        (outer, "a", [("href", href), ("rel", "nofollow ugc noopener")]) => {
            has_text(outer) && is_of_the_web(href)
        }
        _ => false,
    }
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
