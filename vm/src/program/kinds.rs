//! Kinds: columns that hold one of a few words.

use crate::format::{Column, Reader, Writer};

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($number:literal $variant:ident $label:literal $variant_doc:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $variant_doc] $variant,)*
        }

        impl $name {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in listings.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }

        impl Column for $name {
            const BYTES: usize = 4;

            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                match u32::read(reader)? {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn write(&self, writer: &mut Writer) {
                let number: u32 = match self { $(Self::$variant => $number,)* };
                number.write(writer);
            }
        }
    };
}

kinds! {
    /// The type of a constant in the value table.
    ValueKind {
        0 Null "null" "JSON null; `bits` is 0.";
        1 Bool "bool" "A boolean; `bits` is 0 or 1.";
        2 Int "int" "A whole number; `bits` is its two's complement.";
        3 Float "float" "A double; `bits` are its bits.";
        4 Text "text" "Text; `bits` is a row of the constant pool.";
        5 Json "json" "A JSON array or object as text; `bits` is a row of the constant pool.";
    }
}

kinds! {
    /// Where the value of an operand comes from.
    OperandKind {
        0 Value "value" "A constant: a row of the value table.";
        1 Slot "slot" "The typed value of a slot.";
        2 Part "part" "Text rendered before, as a part numbered after those of the request.";
        3 Json "json" "A JSON array or object rendered before, as such a part.";
    }
}

kinds! {
    /// Where the value of a slot comes from.
    SlotKind {
        0 Var "var" "A variable of the user: a row of the variable table.";
        1 Cell "cell" "A cell of the row held in row register `register`: a row of the column table.";
        2 Env "env" "An environment variable, read once before the run: a row of the environment table.";
        3 Call "call" "The result of a function: a row of the function table, with operands.";
        4 Secret "secret" "A secret, known only to the run: a row of the secret table.";
    }
}

kinds! {
    /// What a data source is read from.
    SourceFormat {
        0 Csv "csv" "A CSV file.";
        1 Json "json" "A file with a JSON array of objects.";
        2 Ndjson "ndjson" "A file with a JSON object in each line.";
        3 Database "database" "The rows of a query.";
    }
}

kinds! {
    /// Which rows of a data source a user gets.
    SourceMode {
        0 Shared "shared" "The next that no user has had in this pass.";
        1 PerUser "per_user" "All of them, in order, each user for itself.";
        2 Random "random" "Any, drawn anew each time.";
        3 Unique "unique" "One of its own, always the same.";
    }
}

kinds! {
    /// What happens when a data source has no more rows.
    SourceEnd {
        0 Once "once" "Its placeholders stay as written.";
        1 Cycle "cycle" "The rows start over.";
        2 StopUser "stop_user" "The user that wanted one ends.";
        3 StopRun "error" "The run ends, as a failure.";
    }
}

kinds! {
    /// What starts and stops the users of a scenario.
    LoadKind {
        0 Batches "batches" "`users` users, as many at a time as start in a second; no stages.";
        1 Levels "levels" "The number of users follows the stages' levels.";
        2 Uniform "uniform" "Ticks start at the stages' rates, evenly, each with a free user of at most `users`.";
        3 Poisson "poisson" "The same, at times drawn at random.";
    }
}

kinds! {
    /// What the samples of a series are.
    SeriesKind {
        0 Request "request" "Requests.";
        1 Group "group" "Whole groups, whose requests are counted under their own names.";
        2 Apart "apart" "Requests of a run's setup or teardown, which are in no statistics.";
    }
}
