//! Ids: positions in the tables of a program, each of its own type.

use super::Bounds;
use crate::format::{Column, Reader, Writer};

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident => $table:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $id(pub u32);

            impl $id {
                /// The number as an index.
                #[must_use]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }
            }

            impl Column for $id {
                fn read(reader: &mut Reader<'_>) -> Option<Self> {
                    u32::read(reader).map(Self)
                }
                fn write(&self, writer: &mut Writer) {
                    self.0.write(writer);
                }
                const BYTES: usize = 4;
                fn in_bounds(&self, bounds: &Bounds) -> bool {
                    self.0 < bounds.$table
                }
            }
        )*
    };
}

ids! {
    /// A word of the code.
    Addr => code;
    /// A constant: bytes in the pool.
    ConstId => consts;
    /// A typed constant.
    ValueId => values;
    /// An operand of a check, an extract or a function call.
    OperandId => operands;
    /// A function the program calls.
    FunctionId => functions;
    /// An assertion the program makes.
    AssertionId => assertions;
    /// An extractor the program uses.
    ExtractorId => extractors;
    /// A protocol the program speaks.
    ProtocolId => protocols;
    /// An environment variable the program reads.
    EnvId => envs;
    /// A secret the program reads.
    SecretId => secrets;
    /// A data source.
    SourceId => sources;
    /// A column of a data source.
    ColumnId => columns;
    /// A variable of a user.
    VarId => vars;
    /// A slot: a hole in a template.
    SlotId => slots;
    /// A part of a request.
    PartId => parts;
    /// A number of a request.
    OptionId => options;
    /// A series of samples.
    SeriesId => series;
    /// A request.
    RequestId => requests;
    /// A check.
    CheckId => checks;
    /// An extract.
    ExtractId => extracts;
    /// One branch of a weighted choice.
    BranchId => branches;
    /// A weighted choice.
    ChoiceId => choices;
    /// A think time.
    PauseId => pauses;
    /// A scenario: one kind of user and what it does in a tick.
    ScenarioId => scenarios;
    /// A variable's value at the start of a run.
    InitId => inits;
    /// A run: the scenarios of one `LD_start_test`.
    RunId => runs;
    /// An argument of an action.
    ArgumentId => arguments;
    /// A stage of a scenario's load.
    StageId => stages;
    /// A rate that requests are held to.
    ThrottleId => throttles;
    /// A condition and where to go when it does not hold.
    TestId => tests;
    /// An assignment.
    SetId => sets;
    /// Where a user does several things at once.
    ForkId => forks;
    /// One of the things a user does at once.
    LaneId => lanes;
    /// How often a request that failed is sent again.
    RetryId => retries;
}

/// A run of consecutive rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Many<Id> {
    /// The first row.
    pub first: Id,
    /// How many rows.
    pub count: u32,
}

/// An id that may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Maybe<Id>(pub Option<Id>);

/// How to make an id from a number, for tables addressed by position.
pub trait Id: Copy + Column {
    /// The id of row `number`.
    fn from_number(number: u32) -> Self;
    /// The row's number.
    fn number(self) -> u32;
}

macro_rules! id_numbers {
    ($($id:ident)*) => {
        $(impl Id for $id {
            fn from_number(number: u32) -> Self {
                Self(number)
            }
            fn number(self) -> u32 {
                self.0
            }
        })*
    };
}

id_numbers! {
    Addr ConstId ValueId OperandId FunctionId AssertionId ExtractorId ProtocolId EnvId SourceId
    ColumnId VarId SlotId PartId OptionId SeriesId RequestId CheckId ExtractId BranchId ChoiceId
    PauseId ScenarioId InitId RunId ArgumentId StageId ThrottleId TestId SetId SecretId
    RetryId ForkId LaneId
}

impl<I: Id> Column for Many<I> {
    const BYTES: usize = 8;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { first: I::read(reader)?, count: u32::read(reader)? })
    }

    fn write(&self, writer: &mut Writer) {
        self.first.write(writer);
        self.count.write(writer);
    }

    fn in_bounds(&self, bounds: &Bounds) -> bool {
        if self.count == 0 {
            return true;
        }
        let last = self.first.number().checked_add(self.count - 1);
        last.is_some_and(|last| I::from_number(last).in_bounds(bounds))
    }
}

impl<I: Id> Column for Maybe<I> {
    const BYTES: usize = 4;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let number = u32::read(reader)?;
        Some(Self((number != u32::MAX).then(|| I::from_number(number))))
    }

    fn write(&self, writer: &mut Writer) {
        self.0.map_or(u32::MAX, Id::number).write(writer);
    }

    fn in_bounds(&self, bounds: &Bounds) -> bool {
        self.0.is_none_or(|id| id.in_bounds(bounds))
    }
}
