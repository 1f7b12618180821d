//! `LD_read_action_yaml` and `LD_read_action_toml`.

use std::fs;

use ld_stdlib::builtins::Arguments;
use ld_stdlib::notation::Parsed;
use ld_stdlib::python::Value;
use serde_json::Value as Json;

use super::ActionError;

/// Reads the document of the file that an argument names.
pub(super) fn read(
    argument: &str,
    arguments: &Arguments,
    parse: fn(&str) -> Parsed,
) -> Result<Value, ActionError> {
    let path = arguments.text(argument).unwrap_or_default();
    let failed = |message: String| ActionError::new("LoadDensityTestJsonException", message);
    let text = fs::read_to_string(path)
        .map_err(|error| failed(format!("`{path}` cannot be read: {error}")))?;
    let tree = parse(&text).map_err(|problems| {
        let problem = problems.first();
        let before = problem.and_then(|problem| text.get(..problem.span.range().start));
        let line = before.unwrap_or_default().matches('\n').count() + 1;
        let message = problem.map_or("it is not a document", |problem| &problem.message);
        failed(format!("{path}:{line}: {message}"))
    })?;
    // What has no placeholders is constant.
    let json = tree.to_json().constant().unwrap_or_default();
    let value: Json = serde_json::from_slice(&json).map_err(|error| failed(error.to_string()))?;
    Ok(value.into())
}
