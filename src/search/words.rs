//! The words of a text, as the index, the queries and the highlighting have them.
//!
//! A word is a run of letters, digits and combining marks. Two kinds are longer or shorter:
//!
//! - A word may have signs: `C++`, `C#`, `.NET`, `node.js`, `3.14`. The index has such a word as a whole and
//!   its parts.
//! - In scripts that put no blanks between words each letter, with its marks, is a word. The index has each
//!   letter and each pair of neighbours, so that a query finds words inside. (A segmenter would cut a word in
//!   a query in another way than the words around it in a text.)

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::has_no_blanks;

/// The most parts of a word with signs; what follows is another word.
const MAX_PARTS: usize = 8;

/// A word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'t> {
    /// Its byte offset.
    pub at: usize,
    /// The word as it is written.
    pub text: &'t str,
}

impl<'t> Word<'t> {
    /// The byte offset of its end.
    #[must_use]
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }

    /// Whether it is a letter of a script that puts no blanks between words.
    #[must_use]
    pub fn is_single_letter(&self) -> bool {
        self.text.starts_with(has_no_blanks)
    }

    /// The parts of a word with signs; of another word itself.
    pub fn parts(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.text.split(is_sign).filter(|part| !part.is_empty())
    }

    fn has_signs(&self) -> bool {
        self.text.contains(is_sign)
    }
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word_char)?;
        let is_dotted = text[at..start].ends_with('.') && starts_with_dot(&text[..start], &text[start..]);
        let start = if is_dotted { start - 1 } else { start };
        at = start + length(&text[start..]);
        Some(Word { at: start, text: &text[start..at] })
    })
}

/// The length in bytes of the word at the beginning of a text.
fn length(text: &str) -> usize {
    let Some(first) = text.chars().next() else {
        return 0;
    };
    if has_no_blanks(first) {
        let rest = &text[first.len_utf8()..];
        return first.len_utf8() + rest.find(|letter| !is_attached(letter)).unwrap_or(rest.len());
    }
    let run = |text: &str| text.find(|letter| !is_in_run(letter)).unwrap_or(text.len());
    let mut end = usize::from(first == '.');
    end += run(&text[end..]);
    for _ in 1..MAX_PARTS {
        let Some(rest) = text[end..].strip_prefix('.').filter(|rest| rest.starts_with(is_in_run)) else {
            break;
        };
        end += 1 + run(rest);
    }
    let ends_with_letter = text[..end].ends_with(|letter: char| letter.is_ascii_alphabetic());
    let after = &text[end..];
    match after {
        _ if !ends_with_letter => end,
        _ if after.starts_with("++") => end + 2,
        _ if after.starts_with('#') && !after[1..].starts_with(is_word_char) => end + 1,
        _ => end,
    }
}

/// Whether the dot before a word belongs to it, as in `.NET`: a letter follows, and no word precedes.
fn starts_with_dot(before: &str, word: &str) -> bool {
    let before = before.strip_suffix('.').unwrap_or_default().chars().next_back();
    word.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && before.is_none_or(|letter| letter.is_whitespace() || matches!(letter, '(' | '[' | '"' | '\''))
}

/// Whether the character is a letter, a digit or a combining mark.
#[must_use]
pub fn is_word_char(letter: char) -> bool {
    // Most letters and most gaps are ASCII, and the tables of Unicode take longer.
    if letter.is_ascii() {
        letter.is_ascii_alphanumeric()
    } else {
        letter.is_alphanumeric() || is_combining_mark(letter)
    }
}

fn is_in_run(letter: char) -> bool {
    is_word_char(letter) && !has_no_blanks(letter)
}

/// Whether the character belongs to the letter before it: combining marks, and the marks of half-width kana.
fn is_attached(letter: char) -> bool {
    is_combining_mark(letter) || matches!(letter, 'ﾞ' | 'ﾟ')
}

fn is_sign(letter: char) -> bool {
    matches!(letter, '.' | '+' | '#')
}

// Folding

