//! The machine the figures belong to: its cores, which of them a child runs on,
//! and a description to stand beside the figures.

use std::fmt;
use std::fs;

use anyhow::{Context, Result, bail};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A core, by the operating system's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core(usize);

/// The two cores of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// Where the server runs.
    pub server: Core,
    /// Where the generator that is being measured runs.
    pub generator: Core,
}

impl Cores {
    /// Takes the first two cores this process may use.
    ///
    /// # Errors
    /// When there are fewer than two: a generator that shares its core with the
    /// server is measured together with it.
    pub fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None).context("reading the allowed cores")?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).map(Core);
        match (cores.next(), cores.next()) {
            (Some(server), Some(generator)) => Ok(Self { server, generator }),
            _ => bail!("two cores are needed, one for the server and one for the generator"),
        }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "generator on core {}, server on core {}", self.generator.0, self.server.0)
    }
}

/// Runs `start` with this thread on `core`, so that a child it spawns is born there,
/// and puts the thread back.
///
/// # Errors
/// When the operating system refuses the core, or `start` fails.
pub fn on_core<T>(core: Core, start: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None).context("reading the allowed cores")?;
    let mut only = CpuSet::new();
    only.set(core.0);
    sched_setaffinity(None, &only).with_context(|| format!("moving to core {}", core.0))?;
    let outcome = start();
    sched_setaffinity(None, &before).context("moving back to all cores")?;
    outcome
}

/// One line on processor, cores, memory, kernel and load, for the head of a report.
#[must_use]
pub fn describe() -> String {
    let first = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let memory_kib: f64 = first("/proc/meminfo", "MemTotal")
        .split_whitespace()
        .next()
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0.0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{}, {} cores, {:.0} GiB, Linux {}, load {}",
        first("/proc/cpuinfo", "model name"),
        std::thread::available_parallelism().map_or(0, usize::from),
        memory_kib / 1024.0 / 1024.0,
        kernel.trim(),
        load(),
    )
}

/// The load average of the last minute, as the kernel prints it.
#[must_use]
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Time that a core has spent, since the machine started, in anything but idling.
#[derive(Clone, Copy, Debug, Default)]
pub struct Busy {
    /// Everything but idle and waiting for a disk, in ticks of 10 ms.
    pub ticks: u64,
    /// What the hypervisor gave to somebody else, in ticks of 10 ms; part of `ticks`.
    pub stolen: u64,
}

impl Busy {
    /// Reads the counters of one core; zero when the kernel does not tell.
    #[must_use]
    pub fn of(core: Core) -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let name = format!("cpu{} ", core.0);
        let Some(line) = text.lines().find_map(|line| line.strip_prefix(&name)) else {
            return Self::default();
        };
        let fields: Vec<u64> =
            line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal
        let [user, nice, system, _, _, irq, softirq, stolen, ..] = fields[..] else {
            return Self::default();
        };
        Self { ticks: user + nice + system + irq + softirq + stolen, stolen }
    }

    /// Seconds between an earlier reading and this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> (f64, f64) {
        let seconds = |now: u64, then: u64| now.saturating_sub(then) as f64 / 100.0;
        (seconds(self.ticks, earlier.ticks), seconds(self.stolen, earlier.stolen))
    }
}
