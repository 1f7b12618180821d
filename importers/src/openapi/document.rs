//! The files of a specification, and what `$ref` refers to in them.

use std::collections::{BTreeSet, HashMap, VecDeque};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use crate::notes::Notes;
use crate::source::{Failure, Source};
use crate::tree;

/// A specification may have so many files …
const MAX_FILES: usize = 1000;
/// … with so many bytes.
const MAX_BYTES: usize = 256 << 20;
/// A reference may lead to another, this often.
const MAX_HOPS: usize = 32;
/// A relative reference is looked for beside so many schemas with an `$id`.
const MAX_IDS: usize = 64;

/// The files of a specification; the first is where it begins.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: Vec<File>,
    /// The number of a file by its path, seen from the first one's folder.
    by_path: HashMap<String, usize>,
    /// What `$anchor`, `$dynamicAnchor` and `$id` name: file and pointer.
    named: HashMap<String, (usize, String)>,
    /// The first of the absolute URLs in `$id`, which others are relative to.
    ids: Vec<Url>,
}

#[derive(Debug)]
struct File {
    path: String,
    tree: Value,
}

/// A reference to another file.
struct Reference {
    /// The file it stands in.
    from: usize,
    text: String,
    is_extension: bool,
}

/// A value in a specification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'d> {
    pub(super) value: &'d Value,
    files: &'d Files,
    file: usize,
}

impl Files {
    /// Reads a source and the files it refers to. References that lead nowhere are noted.
    pub(super) fn read(source: &Source, notes: &mut Notes) -> Result<Self, Failure> {
        let mut files = Self::default();
        let own = source.name.rsplit('/').next().unwrap_or(&source.name).to_owned();
        files.add(own, tree::parse(source)?);
        let mut bytes = source.text.len();
        let mut waiting: VecDeque<Reference> = VecDeque::new();
        let mut next = 0;
        loop {
            while next < files.files.len() {
                files.index(next, &mut waiting);
                next += 1;
            }
            let Some(Reference { from, text: reference, is_extension }) = waiting.pop_front()
            else {
                break;
            };
            let Some(path) = files.path(from, &reference) else { continue };
            if files.by_path.contains_key(&path) {
                continue;
            }
            let place = source.name.as_str();
            match load(source, &path) {
                Ok(sibling)
                    if files.files.len() < MAX_FILES && bytes + sibling.text.len() <= MAX_BYTES =>
                {
                    bytes += sibling.text.len();
                    match tree::parse(&sibling) {
                        Ok(tree) => files.add(path, tree),
                        Err(failure) => {
                            notes.drop(&failure.place, &reference, &failure.message);
                            files.add(path, Value::Null);
                        }
                    }
                }
                Ok(_) => notes.drop(place, &reference, "there are too many files"),
                Err(why) => {
                    if !is_extension {
                        notes.drop(place, &reference, &why);
                    }
                    files.add(path, Value::Null);
                }
            }
        }
        files.check(&source.name, notes);
        Ok(files)
    }

