//! Runs of a document, one after the other: shards at work, results coming in.

mod apart;
mod collector;
mod guard;
mod plan;

use std::{
    env, error,
    ffi::OsStr,
    fmt, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    panic,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use ld_drivers::{
    DRIVERS,
    net::{Clock, NetOptions},
};
use ld_results::{GeneratorHealth, Recorder, RunInfo, ScenarioUsers, Summary, Totals};
use ld_stdlib::{gate::Gate, python::Value};
use ld_vm::{
    Linked, Program, Value as Constant,
    link::{Inputs, LinkError},
    program::{MetadataRow, RunId, RunRow, SeriesKind},
    value::Var,
};
use serde_json::{Map, Value as Json};
use tokio::{
    runtime::Builder,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        watch,
    },
};

pub use self::guard::{FailureBudget, Judgement};
use self::{collector::Collector, guard::Guards, plan::Plan};
use crate::{
    affinity,
    conditioner::{Conditioner, Conditions},
    health,
    pacer::Spin,
    secrets::{MissingSecrets, Secrets},
    shard::{self, Job, Report},
    signals::Stop,
    sources::{SourceError, Sources},
    terminal::Live,
    throttle::Throttles,
};

/// What the command line decides about all runs of a document.
pub struct Options {
    /// Threads, each with a shard of the users; never more than there are users.
    /// [`default_threads`] is one per core.
    pub threads: u32,
    /// With a user's number it decides every random choice the user makes.
    pub seed: u64,
    /// How due times are waited for.
    pub spin: Spin,
    /// Where connections go. Its clock is set anew for each run.
    pub net: NetOptions,
    /// Asks the runs to end early.
    pub stop: Stop,
    /// Where progress is shown.
    pub live: Live,
    /// Gates of every run.
    pub gates: Vec<Gate>,
    /// Where secrets come from, beside the environment.
    pub secrets: Secrets,
}

/// As many threads as this process may use cores.
///
/// # Errors
/// When the system does not say.
pub fn default_threads() -> io::Result<u32> {
    Ok(u32::try_from(affinity::allowed_cores()?.len()).unwrap_or(u32::MAX).max(1))
}

/// A linked program with its data, and the results of its runs so far.
pub struct Engine {
    linked: Arc<Linked>,
    sources: Sources,
    options: Options,
    descriptors: Option<u64>,
    /// The budget of the runs to come.
    budget: Option<FailureBudget>,
    /// What is done to requests of the runs to come.
    conditioner: Option<Conditioner>,
    results: Results,
}

/// What the runs since the last clearing came to.
struct Results {
    totals: Totals,
    health: GeneratorHealth,
    info: RunInfo,
}

impl Engine {
    /// Reads the program's data sources and links it to this build and the environment.
    ///
    /// # Errors
    /// When a secret is missing, a source cannot be read, or the program uses what this build does not have.
    pub fn new(program: Program, options: Options) -> Result<Self, EngineError> {
        options.secrets.check([&program]).map_err(EngineError::Secrets)?;
        let descriptors = health::raise_descriptor_limit();
        let sources = Sources::load(&program, &|prefix, name| options.secrets.fill(prefix, name))
            .map_err(EngineError::Sources)?;
        let tables = ld_stdlib::tables(|protocol| DRIVERS.contains(&protocol));
        let inputs = Inputs {
            env: &|name| env::var_os(OsStr::from_bytes(name.as_bytes())).map(OsStringExt::into_vec),
            secret: &|name| options.secrets.find(name),
            column: &|source, name| sources.column(source, name),
        };
        let linked = Linked::new(program, &tables, &inputs).map_err(EngineError::Link)?;
        let results = Results::new(linked.program(), options.seed, descriptors);
        let linked = Arc::new(linked);
        Ok(Self { linked, sources, options, descriptors, budget: None, conditioner: None, results })
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Program {
        self.linked.program()
    }

    /// Whether somebody asked the runs to end early.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.options.stop.requested()
    }

