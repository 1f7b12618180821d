//! `scenarios`: several kinds of users in one run, each with tasks and load of its own.

use ld_stdlib::Shape;
use ld_stdlib::load::SCENARIO;
use ld_vm::program::LoadKind;

use crate::connection::Connection;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Load, Scenario};
use crate::json::{Kind, Member, Node};
use crate::load::{self, Given};
use crate::lower::{Lower, Unknown};
use crate::scenario::{around, tasks, user};
use crate::steps::{Common, Context};

/// What is lowered by itself.
const LEFT_OUT: [&str; 5] = ["tasks", "on_start", "on_stop", "connection", "connection_string"];

/// Lowers the scenarios of a run, whose own arguments hold for those that say nothing else.
pub(crate) fn lower(
    node: &Node<'_>,
    run: &Given<'_, '_>,
    common: Common<'_>,
    lower: &mut Lower<'_>,
) -> Vec<Scenario> {
    let Kind::Object(members) = &node.kind else {
        lower.wrong_type(node, &Shape::Map(&Shape::Any), "scenarios");
        return Vec::new();
    };
    if members.is_empty() {
        let problem = Diagnostic::new(Code::NoTasks, "there are no scenarios")
            .label(node.span, "this run makes no requests");
        lower.report(problem);
    }
    if let Some(span) = run.span("tasks") {
        let problem = Diagnostic::new(
            Code::ConflictingSettings,
            "the tasks of a run with `scenarios` stand in these",
        )
        .label(span, "these tasks belong to no scenario")
        .also(node.span, "each of these has its own `tasks`");
        lower.report(problem);
    }
    let shared = load::load(run, lower).unwrap_or_default();
    let waits = load::wait(run, lower).unwrap_or_else(load::default_wait);
    let mut scenarios = Vec::new();
    let mut shares = Vec::new();
    for Member { key, value } in members {
        if value.is_invalid() {
            continue;
        }
        let Kind::Object(_) = value.kind else {
            lower.wrong_type(value, &Shape::Object(SCENARIO), &key.text);
            continue;
        };
        let owner = format_args!("scenario `{}`", key.text);
        let written = lower.members(value, &[SCENARIO], owner, Unknown::Field);
        let given = Given::new(written, &LEFT_OUT, &["host"], lower);
        let detail = run.values.get("user_detail_dict");
        let name = given.values.get("user").or_else(|| detail?.member("user"));
        let Some((protocol, user)) = user(name, key.span, lower) else { continue };
        let host = match &lower.options.host {
            None => given.values.get("host").or(common.host),
            Some(_) => common.host,
        };
        let connection = Connection::of(&given, Some(common.connection), lower);
        let common = Common { host, connection: &connection };
        let context = Context { protocol, user, common };
        lower.expand = true;
        let (weighted, steps) = (given.written("tasks"))
            .map(|(_, node)| tasks(node, context, lower))
            .unwrap_or_default();
        let [on_start, on_stop] = around(&[&given, run], context, lower);
        lower.expand = false;
        let own = load::load(&given, lower);
        let weight = given.number("weight");
        match &own {
            None => shares.push((scenarios.len(), weight.unwrap_or(1.0))),
            Some(_) => {
                if let Some(span) = given.span("weight") {
                    let message = "`weight` changes nothing where a scenario has its own load";
                    let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                        .label(span, "of no part of the run's users");
                    lower.report(problem);
                }
            }
        }
        if own.is_none() && shared.kind == LoadKind::Levels {
            let problem = Diagnostic::new(
                Code::ConflictingSettings,
                format!("scenario `{}` has no load", key.text),
            )
            .label(value.span, "no `user_count`, `arrival` or `load_shape` here")
            .note(
                "scenarios share `user_count` or `arrival` of their run, but not its `load_shape`",
            );
            lower.report(problem);
        }
        let (wait, paced) = load::wait(&given, lower).unwrap_or(waits);
        scenarios.push(Scenario {
            name: key.text.clone().into_owned(),
            protocol,
            user,
            load: own.unwrap_or_default(),
            wait,
            paced,
            start_after_ns: given.seconds("start_after").unwrap_or(0),
            iterations: given.number("iterations").unwrap_or(0.0) as u64,
            apart: false,
            weighted,
            steps,
            on_start,
            on_stop,
        });
    }
    let weights: Vec<f64> = shares.iter().map(|(_, weight)| *weight).collect();
    for ((at, _), load) in shares.into_iter().zip(split(&shared, &weights)) {
        if let Some(scenario) = scenarios.get_mut(at) {
            scenario.load = load;
        }
    }
    scenarios
}

/// Splits a load by weights. Users are whole: those left over go to the largest fractions.
fn split(load: &Load, weights: &[f64]) -> Vec<Load> {
    let total: f64 = weights.iter().sum();
    let share = |weight: &f64| if total > 0.0 { weight / total } else { 0.0 };
    let exact = weights.iter().map(|weight| share(weight) * f64::from(load.users));
    let mut users: Vec<u32> = exact.clone().map(|users| users as u32).collect();
    let mut order: Vec<(f64, usize)> = exact.map(f64::fract).zip(0..).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let left = load.users.saturating_sub(users.iter().sum());
    for (_, at) in order.into_iter().take(if total > 0.0 { left as usize } else { 0 }) {
        if let Some(users) = users.get_mut(at) {
            *users += 1;
        }
    }
    let one = |(weight, users): (&f64, u32)| {
        let mut one = Load { users, ..load.clone() };
        // Of a share without users the rate does not matter, but it must be one.
        one.spawn_rate = (load.spawn_rate * share(weight)).max(f64::MIN_POSITIVE);
        for stage in &mut one.stages {
            stage.from *= share(weight);
            stage.to *= share(weight);
        }
        one
    };
    weights.iter().zip(users).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(count: u32, weights: &[f64]) -> Vec<u32> {
        let load = Load { users: count, ..Load::default() };
        split(&load, weights).into_iter().map(|load| load.users).collect()
    }

    #[test]
    fn every_user_of_the_run_is_in_one_scenario() {
        assert_eq!(users(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(users(10, &[70.0, 30.0]), [7, 3]);
        assert_eq!(users(7, &[0.5, 0.0, 1.5]), [2, 0, 5]);
        assert_eq!(users(1, &[1.0, 3.0]), [0, 1]);
        assert_eq!(users(5, &[0.0, 0.0]), [0, 0]);
        assert_eq!(users(5, &[]), [] as [u32; 0]);
    }

    #[test]
    fn rates_are_split_as_users_are() {
        let load = Load { users: 8, spawn_rate: 20.0, ..Load::default() };
        let rates: Vec<f64> =
            split(&load, &[3.0, 1.0]).iter().map(|load| load.spawn_rate).collect();
        assert_eq!(rates, [15.0, 5.0]);
    }
}
