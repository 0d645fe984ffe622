//! The documents that hold measured figures. People write them, except the sections between markers:
//! `bin/bench` writes the tables of a run into `docs/benchmarks/results.md`, and its headline rows into
//! `docs/benchmarks.md`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::executable::Build;

/// The document of all figures; paths are relative to the repository.
const RESULTS: &str = "docs/benchmarks/results.md";
/// The document of the headline figures.
const HEADLINES: &str = "docs/benchmarks.md";

/// A part of both documents, which one command writes.
#[derive(Clone, Copy)]
pub enum Section {
    Endpoints,
    Limits,
    Scale,
    Pages,
    Ablation,
}

impl Section {
    /// The name in the markers: `<!-- name -->` before the section and `<!-- /name -->` after it.
    fn name(self) -> &'static str {
        match self {
            Section::Endpoints => "endpoints",
            Section::Limits => "limits",
            Section::Scale => "scale",
            Section::Pages => "pages",
            Section::Ablation => "ablation",
        }
    }
}

/// Replaces the section of a run in both documents, or in none of them: the `tables` with the conditions of
/// the run, and the `headline` with its source. `command` repeats the run.
pub fn write(section: Section, command: &str, tables: &str, headline: &str) -> Result<()> {
    let conditions = Conditions::of_this_run();
    let tables = format!("{}\n\n{}", tables.trim(), conditions.table(command)?);
    let headline = format!("{}\n\n{}", headline.trim(), conditions.source(command));
    let results = replaced(RESULTS, section, &tables)?;
    let headlines = replaced(HEADLINES, section, &headline)?;
    fs::write(RESULTS, results)?;
    fs::write(HEADLINES, headlines)?;
    eprintln!("Written to {RESULTS} and {HEADLINES}");
    Ok(())
}

/// The command line that repeats a run, from the options that differ from their defaults.
pub fn command_line(options: &[Option<String>]) -> String {
    let options = options.iter().flatten().map(String::as_str);
    ["bin/bench"].into_iter().chain(options).collect::<Vec<_>>().join(" ")
}

/// The document at `path` with another section.
fn replaced(path: &str, section: Section, content: &str) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let name = section.name();
    with_section(&text, name, content)
        .with_context(|| format!("{path} has no <!-- {name} --> with a <!-- /{name} --> after it"))
}

/// The text with `content` between the markers of `name`, and otherwise unchanged.
fn with_section(text: &str, name: &str, content: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n\n{end}{after}", content.trim()))
}

/// The date and the source commit of a run.
struct Conditions {
    date: String,
    commit: String,
}

impl Conditions {
    fn of_this_run() -> Conditions {
        let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        Conditions { date, commit: or_unknown(commit()) }
    }

    /// A table of the command, the source, the machine and the versions.
    fn table(&self, command: &str) -> Result<String> {
        let Conditions { date, commit } = self;
        let cores = std::thread::available_parallelism()?;
        let sqlite = rusqlite::version();
        let [processor, kernel, disk] =
            [processor(), stdout("uname", &["-srm"]), filesystem()?].map(or_unknown);
        let [rustc, oha] = ["rustc", "oha"].map(|program| or_unknown(stdout(program, &["--version"])));
        Ok(format!(
            "| condition | value |
|-----------|-------|
| command   | `{command}` |
| date      | {date} |
| commit    | {commit} |
| processor | {cores} cores, {processor} |
| kernel    | {kernel} |
| disk      | {disk} |
| versions  | {rustc}; SQLite {sqlite}; {oha} |
"
        ))
    }

    /// A line that names the source of headline figures.
    fn source(&self, command: &str) -> String {
        format!("`{command}`, {}, commit {}.", self.date, self.commit)
    }
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// The processor's name: from a file on Linux on x86, from a program on macOS.
fn processor() -> Option<String> {
    let from_file = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(": ").map(|(_, name)| name.to_owned())
    });
    from_file.or_else(|| stdout("sysctl", &["-n", "machdep.cpu.brand_string"]))
}

/// The kind of file system that the databases were on: in memory, a durable write costs nothing.
fn filesystem() -> Result<Option<String>> {
    Ok(stdout("stat", &["-f", "-c", "%T", &Build::Release.folder()?.to_string_lossy()]))
}

/// The commit that was measured, and whether the tree differs from it (these documents do not count).
fn commit() -> Option<String> {
    let commit = stdout("git", &["rev-parse", "--short", "HEAD"])?;
    let is_dirty = stdout("git", &["status", "--porcelain", "--", ".", ":!docs/benchmarks*"]).is_some();
    Some(if is_dirty { format!("{commit} with uncommitted changes") } else { commit })
}

/// The stdout of a program, if the program exists, succeeds and prints anything.
fn stdout(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEXT: &str =
        "# Title\n\n<!-- a -->\nold\n<!-- /a -->\n\nProse.\n\n<!-- b -->\nb's\n<!-- /b -->\nEnd.\n";

    #[test]
    fn a_section_is_replaced_and_nothing_else() {
        let replaced = with_section(TEXT, "a", "new\n").expect("it is there");
        assert_eq!(replaced, TEXT.replace("\nold\n", "\n\nnew\n\n"));
        let again = with_section(&replaced, "a", "new").expect("it still is");
        assert_eq!(again, replaced, "a second run replaces the first");
        let both = with_section(&replaced, "b", "other").expect("it is there");
        assert!(both.contains("new") && both.contains("other") && !both.contains("b's"), "{both}");
        assert!(both.ends_with("<!-- /b -->\nEnd.\n"), "{both}");
    }

    #[test]
    fn a_section_without_both_markers_is_not_written() {
        assert_eq!(with_section(TEXT, "c", "new"), None);
        assert_eq!(with_section("<!-- /a -->\n<!-- a -->\n", "a", "new"), None);
    }

    #[test]
    fn both_documents_have_each_section_once_as_this_program_writes_it() {
        for path in [RESULTS, HEADLINES] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
            let text = fs::read_to_string(&path).expect("it is there");
            for section in
                [Section::Endpoints, Section::Limits, Section::Scale, Section::Pages, Section::Ablation]
            {
                let name = section.name();
                let markers = ["", "/"].map(|slash| format!("<!-- {slash}{name} -->\n"));
                assert!(markers.iter().all(|marker| text.matches(marker).count() == 1), "{name}: {path:?}");
                let (_, rest) = text.split_once(&markers[0]).expect("it is there");
                let (content, _) = rest.split_once(&markers[1]).expect("it comes after");
                assert!(content.contains("`bin/bench"), "{name} names its command: {path:?}");
                assert_eq!(with_section(&text, name, content).as_ref(), Some(&text), "{name}: {path:?}");
            }
        }
    }

    #[test]
    fn a_command_line_has_the_options_that_are_set() {
        assert_eq!(command_line(&[None]), "bin/bench");
        let options = [Some("scale".to_owned()), None, Some("--rounds 3".to_owned())];
        assert_eq!(command_line(&options), "bin/bench scale --rounds 3");
    }
}
