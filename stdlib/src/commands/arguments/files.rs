//! Arguments of what reads, writes and carries out documents.

use super::{DOCUMENT, OBJECT, TEXTS, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const EXECUTE_ACTION: &[Field] = &[
    Field::new("action_list", DOCUMENT, "The actions.", r#"[["LD_clear_records"]]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const EXECUTE_FILES: &[Field] = &[
    Field::new("execute_files_list", TEXTS, "The documents, in order; looked for from the working directory, then beside the plan.", r#"["setup.json", "load.json"]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const PACKAGE: &[Field] = &[
    text("package", "The package.", r#""json""#).required(),
];

/// A document in YAML to read.
#[rustfmt::skip]
pub(in crate::commands) const YAML: &[Field] = &[
    text("yaml_file_path", "The file.", r#""plan.yaml""#).required().aliases(&["path"]),
];

/// A document in TOML to read.
#[rustfmt::skip]
pub(in crate::commands) const TOML: &[Field] = &[
    text("toml_file_path", "The file.", r#""plan.toml""#).required().aliases(&["path"]),
];

#[rustfmt::skip]
pub(in crate::commands) const WRITE_YAML: &[Field] = &[
    text("yaml_save_path", "The file.", r#""plan.yaml""#).required(),
    Field::new("action_doc", DOCUMENT, "The document.", r#"[["LD_summary"]]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const WRITE_TOML: &[Field] = &[
    text("toml_save_path", "The file.", r#""plan.toml""#).required(),
    Field::new("action_doc", OBJECT, "The document; it must be an object.", r#"{"load_density": [["LD_summary"]]}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const FORMAT_DOCUMENT: &[Field] = &[
    Field::new("doc", DOCUMENT, "The document.", r#"[["LD_summary"]]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const FORMAT_FILE: &[Field] = &[
    text("file_path", "The file, which is written anew.", r#""plan.json""#).required(),
    Field::new("indent", Shape::Integer { min: 0, max: 16 }, "How many spaces to indent by.", "4").default("2"),
];

#[rustfmt::skip]
pub(in crate::commands) const FORMAT_STRING: &[Field] = &[
    text("text", "The document as text.", r#""[]""#).required(),
    Field::new("indent", Shape::Integer { min: 0, max: 16 }, "How many spaces to indent by.", "4").default("2"),
];

#[rustfmt::skip]
pub(in crate::commands) const LINT: &[Field] = &[
    Field::new("actions", Shape::Any, "The document.", r#"[["LD_summary"]]"#).required(),
    Field::new("known_commands", TEXTS, "The names of all commands; those of this build if absent.", r#"["LD_start_test"]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const LINT_FILE: &[Field] = &[
    text("path", "The file of the document.", r#""plan.json""#).required(),
    Field::new("known_commands", TEXTS, "The names of all commands; those of this build if absent.", r#"["LD_start_test"]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const EXPORT_SCHEMA: &[Field] = &[
    text("path", "The file to write.", r#""schema.json""#).required(),
    Field::new("known_commands", TEXTS, "The names of all commands; those of this build if absent.", r#"["LD_start_test"]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const CATALOG: &[Field] = &[
    Field::new("directories", TEXTS, "The folders.", r#"["plans"]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SEARCH_CATALOG: &[Field] = &[
    Field::new("entries", Shape::List(&OBJECT), "What `LD_index_catalog` gave.", "[]").required(),
    text("tag", "Only those with this tag.", r#""nightly""#).default("null"),
    text("owner", "Only those of this owner.", r#""shop""#).default("null"),
    text("text", "Only those that contain this.", r#""checkout""#).default("null"),
];
