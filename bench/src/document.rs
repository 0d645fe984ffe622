//! `docs/benchmarks.md`: written by people, with sections that programs write, each its own.

use std::fs;
use std::process::Command;

use crate::server::Build;
use crate::{Result, load, server};

/// Seen from the repository's root.
const DOCUMENT: &str = "docs/benchmarks.md";

/// Replaces what is between `<!-- name -->` and `<!-- /name -->`. All around it stays.
pub fn write_section(name: &str, content: &str) -> Result<()> {
    let text = fs::read_to_string(DOCUMENT).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    let replaced = with_section(&text, name, content)
        .ok_or_else(|| format!("{DOCUMENT} has no <!-- {name} --> with a <!-- /{name} --> after it"))?;
    fs::write(DOCUMENT, replaced)?;
    eprintln!("Written to {DOCUMENT}");
    Ok(())
}

fn with_section(text: &str, name: &str, content: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n\n{end}{after}", content.trim()))
}

/// A table of the machine, the versions and the commit that a section's figures are of. `command` is what made
/// them.
pub fn machine(command: &str) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let sqlite = rusqlite::version();
    let [processor, kernel, disk] = [processor(), said("uname", &["-srm"]), filesystem()?].map(or_unknown);
    let [rustc, commit] = [said("rustc", &["--version"]), commit()].map(or_unknown);
    let oha = load::version()?;
    Ok(format!(
        "| what      | which |
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

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// The processor's name: Linux on x86 tells it in a file, macOS by a program.
fn processor() -> Option<String> {
    let from_file = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(": ").map(|(_, name)| name.to_owned())
    });
    from_file.or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"]))
}

/// The kind of file system that the databases were on: in memory, a durable write costs nothing.
fn filesystem() -> Result<Option<String>> {
    Ok(said("stat", &["-f", "-c", "%T", &server::build_folder(Build::Release)?.to_string_lossy()]))
}

/// The commit that was measured, and whether it was changed (the report does not count).
fn commit() -> Option<String> {
    let commit = said("git", &["rev-parse", "--short", "HEAD"])?;
    let changed = said("git", &["status", "--porcelain", "--", ".", ":!docs/benchmarks*"]).is_some();
    Some(if changed { format!("{commit} with changes") } else { commit })
}

/// What a program says on its stdout, if it exists, ends well and says something.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
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
    fn a_section_that_is_not_whole_is_not_written() {
        assert_eq!(with_section(TEXT, "c", "new"), None);
        assert_eq!(with_section("<!-- /a -->\n<!-- a -->\n", "a", "new"), None);
    }
}
