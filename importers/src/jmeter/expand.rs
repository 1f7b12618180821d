//! What stands elsewhere and is run here: modules of the same test plan, and other files.

use std::path::Path;

use super::tree::{self, Element};
use crate::notes::Notes;
use crate::source::{Failure, Source};

/// Modules and files inside each other.
const MAX_DEPTH: usize = 10;

/// Elements of all modules and files together.
const MAX_ELEMENTS: usize = 100_000;

/// Puts what module and include controllers name below them.
pub(super) fn expand(elements: &mut [Element], source: &Source, notes: &mut Notes) {
    let mut expansion = Expansion { source, notes, left: MAX_ELEMENTS };
    let whole = elements.to_vec();
    expansion.all(elements, &whole, 0);
}

struct Expansion<'a> {
    source: &'a Source,
    notes: &'a mut Notes,
    left: usize,
}

impl Expansion<'_> {
    fn all(&mut self, elements: &mut [Element], whole: &[Element], depth: usize) {
        for element in elements {
            match element.class.as_str() {
                "ModuleController" => self.module(element, whole, depth),
                "IncludeController" => self.include(element, depth),
                _ => self.all(&mut element.children, whole, depth),
            }
        }
    }

    fn module(&mut self, element: &mut Element, whole: &[Element], depth: usize) {
        let names: Vec<&str> = element.texts("ModuleController.node_path").collect();
        let place = self.place(element);
        let Some(target) = find(whole, &names) else {
            let what = format!("the module `{}`", names.last().copied().unwrap_or_default());
            self.notes.drop(&place, &what, "there is nothing of this name in the test plan");
            return;
        };
        let size = size(target);
        if depth >= MAX_DEPTH || size > self.left {
            let why = "modules are inside each other too often, or too large";
            self.notes.drop(&place, &target.name, why);
            return;
        }
        self.left -= size;
        let mut target = target.clone();
        target.enabled = true;
        self.all(std::slice::from_mut(&mut target), whole, depth + 1);
        // What it is in its own place does not matter here.
        if target.class.ends_with("ThreadGroup") || target.class == "TestFragmentController" {
            "GenericController".clone_into(&mut target.class);
        }
        element.children = vec![target];
    }

    fn include(&mut self, element: &mut Element, depth: usize) {
        let path = element.text("IncludeController.includepath").to_owned();
        let place = self.place(element);
        let read = if depth < MAX_DEPTH { self.file(&path) } else { None };
        match read {
            Some(Ok(mut elements)) => {
                let whole = elements.clone();
                let size: usize = elements.iter().map(size).sum();
                if size > self.left {
                    self.notes.drop(&place, &path, "the files that are included are too large");
                    return;
                }
                self.left -= size;
                self.all(&mut elements, &whole, depth + 1);
                element.children = fragments(elements);
            }
            Some(Err(failure)) => self.notes.drop(&place, &path, &failure.message),
            None => {
                let why = "the file cannot be read, so its steps are missing";
                self.notes.drop(&place, &path, why);
            }
        }
    }

    fn file(&self, path: &str) -> Option<Result<Vec<Element>, Failure>> {
        if path.is_empty() {
            return None;
        }
        let bytes = self.source.sibling(path)?;
        let folder = self.source.folder.join(path);
        let folder = folder.parent().unwrap_or(Path::new(""));
        Some(Source::new(path, bytes, folder).and_then(|source| tree::parse(&source)))
    }

    fn place(&self, element: &Element) -> String {
        format!("{}:{} ({})", self.source.name, element.line, element.name)
    }
}

/// The element that a path of names leads to. It begins with the test plan, perhaps twice.
fn find<'e>(elements: &'e [Element], names: &[&str]) -> Option<&'e Element> {
    let (first, rest) = names.split_first()?;
    let found = elements.iter().filter(|element| element.name == *first).find_map(|element| {
        if rest.is_empty() { Some(element) } else { find(&element.children, rest) }
    });
    found.or_else(|| {
        // The root of the tree has the name of the test plan, or none that is written.
        let is_plan = elements.iter().any(|element| element.class == "TestPlan");
        if is_plan && !rest.is_empty() { find(elements, rest) } else { None }
    })
}

/// What an included file has of steps.
fn fragments(elements: Vec<Element>) -> Vec<Element> {
    let mut found = Vec::new();
    for mut element in elements {
        match element.class.as_str() {
            "TestPlan" => found.extend(fragments(element.children)),
            "TestFragmentController" => {
                "GenericController".clone_into(&mut element.class);
                element.enabled = true;
                found.push(element);
            }
            class if class.ends_with("ThreadGroup") => {}
            _ => found.push(element),
        }
    }
    found
}

fn size(element: &Element) -> usize {
    1 + element.children.iter().map(size).sum::<usize>()
}
