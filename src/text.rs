//! Characters that a page cannot show, the places between characters where a text can be cut, and texts that are
//! compared without regard to case.

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::{BidiClass, BinaryProperty, DefaultIgnorableCodePoint, Script};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::GraphemeCursor;

/// The form in which names and passwords are compared. Texts are equal that differ only in case or in how
/// Unicode encodes their characters (NFKC: `ｚｏｅ` is `zoe`). Folding goes by way of the capitals, because some
/// capitals have two small letters (`Σ`: `σ` and `ς`) and some small letters two capitals (`ß`: `SS` and `ẞ`).
/// NFKC makes up to eighteen characters of one: a text from outside is limited before.
pub fn folded(letters: impl Iterator<Item = char>) -> String {
    letters
        .nfkc()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect()
}

/// Whether a character changes how the text around it reads and has no glyph: control characters, which XML
/// forbids too, and the embeddings, overrides and isolates that turn the direction of writing (CVE-2021-42574,
/// "Trojan Source"; Unicode's UTR 36). The direction marks LRM, RLM and ALM are not among them: texts need them.
#[must_use]
pub fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a page shows nothing for a character: Unicode's `Default_Ignorable_Code_Point` and four more.
#[must_use]
pub fn is_invisible(letter: char) -> bool {
    match letter {
        // Interlinear annotation marks: a renderer that does not know them shows nothing.
        '\u{fff9}'..='\u{fffb}' => true,
        // The Braille pattern without a dot: a symbol for Unicode, and empty.
        '\u{2800}' => true,
        _ => DefaultIgnorableCodePoint::for_char(letter),
    }
}

/// Whether a text has no visible character.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || is_invisible(letter))
}

/// The most bytes of a grapheme cluster that is kept together: a family of emoji has some 40, a letter with the
/// 30 marks of Unicode's stream-safe format (UAX 15) 64. A text of nothing but marks is a single cluster.
const MAX_CLUSTER_BYTES: usize = 128;

/// The last boundary of a text up to byte `at` that is not within a grapheme cluster: a letter with its accents,
/// a flag, an emoji with its modifiers (Unicode's UAX 29).
#[must_use]
pub fn floor_boundary(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    // Neither fails: the cursor has the whole text.
    if cursor.is_boundary(text, 0).unwrap_or(true) {
        return at;
    }
    let before = cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0);
    if at - before > MAX_CLUSTER_BYTES { at } else { before }
}

/// A text without its end, and `…` in place of that, if it has more than `limit` characters.
#[must_use]
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..floor_boundary(text, end)]).into(),
    }
}

/// Whether the letter is of a script that puts no blanks between words: Chinese, Japanese, Thai and others
/// (Unicode Standard Annex #29, "Word Boundaries", excludes these scripts from its rules).
#[must_use]
pub fn has_no_blanks(letter: char) -> bool {
    // The letters before are Latin, Greek, Cyrillic, Hebrew, Arabic and Indic. The prolonged sound mark belongs to two
    // scripts, so that Unicode gives it none.
    letter >= '\u{e00}'
        && (matches!(letter, 'ー' | 'ｰ')
            || matches!(
                CodePointMapData::<Script>::new().get(letter),
                Script::Han
                    | Script::Hiragana
                    | Script::Katakana
                    | Script::Bopomofo
                    | Script::Thai
                    | Script::Lao
                    | Script::Khmer
                    | Script::Myanmar
                    | Script::Tibetan
                    | Script::TaiLe
                    | Script::NewTaiLue
                    | Script::TaiTham
                    | Script::Yi
            ))
}

/// Whether a text has letters that are read from right to left (Unicode's UAX 9: the classes R and AL).
#[must_use]
pub fn has_right_to_left(text: &str) -> bool {
    let is_one = |letter| {
        matches!(
            CodePointMapData::<BidiClass>::new().get(letter),
            BidiClass::RightToLeft | BidiClass::ArabicLetter
        )
    };
    // The letters before are Latin, Greek, Cyrillic and Armenian.
    !text.is_ascii() && text.chars().any(|letter| letter >= '\u{590}' && is_one(letter))
}

/// A text for a line of other words where there is no markup, such as a title: one with letters that are read
/// from right to left is between Unicode's isolates, so that it does not change the order of the words around it.
#[must_use]
pub fn isolated(text: &str) -> Cow<'_, str> {
    if has_right_to_left(text) { format!("\u{2068}{text}\u{2069}").into() } else { text.into() }
}

