//! Names of a script and what they stand for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::value::Value;

/// The names of a block, in those of the blocks around it.
#[derive(Default)]
pub(super) struct Scope<'a> {
    names: RefCell<HashMap<String, Binding<'a>>>,
    parent: Option<Rc<Scope<'a>>>,
    /// Of a function: the names that `var` declares for all of it.
    hoisted: RefCell<Option<Vec<String>>>,
    /// The module.
    pub(super) origin: Origin<'a>,
}

/// Where a part of a script stands.
#[derive(Clone, Default)]
pub(super) struct Origin<'a> {
    pub(super) file: Rc<str>,
    pub(super) text: &'a str,
}

/// What a name stands for.
#[derive(Clone)]
pub(super) struct Binding<'a> {
    pub(super) value: Value<'a>,
    /// How many blocks that run conditionally it was declared in.
    pub(super) depth: usize,
    /// The variable of the plan that has its value, when the plan changes it.
    pub(super) variable: Option<String>,
    /// A module has it, so that it lives on from one iteration to the next.
    pub(super) is_of_module: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn of_module(origin: Origin<'a>) -> Rc<Self> {
        Rc::new(Self { origin, ..Self::default() })
    }

    pub(super) fn within(parent: &Rc<Self>) -> Rc<Self> {
        let origin = parent.origin.clone();
        Rc::new(Self { parent: Some(Rc::clone(parent)), origin, ..Self::default() })
    }

    /// A scope with the same names of its own: the next round of a loop.
    pub(super) fn again(&self) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::new(self.names.borrow().clone()),
            parent: self.parent.clone(),
            hoisted: RefCell::default(),
            origin: self.origin.clone(),
        })
    }

    pub(super) const fn is_of_module(&self) -> bool {
        self.parent.is_none()
    }

    pub(super) fn declare(&self, name: &str, value: Value<'a>, depth: usize) {
        self.declare_variable(name, value, depth, None);
    }

    /// Declares a name whose value a variable of the plan has.
    pub(super) fn declare_variable(
        &self,
        name: &str,
        value: Value<'a>,
        depth: usize,
        variable: Option<String>,
    ) {
        let is_of_module = self.is_of_module();
        let binding = Binding { value, depth, variable, is_of_module };
        self.names.borrow_mut().insert(name.to_owned(), binding);
    }

    /// Whether it is this scope that has a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.borrow().contains_key(name)
    }

    /// Makes this the scope of a function, with names that are declared somewhere in it.
    pub(super) fn hoist(&self, names: Vec<String>) {
        *self.hoisted.borrow_mut() = Some(names);
    }

    /// Whether the function around has this name for all of it.
    pub(super) fn is_hoisted(&self, name: &str) -> bool {
        match (&*self.hoisted.borrow(), &self.parent) {
            (Some(names), _) => names.iter().any(|known| known == name),
            (None, Some(parent)) => parent.is_hoisted(name),
            (None, None) => false,
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Binding<'a>> {
        let mut scope = self;
        loop {
            if let Some(binding) = scope.names.borrow().get(name) {
                return Some(binding.clone());
            }
            scope = scope.parent.as_deref()?;
        }
    }

    /// Changes what a name stands for; `false` when there is no such name.
    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Binding<'a>)) -> bool {
        let mut scope = self;
        loop {
            if let Some(binding) = scope.names.borrow_mut().get_mut(name) {
                change(binding);
                return true;
            }
            match scope.parent.as_deref() {
                Some(parent) => scope = parent,
                None => return false,
            }
        }
    }
}