    /// The summary of the runs since the results were last cleared.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let Results { totals, health, info } = &self.results;
        Summary::new(info, totals, health)
    }

    /// Forgets the results of the runs so far.
    pub fn clear(&mut self) {
        self.results = Results::new(self.program(), self.options.seed, self.descriptors);
    }

    /// When the runs to come fail too often.
    #[must_use]
    pub fn failure_budget(&self) -> Option<FailureBudget> {
        self.budget
    }

    /// Sets when the runs to come fail too often, or that they never do.
    pub fn set_failure_budget(&mut self, budget: Option<FailureBudget>) {
        self.budget = budget;
    }

    /// Sets what is done to requests of the runs to come, if anything.
    pub fn set_conditioner(&mut self, conditioner: Option<Conditioner>) {
        self.conditioner = conditioner;
    }

    /// Carries out one run, until it is over, its users have ended, a gate or the failure budget
    /// stops it, or a stop is requested. Gates of the options are judged beside those given.
    ///
    /// # Errors
    /// When the system refuses what a run needs. What was measured until then is kept.
    pub fn run(&mut self, run: RunId, gates: &[Gate]) -> Result<Judgement, RunError> {
        let Some(&row) = self.program().tables.runs.get(run.index()) else {
            return Ok(Judgement::default());
        };
        let setup = row.setup.0.map(|scenario| self.setup(run, scenario)).transpose()?;
        let judgement = self.load(run, &row, gates, setup.clone());
        if let Some(scenario) = row.teardown.0 {
            self.teardown(run, scenario, setup.as_deref());
        }
        judgement
    }

    /// Carries out the load of a run.
    fn load(
        &mut self,
        run: RunId,
        row: &RunRow,
        gates: &[Gate],
        vars: Option<Arc<[Var]>>,
    ) -> Result<Judgement, RunError> {
        let plan = Plan::new(self.program(), row);
        let users = plan.users;
        let shards = u32::try_from(users).unwrap_or(u32::MAX).clamp(1, self.options.threads.max(1));
        self.results.begin(&plan, shards);
        for shortage in health::shortages(plan.closed_users(), self.descriptors) {
            self.options.live.say(&format!("warning: {shortage}"));
        }

        let runtime =
            Builder::new_current_thread().enable_time().build().map_err(RunError::Machine)?;
        let clock = Clock::starting_now();
        let (halt, stop) = Stop::by_hand();
        let (reports, incoming) = unbounded_channel();
        let throttles = Arc::new(Throttles::new(&self.program().tables.throttles));
        let names = &self.results.info.names;
        let conditions = self.conditioner.as_ref();
        let conditions = conditions.map(|it| Conditions::new(it, names, self.options.seed));
        let conditions = conditions.map(Arc::new);
        let halting = halt.clone();
        let common = Common {
            run,
            shards,
            clock,
            throttles,
            vars,
            conditions,
            stop,
            halt: halting,
            reports,
        };
        let mut threads = Vec::new();
        let mut spares = Vec::new();
        let mut refused = None;
        // All are made before the first starts, so that they agree where data begins.
        let jobs: Vec<_> = (0..shards).map(|shard| self.job(shard, &common)).collect();
        for (spare, job) in jobs {
            spares.push(spare);
            match start(job, halt.clone()) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    halt.send_replace(true);
                    refused = Some(error);
                    break;
                }
            }
        }
        drop(common);

        let Options { stop, live, gates: more, .. } = &mut self.options;
        let gates: Vec<Gate> = gates.iter().chain(more.iter()).cloned().collect();
        let RunInfo { names, groups, .. } = &self.results.info;
        let guards = Guards::new(&gates, names, groups, self.budget, plan.warmup);
        let collector = Collector::new(&mut self.results, live, clock, &plan, spares);
        let judgement = runtime.block_on(collector.collect(incoming, stop.clone(), halt, guards));
        self.results.info.gates.extend_from_slice(&judgement.gates);
        for thread in threads {
            match thread.join() {
                Ok(ended) => ended?,
                Err(panicked) => panic::resume_unwind(panicked),
            }
        }
        refused.map_or(Ok(judgement), |error| Err(RunError::Machine(error)))
    }

    fn job(&self, shard: u32, common: &Common) -> (mpsc::Sender<Recorder>, Job) {
        let &Common { run, shards, clock, .. } = common;
        let (spare, spares) = mpsc::channel();
        // The receiver is right here.
        let _ = spare.send(Recorder::new(self.program().tables.series.len()));
        let job = Job {
            shard,
            shards,
            core: core_of(shard, shards),
            linked: Arc::clone(&self.linked),
            run,
            rows: self.sources.for_shard(shard, shards),
            throttles: Arc::clone(&common.throttles),
            conditions: common.conditions.clone(),
            net: NetOptions { clock, ..self.options.net.clone() },
            spin: self.options.spin,
            seed: self.options.seed,
            vars: common.vars.clone(),
            stop: common.stop.clone(),
            halt: common.halt.clone(),
            reports: common.reports.clone(),
            spares,
        };
        (spare, job)
    }
}

/// What the shards of a run have in common.
struct Common {
    run: RunId,
    shards: u32,
    clock: Clock,
    throttles: Arc<Throttles>,
    vars: Option<Arc<[Var]>>,
    conditions: Option<Arc<Conditions>>,
    stop: Stop,
    halt: watch::Sender<bool>,
    reports: UnboundedSender<Report>,
}

