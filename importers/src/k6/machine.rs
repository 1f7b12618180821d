//! The state of an evaluation: steps so far, requests, what was drawn from where.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_span::Span;
use serde_json::{Map, Value as Json};

use super::changes::Before;
use super::code::Code;
use super::exits::{After, Frame};
use super::jar::Cookie;
use super::promises::Pending;
use super::scope::{Binding, Scope};
use super::value::{Array, DataFile, Made, Value, What};
use crate::draft::{Block, Step, Task};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;

/// Expressions and statements that are evaluated at most.
const FUEL: usize = 400_000;
/// Levels of calls and expressions that are followed.
pub(super) const LEVELS: usize = 400;

/// A step in the making. Requests stand in [`Machine::requests`]: later parts of the script add
/// checks and extracts to them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Request(usize),
    Block {
        head: Map<String, Json>,
        lists: Vec<(&'static str, Vec<Node>)>,
    },
    /// Takes a row of a data source: its number in [`Machine::takers`].
    Take(usize),
}

/// A step that takes a row, with the columns that are asked for: variable, path in the row.
#[derive(Clone, Debug)]
pub(super) struct Taker {
    pub(super) source: String,
    pub(super) hint: Option<String>,
    pub(super) columns: Vec<(String, String)>,
    /// What the columns are called.
    pub(super) names: Vec<Rc<str>>,
}

/// A request, and the variables that parts of its reply are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) task: Task,
    pub(super) variables: Vec<(What, String)>,
    /// Requests whose replies stand where this one's stood.
    pub(super) others: Vec<usize>,
    /// A loop of the plan makes it, so that what a reply lacks was in the one before.
    pub(super) is_in_loop: bool,
}

/// A module of the script.
#[derive(Clone)]
pub(super) struct Module<'a> {
    /// Exported names, and the names in the module that they are.
    pub(super) exports: Rc<RefCell<Vec<(String, Value<'a>)>>>,
}

/// A loop around what is evaluated.
pub(super) struct Loop {
    /// How many conditional blocks it stands in.
    pub(super) depth: usize,
    /// What follows outside of it: the number of [`Machine::after`].
    pub(super) base: usize,
    /// What the script calls it.
    pub(super) label: Option<Rc<str>>,
    /// A `switch`, which rounds go on through.
    pub(super) is_switch: bool,
    /// The variable that says that it is over.
    pub(super) flag: Option<String>,
    /// The variable that says that this round is over.
    pub(super) skip: Option<String>,
    pub(super) is_live: bool,
    /// Its rounds stay what they are when only the plan knows how many there are.
    pub(super) is_of_items: bool,
    /// Something in it can only be decided when the plan runs.
    pub(super) needs_live: bool,
}

