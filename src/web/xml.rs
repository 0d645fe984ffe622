//! XML documents, well-formed for any user's text.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::ElementWriter;

use super::{Error, Result};

/// The media type of feeds.
pub const ATOM: &str = "application/atom+xml";

/// The writer of a document.
pub type Xml = Writer<Vec<u8>>;

/// A UTF-8 document whose root element has these attributes and the content that `content` writes.
///
/// # Errors
/// [`Error::Internal`] from `content`; writing to memory itself does not fail.
pub fn document(
    name: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> Result<String> {
    let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("writing XML: {error}").into());
    let mut xml = Writer::new(Vec::with_capacity(16 * 1024));
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .map_err(|error| failed(&error))?;
    parent(&mut xml, name, attributes, content).map_err(|error| failed(&error))?;
    String::from_utf8(xml.into_inner()).map_err(|error| failed(&error))
}

/// Writes an element with child elements.
///
/// # Errors
/// Those of `content`; writing to memory itself does not fail.
pub fn parent(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    element(xml, name, attributes).write_inner_content(content)?;
    Ok(())
}

/// Writes an element with text.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn text(xml: &mut Xml, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
    element(xml, name, attributes).write_text_content(BytesText::new(&allowed(text)))?;
    Ok(())
}

/// Writes an empty element.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn empty(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    element(xml, name, attributes).write_empty()?;
    Ok(())
}

fn element<'x>(xml: &'x mut Xml, name: &'x str, attributes: &[(&str, &str)]) -> ElementWriter<'x, Vec<u8>> {
    let element = xml.create_element(name);
    attributes
        .iter()
        .fold(element, |element, &(name, value)| element.with_attribute((name, &*allowed(value))))
}

/// The text without the characters that XML forbids even when escaped
/// (<https://www.w3.org/TR/xml/#charsets>): a parser refuses a document with any of them.
fn allowed(text: &str) -> Cow<'_, str> {
    let is_forbidden = |letter: char| match letter {
        '\t' | '\n' | '\r' => false,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    };
    if text.contains(is_forbidden) { text.replace(is_forbidden, "").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use roxmltree::Document;

    proptest! {
        #[test]
        fn a_parser_reads_any_text_back_but_for_forbidden_characters(content in any::<String>(), marks in "[<>&\"'\\x00-\\x1f\\]é]{0,20}") {
            // A parser reads every line end as LF, and normalises whitespace in attributes.
            let content = (content + &marks).replace('\r', "");
            let address = marks.replace(['\t', '\n', '\r'], "");
            let written = document("a", &[("href", &address)], |xml| text(xml, "b", &[], &content));
            let written = written.expect("it is written");
            let parsed = Document::parse(&written).expect(&written);
            let root = parsed.root_element();
            prop_assert_eq!(root.attribute("href"), Some(&*allowed(&address)));
            let child = root.first_element_child().expect("it is there");
            prop_assert_eq!(child.text().unwrap_or_default(), allowed(&content));
        }
    }

    #[test]
    fn only_forbidden_characters_are_removed() {
        assert_eq!(
            allowed("a\0b\u{b}\t\r\n\u{7f}\u{85}\u{fffe}\u{ffff}\u{fffd}\u{10ffff}"),
            "ab\t\r\n\u{7f}\u{85}\u{fffd}\u{10ffff}"
        );
    }
}
