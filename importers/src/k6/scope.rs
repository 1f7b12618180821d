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
    /// The folder of the module.
    pub(super) folder: String,
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
    pub(super) fn of_module(folder: &str) -> Rc<Self> {
        Rc::new(Self { folder: folder.to_owned(), ..Self::default() })
    }

    pub(super) fn within(parent: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            parent: Some(Rc::clone(parent)),
            folder: parent.folder.clone(),
            ..Self::default()
        })
    }

    pub(super) fn declare(&self, name: &str, value: Value<'a>, depth: usize) {
        let is_of_module = self.parent.is_none();
        let binding = Binding { value, depth, variable: None, is_of_module };
        self.names.borrow_mut().insert(name.to_owned(), binding);
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
