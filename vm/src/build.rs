//! Putting a program together: interning pools, so that equal rows are stored once.

use std::hash::BuildHasher as _;

use foldhash::HashMap;
use foldhash::fast::RandomState;

use crate::isa::Instruction;
use crate::program::{
    Addr, BranchId, BranchRow, ChoiceId, ChoiceRow, ConstId, Id, LineRow, Many, Maybe, OperandId,
    OperandKind, OperandRow, OptionId, OptionRow, PartId, PartRow, PauseId, PauseRow, Program,
    ValueId, ValueKind, ValueRow,
};
use crate::value::Value;

/// Builds a program row by row.
#[derive(Debug, Default)]
pub struct Builder {
    program: Program,
    /// Off: every constant is stored as often as it is used, for comparison with the
    /// deduplicated form.
    share: bool,
    consts: HashMap<u64, ConstId>,
    hasher: RandomState,
    values: HashMap<(ValueKind, u64), ValueId>,
    part_lists: HashMap<Vec<Option<ConstId>>, Many<PartId>>,
    option_lists: HashMap<Vec<i64>, Many<OptionId>>,
    operand_lists: HashMap<Vec<(OperandKind, u32)>, Many<OperandId>>,
    pauses: HashMap<(u64, u64), PauseId>,
}

impl Builder {
    /// An empty program; `share` merges equal rows.
    #[must_use]
    pub fn new(file: &str, source: &str, share: bool) -> Self {
        let program =
            Program { file: file.to_owned(), source: source.to_owned(), ..Program::default() };
        Self { program, share, ..Self::default() }
    }

    /// The finished program.
    #[must_use]
    pub fn finish(self) -> Program {
        self.program
    }

    /// The program so far; tables without a method of their own are filled through it.
    pub const fn program_mut(&mut self) -> &mut Program {
        &mut self.program
    }

    /// The address of the next instruction.
    #[must_use]
    pub fn here(&self) -> Addr {
        Addr(len(&self.program.code))
    }

    /// Appends an instruction.
    pub fn emit(&mut self, instruction: Instruction) -> Addr {
        let address = self.here();
        self.program.code.push(instruction.encode());
        address
    }

    /// Replaces an instruction, once the target of a jump is known.
    pub fn patch(&mut self, address: Addr, instruction: Instruction) {
        if let Some(word) = self.program.code.get_mut(address.index()) {
            *word = instruction.encode();
        }
    }

    /// Notes where the next instructions come from.
    pub fn line(&mut self, line: u32, column: u32) {
        let address = self.here();
        let lines = &mut self.program.tables.lines;
        match lines.last_mut() {
            Some(last) if last.address == address => *last = LineRow { address, line, column },
            Some(last) if (last.line, last.column) == (line, column) => {}
            _ => lines.push(LineRow { address, line, column }),
        }
    }

    /// The id of a constant.
    pub fn constant(&mut self, bytes: &[u8]) -> ConstId {
        if !self.share {
            return self.program.consts.push(bytes);
        }
        // Constants of the same hash stand behind each other.
        let mut hash = self.hasher.hash_one(bytes);
        while let Some(&id) = self.consts.get(&hash) {
            if self.program.consts.bytes(id) == bytes {
                return id;
            }
            hash = hash.wrapping_add(1);
        }
        let id = self.program.consts.push(bytes);
        self.consts.insert(hash, id);
        id
    }

    /// The id of a typed constant.
    pub fn value(&mut self, value: Value<'_>) -> ValueId {
        let (kind, bits) = match value {
            Value::Unset | Value::Null => (ValueKind::Null, 0),
            Value::Bool(flag) => (ValueKind::Bool, u64::from(flag)),
            Value::Int(number) => (ValueKind::Int, number.cast_unsigned()),
            Value::Float(number) => (ValueKind::Float, number.to_bits()),
            Value::Text(bytes) => (ValueKind::Text, u64::from(self.constant(bytes).0)),
            Value::Json(bytes) => (ValueKind::Json, u64::from(self.constant(bytes).0)),
        };
        let values = &mut self.program.tables.values;
        *self.values.entry((kind, bits)).or_insert_with(|| {
            values.push(ValueRow { kind, bits });
            ValueId(len(values) - 1)
        })
    }

    /// The parts of a request: constants, or nothing for a part that is rendered.
    pub fn parts(&mut self, parts: &[Option<ConstId>]) -> Many<PartId> {
        let rows = &mut self.program.tables.parts;
        *self.part_lists.entry(parts.to_vec()).or_insert_with(|| {
            append(rows, parts.iter().map(|&constant| PartRow { constant: Maybe(constant) }))
        })
    }

