//! From IR to program.

mod flow;
mod names;
mod retry;

use foldhash::HashSet;
use ld_stdlib::{Piece, Template};
use ld_vm::build::{Builder, push};
use ld_vm::isa::{Instruction, Opcode};
use ld_vm::program::{
    ActionRow, ArgumentId, ArgumentRow, AssertionId, CheckId, CheckRow, ConstId, ExtractId,
    ExtractRow, ExtractorId, Id, InitRow, Many, Maybe, MetadataRow, OperandId, OperandKind,
    RequestId, RequestRow, RunId, RunRow, ScenarioId, ScenarioRow, SeriesKind, SeriesRow, SlotId,
    SlotKind as Kind, SlotRow, SourceId, SourceRow, StageId, StageRow, ThrottleId, ThrottleRow,
    VarId,
};
use ld_vm::scratch::MAX_PARTS;
use ld_vm::verify::MAX_REGISTERS;
use ld_vm::{Escape, Program};

use self::names::Names;
use crate::Options;
use crate::diag::{Code, Diagnostic, Source};
use crate::ir::{Argument, Ir, Operand, Run, Scenario, SlotKind, Stage, Task, Throttle};
use crate::task::as_written;

/// Emits the program of a document without errors.
///
/// # Errors
/// When the plan is larger than the machine's numbers reach.
pub(crate) fn program(
    ir: &Ir,
    source: &Source,
    options: &Options<'_>,
) -> Result<Program, Box<Diagnostic>> {
    let text = if options.strip { "" } else { source.text() };
    let mut emit = Emit {
        ir,
        source,
        optimise: options.optimise,
        builder: Builder::new(source.name(), text, options.optimise),
        names: Names::default(),
        registers: Vec::new(),
        held: Vec::new(),
        too_large: None,
    };
    for source in &ir.sources {
        emit.source_row(source);
    }
    let mut runs = Vec::new();
    for run in &ir.runs {
        runs.push(emit.run(run));
    }
    for action in &ir.actions {
        emit.action(action, &runs);
    }
    for (name, value) in &ir.metadata {
        emit.metadata(name, value);
    }
    match emit.too_large {
        Some(problem) => Err(Box::new(problem)),
        None => Ok(Program { strict_compat: options.strict_compat, ..emit.builder.finish() }),
    }
}

struct Emit<'e> {
    ir: &'e Ir,
    source: &'e Source,
    optimise: bool,
    builder: Builder,
    names: Names<'e>,
    /// The data sources of the scenario at hand, in the order of their registers.
    registers: Vec<usize>,
    /// Those of them whose row a block around holds for what stands in it.
    held: Vec<usize>,
    too_large: Option<Diagnostic>,
}

impl<'e> Emit<'e> {
    fn refuse(&mut self, what: &str, span: ld_stdlib::Span) {
        self.too_large.get_or_insert_with(|| {
            Diagnostic::new(Code::OutOfRange, format!("the plan is too large: {what}"))
                .label(span, "here")
        });
    }

    fn op(&mut self, op: Opcode, number: u32) {
        if number > Instruction::MAX_X {
            self.refuse(
                "one of its tables has more than 16 million rows",
                ld_stdlib::Span::default(),
            );
        }
        self.builder.emit(Instruction::wide(op, number));
    }

    fn line(&mut self, span: ld_stdlib::Span) {
        let position = self.source.position(span.start);
        self.builder.line(position.line, position.column);
    }

