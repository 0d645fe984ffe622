//! Reads files line by line, on a thread of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use sha2::{Digest, Sha256};

use super::item::{self, Line};
use super::{BATCH_BYTES, BATCH_LINES, Batch, Error, FileProgress, MAX_LINE_BYTES, Parsed};
use crate::types::time::Timestamp;

/// The bytes at the beginning by which a file is known, and those before the position by which it is known to be as it was.
const FINGERPRINT_BYTES: u64 = 4096;
/// The bytes that are read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// What the reader sends.
pub(super) enum Event {
    /// The file was read to there before.
    Resumed(FileProgress),
    /// Lines.
    Batch(Batch),
}

/// A file of items.
pub(super) struct Source {
    /// `None`: the standard input.
    path: Option<PathBuf>,
    /// Bytes; 0 for the standard input.
    pub(super) length: u64,
}

/// The files behind the operand of the command.
pub(super) fn files(source: &Path) -> Result<Vec<Source>, Error> {
    if source == Path::new("-") {
        return Ok(vec![Source { path: None, length: 0 }]);
    }
    let failed = |error| Error::Read(source.display().to_string(), error);
    let mut paths = Vec::new();
    if source.is_dir() {
        for entry in source.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
    } else {
        paths.push(source.to_owned());
    }
    let file = |path: PathBuf| {
        let metadata = path.metadata().map_err(|error| Error::Read(path.display().to_string(), error))?;
        Ok(Source { length: metadata.len(), path: Some(path) })
    };
    paths.into_iter().map(file).collect()
}

impl Source {
    fn name(&self) -> String {
        self.path.as_ref().map_or("the standard input".to_owned(), |path| path.display().to_string())
    }

    /// By which the file is known; `None`: the standard input.
    pub(super) fn fingerprint(&self) -> Result<Option<[u8; 32]>, Error> {
        self.path
            .as_ref()
            .map(|path| hash(path, 0))
            .transpose()
            .map_err(|error| Error::Read(self.name(), error))
    }

    /// Reads the lines after `known` and sends them in batches, until the receiver is gone or `is_stopped`.
    pub(super) fn read(
        &self,
        known: Option<FileProgress>,
        now: Timestamp,
        is_stopped: &AtomicBool,
        report: &impl Fn(&str, u64, &str),
        sender: &SyncSender<Event>,
    ) -> Result<(), Error> {
        let failed = |error| Error::Read(self.name(), error);
        let mut known = known;
        if let (Some(path), Some(progress)) = (&self.path, known) {
            let is_as_it_was = progress.position <= self.length
                && hash(path, progress.position).map_err(failed)? == progress.tail;
            known = known.filter(|_| is_as_it_was);
        }
        let mut lines = Lines {
            source: self,
            fingerprint: self.fingerprint()?,
            progress: known.unwrap_or(FileProgress { position: 0, lines: 0, bad_lines: 0, tail: [0; 32] }),
            recent: Vec::new(),
            now,
        };
        let position = lines.progress.position;
        let mut input: Box<dyn BufRead> = match &self.path {
            None => Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin().lock())),
            Some(path) => {
                let mut file = File::open(path).map_err(failed)?;
                lines.begin(&mut file).map_err(failed)?;
                file.seek(SeekFrom::Start(position)).map_err(failed)?;
                Box::new(BufReader::with_capacity(BUFFER_BYTES, file))
            }
        };
        if known.is_some() && sender.send(Event::Resumed(lines.progress)).is_err() {
            return Ok(());
        }
        loop {
            let (batch, is_end) = lines.batch(&mut input, report).map_err(failed)?;
            let is_over = sender.send(Event::Batch(batch)).is_err() || is_stopped.load(Ordering::Relaxed);
            if is_end || is_over {
                return Ok(());
            }
        }
    }
}

/// SHA-256 of the bytes before `end`, or, for 0, of those at the beginning.
fn hash(path: &Path, end: u64) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let (begin, length) = match end {
        0 => (0, FINGERPRINT_BYTES),
        end => (end.saturating_sub(FINGERPRINT_BYTES), end.min(FINGERPRINT_BYTES)),
    };
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(Sha256::digest(&bytes).into())
}

struct Lines<'s> {
    source: &'s Source,
    fingerprint: Option<[u8; 32]>,
    progress: FileProgress,
    /// The last bytes before the position.
    recent: Vec<u8>,
    now: Timestamp,
}

impl Lines<'_> {
    /// Reads the bytes before the position.
    fn begin(&mut self, file: &mut File) -> io::Result<()> {
        let begin = self.progress.position.saturating_sub(FINGERPRINT_BYTES);
        file.seek(SeekFrom::Start(begin))?;
        file.take(self.progress.position - begin).read_to_end(&mut self.recent)?;
        Ok(())
    }

    /// The next lines, and whether they are the last.
    fn batch(
        &mut self,
        input: &mut impl BufRead,
        report: &impl Fn(&str, u64, &str),
    ) -> io::Result<(Batch, bool)> {
        let mut batch = Batch::default();
        let mut is_end = false;
        let mut line = Vec::new();
        while batch.lines.len() < BATCH_LINES && batch.bytes < BATCH_BYTES {
            line.clear();
            let length = read_line(input, &mut line)?;
            if length == 0 {
                is_end = true;
                break;
            }
            let number = self.progress.lines + 1;
            let parsed = self.parse(&line, length);
            batch.bytes += line.len();
            match parsed {
                Ok(Some(parsed)) => batch.lines.push(parsed),
                Ok(None) => {}
                Err(reason) => {
                    report(&self.source.name(), number, &reason);
                    batch.bad_lines += 1;
                    if !line.ends_with(b"\n") && length == line.len() as u64 {
                        // A line that is still being written: the next import reads it again.
                        is_end = true;
                        break;
                    }
                    self.progress.bad_lines += 1;
                }
            }
            self.progress.lines = number;
            self.progress.position += length;
            self.remember(&line);
        }
        self.progress.tail = Sha256::digest(&self.recent).into();
        batch.progress = self.fingerprint.map(|fingerprint| (fingerprint, self.progress));
        Ok((batch, is_end))
    }

    /// Keeps the last bytes. Of a line that is too long only the beginning and the end are there, which makes the hash
    /// another one, and the next import reads the file from its beginning.
    fn remember(&mut self, line: &[u8]) {
        self.recent.extend_from_slice(line);
        let most = usize::try_from(FINGERPRINT_BYTES).unwrap_or(usize::MAX);
        self.recent.drain(..self.recent.len().saturating_sub(most));
    }

    fn parse(&self, line: &[u8], length: u64) -> Result<Option<Parsed>, String> {
        if length > line.len() as u64 {
            return Err(format!("it is longer than {MAX_LINE_BYTES} bytes"));
        }
        let text = str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let line = item::parse(text, self.now)?;
        let text = if matches!(line, Line::Item(_)) { text.to_owned() } else { String::new() };
        Ok(Some(Parsed { line, text }))
    }
}

/// Reads a line with its end, of which it keeps the last [`MAX_LINE_BYTES`] if it is longer; returns its length, 0 at the
/// end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = memchr::memchr(b'\n', bytes).map(|at| at + 1);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let used = part.len();
        line.extend_from_slice(part);
        line.drain(..line.len().saturating_sub(MAX_LINE_BYTES));
        input.consume(used);
        length += used as u64;
        if end.is_some() || used == 0 {
            return Ok(length);
        }
    }
}
