//! Tests of the rendering of texts.

use super::blocks::DIRECTION;
use super::*;
use crate::html::text::Text;
use horrorshow::Template;
use proptest::prelude::*;

fn html(text: &str) -> String {
    Markup(text).into_string().expect("a string takes it")
}

fn assert_table(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(html(text), *expected, "{text:?}");
    }
}

#[test]
fn an_excerpt_is_words_without_marks() {
    for (text, limit, expected) in [
        ("", 20, ""),
        (" \n\n\t ", 20, ""),
        ("One *two* three", 20, "One two three"),
        ("One\n\n  two\r\nthree ", 20, "One two three"),
        ("2 * 3, a ** b, \\*c, *lone", 30, "2 * 3, a * b, *c, lone"),
        ("  *p = 1;", 20, "*p = 1;"),
        ("See <http://a.example>!", 30, "See http://a.example!"),
        ("a\0b", 20, "a b"),
        ("> a\n> > b\n- c\n2. d\n\\- e", 20, "a b c 2. d - e"),
        ("`*a*` [b](http://c.example)", 20, "*a* b"),
        ("exactly ten", 11, "exactly ten"),
        ("exactly ten", 10, "exactly…"),
        ("exactly ten", 8, "exactly…"),
        ("exactly ten", 7, "exactl…"),
        ("ünbrechbar", 5, "ünbr…"),
        ("a", 0, "…"),
    ] {
        assert_eq!(excerpt(text, limit), expected, "{text:?}");
    }
}

/// A paragraph with this content.
fn paragraph(content: &str) -> String {
    format!("<p{}>{content}</p>", if has_right_to_left(content) { DIRECTION } else { "" })
}

/// Checks that each text gives one paragraph with the expected content.
fn assert_in_paragraph(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(html(text), paragraph(expected), "{text:?}");
    }
}

