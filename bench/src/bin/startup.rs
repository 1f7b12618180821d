//! Measures how long `ldvm run` takes from being started to its first request on the
//! wire: a listener stamps the arrival of the connection and of the first byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use ld_bench::locate;
use ld_bench::machine::{self, Cores, on_core};
use ld_bench::stats::Spread;
use ld_bench::table::Table;
use ld_bench::tools::ldvm;

/// How long a start may take.
const LIMIT: Duration = Duration::from_secs(10);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[derive(Parser)]
#[command(about = "Measures the time from starting ldvm to its first request on the wire.")]
struct Arguments {
    /// Starts; the median is printed.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The ldvm to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
}

/// When the first connection came, and its first byte.
#[derive(Clone, Copy)]
struct Arrival {
    connection: Instant,
    byte: Instant,
}

fn main() -> ExitCode {
    ld_bench::outcome("startup", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let program = locate::own("ldvm", arguments.ldvm.as_deref())?;
    let cores = Cores::choose()?;
    println!("{}\n{cores}\n", machine::describe());
    // The first start reads the program from the disk.
    start(&program, "get.json", cores)?;
    let mut table = Table::new(&["ms", "median", "least", "most"]);
    for plan in ["get.json", "post.json"] {
        let starts: Vec<(f64, f64)> =
            (0..arguments.rounds).map(|_| start(&program, plan, cores)).collect::<Result<_>>()?;
        let mut row = |what: &str, spread: Option<Spread>| {
            let spread = spread.context("no rounds")?;
            let figures = [spread.median, spread.min, spread.max];
            table.row(
                [format!("{plan}: {what}")].into_iter().chain(figures.map(|ms| format!("{ms:.2}"))),
            );
            anyhow::Ok(())
        };
        row("connected", Spread::of(starts.iter().map(|start| start.0)))?;
        row("first byte of a request", Spread::of(starts.iter().map(|start| start.1)))?;
    }
    print!("{table}");
    Ok(())
}

/// Milliseconds from just before `ldvm` is started to its connection and first byte.
fn start(program: &Path, plan: &str, cores: Cores) -> Result<(f64, f64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let origin = format!("http://{}", listener.local_addr()?);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(arrival(&listener)));

    let mut command = Command::new(program);
    ldvm::run(&mut command, plan, &origin, 1);
    command
        .args(["--iterations", "1", "--wait", "0", "--duration", "10s"])
        .current_dir(locate::bench_folder())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let (started, mut child) = on_core(cores.generator, || {
        let started = Instant::now();
        Ok((started, command.spawn().context("starting ldvm")?))
    })?;
    let arrival = loop {
        match told.recv_timeout(Duration::from_millis(50)) {
            Ok(arrival) => break arrival?,
            Err(_) if started.elapsed() > LIMIT => {
                child.kill()?;
                child.wait()?;
                bail!("no request after {} s", LIMIT.as_secs());
            }
            Err(_) => {
                let ended = child.try_wait()?;
                ensure!(ended.is_none(), "ldvm ended without a request: {ended:?}");
            }
        }
    };
    child.wait()?;
    let ms = |at: Instant| (at - started).as_secs_f64() * 1e3;
    Ok((ms(arrival.connection), ms(arrival.byte)))
}

/// Stamps the first connection, and serves it until its peer closes it.
fn arrival(listener: &TcpListener) -> Result<Arrival> {
    let (mut stream, _) = listener.accept()?;
    let connection = Instant::now();
    let mut bytes = [0; 4096];
    ensure!(stream.read(&mut bytes)? > 0, "connected, but sent no request");
    let byte = Instant::now();
    stream.write_all(ANSWER)?;
    thread::spawn(move || drain(stream));
    Ok(Arrival { connection, byte })
}

/// Reads what comes, so that the peer can end as it likes.
fn drain(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}
