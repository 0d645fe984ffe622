//! The passwords that are refused when one is chosen. A password that is stored already goes on working.
//!
//! The rules are those of NIST SP 800-63B-4, §3.1.1.2 (<https://pages.nist.gov/800-63-4/sp800-63b.html>): no
//! classes of characters are demanded, the password as a whole is compared with a list, and with the names of
//! the site and of the user and what is made of them.

use std::cmp::Ordering;

use memchr::{memchr, memrchr};

use crate::site::settings::DEFAULT_NAME;
use crate::text::{folded, is_blank};

/// The 10,000 most common passwords of at least 8 characters, folded, one a line in the order of their bytes.
/// A shorter one is refused for its length. The sources are in `docs/third-party.md`.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words of other alphabets that stand for `password`, `hello`, `I love you` and `admin`: the list of common
/// passwords is of ASCII characters.
const WORDS: [&str; 29] = [
    "пароль",
    "парола",
    "лозинка",
    "шифр",
    "привет",
    "любовь",
    "люблю",
    "ятебялюблю",
    "солнышко",
    "админ",
    "κωδικός",
    "κωδικόσ",
    "συνθηματικό",
    "σαγαπώ",
    "סיסמה",
    "סיסמא",
    "كلمةالسر",
    "كلمةالمرور",
    "رمزعبور",
    "گذرواژه",
    "पासवर्ड",
    "รหัสผ่าน",
    "密码",
    "密碼",
    "我爱你",
    "パスワード",
    "비밀번호",
    "პაროლი",
    "գաղտնաբառ",
];

/// The rows of keyboards that are not Latin; the list of common passwords has those that are.
const KEYBOARD_ROWS: [&str; 11] = [
    "йцукенгшщзхъ",
    "йцукенгшщзхї",
    "фывапролджэ",
    "фівапролджє",
    "ячсмитьбю",
    "ςερτυθιοπ",
    "ασδφγηξκλ",
    "קראטוןםפ",
    "שדגכעיחלךף",
    "ضصثقفغعهخحجد",
    "شسيبلاتنمكط",
];

/// The reason for which a password is too easily guessed, as a sentence; `None`: it may be chosen. `names` are
/// the names that the user has or wants. Case and the encoding of characters (NFKC) make no difference.
#[must_use]
pub fn weakness(password: &str, names: &[&str]) -> Option<&'static str> {
    if is_blank(password) {
        return Some("Password can't be blank");
    }
    let password = folded(password.trim().chars());
    if is_repetitive(&password) {
        return Some("Password is one or two characters repeated");
    }
    let core = letters_and_digits(&password);
    let is_made_of = |word: &str| is_derived(&core, &letters_and_digits(&folded(word.chars())));
    if names.iter().copied().any(is_made_of) {
        return Some("Password is too similar to the screen name");
    }
    if is_made_of(DEFAULT_NAME) {
        return Some("Password is too similar to the site's name");
    }
    let is_common = is_sequence(&password)
        || is_listed(COMMON, &password)
        || WORDS.iter().copied().any(is_made_of)
        || is_row(&core);
    is_common.then_some("Password is too common")
}

/// Whether a text is one or two characters over and over. (Two, because one that a reader sees can be two: a
/// letter and its mark, an emoji and its colour of skin.)
fn is_repetitive(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    letters.iter().zip(letters.iter().skip(2)).all(|(one, after_next)| one == after_next)
}

/// Whether each character follows the one before in Unicode, upwards or downwards: `abcdefgh`, `87654321`.
fn is_sequence(text: &str) -> bool {
    let follows = |step: i64| {
        let codes = text.chars().map(|letter| i64::from(u32::from(letter)));
        codes.clone().zip(codes.skip(1)).all(|(one, next)| next - one == step)
    };
    follows(1) || follows(-1)
}

/// Whether a text without blanks and punctuation is a part of a keyboard's row, from either side.
fn is_row(core: &str) -> bool {
    let word = core.trim_matches(char::is_numeric);
    let reversed: String = word.chars().rev().collect();
    !word.is_empty() && KEYBOARD_ROWS.iter().any(|row| row.contains(word) || row.contains(&reversed))
}

/// Whether a password is a word, or the word turned, once or several times, with digits before or after.
/// Both are given as [`letters_and_digits`].
fn is_derived(password: &str, word: &str) -> bool {
    let without_digits = |text: &'_ str| text.trim_matches(char::is_numeric).to_owned();
    let passwords = [password.to_owned(), without_digits(password)];
    [word.to_owned(), without_digits(word)].into_iter().filter(|word| !word.is_empty()).any(|word| {
        let turned: String = word.chars().rev().collect();
        passwords.iter().any(|password| is_repeated(password, &word) || is_repeated(password, &turned))
    })
}

