//! Variables of curl itself: `--variable` and `--expand-…`.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::data;
use super::operation::Call;
use super::options::Given;
use super::shell::Input;
use crate::notes::Notes;
use crate::text::plain;

/// Fills in the variables of options that ask for it.
pub(super) fn expand(given: &mut Vec<Given>, call: &Call<'_>, notes: &mut Notes) {
    let mut variables: HashMap<String, String> = HashMap::new();
    given.retain_mut(|option| {
        if option.expands {
            match filled(&option.value, &variables) {
                Some(value) => option.value = value,
                None => {
                    let why = "a variable of it is not known, or is written in a way that is not";
                    notes.approximate(call.place, &format!("--expand-{} …", option.name), why);
                }
            }
        }
        if option.name != "variable" {
            return true;
        }
        match variable(&option.value, call) {
            Some((name, value)) => {
                notes.keep();
                variables.insert(name, value);
            }
            None => notes.drop(call.place, "--variable …", "what it is set to is not known"),
        }
        false
    });
}

/// `name=text`, `name@file`, or `%NAME` of the environment, perhaps with a default.
fn variable(text: &str, call: &Call<'_>) -> Option<(String, String)> {
    let (text, is_environment) = match text.strip_prefix('%') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let Some(at) = text.find(['=', '@']) else {
        return is_environment.then(|| (text.to_owned(), format!("${{env.{text}}}")));
    };
    let (name, rest) = text.split_at_checked(at)?;
    let content = rest.get(1..)?;
    let value = match (rest.starts_with('@'), call.input) {
        (true, Some(Input::Text(text))) if content == "-" => text.clone(),
        (true, input) => data::file(&data::named(content, input), call.source)?,
        (false, _) => content.to_owned(),
    };
    Some((name.to_owned(), value))
}

/// A text with its `{{name:function}}` filled in.
fn filled(text: &str, variables: &HashMap<String, String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        if let Some(before) = before.strip_suffix('\\') {
            filled.push_str(before);
            filled.push_str("{{");
            rest = after;
            continue;
        }
        filled.push_str(before);
        let (inside, behind) = after.split_once("}}")?;
        let mut parts = inside.split(':');
        let mut value = variables.get(parts.next()?).cloned().unwrap_or_default();
        for function in parts {
            value = match function {
                "trim" => value.trim().to_owned(),
                "url" => data::encode(&value).replace('+', "%20"),
                "json" => {
                    let quoted = serde_json::to_string(&value).ok()?;
                    quoted.get(1..quoted.len() - 1)?.to_owned()
                }
                "b64" => BASE64.encode(plain(&value)?),
                _ => return None,
            };
        }
        filled.push_str(&value);
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_with_their_functions() {
        let variables = HashMap::from([("a".to_owned(), " x y\"".to_owned())]);
        for (text, expected) in [
            ("{{a}}|{{a:trim}}", Some(" x y\"|x y\"")),
            ("{{a:trim:url}}", Some("x%20y%22")),
            ("{{a:trim:json}}", Some("x y\\\"")),
            ("{{a:trim:b64}}", Some("eCB5Ig==")),
            ("{{nobody}}", Some("")),
            ("\\{{a}}", Some("{{a}}")),
            ("{{a:other}}", None),
            ("{{a", None),
        ] {
            assert_eq!(filled(text, &variables).as_deref(), expected, "{text}");
        }
    }
}
