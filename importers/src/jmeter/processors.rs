//! What is done before a request, besides parameters.

use super::groovy;
use super::jdbc;
use super::reader::Reader;
use super::rewriting;
use super::tree::Element;
use crate::draft::Step;

/// The steps of a pre-processor.
pub(super) fn steps(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    match element.class.as_str() {
        // Set where their controller begins.
        "UserParameters" => Vec::new(),
        "JDBCPreProcessor" => vec![jdbc::step(reader, element)],
        "SampleTimeout" => {
            reader.drop("sample timeout", "give the requests a `timeout`");
            Vec::new()
        }
        // Part of the requests.
        "URLRewritingModifier" if rewriting::name_of(element).is_some() => Vec::new(),
        "URLRewritingModifier" => {
            let name = element.text("argument_name");
            let what = format!("URL rewriting of `{name}`");
            let why = "its name is known in the run only";
            reader.drop(&what, why);
            vec![Step::todo(
                &format!("put the session `{name}` of the last reply into the URL"),
                "",
            )]
        }
        "RegExUserParameters" => {
            let names = element.text("RegExUserParameters.regex_ref_name");
            reader.drop(
                "parameters from a regular expression",
                "name and value are known in the run",
            );
            let what = format!("send the parameters that `{names}` has found");
            vec![Step::todo(&what, "")]
        }
        other => {
            let source = script_of(element);
            match groovy::read(reader, element, &source) {
                Some(done) if done.extracts.is_empty() => {
                    reader.keep();
                    done.steps
                }
                _ => vec![script(reader, element, other)],
            }
        }
    }
}

/// A marked step for a script.
pub(super) fn script(reader: &mut Reader<'_>, element: &Element, class: &str) -> Step {
    let source = script_of(element);
    reader.drop(class, "what a script does has to be written by hand");
    let name = if element.name.is_empty() { class } else { element.name.as_str() };
    Step::todo(&format!("do what `{}` does", name.replace("${", "$")), &source)
}

/// What an element says: its script or query, or all its settings.
pub(super) fn said(element: &Element) -> String {
    let script = script_of(element);
    let is_script = ["JSR223", "BeanShell", "BSF"].iter().any(|kind| element.class.contains(kind));
    if !script.is_empty() && is_script {
        return script;
    }
    let mut said = String::new();
    for (name, value) in &element.props.0 {
        if let Some(value) = value.as_text().filter(|value| !value.is_empty()) {
            said.push_str(&format!("{name}: \"{value}\"\n"));
        }
    }
    said.trim_end().chars().take(2000).collect::<String>().replace("${", "$ {")
}

/// The text of a script or query, or the file that it is in.
pub(super) fn script_of(element: &Element) -> String {
    let keys = [
        "script",
        "BeanShellSampler.query",
        "BeanShellAssertion.query",
        "BSFSampler.query",
        "query",
        "filename",
        "BeanShellSampler.filename",
        "classname",
    ];
    let found = keys.iter().map(|key| element.text(key)).find(|text| !text.trim().is_empty());
    found.unwrap_or_default().to_owned()
}
