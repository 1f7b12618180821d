//! Documents in JSON, or else in YAML.

use serde_json::Value;

use crate::source::{Failure, Source};
use crate::yaml;

/// Reads a document.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn parse(source: &Source) -> Result<Value, Failure> {
    let first = source.text.trim_start().chars().next();
    if first == Some('{') || first == Some('[') {
        match serde_json::from_str(&source.text) {
            Ok(tree) => return Ok(tree),
            // YAML's own way to write objects looks like JSON.
            Err(error) => {
                return yaml::parse(source).map_err(|_| {
                    let place = format!("{}:{}:{}", source.name, error.line(), error.column());
                    Failure::new(&place, format!("this is no JSON: {error}"))
                });
            }
        }
    }
    yaml::parse(source)
}

/// The text of a source that is no tree of values.
#[expect(clippy::unnecessary_wraps, reason = "stands where `parse` may")]
pub(crate) fn text(source: &Source) -> Result<Value, Failure> {
    Ok(Value::String(source.text.clone()))
}
