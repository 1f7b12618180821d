//! A plan in the making: steps in the terms of the plan language, before they are written.

use serde_json::{Map, Value};

use crate::Secret;

/// A plan in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// What the source calls itself.
    pub(crate) name: Option<String>,
    /// What it says of itself.
    pub(crate) description: Option<String>,
    /// The origin that it is about; the most frequent one when absent.
    pub(crate) origin: Option<String>,
    /// Variables and what they are at the start.
    pub(crate) variables: Map<String, Value>,
    /// Other arguments of the run: data sources, gates, time limits and so on.
    pub(crate) run: Map<String, Value>,
    /// URLs, perhaps with a path, that requests start with and that become variables.
    pub(crate) bases: Vec<String>,
    /// Credentials that the source asks for and does not have.
    pub(crate) secrets: Vec<Secret>,
    /// What is done once before the first user starts.
    pub(crate) setup: Vec<Step>,
    /// What is done once after the last user has ended.
    pub(crate) teardown: Vec<Step>,
    /// Kinds of users; one alone is written without a name of its own.
    pub(crate) scenarios: Vec<Scenario>,
}

/// A kind of user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scenario {
    /// Its name, when there are several.
    pub(crate) name: String,
    /// Arguments of its own: load, pace, think time, another user type and so on.
    pub(crate) arguments: Map<String, Value>,
    /// What each user does before its first tick.
    pub(crate) on_start: Vec<Step>,
    /// What each user does in a tick.
    pub(crate) steps: Vec<Step>,
    /// What each user does after its last tick.
    pub(crate) on_stop: Vec<Step>,
}

/// Something a user does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A request.
    Task(Box<Task>),
    /// Steps that belong together, or something without a request, such as a pause.
    Block(Block),
}

/// A block: what it says, and the steps in it.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Its keys, the one that says which block it is first.
    pub(crate) head: Map<String, Value>,
    /// Lists of steps by their key, such as `tasks` and `else`.
    pub(crate) lists: Vec<(&'static str, Vec<Step>)>,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// Where it stands in the source.
    pub(crate) place: String,
    /// The user type that does it, where that does not speak HTTP.
    pub(crate) user: Option<&'static str>,
    /// What its samples are counted under; made of method and path when absent.
    pub(crate) name: Option<String>,
    /// As it is sent, in capitals unless the source has it otherwise; empty for protocols
    /// that have no methods.
    pub(crate) method: String,
    /// With its query, and placeholders in it.
    pub(crate) url: String,
    /// In their order; a name may come several times.
    pub(crate) headers: Vec<(String, String)>,
    /// Headers that are sent by default and are not to be sent.
    pub(crate) without: Vec<String>,
    /// The other fields, in the order in which they are written.
    pub(crate) fields: Map<String, Value>,
    pub(crate) assertions: Vec<Value>,
    pub(crate) extract: Vec<Value>,
    /// What answered it when it was recorded.
    pub(crate) reply: Option<Box<Reply>>,
}

/// A recorded reply, as far as later requests may have taken values out of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    /// Whether it leads elsewhere.
    pub(crate) is_redirect: bool,
    /// In their order, those that set cookies included.
    pub(crate) headers: Vec<(String, String)>,
    /// The type of the body, without parameters, in small letters.
    pub(crate) content_type: String,
    /// The body, empty when it is not text.
    pub(crate) body: String,
}

impl Scenario {
    /// The user type of all its requests, where that is one that does not speak HTTP.
    pub(crate) fn user(&self) -> Option<&'static str> {
        let mut found = Vec::new();
        [&self.on_start, &self.steps, &self.on_stop]
            .into_iter()
            .for_each(|steps| collect(steps, &mut found));
        let user = found.first()?.user;
        user.filter(|_| found.iter().all(|task| task.user == user))
    }
}

impl Draft {
    /// A draft of one kind of user.
    pub(crate) fn of_steps(steps: Vec<Step>) -> Self {
        Self { scenarios: vec![Scenario { steps, ..Scenario::default() }], ..Self::default() }
    }