    fn run(&mut self, run: &'e Run) -> RunId {
        let rows = run.scenarios.iter().map(|scenario| self.scenario(scenario)).collect();
        let scenarios: Many<ScenarioId> =
            append(&mut self.builder.program_mut().tables.scenarios, rows);
        let mut apart = |scenario: &'e Option<Scenario>| {
            let row = self.scenario(scenario.as_ref()?);
            Some(push(&mut self.builder.program_mut().tables.scenarios, row))
        };
        let setup = Maybe(apart(&run.setup));
        let teardown = Maybe(apart(&run.teardown));
        let inits = self.inits(run);
        let row = RunRow {
            scenarios,
            duration_ns: run.duration_ns.unwrap_or(u64::MAX),
            iterations: run.iterations,
            inits,
            warmup_ns: run.warmup_ns,
            stop_timeout_ns: run.stop_timeout_ns,
            setup,
            teardown,
        };
        push(&mut self.builder.program_mut().tables.runs, row)
    }

    fn scenario(&mut self, scenario: &'e Scenario) -> ScenarioRow {
        self.registers.clear();
        let entry = self.tick(scenario);
        let [on_start, on_stop] =
            [&scenario.on_start, &scenario.on_stop].map(|steps| self.apart(scenario, steps));

        let protocol = self.protocol(scenario.driver());
        let wait = self.builder.pause(scenario.wait.min_ns, scenario.wait.max_ns);
        let user = self.builder.constant(scenario.user.as_bytes());
        let name = self.builder.constant(scenario.name.as_bytes());
        let stage = |&Stage { duration_ns, from, to, spawn_rate }: &Stage| StageRow {
            duration_ns,
            from,
            to,
            spawn_rate,
        };
        let stages = scenario.load.stages.iter().map(stage).collect();
        let stages: Many<StageId> = append(&mut self.builder.program_mut().tables.stages, stages);
        ScenarioRow {
            name,
            user,
            protocol,
            entry,
            on_start,
            on_stop,
            users: scenario.load.users,
            spawn_rate: scenario.load.spawn_rate,
            wait,
            paced: u32::from(scenario.paced),
            load: scenario.load.kind,
            stages,
            start_after_ns: scenario.start_after_ns,
            iterations: scenario.iterations,
        }
    }

    /// The starting values of the variables the run uses.
    fn inits(&mut self, run: &Run) -> Many<ld_vm::program::InitId> {
        let mut rows = Vec::new();
        for init in &run.inits {
            if self.optimise && !self.names.vars.contains_key(&init.var) {
                continue;
            }
            let value = self.builder.value(init.value.value());
            rows.push(InitRow { var: self.var(init.var), value });
        }
        append(&mut self.builder.program_mut().tables.inits, rows)
    }

    /// A task; in `lane`, what is changed by what is done beside it.
    fn task(
        &mut self,
        scenario: &'e Scenario,
        task: &'e Task,
        registers: &[usize],
        lane: Option<&HashSet<usize>>,
    ) {
        self.line(task.span);
        // What is rendered first is not affected by what happens until it is sent.
        let renders_first = task.retry.is_some() || lane.is_some();
        if !renders_first {
            self.throttles(task);
        }
        let mut parts = Vec::with_capacity(task.request.parts.len());
        for template in &task.request.parts {
            match template.constant() {
                Some(constant) if self.optimise || constant.is_empty() => {
                    parts.push(Some(self.builder.constant(&constant)));
                }
                _ => {
                    let part = parts.len() as u32;
                    parts.push(None);
                    self.render(part, template, registers);
                }
            }
        }
        let request = self.request(scenario, task, &parts);
        if !renders_first {
            self.op(Opcode::Request, request.0);
        }

        let mut next_part = parts.len() as u32;
        let mut changed = lane.cloned().unwrap_or_default();
        let mut checks = Vec::new();
        for check in &task.checks {
            let operands = self.operands(&check.operands, &mut next_part, registers, &changed);
            let assertion = self.assertion(check.assertion.name);
            checks.push((check.span, self.check(assertion, operands, check)));
        }
        // A task's placeholders are expanded once, before it runs: what an extract changes no
        // later one of the task may see, so such operands are rendered before the first.
        let mut extracts = Vec::new();
        for extract in &task.extracts {
            let operands = self.operands(&extract.operands, &mut next_part, registers, &changed);
            changed.insert(extract.var);
            let extractor = self.extractor(extract.extractor.name);
            let var = self.var(extract.var);
            extracts.push((extract.span, self.extract(extract, extractor, var, operands)));
        }
        if next_part as usize > MAX_PARTS {
            self.refuse("its checks and extracts have too many texts with placeholders", task.span);
        }
        let again = renders_first.then(|| self.send_rendered(task, request));
        for (span, check) in checks {
            self.line(span);
            self.op(Opcode::Check, check.0);
        }
        for (span, extract) in extracts {
            self.line(span);
            self.op(Opcode::Extract, extract.0);
        }
        self.line(task.span);
        if let (Some(retry), Some(again)) = (&task.retry, again) {
            self.retry(retry, again);
        }
        self.op(Opcode::Sample, 0);
        if let Some(think) = task.think {
            let pause = self.builder.pause(think.min_ns, think.max_ns);
            self.op(Opcode::Pause, pause.0);
        }
    }

    /// Fetches one row of every source that slots read; returns the sources in the order of
    /// their registers. A source keeps its register throughout a scenario, so that it is known
    /// which row a user had before.
    fn rows(&mut self, slots: impl IntoIterator<Item = u32>, span: ld_stdlib::Span) -> Vec<usize> {
        self.more_rows(slots, &mut Vec::new(), span)
    }

    /// The same, but for `sources`, of which there are rows already; those that come anew are
    /// appended.
    fn more_rows(
        &mut self,
        slots: impl IntoIterator<Item = u32>,
        sources: &mut Vec<usize>,
        span: ld_stdlib::Span,
    ) -> Vec<usize> {
        let before = sources.len();
        for slot in slots {
            self.ir.sources_of(slot, sources);
        }
        for &source in sources.iter().skip(before) {
            if self.held.contains(&source) {
                continue;
            }
            let known = self.registers.iter().position(|other| *other == source);
            let register = known.unwrap_or_else(|| {
                self.registers.push(source);
                self.registers.len() - 1
            });
            let (true, Ok(number)) = (register < MAX_REGISTERS, u16::try_from(source)) else {
                self.refuse("it uses too many data sources", span);
                break;
            };
            self.builder.emit(Instruction::pair(Opcode::Row, register as u8, number));
        }
        self.registers.clone()
    }

    /// Lets what follows use the rows that slots were read from, until `held` is as long as
    /// this says again.
    fn hold(&mut self, slots: impl IntoIterator<Item = u32>) -> usize {
        let before = self.held.len();
        for slot in slots {
            self.ir.sources_of(slot, &mut self.held);
        }
        before
    }

    fn render(&mut self, part: u32, template: &Template, registers: &[usize]) {
        self.op(Opcode::Part, part);
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => {
                    let constant = self.builder.constant(text);
                    self.op(Opcode::Lit, constant.0);
                }
                Piece::Slot { slot, escape } => {
                    let slot = self.slot(*slot, *escape, registers);
                    self.op(Opcode::Put, slot.0);
                }
            }
        }
    }

    /// Renders the operands that are not there as they are: texts, calls, and variables that
    /// will have `changed` by then.
    fn operands(
        &mut self,
        operands: &[Operand],
        next_part: &mut u32,
        registers: &[usize],
        changed: &HashSet<usize>,
    ) -> Many<OperandId> {
        let mut rows = Vec::with_capacity(operands.len());
        for operand in operands {
            let lone;
            let (kind, template) = match operand {
                Operand::Const(constant) => {
                    rows.push((OperandKind::Value, self.builder.value(constant.value()).0));
                    continue;
                }
                Operand::Slot(slot) if self.is_readable(*slot, changed) => {
                    rows.push((OperandKind::Slot, self.slot(*slot, Escape::Raw, registers).0));
                    continue;
                }
                Operand::Slot(slot) => {
                    let mut template = Template::default();
                    template.push_slot(*slot, Escape::Raw);
                    lone = template;
                    (OperandKind::Part, &lone)
                }
                Operand::Text(template) => (OperandKind::Part, template),
                Operand::Json(template) => (OperandKind::Json, template),
            };
            self.render(*next_part, template, registers);
            rows.push((kind, *next_part));
            *next_part += 1;
        }
        self.builder.operands(&rows)
    }

    /// Whether a check or extract can read a slot itself, at its own time.
    fn is_readable(&self, slot: u32, changed: &HashSet<usize>) -> bool {
        match self.ir.slots.get(slot as usize).map(|slot| &slot.kind) {
            Some(SlotKind::Var(var)) => !changed.contains(var),
            Some(SlotKind::Call { .. }) => false,
            Some(SlotKind::Cell { .. } | SlotKind::Env(_) | SlotKind::Secret(_)) | None => true,
        }
    }

    fn slot(&mut self, slot: u32, escape: Escape, registers: &[usize]) -> SlotId {
        let Some(slot) = self.ir.slots.get(slot as usize) else {
            return SlotId(0);
        };
        let mut operands = Many::default();
        let mut register = 0;
        let (kind, index) = match &slot.kind {
            SlotKind::Var(var) => (Kind::Var, self.var(*var).0),
            SlotKind::Cell { source, column } => {
                register = registers.iter().position(|other| other == source).unwrap_or(0) as u32;
                (Kind::Cell, self.column(*source, column).0)
            }
            SlotKind::Env(name) => (Kind::Env, self.env(name).0),
            SlotKind::Secret(name) => (Kind::Secret, self.secret(name).0),
            SlotKind::Call { name, arguments } => {
                let rows: Vec<_> = arguments
                    .iter()
                    .map(|argument| match argument {
                        Argument::Const(value) => {
                            (OperandKind::Value, self.builder.value(value.value()).0)
                        }
                        Argument::Slot(slot) => {
                            (OperandKind::Slot, self.slot(*slot, Escape::Raw, registers).0)
                        }
                    })
                    .collect();
                operands = self.builder.operands(&rows);
                (Kind::Call, self.function(name).0)
            }
        };
        let text = self.builder.constant(slot.text.as_bytes());
        let row = SlotRow { kind, index, register, operands, escape: escape as u32, text };
        let key = (kind, index, register, operands, escape, text);
        let rows = &mut self.builder.program_mut().tables.slots;
        *self.names.slots.entry(key).or_insert_with(|| push(rows, row))
    }

    /// A slot that gives a constant.
    fn constant_slot(&mut self, value: ld_vm::Value<'_>) -> SlotId {
        let value = self.builder.value(value);
        let operands = self.builder.operands(&[(OperandKind::Value, value.0)]);
        let index = self.function("value").0;
        let text = self.builder.constant(b"");
        let (kind, register, escape) = (Kind::Call, 0, Escape::Raw);
        let row = SlotRow { kind, index, register, operands, escape: escape as u32, text };
        let rows = &mut self.builder.program_mut().tables.slots;
        let key = (kind, index, register, operands, escape, text);
        *self.names.slots.entry(key).or_insert_with(|| push(rows, row))
    }

    fn request(
        &mut self,
        scenario: &'e Scenario,
        task: &'e Task,
        parts: &[Option<ConstId>],
    ) -> RequestId {
        let written = |template: &Template| as_written(template, &self.ir.slots);
        let kind = if scenario.apart { SeriesKind::Apart } else { SeriesKind::Request };
        let method = task.request.method.as_str();
        let key = (written(&task.name), method, scenario.name.as_str(), kind);
        let series =
            *self.names.series.entry(key).or_insert_with_key(|(name, method, scenario, _)| {
                let name = self.builder.constant(name);
                let method = self.builder.constant(method.as_bytes());
                let target = self.builder.constant(&written(&task.request.target));
                let scenario = self.builder.constant(scenario.as_bytes());
                let rows = &mut self.builder.program_mut().tables.series;
                push(rows, SeriesRow { name, method, target, scenario, kind })
            });
        let protocol = self.protocol(task.protocol.name);
        let parts = self.builder.parts(parts);
        let options = self.builder.options(&task.request.options);
        let needs = task.needs().bits();
        let key = (protocol, series, parts, options, needs);
        let row = RequestRow { protocol, series, parts, options, needs };
        let rows = &mut self.builder.program_mut().tables.requests;
        *self.names.requests.entry(key).or_insert_with(|| push(rows, row))
    }

    fn throttle(&mut self, throttle: &'e Throttle) -> ThrottleId {
        let Throttle { key, interval_ns, burst } = throttle;
        let key = self.builder.constant(key.as_bytes());
        let row = ThrottleRow { key, interval_ns: *interval_ns, burst: *burst };
        let rows = &mut self.builder.program_mut().tables.throttles;
        *self.names.throttles.entry(throttle).or_insert_with(|| push(rows, row))
    }

    fn check(
        &mut self,
        assertion: AssertionId,
        operands: Many<OperandId>,
        check: &crate::ir::Check,
    ) -> CheckId {
        let (soft, secret) = (u32::from(check.soft), u32::from(check.secret));
        let rows = &mut self.builder.program_mut().tables.checks;
        let row = CheckRow { assertion, operands, soft, secret };
        *self
            .names
            .checks
            .entry((assertion, operands, soft, secret))
            .or_insert_with(|| push(rows, row))
    }

    fn extract(
        &mut self,
        extract: &crate::ir::Extract,
        extractor: ExtractorId,
        var: VarId,
        operands: Many<OperandId>,
    ) -> ExtractId {
        let default = extract.default.as_ref().map(|value| self.builder.value(value.value()));
        let default = Maybe(default);
        let (required, secret) = (u32::from(extract.required), u32::from(extract.secret));
        let row = ExtractRow { extractor, var, operands, default, required, secret };
        let rows = &mut self.builder.program_mut().tables.extracts;
        let key = (extractor, var, operands, default, required, secret);
        *self.names.extracts.entry(key).or_insert_with(|| push(rows, row))
    }

    fn source_row(&mut self, source: &'e crate::ir::Source) {
        for secret in &source.secrets {
            self.secret(secret);
        }
        let name = self.builder.constant(source.name.as_bytes());
        let path = self.builder.constant(source.path.as_bytes());
        let &crate::ir::Source { format, mode, on_end, .. } = source;
        let query = source.query.as_ref();
        let query = Maybe(query.map(|query| self.builder.constant(query.as_bytes())));
        let row = SourceRow { name, path, format, mode, on_end, query };
        let _: SourceId = push(&mut self.builder.program_mut().tables.sources, row);
    }

    fn action(&mut self, action: &crate::ir::Action, runs: &[RunId]) {
        let command = self.builder.constant(action.command.as_bytes());
        let mut rows = Vec::new();
        for (name, value) in &action.arguments {
            let name = self.builder.constant(name.as_bytes());
            rows.push(ArgumentRow { name, value: self.builder.value(value.value()) });
        }
        let (file, line) = match &action.place {
            Some((file, line)) => (Some(self.builder.constant(file.as_bytes())), *line),
            None => (None, self.source.position(action.span.start).line),
        };
        let written = action.written.as_ref();
        let written = Maybe(written.map(|text| self.builder.constant(text.as_bytes())));
        let tables = &mut self.builder.program_mut().tables;
        let arguments: Many<ArgumentId> = append(&mut tables.arguments, rows);
        let run = Maybe(action.run.and_then(|run| runs.get(run).copied()));
        let (depth, file) = (action.depth, Maybe(file));
        tables.actions.push(ActionRow { command, line, run, arguments, depth, file, written });
    }

    fn metadata(&mut self, name: &str, value: &crate::ir::Const) {
        let name = self.builder.constant(name.as_bytes());
        let row = MetadataRow { name, value: self.builder.value(value.value()) };
        self.builder.program_mut().tables.metadata.push(row);
    }
}

fn append<R, I: Id>(table: &mut Vec<R>, rows: Vec<R>) -> Many<I> {
    let first = I::from_number(table.len() as u32);
    let count = rows.len() as u32;
    table.extend(rows);
    Many { first, count }
}
