//! What runs, scenarios and data sources there are.

use super::words::Words;
use super::{Assembler, Named, Parsed, extend, time};
use crate::build::push;
use crate::program::{
    Addr, InitRow, LoadKind, Many, Maybe, RunRow, ScenarioRow, SourceEnd, SourceFormat, SourceMode,
    SourceRow, StageRow,
};

impl Assembler {
    pub(super) fn source(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        fn kind<K: Copy>(word: &str, all: &[K], name: fn(K) -> &'static str) -> Option<K> {
            all.iter().copied().find(|kind| name(*kind) == word)
        }

        let (name, number) = words.source()?;
        let path = words.text()?;
        let on_end = kind(words.word()?, SourceEnd::ALL, SourceEnd::name)
            .ok_or("`cycle`, `once`, `stop_user` or `error`")?;
        let (mut mode, mut format) = (SourceMode::Shared, SourceFormat::Csv);
        if !words.is_empty() {
            mode = kind(words.word()?, SourceMode::ALL, SourceMode::name).ok_or("a mode")?;
            format =
                kind(words.word()?, SourceFormat::ALL, SourceFormat::name).ok_or("a format")?;
        }
        let query = match format {
            SourceFormat::Database => Some(self.builder.constant(&words.text()?)),
            SourceFormat::Csv if !words.is_empty() => Some(self.builder.constant(&words.text()?)),
            _ => None,
        };
        let path = self.builder.constant(&path);
        let id = self.builder.constant(name.as_bytes());
        let row = SourceRow { name: id, path, format, mode, on_end, query: Maybe(query) };
        let rows = &mut self.builder.program_mut().tables.sources;
        let id: crate::program::SourceId = push(rows, row);
        match self.names.insert((Named::Source(number), name.into_bytes()), id.0) {
            None if number.is_none_or(|number| number == id.0) => Ok(()),
            _ => Err("a source of another name, or with its own number behind it"),
        }
    }

    pub(super) fn run(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        let duration_ns = match words.word()? {
            "unlimited" => u64::MAX,
            duration => time(duration)?,
        };
        words.expect("iterations")?;
        let iterations = words.number()?;
        let (mut warmup_ns, mut stop_timeout_ns) = (0, 0);
        while !words.is_empty() {
            match words.word()? {
                "warmup" => warmup_ns = time(words.word()?)?,
                "stop" => stop_timeout_ns = time(words.word()?)?,
                _ => return Err("`warmup` or `stop`"),
            }
        }
        let row = RunRow {
            scenarios: Many::default(),
            duration_ns,
            iterations,
            inits: Many::default(),
            warmup_ns,
            stop_timeout_ns,
            setup: Maybe(None),
            teardown: Maybe(None),
        };
        self.builder.program_mut().tables.runs.push(row);
        Ok(())
    }

    pub(super) fn init(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        let var = self.var(words)?;
        let value = self.value(words)?;
        let tables = &mut self.builder.program_mut().tables;
        let run = tables.runs.last_mut().ok_or("a `run` before it")?;
        let id = push(&mut tables.inits, InitRow { var, value });
        extend(&mut run.inits, id);
        Ok(())
    }

    pub(super) fn scenario(&mut self, word: &str, words: &mut Words<'_>) -> Parsed<()> {
        let user = self.builder.constant(words.word()?.as_bytes());
        let protocol = self.protocol(words.word()?);
        let entry = Addr(words.prefixed('@')?);
        let mut other = |name: &str| -> Parsed<Maybe<Addr>> {
            if !words.rest.starts_with(name) {
                return Ok(Maybe(None));
            }
            words.word()?;
            words.prefixed('@').map(|address| Maybe(Some(Addr(address))))
        };
        let on_start = other("on_start ")?;
        let on_stop = other("on_stop ")?;
        words.expect("users")?;
        let users = words.number()?;
        words.expect("rate")?;
        let spawn_rate = words.number()?;
        words.expect("wait")?;
        let wait = self.pause(words)?;
        let mut row = ScenarioRow {
            name: self.builder.constant(b""),
            user,
            protocol,
            entry,
            on_start,
            on_stop,
            users,
            spawn_rate,
            wait,
            paced: 0,
            load: LoadKind::Batches,
            stages: Many::default(),
            start_after_ns: 0,
            iterations: 0,
        };
        while !words.is_empty() {
            match words.word()? {
                "paced" => row.paced = 1,
                "after" => row.start_after_ns = time(words.word()?)?,
                "load" => {
                    let name = words.word()?;
                    let kind = LoadKind::ALL.iter().copied().find(|kind| kind.name() == name);
                    row.load = kind.ok_or("a kind of load")?;
                }
                "iterations" => row.iterations = words.number()?,
                "as" => row.name = self.builder.constant(&words.text()?),
                _ => return Err("`paced`, `after`, `load`, `iterations` or `as`"),
            }
        }
        let tables = &mut self.builder.program_mut().tables;
        let run = tables.runs.last_mut().ok_or("a `run` before it")?;
        let id = push(&mut tables.scenarios, row);
        match word {
            "setup" => run.setup = Maybe(Some(id)),
            "teardown" => run.teardown = Maybe(Some(id)),
            _ => extend(&mut run.scenarios, id),
        }
        Ok(())
    }

    pub(super) fn stage(&mut self, words: &mut Words<'_>) -> Parsed<()> {
        let duration_ns = time(words.word()?)?;
        words.expect("from")?;
        let from = words.number()?;
        words.expect("to")?;
        let to = words.number()?;
        words.expect("rate")?;
        let spawn_rate = words.number()?;
        let tables = &mut self.builder.program_mut().tables;
        let scenario = tables.scenarios.last_mut().ok_or("a `scenario` before it")?;
        let id = push(&mut tables.stages, StageRow { duration_ns, from, to, spawn_rate });
        extend(&mut scenario.stages, id);
        Ok(())
    }
}
