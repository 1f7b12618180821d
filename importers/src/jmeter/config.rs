//! Data files, counters and parameters: what is set each time their controller begins.

use serde_json::{Map, Value, json};

use super::reader::Reader;
use super::text::{self, Part};
use super::tree::{Element, Prop};
use crate::draft::Step;

/// What an element does each time the controller that it stands in begins.
pub(super) fn each_time(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    reader.at(element, |reader| {
        let steps = match element.class.as_str() {
            "CSVDataSet" | "RandomCSVDataSetConfig" => csv(reader, element),
            "CounterConfig" => counter(reader, element),
            "RandomVariableConfig" => random(reader, element),
            "UserParameters" => parameters(reader, element),
            _ => return Vec::new(),
        };
        let mut before = reader.take_before();
        before.extend(steps);
        before
    })
}

/// The user defined variables of an element. Wherever they stand, they are there from the start.
pub(super) fn variables(reader: &mut Reader<'_>, element: &Element) {
    for argument in element.elements("Arguments.arguments") {
        let name = argument.text("Argument.name").trim();
        if name.is_empty() {
            continue;
        }
        let our = reader.name(name);
        let raw = argument.text("Argument.value");
        reader.keep();
        match reader.constant(raw) {
            Some(value) => {
                if let [Part::Call(call)] = text::parse(raw).as_slice()
                    && matches!(call.name.as_str(), "__P" | "__property")
                    && let Some(property) = call.plain(0)
                {
                    reader.properties.entry(property.trim().to_owned()).or_insert(our.clone());
                }
                if raw.contains("${__P(") || raw.contains("${__property(") {
                    let what = format!("the value of `{name}`");
                    let why =
                        format!("`{our}` is a variable; `ldvm run --var {our}=VALUE` sets it");
                    reader.remark(&what, &why);
                }
                let value = crate::text::literal(&value);
                reader.begin_with(&our, value);
            }
            None => {
                let value = reader.text(raw);
                // The property of the same name is the variable already.
                if value != format!("${{{our}}}") {
                    reader.begin_with(&our, value);
                }
            }
        }
    }
}

fn csv(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let get = |name: &str| element.text(name);
    let path = get("filename").trim();
    let Some(path) = reader.constant(path).filter(|path| !path.is_empty()) else {
        reader.drop(&format!("the data file `{path}`"), "its name cannot be told before the run");
        return Vec::new();
    };
    let delimiter = match get("delimiter").trim_end() {
        "" => ",",
        "\\t" | "\t" => "\t",
        other => other,
    };
    let delimiter = delimiter.to_owned();
    let listed = get("variableNames").trim().to_owned();
    let header = header(reader, &path, &delimiter);
    let skips = element.flag("ignoreFirstLine", false);
    let names: Vec<String> = if listed.is_empty() {
        let Some(header) = header else {
            let why = "names of its columns are in the file, which cannot be read";
            reader.drop(&format!("the data file `{path}`"), why);
            return Vec::new();
        };
        header
    } else {
        listed.split(delimiter.as_str()).flat_map(|part| part.split(',')).map(clean).collect()
    };
    if !get("fileEncoding").is_empty()
        && !matches!(
            get("fileEncoding").to_ascii_uppercase().as_str(),
            "UTF-8" | "UTF8" | "US-ASCII"
        )
        && !get("fileEncoding").contains("${")
    {
        reader.approximate(get("fileEncoding"), "data files are UTF-8; convert it");
    }
    let mut source = Map::new();
    let stem = path.rsplit(['/', '\\']).next().unwrap_or(&path);
    let stem = stem.split('.').next().unwrap_or(stem);
    let name = reader.fresh(&format!("{}_rows", clean_name(stem)));
    source.insert("name".to_owned(), json!(name));
    source.insert("file_path".to_owned(), json!(path.replace('\\', "/")));
    if !listed.is_empty() {
        source.insert("columns".to_owned(), json!(names));
        if skips {
            source.insert("skip_header".to_owned(), json!(true));
        }
    }
    if delimiter != "," {
        source.insert("delimiter".to_owned(), json!(delimiter));
    }
    match get("shareMode") {
        "" | "shareMode.all" => {}
        "shareMode.thread" => {
            source.insert("mode".to_owned(), json!("per_user"));
        }
        "shareMode.group" => {}
        other => {
            let what = format!("the sharing mode `{other}`");
            reader.approximate(&what, "the rows are shared by all users");
        }
    }
    if element.class == "RandomCSVDataSetConfig" && element.flag("randomOrder", true) {
        source.insert("mode".to_owned(), json!("random"));
    }
    let recycles = element.flag("recycle", true) && element.flag("rewindOnTheEndOfList", true);
    if !recycles {
        if element.flag("stopThread", false) {
            source.insert("on_end".to_owned(), json!("stop_user"));
        } else {
            source.insert("cycle".to_owned(), json!(false));
        }
    }
    if reader.source.sibling(&path.replace('\\', "/")).is_none() {
        let what = format!("the data file `{path}`");
        reader.remark(&what, "the file is not here; put it beside the plan before it is run");
    }
    reader.keep();
    reader.sources.push(Value::Object(source));
    let mut row = Map::new();
    for column in names {
        if !column.is_empty() {
            row.insert(reader.name(&column), json!(format!("${{csv.{name}.{column}}}")));
        }
    }
    vec![Step::simple("set", Value::Object(row))]
}