    pub(super) fn root(&self) -> Node<'_> {
        static NOTHING: Value = Value::Null;
        let value = self.files.first().map_or(&NOTHING, |file| &file.tree);
        Node { value, files: self, file: 0 }
    }

    fn add(&mut self, path: String, tree: Value) {
        self.by_path.insert(path.clone(), self.files.len());
        self.files.push(File { path, tree });
    }

    /// Collects the names a file gives to schemas, and the files it refers to.
    fn index(&mut self, file: usize, waiting: &mut VecDeque<Reference>) {
        let Some(known) = self.files.get(file) else { return };
        let mut found = Vec::new();
        visit(&known.tree, &mut String::new(), &mut |pointer, members| {
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(name)) = members.get(key) {
                    found.push((format!("{file}#{name}"), (file, pointer.to_owned())));
                }
            }
            if let Some(Value::String(id)) = members.get("$id") {
                found.push((id.clone(), (file, pointer.to_owned())));
            }
            for reference in references(members) {
                if !reference.starts_with('#') {
                    let (text, is_extension) = (reference.to_owned(), is_extension(pointer));
                    waiting.push_back(Reference { from: file, text, is_extension });
                }
            }
        });
        // Of several of a name the first is the one that others refine.
        for (name, place) in found {
            if self.ids.len() < MAX_IDS
                && let Ok(id) = Url::parse(&name)
            {
                self.ids.push(id);
            }
            self.named.entry(name).or_insert(place);
        }
    }

    /// Notes the references that lead nowhere or in a circle, each once.
    fn check(&self, place: &str, notes: &mut Notes) {
        let mut missing: HashMap<String, usize> = HashMap::new();
        let mut circles: BTreeSet<String> = BTreeSet::new();
        let mut unread: BTreeSet<String> = BTreeSet::new();
        for (number, file) in self.files.iter().enumerate() {
            visit(&file.tree, &mut String::new(), &mut |pointer, members| {
                for reference in references(members) {
                    match self.target(number, reference) {
                        None if is_extension(pointer) => {
                            unread.insert(reference.to_owned());
                        }
                        None => *missing.entry(reference.to_owned()).or_default() += 1,
                        Some(target) if target.is_circle() => {
                            circles.insert(reference.to_owned());
                        }
                        Some(_) => {}
                    }
                }
            });
        }
        let mut missing: Vec<_> = missing.into_iter().collect();
        missing.sort();
        for (reference, times) in missing {
            let why = if reference.contains("://") {
                "nothing is fetched; download it beside the source and refer to it there"
            } else {
                "there is nothing there"
            };
            notes.drop(place, &format!("$ref {reference} ({times} times)"), why);
        }
        if let Some(first) = unread.first() {
            let others = match unread.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let why =
                "there is nothing there; they are in extensions, which say nothing to all tools";
            notes.remark(place, &format!("$ref {first}{others}"), why);
        }
        for reference in circles {
            let why = "it leads back to itself and says nothing; any value is taken to fit";
            notes.approximate(place, &format!("$ref {reference}"), why);
        }
    }

    /// The path of the file of a reference, seen from the first file's folder. It may lead one
    /// folder up from there, not further, and only to what can be a part of a specification.
    fn path(&self, from: usize, reference: &str) -> Option<String> {
        let (file, _) = reference.split_once('#').unwrap_or((reference, ""));
        if file.is_empty() || file.contains("://") || file.starts_with('/') {
            return None;
        }
        let file = percent_decode_str(file).decode_utf8().ok()?;
        let base = self.files.get(from)?.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = Vec::new();
        for part in base.split('/').chain(file.split(['/', '\\'])) {
            match part {
                "" | "." => {}
                ".." => match parts.last() {
                    Some(&last) if last != ".." => drop(parts.pop()),
                    Some(_) => return None,
                    None => parts.push(".."),
                },
                _ => parts.push(part),
            }
        }
        let path = parts.join("/");
        let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        matches!(ending.as_deref(), Some("json" | "yaml" | "yml")).then_some(path)
    }

    /// What a reference relative to an `$id` names: the one that has it beside another `$id`.
    fn beside(&self, document: &str) -> Option<(usize, String)> {
        let mut absolute = self.ids.iter().filter_map(|id| id.join(document).ok());
        absolute.find_map(|id| self.named.get(id.as_str()).cloned())
    }

    /// What a reference in a file refers to.
    fn target(&self, from: usize, reference: &str) -> Option<Node<'_>> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let named = |name: &str| {
            let (file, pointer) = self.named.get(name)?;
            Some((*file, pointer.clone()))
        };
        let (file, pointer) = if document.is_empty() {
            (from, percent_decode_str(fragment).decode_utf8().ok()?.into_owned())
        } else if let Some((file, pointer)) = named(document).or_else(|| self.beside(document)) {
            (file, pointer + fragment)
        } else {
            let file = *self.by_path.get(&self.path(from, reference)?)?;
            (file, percent_decode_str(fragment).decode_utf8().ok()?.into_owned())
        };
        let (file, pointer) = if pointer.is_empty() || pointer.starts_with('/') {
            (file, pointer)
        } else {
            named(&format!("{file}#{pointer}"))?
        };
        let value = self.files.get(file)?.tree.pointer(&pointer)?;
        let is_missing_file = pointer.is_empty() && value.is_null();
        (!is_missing_file).then_some(Node { value, files: self, file })
    }
}

