//! Foreign formats that become plans: one row of [`IMPORTERS`] and one folder each.
//!
//! An importer reads its sources into a `Draft`: steps as the source has them, in the terms of the
//! plan language. What all plans have in common is done to the draft afterwards, once for
//! every kind (`passes`): requests are filtered, secrets taken out, origins become variables.
//! `write` makes the plan of it.
//!
//! Nothing is lost silently: what an importer meets is counted as kept, or noted as approximated
//! or dropped ([`Notes`]). Nothing but a source that cannot be read at all ends an import.

mod body;
#[cfg(test)]
mod broken;
mod curl;
mod databases;
mod draft;
mod har;
mod jmeter;
mod k6;
mod notes;
mod openapi;
mod options;
mod passes;
mod postman;
mod source;
mod text;
mod tree;
mod write;
mod yaml;

pub use self::notes::{Fate, Note, Notes, Severity};
pub use self::options::{Options, ThinkTime};
pub use self::source::{Failure, Source};

use self::draft::Draft;
use serde_json::Value;

/// A format that plans can be made from.
#[derive(Debug)]
pub struct Importer {
    /// The name on the command line.
    pub name: &'static str,
    /// What it reads, as a sentence.
    pub doc: &'static str,
    /// Whether a source looks like this format.
    detect: fn(&Source) -> bool,
    read: fn(&[Source], &Options, &mut Notes) -> Result<Draft, Failure>,
    load: fn(&Source) -> Result<Value, Failure>,
}

/// The formats of this build, by name.
pub const IMPORTERS: &[Importer] = &[
    Importer {
        name: "curl",
        doc: "curl commands as shells take them, also as browsers copy them for cmd and PowerShell.",
        detect: curl::detect,
        read: curl::read,
        load: tree::text,
    },
    Importer {
        name: "har",
        doc: "HAR files, which browsers, proxies and testing tools record.",
        detect: har::detect,
        read: har::read,
        load: tree::parse,
    },
    Importer {
        name: "jmeter",
        doc: "Test plans of JMeter, 2.x to 5.x, and of its common plugins.",
        detect: jmeter::detect,
        read: jmeter::read,
        load: tree::text,
    },
    Importer {
        name: "k6",
        doc: "Scripts for k6, in JavaScript or TypeScript, with their modules and data files.",
        detect: k6::detect,
        read: k6::read,
        load: tree::text,
    },
    Importer {
        name: "openapi",
        doc: "Specifications: OpenAPI 3.0 and 3.1, Swagger 2.0, in JSON or YAML.",
        detect: openapi::detect,
        read: openapi::read,
        load: tree::parse,
    },
    Importer {
        name: "postman",
        doc: "Postman collections of version 2, with environments and globals beside them.",
        detect: postman::detect,
        read: postman::read,
        load: tree::parse,
    },
];

/// A value that was in a source and is better kept out of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name in the plan: `${secret.NAME}`.
    pub name: String,
    /// What it was in the source.
    pub value: String,
    /// Where it is used, in words.
    pub used: String,
}

/// What an import gave.
#[derive(Debug)]
pub struct Imported {
    /// The format that was read.
    pub kind: &'static str,
    /// The plan.
    pub plan: Value,
    /// What became of the source's parts.
    pub notes: Notes,
    /// What was replaced by `${secret.…}`.
    pub secrets: Vec<Secret>,
    /// How many requests the plan has.
    pub requests: usize,
}

/// The importer of this name, or the one whose format the first source looks like.
///
/// # Errors
/// When there is none; the message lists the formats.
pub fn importer(kind: Option<&str>, sources: &[Source]) -> Result<&'static Importer, Failure> {
    let known = || IMPORTERS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    let first = sources.first().map_or("", |source| source.name.as_str());
    match kind {
        Some(kind) => IMPORTERS
            .iter()
            .find(|row| row.name.eq_ignore_ascii_case(kind))
            .ok_or_else(|| Failure::new(first, format!("`{kind}` is no kind of source: {}", known()))),
        None => sources
            .first()
            .and_then(|source| IMPORTERS.iter().find(|row| (row.detect)(source)))
            .ok_or_else(|| {
                if sources.first().is_some_and(|source| source.text.trim().is_empty()) {
                    return Failure::new(first, "there is nothing in it".to_owned());
                }
                let message = "this looks like nothing that can be imported; if it is one of these, \
                               say which";
                Failure::new(first, format!("{message}: {}", known()))
            }),
    }
}

/// What a source holds as it stands: values where the format is JSON or YAML, else its text.
///
/// # Errors
/// When it cannot be read: what is wrong, and where.
pub fn load(importer: &Importer, source: &Source) -> Result<Value, Failure> {
    (importer.load)(source)
}

/// Makes a plan of sources of one kind.
///
/// # Errors
/// When a source cannot be read at all, or nothing in it is a request.
pub fn import(
    importer: &'static Importer,
    sources: &[Source],
    options: &Options,
) -> Result<Imported, Failure> {
    let mut notes = Notes::default();
    let mut draft = (importer.read)(sources, options, &mut notes)?;
    let secrets = passes::run(&mut draft, options, &mut notes);
    let requests = draft.tasks().len();
    // Marks of what is still to be written are worth a plan.
    if requests == 0 && draft.is_empty() {
        let first = sources.first().map_or("", |source| source.name.as_str());
        return Err(Failure::new(first, "there is no request in it, or none that was asked for"));
    }
    let plan = write::plan(&draft, importer.name, options, &notes);
    Ok(Imported { kind: importer.name, plan, notes, secrets, requests })
}
