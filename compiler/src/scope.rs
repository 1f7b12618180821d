//! What names mean at a point of the document: the variables and data sources registered
//! so far.

use std::collections::{BTreeMap, HashMap, HashSet};

use ld_stdlib::Span;

use crate::ir::{Const, Throttle, Var};

/// The registrations in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Variables with a value at the start of a run.
    pub(crate) vars: HashMap<String, Registered>,
    /// Those of them that were registered since the last run, with where.
    pub(crate) fresh: BTreeMap<String, Span>,
    /// Data sources, as indexes into the document's list.
    pub(crate) sources: HashMap<String, usize>,
    /// The columns of each source of the document; `None` when its file cannot be read,
    /// which has been reported.
    pub(crate) columns: Vec<Option<Vec<String>>>,
    /// What the tasks of the run being lowered take out of replies, with where they do.
    pub(crate) extracted: HashMap<Var, Vec<Span>>,
    /// The throttles of the run so far, with where they are.
    pub(crate) throttles: Vec<(Throttle, Span)>,
    /// Variables of the run whose value stands in its place already, or was meant to.
    pub(crate) read: HashSet<Var>,
}

/// A variable with a value.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) value: Const,
    /// Where the plan sets it; nowhere when the command line does.
    pub(crate) span: Option<Span>,
}

impl Scope {
    /// Forgets variables and sources, as `LD_clear_resolver` does.
    pub(crate) fn clear(&mut self) {
        self.vars.clear();
        self.fresh.clear();
        self.sources.clear();
    }

    /// The value of a variable that nothing in the run can change.
    pub(crate) fn constant(&self, var: &Var) -> Option<&Const> {
        if var.session || self.extracted.contains_key(var) {
            return None;
        }
        self.vars.get(&var.name).map(|registered| &registered.value).filter(|v| **v != Const::Null)
    }

    /// Whether anything sets the variable, before or during the run.
    pub(crate) fn is_set(&self, var: &Var) -> bool {
        self.extracted.contains_key(var) || (!var.session && self.vars.contains_key(&var.name))
    }
}
