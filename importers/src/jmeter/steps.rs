//! The steps below an element, with what applies to each of its samplers.

use serde_json::json;

use super::reader::Reader;
use super::role::Role;
use super::tree::Element;
use super::{
    assertions, config, controllers, extractors, http, jdbc, processors, rewriting, samplers,
    sockets, timers,
};
use crate::draft::{Block, Step, Task};

/// What applies to a sampler: the elements of each level around it, the outermost level first.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'e>(Vec<Vec<&'e Element>>);

impl<'e> Scope<'e> {
    /// The scope inside of an element.
    pub(super) fn inside(&self, element: &'e Element) -> Self {
        self.with(element.live().collect())
    }

    /// The scope with one more level.
    pub(super) fn with(&self, elements: Vec<&'e Element>) -> Self {
        let applies = |role| {
            matches!(
                role,
                Role::Config | Role::Timer | Role::Assertion | Role::Before | Role::After
            )
        };
        let mut levels = self.0.clone();
        levels.push(elements.into_iter().filter(|element| applies(element.role())).collect());
        Self(levels)
    }

    /// The elements of a role, those of outer levels first.
    pub(super) fn outer_first(&self, role: Role) -> impl Iterator<Item = &'e Element> {
        self.0.iter().flatten().copied().filter(move |element| element.role() == role)
    }

    /// The elements of a class, those of inner levels first.
    pub(super) fn inner_first(&self, class: &str) -> impl Iterator<Item = &'e Element> {
        let all = self.0.iter().rev().flatten().copied();
        all.filter(move |element| element.class == class)
    }

    /// The element of a class that counts where JMeter takes one: that of the outermost level.
    pub(super) fn one(&self, class: &str) -> Option<&'e Element> {
        self.inner_first(class).last()
    }
}

impl Reader<'_> {
    /// The steps of all children, one list for each that has any, with whom they are of.
    pub(super) fn children<'e>(
        &mut self,
        element: &'e Element,
        scope: &Scope<'e>,
    ) -> Vec<(&'e Element, Vec<Step>)> {
        let mut found = Vec::new();
        for child in &element.children {
            let steps = self.child(child, scope);
            if !steps.is_empty() {
                found.push((child, steps));
            }
        }
        found
    }

    /// The steps inside an element whose scope is `scope`, after what is done each time it begins.
    pub(super) fn inside<'e>(&mut self, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
        let mut steps = self.each_time(element);
        steps.extend(self.children(element, scope).into_iter().flat_map(|(_, steps)| steps));
        steps
    }

    /// What the elements directly below do each time their controller begins.
    pub(super) fn each_time(&mut self, element: &Element) -> Vec<Step> {
        let mut steps = Vec::new();
        for child in element.live() {
            steps.extend(config::each_time(self, child));
            // What belongs to a sampler alone is done by the controller around it.
            if child.role() == Role::Sampler {
                for below in child.live() {
                    steps.extend(config::each_time(self, below));
                }
            }
        }
        steps
    }

    fn child<'e>(&mut self, child: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
        match child.role() {
            Role::Sampler | Role::Controller if !child.enabled => {
                self.at(child, |reader| reader.switched_off(child, scope))
            }
            _ if !child.enabled => Vec::new(),
            Role::Sampler => self.at(child, |reader| reader.sampler(child, scope)),
            Role::Controller => self.at(child, |reader| controllers::steps(reader, child, scope)),
            Role::Unknown => self.at(child, |reader| {
                let what = child.class.clone();
                reader.drop(&what, "this element is not known; its steps are in the plan");
                reader.inside(child, &scope.inside(child))
            }),
            _ => Vec::new(),
        }
    }

    /// What is switched off in the source is so in the plan.
    fn switched_off<'e>(&mut self, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
        if element.class == "TestFragmentController" {
            return Vec::new();
        }
        self.remark(&element.class, "it is switched off, and so it is in the plan");
        let mut steps = match element.role() {
            Role::Sampler => self.sampler(element, scope),
            _ => controllers::steps(self, element, scope),
        };
        let is_loud = |step: &Step| match step {
            Step::Task(_) => true,
            Step::Block(block) => !block.lists.is_empty() || block.head.contains_key("todo"),
        };
        steps.retain(is_loud);
        for step in &mut steps {
            match step {
                Step::Task(task) => {
                    task.fields.insert("run_if".to_owned(), json!(false));
                }
                Step::Block(block) => {
                    block.head.insert("run_if".to_owned(), json!(false));
                }
            }
        }
        steps
    }

    /// What a sampler does, with what applies to it.
    fn sampler<'e>(&mut self, element: &'e Element, outer: &Scope<'e>) -> Vec<Step> {
        let scope = outer.inside(element);
        let mut steps = Vec::new();
        for before in scope.outer_first(Role::Before) {
            steps.extend(self.at(before, |reader| processors::steps(reader, before)));
        }
        steps.extend(timers::pauses(self, &scope));
        let mut step = match element.class.as_str() {
            class if class.starts_with("HTTPSampler") || class == "GraphQLHTTPSampler" => {
                Some(Step::from(http::task(self, element, &scope)))
            }
            class if sockets::is_known(class) => Some(sockets::step(self, element, &scope)),
            "JDBCSampler" => Some(jdbc::step(self, element)),
            _ => {
                let made = samplers::steps(self, element, &scope);
                steps.extend(self.take_before());
                steps.extend(made);
                None
            }
        };
        // What extractors need comes after the request.
        steps.extend(self.take_before());
        if let Some(Step::Task(task)) = &mut step {
            self.expect(task, &scope);
        } else {
            self.not_applied(element);
        }
        let after: Vec<&Element> = scope.outer_first(Role::After).collect();
        let mut behind = Vec::new();
        if let Some(Step::Task(task)) = &mut step {
            for element in after {
                let more = self.at(element, |reader| extractors::add(reader, element, task));
                behind.extend(more);
            }
            if task.user.is_some() {
                sockets::without_heads(self, task);
            } else {
                rewriting::extract(self, element, task);
            }
            timers::throttle(self, task, &scope);
        }
        steps.extend(self.take_before());
        steps.extend(step);
        steps.extend(behind);
        steps.extend(self.take_next_rows());
        steps
    }

    /// Checks and extractors of a sampler that is no task.
    fn not_applied(&mut self, element: &Element) {
        for below in element.live() {
            if matches!(below.role(), Role::Assertion | Role::After) {
                self.at(below, |reader| {
                    let why = "the step that it is about is no task; write it with that";
                    reader.drop(&below.class, why);
                });
            }
        }
    }

    /// The checks that apply to a request.
    pub(super) fn expect(&mut self, task: &mut Task, scope: &Scope<'_>) {
        for element in scope.outer_first(Role::Assertion) {
            self.at(element, |reader| assertions::add(reader, element, task));
        }
    }
}

/// Steps as one: the step itself, or a group of all.
pub(super) fn as_one(name: &str, mut steps: Vec<Step>) -> Step {
    match (steps.pop(), steps.is_empty()) {
        (Some(alone), true) => alone,
        (last, _) => {
            steps.extend(last);
            Step::group(name, steps)
        }
    }
}

/// A block of several lists.
pub(super) fn choice(key: &str, condition: &str, then: Vec<Step>, or: Vec<Step>) -> Step {
    let head = std::iter::once((key.to_owned(), json!(condition))).collect();
    let mut lists = vec![("tasks", then)];
    if !or.is_empty() {
        lists.push(("else", or));
    }
    Step::Block(Block { head, lists })
}
