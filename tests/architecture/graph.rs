//! Which file of a crate uses which other: read from the `use` trees and from every path in the code, inside
//! macros too. Test modules and re-exports do not count, nor does a `mod` line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, UseTree, Visibility};

/// A module's path from the crate's root: `["post", "sql"]`.
pub type Module = Vec<String>;

/// The files of a crate, and what each uses.
pub struct Graph {
    /// By module: the path of its file from the folder of sources.
    pub files: BTreeMap<Module, String>,
    /// By module: the modules that it uses.
    pub uses: BTreeMap<Module, BTreeSet<Module>>,
}

/// One parsed file.
struct Source {
    module: Module,
    items: Vec<Item>,
}

/// The meaning of each name in a file: an absolute path in the crate.
type Names = BTreeMap<String, Vec<String>>;

/// Everything that is needed to say which file a path leads to.
struct Resolver {
    modules: BTreeSet<Module>,
    /// By module: names that it re-exports, and where they are from.
    exports: BTreeMap<Module, Names>,
    /// By name: the modules that define a macro by `macro_rules!`.
    macros: BTreeMap<String, BTreeSet<Module>>,
}

impl Graph {
    /// Reads all files of a folder of sources.
    pub fn read(root: &Path) -> Graph {
        let mut paths = Vec::new();
        gather(root, &mut paths);
        let sources: Vec<(Source, String)> = paths
            .iter()
            .map(|path| {
                let text = fs::read_to_string(path).expect("a text");
                let relative = path.strip_prefix(root).expect("it is in the folder");
                (parse(module_of(relative), &text), relative.to_string_lossy().into_owned())
            })
            .collect();
        Graph::of(sources)
    }

    /// The graph of source texts, given with their paths.
    pub fn of_texts(texts: &[(&str, &str)]) -> Graph {
        let source =
            |(path, text): &(&str, &str)| (parse(module_of(Path::new(path)), text), (*path).to_owned());
        Graph::of(texts.iter().map(source).collect())
    }

    fn of(sources: Vec<(Source, String)>) -> Graph {
        let files: BTreeMap<Module, String> =
            sources.iter().map(|(source, file)| (source.module.clone(), file.clone())).collect();
        let resolver = Resolver::new(&sources);
        let uses =
            sources.iter().map(|(source, _)| (source.module.clone(), resolver.used_by(source))).collect();
        Graph { files, uses }
    }

    /// The path of a module's file.
    pub fn file(&self, module: &Module) -> &str {
        &self.files[module]
    }

    /// The circles, each as the arrows between its files: `file → file`. A circle is a set of more than one
    /// file each of which uses, perhaps by others, all the rest.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&Module, BTreeSet<&Module>> =
            self.files.keys().map(|module| (module, self.reached_from(module))).collect();
        let mut circles: Vec<Vec<String>> = Vec::new();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        for module in self.files.keys().filter(|module| reach[module].contains(module)) {
            if seen.contains(module) {
                continue;
            }
            let circle: Vec<&Module> =
                reach[module].iter().copied().filter(|other| reach[other].contains(module)).collect();
            seen.extend(&circle);
            let arrows = circle.iter().flat_map(|module| {
                let inside = self.uses[*module].iter().filter(|other| circle.contains(other));
                inside.map(|other| format!("{} → {}", self.file(module), self.file(other)))
            });
            circles.push(arrows.collect());
        }
        circles
    }

    fn reached_from(&self, module: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Module> = self.uses[module].iter().collect();
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(&self.uses[module]);
            }
        }
        reached
    }
}

impl Resolver {
    fn new(sources: &[(Source, String)]) -> Resolver {
        let modules = sources.iter().map(|(source, _)| source.module.clone()).collect();
        let mut resolver = Resolver { modules, exports: BTreeMap::new(), macros: BTreeMap::new() };
        for (source, _) in sources {
            let mut exports = Names::new();
            for item in &source.items {
                match item {
                    Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {
                        exports.extend(resolver.leaves(&source.module, &item.tree));
                    }
                    Item::Macro(item) => {
                        if let Some(name) = &item.ident {
                            resolver
                                .macros
                                .entry(name.to_string())
                                .or_default()
                                .insert(source.module.clone());
                        }
                    }
                    _ => {}
                }
            }
            resolver.exports.insert(source.module.clone(), exports);
        }
        resolver
    }

    /// The modules that a file uses, other than itself.
    fn used_by(&self, source: &Source) -> BTreeSet<Module> {
        let mut names = Names::new();
        let mut used = BTreeSet::new();
        for item in &source.items {
            if let Item::Use(item) = item {
                let leaves = self.leaves(&source.module, &item.tree);
                if matches!(item.vis, Visibility::Inherited) {
                    used.extend(leaves.values().filter_map(|path| self.module_at(path)));
                }
                names.extend(leaves);
            }
        }
        for item in source.items.iter().filter(|item| !matches!(item, Item::Use(_))) {
            self.scan(item.to_token_stream(), &source.module, &names, &mut used);
        }
        used.remove(&source.module);
        used
    }

