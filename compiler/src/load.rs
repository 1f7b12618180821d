//! How much load a run or scenario makes: `user_count`, `load_shape` and `arrival` become stages.

use std::collections::HashMap;

use ld_stdlib::load::{SHAPES, shape_fields};
use ld_stdlib::{Field, Shape, Span, Tree, TreeKind};
use ld_vm::program::LoadKind;

use crate::diag::{Code, Diagnostic};
use crate::document::Written;
use crate::ir::{Load, Pause, Stage};
use crate::json::Node;
use crate::lower::Lower;
use crate::scenario::{nanoseconds, number, pause};

const DEFAULT_USERS: u32 = 50;
const DEFAULT_SPAWN_RATE: f64 = 10.0;
const DEFAULT_MAX_USERS: f64 = 10_000.0;
/// The reference's pause between ticks.
const DEFAULT_WAIT: Pause = Pause { min_ns: 100_000_000, max_ns: 200_000_000 };
/// Enough to follow any ramp: users per second of a linear one that says nothing.
const UNLIMITED: f64 = 1e9;
/// How long ticks are started when nothing but the run's end says so.
const ENDLESS_NS: u64 = u64::MAX;

/// The arguments of a run, or the fields of a scenario, that are values.
pub(crate) struct Given<'n, 's> {
    written: Written<'n, 's>,
    pub(crate) values: HashMap<&'static str, Tree>,
}

impl<'n, 's> Given<'n, 's> {
    /// Lowers all but those named; in `expanded`, placeholders are filled.
    pub(crate) fn new(
        written: Written<'n, 's>,
        left_out: &[&str],
        expanded: &[&str],
        lower: &mut Lower<'_>,
    ) -> Self {
        let mut values = HashMap::new();
        for (field, node) in &written {
            // What it must look like depends on the shape.
            if left_out.contains(&field.name) || field.name == "shape_config" {
                continue;
            }
            lower.expand = expanded.contains(&field.name);
            if let Some(tree) = lower.field(field, node) {
                values.insert(field.name, tree);
            }
            lower.expand = false;
        }
        Self { written, values }
    }

    /// A field as written.
    pub(crate) fn written(&self, name: &str) -> Option<(&'static Field, &'n Node<'s>)> {
        self.written.iter().find(|(field, _)| field.name == name).copied()
    }

    /// A field that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.values.get(name).and_then(number)
    }

    /// A field in seconds, in nanoseconds.
    pub(crate) fn seconds(&self, name: &str) -> Option<u64> {
        self.number(name).map(nanoseconds)
    }

    /// Where a field says something other than `null`.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        let (_, node) = self.written(name)?;
        (!node.is_null()).then_some(node.span)
    }
}

/// What makes load; `None` where nothing says so.
pub(crate) fn load(given: &Given<'_, '_>, lower: &mut Lower<'_>) -> Option<Load> {
    if let Some(arrival) = given.values.get("arrival")
        && arrival.kind != TreeKind::Null
    {
        let others = [
            ("user_count", "`max_users` in `arrival` says how many users there are at most"),
            ("spawn_rate", "users start when a tick needs one"),
            ("load_shape", "`stages` in `arrival` say how the rate changes"),
        ];
        for (name, note) in others {
            if let Some(span) = given.span(name) {
                lower.report(conflict(name, span, arrival.span, note));
            }
        }
        let others = [
            ("wait_time", "a tick starts"),
            ("pace", "a tick starts"),
            ("iterations", "users tick"),
        ];
        for (name, what) in others {
            if let Some(span) = given.span(name) {
                let message = format!("`{name}` changes nothing beside `arrival`");
                let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                    .label(span, format!("when {what} is up to `arrival`"));
                lower.report(problem);
            }
        }
        return arrivals(arrival, lower);
    }
    let shape = given.values.get("load_shape").and_then(|tree| match &tree.kind {
        TreeKind::Text(word) => String::from_utf8(word.constant()?).ok(),
        _ => None,
    });
    let config = given.written("shape_config").filter(|(_, node)| !node.is_null());
    let Some(shape) = shape else {
        if let Some((_, node)) = config
            && given.span("load_shape").is_none()
        {
            let message = "`shape_config` changes nothing without `load_shape`";
            let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                .label(node.span, "of no shape")
                .help(format!("name the shape: {}", SHAPES.join(", ")));
            lower.report(problem);
        }
        let users = given.number("user_count");
        let spawn_rate = given.number("spawn_rate");
        return (users.is_some() || spawn_rate.is_some()).then(|| Load {
            users: users.map_or(DEFAULT_USERS, |users| users as u32),
            spawn_rate: spawn_rate.unwrap_or(DEFAULT_SPAWN_RATE),
            ..Load::default()
        });
    };
    for name in ["user_count", "spawn_rate"] {
        if let Some(span) = given.span(name) {
            let message = format!("`{name}` changes nothing beside `load_shape`");
            let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                .label(span, "how many users there are is up to the shape");
            lower.report(problem);
        }
    }
    let config = config.and_then(|(_, node)| {
        let fields = Shape::Object(shape_fields(&shape));
        lower.value(node, &fields, "shape_config")
    });
    let stages = match shape.as_str() {
        "spike" => spike(config.as_ref()),
        "soak" => soak(config.as_ref()),
        _ => stages(config.as_ref(), lower),
    };
    let peak = stages.iter().map(|stage| stage.from.max(stage.to)).fold(0.0, f64::max);
    Some(Load { kind: LoadKind::Levels, users: peak as u32, stages, ..Load::default() })
}

