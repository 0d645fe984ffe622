//! Made items of Hacker News, as lines of its API's JSON.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The words of the made language. The rank of a word is drawn by Zipf's law.
const VOCABULARY: f64 = 40_000.0;
/// The users, of whom few write most.
const USERS: f64 = 20_000.0;

/// The lines of `number` items: of nine one is a story, and the others are comments on the newest hundred items. A comment
/// has 300 bytes or so. One in thirty is deleted or dead. Equal seeds give equal lines.
pub fn items(number: u64, seed: u64) -> impl Iterator<Item = String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut parents: Vec<u64> = Vec::new();
    (1..=number).map(move |id| {
        let time = 1_160_418_111 + id * 7;
        let by = format!("user_{}", rank(&mut rng, USERS));
        let flag = match rng.random_range(0..60) {
            0 => ",\"deleted\":true",
            1 => ",\"dead\":true",
            _ => "",
        };
        let line = if parents.is_empty() || rng.random_range(0..9) == 0 {
            let (title, score) = (sentence(&mut rng, 7), rank(&mut rng, 500.0));
            let url = format!("https://site-{}.example/{id}", rank(&mut rng, 5_000.0));
            format!(
                "{{\"by\":\"{by}\",\"id\":{id},\"score\":{score},\"time\":{time},\"title\":\"{title}\",\
                 \"type\":\"story\",\"url\":\"{url}\"{flag}}}"
            )
        } else {
            let parent = parents[rng.random_range(0..parents.len())];
            let (first, second) = (sentence(&mut rng, 25), sentence(&mut rng, 25));
            let text = format!(
                "{first} &quot;<i>{}</i>&quot;.<p>{second} It&#x27;s <a href=\\\"https:&#x2F;&#x2F;a.example&#x2F;{id}\\\" \
                 rel=\\\"nofollow\\\">https:&#x2F;&#x2F;a.example&#x2F;{id}</a>",
                sentence(&mut rng, 2)
            );
            format!(
                "{{\"by\":\"{by}\",\"id\":{id},\"parent\":{parent},\"text\":\"{text}\",\"time\":{time},\
                 \"type\":\"comment\"{flag}}}"
            )
        };
        parents.push(id);
        if parents.len() > 100 {
            parents.remove(0);
        }
        line
    })
}

/// A number from 1 to `most` by Zipf's law.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It is at least 1.
fn rank(rng: &mut StdRng, most: f64) -> u64 {
    most.powf(rng.random::<f64>()) as u64
}

fn sentence(rng: &mut StdRng, words: usize) -> String {
    let mut text = String::new();
    for _ in 0..words {
        if !text.is_empty() {
            text.push(' ');
        }
        let mut number = rank(rng, VOCABULARY) * 7_919 % 40_009;
        // Frequent words are short ones, as it happens, since few letters make few words.
        while number > 0 {
            let (consonant, vowel) =
                (b"bcdfghjklmnprstvwz"[(number % 18) as usize], b"aeiou"[(number / 18 % 5) as usize]);
            text.extend([char::from(consonant), char::from(vowel)]);
            number /= 90;
        }
    }
    text
}
