//! Runs `ldc` and `ldvm` as a user would: built, in a folder of their own, with a time limit.

use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long a program may run when nothing else is said.
const LIMIT: Duration = Duration::from_secs(60);

/// The programs that can be run.
const PROGRAMS: [&str; 2] = ["ldc", "ldvm"];

/// A folder for one test, with the files its programs read and write.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    /// Makes an empty folder; it is removed when dropped.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("ld-test-").tempdir()? })
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into it and returns the file's place.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// Reads a JSON file of it.
    ///
    /// # Errors
    /// When the file is not there or is no JSON.
    pub fn json(&self, name: &str) -> io::Result<Value> {
        let bytes = std::fs::read(self.path().join(name))?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// A call of `ldc` or `ldvm` in this folder.
    ///
    /// # Errors
    /// When the program cannot be built.
    pub fn call(&self, program: &str) -> io::Result<Call> {
        let mut command = Command::new(built(program)?);
        command.current_dir(self.path()).env("NO_COLOR", "1");
        Ok(Call { command, limit: LIMIT, input: Vec::new() })
    }
}

/// A program about to be run.
#[derive(Debug)]
pub struct Call {
    command: Command,
    limit: Duration,
    input: Vec<u8>,
}

impl Call {
    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What the program finds on its standard input; nothing by default.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// How long it may run; one minute by default.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started, or does not end in time: it is killed then, and the text says
    /// what it had written.
    pub fn run(self) -> io::Result<Outcome> {
        self.start()?.wait()
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut self) -> io::Result<Running> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = self.command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (events, received) = channel();
        if let Some(stdin) = child.stdin.take() {
            feed(stdin, self.input);
        }
        if let Some(stdout) = child.stdout.take() {
            read_lines(stdout, events.clone(), Event::Out);
        }
        if let Some(stderr) = child.stderr.take() {
            read_lines(stderr, events.clone(), Event::Err);
        }
        thread::spawn(move || await_end(child, &events));
        Ok(Running {
            pid: pid.ok_or_else(|| io::Error::other("the system gave a process without number"))?,
            received,
            due: started + self.limit,
            started,
            stdout: String::new(),
            stderr: String::new(),
            open_streams: 2,
            ended: None,
        })
    }
}

/// A running program. Dropped before its end, it is killed.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    received: Receiver<Event>,
    started: Instant,
    due: Instant,
    stdout: String,
    stderr: String,
    /// Streams whose end has not come: what is in them may come after the exit has.
    open_streams: u8,
    ended: Option<(Option<i32>, Instant)>,
}

/// What a program that ended left.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything it wrote to standard output.
    pub stdout: String,
    /// Everything it wrote to standard error.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

#[derive(Debug)]
enum Event {
    Out(String),
    Err(String),
    /// One of the two streams is at its end.
    StreamEnd,
    Exit(Option<i32>),
}

