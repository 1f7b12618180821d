//! Texts of which only a part is known: what can be told from where they begin and end.

use oxc_span::Span;

use super::code::{Code, plain};
use super::machine::Machine;
use super::value::Value;

impl<'a> Machine<'a, '_> {
    /// A question or a change that the known start or end of a text decides.
    pub(super) fn by_known_part(
        &mut self,
        code: &Code,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Option<Value<'a>> {
        let (parts, copy) = match code {
            Code::Concat(parts) => (parts.clone(), None),
            Code::Name(name) => match self.computed.get(name) {
                Some(Code::Concat(parts)) => (parts.clone(), Some(code)),
                _ => return None,
            },
            _ => return None,
        };
        let texts: Vec<Option<String>> = parts
            .iter()
            .map(|part| match part {
                Code::Const(text) => Some(plain(text)),
                _ => None,
            })
            .collect();
        let first = arguments.first()?;
        match name {
            "startsWith" => {
                let (known, wanted) = (texts.first()?.as_ref()?, first.to_text()?);
                begins(known, &wanted).map(Value::Bool)
            }
            "endsWith" => {
                let (known, wanted) = (texts.last()?.as_ref()?, first.to_text()?);
                let turned = |text: &str| text.chars().rev().collect::<String>();
                begins(&turned(known), &turned(&wanted)).map(Value::Bool)
            }
            "includes" => {
                let wanted = first.to_text()?;
                texts
                    .iter()
                    .flatten()
                    .any(|text| text.contains(&wanted))
                    .then_some(Value::Bool(true))
            }
            "replace" => {
                let (Value::Regex(pattern), with) = (first, arguments.get(1)?.to_text()?) else {
                    return None;
                };
                let known = texts.first()?.as_ref()?;
                let is_anchored = pattern.starts_with('^') && !pattern.contains('|');
                let regex = is_anchored.then(|| regex::Regex::new(pattern).ok()).flatten()?;
                // What goes on to the end of what is known may go on beyond it.
                let changed = match regex.find(known) {
                    Some(found) if found.end() == known.len() => return None,
                    Some(_) => regex.replace(known, with.as_str()).into_owned(),
                    None => known.clone(),
                };
                // A copy is what it was, whatever its parts are by now.
                if let Some(copy) = copy {
                    let rest = Code::Const(known.chars().count().into());
                    let rest = Code::Call("substr", vec![copy.clone(), rest]);
                    let is_same = changed == *known;
                    return Some(Value::live(if is_same {
                        copy.clone()
                    } else {
                        Code::concat(Code::text(&changed), rest)
                    }));
                }
                let mut text = Value::text(&changed);
                for part in parts.get(1..).unwrap_or_default() {
                    let part = match part {
                        Code::Const(text) => Value::text(&plain(text)),
                        part => Value::live(part.clone()),
                    };
                    text = self.binary("+", text, part, span);
                }
                Some(text)
            }
            _ => None,
        }
    }
}

/// Whether what begins with a known text begins with another one.
fn begins(known: &str, wanted: &str) -> Option<bool> {
    if known.starts_with(wanted) {
        Some(true)
    } else if wanted.starts_with(known) {
        None
    } else {
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn a_known_start_may_decide() {
        assert_eq!(begins("/users/", "/"), Some(true));
        assert_eq!(begins("/users/", "http"), Some(false));
        assert_eq!(begins("ht", "http"), None);
    }
}
