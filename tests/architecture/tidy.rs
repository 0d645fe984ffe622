//! Rules of the source that the compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

use lorem_news::schema::MIGRATIONS;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A source file: its path from the root of the project, and its text before its tests.
struct Source {
    path: String,
    code: String,
}

/// The source files of the site and of the library crates, without files of tests.
fn sources() -> Vec<Source> {
    let root = Path::new(ROOT);
    let mut files = Vec::new();
    for folder in ["src", "crates/counted-log/src", "crates/http/src", "crates/store/src"] {
        gather(&root.join(folder), &mut files);
    }
    files.retain(|path| path.file_name().is_some_and(|name| name != "tests.rs"));
    files.sort();
    assert!(files.len() > 30, "files are missing");
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).expect("a text");
            let code = text.split("#[cfg(test)]").next().expect("split gives one at least").to_owned();
            let path = file.strip_prefix(root).expect("a path below the root").to_string_lossy().into_owned();
            Source { path, code }
        })
        .collect()
}

/// Adds the Rust files below a folder.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The lines without comment lines, with their numbers.
fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.code.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//"))
}

/// Panics with every line outside the `allowed` files for which `offends` is true.
fn assert_none(rule: &str, allowed: impl Fn(&str) -> bool, offends: impl Fn(&str) -> bool) {
    let mut found = String::new();
    for source in sources().iter().filter(|source| !allowed(&source.path)) {
        for (number, line) in lines(source).filter(|(_, line)| offends(line)) {
            found += &format!("\n{}:{number}: {line}", source.path);
        }
    }
    assert!(found.is_empty(), "{rule}:{found}");
}

fn is_sql(line: &str) -> bool {
    let words: Vec<&str> =
        line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    words.contains(&"SELECT")
        || words.windows(2).any(|two| matches!(two, ["INSERT", "INTO"] | ["DELETE", "FROM"]))
        || words.windows(3).any(|three| three[0] == "UPDATE" && three[2] == "SET")
}

#[test]
fn sql_is_only_in_sql_files() {
    assert!(is_sql("\"SELECT 1\"") && is_sql("DELETE FROM posts") && is_sql("(\"UPDATE users SET a = 1\")"));
    assert!(is_sql("INSERT INTO x") && !is_sql("the UPDATE that sets") && !is_sql("SELECTED"));
    assert_none(
        "SQL belongs in sql.rs",
        |path| path.starts_with("crates/store/") || path.ends_with("/sql.rs") || path.contains("/sql/"),
        is_sql,
    );
}

#[test]
fn titles_and_texts_are_read_by_the_rule_of_visibility() {
    let columns = ["posts.title", "descriptions.text", "comments.body", "SELECT title", "SELECT body"];
    assert_none(
        "src/visibility/sql.rs has the columns of titles and texts",
        // The pages for admins show removed things, and a person's own data are all of theirs.
        |path| {
            let of_admins = ["src/moderation/sql/mod.rs", "src/flag/sql.rs"];
            path == "src/visibility/sql.rs" || path == "src/own_data/sql.rs" || of_admins.contains(&path)
        },
        |line| columns.iter().any(|column| line.contains(column)),
    );
}

#[test]
fn no_source_calls_unwrap() {
    assert_none(
        "use expect with a reason, or return the error",
        |_| false,
        |line| line.contains(".unwrap()"),
    );
}

#[test]
fn htmx_headers_are_set_in_one_place() {
    assert_none(
        "HX- headers belong in web/reply.rs",
        |path| path == "src/web/reply.rs",
        |line| line.contains("HX-"),
    );
}

#[test]
fn views_have_no_inline_style_or_script_and_no_inherited_htmx_attribute() {
    for word in ["hx-on", "hx-boost", "style=", "onclick=", "javascript:"] {
        assert_none(
            "forbidden in views, see STYLE.md",
            // The form that all small buttons share, see tests/web/contract.rs.
            |path| word == "hx-boost" && path == "src/ui/layout.rs",
            |line| {
                line.contains(word)
                    && !line.starts_with("\"javascript:location.href='{origin}{NEW_POST}?url='+")
            },
        );
    }
}

