//! Text that people wrote, as HTML: paragraphs and line breaks, everything else escaped.

use horrorshow::{Render, TemplateBuffer};

use crate::ui::text::Text;

/// Renders a text: an empty line begins a paragraph, a line break stays one. Linear in the length of
/// the text; its output has no tags but `p` and `br`.
pub struct Markup<'t>(pub &'t str);

impl Render for Markup<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        let mut in_paragraph = false;
        for line in self.0.lines() {
            match (line.trim().is_empty(), in_paragraph) {
                (true, true) => {
                    out.write_raw("</p>");
                    in_paragraph = false;
                }
                (true, false) => {}
                (false, true) => {
                    out.write_raw("<br>");
                    Text(line).render(out);
                }
                (false, false) => {
                    out.write_raw("<p>");
                    Text(line).render(out);
                    in_paragraph = true;
                }
            }
        }
        if in_paragraph {
            out.write_raw("</p>");
        }
    }
}

render_by_reference!(Markup<'_>);

#[cfg(test)]
mod tests {
    use super::*;
    use horrorshow::Template;
    use proptest::prelude::*;

    fn html(text: &str) -> String {
        Markup(text).into_string().expect("a string takes it")
    }

    #[test]
    fn empty_lines_part_paragraphs_and_breaks_stay() {
        for (text, expected) in [
            ("", ""),
            (" \n\r\n\n", ""),
            ("one", "<p>one</p>"),
            ("one\ntwo\r\n \n\nthree\n", "<p>one<br>two</p><p>three</p>"),
            ("<b>&\"", "<p>&lt;b&gt;&amp;\"</p>"),
        ] {
            assert_eq!(html(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_only_paragraphs_and_breaks(text in ".{0,200}", more in "[<>&\n\r \"'a]{0,80}") {
            let html = html(&(text + &more));
            let rest = html.replace("<p>", "").replace("</p>", "").replace("<br>", "");
            prop_assert!(!rest.contains(['<', '>']));
            prop_assert_eq!(html.matches("<p>").count(), html.matches("</p>").count());
        }
    }
}
