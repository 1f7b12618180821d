//! `setup` and `teardown`: what is done once per run, beside its load.

use ld_stdlib::blocks::APART;
use ld_stdlib::{Span, Tree};

use crate::ir::{Load, Pause, Scenario};
use crate::json::Node;
use crate::load::Given;
use crate::lower::{Lower, Unknown};
use crate::scenario::user;
use crate::steps::{Common, Context, is_block};

/// Lowers the `setup` or `teardown` of a run: steps for users like the run's, or an object that
/// says what else makes them. `None` when there are none.
pub(crate) fn lower(
    name: &'static str,
    run: &Given<'_, '_>,
    common: Common<'_>,
    lower: &mut Lower<'_>,
) -> Option<Scenario> {
    let (_, node) = run.written(name).filter(|(_, node)| !node.is_null())?;
    if node.get("tasks").is_some() && !is_block(node) {
        let owner = format_args!("`{name}`");
        let written = lower.members(node, &[APART], owner, Unknown::Field);
        let given = Given::new(written, &["tasks"], &["host"], lower);
        let host = match &lower.options.host {
            None => given.values.get("host").or(common.host),
            Some(_) => common.host,
        };
        let common = Common { host, ..common };
        let (_, tasks) = given.written("tasks")?;
        return steps(tasks, name, given.values.get("user"), run, common, lower);
    }
    steps(node, name, None, run, common, lower)
}

fn steps(
    node: &Node<'_>,
    name: &'static str,
    own_user: Option<&Tree>,
    run: &Given<'_, '_>,
    common: Common<'_>,
    lower: &mut Lower<'_>,
) -> Option<Scenario> {
    let detail = run.values.get("user_detail_dict");
    let kind = own_user.or_else(|| detail?.member("user"));
    let place = kind.map_or(Span::default(), |tree| tree.span);
    let (protocol, user) = user(kind, place, lower)?;
    lower.expand = true;
    let steps = lower.steps(node, name, Context { protocol, user, common });
    lower.expand = false;
    Some(Scenario {
        name: name.to_owned(),
        protocol,
        user,
        load: Load { users: 1, ..Load::default() },
        wait: Pause { min_ns: 0, max_ns: 0 },
        paced: false,
        start_after_ns: 0,
        iterations: 1,
        apart: true,
        weighted: false,
        steps,
        on_start: Vec::new(),
        on_stop: Vec::new(),
    })
}