    /// Whether nothing at all is done.
    pub(crate) fn is_empty(&self) -> bool {
        let users = self.scenarios.iter();
        let of_users = |scenario: &Scenario| {
            scenario.on_start.is_empty() && scenario.steps.is_empty() && scenario.on_stop.is_empty()
        };
        self.setup.is_empty() && self.teardown.is_empty() && users.into_iter().all(of_users)
    }

    /// Whether some request is of a user type that speaks HTTP.
    pub(crate) fn has_http(&self) -> bool {
        self.tasks().iter().any(|task| task.user.is_none())
    }

    /// All requests, also those in blocks, in order.
    pub(crate) fn tasks(&self) -> Vec<&Task> {
        let mut found = Vec::new();
        collect(&self.setup, &mut found);
        for scenario in &self.scenarios {
            for steps in [&scenario.on_start, &scenario.steps, &scenario.on_stop] {
                collect(steps, &mut found);
            }
        }
        collect(&self.teardown, &mut found);
        found
    }

    /// Calls `visit` on each request, also on those in blocks, in order.
    pub(crate) fn for_each_task(&mut self, mut visit: impl FnMut(&mut Task)) {
        self.lists().into_iter().for_each(|steps| walk(steps, &mut visit));
    }

    /// Keeps the requests for which `keep` holds, and the blocks that still have steps.
    pub(crate) fn retain_tasks(&mut self, mut keep: impl FnMut(&Task) -> bool) {
        self.lists().into_iter().for_each(|steps| retain(steps, &mut keep));
    }

    /// Calls `visit` on the texts of steps that are to be done.
    pub(crate) fn for_each_todo(&mut self, mut visit: impl FnMut(&mut String)) {
        self.lists().into_iter().for_each(|steps| walk_todos(steps, &mut visit));
    }

    /// Calls `visit` on what each `set` sets.
    pub(crate) fn for_each_set(&mut self, mut visit: impl FnMut(&mut Value)) {
        self.lists().into_iter().for_each(|steps| walk_sets(steps, &mut visit));
    }

    /// Whether an extract or a block changes a variable.
    pub(crate) fn sets(&self, name: &str) -> bool {
        let in_scenarios = self
            .scenarios
            .iter()
            .flat_map(|scenario| [&scenario.on_start, &scenario.steps, &scenario.on_stop]);
        [&self.setup, &self.teardown].into_iter().chain(in_scenarios).any(|steps| sets(steps, name))
    }

    /// Calls `visit` on each text of the steps, but not on names of members.
    pub(crate) fn for_each_text(&mut self, visit: &mut impl FnMut(&mut String)) {
        self.lists().into_iter().for_each(|steps| texts(steps, visit));
    }

    fn lists(&mut self) -> Vec<&mut Vec<Step>> {
        let mut lists = vec![&mut self.setup];
        for scenario in &mut self.scenarios {
            lists.extend([&mut scenario.on_start, &mut scenario.steps, &mut scenario.on_stop]);
        }
        lists.push(&mut self.teardown);
        lists
    }
}

impl Step {
    /// A block without steps in it, such as a pause.
    pub(crate) fn simple(key: &str, value: impl Into<Value>) -> Self {
        let head = std::iter::once((key.to_owned(), value.into())).collect();
        Self::Block(Block { head, lists: Vec::new() })
    }

    /// A block with one list of steps, under `tasks`.
    pub(crate) fn block(key: &str, value: impl Into<Value>, steps: Vec<Self>) -> Self {
        let head = std::iter::once((key.to_owned(), value.into())).collect();
        Self::Block(Block { head, lists: vec![("tasks", steps)] })
    }

    /// A block that is nothing but a list of steps, such as `parallel`.
    pub(crate) fn list(key: &'static str, steps: Vec<Self>) -> Self {
        Self::Block(Block { head: Map::new(), lists: vec![(key, steps)] })
    }

    /// A named group of steps.
    pub(crate) fn group(name: &str, steps: Vec<Self>) -> Self {
        Self::block("group", name, steps)
    }

