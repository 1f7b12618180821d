//! Samplers that speak something else than HTTP, or nothing.

use serde_json::json;

use super::groovy;
use super::processors;
use super::reader::Reader;
use super::steps::Scope;
use super::timers;
use super::tree::Element;
use crate::draft::Step;

/// What a sampler does.
pub(super) fn steps<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    _scope: &Scope<'e>,
) -> Vec<Step> {
    match element.class.as_str() {
        "TestAction" => action(reader, element),
        "DebugSampler" => {
            reader.remark("debug sampler", "it shows variables only");
            Vec::new()
        }
        "DummySampler" => {
            let why = "it asks no server; the time that it would take is a pause";
            reader.approximate("dummy sampler", why);
            timers::pause_of(reader, element.text("RESPONSE_TIME")).into_iter().collect()
        }
        "JavaSampler" => java(reader, element),
        other => {
            if matches!(other, "JSR223Sampler" | "BeanShellSampler")
                && let Some(done) = groovy::read(reader, element, &processors::script_of(element))
                && done.extracts.is_empty()
            {
                reader.notes.keep_request();
                return done.steps;
            }
            let why = match other {
                "PingPongSampler" => "pings of the server are answered, and none are sent",
                other if other.contains("WebSocket") => {
                    "WebSockets need a scenario of their own with the user `websocket_user`"
                }
                other if other.contains("JSR223") || other.contains("BeanShell") => {
                    "what a script does has to be written by hand"
                }
                _ => "there is no user for this protocol",
            };
            reader.notes.drop_request(&reader.place, other, why);
            let name = if element.name.is_empty() { other } else { element.name.as_str() };
            let what = format!("do what `{}` ({other}) does", name.replace("${", "$"));
            vec![Step::todo(&what, &processors::said(element))]
        }
    }
}

/// A pause, or the end of something.
fn action(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let of_run = element.text("ActionProcessor.target") == "2";
    reader.keep();
    match element.text("ActionProcessor.action") {
        "1" => {
            let text = element.text("ActionProcessor.duration").to_owned();
            let pause = timers::pause_of(reader, &text);
            if pause.is_none() && reader.number(&text).is_none() && !text.trim().is_empty() {
                let what = format!("a pause of `{text}` milliseconds");
                reader.drop(&what, "how long it is cannot be told before the run");
                return vec![Step::todo(&format!("pause for `{text}` milliseconds"), "")];
            }
            pause.into_iter().collect()
        }
        "0" | "2" if of_run => vec![Step::simple("stop_run", true)],
        "0" | "2" => vec![Step::simple("stop_user", true)],
        _ => {
            let what = "a jump to the next round";
            reader.drop(what, "put the steps that follow under a condition");
            vec![Step::todo("go on with the next round from here", "")]
        }
    }
}

/// JMeter's own Java requests only pass time.
fn java(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let class = element.text("classname").to_owned();
    let argument = |name: &str| {
        let arguments = element.element("arguments")?;
        let mut all = arguments.elements("Arguments.arguments");
        let found = all.find(|argument| argument.text("Argument.name") == name)?;
        reader.number(found.text("Argument.value"))
    };
    if class.ends_with(".SleepTest") || class.ends_with(".JavaTest") {
        let prefix = if class.ends_with(".SleepTest") { "Sleep" } else { "Sleep_" };
        let key = |name: &str| format!("{prefix}{name}").replace("Sleep__", "Sleep_");
        let time = argument(&key("Time")).or_else(|| argument("SleepTime")).unwrap_or(0.0);
        reader.approximate("Java request", "it asks no server; the time that it takes is a pause");
        return timers::fixed_pause(reader, time).into_iter().collect();
    }
    reader.notes.drop_request(&reader.place, &class, "Java code cannot be run");
    let what = format!("do what `{class}` does");
    vec![Step::todo(&what, &json!(element.name).to_string())]
}