/// What says when the next tick of a user is due, and whether from its end or its start.
pub(crate) fn wait(given: &Given<'_, '_>, lower: &mut Lower<'_>) -> Option<(Pause, bool)> {
    if let (Some(wait), Some(pace)) = (given.span("wait_time"), given.span("pace")) {
        lower.report(conflict(
            "wait_time",
            wait,
            pace,
            "one of the two says when the next tick starts",
        ));
    }
    let mut field = |name: &str| given.values.get(name).and_then(|tree| pause(tree, lower));
    let pace = field("pace").map(|pace| (pace, true));
    pace.or(field("wait_time").map(|wait| (wait, false)))
}

/// The wait of users about which the plan says nothing.
pub(crate) const fn default_wait() -> (Pause, bool) {
    (DEFAULT_WAIT, false)
}

fn conflict(name: &str, span: Span, other: Span, note: &str) -> Diagnostic {
    Diagnostic::new(Code::ConflictingSettings, format!("`{name}` contradicts what else is said"))
        .label(span, "this …")
        .also(other, "… and this cannot both hold")
        .help(note)
}

/// Shape `stages`.
fn stages(config: Option<&Tree>, lower: &mut Lower<'_>) -> Vec<Stage> {
    let list = items(config.and_then(|config| config.member("stages")));
    if list.is_empty() {
        let problem =
            Diagnostic::new(Code::FieldWithoutEffect, "a shape without stages ends at once");
        if let Some(config) = config {
            lower.report(problem.label(config.span, "no `stages` here"));
        }
    }
    let mut stages: Vec<Stage> = Vec::with_capacity(list.len());
    for item in list {
        let field = |name: &str| item.member(name).and_then(number);
        let to = field("users").unwrap_or(0.0).trunc();
        let before = stages.last().map_or(0.0, |stage| stage.to);
        let is_linear = word(item, "ramp").is_some_and(|ramp| ramp == b"linear");
        let (from, default) = if is_linear { (before, UNLIMITED) } else { (to, 1.0) };
        let spawn_rate = field("spawn_rate").unwrap_or(default);
        let duration_ns = nanoseconds(field("duration").unwrap_or(0.0));
        stages.push(Stage { duration_ns, from, to, spawn_rate });
    }
    stages
}

/// Shape `spike`: a level, a higher one, the first one again.
fn spike(config: Option<&Tree>) -> Vec<Stage> {
    let field = |name: &str| config.and_then(|config| config.member(name)).and_then(number);
    let baseline = field("baseline_users").unwrap_or(0.0).trunc();
    let spike = field("spike_users").map_or(baseline, f64::trunc);
    let spawn_rate = field("spawn_rate").unwrap_or(10.0);
    let stages = [("pre_seconds", baseline), ("spike_seconds", spike), ("post_seconds", baseline)];
    let stage = |(name, level)| {
        let duration_ns = nanoseconds(field(name).unwrap_or(30.0));
        Stage { duration_ns, from: level, to: level, spawn_rate }
    };
    stages.map(stage).to_vec()
}

/// Shape `soak`: `max(1, ⌊users · t / ramp⌋)`, then `users`, then `⌊users · (1 − t / cooldown)⌋`.
fn soak(config: Option<&Tree>) -> Vec<Stage> {
    let field = |name: &str| config.and_then(|config| config.member(name)).and_then(number);
    let users = field("users").unwrap_or(0.0).trunc();
    let spawn_rate = field("spawn_rate").unwrap_or_else(|| (users / 10.0).trunc().max(1.0));
    let ramp = field("ramp_seconds").unwrap_or(60.0);
    // The first user is there from the start, not only once the ramp has reached it.
    let first = if users > 0.0 { ramp / users } else { 0.0 };
    let stages = [
        (first, users.min(1.0), users.min(1.0)),
        (ramp - first, users.min(1.0), users),
        (field("hold_seconds").unwrap_or(600.0), users, users),
        (field("cooldown_seconds").unwrap_or(60.0), users, 0.0),
    ];
    let stage =
        |(seconds, from, to)| Stage { duration_ns: nanoseconds(seconds), from, to, spawn_rate };
    stages.into_iter().map(stage).filter(|stage| stage.duration_ns > 0).collect()
}

