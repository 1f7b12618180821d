//! The instruction set, declared once.
//!
//! A word is 32 bits: the opcode in the low byte, then either one operand of 24
//! bits (`x`) or one of 8 bits (`a`) and one of 16 bits (`b`). Anything wider stands
//! in a side table of the [`Program`](crate::Program) and is named by its row.
//!
//! The table below is the source of the [`Opcode`] enum, of encoding and decoding,
//! of the operand rules the verifier applies, of the listing's mnemonics and of
//! `docs/reference/isa.md`. Numbers are part of the file format: they are written
//! out, only ever appended, and never reused.

/// What an operand of an instruction refers to; decides which bound the verifier
/// applies and which letter the listing prints before the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// No operand: the bits must be zero.
    None,
    /// An address in the code, in words.
    Addr,
    /// A row of the choice table.
    Choice,
    /// A row of the constant pool.
    Const,
    /// A row of the check table.
    Check,
    /// A row of the extract table.
    Extract,
    /// The number of a part of the request being rendered.
    Part,
    /// A row of the pause table.
    Pause,
    /// A row of the request table.
    Request,
    /// A row register of the user.
    Row,
    /// A row of the slot table.
    Slot,
    /// A row of the source table.
    Source,
    /// A row of the throttle table.
    Throttle,
    /// A row of the series table.
    Series,
    /// A row of the set table.
    Set,
    /// A row of the test table.
    Test,
    /// A row of the retry table.
    Retry,
    /// A row of the fork table.
    Fork,
    /// What is stopped: 0 the user, 1 the run.
    Scope,
}

impl Operand {
    /// The letter that stands before the operand's number in a listing.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Addr => "@",
            Self::Choice => "w",
            Self::Const => "k",
            Self::Check => "c",
            Self::Extract => "x",
            Self::Part => "p",
            Self::Pause => "t",
            Self::Request => "q",
            Self::Row => "r",
            Self::Slot => "s",
            Self::Source => "d",
            Self::Throttle => "g",
            Self::Series => "n",
            Self::Set => "a",
            Self::Test => "b",
            Self::Retry => "y",
            Self::Fork => "f",
            Self::Scope => "",
        }
    }
}

/// How the 24 operand bits of a word are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No operand.
    Plain,
    /// One operand of 24 bits.
    Wide(Operand),
    /// An operand of 8 bits, then one of 16 bits.
    Pair(Operand, Operand),
}

/// One decoded instruction word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub op: Opcode,
    /// The operand bits: all 24 for [`Shape::Wide`], else see [`Self::a`] and [`Self::b`].
    pub x: u32,
}

impl Instruction {
    /// The largest value of a wide operand.
    pub const MAX_X: u32 = (1 << 24) - 1;

    /// An instruction with one wide operand; bits over 24 are cut, which
    /// [`build`](crate::build) checks beforehand.
    #[must_use]
    pub const fn wide(op: Opcode, x: u32) -> Self {
        Self { op, x: x & Self::MAX_X }
    }

    /// An instruction with a narrow and a middle operand.
    #[must_use]
    pub const fn pair(op: Opcode, a: u8, b: u16) -> Self {
        Self { op, x: a as u32 | (b as u32) << 8 }
    }

    /// The 8-bit operand of [`Shape::Pair`].
    #[must_use]
    pub const fn a(self) -> u8 {
        (self.x & 0xff) as u8
    }

    /// The 16-bit operand of [`Shape::Pair`].
    #[must_use]
    pub const fn b(self) -> u16 {
        (self.x >> 8) as u16
    }

    /// The word that stands in the code section.
    #[must_use]
    pub const fn encode(self) -> u32 {
        self.op as u32 | self.x << 8
    }

    /// Reads a word; `None` when its opcode is unknown to this build.
    #[must_use]
    pub const fn decode(word: u32) -> Option<Self> {
        match Opcode::from_number((word & 0xff) as u8) {
            Some(op) => Some(Self { op, x: word >> 8 }),
            None => None,
        }
    }
}

macro_rules! isa {
    ($($number:literal $name:ident $mnemonic:literal $shape:expr, $effect:literal, $doc:literal;)*) => {
        /// The opcodes, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $(#[doc = $doc] $name = $number,)*
        }

        impl Opcode {
            /// Every opcode, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The opcode with this number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The name in a listing.
            #[must_use]
            pub const fn mnemonic(self) -> &'static str {
                match self { $(Self::$name => $mnemonic,)* }
            }

            /// How the operand bits are divided and what they refer to.
            #[must_use]
            pub const fn shape(self) -> Shape {
                match self { $(Self::$name => $shape,)* }
            }

            /// What the instruction does, in register-transfer form.
            #[must_use]
            pub const fn effect(self) -> &'static str {
                match self { $(Self::$name => $effect,)* }
            }

            /// What the instruction is for.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }
        }
    };
}

use Operand as O;

