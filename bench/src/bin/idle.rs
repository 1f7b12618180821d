//! Measures what a connected, thinking HTTP user costs in memory: the resident size of
//! `ldvm` at two numbers of users, the difference divided by the users between, so
//! that everything a run has once cancels out. What the kernel keeps per socket is no
//! part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use ld_bench::case::Transport;
use ld_bench::locate;
use ld_bench::machine::{self, Cores, on_core};
use ld_bench::nginx::Nginx;
use ld_bench::table::Table;
use ld_bench::tools::ldvm;
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process};

/// How long all users may take to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);
/// How long the resident size must stay the same to count as settled.
const SETTLED: Duration = Duration::from_secs(2);
/// How long it is waited for that.
const SETTLE_LIMIT: Duration = Duration::from_secs(20);
/// Descriptors of a process beside those of its users' connections.
const OTHER_DESCRIPTORS: u64 = 500;

#[derive(Parser)]
#[command(about = "Measures the memory of an idle HTTP user.")]
struct Arguments {
    /// Users of the larger run; the smaller has a fifteenth of them.
    #[arg(long, default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(15..))]
    users: u32,
    /// Connect with TLS.
    #[arg(long)]
    tls: bool,
    /// Over HTTP/2 and TLS.
    #[arg(long, conflicts_with = "tls")]
    http2: bool,
    /// The ldvm to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
}

fn main() -> ExitCode {
    ld_bench::outcome("idle", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    ensure!(
        u64::from(arguments.users) + OTHER_DESCRIPTORS <= descriptors,
        "{} users need more than the {descriptors} descriptors allowed here (ulimit -n)",
        arguments.users
    );
    let program = locate::own("ldvm", arguments.ldvm.as_deref())?;
    let cores = Cores::choose()?;
    let server = Nginx::start(cores.server)?;
    println!("{}\n{cores}\n", machine::describe());

    let few = arguments.users / 15;
    let mut table = Table::new(&["users", "resident KiB"]);
    let transport = match arguments {
        Arguments { http2: true, .. } => Transport::Http2,
        Arguments { tls: true, .. } => Transport::Tls,
        _ => Transport::Plain,
    };
    let mut resident = |users| -> Result<u64> {
        let kib = resident_kib(&program, &server, cores, users, transport)?;
        table.row([users.to_string(), kib.to_string()]);
        Ok(kib)
    };
    let (small, large) = (resident(few)?, resident(arguments.users)?);
    let per_user = (large as f64 - small as f64) / f64::from(arguments.users - few);
    println!("{table}\n  {per_user:.2} KiB per user beyond its socket");
    Ok(())
}

/// Resident size once all users have made their request and are thinking.
fn resident_kib(
    program: &Path,
    server: &Nginx,
    cores: Cores,
    users: u32,
    transport: Transport,
) -> Result<u64> {
    let mut command = Command::new(program);
    let plan = if transport == Transport::Http2 { "idle_http2.json" } else { "idle.json" };
    ldvm::run(&mut command, plan, &server.origin(transport), users);
    command
        .args(["--duration", "10m", "--wait", "600"])
        .current_dir(locate::bench_folder())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let before = server.served()?;
    let mut run = Stopped(on_core(cores.generator, || command.spawn().context("starting ldvm"))?);

    let started = Instant::now();
    loop {
        let now = server.served()?;
        if now.open >= before.open + u64::from(users)
            && now.requests >= before.requests + u64::from(users)
        {
            break;
        }
        if let Some(status) = run.0.try_wait()? {
            bail!("ldvm ended before its users were connected: {status}");
        }
        ensure!(
            started.elapsed() < CONNECT_LIMIT,
            "{} of {users} users connected after {} s",
            now.open - before.open,
            CONNECT_LIMIT.as_secs()
        );
        thread::sleep(Duration::from_millis(100));
    }
    settled(run.0.id())
}

/// The resident size of a process once it stays the same.
fn settled(pid: u32) -> Result<u64> {
    let started = Instant::now();
    let (mut size, mut since) = (resident_now(pid)?, Instant::now());
    while since.elapsed() < SETTLED {
        ensure!(started.elapsed() < SETTLE_LIMIT, "the resident size keeps changing");
        thread::sleep(Duration::from_millis(100));
        let now = resident_now(pid)?;
        if now != size {
            (size, since) = (now, Instant::now());
        }
    }
    Ok(size)
}

fn resident_now(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("ldvm is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.context("the kernel does not tell the resident size")
}

/// A run that is ended when dropped: asked to stop, then stopped.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) else { return };
        for signal in [Signal::INT, Signal::INT, Signal::KILL] {
            let _ = kill_process(pid, signal);
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(10) {
                if !matches!(self.0.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