/// A word in the form in which words are compared: without case, and without the marks of Latin and Greek
/// letters, which many leave out when they type. In other scripts a mark makes another letter (й, が) or is a
/// vowel (कि), and stays; the vowel points of Arabic and Hebrew, which texts mostly leave out, go. Signs become
/// characters for private use, which the index takes for letters. Empty for marks alone.
#[must_use]
pub fn folded(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return word.to_ascii_lowercase();
    }
    if word.is_ascii() {
        return word.chars().filter_map(|letter| fold_other(letter, &mut true)).collect();
    }
    // Whether marks after the present letter go.
    let mut drops_marks = true;
    word.nfkc().filter_map(|letter| fold_other(letter, &mut drops_marks)).collect()
}

/// A folded word with its signs as they are typed.
#[must_use]
pub fn with_signs(folded: &str) -> String {
    let sign = |letter| match letter {
        '\u{e003}' => '.',
        '\u{e006}' => '+',
        '\u{e007}' => '#',
        _ => letter,
    };
    folded.chars().map(sign).collect()
}

fn fold_other(letter: char, drops_marks: &mut bool) -> Option<char> {
    match letter {
        '.' => return Some('\u{e003}'),
        '+' => return Some('\u{e006}'),
        '#' => return Some('\u{e007}'),
        '\u{e003}' | '\u{e006}' | '\u{e007}' => return Some(letter), // It is folded already.
        _ if letter.is_ascii() => {
            *drops_marks = true;
            return letter.is_ascii_alphanumeric().then(|| letter.to_ascii_lowercase());
        }
        _ if is_vowel_point(letter) => return None,
        _ if is_combining_mark(letter) => return (!*drops_marks).then_some(letter),
        _ if !letter.is_alphanumeric() => return None,
        _ => {}
    }
    let base = std::iter::once(letter).nfd().next().unwrap_or(letter);
    *drops_marks = is_latin_or_greek(base);
    let base = if *drops_marks { base } else { letter };
    let mut small = base.to_lowercase();
    Some(match (small.next(), small.next()) {
        (Some(small), None) => without_stroke(small),
        _ => base,
    })
}

/// Latin letters with a stroke, which Unicode does not decompose, without it; and one form of sigma.
fn without_stroke(letter: char) -> char {
    match letter {
        'đ' => 'd',
        'ø' => 'o',
        'ł' => 'l',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        'ς' => 'σ',
        _ => letter,
    }
}

/// The blocks of Latin and Greek letters; Cyrillic begins at U+0400.
fn is_latin_or_greek(letter: char) -> bool {
    letter < '\u{400}'
        || matches!(letter, '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1fff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}')
}

/// The points of Hebrew and Arabic that show vowels or are ornaments.
fn is_vowel_point(letter: char) -> bool {
    matches!(letter, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65f}' | '\u{670}')
}

// Tokens

/// Calls `each` with the tokens that the index has for a text, in the order of the text.
pub fn for_each_token(text: &str, mut each: impl FnMut(&str)) {
    let mut letter_before: Option<(usize, String)> = None;
    for word in words(text) {
        let token = folded(word.text);
        if token.is_empty() {
            continue;
        }
        each(&token);
        if word.has_signs() {
            word.parts().map(folded).filter(|part| !part.is_empty()).for_each(|part| each(&part));
        }
        if word.is_single_letter() {
            if let Some((end, before)) = &letter_before
                && *end == word.at
            {
                each(&format!("{before}{token}"));
            }
            letter_before = Some((word.end(), token));
        }
    }
}