isa! {
    0 End "end" Shape::Plain,
        "yield end of tick; pc <- entry",
        "Ends the tick. The user pauses for the scenario's wait time and starts over at its entry.";
    1 Jump "jump" Shape::Wide(O::Addr),
        "pc <- x",
        "Goes on at a later address. Backward jumps do not verify: `loop` is for them.";
    2 Pick "pick" Shape::Wide(O::Choice),
        "pc <- draw from choice x",
        "Draws one branch of a weighted scenario by the alias method, in constant time.";
    3 Row "row" Shape::Pair(O::Row, O::Source),
        "row[a] <- next row of source b",
        "Fetches the one row of a data source that this task uses; empty when the source is exhausted.";
    4 Part "part" Shape::Wide(O::Part),
        "begin part x",
        "Starts rendering a part of the next request, or a text operand of a check or extract.";
    5 Lit "lit" Shape::Wide(O::Const),
        "part += const x",
        "Appends constant bytes to the part being rendered.";
    6 Put "put" Shape::Wide(O::Slot),
        "part += escape(value of slot x)",
        "Appends a value, escaped for its place. A slot without a value appends the placeholder as written and counts as unresolved.";
    7 Request "request" Shape::Wide(O::Request),
        "reply <- yield request x",
        "Hands the request to the driver and stops until its reply is there. A transport fault fails the request.";
    8 Check "check" Shape::Wide(O::Check),
        "unless failed: failed <- not assertion x(reply)",
        "Evaluates an assertion. The first one that does not hold fails the request; later ones are passed over.";
    9 Extract "extract" Shape::Wide(O::Extract),
        "unless failed: var <- extractor x(reply)",
        "Takes a value out of the reply. A reply without it leaves the variable as it was.";
    10 Sample "sample" Shape::Plain,
        "yield sample; failed <- false",
        "Ends the request: its outcome goes to the recorder.";
    11 Pause "pause" Shape::Wide(O::Pause),
        "yield wait of pause x",
        "Waits for a think time drawn uniformly between the row's bounds.";
    12 Throttle "throttle" Shape::Wide(O::Throttle),
        "yield turn of throttle x",
        "Waits until the rate that the next request is held to allows it.";
    13 Unless "unless" Shape::Wide(O::Test),
        "if not slot of test x: pc <- address of test x",
        "Goes on at a later address when a condition does not hold.";
    14 Set "set" Shape::Wide(O::Set),
        "var of set x <- slot of set x",
        "Gives a variable the value of a slot; one without a value unsets it.";
    15 Loop "loop" Shape::Wide(O::Addr),
        "pc <- x; rounds <- rounds + 1",
        "Goes back to an earlier address. After too many rounds without an effect the tick ends as a failure of the plan.";
    16 Enter "enter" Shape::Wide(O::Series),
        "yield begin of group x",
        "Begins a group: the time until it is left is a sample of its series.";
    17 Leave "leave" Shape::Wide(O::Series),
        "yield end of group x",
        "Ends the group begun last.";
    18 Log "log" Shape::Wide(O::Part),
        "yield text of part x",
        "Hands a rendered text to whoever watches the run.";
    19 Stop "stop" Shape::Wide(O::Scope),
        "yield stop x",
        "Ends the user, or the whole run.";
    20 Retry "retry" Shape::Wide(O::Retry),
        "if failed and retry x allows: yield attempt; failed <- false; pc <- address of retry x",
        "Sends a request that failed again, as rendered, after a pause, as often as the row allows for failures of its kind.";
    21 Fork "fork" Shape::Wide(O::Fork),
        "yield lanes of fork x; pc <- after of fork x",
        "Does several things at once: each lane is stepped by itself, with the user's variables. The user goes on when all have ended.";
    22 Join "join" Shape::Plain,
        "yield end of lane",
        "Ends a lane.";
    23 Forget "forget" Shape::Plain,
        "yield forget",
        "The user's client forgets the cookies that servers gave it.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opcode_survives_encoding() {
        for &op in Opcode::ALL {
            for x in [0, 1, 0x1234, Instruction::MAX_X] {
                let instruction = Instruction::wide(op, x);
                assert_eq!(Instruction::decode(instruction.encode()), Some(instruction));
            }
        }
        let pair = Instruction::pair(Opcode::Row, 0xab, 0xcdef);
        assert_eq!((pair.a(), pair.b()), (0xab, 0xcdef));
    }

    #[test]
    fn numbers_are_in_order_and_names_unique() {
        for (index, op) in Opcode::ALL.iter().enumerate() {
            assert_eq!(*op as usize, index, "numbers are appended without gaps");
            assert!(op.doc().ends_with('.') && !op.effect().is_empty());
            assert!(Opcode::ALL.iter().filter(|o| o.mnemonic() == op.mnemonic()).count() == 1);
        }
    }

    #[test]
    fn an_instruction_is_two_words_when_decoded() {
        assert_eq!(size_of::<Instruction>(), 8);
    }

    #[test]
    fn unknown_numbers_do_not_decode() {
        assert_eq!(Instruction::decode(0xff), None);
    }
}
