//! The source files of a crate as modules, and what each module imports from the other modules.
//!
//! Macros, glob imports and inline modules are not resolved. A path to a re-exported name counts as
//! an import of the file that defines the name.

use crate::circles::{Imports, Module};
use crate::paths::{self, ImportPath};
use crate::tokens::{test_modules, without_tests};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The maximum number of re-exports that are followed for one name.
const MAX_REEXPORTS: usize = 8;

/// The paths that each module of a crate uses. The module of the crate's root is empty.
pub(crate) struct Sources {
    paths: BTreeMap<Module, Vec<ImportPath>>,
}

impl Sources {
    /// Reads the `*.rs` files in `src` and its subfolders, except the files that are compiled only
    /// for tests.
    pub(crate) fn read(src: &Path) -> Self {
        let mut files = rust_files(src);
        // If the package has a library, main.rs belongs to a different crate.
        let has_library = src.join("lib.rs").exists();
        files.retain(|path| !(has_library && *path == src.join("main.rs")));
        let file = |path: &PathBuf| {
            (module_of(path.strip_prefix(src).unwrap()), fs::read_to_string(path).unwrap())
        };
        Self::new(files.iter().map(file).collect())
    }

    fn new(files: BTreeMap<Module, String>) -> Self {
        let tests: Vec<Module> = files
            .iter()
            .flat_map(|(module, text)| {
                test_modules(text).into_iter().map(|name| child(module, &name))
            })
            .collect();
        let is_test = |module: &Module| tests.iter().any(|test| module.starts_with(test));
        let compiled = files.into_iter().filter(|(module, _)| !is_test(module));
        let paths = compiled.map(|(module, text)| (module, paths::all(&without_tests(&text))));
        Self { paths: paths.collect() }
    }

    /// The modules that each module imports.
    pub(crate) fn imports(&self) -> Imports {
        let of = |module: &Module, paths: &[ImportPath]| {
            let targets = paths.iter().filter_map(|path| self.target(module, &path.segments));
            targets.filter(|target| target != module).collect()
        };
        self.paths.iter().map(|(module, paths)| (module.clone(), of(module, paths))).collect()
    }

    /// The module that defines the item of the path `segments`, if this path is used in `module`.
    /// `None` for a path to another crate or to an item of `module` itself.
    fn target(&self, module: &Module, segments: &[String]) -> Option<Module> {
        let (first, rest) = segments.split_first()?;
        let start = match first.as_str() {
            "crate" => Module::new(),
            "self" => module.clone(),
            "super" => parent(module),
            name => Some(child(module, name)).filter(|child| self.paths.contains_key(child))?,
        };
        Some(self.follow(start, rest, MAX_REEXPORTS))
    }

    /// Follows the path `segments` from `module` to its submodules, and through re-exports. Returns
    /// the module that defines the last segment.
    fn follow(&self, mut module: Module, segments: &[String], reexports: usize) -> Module {
        for (index, segment) in segments.iter().enumerate() {
            let below = child(&module, segment);
            if segment == "super" {
                module = parent(&module);
            } else if self.paths.contains_key(&below) {
                module = below;
            } else {
                // The segment is an item of this module, or a name that the module imports.
                let imported = self.imported(&module, segment).filter(|_| reexports > 0);
                return match imported {
                    Some(path) => {
                        let path = [&path.segments[1..], &segments[index + 1..]].concat();
                        self.start(&module, segment)
                            .map_or(module, |start| self.follow(start, &path, reexports - 1))
                    }
                    None => module,
                };
            }
        }
        module
    }

    /// The module of the first segment of the `use` that imports `name` into `module`.
    fn start(&self, module: &Module, name: &str) -> Option<Module> {
        let first = self.imported(module, name)?.segments.first()?;
        self.target(module, std::slice::from_ref(first))
    }

    /// The `use` that imports `name` into `module`.
    fn imported(&self, module: &Module, name: &str) -> Option<&ImportPath> {
        self.paths.get(module)?.iter().find(|path| path.name.as_deref() == Some(name))
    }
}

fn child(module: &Module, name: &str) -> Module {
    [module.as_slice(), &[name.to_owned()]].concat()
}

fn parent(module: &Module) -> Module {
    module[..module.len().saturating_sub(1)].to_vec()
}

/// The module of a file. The path of the file is relative to `src`.
fn module_of(file: &Path) -> Module {
    let names = file.with_extension("");
    let mut module: Module = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let is_root = module.len() == 1 && (module[0] == "lib" || module[0] == "main");
    if is_root || module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports between files. Each file is given as its path and its text.
    fn imports(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| (module_of(Path::new(path)), (*text).to_owned());
        let imports = Sources::new(files.iter().map(file).collect()).imports();
        let line = |(module, targets): (&Module, &std::collections::BTreeSet<Module>)| {
            let targets: Vec<_> = targets.iter().map(|target| target.join("::")).collect();
            format!("{} -> {}", module.join("::"), targets.join(" "))
        };
        imports.iter().filter(|(_, targets)| !targets.is_empty()).map(line).collect()
    }

    #[test]
    fn paths_lead_to_the_files_of_their_items() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod c; use c::D; use std::fs; fn f() { crate::b::g(); }"),
            ("a/c.rs", "use super::E; use crate::b::{self, H};"),
            ("b/mod.rs", "use self::inner::I;"),
        ]);
        assert_eq!(found, ["a -> a::c b", "a::c -> a b"]);
    }

    #[test]
    fn a_reexported_name_leads_to_the_file_that_has_it() {
        let found = imports(&[
            ("lib.rs", "pub use a::Name;"),
            ("a.rs", "pub use crate::b::Other as Name;"),
            ("b.rs", ""),
            ("c.rs", "use crate::Name;"),
        ]);
        assert_eq!(found, [" -> b", "a -> b", "c -> b"]);
    }

    #[test]
    fn files_of_tests_are_ignored() {
        let found = imports(&[
            ("main.rs", "#[cfg(test)] mod tests; mod a;"),
            ("tests.rs", "use crate::a::A;"),
            ("a.rs", "#[cfg(test)] mod tests { use crate::b::B; }"),
            ("b.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found, ["b -> a"]);
    }
}