impl<'d> Node<'d> {
    fn at(self, value: &'d Value) -> Self {
        Self { value, ..self }
    }

    /// The member of this name, whatever it is.
    pub(super) fn raw(self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| self.at(value))
    }

    /// The member of this name, or what it refers to.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.raw(key).and_then(Self::resolved)
    }

    /// What this refers to, if it does; itself otherwise. A reference that leads nowhere, or in
    /// a circle, is nothing.
    pub(super) fn resolved(self) -> Option<Self> {
        let mut node = self;
        for _ in 0..MAX_HOPS {
            match node.reference() {
                Some(_) => node = node.target()?,
                None => return Some(node),
            }
        }
        None
    }

    /// Whether references from here lead to references for ever.
    fn is_circle(self) -> bool {
        let mut node = self;
        for _ in 0..MAX_HOPS {
            match node.target() {
                Some(target) => node = target,
                None => return false,
            }
        }
        true
    }

    /// What it says in `$ref`.
    pub(super) fn reference(self) -> Option<&'d str> {
        let members = self.value.as_object()?;
        members.get("$ref").or_else(|| members.get("$dynamicRef"))?.as_str()
    }

    /// What `$ref` leads to, one step.
    pub(super) fn target(self) -> Option<Self> {
        self.files.target(self.file, self.reference()?)
    }

    /// What a reference that is written elsewhere, such as in `mapping`, leads to.
    pub(super) fn refer(self, reference: &str) -> Option<Self> {
        self.files.target(self.file, reference)
    }

    pub(super) fn text(self, key: &str) -> Option<&'d str> {
        self.raw(key).and_then(|node| node.value.as_str())
    }

    pub(super) fn flag(self, key: &str) -> Option<bool> {
        self.raw(key).and_then(|node| node.value.as_bool())
    }

    /// The items of a list, with their references followed; nothing of what is no list.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        self.raw_items().filter_map(Self::resolved)
    }

    pub(super) fn raw_items(self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(move |value| self.at(value))
    }

    /// The members of an object, with their references followed, without extensions.
    pub(super) fn members(self) -> impl Iterator<Item = (&'d str, Self)> {
        self.raw_members().filter_map(|(name, node)| Some((name, node.resolved()?)))
    }

    pub(super) fn raw_members(self) -> impl Iterator<Item = (&'d str, Self)> {
        self.value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.starts_with("x-"))
            .map(move |(name, value)| (name.as_str(), self.at(value)))
    }

    /// The names of extensions in what is in here, without those of data.
    pub(super) fn extensions(self) -> BTreeSet<&'d str> {
        let mut found = BTreeSet::new();
        extensions(self.value, &mut found);
        found
    }

    /// Whether two are the same place.
    pub(super) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.value, other.value)
    }

    /// A number that is the same for the same place alone.
    pub(super) fn id(self) -> usize {
        std::ptr::from_ref(self.value).addr()
    }
}

/// Whether a JSON pointer leads into an extension.
fn is_extension(pointer: &str) -> bool {
    pointer.contains("/x-")
        && !pointer.contains("/properties/x-")
        && !pointer.contains("/headers/x-")
}

fn references(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    ["$ref", "$dynamicRef"].into_iter().filter_map(|key| members.get(key)?.as_str())
}

