//! Names that look alike: the skeletons by which they are compared, and the names that are reserved.
//!
//! The mapping of characters is that of UTS 39, §4 (<https://www.unicode.org/reports/tr39/#Confusable_Detection>),
//! which knows no case, and takes `m` for `rn` and `l` for `I` within ASCII, too. Here ASCII letters keep apart
//! (`tom` and `torn` are two names, and so are `Lisa` and `Iisa`), but for three that people use to imitate: `0`
//! is `o`, `1` and `|` are `l`, and a capital I within a word that has small letters is `l`.

use icu_properties::props::{EnumeratedProperty, GeneralCategory, GeneralCategoryGroup};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::name::{self, MAX_LENGTH};
use crate::site::settings::DEFAULT_NAME;
use crate::text::folded;

/// The version of [`skeleton`]. The skeletons that a database has are of one version; a higher one lets the next
/// start compute them anew. Raise it whenever a name's skeleton changes, which a test notices.
pub const VERSION: i64 = 2;

/// A name in the two forms in which names are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedName {
    /// See [`name::folded`]: a user is found by it.
    pub folded: String,
    /// See [`skeleton`].
    pub skeleton: String,
}

impl ComparedName {
    /// The forms of a name.
    #[must_use]
    pub fn of(name: &str) -> ComparedName {
        ComparedName { folded: name::folded(name), skeleton: skeleton(name) }
    }
}

/// Names that a reader would take for the site's, or for those of the people who run it.
const RESERVED: [&str; 43] = [
    "you",
    "deleted",
    "removed",
    "banned",
    "guest",
    "anonymous",
    "nobody",
    "everyone",
    "admin",
    "admins",
    "administrator",
    "administrators",
    "administration",
    "moderator",
    "moderators",
    "moderation",
    "mod",
    "mods",
    "root",
    "sysadmin",
    "sysop",
    "system",
    "staff",
    "team",
    "support",
    "help",
    "helpdesk",
    "official",
    "owner",
    "operator",
    "security",
    "abuse",
    "webmaster",
    "postmaster",
    "hostmaster",
    "админ",
    "администратор",
    "модератор",
    "поддержка",
    "διαχειριστής",
    "管理员",
    "管理員",
    DEFAULT_NAME,
];

/// Words that no name has, since they stand behind the names of admins.
const BADGES: [&str; 3] = ["admin", "administrator", "moderator"];

/// The form in which names are compared for looking alike. Two names may have one skeleton by this, and none is
/// more right than the other: the first that is taken keeps the second out.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let some: String = name.chars().take(MAX_LENGTH + 1).map(seen).nfkc().collect();
    // Once before folding, for Cyrillic В is a B and its small letter is none; and once after it.
    let small = folded(with_small_l(&prototypes(&some)).chars());
    let letters: String = folded(prototypes(&small).chars()).chars().map(imitated).collect();
    if !letters.chars().any(char::is_alphanumeric) {
        return letters;
    }
    let words: Vec<&str> = letters.split(is_punctuation).filter(|word| !word.is_empty()).collect();
    words.join("_")
}

/// Whether a name is reserved, or looks like one that is, or has a word that admins' names have behind them.
/// Blanks, punctuation and accents are nothing here, and letters that imitate others are theirs: `Adm1n`,
/// `M0D`, `rnod`, `@dmin`, `a d m i n`.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let is = |spoken: &str| {
        let whole: String = spoken.split(is_punctuation).collect();
        // The lists are brought into the same form, since that makes an `i` an `l`.
        RESERVED.iter().any(|reserved| self::spoken(reserved).replace(' ', "") == whole)
            || spoken.split(is_punctuation).any(|word| BADGES.iter().any(|badge| self::spoken(badge) == word))
    };
    // In small letters too: the capital of Cyrillic м is also Latin.
    is(&spoken(name)) || is(&spoken(&name::folded(name)))
}

/// A skeleton without accents, in which all that imitates a letter is that letter.
fn spoken(name: &str) -> String {
    let trimmed =
        name.trim_matches(|letter: char| letter.is_ascii_punctuation() && letter != '@' && letter != '$');
    let leet = |letter| match letter {
        '@' | '4' => 'a',
        '3' => 'e',
        '$' | '5' => 's',
        '!' => 'i',
        letter => letter,
    };
    let replaced: String = trimmed.chars().map(leet).collect();
    let plain: String = skeleton(&replaced).nfd().filter(|letter| !is_combining_mark(*letter)).collect();
    plain.replace('i', "l").replace("rn", "m").replace("vv", "w").replace('_', " ")
}