    /// What could not be made a step: what it is to do, and how the source says it.
    pub(crate) fn todo(what: &str, source: &str) -> Self {
        let mut head = Map::new();
        head.insert("todo".to_owned(), what.into());
        if !source.is_empty() {
            head.insert("source".to_owned(), source.into());
        }
        Self::Block(Block { head, lists: Vec::new() })
    }
}

impl From<Task> for Step {
    fn from(task: Task) -> Self {
        Self::Task(Box::new(task))
    }
}

fn collect<'a>(steps: &'a [Step], found: &mut Vec<&'a Task>) {
    for step in steps {
        match step {
            Step::Task(task) => found.push(task),
            Step::Block(block) => block.lists.iter().for_each(|(_, steps)| collect(steps, found)),
        }
    }
}

/// Whether a header says how a body is framed, which the client writes itself.
pub(crate) fn is_framing(header: &str) -> bool {
    ["content-length", "transfer-encoding"].iter().any(|name| header.eq_ignore_ascii_case(name))
}

fn walk(steps: &mut [Step], visit: &mut impl FnMut(&mut Task)) {
    for step in steps {
        match step {
            Step::Task(task) => visit(task),
            Step::Block(block) => {
                block.lists.iter_mut().for_each(|(_, steps)| walk(steps, visit));
            }
        }
    }
}

fn walk_todos(steps: &mut [Step], visit: &mut impl FnMut(&mut String)) {
    for step in steps {
        let Step::Block(block) = step else { continue };
        for (key, value) in &mut block.head {
            if let (true, Value::String(text)) = (matches!(key.as_str(), "todo" | "source"), value)
            {
                visit(text);
            }
        }
        block.lists.iter_mut().for_each(|(_, steps)| walk_todos(steps, visit));
    }
}

fn walk_sets(steps: &mut [Step], visit: &mut impl FnMut(&mut Value)) {
    for step in steps {
        let Step::Block(block) = step else { continue };
        if let Some(set) = block.head.get_mut("set") {
            visit(set);
        }
        block.lists.iter_mut().for_each(|(_, steps)| walk_sets(steps, visit));
    }
}

fn sets(steps: &[Step], name: &str) -> bool {
    steps.iter().any(|step| match step {
        Step::Task(task) => {
            task.extract.iter().any(|extract| extract.get("var").is_some_and(|var| var == name))
        }
        Step::Block(block) => {
            let set = block.head.get("set").is_some_and(|set| set.get(name).is_some());
            let item = block.head.get("as").is_some_and(|item| item == name);
            set || item || block.lists.iter().any(|(_, steps)| sets(steps, name))
        }
    })
}

fn texts(steps: &mut [Step], visit: &mut impl FnMut(&mut String)) {
    for step in steps {
        match step {
            Step::Task(task) => {
                visit(&mut task.url);
                task.headers.iter_mut().for_each(|(_, value)| visit(value));
                task.fields.values_mut().for_each(|value| texts_of(value, visit));
                let lists = task.assertions.iter_mut().chain(&mut task.extract);
                lists.for_each(|value| texts_of(value, visit));
            }
            Step::Block(block) => {
                block.head.values_mut().for_each(|value| texts_of(value, visit));
                block.lists.iter_mut().for_each(|(_, steps)| texts(steps, visit));
            }
        }
    }
}

fn texts_of(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts_of(item, visit)),
        Value::Object(members) => members.values_mut().for_each(|value| texts_of(value, visit)),
        _ => {}
    }
}

fn retain(steps: &mut Vec<Step>, keep: &mut impl FnMut(&Task) -> bool) {
    steps.retain_mut(|step| match step {
        Step::Task(task) => keep(task),
        Step::Block(block) if block.lists.is_empty() => true,
        Step::Block(block) => {
            block.lists.iter_mut().for_each(|(_, steps)| retain(steps, keep));
            block.lists.iter().any(|(_, steps)| !steps.is_empty())
        }
    });
}
