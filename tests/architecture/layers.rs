//! The layers of the source tree: a file uses only its own layer and those below, and no files form a circle.
//!
//! `src/lib.rs` lists the modules from the top layer to the ground. A module with `handlers` is a noun; all
//! nouns share four layers, by the kind of file: handlers, views, SQL, types.

use std::collections::BTreeMap;
use std::path::Path;

use syn::Item;

use crate::graph::{Graph, Module};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A layer; the higher, the nearer to `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Layer {
    module: usize,
    kind: usize,
}

/// The kind of a noun's file: 3 handlers, 2 views, 1 SQL, 0 types and rules.
fn kind(module: &Module) -> usize {
    match module.get(1).map(String::as_str) {
        Some("handlers") => 3,
        Some("views") => 2,
        Some("sql") => 1,
        _ => 0,
    }
}

/// The modules in the order in which `lib.rs` declares them.
fn declared(lib: &str) -> Vec<String> {
    let file = syn::parse_file(lib).expect("lib.rs parses");
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// The layer of each file.
fn layers(graph: &Graph, declared: &[String]) -> BTreeMap<Module, Layer> {
    let is_noun = |name: &str| {
        graph.files.keys().any(|module| module.len() > 1 && module[0] == name && kind(module) == 3)
    };
    let lowest_noun = declared.iter().rposition(|name| is_noun(name)).unwrap_or(0);
    let layer = |module: &Module| {
        let name = module.first().expect("lib.rs has no layer");
        let place = declared.iter().position(|other| other == name).expect("lib.rs declares it");
        let (place, kind) = if is_noun(name) { (lowest_noun, kind(module)) } else { (place, 0) };
        Layer { module: declared.len() - place, kind }
    };
    graph
        .files
        .keys()
        .filter(|module| !module.is_empty())
        .map(|module| (module.clone(), layer(module)))
        .collect()
}

/// The arrows that lead upwards, as `file → file`.
fn upwards(graph: &Graph, declared: &[String]) -> Vec<String> {
    let layers = layers(graph, declared);
    let mut found = Vec::new();
    for (module, used) in graph.uses.iter().filter(|(module, _)| !module.is_empty()) {
        for other in used.iter().filter(|other| layers[*other] > layers[module]) {
            found.push(format!("{} → {}", graph.file(module), graph.file(other)));
        }
    }
    found
}

#[test]
fn a_file_uses_only_what_is_in_its_layer_or_below() {
    let root = Path::new(ROOT).join("src");
    let lib = std::fs::read_to_string(root.join("lib.rs")).expect("a text");
    let graph = Graph::read(&root);
    assert!(graph.files.len() > 100, "these are not all");
    let upwards = upwards(&graph, &declared(&lib));
    assert!(upwards.is_empty(), "arrows upwards:\n{}", upwards.join("\n"));
}

#[test]
fn no_files_form_a_circle() {
    for folder in ["src", "crates/http/src", "crates/store/src", "crates/test-support/src", "bench/src"] {
        let graph = Graph::read(&Path::new(ROOT).join(folder));
        assert!(graph.uses.values().any(|used| !used.is_empty()), "{folder}: nothing was read");
        let circles = graph.circles();
        assert!(circles.is_empty(), "{folder}: {circles:#?}");
    }
}

const LIB: &str = "pub mod app; pub mod post; pub mod user; pub mod web;";

/// The graph of a small source tree, with one more line in one of its files.
fn tree(file: &str, line: &str) -> Graph {
    let texts = [
        ("app.rs", "use crate::post::handlers;"),
        ("post/mod.rs", "pub mod handlers; pub mod sql; pub mod views; pub struct Post;"),
        ("post/handlers.rs", "use super::{Post, sql, views}; use crate::user::views::name;"),
        ("post/views.rs", "use super::Post; use crate::user::views as users;"),
        ("post/sql.rs", "use super::Post; macro_rules! columns { () => {} }"),
        ("user/mod.rs", "pub mod handlers; pub mod views; pub struct User;"),
        ("user/handlers.rs", "use crate::web::Cx;"),
        ("user/views.rs", "use crate::web; fn page() { html! { p { : web::cx::Cx } } }"),
        ("web/mod.rs", "pub mod cx; pub use cx::Cx;"),
        ("web/cx.rs", "pub struct Cx;"),
    ];
    let texts =
        texts.map(|(path, text)| (path, if path == file { format!("{text} {line}") } else { text.into() }));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Graph::of_texts(&texts)
}

#[test]
fn an_arrow_upwards_is_found_however_it_is_written() {
    let modules = declared(LIB);
    assert_eq!(upwards(&tree("", ""), &modules), Vec::<String>::new());
    assert!(tree("", "").circles().is_empty());
    for (file, line, arrow) in [
        ("web/cx.rs", "use crate::post::Post;", "web/cx.rs → post/mod.rs"),
        ("web/cx.rs", "fn f() -> crate::user::User { todo() }", "web/cx.rs → user/mod.rs"),
        (
            "web/cx.rs",
            "use crate::{app, user as people}; fn f() { people::views::x() }",
            "web/cx.rs → app.rs",
        ),
        ("post/sql.rs", "use super::views::row;", "post/sql.rs → post/views.rs"),
        ("post/views.rs", "fn f() { html! { : super::handlers::x() } }", "post/views.rs → post/handlers.rs"),
        ("post/mod.rs", "fn f() { sql::x() }", "post/mod.rs → post/sql.rs"),
        ("web/cx.rs", "fn f() { columns!() }", "web/cx.rs → post/sql.rs"),
    ] {
        let found = upwards(&tree(file, line), &modules);
        assert!(found.iter().any(|found| found == arrow), "{file}: {line}: {found:?}");
    }
}

#[test]
fn a_circle_in_one_layer_is_found() {
    let tree = tree("user/views.rs", "use crate::post::views::list;");
    assert!(upwards(&tree, &declared(LIB)).is_empty());
    assert_eq!(tree.circles(), [["post/views.rs → user/views.rs", "user/views.rs → post/views.rs"]]);
}

#[test]
fn a_re_export_leads_to_where_the_thing_is() {
    let tree = tree("", "");
    let used = &tree.uses[&vec!["user".to_owned(), "handlers".to_owned()]];
    assert_eq!(used.iter().map(|module| tree.file(module)).collect::<Vec<_>>(), ["web/cx.rs"]);
}