/// Each character's prototype by UTS 39; an ASCII character is its own.
fn prototypes(text: &str) -> String {
    let mut mapped = String::with_capacity(text.len());
    for letter in text.chars().nfd() {
        if letter.is_ascii() {
            mapped.push(letter);
            continue;
        }
        let start = mapped.len();
        mapped.extend(unicode_security::skeleton(letter.encode_utf8(&mut [0; 4])));
        match &mapped[start..] {
            // UTS 39 has one prototype for what looks like `l` and like `I`, and none for `m`.
            "l" if letter.is_uppercase() => mapped.replace_range(start.., "I"),
            "rn" => mapped.replace_range(start.., "m"),
            // Some dashes look like letters of other scripts. They separate words nevertheless.
            other
                if is_punctuation(letter) && !other.chars().any(|letter| letter.is_ascii_alphanumeric()) =>
            {
                mapped.replace_range(start.., "_");
            }
            _ => {}
        }
    }
    mapped
}

/// The letter that a reader sees: NFKC takes a few for what they mean (`ϲ` for σ, `ſ` for s) and not for the ASCII
/// letter that they look like (c, f).
fn seen(letter: char) -> char {
    let mut bytes = [0; 4];
    let mut alike = unicode_security::skeleton(letter.encode_utf8(&mut bytes));
    let (Some(prototype), None) = (alike.next(), alike.next()) else { return letter };
    let meant = std::iter::once(letter).nfkc().next().unwrap_or(letter);
    let is_changed = meant != letter && (letter.is_lowercase() || !meant.is_ascii_alphanumeric());
    if is_changed && !letter.is_ascii() && prototype.is_ascii_alphanumeric() { prototype } else { letter }
}

/// The text with `l` for each capital I within a word, if there are small letters that it could pass among.
fn with_small_l(text: &str) -> String {
    if !text.chars().any(char::is_lowercase) {
        return text.to_owned();
    }
    let mut before = ' ';
    let small = |letter| {
        let is_inside = before.is_alphanumeric();
        before = letter;
        if letter == 'I' && is_inside { 'l' } else { letter }
    };
    text.chars().map(small).collect()
}

/// The letter that a digit or sign imitates.
fn imitated(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '|' => 'l',
        letter => letter,
    }
}