/// Calls `visit` on each object with its JSON pointer. The parsers bound how deep it goes.
fn visit(tree: &Value, pointer: &mut String, found: &mut impl FnMut(&str, &Map<String, Value>)) {
    let length = pointer.len();
    match tree {
        Value::Object(members) => {
            found(pointer, members);
            for (name, value) in members {
                if value.is_object() || value.is_array() {
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    visit(value, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                if value.is_object() || value.is_array() {
                    pointer.push('/');
                    pointer.push_str(&number.to_string());
                    visit(value, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
        _ => {}
    }
}

/// Adds the names that begin with `x-`, but for those that a specification gives to other things.
fn extensions<'d>(tree: &'d Value, found: &mut BTreeSet<&'d str>) {
    let named = ["properties", "headers", "example", "examples", "default", "value", "enum"];
    match tree {
        Value::Object(members) => {
            for (name, value) in members {
                if name.starts_with("x-") {
                    found.insert(name);
                } else if !named.contains(&name.as_str()) {
                    extensions(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| extensions(item, found)),
        _ => {}
    }
}

fn load(source: &Source, path: &str) -> Result<Source, String> {
    let bytes = source.sibling(path).ok_or("the file is not there, or is too large")?;
    let folder = source.folder.join(path).parent().map(ToOwned::to_owned).unwrap_or_default();
    let name = match source.name.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{path}"),
        None => path.to_owned(),
    };
    Source::new(&name, bytes, &folder).map_err(|failure| failure.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(text: &str) -> (Files, Notes) {
        let mut notes = Notes::default();
        let source = Source::new("x.yaml", text.as_bytes(), Path::new("")).unwrap();
        (Files::read(&source, &mut notes).unwrap(), notes)
    }

    #[test]
    fn references_follow_pointers_with_escapes_and_anchors() {
        let (files, notes) = read(
            "paths: {/a b/~: {v: 1}}\n\
             one: {$ref: '#/paths/~1a%20b~1~0'}\n\
             two: {$ref: '#/one'}\n\
             three: {$ref: '#here'}\n\
             four: {$anchor: here, v: 2}\n",
        );
        let number = |key| files.root().get(key).unwrap().raw("v").unwrap().value.clone();
        assert_eq!([number("one"), number("two"), number("three")], [1, 1, 2]);
        assert!(notes.list().is_empty());
    }

    #[test]
    fn references_are_relative_to_ids_and_those_in_extensions_are_no_loss() {
        let (files, notes) = read(
            "a: {$id: 'https://a.example/s/tree', v: 1}\n\
             b: {$id: 'https://a.example/s/strict', c: {$ref: tree}}\n\
             x-more: {$ref: './gone.json'}\n",
        );
        let inner = files.root().get("b").unwrap().get("c").unwrap();
        assert_eq!(inner.raw("v").unwrap().value, 1);
        let fates: Vec<_> =
            notes.list().iter().map(|note| (note.fate, note.what.as_str())).collect();
        assert_eq!(fates, [(crate::Fate::Kept, "$ref ./gone.json")]);
    }

    #[test]
    fn circles_and_what_is_not_there_are_nothing_and_noted() {
        let (files, notes) =
            read("a: {$ref: '#/b'}\nb: {$ref: '#/a'}\nc: {$ref: '#/d'}\ne: {$ref: 'no.json#/x'}\n");
        for key in ["a", "b", "c", "e"] {
            assert!(files.root().get(key).is_none());
        }
        let noted: Vec<&str> = notes.list().iter().map(|note| note.what.as_str()).collect();
        let nowhere = ["no.json#/x", "$ref #/d (1 times)", "$ref no.json#/x (1 times)"];
        assert_eq!(noted[..3], nowhere);
        assert_eq!(noted[3..], ["$ref #/a", "$ref #/b"]);
    }

    #[test]
    fn files_far_above_and_of_other_kinds_are_not_read() {
        let (files, _) = read("a: 1");
        let path = |reference| files.path(0, reference);
        assert_eq!(path("../common/a.json#/x"), Some("../common/a.json".to_owned()));
        assert_eq!(path("./x/../a.yml"), Some("a.yml".to_owned()));
        for reference in ["../../a.json", "/etc/a.json", "https://a.example/a.json", "passwd"] {
            assert_eq!(path(reference), None, "{reference}");
        }
    }
}
