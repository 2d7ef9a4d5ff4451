//! The modules of one crate, and which file a path leads to: the one that defines what is named, however many re-exports lie
//! in between.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use super::contents::{self, Contents, Import};
use crate::source::Source;

/// A chain of re-exports that is longer than this leads in a circle.
const REEXPORTS_MAX: usize = 16;

/// Where a path leads.
enum Target<'m, 'a> {
    Module(&'m [String]),
    /// What this file defines.
    Item(&'a str),
}

/// Where one name of a module leads.
enum Step<'m, 'a> {
    Into(&'m [String]),
    /// An import, followed to the file that defines it.
    Found(&'a str),
    /// Neither a child nor an import: defined in this file, or a name of another crate.
    Defined(&'a str),
}

/// A module, and the file that it stands in.
#[derive(Debug)]
pub(super) struct Module<'a> {
    pub(super) file: &'a str,
    pub(super) contents: Contents,
}

/// The modules of one crate by their paths.
#[derive(Debug)]
pub(super) struct Modules<'a>(BTreeMap<Vec<String>, Module<'a>>);

impl<'a> Modules<'a> {
    /// The production modules among these files, which all stand below `src`.
    pub(super) fn read(src: &str, sources: &[&'a Source]) -> Result<Self> {
        let (mut modules, mut tests) = (BTreeMap::new(), BTreeSet::new());
        for source in sources {
            let Some(path) = source.path.strip_prefix(src).and_then(module_path) else { continue };
            let file = contents::read(&source.text).with_context(|| source.path.clone())?;
            tests.extend(file.test_children.into_iter().map(|child| [path.clone(), child].concat()));
            for contents in file.modules {
                let path = [path.as_slice(), &contents.inside].concat();
                modules.insert(path, Module { file: source.path.as_str(), contents });
            }
        }
        modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        Ok(Self(modules))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[String], &Module<'a>)> {
        self.0.iter().map(|(path, module)| (path.as_slice(), module))
    }

    /// The file that defines what this path names, seen from a module; `None` outside the crate, and for a module as such:
    /// what is taken out of it is another path.
    pub(super) fn definer(&self, from: &[String], path: &[String]) -> Option<&'a str> {
        match self.resolve(from, path, REEXPORTS_MAX)? {
            Target::Item(file) => Some(file),
            Target::Module(_) => None,
        }
    }

    /// The file of the module that a glob opens.
    pub(super) fn opened(&self, from: &[String], path: &[String]) -> Option<&'a str> {
        match self.resolve(from, path, REEXPORTS_MAX)? {
            Target::Item(file) => Some(file),
            Target::Module(path) => Some(self.0.get(path)?.file),
        }
    }

    fn resolve(&self, from: &[String], path: &[String], left: usize) -> Option<Target<'_, 'a>> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => self.module(&[])?,
            "self" => self.module(from)?,
            "super" => self.module(from.split_last()?.1)?,
            name => match self.step(self.module(from)?, name, left)? {
                Step::Into(module) => module,
                Step::Found(file) => return Some(Target::Item(file)),
                Step::Defined(_) => return None,
            },
        };
        while let Some((name, behind)) = rest.split_first() {
            rest = behind;
            if name == "super" {
                at = self.module(at.split_last()?.1)?;
                continue;
            }
            at = match self.step(at, name, left)? {
                Step::Into(module) => module,
                Step::Found(file) | Step::Defined(file) => return Some(Target::Item(file)),
            };
        }
        Some(Target::Module(at))
    }

    /// From a module to what one name in it stands for; `None` where that is outside the crate.
    fn step<'m>(&'m self, at: &'m [String], name: &str, left: usize) -> Option<Step<'m, 'a>> {
        let module = self.0.get(at)?;
        if let Some((child, _)) = self.0.get_key_value(&[at, &[name.to_owned()]].concat()) {
            return Some(Step::Into(child));
        }
        let is_named = |import: &&Import| import.alias.as_deref() == Some(name);
        let Some(import) = module.contents.imports.iter().find(is_named) else {
            return Some(Step::Defined(module.file));
        };
        // `pub(crate) use a_macro;`: the name of what is defined right here.
        if import.path == [name] {
            return Some(Step::Found(module.file));
        }
        match self.resolve(at, &import.path, left.checked_sub(1)?)? {
            Target::Module(path) => Some(Step::Into(path)),
            Target::Item(file) => Some(Step::Found(file)),
        }
    }

    fn module(&self, path: &[String]) -> Option<&[String]> {
        self.0.get_key_value(path).map(|(path, _)| path.as_slice())
    }
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are the module `a::b`; `lib.rs` and `main.rs` are the top. `None` for a file of tests, and for
/// a program of its own below `src/bin`.
fn module_path(file: &str) -> Option<Vec<String>> {
    let mut path: Vec<String> = file.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    let is_test = |name: &String| name == "tests" || name.ends_with("_tests");
    if path.iter().any(is_test) || path.first().is_some_and(|first| first == "bin") {
        return None;
    }
    let is_top = path.len() == 1 && path.iter().any(|name| name == "lib" || name == "main");
    if is_top || path.last().is_some_and(|name| name == "mod") {
        path.pop();
    }
    Some(path)
}
