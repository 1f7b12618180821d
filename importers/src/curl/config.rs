//! Files of options: `-K`.

use super::data;
use super::operation::Call;
use super::options::{self, Given};
use super::shell::Input;
use crate::notes::Notes;

/// Puts the options of `-K` files in their place.
pub(super) fn read(given: &mut Vec<Given>, call: &Call<'_>, notes: &mut Notes) {
    let place = call.place;
    while let Some(at) = given.iter().position(|option| option.name == "config") {
        let option = given.remove(at);
        let text = match (option.value.as_str(), call.input) {
            ("-", Some(Input::Text(text))) => Some(text.clone()),
            (path, input) => data::file(&data::named(path, input), call.source),
        };
        let Some(text) = text else {
            notes.drop(place, &format!("-K {}", option.value), "the file cannot be read");
            continue;
        };
        notes.keep();
        let words: Vec<String> = text.lines().flat_map(config_line).collect();
        let (inner, unknown) = options::parse(&words);
        for option in unknown {
            notes.drop(place, &option, "curl has no such option");
        }
        // A file that names files is taken one level deep, so that there is an end.
        let inner: Vec<Given> =
            inner.into_iter().filter(|option| option.name != "config").collect();
        given.splice(at..at, inner);
    }
}

/// `name = "value"`, `name: value`, `-x value` as words of a command line.
fn config_line(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Vec::new();
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=' || c == ':').unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end).unwrap_or((line, ""));
    let name = if name.starts_with('-') { name.to_owned() } else { format!("--{name}") };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=' || c == ':');
    let value = match rest.strip_prefix('"') {
        None => rest.split_whitespace().next().unwrap_or_default().to_owned(),
        Some(quoted) => {
            let mut value = String::new();
            let mut chars = quoted.chars();
            while let Some(char) = chars.next() {
                match char {
                    '"' => break,
                    '\\' => match chars.next() {
                        Some('n') => value.push('\n'),
                        Some('t') => value.push('\t'),
                        Some('r') => value.push('\r'),
                        Some(other) => value.push(other),
                        None => {}
                    },
                    other => value.push(other),
                }
            }
            value
        }
    };
    if rest.is_empty() { vec![name] } else { vec![name, value] }
}