/// The names in the first line of a data file.
pub(super) fn header(reader: &Reader<'_>, path: &str, delimiter: &str) -> Option<Vec<String>> {
    let bytes = reader.source.sibling(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text.trim_start_matches('\u{feff}').lines().next()?;
    Some(first.split(delimiter).map(clean).collect())
}

fn clean(name: &str) -> String {
    name.trim().trim_matches('"').to_owned()
}

pub(super) fn clean_name(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect()
}

fn counter(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let name = element.text("CounterConfig.name").trim();
    if name.is_empty() {
        return Vec::new();
    }
    let number = |text: &str, default: i64| match text.trim() {
        "" => Some(default),
        text => reader.constant(text)?.trim().parse::<i64>().ok(),
    };
    let start = number(element.text("CounterConfig.start"), 0);
    let step = number(element.text("CounterConfig.incr"), 1);
    let end = number(element.text("CounterConfig.end"), i64::MAX);
    let (Some(start), Some(step), Some(end)) = (start, step, end) else {
        reader.drop("a counter", "its numbers cannot be told before the run");
        return Vec::new();
    };
    reader.keep();
    let function =
        if element.flag("CounterConfig.per_user", false) { "counter" } else { "run_counter" };
    let our = reader.name(name);
    let mut expression = format!("{function}('{our}') - 1");
    if end != i64::MAX && end >= start && step > 0 {
        let rounds = end.saturating_sub(start) / step + 1;
        expression = format!("({expression}) % {rounds}");
    }
    if step != 1 {
        expression = format!("({expression}) * {step}");
    }
    let expression = if start == 0 { expression } else { format!("{start} + {expression}") };
    let expression = expression
        .replace(&format!("1 + {function}('{our}') - 1"), &format!("{function}('{our}')"));
    let mut set = Map::new();
    set.insert(our.clone(), json!({"expr": expression}));
    let mut steps = vec![Step::simple("set", Value::Object(set))];
    steps.extend(formatted(reader, &our, element.text("CounterConfig.format")));
    steps
}

/// A number in a format such as `ID-0000`: zeros before it, and what stands around it.
fn formatted(reader: &mut Reader<'_>, name: &str, format: &str) -> Option<Step> {
    let format = format.trim();
    if format.is_empty() {
        return None;
    }
    let digits = |char: char| matches!(char, '0' | '#');
    let (start, end) = (format.find(digits)?, format.rfind(digits)? + 1);
    let (before, zeros, after) =
        (format.get(..start)?, format.get(start..end)?, format.get(end..)?);
    if !zeros.bytes().all(|byte| byte == b'0')
        || [before, after].concat().contains(['\'', '.', ',', '%', '#', '$'])
    {
        let what = format!("the format `{format}`");
        reader.approximate(&what, "the number is written as it is");
        return None;
    }
    let padded = match zeros.len() {
        1 => format!("${{{name}}}"),
        length => format!("${{substr(${{concat({zeros}, ${{{name}}})}}, -{length})}}"),
    };
    if zeros.len() > 1 {
        let what = format!("the format `{format}`");
        reader.remark(&what, "a number with more digits than that loses its first ones");
    }
    Some(Step::simple("set", json!({name: format!("{before}{padded}{after}")})))
}

fn random(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let name = element.text("variableName").trim();
    if name.is_empty() {
        return Vec::new();
    }
    let our = reader.name(name);
    let min = reader.text(element.text("minimumValue"));
    let max = reader.text(element.text("maximumValue"));
    reader.keep();
    let mut steps =
        vec![Step::simple("set", json!({our.as_str(): format!("${{randint({min}, {max})}}")}))];
    steps.extend(formatted(reader, &our, element.text("outputFormat")));
    steps
}

/// Parameters: a column of values for each user.
fn parameters(reader: &mut Reader<'_>, element: &Element) -> Vec<Step> {
    let names: Vec<String> = element.texts("UserParameters.names").map(str::to_owned).collect();
    let users: Vec<&[(String, Prop)]> = element
        .list("UserParameters.thread_values")
        .iter()
        .map(|(_, list)| list.as_list())
        .collect();
    let mut set = Map::new();
    for (at, name) in names.iter().enumerate() {
        let values: Vec<String> = users
            .iter()
            .map(|list| list.get(at).and_then(|(_, value)| value.as_text()).unwrap_or_default())
            .map(|text| reader.text(text))
            .collect();
        let our = reader.name(name);
        reader.keep();
        match values.as_slice() {
            [] => {}
            [value] => {
                set.insert(our, json!(value));
            }
            values => {
                let list = reader.fresh(&format!("{our}_of_users"));
                let list_value = Value::Array(values.iter().map(|value| json!(value)).collect());
                reader.set_before(&list, list_value);
                let expression = format!("item({list}, user_id() % {})", values.len());
                set.insert(our, json!({"expr": expression}));
            }
        }
    }
    if set.is_empty() { Vec::new() } else { vec![Step::simple("set", Value::Object(set))] }
}
