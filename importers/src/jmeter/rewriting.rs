//! Sessions in URLs: what a URL re-writing modifier takes out of the reply before a request, and
//! puts into its path, query or form.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::arguments::Argument;
use super::reader::Reader;
use super::role::Role;
use super::steps::Scope;
use super::tree::Element;
use crate::draft::Task;
use crate::text::literal;

const CLASS: &str = "URLRewritingModifier";

/// Where the modifiers of a thread group find what they put into requests. Samplers are told
/// apart by their lines: a module that is run in two places has the same needs in both.
#[derive(Default)]
pub(super) struct Rewriting {
    /// The modifiers that look into the reply of a sampler.
    sought: HashMap<usize, Vec<Element>>,
    /// The samplers that have a reply before them in each round.
    later: HashSet<usize>,
}

impl Rewriting {
    /// Looks through a thread group whose scope is `scope`. A modifier looks into the reply
    /// before the first request that it applies to, and into those of all that it applies to, as
    /// these may be in a loop.
    pub(super) fn of<'e>(group: &'e Element, scope: &Scope<'e>) -> Self {
        let mut samplers = Vec::new();
        walk(group, &scope.inner_first(CLASS).collect::<Vec<_>>(), &mut samplers);
        let mut rewriting = Self::default();
        let mut before: Option<usize> = None;
        for (line, modifiers) in samplers {
            for modifier in modifiers {
                for place in before.into_iter().chain([line]) {
                    let sought = rewriting.sought.entry(place).or_default();
                    if sought.iter().all(|known| known.line != modifier.line) {
                        sought.push(modifier.clone());
                    }
                }
            }
            if before.is_some() {
                rewriting.later.insert(line);
            }
            before = Some(line);
        }
        rewriting
    }
}

/// The samplers below an element that make requests, each with the modifiers that apply to it.
fn walk<'e>(
    element: &'e Element,
    modifiers: &[&'e Element],
    samplers: &mut Vec<(usize, Vec<&'e Element>)>,
) {
    for child in element.live().filter(|child| child.role() != Role::Aside) {
        let mut inner = modifiers.to_vec();
        inner.extend(child.live().filter(|below| below.class == CLASS));
        match child.role() {
            Role::Sampler if child.class.starts_with("HTTPSampler") => {
                samplers.push((child.line, inner));
            }
            _ => walk(child, &inner, samplers),
        }
    }
}

/// The name of the argument that a modifier is about, unless only the run knows it.
pub(super) fn name_of(modifier: &Element) -> Option<&str> {
    let name = modifier.text("argument_name").trim();
    (!name.is_empty() && !name.contains("${")).then_some(name)
}

/// Our variable for the value.
fn variable(reader: &mut Reader<'_>, name: &str) -> String {
    reader.name(&format!("url_{name}"))
}

/// Puts what was found into a request.
pub(super) fn apply<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
    task: &mut Task,
    arguments: &mut Vec<Argument>,
) {
    let modifiers: Vec<&Element> = scope.inner_first(CLASS).collect();
    for modifier in modifiers {
        let Some(name) = name_of(modifier) else { continue };
        if !reader.rewriting.later.contains(&element.line) {
            if element.enabled {
                let why = "there is no reply before the first request of a round";
                reader.approximate("URL re-writing", why);
            }
            continue;
        }
        let variable = variable(reader, name);
        reader.variables.entry(variable.clone()).or_insert_with(|| json!(""));
        reader.keep();
        let name = literal(name);
        if modifier.flag("path_extension", false) {
            let known = format!(";{name}");
            if let Some((before, behind)) = task.url.split_once(&known) {
                let query = behind.split_once('?').map(|(_, query)| format!("?{query}"));
                task.url = format!("{before}{}", query.unwrap_or_default());
            }
            let equals = equals(modifier);
            task.url.push_str(&format!("{known}{equals}${{{variable}}}"));
        } else {
            arguments.retain(|argument| argument.name != name);
            let encodes = modifier.flag("encode", false);
            arguments.push(Argument::new(name, format!("${{{variable}}}"), encodes));
        }
    }
}

/// Adds what modifiers look for in the reply of a request.
pub(super) fn extract(reader: &mut Reader<'_>, element: &Element, task: &mut Task) {
    for modifier in reader.rewriting.sought.get(&element.line).cloned().unwrap_or_default() {
        let Some(name) = name_of(&modifier) else { continue };
        let variable = variable(reader, name);
        let mut is_first = true;
        for pattern in patterns(&modifier, name) {
            let mut extract = json!({"var": variable, "from": "regex", "pattern": pattern});
            // Unless it is kept, a reply without a session ends the one there was.
            if is_first
                && !modifier.flag("cache_value", false)
                && let Value::Object(extract) = &mut extract
            {
                extract.insert("default".to_owned(), json!(""));
            }
            is_first = false;
            task.extract.push(extract);
        }
    }
}

fn equals(modifier: &Element) -> &'static str {
    if modifier.flag("path_extension_no_equals", false) { "" } else { "=" }
}

/// What a session looks like in links, and in the fields of forms; the last one that is found
/// counts.
fn patterns(modifier: &Element, name: &str) -> Vec<String> {
    let name = regex::escape(name);
    if modifier.flag("path_extension", false) {
        let equals = equals(modifier);
        let ends = modifier.flag("path_extension_no_questionmark", false);
        let end = if ends { "?" } else { "" };
        return vec![format!(r#";{name}{equals}([^"'<>&\s;{end}]+)"#)];
    }
    let is_named = format!(r#"\s(?i:name)\s*=\s*["']{name}["']"#);
    let value = r#"\s(?i:value)\s*=\s*["']"#;
    vec![
        format!(r#"{value}([^"'<>&\s;\\]+)["'][^>]*{is_named}"#),
        format!(r#"(?:[;?&]{name}=|{is_named}[^>]*{value})([^"'<>&\s;\\]+)"#),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jmeter::tree::{Prop, Props};

    fn found(settings: &[&str], reply: &str) -> Option<String> {
        let props = settings.iter().map(|name| ((*name).to_owned(), Prop::Text("true".into())));
        let modifier = Element { props: Props(props.collect()), ..Element::default() };
        patterns(&modifier, "s.id").iter().rev().find_map(|pattern| {
            let pattern = regex::Regex::new(pattern).unwrap();
            pattern.captures(reply).map(|captures| captures[1].to_owned())
        })
    }

    #[test]
    fn sessions_are_found_in_links_and_in_forms() {
        let a1 = Some("a1".to_owned());
        assert_eq!(found(&[], "<a href='/x?b=2&s.id=a1&c=3'>"), a1);
        assert_eq!(found(&[], "<a href=\"/x;s.id=a1\">"), a1);
        assert_eq!(found(&[], "<input NAME='s.id' type=hidden Value=\"a1\">"), a1);
        assert_eq!(found(&[], "<input value='a1' type=hidden name='s.id'>"), a1);
        assert_eq!(found(&[], "<input value='a1'><input name='s.id'>"), None);
        assert_eq!(found(&[], "?sxid=a1"), None);
        assert_eq!(found(&["path_extension"], "/x;s.id=a1?b"), Some("a1?b".to_owned()));
        let all = ["path_extension", "path_extension_no_equals", "path_extension_no_questionmark"];
        assert_eq!(found(&all, "/x;s.ida1?b"), a1);
    }
}
