//! OpenAPI 3.0, 3.1 and Swagger 2.0: a request for each operation, with values that fit.

mod body;
mod chain;
mod document;
mod expect;
mod fits;
mod formats;
mod generate;
mod model;
mod names;
mod operation;
mod pattern;
mod schema;
mod security;
mod servers;
mod style;
#[cfg(test)]
mod tests;
mod xml;

use std::sync::LazyLock;

use regex::Regex;

use self::document::{Files, Node};
use self::model::{Api, Operation};
use crate::draft::Draft;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

/// Whether a text says that it is a specification.
pub(crate) fn detect(source: &Source) -> bool {
    static SAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let in_json = r#"["{,]\s*["'](openapi|swagger)["']\s*:\s*["']?[23]\b"#;
        let in_yaml = r#"(?m)^["']?(openapi|swagger)["']?\s*:\s*["']?[23]\b"#;
        Regex::new(&format!("(?:{in_json})|(?:{in_yaml})")).ok()
    });
    SAYS.as_ref().is_some_and(|says| says.is_match(&source.text))
}

/// A request for each operation of the sources.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let mut draft = Draft::of_steps(Vec::new());
    for source in sources {
        let files = Files::read(source, notes)?;
        let api = version(files.root(), source)?;
        about(api, source, &mut draft, notes);
        let operations = selected(api.operations(&source.name), source, options, notes);
        operation::add(api, &operations, source, options, &mut draft, notes);
    }
    Ok(draft)
}

fn version<'d>(root: Node<'d>, source: &Source) -> Result<Api<'d>, Failure> {
    let says = |key: &str| {
        let version = root.raw(key)?.value;
        Some(version.as_str().map_or_else(|| version.to_string(), ToOwned::to_owned))
    };
    match (says("swagger"), says("openapi")) {
        (Some(version), _) if version.starts_with('2') => Ok(Api { root, is_v2: true }),
        (_, Some(version)) if version.starts_with('3') => Ok(Api { root, is_v2: false }),
        (Some(version), _) | (_, Some(version)) => {
            let message = format!("version {version} is not known; it is 2.0 or 3.x");
            Err(Failure::new(&source.name, message))
        }
        (None, None) => {
            let message = "this is no OpenAPI document: neither `openapi` nor `swagger` is in it";
            Err(Failure::new(&source.name, message))
        }
    }
}

/// What the specification says of itself, and what in it is about no request.
fn about(api: Api<'_>, source: &Source, draft: &mut Draft, notes: &mut Notes) {
    if let Some(info) = api.root.get("info") {
        draft.name = draft.name.take().or(info.text("title").map(ToOwned::to_owned));
        let described = info.text("description").or(info.text("summary")).map(first_paragraph);
        draft.description = draft.description.take().or(described.filter(|text| !text.is_empty()));
    }
    let webhooks = api.root.get("webhooks").map_or(0, |hooks| hooks.members().count());
    if webhooks > 0 {
        let why = "the server sends these; nothing of a plan is asked for";
        notes.remark(&source.name, &format!("{webhooks} webhooks"), why);
    }
    let extensions = api.root.extensions();
    if !extensions.is_empty() {
        let why = "extensions say nothing that all tools understand";
        let mut names: Vec<&str> = extensions.iter().take(12).copied().collect();
        if extensions.len() > names.len() {
            names.push("…");
        }
        notes.remark(&source.name, &names.join(", "), why);
    }
}

/// The first paragraph of a text, as one line.
fn first_paragraph(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(400) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// The operations that are asked for.
fn selected<'d>(
    mut operations: Vec<Operation<'d>>,
    source: &Source,
    options: &Options,
    notes: &mut Notes,
) -> Vec<Operation<'d>> {
    let all = operations.len();
    if options.skip_deprecated {
        operations.retain(|operation| !operation.is_deprecated());
    }
    if !options.operations.is_empty() {
        operations.retain(|operation| {
            let method_and_path = format!("{} {}", operation.method, operation.path);
            options.operations.iter().any(|asked| {
                asked.is_match(&method_and_path)
                    || operation.id().is_some_and(|id| asked.is_match(id))
            })
        });
    }
    if operations.len() < all {
        let what = format!("{} of {all} operations", all - operations.len());
        let why = "left out, as --operations or --skip-deprecated asks";
        notes.remark(&source.name, &what, why);
    }
    operations
}