fn arrivals(arrival: &Tree, lower: &mut Lower<'_>) -> Option<Load> {
    let field = |name: &str| arrival.member(name).and_then(number);
    let per = match word(arrival, "unit").as_deref() {
        Some(b"m") => 60.0,
        Some(b"h") => 3600.0,
        _ => 1.0,
    };
    let rate = field("rate").map(|rate| rate / per);
    let listed = arrival.member("stages");
    let stages = if let Some(listed) = listed {
        if let Some(duration) = arrival.member("duration") {
            let note = "the stages say how long ticks are started";
            lower.report(conflict("duration", duration.span, listed.span, note));
        }
        let mut from = rate.unwrap_or(0.0);
        let stage = |item: &Tree| {
            let field = |name: &str| item.member(name).and_then(number).unwrap_or(0.0);
            let to = field("rate") / per;
            let from = std::mem::replace(&mut from, to);
            Stage { duration_ns: nanoseconds(field("duration")), from, to, spawn_rate: UNLIMITED }
        };
        items(Some(listed)).iter().map(stage).collect()
    } else {
        let Some(rate) = rate else {
            let problem = Diagnostic::new(Code::MissingField, "`arrival` needs `rate` or `stages`")
                .label(arrival.span, "nothing says how many ticks to start")
                .help(r#"add `"rate": 200`"#);
            lower.report(problem);
            return None;
        };
        let duration_ns = field("duration").map_or(ENDLESS_NS, nanoseconds);
        vec![Stage { duration_ns, from: rate, to: rate, spawn_rate: UNLIMITED }]
    };
    let poisson = word(arrival, "distribution").is_some_and(|word| word == b"poisson");
    let kind = if poisson { LoadKind::Poisson } else { LoadKind::Uniform };
    let users = field("max_users").unwrap_or(DEFAULT_MAX_USERS) as u32;
    Some(Load { kind, users, stages, ..Load::default() })
}

impl Load {
    /// Whether it starts ticks rather than users.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.kind, LoadKind::Uniform | LoadKind::Poisson)
    }

    /// Whether it is over some time by itself.
    pub(crate) fn ends(&self) -> bool {
        !self.stages.is_empty() && self.stages.iter().all(|stage| stage.duration_ns < ENDLESS_NS)
    }
}

impl Default for Load {
    fn default() -> Self {
        Self {
            kind: LoadKind::Batches,
            users: DEFAULT_USERS,
            spawn_rate: DEFAULT_SPAWN_RATE,
            stages: Vec::new(),
        }
    }
}

fn word(tree: &Tree, name: &str) -> Option<Vec<u8>> {
    tree.member(name)?.to_text().constant()
}

fn items(list: Option<&Tree>) -> &[Tree] {
    match list {
        Some(Tree { kind: TreeKind::List(items), .. }) => items,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use crate::{NoFiles, Options, Source, compile};

    /// The stages of a plan's only scenario: seconds, levels at start and end, spawn rate.
    fn stages_of(arguments: &str) -> Vec<(f64, f64, f64, f64)> {
        let task = r#"{"method": "get", "request_url": "http://a/"}"#;
        let plan = format!(
            r#"[["LD_start_test", {{"user_detail_dict": {{}}, "test_time": null, "tasks": [{task}], {arguments}}}]]"#
        );
        let source = Source::new("plan.json", plan);
        let compiled = compile(&source, &Options { files: &NoFiles, ..Options::new() });
        assert_eq!(compiled.diagnostics, []);
        let stages = compiled.program.unwrap().tables.stages;
        let stage = |row: &ld_vm::program::StageRow| {
            (row.duration_ns as f64 / 1e9, row.from, row.to, row.spawn_rate)
        };
        stages.iter().map(stage).collect()
    }

    #[test]
    fn stages_step_unless_their_ramp_is_linear() {
        let plan = r#""load_shape": "Stages", "shape_config": {"stages": [
            {"duration": 10, "users": 5.9, "spawn_rate": 0.5}, {"users": 3},
            {"duration": 20, "users": 9, "ramp": "linear"}]}"#;
        let expected = [(10.0, 5.0, 5.0, 0.5), (0.0, 3.0, 3.0, 1.0), (20.0, 3.0, 9.0, 1e9)];
        assert_eq!(stages_of(plan), expected);
    }

    #[test]
    fn a_spike_goes_back_to_where_it_came_from() {
        let plan = r#""load_shape": "spike", "shape_config": {"baseline_users": 2, "spike_users": 8, "spike_seconds": 5}"#;
        assert_eq!(
            stages_of(plan),
            [(30.0, 2.0, 2.0, 10.0), (5.0, 8.0, 8.0, 10.0), (30.0, 2.0, 2.0, 10.0)]
        );
    }

    #[test]
    fn a_soak_has_a_user_from_the_start() {
        let plan = r#""load_shape": "soak", "shape_config": {"users": 40, "ramp_seconds": 20, "cooldown_seconds": 0}"#;
        assert_eq!(
            stages_of(plan),
            [(0.5, 1.0, 1.0, 4.0), (19.5, 1.0, 40.0, 4.0), (600.0, 40.0, 40.0, 4.0)]
        );
    }

    #[test]
    fn rates_are_per_second_whatever_their_unit() {
        let plan = r#""arrival": {"rate": 60, "unit": "M", "stages": [{"duration": 5, "rate": 120}, {"duration": 1, "rate": 0}]}"#;
        assert_eq!(stages_of(plan), [(5.0, 1.0, 2.0, 1e9), (1.0, 2.0, 0.0, 1e9)]);
    }
}