#[test]
fn addresses_are_written_in_one_place() {
    let is_address = |line: &str| {
        ["\"/posts", "\"/users", "\"/comments", "\"/sessions"].iter().any(|start| line.contains(start))
    };
    assert_none(
        "addresses belong in web/paths.rs",
        |path| path.starts_with("src/web/paths") || path == "src/routes.rs",
        is_address,
    );
}

/// The text up to the parenthesis that closes the call.
fn argument(after: &str) -> &str {
    // A raw string may contain quotes.
    let raw = [("r##\"", "\"##"), ("r#\"", "\"#")].into_iter().find_map(|(start, end)| {
        let inner = after.strip_prefix(start)?;
        Some(start.len() + inner.find(end)? + end.len())
    });
    let (mut depth, mut is_quoted) = (1, false);
    for (at, letter) in after.char_indices().filter(|(at, _)| *at >= raw.unwrap_or(0)) {
        match letter {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &after[..at];
        }
    }
    panic!("no closing parenthesis: {after}");
}

/// Whether the argument is a string literal, a formatted number, or a choice between two literals.
fn is_harmless(argument: &str) -> bool {
    let between = |text: &str, start: &str, end: &str| {
        let inner = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        inner.is_some_and(|inner| !inner.contains(end))
    };
    let is_literal = |text: &str| {
        let text = text.trim();
        between(text, "\"", "\"") || between(text, "r#\"", "\"#") || between(text, "r##\"", "\"##")
    };
    if argument.starts_with("if ") {
        let arms: Vec<&str> =
            argument.split('{').skip(1).map(|arm| arm.split('}').next().unwrap_or("")).collect();
        return arms.len() == 2 && arms.into_iter().all(is_literal);
    }
    is_literal(argument) || (argument.starts_with("itoa::Buffer::new().format(") && argument.ends_with(')'))
}