    /// Adds the modules of all paths among the tokens.
    fn scan(&self, tokens: TokenStream, module: &Module, names: &Names, used: &mut BTreeSet<Module>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_colon =
            |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let is_bang =
            |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.scan(group.stream(), module, names, used),
                TokenTree::Ident(first) => {
                    // `$crate::post::sql`: the dollar sign is a token of its own.
                    let mut path = vec![first.to_string()];
                    while is_colon(at + 1) && is_colon(at + 2) {
                        let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else {
                            break;
                        };
                        path.push(next.to_string());
                        at += 3;
                    }
                    if path.len() == 1 && is_bang(at + 1) && !names.contains_key(&path[0]) {
                        let defined = self.macros.get(&path[0]);
                        let is_own = defined.is_some_and(|modules| modules.contains(module));
                        used.extend(defined.filter(|_| !is_own).into_iter().flatten().cloned());
                    } else if let Some(path) = self.absolute(module, names, &path) {
                        used.extend(self.module_at(&path));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// A path from the crate's root; `None` for what is another crate's, or a name of the file itself.
    fn absolute(&self, module: &Module, names: &Names, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() && matches!(first.as_str(), "crate" | "self" | "super") {
            return None; // As in `pub(super)`.
        }
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" if !rest.is_empty() => module.clone(),
            "super" => module[..module.len().checked_sub(1)?].to_vec(),
            name => match names.get(name) {
                Some(known) => known.clone(),
                None => {
                    let child = [&module[..], &[name.to_owned()]].concat();
                    self.modules.get(&child).filter(|_| !rest.is_empty())?.clone()
                }
            },
        };
        for part in rest {
            if part == "super" {
                base.pop();
            } else {
                base.push(part.clone());
            }
        }
        Some(base)
    }

    /// The module whose file defines what a path leads to; re-exports are followed.
    fn module_at(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| self.modules.contains(&path[..*length]))?;
            let module = path[..length].to_vec();
            let export = path.get(length).and_then(|name| self.exports.get(&module)?.get(name));
            match export {
                Some(origin) if origin[..] != path[..=length] => {
                    path = [&origin[..], &path[length + 1..]].concat();
                }
                _ if module.is_empty() => return None, // Nothing is defined in lib.rs.
                _ => return Some(module),
            }
        }
        panic!("re-exports that lead nowhere: {path:?}");
    }

    /// The names that a `use` brings into scope, with their paths, except those of other crates.
    fn leaves(&self, module: &Module, tree: &UseTree) -> Names {
        let mut leaves = Vec::new();
        flatten(tree, &mut Vec::new(), &mut leaves);
        let absolute = |(name, path): (String, Vec<String>)| {
            let path = self.absolute(module, &Names::new(), &path)?;
            Some((name, path))
        };
        leaves.into_iter().filter_map(absolute).collect()
    }
}

/// The names and whole paths of a `use` tree. A glob has the name `*` and leads to its module.
fn flatten(tree: &UseTree, before: &mut Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((before.last().cloned().unwrap_or_default(), before.clone()));
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            leaves.push((name.clone(), [&before[..], &[name]].concat()));
        }
        UseTree::Rename(rename) => {
            let path = if rename.ident == "self" {
                before.clone()
            } else {
                [&before[..], &[rename.ident.to_string()]].concat()
            };
            leaves.push((rename.rename.to_string(), path));
        }
        UseTree::Glob(_) => leaves.push((format!("*{}", before.join("::")), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, leaves)),
    }
}

fn parse(module: Module, text: &str) -> Source {
    let file = syn::parse_file(text).unwrap_or_else(|why| panic!("{module:?}: {why}"));
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg") && attribute.meta.to_token_stream().to_string().contains("test")
    };
    fn attributes(item: &Item) -> &[Attribute] {
        match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            _ => &[],
        }
    }
    let items = file.items.into_iter();
    let items = items.filter(|item| !attributes(item).iter().any(is_test));
    Source {
        module,
        items: items.filter(|item| !matches!(item, Item::Mod(module) if module.content.is_none())).collect(),
    }
}

/// `post/sql.rs` and `post/sql/mod.rs` are `["post", "sql"]`, `lib.rs` is `[]`.
fn module_of(file: &Path) -> Module {
    let stem = file.with_extension("");
    let mut module: Module = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// All Rust files below a folder, but for test modules in files of their own and the program's `main.rs`.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            gather(&path, files);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "main.rs" {
            files.push(path);
        }
    }
}