    /// The numbers of a request.
    pub fn options(&mut self, options: &[i64]) -> Many<OptionId> {
        let rows = &mut self.program.tables.options;
        *self
            .option_lists
            .entry(options.to_vec())
            .or_insert_with(|| append(rows, options.iter().map(|&value| OptionRow { value })))
    }

    /// The operands of a check, extract or call.
    pub fn operands(&mut self, operands: &[(OperandKind, u32)]) -> Many<OperandId> {
        let rows = &mut self.program.tables.operands;
        *self.operand_lists.entry(operands.to_vec()).or_insert_with(|| {
            append(rows, operands.iter().map(|&(kind, index)| OperandRow { kind, index }))
        })
    }

    /// The id of a pause.
    pub fn pause(&mut self, min_ns: u64, max_ns: u64) -> PauseId {
        let rows = &mut self.program.tables.pauses;
        *self.pauses.entry((min_ns, max_ns)).or_insert_with(|| {
            rows.push(PauseRow { min_ns, max_ns });
            PauseId(len(rows) - 1)
        })
    }

    /// A weighted choice over `(weight, address)`, as an alias table (Vose, 1991), so that a
    /// draw costs the same however many branches there are. `None` when no weight is above
    /// zero.
    pub fn choice(&mut self, weighted: &[(u64, Addr)]) -> Option<ChoiceId> {
        let rows = alias_table(weighted)?;
        let branches: Many<BranchId> = append(&mut self.program.tables.branches, rows.into_iter());
        let choices = &mut self.program.tables.choices;
        choices.push(ChoiceRow { branches });
        Some(ChoiceId(len(choices) - 1))
    }
}

/// Adds a row to a table and returns its id.
pub fn push<R, I: Id>(table: &mut Vec<R>, row: R) -> I {
    table.push(row);
    I::from_number(len(table) - 1)
}

fn append<R, I: Id>(table: &mut Vec<R>, rows: impl Iterator<Item = R>) -> Many<I> {
    let first = len(table);
    table.extend(rows);
    Many { first: I::from_number(first), count: len(table) - first }
}

fn len<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

fn alias_table(weighted: &[(u64, Addr)]) -> Option<Vec<BranchRow>> {
    let branches: Vec<_> = weighted.iter().copied().filter(|&(weight, _)| weight > 0).collect();
    let total: u128 = branches.iter().map(|&(weight, _)| u128::from(weight)).sum();
    let count = branches.len() as u128;
    if total == 0 {
        return None;
    }
    // Each column holds `total` of the `count * total` units; what a branch has too little
    // is filled up by one that has too much.
    let mut left: Vec<u128> =
        branches.iter().map(|&(weight, _)| u128::from(weight) * count).collect();
    let mut rows: Vec<BranchRow> = branches
        .iter()
        .map(|&(_, here)| BranchRow { here, other: here, threshold: u32::MAX })
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..left.len()).partition(|&at| left.get(at).is_some_and(|&units| units < total));
    while let (Some(low), Some(high)) = (small.pop(), large.pop()) {
        let have = left.get(low).copied().unwrap_or(0);
        let other = branches.get(high).map_or(Addr(0), |&(_, address)| address);
        if let Some(row) = rows.get_mut(low) {
            row.threshold = u32::try_from((have << 32) / total).unwrap_or(u32::MAX - 1);
            row.other = other;
        }
        if let Some(units) = left.get_mut(high) {
            *units -= total - have;
            if *units < total { small.push(high) } else { large.push(high) }
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_constants_are_stored_once() {
        let mut builder = Builder::new("", "", true);
        let first = builder.constant(b"abc");
        assert_eq!(builder.constant(b"abc"), first);
        assert_ne!(builder.constant(b"abd"), first);
        let mut apart = Builder::new("", "", false);
        assert_ne!(apart.constant(b"abc"), apart.constant(b"abc"));
    }

    #[test]
    fn an_alias_table_has_the_shares_of_the_weights() {
        let weighted: Vec<_> =
            [1, 0, 3, 6, 90].into_iter().zip(0..).map(|(w, a)| (w, Addr(a))).collect();
        let rows = alias_table(&weighted).unwrap();
        let mut shares = [0.0_f64; 5];
        for row in &rows {
            let here = if row.threshold == u32::MAX {
                1.0
            } else {
                f64::from(row.threshold) / 2f64.powi(32)
            };
            shares[row.here.index()] += here / rows.len() as f64;
            shares[row.other.index()] += (1.0 - here) / rows.len() as f64;
        }
        for (share, weight) in shares.into_iter().zip([1.0, 0.0, 3.0, 6.0, 90.0]) {
            assert!((share - weight / 100.0).abs() < 1e-8, "{share} for {weight}");
        }
        assert_eq!(alias_table(&[(0, Addr(0))]), None);
    }
}
