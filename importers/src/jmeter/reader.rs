//! What is known of a test plan while it is read: names of variables, what they begin with, and
//! what has to be done before the next step.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::jdbc::Pool;
use super::rewriting::Rewriting;
use super::rows::Rows;
use super::text::{self, Part};
use super::tree::Element;
use crate::draft::Step;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;
use crate::text::literal;

/// The state of reading a test plan.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    pub(super) options: &'a Options,
    pub(super) notes: &'a mut Notes,
    /// Our names of JMeter's variables.
    names: HashMap<String, String>,
    taken: HashSet<String>,
    /// The variables that stand for properties of the command line.
    pub(super) properties: HashMap<String, String>,
    /// Variables that hold all that an extractor found; `x_2` is the second of them.
    pub(super) lists: HashSet<String>,
    /// Variables that some text reads.
    pub(super) used: HashSet<String>,
    /// Variables that elements set again and again.
    changing: HashSet<String>,
    /// Variables and what they are at the start.
    pub(super) variables: Map<String, Value>,
    /// Variables that are computed once, before the first user starts.
    pub(super) setup: Vec<Step>,
    /// Data files.
    pub(super) sources: Vec<Value>,
    /// What the next step needs to be done before it.
    before: Vec<Step>,
    /// What users of the group that is being read need to be done at their start.
    pub(super) at_start: Vec<(String, Value)>,
    /// The files whose rows functions read.
    pub(super) rows: Vec<Rows>,
    /// Whether users of the group that is being read begin each iteration without cookies.
    pub(super) clears_cookies: bool,
    /// Where sessions of the group that is being read are found.
    pub(super) rewriting: Rewriting,
    /// Where the element stands that is being read.
    pub(super) place: String,
    /// The names of the elements that are being read, the thread group first.
    pub(super) path: Vec<String>,
    /// The name of the test plan.
    pub(super) plan: String,
    /// Databases by the names of their pools.
    pub(super) pools: HashMap<String, Pool>,
    /// What names of the script that is being read stand for.
    pub(super) locals: HashMap<String, String>,
    /// Variables that scripts set.
    pub(super) put: HashSet<String>,
    /// What was noted about lines of the source.
    noted: HashMap<(String, String, String), String>,
    counters: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source, options: &'a Options, notes: &'a mut Notes) -> Self {
        Self {
            source,
            options,
            notes,
            clears_cookies: false,
            names: HashMap::new(),
            taken: HashSet::new(),
            properties: HashMap::new(),
            lists: HashSet::new(),
            used: HashSet::new(),
            changing: HashSet::new(),
            variables: Map::new(),
            setup: Vec::new(),
            sources: Vec::new(),
            before: Vec::new(),
            at_start: Vec::new(),
            rows: Vec::new(),
            rewriting: Rewriting::default(),
            place: source.name.clone(),
            path: Vec::new(),
            plan: String::new(),
            pools: HashMap::new(),
            locals: HashMap::new(),
            put: HashSet::new(),
            noted: HashMap::new(),
            counters: 0,
        }
    }

    /// Looks at all texts: which variables are read.
    pub(super) fn look(&mut self, elements: &[Element]) {
        for element in elements {
            element.walk(&mut |element| {
                // The names that data files, counters, loops and extractors set.
                let is_data = !matches!(element.class.as_str(), "Arguments" | "TestPlan");
                for (name, value) in &element.props.0 {
                    let sets = ["ame", "Val", "Var"].iter().any(|part| name.contains(part));
                    if let Some(value) = value.as_text().filter(|_| is_data && sets) {
                        let names = value.split([',', ';']).map(|name| name.trim().to_owned());
                        self.changing.extend(names);
                    }
                }
                element.props.walk(&mut |text| {
                    text::variables(&text::parse(text), &mut |name| {
                        self.used.insert(name.to_owned());
                    });
                });
            });
        }
    }

    /// Reads an element: notes are about it until `read` is done.
    pub(super) fn at<T>(&mut self, element: &Element, read: impl FnOnce(&mut Self) -> T) -> T {
        let name = if element.name.is_empty() { &element.class } else { &element.name };
        self.path.push(name.clone());
        let place = format!("{}:{} ({})", self.source.name, element.line, self.path.join(" > "));
        let outer = std::mem::replace(&mut self.place, place);
        let result = read(self);
        self.place = outer;
        self.path.pop();
        result
    }

    /// A part is kept.
    pub(super) fn keep(&mut self) {
        self.notes.keep();
    }

    /// A part of the element that is being read is done differently.
    pub(super) fn approximate(&mut self, what: &str, why: &str) {
        let place = self.first_place(what, why);
        self.notes.approximate(&place, what, why);
    }

    /// A part of it is left out.
    pub(super) fn drop(&mut self, what: &str, why: &str) {
        let place = self.first_place(what, why);
        self.notes.drop(&place, what, why);
    }

    /// Where this was said about this line for the first time: what applies to many samplers is read for each
    /// of them, and counts for each, but is one note.
    fn first_place(&mut self, what: &str, why: &str) -> String {
        let line = self.place.split(' ').next().unwrap_or_default().to_owned();
        let known = self.noted.entry((line, what.to_owned(), why.to_owned()));
        known.or_insert_with(|| self.place.clone()).clone()
    }

    /// The variable that stands for a property.
    pub(super) fn property_name(&mut self, name: &str) -> String {
        if let Some(known) = self.properties.get(name) {
            return known.clone();
        }
        // A variable may have the name of a property, and another value.
        let our = if self.used.contains(name) {
            self.fresh(&format!("{name}_property"))
        } else {
            self.name(name)
        };
        self.properties.insert(name.to_owned(), our.clone());
        our
    }

    /// A remark about a part that is kept.
    pub(super) fn remark(&mut self, what: &str, why: &str) {
        self.notes.remark(&self.place, what, why);
    }

    /// Our name of a variable: letters, digits and underscores.
    pub(super) fn name(&mut self, name: &str) -> String {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        // How often a loop has gone round.
        let index = name.strip_prefix("__jm__").and_then(|rest| rest.strip_suffix("__idx"));
        let wanted = index.map_or_else(|| name.to_owned(), |of| format!("{of}_index"));
        let mut clean: String = wanted
            .chars()
            .map(|char| if char.is_ascii_alphanumeric() { char } else { '_' })
            .collect();
        if clean.is_empty() || clean.starts_with(|first: char| first.is_ascii_digit()) {
            clean.insert_str(0, "v_");
        }
        let mut unique = clean.clone();
        let mut number = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{clean}_{number}");
            number += 1;
        }
        self.names.insert(name.to_owned(), unique.clone());
        unique
    }

    /// The placeholder of a variable.
    pub(super) fn variable(&mut self, name: &str) -> String {
        if let Some((list, item)) = name.rsplit_once('_')
            && self.lists.contains(list)
            && !self.names.contains_key(name)
        {
            let list = self.name(list);
            if matches!(item, "matchNr" | "n" | "#") {
                return format!("${{len(${{{list}}})}}");
            }
            if let Some(position) = item.parse::<usize>().ok().and_then(|item| item.checked_sub(1))
            {
                return format!("${{item(${{{list}}}, {position})}}");
            }
        }
        format!("${{{}}}", self.name(name))
    }

    /// A text of the test plan as a text of ours.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.parts(&text::parse(text))
    }

    /// Pieces of a text as a text of ours.
    pub(super) fn parts(&mut self, parts: &[Part]) -> String {
        let mut written = String::new();
        for part in parts {
            match part {
                Part::Text(text) => written.push_str(&literal(text)),
                Part::Variable(name) => written.push_str(&self.variable(name)),
                Part::Call(call) => written.push_str(&self.call(call)),
            }
        }
        written
    }

    /// What a text is when the test plan is run as it is, if that can be told.
    pub(super) fn constant(&self, text: &str) -> Option<String> {
        let mut known = String::new();
        for part in text::parse(text) {
            match part {
                Part::Text(text) => known.push_str(&text),
                Part::Variable(name) => {
                    match self.variables.get(self.names.get(&name)?)? {
                        Value::String(text) if !text.contains("${") => known.push_str(text),
                        _ => return None,
                    };
                }
                Part::Call(call) => match call.name.as_str() {
                    "__P" | "__property" => {
                        let default = if call.name == "__P" { 1 } else { 2 };
                        let name = self.properties.get(call.plain(0)?.trim());
                        match name.and_then(|name| self.variables.get(name)) {
                            Some(Value::String(text)) => known.push_str(text),
                            _ if call.name == "__P" && call.arguments.len() == 1 => known.push('1'),
                            _ => known.push_str(call.plain(default)?),
                        }
                    }
                    "__intSum" | "__longSum" => {
                        let numbers = (0..call.arguments.len()).map(|at| {
                            call.plain(at).and_then(|text| text.trim().parse::<i64>().ok())
                        });
                        let numbers: Option<Vec<i64>> = numbers.collect();
                        let sum = numbers?.into_iter().try_fold(0_i64, i64::checked_add)?;
                        known.push_str(&sum.to_string());
                    }
                    _ => return None,
                },
            }
        }
        Some(known)
    }

    /// What a text is, as a number.
    pub(super) fn number(&self, text: &str) -> Option<f64> {
        let number = self.constant(text)?.trim().parse::<f64>().ok()?;
        number.is_finite().then_some(number)
    }

    /// What a text is, as a whole number of at least 0.
    pub(super) fn count(&self, text: &str) -> Option<u64> {
        self.constant(text)?.trim().parse().ok()
    }

    /// Has a variable set before the next step, and says how it is read.
    pub(super) fn set_before(&mut self, name: &str, value: Value) -> String {
        self.before.push(Step::simple("set", json!({name: value})));
        format!("${{{name}}}")
    }

    /// Has a step done before the next one.
    pub(super) fn do_before(&mut self, step: Step) {
        self.before.push(step);
    }

    /// What has to be done before the step that was just read.
    pub(super) fn take_before(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.before)
    }

    /// A name of ours that no variable of the test plan has.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let mut number = 1;
        while self.names.contains_key(&format!("{name} {number}")) {
            number += 1;
        }
        // The first is called as it is asked for, since blanks never stand at a name's end.
        let key = format!("{name} {number}");
        let wanted = if number == 1 { name.to_owned() } else { format!("{name}_{number}") };
        let unique = self.name(&wanted);
        self.names.insert(key, unique.clone());
        unique
    }

    /// What a text says but for variables that have one value from the start to the end.
    pub(super) fn settled(&self, parts: &[Part]) -> Option<String> {
        let all: Option<Vec<String>> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Variable(name) if !self.changing.contains(name) => {
                    self.constant(&format!("${{{name}}}"))
                }
                _ => None,
            })
            .collect();
        Some(all?.concat())
    }

    /// Whether a variable has a value from the start.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(name)
            || self.setup.iter().any(|step| match step {
                Step::Block(block) => {
                    block.head.get("set").is_some_and(|set| set.get(name).is_some())
                }
                Step::Task(_) => false,
            })
    }

    /// Whether an element sets a variable of the source again and again.
    pub(super) fn is_changing(&self, name: &str) -> bool {
        self.changing.contains(name)
    }

    /// The number of the next counter.
    pub(super) fn next_counter(&mut self) -> usize {
        self.counters += 1;
        self.counters
    }

    /// Has a variable set when a user starts, once for all that ask for it.
    pub(super) fn set_at_start(&mut self, name: &str, value: Value) -> String {
        let our = self.name(name);
        if !self.at_start.iter().any(|(known, _)| *known == our) {
            self.at_start.push((our.clone(), value));
        }
        format!("${{{our}}}")
    }
}
