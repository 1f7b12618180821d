//! What the stages of the machine stand on: a plan compiled and linked as for a run,
//! its data rows, and a user that is answered from a script.

use std::fs;

use anyhow::{Context, Result, bail};
use ld_compiler::{Options, Source, compile};
use ld_runtime::{ShardRows, Sources};
use ld_vm::link::{Clock, Inputs, Wall};
use ld_vm::program::{RunId, ScenarioId};
use ld_vm::{Effect, Linked, Program, Reply, Resume, ScratchPool, User, World};

use crate::locate::bench_folder;

/// The text of a plan in `bench/plans`.
pub(super) fn plan(file: &str) -> Result<Source> {
    let path = bench_folder().join("plans").join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(Source::new(path.to_string_lossy(), text))
}

/// Compiles as `ldvm run` does, with the host the plans are run against.
pub(super) fn compiled(source: &Source) -> Result<Program> {
    let options = Options { host: Some("http://127.0.0.1:8080".to_owned()), ..Options::new() };
    let compiled = compile(source, &options);
    let problems = || compiled.diagnostics.iter().map(|problem| problem.message.as_str());
    match compiled.program {
        Some(program) => Ok(program),
        None => bail!("{}: {}", source.name(), problems().collect::<Vec<_>>().join("; ")),
    }
}

/// A user and its world.
pub(super) struct Machine {
    linked: Linked,
    rows: ShardRows,
    scratch: ScratchPool,
    user: User,
}

/// A clock that stands still.
struct Noon;

impl Clock for Noon {
    fn wall(&self) -> Wall {
        Wall { unix_seconds: 1_795_348_800, ..Wall::default() }
    }
}

impl Machine {
    /// The first user of a plan's first scenario.
    pub(super) fn new(source: &Source) -> Result<Self> {
        let program = compiled(source)?;
        let sources = Sources::load(&program, &|_, _| None).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", errors.join("; "))
        })?;
        let linked = link(program, &sources)?;
        let user = User::new(&linked, RunId(0), ScenarioId(0), 0, 1);
        Ok(Self { linked, rows: sources.for_shard(0, 1), scratch: ScratchPool::default(), user })
    }

    /// Runs one tick, every request answered with `reply`, and says how many bytes its
    /// requests had and how many of them failed.
    pub(super) fn tick(&mut self, reply: Reply<'_>) -> (usize, u32) {
        let mut world = World { rows: &mut self.rows, clock: &Noon, scratch: &mut self.scratch };
        let (mut bytes, mut failed) = (0, 0);
        let mut resume = Resume::Go;
        loop {
            match self.user.step(&self.linked, &mut world, resume) {
                Effect::Request(request) => {
                    bytes +=
                        (0..request.parts()).map(|part| request.part(part).len()).sum::<usize>();
                    resume = Resume::Reply(reply);
                }
                Effect::Sample(sample) => {
                    failed += u32::from(sample.failure.is_some());
                    resume = Resume::Go;
                }
                Effect::End(_) | Effect::Stop(_) | Effect::UsedUp(_) | Effect::Stuck => {
                    return (bytes, failed);
                }
                Effect::Wait(_)
                | Effect::Retry(..)
                | Effect::Throttle(_)
                | Effect::Enter(_)
                | Effect::Leave
                | Effect::Forget
                // The stages measure one request after the other.
                | Effect::Fork(_)
                | Effect::Join
                | Effect::Log(_) => resume = Resume::Go,
            }
        }
    }
}

/// Links a program against everything this build has.
pub(super) fn link(program: Program, sources: &Sources) -> Result<Linked> {
    let inputs = Inputs {
        env: &|_| None,
        secret: &|_| None,
        column: &|source, name| sources.column(source, name),
    };
    Linked::new(program, &ld_stdlib::tables(|_| true), &inputs).context("linking")
}
