//! The machine alone: listings, scripted replies, and what a user then wants of the world.
//!
//! A case is a file `tests/cases/vm/NAME.case` of three sections:
//!
//! ```text
//! ; what the case shows
//! [program]      a listing
//! [script]       ticks 2, seed 7, user 0, env NAME=VALUE: settings
//!                columns SOURCE NAME…, row SOURCE VALUE…: data, `_` for an empty cell
//!                reply STATUS BODY, header NAME VALUE: an answer and headers of it
//!                fault CLASS TEXT: a fault in place of an answer
//! [transcript]   what came of it, or why the listing is no program that runs
//! ```
//!
//! Answers are given in their order; the last one is given again and again.
#![cfg(test)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;

use ld_tests::cases;
use ld_tests::script::{self, Answer, Data, Event, Stage, Table};
use ld_vm::assemble::assemble;
use ld_vm::build::Builder;
use ld_vm::isa::{Instruction, Opcode};
use ld_vm::program::{
    Addr, ConstId, Id, LineRow, Many, Maybe, PauseRow, RunId, ScenarioId, StageRow, ThrottleRow,
    ValueKind, ValueRow,
};
use ld_vm::verify::verify;
use ld_vm::{FaultClass, Program, format};

#[derive(Debug, Default)]
struct Script {
    ticks: u64,
    seed: u64,
    user: u32,
    env: Vec<(String, String)>,
    tables: HashMap<String, Table>,
    answers: Vec<Answer>,
}

impl Script {
    fn parse(text: &str) -> Self {
        let mut script = Self { ticks: 1, seed: 1, ..Self::default() };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (first, others) = rest.split_once(' ').unwrap_or((rest, ""));
            match word {
                "ticks" => script.ticks = rest.parse().unwrap(),
                "seed" => script.seed = rest.parse().unwrap(),
                "user" => script.user = rest.parse().unwrap(),
                "env" => {
                    let (name, value) = rest.split_once('=').unwrap();
                    script.env.push((name.to_owned(), value.to_owned()));
                }
                "columns" => {
                    let columns = others.split(' ').map(str::to_owned).collect();
                    script.tables.insert(first.to_owned(), Table { columns, rows: Vec::new() });
                }
                "row" => {
                    let cell = |word: &str| if word == "_" { Vec::new() } else { word.into() };
                    let row = others.split(' ').map(cell).collect();
                    script.tables.get_mut(first).unwrap().rows.push(row);
                }
                "reply" => script.answers.push(Answer::new(first.parse().unwrap(), others)),
                "header" => {
                    let answer = script.answers.pop().unwrap();
                    script.answers.push(answer.header(first, others));
                }
                "fault" => {
                    let class = FaultClass::ALL.iter().find(|class| class.name() == first);
                    script.answers.push(Answer::fault(*class.unwrap(), others));
                }
                _ => panic!("`{line}` is no line of a script"),
            }
        }
        script
    }

    fn run(&self, program: Program) -> String {
        let table = |name: &str| self.tables.get(name).cloned().unwrap_or_default();
        let data = Data::of(&program, table);
        let linked = match script::link(program, &data, &self.env) {
            Ok(linked) => linked,
            Err(why) => return format!("rejected: {why}\n"),
        };
        let mut user = script::user(&linked, RunId(0), self.user, self.seed);
        let mut answers = self.answers.iter();
        let mut answer = Answer::default();
        let events = script::play(&linked, &mut user, &mut Stage::new(data), self.ticks, |_| {
            if let Some(next) = answers.next() {
                answer = next.clone();
            }
            answer.clone()
        });
        let mut text = script::transcript(&linked, &events);
        for (name, value) in script::vars(&linked, &user) {
            writeln!(text, "var {name} = {value}").unwrap();
        }
        text
    }
}

/// The transcript of a listing, the same whether its program went through a file or not.
fn transcript(listing: &str, script: &str) -> String {
    let program = match assemble(listing.trim_start_matches('\n')) {
        Ok(program) => program,
        Err(why) => return format!("no listing: {why}\n"),
    };
    let script = Script::parse(script);
    let text = script.run(program.clone());
    let read = format::read(&format::write(&program)).unwrap();
    assert_eq!(read, program);
    assert_eq!(script.run(read), text);
    text
}