/// The link to an address that is neither escaped nor cut.
fn linked(address: &str) -> String {
    format!(r#"<a href="{address}" rel="nofollow ugc noopener">{address}</a>"#)
}

/// Checks that in each text only the address between `[[` and `]]` is linked.
fn assert_links(texts: &[&str]) {
    for marked in texts {
        let (before, rest) = marked.split_once("[[").expect("a beginning");
        let (address, after) = rest.split_once("]]").expect("an end");
        let expected = paragraph(&[before, &linked(address), after].concat());
        assert_eq!(html(&[before, address, after].concat()), expected, "{marked:?}");
    }
}

/// Checks that each text is only escaped.
fn assert_no_links(texts: &[&str]) {
    for text in texts {
        let escaped = Text(text).into_string().expect("a string takes it");
        assert_eq!(html(text), paragraph(&escaped), "{text:?}");
    }
}

#[test]
fn blank_lines_separate_paragraphs_and_other_breaks_stay() {
    assert_table(&[
        ("", ""),
        (" \n\r\n\n\t\n\r\u{a0}", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo\r\n \n\nthree\n", "<p>one<br>two</p><p>three</p>"),
        ("one\rtwo\r\rthree\n\rfour", "<p>one<br>two</p><p>three</p><p>four</p>"),
        ("\n\n one \n two", "<p> one <br> two</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;\"'</p>"),
        ("a\nשלום\n\nb\n \nمرحبا", r#"<p dir="auto">a<br>שלום</p><p>b</p><p dir="auto">مرحبا</p>"#),
    ]);
}

#[test]
fn two_stars_emphasise_the_text_between_them() {
    assert_in_paragraph(&[
        ("*a*", "<em>a</em>"),
        ("(*a b*, *c*)", "(<em>a b</em>, <em>c</em>)"),
        ("2*3*4", "2<em>3</em>4"),
        ("*a\nb*", "<em>a<br>b</em>"),
        ("*a < b*", "<em>a &lt; b</em>"),
        ("*é*", "<em>é</em>"),
        ("*a *b* c*", "<em>a *b</em> c*"),
        ("*a * b*", "<em>a * b</em>"),
        ("*a* b*", "<em>a</em> b*"),
    ]);
}

#[test]
fn a_star_without_a_partner_is_a_star() {
    assert_in_paragraph(&[
        ("*", "*"),
        ("*a", "*a"),
        ("a*", "a*"),
        ("a * b * c", "a * b * c"),
        ("*a *", "*a *"),
        ("*\u{a0}a*", "*\u{a0}a*"),
        ("a\n*\nb", "a<br>*<br>b"),
        ("a\n * *", "a<br> * *"),
        ("*a* *b", "<em>a</em> *b"),
    ]);
    assert_table(&[
        ("*a\n\nb*", "<p>*a</p><p>b*</p>"),
        ("*a\n\n*b*", "<p>*a</p><p><em>b</em></p>"),
        ("*a*\n\n*b", "<p><em>a</em></p><p>*b</p>"),
    ]);
}

#[test]
fn a_star_is_escaped_by_a_backslash_or_a_second_one() {
    assert_in_paragraph(&[
        ("**", "*"),
        (r"\*", "*"),
        (r"\*a\*", "*a*"),
        ("**a**", "*a*"),
        ("****", "**"),
        ("***a***", "*<em>a*</em>"),
        (r"*\**", "<em>*</em>"),
        (r"*a\*", "*a*"),
        (r"*a\* b*", "<em>a* b</em>"),
        (r"\\*", r"\*"),
        (r"\a \", r"\a \"),
        ("2 ** 3 *a*", "2 * 3 <em>a</em>"),
    ]);
}

#[test]
fn indented_lines_after_a_blank_one_are_code() {
    let code = |code: &str| format!("<pre tabindex=\"0\"><code>{code}</code></pre>");
    for (text, expected) in [
        ("  a", code("  a")),
        ("\ta", code("\ta")),
        (" \ta", code(" \ta")),
        ("  a\n   b\r\n\tc\n", code("  a\n   b\n\tc")),
        ("a\n\n  b", format!("<p>a</p>{}", code("  b"))),
        ("  a\nb\n  c", format!("{}<p>b<br>  c</p>", code("  a"))),
        ("  a\n\n \n  b\n\nc", format!("{}<p>c</p>", code("  a\n\n \n  b"))),
        ("  a\n\n\n", code("  a")),
        ("  a\n\n\nb", format!("{}<p>b</p>", code("  a"))),
        ("  *a* http://a.example/ <b> ** &amp;", code("  *a* http://a.example/ &lt;b&gt; ** &amp;amp;")),
        ("a\n  b", "<p>a<br>  b</p>".to_owned()),
        (" a", "<p> a</p>".to_owned()),
        ("*a\n\n  b*", format!("<p>*a</p>{}", code("  b*"))),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
}

#[test]
fn addresses_become_links() {
    assert_links(&[
        "[[http://a.example]]",
        "[[https://a.example/b?c=d#e]] f",
        "[[HTTPS://A.example]]",
        "[[hTTp://a]]",
        "[[http://localhost:3000/]]",
        "[[http://1.2.3.4]]",
        "[[http://name@a.example]]",
        "[[http://é.example/ü]]",
        "[[http://a.example/it's]]",
        "[[http://a.example/http://b.example]]",
        "see:[[http://a.example/]]",
        "_[[http://a.example/]]",
        "[[http://http://a.example]]",
    ]);
    let two = format!("<p>{} <br>{}</p>", linked("http://a"), linked("http://b"));
    assert_eq!(html("http://a \nhttp://b"), two);
    assert_in_paragraph(&[(
        "http://a.example/?b&c='\u{3b1}'d",
        "<a href=\"http://a.example/?b&amp;c='\u{3b1}'d\" rel=\"nofollow ugc noopener\">\
         http://a.example/?b&amp;c='\u{3b1}'d</a>",
    )]);
}

#[test]
fn text_that_only_resembles_an_address_is_not_linked() {
    assert_no_links(&[
        "http://",
        "https:// a.example",
        "http:///path",
        "http://.",
        "http://*",
        "http://?a",
        "http://\"a",
        "http://\\a",
        "http://<a>",
        "<http://>",
        "http://[::1]/",
        "http:/a.example",
        "http:a.example",
        "xhttp://a.example",
        "1https://a.example",
        "éhttp://a.example",
        "ttp://a.example",
        "é://a",
        "://a.example",
        "ftp://a.example",
        "javascript://a.example",
        "javascript:alert(1)",
        "www.a.example",
    ]);
}

#[test]
fn an_address_excludes_the_punctuation_of_the_sentence() {
    assert_links(&[
        "[[http://a.example/]].",
        "[[http://a.example/b.c]],;:!?…",
        "'[[http://a.example/]]'",
        "‘[[http://a.example/]]’.",
        "\"[[http://a.example/]]\"x",
        "“[[http://a.example/]]”",
        "«[[http://a.example/]]»",
        "([[http://a.example/]])",
        "(see [[http://a.example/]].)",
        "[[http://a.example/b_(c)]]",
        "([[http://a.example/b_(c)]]).",
        "[[http://a.example/b]])c",
        "[]([[http://a.example/]])",
        "{[[http://a.example/]]}",
        "[[http://a.example/{b}]]}",
        "[[http://a.example/(b]]",
        "[ [[http://a.example/]]]",
        "[[http://a.example/[b]?c]]",
        "[[http://a.example/]]\\n",
        "[[http://a.example/]]\u{0}",
        "[[http://a.example/]]\u{1f}b",
        "[[http://a.example/]]\u{7f}b",
        "[[http://a.example/]]\u{a0}b",
        "[[http://a.example/]]\u{61c}b",
        "[[http://a.example/]]\u{200e}b",
        "[[http://a.example/]]\u{202e}b",
        "[[http://a.example/]]\u{2067}b",
    ]);
    let link = linked("http://a.example/");
    assert_in_paragraph(&[
        ("http://a.example/<b>", &format!("{link}&lt;b&gt;")),
        ("http://a.example/></a>", &format!("{link}&gt;&lt;/a&gt;")),
        ("[http://a.example/](http://a.example/)", &format!("[{link}]({link})")),
    ]);
}

#[test]
fn an_address_ends_before_punctuation_that_has_no_blank_after_it() {
    // Chinese and Japanese, Arabic and Urdu, Hindi, Khmer, Burmese, Amharic, Tibetan, Armenian.
    for mark in "。、，．：；！？）」』】》〉〕］｝（「『【《〈｡､｣،؛؟۔।॥។၊။።༎։".chars()
    {
        assert_links(&[&format!("[[http://a.example/b]]{mark}c"), &format!("[[http://a.example/b]]{mark}")]);
    }
    assert_links(&[
        "见[[https://a.example/路径]]。下一句",
        "（[[https://a.example/]]）",
        "「[[https://a.example/]]」と",
        "[[http://a.example/日本・中国–ロシア]]",
        "[[http://a.example/it’s]]",
    ]);
    let whole = linked("http://a.example/モーニング娘。");
    assert_in_paragraph(&[("<http://a.example/モーニング娘。>", &whole)]);
}

#[test]
fn angle_brackets_delimit_an_address() {
    let closed = linked("http://a.example/b.)*");
    let link = linked("http://a.example/");
    assert_in_paragraph(&[
        ("a<http://a.example/b.)*>b", &format!("a{closed}b")),
        ("<<http://a.example/>>", &format!("&lt;{link}&gt;")),
        ("<http://a.example/", &format!("&lt;{link}")),
        ("<http://a.example/ >", &format!("&lt;{link} &gt;")),
        ("< http://a.example/>", &format!("&lt; {link}&gt;")),
        ("<http://a.example/\"b>", &format!("&lt;{link}\"b&gt;")),
        ("<a href=http://a.example/>", &format!("&lt;a href={link}&gt;")),
    ]);
}

#[test]
fn stars_in_an_address_belong_to_it_and_the_star_after_it_closes_emphasis() {
    let link = linked("http://a.example/");
    let star = linked("http://a.example/*b*c");
    assert_in_paragraph(&[
        ("http://a.example/*b*c", &star),
        ("*d http://a.example/*b*c", &format!("*d {star}")),
        ("*d http://a.example/*b*c e*", &format!("<em>d {star} e</em>")),
        ("*see http://a.example/*", &format!("<em>see {link}</em>")),
        ("*see http://a.example/*.", &format!("<em>see {link}</em>.")),
        ("*see http://a.example/.*", &format!("<em>see {link}.</em>")),
        ("*http://a.example/* *", &format!("<em>{link}</em> *")),
        ("*<http://a.example/>*", &format!("<em>{link}</em>")),
        ("http://a.example/*", &format!("{link}*")),
        ("http://a.example/ *a*", &format!("{link} <em>a</em>")),
    ]);
}

#[test]
fn a_long_address_is_cut_after_sixty_characters() {
    let fits = format!("http://a.example/{}", "é".repeat(MAX_ADDRESS_CHARS - 17));
    assert_in_paragraph(&[(&fits, &linked(&fits))]);
    let long = format!("{fits}bc");
    let cut = format!("<a href=\"{long}\" rel=\"nofollow ugc noopener\">{fits}…</a>");
    assert_in_paragraph(&[(&long, &cut)]);
}

#[test]
fn the_output_is_at_most_fourteen_times_as_long_plus_forty_bytes() {
    let long = format!("http://a/{} ", "&".repeat(MAX_ADDRESS_CHARS - 9));
    for piece in [
        "*",
        "* ",
        " *",
        "*a ",
        "*a*",
        "\\*",
        "\n",
        "\r",
        " \n",
        "a\n",
        "a\n\n",
        "*a*\n\n",
        "\t&",
        "  a\n",
        "  a\n\n",
        "\ta\nb\n\n",
        "http://",
        "http:",
        "http://a ",
        "http://a\n",
        "<http://a>",
        "(http://a)",
        "&",
        "<",
        "\"",
        "'",
        "http://a'\" ",
        "*http://a* ",
        "> ",
        "> a\n",
        "> a\nb\n",
        ">>> a\nb\n",
        ">>>  a\nb\n",
        ">>>   a\nb\n",
        ">>> \ta\nb\n",
        ">>> - a\nb\n",
        "> > > a\n> a\n",
        "- a\n",
        "- a\nb\n",
        "- a\n  - b\n    - c\nd\n",
        "9. a\n",
        "9. a\n- b\n",
        "99. \u{5d0}\n",
        "`a`",
        "``a``",
        "[a](http://b)",
        "[a](http://b&)",
        &long,
    ] {
        for start in ["", "*a", "  a\n", "http://a.example/"] {
            // The worst cases are short texts, of which the tags are the largest part.
            for times in [1, 2, 4096 / piece.len()] {
                let text = start.to_owned() + &piece.repeat(times);
                let (length, most) = (html(&text).len(), 14 * text.len() + 40);
                assert!(length <= most, "{times} of {piece:?} after {start:?}: {length}, not {most}");
            }
        }
    }
}

/// With quadratic time one of these would take minutes: the test is that it ends.
#[test]
fn a_mebibyte_of_any_pattern_takes_linear_time() {
    for (start, piece) in [
        ("", "*"),
        ("", "*a "),
        ("", "*a\n"),
        ("*a", " *"),
        ("*a", "\n"),
        ("", "*a\n\n"),
        ("", "*a*"),
        ("  a", "\n"),
        ("  a", "\n \nb"),
        ("", "  a\n\n"),
        ("", "  a\nb\n\n"),
        ("a\n", " "),
        ("", "http://"),
        ("", "http://*"),
        ("", "http://a)*"),
        ("", "<http://a "),
        ("", "<http://a"),
        ("http://a", ")"),
        ("http://a", ":"),
        ("http://a", "(]"),
        ("http://a", "&"),
        ("", ">"),
        ("", "> "),
        ("", "> a\n"),
        ("", "> > > a\n> "),
        (">", " >"),
        (">   a", "\n> "),
        ("", "- "),
        ("", "- a\n"),
        ("", "- a\n  - b\n"),
        ("- a", "\n  b"),
        ("- a\n", "\n"),
        ("- *a", "\n  *b"),
        ("", "1. *a\n"),
        ("1", "1"),
        ("", "`"),
        ("", "` "),
        ("", "`` ` "),
        ("", "``` `` ` "),
        ("`a", "``"),
        ("", "\\`"),
        ("", "["),
        ("", "[a"),
        ("", "[a]("),
        ("", "[a](http://"),
        ("", "[a](http://b"),
        ("", "[a](http://b "),
        ("", "[a](http://b)"),
        ("[", "("),
        ("[", "a]"),
    ] {
        let text = start.to_owned() + &piece.repeat((1 << 20) / piece.len());
        let html = html(&text);
        assert!(html.is_empty() || html.starts_with('<'), "{piece:?} after {start:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn text_without_signs_gives_only_paragraphs_and_breaks(
        text in "[^*:`\\[\0\n\r]{0,40}",
        more in "a[<&\n\r \"'a]{0,80}",
    ) {
        let text = format!("a{text}{more}");
        let bare = text.replace("\r\n", "\n").replace('\r', "\n");
        let blocks = bare.lines().collect::<Vec<_>>();
        let mut expected = String::new();
        for lines in blocks.split(|line| line.trim().is_empty()).filter(|lines| !lines.is_empty()) {
            if lines[0].starts_with("  ") {
                return Ok(()); // Another test covers code.
            }
            let lines = lines.iter().map(|line| Text(line).into_string().expect("a string takes it"));
            expected += &paragraph(&lines.collect::<Vec<_>>().join("<br>"));
        }
        prop_assert_eq!(html(&text), expected);
    }
}

#[test]
fn marks_before_lines_make_quotes() {
    for (text, expected) in [
        ("> a", "<blockquote><p>a</p></blockquote>"),
        (">\n> a\n>", "<blockquote><p>a</p></blockquote>"),
        ("> a\n> *b\n> c*", "<blockquote><p>a<br><em>b<br>c</em></p></blockquote>"),
        ("> a\nb", "<blockquote><p>a</p></blockquote><p>b</p>"),
        ("a\n> b\nc", "<p>a</p><blockquote><p>b</p></blockquote><p>c</p>"),
        ("> a\n\n> b\n\nc", "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>"),
        ("> a\n>\n> b", "<blockquote><p>a</p><p>b</p></blockquote>"),
        ("> > a\n> b", "<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote>"),
        ("> a\n>> b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        (">>>> a", &format!("{0}{0}{0}<p>a</p>{1}{1}{1}", "<blockquote>", "</blockquote>")),
        (">   a\n>\n>  b", "<blockquote><pre tabindex=\"0\"><code>  a</code></pre><p> b</p></blockquote>"),
        (">   a\nb", "<blockquote><pre tabindex=\"0\"><code>  a</code></pre></blockquote><p>b</p>"),
        ("> *a\n\nb*", "<blockquote><p>*a</p></blockquote><p>b*</p>"),
        ("> *a\nb*", "<blockquote><p>*a</p></blockquote><p>b*</p>"),
        ("> - a\n> - b", "<blockquote><ul class=\"text\"><li>a</li><li>b</li></ul></blockquote>"),
        ("> \u{5d0}\nb", "<blockquote><p dir=\"auto\">\u{5d0}</p></blockquote><p>b</p>"),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
    assert_in_paragraph(&[
        (">100 of them", "&gt;100 of them"),
        (">_<", "&gt;_&lt;"),
        (" > a", " &gt; a"),
        ("\\> a", "&gt; a"),
        ("a > b", "a &gt; b"),
    ]);
}

#[test]
fn marks_before_lines_make_lists() {
    let bullets = |items: &str| format!("<ul class=\"text\">{items}</ul>");
    let numbers = |items: &str| format!("<ol class=\"text\">{items}</ol>");
    for (text, expected) in [
        ("- a\n* b", bullets("<li>a</li><li>b</li>")),
        (" - a", bullets("<li>a</li>")),
        ("a:\n- b\nc", format!("<p>a:</p>{}<p>c</p>", bullets("<li>b</li>"))),
        ("a:\n  - b", format!("<p>a:</p>{}", bullets("<li>b</li>"))),
        ("- a\n\n- b\n\nc", format!("{}<p>c</p>", bullets("<li>a</li><li>b</li>"))),
        ("- a\n  *b\n  c*", bullets("<li>a<br>  <em>b<br>  c</em></li>")),
        ("- *a\n- b*", bullets("<li>*a</li><li>b*</li>")),
        ("- a\n\n  b", bullets("<li>a</li>") + "<pre tabindex=\"0\"><code>  b</code></pre>"),
        ("- a\n  - b\n    - c\n      - d\n  - e\n- f", {
            let inner = bullets("<li>c</li><li>d</li>");
            bullets(&format!("<li>a{}</li><li>f</li>", bullets(&format!("<li>b{inner}</li><li>e</li>"))))
        }),
        (
            "- a\n    - b\n  - c",
            bullets(&format!("<li>a{}{}</li>", bullets("<li>b</li>"), bullets("<li>c</li>"))),
        ),
        ("1. a\n2. b", numbers("<li>a</li><li>b</li>")),
        ("a\n1. b", format!("<p>a</p>{}", numbers("<li>b</li>"))),
        (
            "0. a\n1. b\n7. c\n8. d",
            numbers("<li value=\"0\">a</li><li>b</li><li value=\"7\">c</li><li>d</li>"),
        ),
        (
            "1. a\n\nb\n\n2. c",
            format!("{}<p>b</p>{}", numbers("<li>a</li>"), numbers("<li value=\"2\">c</li>")),
        ),
        ("1. a\n- b", numbers("<li>a</li>") + &bullets("<li>b</li>")),
        ("1. a\n  - b\n2. c", numbers(&format!("<li>a{}</li><li>c</li>", bullets("<li>b</li>")))),
        ("- \u{5d0}\n- b", bullets("<li dir=\"auto\">\u{5d0}</li><li>b</li>")),
        (
            "- \u{5d0}\n7. \u{5d0}",
            bullets("<li dir=\"auto\">\u{5d0}</li>") + &numbers("<li dir=\"auto\" value=\"7\">\u{5d0}</li>"),
        ),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
    assert_in_paragraph(&[
        ("-a", "-a"),
        ("-", "-"),
        ("- - -", "- - -"),
        ("* * *", "* * *"),
        ("1.a", "1.a"),
        ("2026. A year", "2026. A year"),
        ("007. A name", "007. A name"),
        ("1) a", "1) a"),
        ("I have\n2. no", "I have<br>2. no"),
        ("\\- a", "- a"),
        ("\\* a", "* a"),
        ("\\1. a", "1. a"),
        ("a\n\\- b", "a<br>- b"),
        ("\\a", "\\a"),
    ]);
}

#[test]
fn backquotes_make_code() {
    assert_in_paragraph(&[
        ("`a`", "<code>a</code>"),
        ("a `*b* http://c` d", "a <code>*b* http://c</code> d"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("``a`b``", "<code>a`b</code>"),
        ("`` `a` ``", "<code>`a`</code>"),
        ("`C:\\` a", "<code>C:\\</code> a"),
        ("*a `b*` c*", "<em>a <code>b*</code> c</em>"),
        ("*a `b*`", "*a <code>b*</code>"),
        ("\\`a`", "`a`"),
        ("\\`a\\`", "`a`"),
        ("`a", "`a"),
        ("` `", "` `"),
        ("``", "``"),
        ("```", "```"),
        ("```a```", "```a```"),
        ("``a`", "``a`"),
        ("`a\nb`", "`a<br>b`"),
        ("``quoted''", "``quoted''"),
    ]);
}

#[test]
fn a_named_link_shows_the_host_behind_it() {
    let link = |text: &str, address: &str, host: &str| {
        format!("<a href=\"{address}\" rel=\"nofollow ugc noopener\">{text}</a> (<bdi>{host}</bdi>)")
    };
    let long = format!("https://{}.example", "a".repeat(80));
    let end = format!("…{}.example", "a".repeat(52));
    assert_in_paragraph(&[
        ("[a](https://b.example/c)", &link("a", "https://b.example/c", "b.example")),
        ("([a](HTTP://b.example).)", &format!("({}.)", link("a", "HTTP://b.example", "b.example"))),
        ("[a](http://b.example/c_(d))", &link("a", "http://b.example/c_(d)", "b.example")),
        ("[*a* `b`](http://c.example)", &link("*a* `b`", "http://c.example", "c.example")),
        ("*[a](http://b.example)*", &format!("<em>{}</em>", link("a", "http://b.example", "b.example"))),
        (
            "[bank.example](https://evil.example:8080/)",
            &link("bank.example", "https://evil.example:8080/", "evil.example"),
        ),
        (
            "[a](https://bank.example@evil.example/)",
            &link("a", "https://bank.example@evil.example/", "evil.example"),
        ),
        (
            "[a](https://bank.example?@evil.example/)",
            &link("a", "https://bank.example?@evil.example/", "bank.example"),
        ),
        (&format!("[a]({long})"), &link("a", &long, &end)),
        ("[[1](http://b.example)]", &format!("[{}]", link("1", "http://b.example", "b.example"))),
    ]);
}

#[test]
fn what_only_resembles_a_named_link_is_text() {
    for text in [
        "[a](b)",
        "[a](/b)",
        "[a](javascript:alert(1))",
        "[a](ftp://b.example)",
        "[a](mailto:b@example.com)",
        "[a](http://)",
        "[a](http:b)",
        "[a]",
        "[a] (b)",
        "[a](",
        "[",
    ] {
        assert_no_links(&[text]);
    }
    assert_links(&[
        "[a] ([[http://b.example]])",
        "[a]([[http://b.example]] \"c\")",
        "[a]([[http://b.example]]",
        "[ ]([[http://b.example]])",
        "[\u{200b}]([[http://b.example]])",
        "[a\u{202e}]([[http://b.example]])",
        "b]([[http://b.example]])",
    ]);
    assert_in_paragraph(&[(r"\[a](http://b)", &format!("[a]({})", linked("http://b")))]);
}

#[test]
fn prose_has_no_code_and_no_marks() {
    let text = "> a `b` c\n\n  d\n\n- e\n\\- f";
    let parts: Vec<_> = without_code(text).filter(|part| !part.trim().is_empty()).collect();
    assert_eq!(parts, ["a ", " c", "e", "- f"]);
}