/// Starts the thread of a shard. One that cannot go on halts the others.
fn start(job: Job, halt: watch::Sender<bool>) -> io::Result<JoinHandle<Result<(), RunError>>> {
    thread::Builder::new().name(format!("shard {}", job.shard)).spawn(move || {
        let ended = shard::run(job);
        if ended.is_err() {
            halt.send_replace(true);
        }
        ended
    })
}

/// The core for a shard: its own, if there are as many shards as cores; otherwise the system
/// knows better.
fn core_of(shard: u32, shards: u32) -> Option<usize> {
    let cores = affinity::allowed_cores().ok()?;
    if cores.len() != shards as usize || shards == 1 {
        return None;
    }
    cores.get(shard as usize).copied()
}

impl Results {
    fn new(program: &Program, seed: u64, descriptor_limit: Option<u64>) -> Self {
        let series = &program.tables.series;
        let text = |id| program.consts.text(id).to_owned();
        Self {
            totals: Totals::new(series.len()),
            health: GeneratorHealth { descriptor_limit, ..GeneratorHealth::default() },
            info: RunInfo {
                plan: program.file.clone(),
                names: series.iter().map(|row| text(row.name)).collect(),
                scenarios: series.iter().map(|row| text(row.scenario)).collect(),
                methods: series.iter().map(|row| text(row.method)).collect(),
                groups: series.iter().map(|row| row.kind == SeriesKind::Group).collect(),
                apart: series.iter().map(|row| row.kind == SeriesKind::Apart).collect(),
                duration_planned: Some(Duration::ZERO),
                seed,
                metadata: metadata(program),
                ..RunInfo::default()
            },
        }
    }

    /// Adds what a run plans to what earlier runs planned.
    fn begin(&mut self, plan: &Plan, shards: u32) {
        let Self { health, info, .. } = self;
        if info.started_at_s == 0.0 {
            let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
            info.started_at_s = since.as_secs_f64();
        }
        let planned = info.duration_planned.zip(plan.duration);
        info.duration_planned = planned.map(|(earlier, this)| earlier + this);
        for scenario in &plan.scenarios {
            info.users_planned += scenario.users;
            let known = info.scenario_users.iter_mut().find(|users| users.name == scenario.name);
            match known {
                Some(users) => users.planned += scenario.users,
                None if scenario.name.is_empty() => {}
                None => info.scenario_users.push(ScenarioUsers {
                    name: scenario.name.clone(),
                    planned: scenario.users,
                    started: 0,
                }),
            }
        }
        let shards = health.shards.len().max(shards as usize);
        health.shards.resize_with(shards, Default::default);
    }
}

/// What a document says about itself.
fn metadata(program: &Program) -> Map<String, Json> {
    let rows = program.tables.metadata.iter();
    let entry = |row: &MetadataRow| {
        let value = constant(program.value(row.value)).to_json();
        (program.consts.text(row.name).to_owned(), value)
    };
    rows.map(entry).collect()
}

/// A constant of a program as a value of an action.
pub(crate) fn constant(constant: Constant<'_>) -> Value {
    match constant {
        Constant::Unset | Constant::Null => Value::None,
        Constant::Bool(flag) => Value::Bool(flag),
        Constant::Int(number) => Value::Int(number.into()),
        Constant::Float(number) => Value::Float(number),
        Constant::Text(bytes) => Value::Str(String::from_utf8_lossy(bytes).into_owned()),
        Constant::Json(bytes) => {
            serde_json::from_slice::<Json>(bytes).map_or(Value::None, Value::from)
        }
    }
}

/// Why a document cannot run at all.
#[derive(Debug)]
pub enum EngineError {
    /// Secrets that nothing gives.
    Secrets(MissingSecrets),
    /// Data sources that cannot be read.
    Sources(Vec<SourceError>),
    /// The program does not fit this build.
    Link(LinkError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sources(errors) => {
                for (nth, error) in errors.iter().enumerate() {
                    let gap = if nth == 0 { "" } else { "\n" };
                    write!(f, "{gap}{error}")?;
                }
                Ok(())
            }
            Self::Secrets(missing) => missing.fmt(f),
            Self::Link(error) => error.fmt(f),
        }
    }
}

impl error::Error for EngineError {}

/// Why a run did not go on to its end.
#[derive(Debug)]
pub enum RunError {
    /// What the system refused.
    Machine(io::Error),
    /// A data source with `on_end: error`, by name, that has no more rows.
    UsedUp(String),
    /// Why no users were started.
    Setup(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(error) => {
                write!(f, "the run was cut short by this machine: {error}")
            }
            Self::UsedUp(name) => {
                write!(f, "the run was ended because the data source `{name}` has no more rows")
            }
            Self::Setup(why) => write!(f, "no user was started, because the setup failed: {why}"),
        }
    }
}

impl error::Error for RunError {}
