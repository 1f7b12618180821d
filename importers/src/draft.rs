//! A plan in the making: requests in the terms of the plan language, before they are written.

use serde_json::{Map, Value};

/// A plan in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// What the source calls itself.
    pub(crate) name: Option<String>,
    /// What it says of itself.
    pub(crate) description: Option<String>,
    /// Variables and what they are at the start.
    pub(crate) variables: Map<String, Value>,
    /// Other arguments of the run: load, data sources, gates, `setup` and so on.
    pub(crate) run: Map<String, Value>,
    /// What each user does, again and again.
    pub(crate) tasks: Vec<Task>,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// What its samples are counted under; made of method and path when absent.
    pub(crate) name: Option<String>,
    /// As it is sent, in capitals unless the source has it otherwise.
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
}