#[test]
fn raw_writes_only_literals_and_numbers() {
    assert!(is_harmless(r#""by ""#) && is_harmless(r#"if one { " comment" } else { " comments" }"#));
    assert!(is_harmless("itoa::Buffer::new().format(number)"));
    for harm in [
        "name",
        "&post.title",
        r##"r#"a"# + name + r#"b"#"##,
        r#"if a { "b" } else { name }"#,
        r#""a" + name + "b""#,
        "format!(\"\")",
    ] {
        assert!(!is_harmless(harm), "{harm}");
    }
    let mut seen = 0;
    for source in sources() {
        for (at, _) in source.code.match_indices("Raw(") {
            let argument = argument(&source.code[at + 4..]);
            assert!(is_harmless(argument), "{}: Raw({argument})", source.path);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn write_raw_is_called_only_in_the_files_that_escape() {
    assert_none(
        "write_raw is for numbers, times, addresses and text that the same function escapes",
        |path| {
            matches!(
                path,
                "src/markup/blocks.rs" | "src/html/text.rs" | "src/ui/time.rs" | "src/web/paths.rs"
            )
        },
        |line| line.contains("write_raw("),
    );
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", source.path);
        assert!(source.path != "src/main.rs" || lines < 40, "main.rs has {lines} lines");
    }
}

#[test]
fn every_source_file_starts_with_its_documentation() {
    for source in sources() {
        assert!(source.code.starts_with("//! "), "{}", source.path);
    }
}

#[test]
fn every_migration_is_embedded_in_order() {
    let mut files: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("db/migrations"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).expect("a text")).collect();
    assert_eq!(texts, MIGRATIONS);
    for (number, file) in files.iter().enumerate() {
        let name = file.file_name().expect("a name").to_string_lossy();
        assert!(name.starts_with(&format!("{:04}_", number + 1)) && name.ends_with(".sql"), "{name}");
    }
}

#[test]
fn the_library_crates_do_not_use_the_site() {
    assert_none(
        "a crate below the site uses lorem_news",
        |path| path.starts_with("src/"),
        |line| line.contains("lorem_news"),
    );
}

#[test]
fn only_the_command_line_reads_the_environment() {
    assert_none(
        "use Config; in src/cli, environment::variable, for which an empty variable is unset",
        |path| path == "src/cli/environment.rs",
        |line| line.contains("env::var"),
    );
    assert_none(
        "use temporary_files, for which an empty TMPDIR is unset",
        |path| path == "src/replica/folder.rs",
        |line| line.contains("env::temp_dir"),
    );
}

#[test]
fn only_one_file_prints_and_it_never_panics() {
    assert_none(
        "println! panics where the output cannot be written: use cli/output.rs, or the log",
        |_| false,
        |line| ["println!", "print!("].iter().any(|word| line.contains(word)),
    );
    assert_none(
        "use cli/output.rs, or the log",
        // The shim's standard output is the lock.
        |path| matches!(path, "src/cli/output.rs" | "src/replica/shim.rs"),
        |line| line.contains("io::stdout()") || line.contains("io::stderr().lock"),
    );
}

#[test]
fn no_test_is_ignored() {
    let skipped = ["#[ig", "nore"].concat();
    for folder in ["src", "tests", "crates", "bench"] {
        let mut files = Vec::new();
        gather(&Path::new(ROOT).join(folder), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a text");
            assert!(!text.contains(&skipped), "{} ignores a test", file.display());
        }
    }
}

/// The sorted names of the Rust files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    gather(folder, &mut files);
    let stem = |file: &PathBuf| file.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut names: Vec<String> = files.iter().map(stem).collect();
    names.sort();
    names
}

#[test]
fn every_property_has_a_test_a_fuzz_target_and_a_small_corpus() {
    let root = Path::new(ROOT);
    let mut properties = names(&root.join("tests/properties"));
    properties.retain(|name| name != "main");
    assert!(properties.len() > 5 && properties == names(&root.join("fuzz/targets")), "{properties:?}");
    let read =
        |path: String| fs::read_to_string(root.join(&path)).unwrap_or_else(|why| panic!("{path}: {why}"));
    let (tests, manifest) = (read("tests/properties/main.rs".into()), read("fuzz/Cargo.toml".into()));
    for name in &properties {
        // The exact text, since bin/test does not compile the targets.
        let target = format!(
            "#![no_main]\n\n#[path = \"../../tests/properties/{name}.rs\"]\nmod {name};\n\n\
             libfuzzer_sys::fuzz_target!(|input: &[u8]| {name}::holds(input));\n"
        );
        assert_eq!(read(format!("fuzz/targets/{name}.rs")), target);
        assert!(manifest.contains(&format!("\nname = \"{name}\"\npath = \"targets/{name}.rs\"\n")), "{name}");
        assert!(tests.contains(&format!("        {name}::holds(&")), "{name} has no test");
        assert!(tests.contains(&format!("holds_for_all_kept(\"{name}\", {name}::holds)")), "{name}");
        let kept = fs::read_dir(root.join("fuzz/corpus").join(name)).expect("a corpus");
        let sizes: Vec<u64> =
            kept.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).collect();
        assert!(sizes.len() <= 50 && sizes.iter().sum::<u64>() <= 100 * 1024, "{name}: {sizes:?}");
    }
}

#[test]
fn the_fuzz_targets_use_the_dependency_versions_of_the_tests() {
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).expect("a manifest");
    let (own, fuzzers) = (read("Cargo.toml"), read("fuzz/Cargo.toml"));
    let (_, shared) =
        fuzzers.split_once("with the versions of ../Cargo.toml.\n").expect("a list of dependencies");
    let shared: Vec<&str> = shared.lines().take_while(|line| !line.is_empty()).collect();
    assert!(shared.len() > 2, "{shared:?}");
    for line in shared {
        let (name, version) = line.split_once(" = ").expect("a name and a version");
        let is_same = |own: &str| {
            own.split_once(" = ").is_some_and(|(other, how)| other == name && how.contains(version))
        };
        assert!(own.lines().any(is_same), "{line}");
    }
}