/// The words of a text, [`folded`], for finding phrases in it: with the parts of words with signs, then, after
/// an empty one that no phrase has, with such words as wholes.
#[must_use]
pub fn comparable_words(text: &str) -> Vec<String> {
    let mut has_signs = false;
    let mut parts: Vec<String> = Vec::new();
    for word in words(text) {
        has_signs |= word.has_signs();
        parts.extend(word.parts().map(folded).filter(|part| !part.is_empty()));
    }
    if has_signs {
        parts.push(String::new());
        parts.extend(words(text).map(|word| folded(word.text)).filter(|word| !word.is_empty()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        for_each_token(text, |token| tokens.push(shown(token)));
        tokens
    }

    /// A token with its signs.
    fn shown(token: &str) -> String {
        token.replace('\u{e003}', ".").replace('\u{e006}', "+").replace('\u{e007}', "#")
    }

    #[test]
    fn a_word_is_a_run_of_letters_and_digits() {
        assert_eq!(tokens("Don't stop, v2!"), ["don", "t", "stop", "v2"]);
        assert_eq!(tokens("a_b-c/d"), ["a", "b", "c", "d"]);
        assert_eq!(tokens(" ... + # ++ "), [""; 0]);
    }

    #[test]
    fn a_word_with_signs_is_a_word_and_its_parts() {
        assert_eq!(tokens("C++"), ["c++", "c"]);
        assert_eq!(tokens("(C# and F#)"), ["c#", "c", "and", "f#", "f"]);
        assert_eq!(tokens("on .NET."), ["on", ".net", "net"]);
        assert_eq!(tokens("Node.js 3.14"), ["node.js", "node", "js", "3.14", "3", "14"]);
        assert_eq!(
            tokens("www.example.com/a.html"),
            ["www.example.com", "www", "example", "com", "a.html", "a", "html"]
        );
        assert_eq!(
            tokens("A sentence. Another… a..b #tag a#b x#1 1+1 e.g."),
            ["a", "sentence", "another", "a", "b", "tag", "a", "b", "x", "1", "1", "1", "e.g", "e", "g"]
        );
        let long = "a.".repeat(1000);
        assert_eq!(words(&long).count(), 1000 / MAX_PARTS);
    }

    #[test]
    fn letters_without_blanks_are_words_and_pairs() {
        assert_eq!(tokens("用SQLite构建"), ["用", "sqlite", "构", "建", "构建"]);
        assert_eq!(tokens("ビルド。ド"), ["ビ", "ル", "ビル", "ド", "ルド", "ド"]);
        assert_eq!(tokens("ที่นี่"), ["ที่", "นี่", "ที่นี่"]);
        assert_eq!(tokens("한글 말"), ["한글", "말"], "Korean has blanks");
    }

    #[test]
    fn marks_of_latin_and_greek_letters_are_folded_and_letters_of_other_scripts_stay() {
        for (word, expected) in [
            ("Été", "ete"),
            ("e\u{301}te", "ete"),
            ("Đà", "da"),
            ("Nẵng", "nang"),
            ("Ærø", "æro"),
            ("Łódź", "lodz"),
            ("ΣΊΓΜΑς", "σιγμασ"),
            ("İstanbul", "istanbul"),
            ("ǖ", "u"),
            ("ＳＱＬ３", "sql3"),
            ("한글", "한글"),
            ("ﾊﾟ", "パ"),
            ("か\u{3099}", "が"),
            ("Й", "й"),
            ("и\u{306}", "й"),
            ("Ё", "ё"),
            ("किताब", "किताब"),
            ("שָׁלוֹם", "שלום"),
            ("كِتَاب", "كتاب"),
        ] {
            assert_eq!(folded(word), expected, "{word}");
        }
        for (one, other) in [
            ("バス", "ハス"),
            ("мой", "мои"),
            ("किताब", "कतब"),
            ("दिन", "दान"),
            ("がん", "かん"),
            ("ё", "е"),
            ("أ", "ا"),
        ] {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn a_folded_word_is_one_token() {
        // FTS5's `ascii` tokenizer takes every character beyond ASCII, and ASCII letters and digits, as part
        // of a word.
        for letter in
            (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|&letter| is_word_char(letter))
        {
            let once = folded(&letter.to_string());
            let is_one = |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric();
            assert!(once.chars().all(is_one), "{letter:?}: {once:?}");
            assert_eq!(folded(&once), once, "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn words_are_in_the_text_and_do_not_overlap(text in "[\\PCa-c.+#日本ไทย゛ ]{0,60}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(word.at >= end && !word.text.is_empty());
                prop_assert_eq!(&text[word.at..word.end()], word.text);
                end = word.end();
            }
            let left: String = text.chars().filter(|&letter| is_word_char(letter)).collect();
            let kept: String = words(&text).flat_map(|word| word.text.chars()).filter(|&letter| is_word_char(letter)).collect();
            prop_assert_eq!(left, kept);
        }
    }
}