pub(super) struct Machine<'a, 'n> {
    pub(super) arena: &'a Allocator,
    pub(super) source: &'n Source,
    pub(super) options: &'n Options,
    pub(super) notes: &'n mut Notes,
    /// Texts of the modules by their names, to find lines in.
    pub(super) file: Rc<str>,
    pub(super) text: &'a str,
    pub(super) steps: Vec<Node>,
    pub(super) requests: Vec<Sent>,
    pub(super) takers: Vec<Taker>,
    pub(super) sources: Vec<(String, DataFile, &'static str)>,
    pub(super) variables: Map<String, Json>,
    /// What variables of the plan are at the start, where the environment may say so.
    pub(super) setup: Vec<Node>,
    /// What each user computes once.
    pub(super) of_user: Vec<Node>,
    /// Variables of the plan that only the environment says otherwise.
    pub(super) of_environment: HashSet<String>,
    /// What generators that are evaluated have given, the innermost last.
    pub(super) yields: Vec<Vec<Value<'a>>>,
    pub(super) taken: HashSet<String>,
    pub(super) modules: HashMap<String, Module<'a>>,
    pub(super) loops: Vec<Loop>,
    /// How many blocks of the plan that run conditionally are open.
    pub(super) depth: usize,
    /// Names that were changed in a conditional block and must be variables before it.
    pub(super) pending: Vec<(usize, String, Node)>,
    /// What names stood for before they were changed, the last change last.
    pub(super) journal: Vec<(Rc<Scope<'a>>, String, Binding<'a>)>,
    pub(super) levels: usize,
    pub(super) fuel: usize,
    /// Whether what is evaluated is what a module does when it is loaded.
    pub(super) loading: bool,
    pub(super) cookies: Vec<Cookie<'a>>,
    /// What variables were computed from.
    pub(super) computed: HashMap<String, Code>,
    /// What the scenario is called.
    pub(super) scenario: String,
    /// What a promise that is made was given.
    pub(super) resolved: Option<Value<'a>>,
    /// A call whose promise nobody waits for.
    pub(super) floating: Option<Span>,
    /// The environment that a scenario has of its own.
    pub(super) of_scenario: Vec<(String, Value<'a>)>,
    pub(super) groups: HashSet<String>,
    /// Variables that were drawn from a range, and the range.
    pub(super) ranges: HashMap<String, (f64, f64)>,
    /// Texts of files that were opened, and their paths.
    pub(super) opened: Vec<(Rc<str>, String)>,
    /// The folder of the module that is loaded.
    pub(super) folder: String,
    /// What tasks of the clients of Redis say of their server.
    pub(super) redis: Vec<Map<String, Json>>,
    /// Connection strings of the databases that were opened.
    pub(super) databases: Vec<String>,
    /// Clients and streams of gRPC.
    pub(super) grpc: super::grpc::State<'a>,
    /// Handlers of a connection, by event.
    pub(super) handlers: Vec<(String, Value<'a>)>,
    /// What a connection does later.
    pub(super) late: Vec<Node>,
    /// What follows what is evaluated, the innermost last.
    pub(super) after: Vec<After>,
    /// The functions that are evaluated, and the `try`s.
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) catches: Vec<Frame<'a>>,
    /// Variables that say that what follows is not done.
    pub(super) left: Vec<String>,
    /// What was thrown, when that is certain.
    pub(super) thrown: Option<Value<'a>>,
    /// Names of modules that were used, and whether they were read before they were changed.
    pub(super) kept_on: HashMap<String, bool>,
    /// Names that stay taken.
    pub(super) for_good: HashSet<String>,
    /// For each conditional block that is open what was made when it began; nothing for blocks that
    /// all that follows is in.
    pub(super) within: Vec<Option<Made>>,
    /// Variables that members of objects are in.
    pub(super) of_members: HashSet<String>,
    /// What follows promises.
    pub(super) promises: Vec<Pending<'a>>,
    /// What modules have made was made before this.
    pub(super) loaded: Made,
    /// Objects of modules and their members that were used, as in [`Machine::kept_on`].
    pub(super) members_kept: HashMap<(Made, String), bool>,
    /// What objects and lists of modules were before they were changed.
    pub(super) before: Vec<Before<'a>>,
    /// The label of the statement that is evaluated.
    pub(super) label: Option<Rc<str>>,
    /// Whether an expression around is evaluated.
    pub(super) is_within: bool,
    /// Whether names are given by `var`.
    pub(super) is_var: bool,
    /// Variables of the plan that steps change.
    pub(super) changing: HashSet<String>,
    /// Variables that always have a value.
    pub(super) there: HashSet<String>,
    /// Names of modules whose values users keep from one iteration to the next.
    pub(super) lasting: HashSet<String>,
    /// More such names, for the next evaluation.
    pub(super) found_lasting: HashSet<String>,
}

impl<'a, 'n> Machine<'a, 'n> {
    pub(super) fn new(
        arena: &'a Allocator,
        source: &'n Source,
        options: &'n Options,
        notes: &'n mut Notes,
    ) -> Self {
        Self {
            arena,
            source,
            options,
            notes,
            file: Rc::from(source.name.as_str()),
            text: "",
            steps: Vec::new(),
            requests: Vec::new(),
            takers: Vec::new(),
            sources: Vec::new(),
            variables: Map::new(),
            setup: Vec::new(),
            of_user: Vec::new(),
            of_environment: HashSet::new(),
            yields: Vec::new(),
            taken: HashSet::new(),
            modules: HashMap::new(),
            loops: Vec::new(),
            depth: 0,
            pending: Vec::new(),
            journal: Vec::new(),
            levels: 0,
            fuel: FUEL,
            loading: true,
            cookies: Vec::new(),
            computed: HashMap::new(),
            scenario: "default".to_owned(),
            resolved: None,
            floating: None,
            of_scenario: Vec::new(),
            groups: HashSet::new(),
            ranges: HashMap::new(),
            opened: Vec::new(),
            folder: String::new(),
            redis: Vec::new(),
            databases: Vec::new(),
            grpc: super::grpc::State::default(),
            handlers: Vec::new(),
            late: Vec::new(),
            after: Vec::new(),
            frames: Vec::new(),
            catches: Vec::new(),
            left: Vec::new(),
            thrown: None,
            kept_on: HashMap::new(),
            for_good: HashSet::new(),
            within: Vec::new(),
            of_members: HashSet::new(),
            promises: Vec::new(),
            loaded: Made::default(),
            members_kept: HashMap::new(),
            before: Vec::new(),
            label: None,
            is_within: false,
            is_var: false,
            changing: HashSet::new(),
            there: HashSet::new(),
            lasting: HashSet::new(),
            found_lasting: HashSet::new(),
        }
    }

    /// Runs an exported function as k6 does.
    pub(super) fn run(&mut self, function: &Value<'a>, arguments: Vec<Value<'a>>) -> Value<'a> {
        self.catches = vec![self.frame()];
        self.left.clear();
        self.kept_on.clear();
        self.members_kept.clear();
        self.promises.clear();
        self.thrown = None;
        let journal = self.journal.len();
        let value = self.call(function, arguments, Span::default());
        let value = self.awaited(&value);
        if let Some(frame) = self.catches.pop() {
            self.end(&frame);
        }
        self.thrown = None;
        self.run_handlers(Span::default());
        self.run_streams(Span::default());
        // Each user, and what is done before and after, has modules of its own.
        self.undo(journal);
        self.restore();
        value
    }

    /// Where something stands: `script.js:12`.
    pub(super) fn place(&self, span: Span) -> String {
        let before = self.text.as_bytes().get(..span.start as usize).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        format!("{}:{line}", self.file)
    }

    /// What the source says there, shortened.
    pub(super) fn source_text(&self, span: Span) -> String {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        text.chars().take(400).collect()
    }

    /// What the source says there on one line, for notes.
    pub(super) fn words(&self, span: Span) -> String {
        let text = self.source_text(span);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(120).collect()
    }

    pub(super) fn drop(&mut self, span: Span, why: &str) {
        let (place, words) = (self.place(span), self.words(span));
        self.notes.drop(&place, &words, why);
    }

    pub(super) fn approximate(&mut self, span: Span, why: &str) {
        let (place, words) = (self.place(span), self.words(span));
        self.notes.approximate(&place, &words, why);
    }

    pub(super) fn remark(&mut self, span: Span, why: &str) {
        let (place, words) = (self.place(span), self.words(span));
        self.notes.remark(&place, &words, why);
    }

    /// A step that somebody has to write.
    pub(super) fn todo(&mut self, what: &str, span: Span) {
        let (place, words) = (self.place(span), self.words(span));
        self.notes.drop(&place, &words, what);
        let mut head = Map::new();
        head.insert("todo".to_owned(), format!("{what} ({place})").into());
        head.insert("source".to_owned(), self.source_text(span).replace("${", "$ {").into());
        self.steps.push(Node::Block { head, lists: Vec::new() });
    }

    /// One unit of work; `false` when there was too much.
    pub(super) fn burn(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }

    /// A name for a variable of the plan that is not taken yet.
    pub(super) fn fresh(&mut self, wanted: &str) -> String {
        let name = crate::passes::unique(&variable_name(wanted), |name| {
            self.taken.contains(name) || self.for_good.contains(name)
        });
        self.taken.insert(name.clone());
        name
    }

    /// Undoes changes of names, the last one first.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.journal.len() > mark {
            if let Some((scope, name, before)) = self.journal.pop() {
                scope.change(&name, |binding| *binding = before);
            }
        }
    }

    /// Undoes changes of names that no variable of the plan keeps.
    pub(super) fn undo_values(&mut self, mark: usize) {
        let changes = self.journal.split_off(mark);
        for (scope, name, before) in changes.iter().rev() {
            scope.change(name, |binding| {
                if binding.variable.is_none() {
                    binding.clone_from(before);
                }
            });
        }
        let is_kept = |(scope, name, _): &(Rc<Scope<'a>>, String, Binding<'a>)| {
            scope.find(name).is_some_and(|binding| binding.variable.is_some())
        };
        self.journal.extend(changes.into_iter().filter(is_kept));
    }

    /// A step that sets a variable.
    pub(super) fn set(name: &str, code: &Code) -> Node {
        let value = match (code, code.template()) {
            (Code::Const(value), _) => escaped(value),
            (_, Some(template)) => template.into(),
            (_, None) => serde_json::json!({"expr": code.expression()}),
        };
        Self::block("set", serde_json::json!({name: value}), Vec::new())
    }

    pub(super) fn block(key: &str, value: Json, lists: Vec<(&'static str, Vec<Node>)>) -> Node {
        let head = std::iter::once((key.to_owned(), value)).collect();
        Node::Block { head, lists }
    }

    /// Puts a step where it is due: while modules are loaded that is once for each user.
    pub(super) fn push(&mut self, node: Node) {
        if self.loading { self.of_user.push(node) } else { self.steps.push(node) }
    }

    /// A variable with the value of `code`, computed here.
    pub(super) fn hoist(&mut self, wanted: &str, code: &Code) -> Code {
        let name = self.fresh(wanted);
        self.push(Self::set(&name, code));
        Code::Name(name)
    }

    /// A variable with a text that has placeholders.
    pub(super) fn hoist_text(&mut self, text: &str) -> Code {
        let name = self.fresh("text");
        self.push(Self::block("set", serde_json::json!({&*name: text}), Vec::new()));
        Code::Name(name)
    }

    /// A text with placeholders; what only an expression can say is computed before.
    pub(super) fn template(&mut self, code: &Code) -> String {
        match code {
            Code::Concat(parts) => parts.iter().map(|part| self.template(part)).collect(),
            Code::Op(..) | Code::Not(_) => {
                let name = self.hoist("value", code);
                name.template().unwrap_or_default()
            }
            Code::Call(name, arguments) if code.template().is_none() => {
                let arguments = arguments
                    .iter()
                    .map(|argument| match argument {
                        Code::Op(..) | Code::Not(_) => self.hoist("value", argument),
                        other => other.clone(),
                    })
                    .collect();
                let call = Code::Call(name, arguments);
                match call.template() {
                    Some(template) => template,
                    None => {
                        let name = self.hoist("value", &call);
                        name.template().unwrap_or_default()
                    }
                }
            }
            other => other.template().unwrap_or_default(),
        }
    }

    /// The variable of the plan that a constant list is in.
    pub(super) fn list_variable(&mut self, array: &Array<'a>) -> Option<String> {
        if let Some(name) = &*array.variable.borrow() {
            return Some(name.clone());
        }
        let items = array.items.borrow();
        let json: Option<Vec<Json>> = items.iter().map(Value::to_json).collect();
        let wanted = array.name.borrow().clone().unwrap_or_else(|| "list".to_owned());
        let name = self.fresh(&wanted);
        self.variables.insert(name.clone(), json?.into());
        *array.variable.borrow_mut() = Some(name.clone());
        Some(name)
    }

    /// The steps of a draft.
    pub(super) fn finished(&self, nodes: &[Node]) -> Vec<Step> {
        nodes.iter().filter_map(|node| self.step(node)).collect()
    }

    fn step(&self, node: &Node) -> Option<Step> {
        match node {
            Node::Request(number) => {
                self.requests.get(*number).map(|sent| sent.task.clone().into())
            }
            Node::Block { head, lists } => Some(Step::Block(Block {
                head: head.clone(),
                lists: lists.iter().map(|(key, nodes)| (*key, self.finished(nodes))).collect(),
            })),
            Node::Take(number) => {
                let taker = self.takers.get(*number)?;
                let columns: Map<String, Json> = taker
                    .columns
                    .iter()
                    .map(|(name, path)| {
                        let source = &taker.source;
                        (name.clone(), Json::from(format!("${{data.{source}.{path}}}")))
                    })
                    .collect();
                (!columns.is_empty()).then(|| Step::simple("set", columns))
            }
        }
    }
}

/// A constant in which nothing is to be taken for a placeholder.
pub(super) fn escaped(value: &Json) -> Json {
    match value {
        Json::String(text) => super::code::literal(text).into(),
        Json::Array(items) => items.iter().map(escaped).collect(),
        Json::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), escaped(value))).collect()
        }
        other => other.clone(),
    }
}

/// A name that variables of plans can have.
fn variable_name(wanted: &str) -> String {
    let mut name: String =
        wanted.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
    if !name.chars().any(|char| char.is_ascii_lowercase()) {
        name = name.to_ascii_lowercase();
    }
    let name = name.trim_matches('_');
    if name.is_empty() {
        "value".to_owned()
    } else if name.starts_with(|char: char| char.is_ascii_digit()) {
        format!("value_{name}")
    } else {
        name.to_owned()
    }
}
