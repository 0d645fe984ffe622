//! Compression of pages (gzip, RFC 1952) by a pool of compressors.
//!
//! A compressor has tables of some 300 kB. The allocator maps and unmaps a block of that size each time, for
//! which the kernel clears memory and interrupts every processor that runs one of the process's threads: a
//! page took twice as long as with a pooled compressor (`docs/benchmarks/notes.md`).

use std::sync::{Mutex, PoisonError};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Idle compressors.
static POOL: Mutex<Vec<Compress>> = Mutex::new(Vec::new());
/// The most idle compressors: 2.5 MB. Only a machine with more than eight processors uses more at once.
const MAX_POOLED: usize = 8;

/// RFC 1952 §2.3: deflate, no flags, no modification time, fastest algorithm (4), operating system unknown
/// (255).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// The bytes as gzip; `None`: compression failed, which it should not. The level is the fastest one: a list
/// shrinks to a sixth; the next level reaches a seventh in twice the time.
pub(super) fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let pooled = pool().pop();
    let mut compressor = pooled.unwrap_or_else(|| Compress::new(Compression::fast(), false));
    let mut gzip = Vec::with_capacity(HEADER.len() + bytes.len() / 4 + 64);
    gzip.extend_from_slice(&HEADER);
    deflate(&mut compressor, bytes, &mut gzip)?;
    let mut crc = Crc::new();
    crc.update(bytes);
    gzip.extend_from_slice(&crc.sum().to_le_bytes());
    gzip.extend_from_slice(&crc.amount().to_le_bytes());
    compressor.reset();
    let mut pool = pool();
    if pool.len() < MAX_POOLED {
        pool.push(compressor);
    }
    Some(gzip)
}

/// Appends `bytes` as one deflate stream.
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

fn pool() -> std::sync::MutexGuard<'static, Vec<Compress>> {
    // Nothing panics while it is held.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_pooled_compressor_keeps_nothing_of_the_previous_page() {
        let page = "<li class=\"row\">A title</li>\n".repeat(10);
        let first = compressed(page.as_bytes());
        let others = [&b"something else"[..], b"", &[0xff; 100_000]];
        for other in others {
            assert_eq!(expanded(&compressed(other).expect("it works")), other);
            assert_eq!(compressed(page.as_bytes()), first);
        }
        assert!(pool().len() <= MAX_POOLED);
    }

    proptest! {
        #[test]
        fn compression_loses_nothing(bytes: Vec<u8>, repeated in 1_usize..200) {
            let bytes = bytes.repeat(repeated);
            prop_assert_eq!(expanded(&compressed(&bytes).expect("it works")), bytes);
        }
    }
}
