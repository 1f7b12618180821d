//! Rows that are found again by what they name.

use foldhash::HashMap;
use ld_vm::Escape;
use ld_vm::build::push;
use ld_vm::program::{
    AssertionId, AssertionRow, CheckId, ColumnId, ColumnRow, ConstId, EnvId, EnvRow, ExtractId,
    ExtractorId, ExtractorRow, FunctionId, FunctionRow, Many, Maybe, OperandId, ProtocolId,
    ProtocolRow, RequestId, SecretId, SecretRow, SeriesId, SeriesKind, SlotId, SlotKind as Kind,
    SourceId, ThrottleId, ValueId, VarId, VarRow,
};

use super::Emit;
use crate::ir::Throttle;

/// What was given a row already.
#[derive(Default)]
pub(super) struct Names<'e> {
    pub(super) protocols: HashMap<&'static str, ProtocolId>,
    pub(super) functions: HashMap<&'static str, FunctionId>,
    pub(super) assertions: HashMap<&'static str, AssertionId>,
    pub(super) extractors: HashMap<&'static str, ExtractorId>,
    pub(super) envs: HashMap<&'e str, EnvId>,
    pub(super) secrets: HashMap<&'e str, SecretId>,
    pub(super) columns: HashMap<(usize, &'e str), ColumnId>,
    pub(super) vars: HashMap<usize, VarId>,
    pub(super) series: HashMap<(Vec<u8>, &'e str, &'e str, SeriesKind), SeriesId>,
    pub(super) groups: HashMap<(Vec<u8>, &'e str), SeriesId>,
    pub(super) slots: HashMap<SlotKey, SlotId>,
    pub(super) requests: HashMap<RequestKey, RequestId>,
    pub(super) throttles: HashMap<&'e Throttle, ThrottleId>,
    pub(super) checks: HashMap<(AssertionId, Many<OperandId>, u32, u32), CheckId>,
    pub(super) extracts: HashMap<ExtractKey, ExtractId>,
}

/// What makes two slots one row.
pub(super) type SlotKey = (Kind, u32, u32, Many<OperandId>, Escape, ConstId);

/// The columns of an extract.
pub(super) type ExtractKey = (ExtractorId, VarId, Many<OperandId>, Maybe<ValueId>, u32, u32);

/// What makes two requests one row.
pub(super) type RequestKey =
    (ProtocolId, SeriesId, Many<ld_vm::program::PartId>, Many<ld_vm::program::OptionId>, u32);

impl<'e> Emit<'e> {
    pub(super) fn protocol(&mut self, name: &'static str) -> ProtocolId {
        *self.names.protocols.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.protocols, ProtocolRow { name })
        })
    }

    pub(super) fn function(&mut self, name: &'static str) -> FunctionId {
        *self.names.functions.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.functions, FunctionRow { name })
        })
    }

    pub(super) fn assertion(&mut self, name: &'static str) -> AssertionId {
        *self.names.assertions.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.assertions, AssertionRow { name })
        })
    }

    pub(super) fn extractor(&mut self, name: &'static str) -> ExtractorId {
        *self.names.extractors.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.extractors, ExtractorRow { name })
        })
    }

    pub(super) fn env(&mut self, name: &'e str) -> EnvId {
        *self.names.envs.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.envs, EnvRow { name })
        })
    }

    pub(super) fn secret(&mut self, name: &'e str) -> SecretId {
        *self.names.secrets.entry(name).or_insert_with(|| {
            let name = self.builder.constant(name.as_bytes());
            push(&mut self.builder.program_mut().tables.secrets, SecretRow { name })
        })
    }

    pub(super) fn column(&mut self, source: usize, column: &'e str) -> ColumnId {
        *self.names.columns.entry((source, column)).or_insert_with(|| {
            let name = self.builder.constant(column.as_bytes());
            let row = ColumnRow { source: SourceId(source as u32), name };
            push(&mut self.builder.program_mut().tables.columns, row)
        })
    }

    pub(super) fn var(&mut self, var: usize) -> VarId {
        *self.names.vars.entry(var).or_insert_with(|| {
            let (name, session) =
                self.ir.vars.get(var).map_or(("", false), |var| (&var.name, var.session));
            let name = self.builder.constant(name.as_bytes());
            let row = VarRow { name, session: u32::from(session) };
            push(&mut self.builder.program_mut().tables.vars, row)
        })
    }
}
