//! The cases: a plan, and beside it, where needed, what it needs and where it differs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use ld_tests::cases;
use serde_json::{Value, json};

use super::difference::Difference;

/// A plan, and what `NAME.case.json` says about it.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The plan as it stands, with places like `http://target` in it.
    pub(crate) plan: String,
    /// Files beside the plan, by name.
    pub(crate) files: BTreeMap<String, String>,
    /// Variables of the environment.
    pub(crate) env: BTreeMap<String, String>,
    /// What the server answers, by path.
    pub(crate) replies: Value,
    /// Whether the warnings of `ldvm` count as a difference.
    pub(crate) warnings: bool,
    pub(crate) differs: Vec<Differs>,
    aside: PathBuf,
    said: Value,
}

/// A deliberate difference.
pub(crate) struct Differs {
    /// The first cell of its row in `docs/compatibility.md`.
    pub(crate) row: String,
    pub(crate) difference: Difference,
}

/// The cases of a folder, in the order of their names.
pub(crate) fn load(folder: &str) -> io::Result<Vec<Case>> {
    let mut found = Vec::new();
    for path in cases::files(&cases::folder(folder), "json")? {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".case") {
            let plan = path.with_file_name(name.replace(".case", ".json"));
            assert!(plan.exists(), "{}: there is no plan for it", path.display());
            continue;
        }
        let aside = path.with_extension("case.json");
        let said = match fs::read_to_string(&aside) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| io::Error::other(format!("{}: {error}", aside.display())))?,
            Err(_) => json!({}),
        };
        found.push(Case::new(name, fs::read_to_string(&path)?, aside, said));
    }
    Ok(found)
}

impl Case {
    fn new(name: String, plan: String, aside: PathBuf, said: Value) -> Self {
        for key in said.as_object().unwrap().keys() {
            let known = ["says", "files", "env", "replies", "warnings", "differs"];
            assert!(known.contains(&key.as_str()), "{name}: {key:?} means nothing");
        }
        let texts = |key: &str| -> BTreeMap<String, String> {
            let texts = said[key].as_object().into_iter().flatten();
            texts.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect()
        };
        let mut differs = Vec::new();
        for (row, places) in said["differs"].as_object().into_iter().flatten() {
            for (at, values) in places.as_object().unwrap() {
                let [reference, ldvm] = &values.as_array().unwrap()[..] else {
                    panic!("{name}: {at} takes what the reference has and what ldvm has");
                };
                let (reference, ldvm) = (reference.clone(), ldvm.clone());
                let difference = Difference { at: at.clone(), reference, ldvm };
                differs.push(Differs { row: row.clone(), difference });
            }
        }
        differs.sort_by(|one, other| one.difference.at.cmp(&other.difference.at));
        let (files, env, replies) = (texts("files"), texts("env"), said["replies"].clone());
        let warnings = said["warnings"] == true;
        Self { name, plan, files, env, replies, warnings, differs, aside, said }
    }

    /// Writes the differences that were found for a person to look at, who puts each new one
    /// below its row.
    pub(crate) fn update(&self, found: Vec<Difference>) -> io::Result<()> {
        let mut parts = Vec::new();
        for (key, value) in self.said.as_object().unwrap() {
            if key != "differs" {
                parts.push(format!("  {}: {}", json!(key), indented(value)));
            }
        }
        let mut rows = BTreeMap::<&str, Vec<String>>::new();
        for Difference { at, reference, ldvm } in &found {
            let told = self.differs.iter().find(|told| told.difference.at == *at);
            let row = told.map_or("", |told| told.row.as_str());
            rows.entry(row)
                .or_default()
                .push(format!("      {}: [{reference}, {ldvm}]", json!(at)));
        }
        let rows = rows
            .iter()
            .map(|(row, places)| format!("    {}: {{\n{}\n    }}", json!(row), places.join(",\n")));
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            parts.push(format!("  \"differs\": {{\n{}\n  }}", rows.join(",\n")));
        }
        if parts.is_empty() {
            return fs::remove_file(&self.aside);
        }
        fs::write(&self.aside, format!("{{\n{}\n}}\n", parts.join(",\n")))
    }
}

/// JSON on lines of its own but for the first.
fn indented(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.replace('\n', "\n  ")
}