#[test]
fn cases_give_their_transcripts() {
    let mut wrong = String::new();
    let files = cases::files(&cases::folder("vm"), "case").unwrap();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let (input, _) = text.split_once("[transcript]\n").unwrap();
        let (comment, rest) = input.split_once("[program]\n").unwrap();
        assert!(comment.starts_with("; "), "{} says what it shows", path.display());
        let (listing, script) = rest.split_once("[script]\n").unwrap();
        let actual = format!("{input}[transcript]\n{}", transcript(listing, script));
        if let Err(difference) = cases::compare(path, &actual) {
            wrong.push_str(&difference);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(files.len() > 40, "the cases are there");
}

/// Two tasks with something of everything in them.
const LISTING: &str = r#"
source users "users.csv" cycle
run 1s iterations 0
init tenant "acme"
scenario u x @0000 users 1 rate 1 wait 1s..2s

  0000  pick @0001:2147483648:@0011 @0011:2147483648:@0001
  0001  row r0 users
  0002  part p0
  0003  put {cell r0 users "name"} json "${csv.users.name}"
  0004  put {call randint 1 6} json "${randint(1, 6)}"
  0005  request x "a" "GET" "/a" needs status parts _ options 5
  0006  check status_code 200
  0007  extract token json_path "token"
  0008  sample
  0009  pause 1s
  0010  end
  0011  part p0
  0012  put {var tenant} url "${tenant}"
  0013  put {env "HOME"} url "${env.HOME}"
  0014  request x "b" "GET" "/b" needs nothing parts _ "k" options
  0015  sample
  0016  end
"#;

/// A change to a program that breaks one rule, and what the verifier says.
type Break = (fn(&mut Program), &'static str);

fn stage(from: f64, to: f64) -> StageRow {
    StageRow { duration_ns: 1, from, to, spawn_rate: 1.0 }
}

#[test]
fn each_rule_of_the_tables_is_held() {
    let breaks: &[Break] = &[
        (|p| p.tables.values[0].bits = 99, "row 0 of table `values`: the bits do not fit the kind"),
        (
            |p| p.tables.values[0] = ValueRow { kind: ValueKind::Bool, bits: 2 },
            "row 0 of table `values`: the bits do not fit the kind",
        ),
        (
            |p| p.tables.values[0] = ValueRow { kind: ValueKind::Null, bits: 1 },
            "row 0 of table `values`: the bits do not fit the kind",
        ),
        (
            |p| {
                let bits = f64::NAN.to_bits();
                p.tables.values[0] = ValueRow { kind: ValueKind::Float, bits };
            },
            "row 0 of table `values`: the bits do not fit the kind",
        ),
        (
            |p| p.tables.operands[0].index = 99,
            "row 0 of table `operands`: the index lies outside its table",
        ),
        (
            |p| p.tables.slots[0].index = 99,
            "row 0 of table `slots`: the index lies outside its table",
        ),
        (
            |p| p.tables.slots[1].index = 99,
            "row 1 of table `slots`: the index lies outside its table",
        ),
        (
            |p| p.tables.slots[2].index = 99,
            "row 2 of table `slots`: the index lies outside its table",
        ),
        (
            |p| p.tables.slots[3].index = 99,
            "row 3 of table `slots`: the index lies outside its table",
        ),
        (|p| p.tables.slots[0].escape = 8, "row 0 of table `slots`: the escape is unknown"),
        (
            |p| p.tables.requests[0].needs = 8,
            "row 0 of table `requests`: it needs something unknown",
        ),
        (
            |p| p.tables.choices[0].branches = Many::default(),
            "row 0 of table `choices`: a choice has no branch",
        ),
        (
            |p| p.tables.choices.push(p.tables.choices[0]),
            "row 0 of table `choices`: choices share branches or are out of order",
        ),
        (
            |p| p.tables.pauses.push(PauseRow { min_ns: 2, max_ns: 1 }),
            "row 2 of table `pauses`: the longest is below the shortest",
        ),
        (
            |p| p.tables.scenarios[0].paced = 2,
            "row 0 of table `scenarios`: `paced` is neither 0 nor 1",
        ),
        (
            |p| p.tables.stages.push(stage(-1.0, 1.0)),
            "row 0 of table `stages`: a level or rate is not a number that can be",
        ),
        (
            |p| p.tables.stages.push(stage(1.0, f64::NAN)),
            "row 0 of table `stages`: a level or rate is not a number that can be",
        ),
        (
            |p| p.tables.throttles.push(ThrottleRow { key: ConstId(0), interval_ns: 0, burst: 1 }),
            "row 0 of table `throttles`: it gives no turns",
        ),
        (
            |p| p.tables.scenarios[0].spawn_rate = f64::INFINITY,
            "row 0 of table `scenarios`: the spawn rate is not above zero",
        ),
        (
            |p| {
                let row = LineRow { address: Addr(1), line: 1, column: 1 };
                p.tables.lines = vec![row, row];
            },
            "row 0 of table `lines`: the addresses do not ascend",
        ),
        (
            |p| p.tables.lines.push(LineRow { address: Addr(17), line: 1, column: 1 }),
            "row 0 of table `lines`: an id lies outside its table",
        ),
        (
            |p| p.tables.parts[0].constant = Maybe(Some(ConstId(999))),
            "row 0 of table `parts`: an id lies outside its table",
        ),
        (
            |p| p.tables.runs[0].scenarios = Many { first: ScenarioId(0), count: 2 },
            "row 0 of table `runs`: an id lies outside its table",
        ),
        (
            |p| p.tables.runs[0].scenarios = Many { first: ScenarioId(u32::MAX), count: 2 },
            "row 0 of table `runs`: an id lies outside its table",
        ),
        (
            |p| p.code[8] = 0xff,
            "instruction 0008: unknown instruction: this .ldb was written by a newer build",
        ),
        (
            |p| p.code[8] = Instruction::wide(Opcode::Sample, 1).encode(),
            "instruction 0008: an operand lies outside its table",
        ),
    ];
    let sound = assemble(LISTING).unwrap();
    assert_eq!(verify(&sound), Ok(()));
    for (number, (damage, message)) in breaks.iter().enumerate() {
        let mut program = sound.clone();
        damage(&mut program);
        let error = verify(&program).expect_err(message).to_string();
        assert_eq!(error, format!("this program does not verify: {message}"), "break {number}");
    }
}

#[test]
fn each_table_of_names_holds_text() {
    type Naming = fn(&mut Program, ConstId);
    let breaks: &[(&str, Naming)] = &[
        ("functions", |p, id| p.tables.functions[0].name = id),
        ("assertions", |p, id| p.tables.assertions[0].name = id),
        ("extractors", |p, id| p.tables.extractors[0].name = id),
        ("protocols", |p, id| p.tables.protocols[0].name = id),
        ("envs", |p, id| p.tables.envs[0].name = id),
        ("sources", |p, id| p.tables.sources[0].path = id),
        ("columns", |p, id| p.tables.columns[0].name = id),
        ("vars", |p, id| p.tables.vars[0].name = id),
        ("series", |p, id| p.tables.series[0].target = id),
        ("scenarios", |p, id| p.tables.scenarios[0].user = id),
    ];
    for (table, damage) in breaks {
        // The one constant that is no text stands in a part, where it may.
        let mut program = assemble(&LISTING.replace("\"k\"", "\"\\xff\"")).unwrap();
        let constants = (0..).map(ConstId::from_number);
        let bytes = constants.map(|id| (id, program.consts.bytes(id)));
        let (id, _) =
            bytes.take(program.consts.len()).find(|(_, bytes)| *bytes == b"\xff").unwrap();
        assert_eq!(verify(&program), Ok(()));
        damage(&mut program, id);
        let error = verify(&program).expect_err(table).to_string();
        let rule = format!("row 0 of table `{table}`: a name is not UTF-8 text");
        assert_eq!(error, format!("this program does not verify: {rule}"));
    }
}

#[test]
fn weighted_picks_have_the_shares_of_their_weights() {
    let mut builder = Builder::new("", "", true);
    let weights = [5_u64, 0, 1, 94];
    let weighted: Vec<_> = weights.into_iter().zip((1..).map(|at| Addr(at * 3))).collect();
    builder.choice(&weighted).unwrap();
    let rows = builder.finish().tables.branches;
    let branches =
        rows.iter().map(|row| format!(" @{}:{}:@{}", row.here.0, row.threshold, row.other.0));
    let mut listing = "run 1s iterations 0\nscenario u x @0 users 1 rate 1 wait 0s\n".to_owned();
    writeln!(listing, "0 pick{}\n1 end\n2 end", branches.collect::<String>()).unwrap();
    for number in 0..weights.len() {
        let at = (number + 1) * 3;
        writeln!(listing, "{at} request x \"{number}\" \"\" \"\" needs nothing parts options")
            .unwrap();
        writeln!(listing, "{} sample\n{} end", at + 1, at + 2).unwrap();
    }
    let program = assemble(&listing).unwrap();
    let linked = script::link(program, &Data::default(), &[]).unwrap();
    let mut user = script::user(&linked, RunId(0), 0, 7);
    let mut counts = [0_u32; 4];
    let ticks = 100_000;
    for event in
        script::play(&linked, &mut user, &mut Stage::default(), ticks, |_| Answer::default())
    {
        if let Event::Sample { series, .. } = event {
            counts[series.index()] += 1;
        }
    }
    for (count, weight) in counts.into_iter().zip(weights) {
        let (share, expected) = (f64::from(count) / ticks as f64, weight as f64 / 100.0);
        // Five standard deviations of a binomial share.
        let tolerance = 5.0 * (expected * (1.0 - expected) / ticks as f64).sqrt();
        assert!((share - expected).abs() <= tolerance, "{share} for {expected}");
    }
}

#[test]
fn changed_listings_are_refused_or_make_programs_to_verify() {
    let (mut refused, mut rejected, mut sound) = (0, 0, 0);
    let mut rng = fastrand::Rng::with_seed(1);
    for path in cases::files(&cases::folder("compile"), "lst").unwrap() {
        let listing: Vec<char> = fs::read_to_string(path).unwrap().chars().collect();
        for _ in 0..200 {
            let mut changed = listing.clone();
            for _ in 0..rng.usize(1..4) {
                let (from, to) = (rng.usize(0..changed.len()), rng.usize(0..changed.len()));
                match rng.u32(0..3) {
                    0 => changed[to] = changed[from],
                    1 => drop(changed.drain(from..changed.len().min(from + rng.usize(1..9)))),
                    _ => changed.insert(to, *rng.choice(&[' ', '"', '\\', '}', '9', 'é']).unwrap()),
                }
            }
            match assemble(&changed.into_iter().collect::<String>()) {
                Err(_) => refused += 1,
                Ok(program) => match verify(&program) {
                    Err(_) => rejected += 1,
                    Ok(()) => sound += 1,
                },
            }
        }
    }
    assert!(refused > 100 && rejected > 10 && sound > 100, "{refused} {rejected} {sound}");
}