/// The number of characters of a text, where Han, Kana and Hangul, of which one or two make a word, count
/// double: the measure of the least length of a text.
#[must_use]
pub fn length_of_words(text: &str) -> usize {
    let is_syllable = |letter| {
        matches!(
            CodePointMapData::<Script>::new().get(letter),
            Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul
        )
    };
    text.chars().map(|letter| if letter >= '\u{1100}' && is_syllable(letter) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_found() {
        for (letter, name) in [
            ('\u{ad}', "soft hyphen"),
            ('\u{34f}', "combining grapheme joiner"),
            ('\u{61c}', "Arabic letter mark"),
            ('\u{115f}', "Hangul choseong filler"),
            ('\u{17b4}', "Khmer inherent vowel"),
            ('\u{180e}', "Mongolian vowel separator"),
            ('\u{200b}', "zero width space"),
            ('\u{200d}', "zero width joiner"),
            ('\u{202e}', "right-to-left override"),
            ('\u{2060}', "word joiner"),
            ('\u{2800}', "Braille pattern blank"),
            ('\u{3164}', "Hangul filler"),
            ('\u{fe0f}', "variation selector"),
            ('\u{feff}', "byte order mark"),
            ('\u{ffa0}', "halfwidth Hangul filler"),
            ('\u{fff9}', "interlinear annotation anchor"),
            ('\u{fffb}', "interlinear annotation terminator"),
            ('\u{1bca0}', "shorthand format control"),
            ('\u{1d173}', "musical symbol begin beam"),
            ('\u{e0061}', "tag letter"),
        ] {
            assert!(is_invisible(letter), "{name}");
        }
        for letter in [' ', 'a', 'é', '\u{301}', 'ー', '名', '😀', '\u{2801}', '\u{fffc}', '\u{fffd}', '\0']
        {
            assert!(!is_invisible(letter), "{letter:?}");
        }
    }

    #[test]
    fn marks_of_direction_are_no_control_characters() {
        for letter in ['\0', '\n', '\u{7f}', '\u{9d}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert!(is_control(letter), "{letter:?}");
        }
        for letter in ['a', ' ', '\u{61c}', '\u{200e}', '\u{200f}', '\u{2065}'] {
            assert!(!is_control(letter), "{letter:?}");
        }
    }

    #[test]
    fn text_is_blank_without_a_visible_character() {
        for text in ["", " \n\u{a0}", "\u{200b}", " \u{3164}\u{2800} "] {
            assert!(is_blank(text), "{text:?}");
        }
        assert!(!is_blank(" \u{200b}a") && !is_blank("\0"));
    }

    #[test]
    fn a_text_is_not_cut_within_a_grapheme_cluster() {
        for (text, at, boundary) in [
            ("abc", 2, 2),
            ("abc", 9, 3),
            ("é", 1, 0),
            ("ae\u{301}", 2, 1),
            ("a\r\nb", 2, 1),
            ("🇩🇪🇫🇷", 12, 8),
            ("👩\u{200d}👩\u{200d}👧", 11, 0),
            ("🏽a", 4, 4),
        ] {
            assert_eq!(floor_boundary(text, at), boundary, "{text:?} at {at}");
        }
        assert_eq!(floor_boundary(&"\u{301}".repeat(1_000), 1_001), 1_000);
        assert_eq!((&*shortened("abc", 3), &*shortened("abcd", 3)), ("abc", "abc…"));
        assert_eq!(shortened("ae\u{301}x", 2), "a…");
    }

    #[test]
    fn a_text_with_letters_from_right_to_left_is_isolated() {
        for text in ["שלום", "abc مرحبا", "\u{1e900}", "ﷲ"] {
            assert_eq!(isolated(text), format!("\u{2068}{text}\u{2069}"));
        }
        for text in ["", "abc", "é", "日本", "किताब", "123 !?", "Ωж"] {
            assert_eq!(isolated(text), text);
        }
    }

    #[test]
    fn letters_that_make_a_word_count_double() {
        for (text, length) in [
            ("", 0),
            ("hey", 3),
            ("谢谢！", 5),
            ("ありがとう", 10),
            ("고마워", 6),
            ("é", 1),
            ("ok", 2),
            ("спасибо", 7),
        ] {
            assert_eq!(length_of_words(text), length, "{text}");
        }
    }
}