impl Running {
    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the program has ended already.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.ended.is_some() {
            return Err(io::Error::other("the program has ended"));
        }
        Ok(kill_process(self.pid, signal)?)
    }

    /// Waits for a line, on either stream, that contains `text`.
    ///
    /// # Errors
    /// When the program ends, or its time does, before such a line.
    pub fn await_line(&mut self, text: &str) -> io::Result<String> {
        loop {
            match self.next()? {
                Event::Out(line) | Event::Err(line) if line.contains(text) => return Ok(line),
                _ if self.open_streams == 0 => {
                    return Err(self.failure(&format!("it ended without a line with {text:?}")));
                }
                _ => {}
            }
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait(mut self) -> io::Result<Outcome> {
        loop {
            if let (Some((code, at)), 0) = (self.ended, self.open_streams) {
                let (stdout, stderr) =
                    (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
                let elapsed = at.duration_since(self.started);
                return Ok(Outcome { code, stdout, stderr, elapsed });
            }
            self.next()?;
        }
    }

    fn next(&mut self) -> io::Result<Event> {
        let left = self.due.saturating_duration_since(Instant::now());
        let event = self.received.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => self.failure("it did not end in time"),
            RecvTimeoutError::Disconnected => self.failure("nothing more can come of it"),
        })?;
        match &event {
            Event::Out(line) => self.stdout.push_str(line),
            Event::Err(line) => self.stderr.push_str(line),
            Event::Exit(code) => self.ended = Some((*code, Instant::now())),
            Event::StreamEnd => self.open_streams = self.open_streams.saturating_sub(1),
        }
        Ok(event)
    }

    fn failure(&self, what: &str) -> io::Error {
        let Self { stdout, stderr, .. } = self;
        io::Error::other(format!("{what}\n--- stdout\n{stdout}--- stderr\n{stderr}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

fn feed(mut stdin: ChildStdin, input: Vec<u8>) {
    // In a thread: a program that does not read must not stop the test from reading.
    thread::spawn(move || stdin.write_all(&input));
}

fn read_lines(
    stream: impl io::Read + Send + 'static,
    events: Sender<Event>,
    event: impl Fn(String) -> Event + Send + 'static,
) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // Nobody receives any more once the test has what it wants.
            let _ = events.send(event(String::from_utf8_lossy(&line).into_owned()));
            line.clear();
        }
        let _ = events.send(Event::StreamEnd);
    });
}

fn await_end(mut child: Child, events: &Sender<Event>) {
    let code = child.wait().ok().and_then(|status| status.code());
    let _ = events.send(Event::Exit(code));
}

/// The place of a program of this workspace, built when first asked for.
///
/// The whole workspace is selected, and not just the two packages, so that dependencies are built
/// with the features they have in `cargo test --workspace`, that is, once.
fn built(program: &str) -> io::Result<PathBuf> {
    static BUILT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut places = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if places.is_empty() {
        *places = build()?;
    }
    let place = places.iter().find(|path| path.file_stem() == Some(OsStr::new(program)));
    place.cloned().ok_or_else(|| io::Error::other(format!("there is no program {program:?}")))
}

fn build() -> io::Result<Vec<PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["build", "--workspace", "--locked", "--message-format=json-render-diagnostics"]);
    for program in PROGRAMS {
        command.args(["--bin", program]);
    }
    let output = command.stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("the programs cannot be built:\n{stderr}")));
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let values = messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let place = |message: Value| Some(PathBuf::from(message.get("executable")?.as_str()?));
    Ok(values.filter_map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(shell: &str) -> Call {
        let mut command = Command::new("sh");
        command.args(["-c", shell]);
        Call { command, limit: LIMIT, input: Vec::new() }
    }

    #[test]
    fn an_outcome_holds_code_and_both_streams() {
        let outcome = call("cat; echo oops >&2; exit 7").input("hello\nworld").run().unwrap();
        assert_eq!(outcome.code, Some(7));
        assert_eq!(outcome.stdout, "hello\nworld");
        assert_eq!(outcome.stderr, "oops\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_and_its_output_told() {
        let started = Instant::now();
        let call = call("echo begun; exec sleep 1000").limit(Duration::from_millis(200));
        let error = call.run().unwrap_err().to_string();
        assert!(error.contains("did not end in time") && error.contains("begun"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_line_can_be_waited_for_before_a_signal_is_sent() {
        // Not SIGINT: a shell cannot trap it when the tests were started with it ignored.
        let shell = "trap 'echo bye; exit 130' TERM; echo ready; while :; do sleep 0.01; done";
        let mut running = call(shell).start().unwrap();
        running.await_line("ready").unwrap();
        running.signal(Signal::TERM).unwrap();
        let outcome = running.wait().unwrap();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(130), "ready\nbye\n"));
    }

    #[test]
    fn waiting_for_a_line_that_never_comes_fails_with_the_output() {
        let error = call("echo other").start().unwrap().await_line("ready").unwrap_err();
        assert!(error.to_string().contains("other"), "{error}");
    }
}
