//! Playing both forms of a program to the same replies, and comparing what the world sees.

use std::path::Path;

use ld_tests::plans;
use ld_tests::script::{self, Answer, Data, Event, Stage};
use ld_vm::program::{Id as _, RunId, SourceId};
use ld_vm::{FaultClass, Linked, Program};

use crate::wire::{Wire, wire};

/// What one user did: the events, its variables before and after.
#[derive(Debug, PartialEq)]
pub(crate) struct Played {
    pub(crate) events: Vec<Event>,
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
}

/// A plan's program, ready to run.
pub(crate) struct Ready {
    pub(crate) linked: Linked,
    data: Data,
}

impl Ready {
    pub(crate) fn new(plan: &Path, optimise: bool) -> Self {
        let (_, compiled) = plans::compile_file(plan, optimise).unwrap();
        assert!(compiled.program.is_some(), "{}: {:?}", plan.display(), compiled.diagnostics);
        Self::of(compiled.program.unwrap(), plans::folder(plan))
    }

    /// A program whose data files lie in a folder.
    pub(crate) fn of(program: Program, folder: &Path) -> Self {
        let data = Data::read(&program, folder).unwrap();
        let env = [("TARGET".to_owned(), "http://127.0.0.1:8080".to_owned())];
        Self { linked: script::link(program, &data, &env).unwrap(), data }
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = RunId> {
        (0..self.linked.program().tables.runs.len() as u32).map(RunId::from_number)
    }

    pub(crate) fn play(&self, run: RunId, id: u32, seed: u64) -> Played {
        let mut user = script::user(&self.linked, run, id, seed);
        let before = script::vars(&self.linked, &user);
        let mut stage = Stage::new(self.data.clone());
        let mut answers = fastrand::Rng::with_seed(seed);
        let events = script::play(&self.linked, &mut user, &mut stage, 8, |_| answer(&mut answers));
        Played { events, before, after: script::vars(&self.linked, &user) }
    }
}

/// Some reply of the kinds a run meets: mostly good ones.
fn answer(rng: &mut fastrand::Rng) -> Answer {
    const BODY: &str = r#"{"token": "t-N", "page": 2, "ids": [2, "acme & co"], "data":
        {"token": "a\"N", "id": N, "next": "http://127.0.0.1:8080/next?N"}, "error": null}"#;
    let number = rng.u32(0..1000).to_string();
    if rng.u32(0..10) == 0 {
        return Answer::fault(FaultClass::Reset, &format!("connection reset, {number}"));
    }
    let status = *rng.choice(&[200, 200, 200, 200, 201, 204, 404, 503]).unwrap();
    let body = *rng.choice(&[BODY, BODY, BODY, BODY, "", "<html>", "of acme & co"]).unwrap();
    Answer::new(status, body.replace('N', &number))
        .header("Content-Type", "application/json")
        .header("X-Where", "page")
}

/// How often requests went which way.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) ok: u32,
    pub(crate) failed: u32,
    pub(crate) unresolved: u32,
}

impl Outcomes {
    pub(crate) fn add(&mut self, others: &Self) {
        self.ok += others.ok;
        self.failed += others.failed;
        self.unresolved += others.unresolved;
    }
}

/// Plays all runs of both forms of a program for some seeds; the error is the first thing that
/// differs.
pub(crate) fn difference(optimised: &Ready, plain: &Ready, seeds: u64) -> Result<Outcomes, String> {
    let mut outcomes = Outcomes::default();
    if !optimised.runs().eq(plain.runs()) {
        return Err("other runs".to_owned());
    }
    for (run, seed) in optimised.runs().flat_map(|run| (0..seeds).map(move |seed| (run, seed))) {
        let id = seed as u32 % 3;
        let (left, right) = (optimised.play(run, id, seed), plain.play(run, id, seed));
        let place = format!("{run:?}, seed {seed}");
        for (number, (left, right)) in left.events.iter().zip(&right.events).enumerate() {
            let (left, right) = (seen(optimised, left), seen(plain, right));
            if left != right {
                return Err(format!("{place}, event {number}:\n{left:?}\n{right:?}"));
            }
            if let Seen::Sample { failure, unresolved, .. } = left {
                outcomes.failed += u32::from(failure.is_some());
                outcomes.ok += u32::from(failure.is_none());
                outcomes.unresolved += unresolved;
            }
        }
        if left.events.len() != right.events.len() {
            return Err(format!(
                "{place}: {} and {} events",
                left.events.len(),
                right.events.len()
            ));
        }
        for (name, value) in &right.after {
            let same = left.after.iter().find(|(other, _)| other == name);
            let folded = right.before.iter().find(|(other, _)| other == name);
            // Blocks keep in variables of their own what they have not been told by the plan alone.
            if same.is_none() && name.contains(" #") {
                continue;
            }
            // A variable that the optimised program folded has not changed.
            let other = same.or(folded).map(|(_, value)| value);
            if other != Some(value) {
                return Err(format!("{place}: `{name}` is {other:?} and {value}"));
            }
        }
    }
    Ok(outcomes)
}

/// What the world sees of an event.
#[derive(Debug, PartialEq)]
enum Seen {
    Request { name: String, wire: Wire },
    Sample { name: String, failure: Option<(FaultClass, String)>, unresolved: u32 },
    Retry { name: String, failure: Option<(FaultClass, String)>, attempt: u8, pause_ns: u64 },
    Wait(u64),
    Throttle { key: String, interval_ns: u64, burst: u32 },
    End(u64),
    Enter(String),
    Leave,
    Forget,
    Log(String),
    Stop(ld_vm::Scope),
    Fork,
    Join,
    Stuck,
    UsedUp(SourceId),
}

fn seen(ready: &Ready, event: &Event) -> Seen {
    let program = ready.linked.program();
    let series = |id: ld_vm::program::SeriesId| {
        let row = &program.tables.series[id.index()];
        [row.name, row.method, row.target].map(|id| program.consts.text(id)).join(" ")
    };
    match event {
        Event::Request(sent) => Seen::Request { name: series(sent.series), wire: wire(sent) },
        Event::Sample { series: id, failure, unresolved } => {
            let (failure, unresolved) = (failure.clone(), *unresolved);
            Seen::Sample { name: series(*id), failure, unresolved }
        }
        Event::Retry { series: id, failure, attempt, pause_ns } => {
            let (failure, attempt, pause_ns) = (failure.clone(), *attempt, *pause_ns);
            Seen::Retry { name: series(*id), failure, attempt, pause_ns }
        }
        Event::Wait(ns) => Seen::Wait(*ns),
        Event::Throttle(throttle) => {
            let row = program.tables.throttles[throttle.index()];
            let key = program.consts.text(row.key).to_owned();
            Seen::Throttle { key, interval_ns: row.interval_ns, burst: row.burst }
        }
        Event::End(ns) => Seen::End(*ns),
        Event::Enter(id) => Seen::Enter(series(*id)),
        Event::Leave => Seen::Leave,
        Event::Forget => Seen::Forget,
        Event::Log(text) => Seen::Log(text.clone()),
        Event::Stop(scope) => Seen::Stop(*scope),
        Event::Fork(_) => Seen::Fork,
        Event::Join => Seen::Join,
        Event::Stuck => Seen::Stuck,
        Event::UsedUp(source) => Seen::UsedUp(*source),
    }
}
