//! The links in the documents lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The documents of the project.
fn documents() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(ROOT)];
    let mut documents = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_ours = !name.starts_with('.') && !["target", "node_modules"].contains(&&*name);
            if path.is_dir() && is_ours {
                folders.push(path);
            } else if name.ends_with(".md") {
                documents.push(path);
            }
        }
    }
    assert!(documents.len() > 30, "documents are missing");
    documents
}

/// The lines of a document outside its blocks of code, each without the code in it.
fn prose(text: &str) -> impl Iterator<Item = String> {
    let mut is_code = false;
    text.lines().filter_map(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then(|| line.split('`').step_by(2).collect())
    })
}

/// The targets of the links `[words](target)` that are no addresses of other sites.
fn targets(text: &str) -> Vec<String> {
    let of_line = |line: String| -> Vec<String> {
        let rest = line.split("](").skip(1);
        rest.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
    };
    prose(text)
        .flat_map(of_line)
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The fragments that lead to the headings of a document, as GitHub makes them.
fn fragments(text: &str) -> Vec<String> {
    let slug = |heading: &str| -> String {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|&letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
    };
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| slug(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    let mut number = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a text");
        for target in targets(&text) {
            let (file, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { document.clone() } else { document.with_file_name(file) };
            let has_heading = |text: String| fragments(&text).iter().any(|other| other == fragment);
            let leads =
                file.exists() && (fragment.is_empty() || fs::read_to_string(&file).is_ok_and(has_heading));
            number += 1;
            if !leads {
                let document = document.strip_prefix(Path::new(ROOT)).unwrap_or(&document);
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(number > 100, "links are missing: {number}");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}
