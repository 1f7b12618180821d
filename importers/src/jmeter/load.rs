//! Thread groups as load: how many users there are, when they start and how often they go round.

use serde_json::{Map, Value, json};

use super::profile;
use super::reader::Reader;
use super::timers::seconds;
use super::tree::Element;

/// The load of a thread group.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Arguments of its scenario.
    pub(super) arguments: Map<String, Value>,
    /// Rounds of each user; none for as many as the time allows.
    pub(super) loops: Option<u64>,
    /// Seconds from its own start until it ends, if the group says so.
    pub(super) duration: Option<f64>,
    /// Seconds after the start of the run.
    pub(super) delay: f64,
    /// Users, and the seconds until all have started.
    users: Option<(u64, f64)>,
}

impl Load {
    /// Says the duration as stages, where groups end at different times.
    pub(super) fn end_by_itself(&mut self) {
        let (Some((users, ramp)), Some(duration)) = (self.users, self.duration) else { return };
        self.arguments.retain(|key, _| key != "user_count" && key != "spawn_rate");
        let ramp = ramp.clamp(0.0, duration);
        let mut stages = Vec::new();
        if ramp > 0.0 {
            stages.push(json!({"duration": seconds(ramp), "users": users, "ramp": "linear"}));
        }
        if duration > ramp {
            stages.push(json!({"duration": seconds(duration - ramp), "users": users, "spawn_rate": users.max(1)}));
        }
        profile::shape(&mut self.arguments, stages);
    }
}

/// The load of a thread group.
pub(super) fn of(reader: &mut Reader<'_>, group: &Element) -> Load {
    on_error(reader, group);
    let mut load = Load::default();
    reader.keep();
    match group.class.as_str() {
        "SteppingThreadGroup" => profile::stepping(reader, group, &mut load.arguments),
        "UltimateThreadGroup" => profile::ultimate(reader, group, &mut load.arguments),
        "ConcurrencyThreadGroup" => {
            profile::concurrency(reader, group, &mut load.arguments);
            renewed(reader, group);
        }
        "ArrivalsThreadGroup" => {
            profile::arrivals(reader, group, &mut load.arguments);
            renewed(reader, group);
        }
        "FreeFormArrivalsThreadGroup" => profile::free_form(reader, group, &mut load.arguments),
        "OpenModelThreadGroup" => profile::open_model(reader, group, &mut load.arguments),
        "ThreadGroup" | "SetupThreadGroup" | "PostThreadGroup" => {
            standard(reader, group, &mut load);
        }
        other => {
            reader.approximate(other, "this thread group is not known; it is read as a usual one");
            standard(reader, group, &mut load);
        }
    }
    load
}

/// Threads that end after some rounds: others begin in their place, so that the load stays the same.
fn renewed(reader: &mut Reader<'_>, group: &Element) {
    let rounds = group.text("Iterations").trim();
    if !matches!(rounds, "" | "0") {
        let what = format!("threads that end after {} rounds", rounds.replace("${", "$"));
        reader.remark(&what, "new ones begin in their place; users of the plan go on");
    }
}

fn standard(reader: &mut Reader<'_>, group: &Element, load: &mut Load) {
    let users = number(reader, group, "ThreadGroup.num_threads", "threads", 1.0);
    let ramp = number(reader, group, "ThreadGroup.ramp_time", "ramp-up", 0.0).max(0.0);
    let users = whole(users);
    if users == 0 {
        reader.remark("no threads", "JMeter starts none of them; the plan has one");
    }
    let users = users.max(1);
    load.users = Some((users, ramp));
    load.arguments.insert("user_count".to_owned(), json!(users));
    let rate = if ramp > 0.0 { as_float(users) / ramp } else { as_float(users) };
    load.arguments.insert("spawn_rate".to_owned(), seconds(rate.max(0.001)));
    load.loops = loops(reader, group);
    if group.flag("ThreadGroup.scheduler", false) {
        let duration = number(reader, group, "ThreadGroup.duration", "duration", 0.0);
        load.duration = Some(duration).filter(|&duration| duration > 0.0);
        load.delay = number(reader, group, "ThreadGroup.delay", "start-up delay", 0.0).max(0.0);
        if load.delay > 0.0 {
            load.arguments.insert("start_after".to_owned(), seconds(load.delay));
        }
    }
    if group.flag("ThreadGroup.delayedStart", false) {
        reader.keep();
    }
    if !group.flag("ThreadGroup.same_user_on_next_iteration", true) {
        let why = "users keep their cookies and connections from one iteration to the next";
        reader.approximate("a new user in each iteration", why);
    }
}

/// Rounds of each thread; none for no end.
fn loops(reader: &mut Reader<'_>, group: &Element) -> Option<u64> {
    let controller = group.element("ThreadGroup.main_controller")?;
    let text = controller.text("LoopController.loops").trim();
    if text.is_empty() {
        let forever = controller.flag("LoopController.continue_forever", false);
        return (!forever).then_some(1);
    }
    if text == "-1" {
        return None;
    }
    match reader.constant(text).map(|text| text.trim().parse::<i64>()) {
        Some(Ok(loops)) => u64::try_from(loops).ok().map(|loops| loops.max(1)),
        _ => {
            let what = format!("loops `{text}`");
            reader.approximate(&what, "how many these are cannot be told before the run; it is 1");
            Some(1)
        }
    }
}

/// A number of a thread group; properties of the command line count with their defaults.
pub(super) fn number(
    reader: &mut Reader<'_>,
    group: &Element,
    key: &str,
    what: &str,
    default: f64,
) -> f64 {
    let text = group.text(key).trim();
    if text.is_empty() {
        return default;
    }
    match reader.number(text) {
        Some(number) => {
            if text.contains("${") {
                let what = format!("{what} `{text}`");
                let why = "the load of a plan is known before the run; this is its default";
                reader.remark(&what, why);
            }
            number
        }
        None => {
            let what = format!("{what} `{text}`");
            let why = format!("what it is cannot be told before the run; it is {default}");
            reader.approximate(&what, &why);
            default
        }
    }
}

/// What JMeter does after a failure, other than going on.
fn on_error(reader: &mut Reader<'_>, group: &Element) {
    let what = match group.text("ThreadGroup.on_sample_error") {
        "" | "continue" => return,
        "startnextloop" => "a new iteration after a failure",
        "stopthread" => "the end of a thread after a failure",
        "stoptest" | "stoptestnow" => "the end of the test after a failure",
        other => other,
    };
    reader.approximate(what, "users go on after a failure");
}

/// A number as a whole one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
pub(super) fn whole(number: f64) -> u64 {
    number.clamp(0.0, 1e7).round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "numbers of users are small")]
fn as_float(number: u64) -> f64 {
    number as f64
}