/// Whether a text is the unit, once or several times.
fn is_repeated(text: &str, unit: &str) -> bool {
    !text.is_empty() && text.as_bytes().chunks(unit.len()).all(|chunk| chunk == unit.as_bytes())
}

fn letters_and_digits(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// Whether a word is a line of a list that is sorted by bytes.
fn is_listed(list: &str, word: &str) -> bool {
    let (list, word) = (list.as_bytes(), word.as_bytes());
    // Both are at the beginning of a line, or at the end of the list.
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memrchr(b'\n', &list[..middle]).map_or(0, |at| at + 1);
        let end = memchr(b'\n', &list[middle..]).map_or(list.len(), |at| middle + at);
        match list[start..end].cmp(word) {
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
            Ordering::Equal => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::password::MIN_LENGTH;

    fn is_refused(password: &str) -> bool {
        weakness(password, &["velit_000"]).is_some()
    }

    #[test]
    fn the_list_has_ten_thousand_passwords_each_of_which_is_found() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 10_000);
        assert!(lines.is_sorted_by(|one, next| one < next), "the search needs the order of bytes");
        for line in &lines {
            assert!(line.is_ascii() && line.len() >= MIN_LENGTH && folded(line.chars()) == **line, "{line}");
            assert!(is_listed(COMMON, line), "{line}");
            assert!(!is_listed(COMMON, &format!("{line}~")) && !is_listed(COMMON, &line[1..7]), "{line}");
        }
        assert!(!is_listed("", "a") && !is_listed("b\n", "a") && !is_listed("b\n", "c"));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case_and_encoding() {
        for common in [
            "password",
            "12345678",
            "Password",
            "PASSWORD1",
            "ｐａｓｓｗｏｒｄ",
            " password ",
            "qwertyui",
            "iloveyou",
            "trustno1",
            "baseball",
            "1q2w3e4r",
            "87654321",
            "abcdefgh",
            "ABCDEFGHIJ",
            "абвгдежз",
            "пароль123",
            "ПАРОЛЬПАРОЛЬ",
            "йцукенгш",
            "шгнекуцй",
            "12345йцукен",
            "κωδικός1",
            "ΚΩΔΙΚΌΣ1",
            "我爱你我爱你我爱你",
            "パスワード2024",
            "비밀번호1234",
            "сол нышко!",
        ] {
            assert_eq!(weakness(common, &[]), Some("Password is too common"), "{common}");
        }
    }

    #[test]
    fn blanks_and_repetitions_are_refused() {
        for blank in
            ["        ", "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}", "\u{200b}\u{3164}\t\n    "]
        {
            assert_eq!(weakness(blank, &[]), Some("Password can't be blank"), "{blank:?}");
        }
        for repeated in
            ["aaaaaaaa", "AaAaAaAa", "????????", "éééééééé", "👍🏽👍🏽👍🏽👍🏽", "abababab", "名名名名名名名名"]
        {
            assert_eq!(
                weakness(repeated, &[]),
                Some("Password is one or two characters repeated"),
                "{repeated}"
            );
        }
    }

    #[test]
    fn what_is_made_of_the_names_is_refused() {
        for password in [
            "velit_000",
            "Velit 000",
            "velit000",
            "velit123",
            "1velit99",
            "velitvelit",
            "tilev_12",
            "000tilev",
            "v.e.l.i.t.1",
        ] {
            let expected = Some("Password is too similar to the screen name");
            assert_eq!(weakness(password, &["velit_000"]), expected, "{password}");
        }
        for password in ["lorem news", "LoremNews1", "lorem-news-2024", "swenmerol", "loremnewsloremnews"] {
            assert_eq!(
                weakness(password, &[]),
                Some("Password is too similar to the site's name"),
                "{password}"
            );
        }
        // Both the name that the user has and the one that they want count; a name of digits is a name.
        assert!(weakness("melusine1", &["velit_000", "Mélusine"]).is_none());
        assert!(weakness("mélusine1", &["velit_000", "Mélusine"]).is_some());
        assert!(weakness("40794079", &["4079"]).is_some());
    }

    #[test]
    fn other_passwords_may_be_chosen() {
        for good in [
            "correct horse",
            "hunter2hunter2",
            "velit_000 and more",
            "a velitate",
            "news of lorem",
            "8f3k2m9x",
            "пароль от почты",
            "pass word of mine",
            "abcdefgi",
            "новый секрет",
            "名前は秘密です。",
            "aab aabb",
            "!?!?#!?!?",
        ] {
            assert!(!is_refused(good), "{good}");
        }
        // Names without letters and digits leave nothing to compare with.
        assert_eq!(weakness("8f3k2m9x", &["", "__", "!"]), None);
    }

    #[test]
    fn no_password_makes_the_rules_panic() {
        for letter in ["\u{fdfa}", "a", "\0", "\u{301}"] {
            let _ = is_refused(&letter.repeat(1024 / letter.len()));
        }
    }
}
