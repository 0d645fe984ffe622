//! Compression of pages (RFC 1952), by compressors that are kept.
//!
//! A compressor has tables of some 300 kB. The allocator takes that much from the system anew each time and gives it
//! back, for which the system clears memory and interrupts every processor that runs one of our threads. A page took
//! twice as long as with a compressor that is there already (`docs/benchmarks/notes.md`).

use std::sync::{Mutex, PoisonError};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Compressors that nobody uses.
static SPARE: Mutex<Vec<Compress>> = Mutex::new(Vec::new());
/// More are not kept: 2.5 MB, and only on a machine with more processors than this do so many compress at once.
const MOST_SPARE: usize = 8;

/// Deflate, no name and no time, compressed for speed, on a system that is of no interest.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// The same bytes, smaller; `None` where that fails, which it should not. At the fastest level: a list shrinks to a
/// sixth, and at the next one to a seventh for twice the time.
pub(super) fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let kept = spare().pop();
    let mut compressor = kept.unwrap_or_else(|| Compress::new(Compression::fast(), false));
    let mut gzip = Vec::with_capacity(HEAD.len() + bytes.len() / 4 + 64);
    gzip.extend_from_slice(&HEAD);
    deflate(&mut compressor, bytes, &mut gzip)?;
    let mut crc = Crc::new();
    crc.update(bytes);
    gzip.extend_from_slice(&crc.sum().to_le_bytes());
    gzip.extend_from_slice(&crc.amount().to_le_bytes());
    compressor.reset();
    let mut spare = spare();
    if spare.len() < MOST_SPARE {
        spare.push(compressor);
    }
    Some(gzip)
}

/// Appends all of it, as one stream.
fn deflate(compressor: &mut Compress, bytes: &[u8], to: &mut Vec<u8>) -> Option<()> {
    loop {
        let done = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(done..).unwrap_or_default();
        match compressor.compress_vec(rest, to, FlushCompress::Finish).ok()? {
            Status::StreamEnd => return Some(()),
            Status::Ok | Status::BufError => to.reserve(bytes.len() / 4 + 64),
        }
    }
}

fn spare() -> std::sync::MutexGuard<'static, Vec<Compress>> {
    // Nothing panics while it is held.
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    fn expanded(gzip: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        GzDecoder::new(gzip).read_to_end(&mut bytes).expect("it is whole");
        bytes
    }

    #[test]
    fn a_page_gets_smaller() {
        let page = "<li class=\"row\">A title</li>\n".repeat(1_000);
        assert!(compressed(page.as_bytes()).expect("it works").len() < page.len() / 10);
    }

    #[test]
    fn a_compressor_is_used_again_and_knows_nothing_of_the_page_before() {
        let page = "<li class=\"row\">A title</li>\n".repeat(10);
        let first = compressed(page.as_bytes());
        let others = [&b"something else"[..], b"", &[0xff; 100_000]];
        for other in others {
            assert_eq!(expanded(&compressed(other).expect("it works")), other);
            assert_eq!(compressed(page.as_bytes()), first);
        }
        assert!(spare().len() <= MOST_SPARE);
    }

    proptest! {
        #[test]
        fn whatever_is_compressed_is_there_afterwards(bytes: Vec<u8>, repeated in 1_usize..200) {
            let bytes = bytes.repeat(repeated);
            prop_assert_eq!(expanded(&compressed(&bytes).expect("it works")), bytes);
        }
    }
}