/// Whether a character only separates words: a run of these counts as one.
fn is_punctuation(letter: char) -> bool {
    let groups = [
        GeneralCategoryGroup::Punctuation,
        GeneralCategoryGroup::Separator,
        GeneralCategoryGroup::MathSymbol,
        GeneralCategoryGroup::ModifierSymbol,
    ];
    letter.is_ascii_punctuation()
        || groups.iter().any(|group| group.contains(GeneralCategory::for_char(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (name, others) in [
            (
                "corporis_000",
                &[
                    "corporіs_000",
                    "сorporis_000",
                    "corporis__000",
                    "corporis-000",
                    "corporis 000",
                    "_corporis_000.",
                    "CORPORIS_000",
                    "corporis_ooo",
                    "corporis_0o0",
                    "ｃorporis＿000",
                    "corporis‐000",
                    "corporis–—000",
                    "соrроris_000",
                ][..],
            ),
            ("cfl", &["ϲfl", "Ϲfl", "cſl", "cf︱"]),
            ("paul", &["pauI", "pau1", "pau|", "PAUL", "раul", "pauӏ"]),
            ("Bob", &["Воb", "ВОВ", "вob", "b0b", "ᗷob"]),
            ("Ivan", &["Іvan", "ivan", "Ιvan"]),
            ("Nick", &["Νick", "nісk"]),
            ("Alice", &["AIice", "Аlice", "a1ice"]),
            ("Сара", &["Capa", "capa", "CAPA"]),
            ("Zoë", &["ZOË", "Zoe\u{308}", "Ζoë"]),
            ("a.b", &["a_b", "a--b", "a b", "(a)[b]"]),
        ] {
            for other in others {
                let small_capital = *other == "вob"; // в is a small capital, not a b.
                assert_eq!(skeleton(name) == skeleton(other), !small_capital, "{name} {other}");
            }
        }
    }

    #[test]
    fn every_character_that_looks_like_an_ascii_letter_is_taken_for_it() {
        let alike = |letter: char| {
            let prototype: String = unicode_security::skeleton(letter.encode_utf8(&mut [0; 4])).collect();
            (prototype.len() == 1 && prototype.chars().all(char::is_alphanumeric)).then_some(prototype)
        };
        let letters = ('\u{80}'..=char::MAX).filter_map(|letter| Some((letter, alike(letter)?)));
        let mut number = 0;
        for (letter, prototype) in letters {
            number += 1;
            let name = skeleton(&format!("xy{letter}z"));
            // UTS 39 has one prototype for `l` and `I`. A capital I within a word is an `l` here, a small one not.
            let names = [prototype.as_str(), "i"].map(|alike| skeleton(&format!("xy{alike}z")));
            let may_be_i = prototype == "l";
            assert!(name == names[0] || may_be_i && name == names[1], "{letter} {prototype}: {name}");
        }
        assert!(number > 1_000, "{number}");
    }

    #[test]
    fn ordinary_names_are_apart() {
        for (one, other) in [
            ("tom", "torn"),
            ("Lisa", "Iisa"),
            ("Ian", "Lan"),
            ("Mila", "Miia"),
            ("corporis_000", "corporis000"),
            ("corporis_000", "corporis_001"),
            ("corporis_000", "000_corporis"),
            ("zoe", "zoë"),
            ("vv", "w"),
            ("anna", "hanna"),
            ("!!", "??"),
            ("😀", "😁"),
            ("Олег", "Oleg"),
            ("名前", "名刺"),
            ("محمد", "محمود"),
        ] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn reserved_names_are_found_however_they_are_written() {
        for name in [
            "admin",
            "Admin",
            "ADMIN",
            "adm1n",
            "admln",
            "АDМІN",
            "аdmin",
            "admın",
            "ádmín",
            "a_d_m_i_n",
            "@dmin",
            "_admin_",
            "admin!",
            "adm!n",
            "adm|n",
            "4dmin",
            "administrator",
            "Moderator",
            "rnoderator",
            "m0derat0r",
            "mod",
            "M0D",
            "rnod",
            "root",
            "r00t",
            "staff",
            "5taff",
            "$taff",
            "support",
            "system",
            "official",
            "guest",
            "deleted",
            "[deleted]",
            "You",
            "Lorem News",
            "lorem_news",
            "LoremNews",
            "1orem news",
            "админ",
            "Модератор",
            "管理员",
            "zoe (admin)",
            "Admin Zoe",
            "zoe-moderator",
            "the.administrator",
        ] {
            assert!(is_reserved(name), "{name} {:?}", spoken(name));
        }
        for name in [
            "velit_000",
            "young",
            "modest",
            "adminton",
            "badminton",
            "rooter",
            "lorem",
            "news",
            "gustav",
            "staffan",
            "systema",
            "modern",
            "madmin",
            "somebody",
            "thelma",
            "名前",
            "!!",
            "model",
            "mod3",
        ] {
            // `3` is an e, and a mode is nothing of ours.
            assert!(!is_reserved(name), "{name} {:?}", spoken(name));
        }
    }

    /// Fails when the rules here or the tables of a new version of a crate give a name another skeleton. Then
    /// raise [`VERSION`], and put in the new hash.
    #[test]
    fn the_version_belongs_to_the_skeletons_of_all_characters() {
        let mut hash = Sha256::new();
        // No ideograph of the large blocks is mapped, nor a Hangul syllable as a whole.
        let is_mapped = |letter: &char| !matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{f8ff}');
        for letter in ('\0'..='\u{1fbff}').filter(is_mapped) {
            hash.update(skeleton(&format!("a{letter}Ib")));
            hash.update(b"\0");
        }
        let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((VERSION, &*hash), (2, "3a9a689fcbe31a40"));
    }

    #[test]
    fn an_overlong_name_is_cut_before_it_is_mapped() {
        assert!(skeleton(&"\u{fdfa}".repeat(1 << 20)).len() < 10_000);
    }
}
