//! How a CSV file is laid out that is not so as most are.

use ld_stdlib::{Tree, TreeKind};
use serde_json::{Map, json};

use crate::diag::{Code, Diagnostic};
use crate::document::text;
use crate::lower::Lower;

/// How a CSV file is laid out.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The names of its columns, where its first row has none that count.
    pub(crate) columns: Option<Vec<String>>,
    skip_header: bool,
    /// What stands between values.
    pub(crate) delimiter: u8,
}

impl Layout {
    /// What the fields of a source say.
    pub(crate) fn of<'t>(field: impl Fn(&str) -> Option<&'t Tree>, lower: &mut Lower<'_>) -> Self {
        let columns = field("columns").and_then(|tree| match &tree.kind {
            TreeKind::List(names) => Some(names.iter().map(text).collect::<Vec<_>>()),
            _ => None,
        });
        let columns = columns.filter(|columns| !columns.is_empty());
        let skip_header =
            field("skip_header").is_some_and(|tree| matches!(tree.kind, TreeKind::Bool(true)));
        let mut delimiter = b',';
        if let Some(tree) = field("delimiter") {
            match text(tree).as_bytes() {
                [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => delimiter = *byte,
                _ => {
                    let message = "`delimiter` must be one character of ASCII";
                    let problem = Diagnostic::new(Code::BadCsv, message)
                        .label(tree.span, "no values can be separated by this")
                        .help("a tab is written as `\\t`");
                    lower.report(problem);
                }
            }
        }
        Self { columns, skip_header, delimiter }
    }

    /// As a program has it; nothing for the usual layout.
    pub(crate) fn written(&self) -> Option<String> {
        let mut written = Map::new();
        if let Some(columns) = &self.columns {
            written.insert("columns".to_owned(), json!(columns));
            if self.skip_header {
                written.insert("skip_header".to_owned(), json!(true));
            }
        }
        if self.delimiter != b',' {
            written.insert("delimiter".to_owned(), json!(char::from(self.delimiter).to_string()));
        }
        (!written.is_empty()).then(|| serde_json::Value::Object(written).to_string())
    }
}
