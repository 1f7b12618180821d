//! The one table of diagnostic codes.
//!
//! A row is a number, a name, a default severity and a title; the page that
//! `ldc explain` prints stands in `codes/` under the number. Numbers are written
//! out, only ever appended within their range, and never used again:
//!
//! | Range  | About                                                     |
//! |--------|-----------------------------------------------------------|
//! | LD01xx | notation: JSON, YAML, TOML                                |
//! | LD02xx | shape of the document, of actions, tasks and their fields |
//! | LD03xx | names and references: placeholders, sources, variables    |
//! | LD04xx | lints                                                     |
//! | LD05xx | what the language knows and this build cannot do yet      |
//! | LD06xx | files                                                     |

use std::fmt;
use std::str::FromStr;

use super::Severity;

/// One row of [`CODES`].
#[derive(Debug)]
pub struct Row {
    /// The code this row describes.
    pub code: Code,
    /// The stable spelling: `LD0203`.
    pub id: &'static str,
    /// Severity unless a diagnostic says otherwise.
    pub severity: Severity,
    /// The problem in a few words.
    pub title: &'static str,
    /// The page in Markdown: what it means, an example, the cure.
    pub page: &'static str,
}

macro_rules! codes {
    ($($number:literal $name:ident $severity:ident $title:literal)*) => {
        /// The name of a kind of problem; stable across releases.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("LD", $number, ": ", $title, ".")] $name,)*
        }

        impl Code {
            /// What the table says about this code.
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => {
                        const ROW: Row = Row {
                            code: Code::$name,
                            id: concat!("LD", $number),
                            severity: Severity::$severity,
                            title: $title,
                            page: include_str!(concat!("codes/LD", $number, ".md")),
                        };
                        &ROW
                    })*
                }
            }
        }

        /// Every code, in the order of their numbers.
        pub static CODES: &[&Row] = &[$(Code::$name.row(),)*];
    };
}

codes! {
    "0101" UnexpectedCharacter     Error   "a character that has no place here"
    "0102" MissingComma            Error   "a comma is missing"
    "0103" MissingColon            Error   "a colon is missing"
    "0104" MissingValue            Error   "a value is missing"
    "0105" BadKey                  Error   "a key that is not a quoted name"
    "0106" WrongQuotes             Error   "text in other quotes than \""
    "0107" UnterminatedString      Error   "a text without its closing quote"
    "0108" UnclosedBracket         Error   "a bracket that is never closed"
    "0109" MismatchedBracket       Error   "a closing bracket without its opening one"
    "0110" BadNumber               Error   "a number that JSON cannot write this way"
    "0111" UnquotedText            Error   "a word outside quotes"
    "0112" BadEscape               Error   "an unknown escape in a text"
    "0113" LoneSurrogate           Error   "half of a character in a text"
    "0114" ControlCharacter        Error   "a raw control character in a text"
    "0115" DuplicateKey            Warning "the same key twice in an object"
    "0116" TooDeep                 Error   "brackets nested too deeply"
    "0117" TextAfterEnd            Error   "something after the end of the plan"
    "0118" EmptyDocument           Error   "nothing in the file"
    "0119" UnterminatedComment     Error   "a comment that is never closed"
    "0120" Comment                 Warning "comments are not JSON"
    "0121" TrailingComma           Warning "a comma after the last item is not JSON"
    "0122" TooManyProblems         Error   "more problems than are shown"
    "0123" ExtraComma              Error   "a comma with nothing before it"
    "0124" BadYaml                 Error   "a plan that is not YAML"
    "0125" BadToml                 Error   "a plan that is not TOML"

    "0201" BadDocument             Error   "the document is not a plan"
    "0202" UnknownDocumentKey      Warning "an unknown key beside `load_density`"
    "0203" UnknownField            Error   "a field that this kind of task does not have"
    "0204" UnknownCommand          Error   "an unknown command"
    "0205" BadAction               Error   "an action of the wrong shape"
    "0206" UnknownArgument         Error   "an argument that the command does not have"
    "0207" MissingArgument         Error   "a required argument is missing"
    "0208" WrongType               Error   "a value of the wrong type"
    "0209" OutOfRange              Error   "a value out of range"
    "0210" UnknownUser             Error   "an unknown user type"
    "0211" MissingUrl              Error   "a task without a URL"
    "0212" MissingMethod           Error   "a task without a method"
    "0213" UnknownMethod           Error   "an unknown method"
    "0214" UnknownAssertion        Error   "an unknown type of assertion"
    "0215" UnknownExtractor        Error   "an unknown source to extract from"
    "0216" MissingField            Error   "a required field is missing"
    "0217" UnknownValue            Error   "a value that is not one of the known ones"
    "0218" NoTasks                 Error   "a test without tasks"
    "0219" BadUrl                  Error   "a URL or another value that the protocol cannot use"
    "0220" ConflictingSettings     Error   "settings that contradict each other"
    "0221" BadExpression           Error   "an expression that cannot be read or cannot mean anything"
    "0222" BadGate                 Error   "a gate that says nothing a run can keep to"
    "0223" UnknownLint             Warning "a lint that does not exist"
    "0224" NotAtOnce               Error   "something that a user cannot do at once"

    "0301" UnterminatedPlaceholder Warning "a placeholder without its closing brace"
    "0302" EmptyPlaceholder        Warning "a placeholder without a name"
    "0303" NestedPlaceholder       Warning "a placeholder inside a placeholder"
    "0304" UnknownFunction         Warning "an unknown function in a placeholder"
    "0305" BadArguments            Error   "wrong arguments of a function"
    "0306" UnknownPrefix           Warning "an unknown kind of placeholder"
    "0307" UnsetVariable           Warning "a variable that nothing sets"
    "0308" UnfilledPlaceholder     Warning "a placeholder where none is filled"
    "0310" UnknownSource           Error   "a data source that is not registered"
    "0311" UnknownColumn           Error   "a column that the data source does not have"
    "0312" UnknownProvider         Error   "made-up data that nothing makes up"
    "0313" UnknownName             Error   "a name that no request has"

    "0401" FieldWithoutEffect      Warning "a field that changes nothing here"
    "0402" UnusedVariable          Warning "a variable that nothing reads"
    "0403" UnreachableTask         Warning "a task that never runs"
    "0404" ForeignNotation         Warning "a value in a notation that means nothing here"
    "0410" ReadBeforeSet           Warning "a variable that is read before anything can have set it"
    "0411" HardcodedUrl            Warning "a URL that is written out"
    "0412" OversizeBody            Warning "a body of more than a megabyte"
    "0413" UnusedExtract           Warning "an extracted value that nothing reads"
    "0414" UnusedSource            Warning "a data source that nothing reads"
    "0415" ShadowedExtract         Warning "an extracted value that is replaced at once"
    "0416" MissingName             Warning "a task without a name whose URL has placeholders"
    "0417" ZeroWeights             Warning "a choice whose weights are all zero"
    "0418" PlainSecret             Warning "a secret in plain text"
    "0419" DuplicateHeader         Warning "the same header twice"
    "0420" BodyOnGet               Warning "a body on a request that has none"
    "0421" PauseLongerThanRun      Warning "a pause that outlasts the run"
    "0422" ShapeLongerThanRun      Warning "a load that the end of the run cuts off"
    "0423" RampLongerThanRun       Warning "users that never start"
    "0424" MissingContentType      Warning "JSON without its content type"
    "0425" RepeatedHost            Warning "the same host in several tasks"
    "0426" UnreachableThrottle     Warning "a throttle that holds nothing back"
    "0427" CannotFail              Warning "an assertion that every reply meets"
    "0428" CannotPass              Warning "an assertion that no reply meets"
    "0429" ContradictoryChecks     Warning "assertions that contradict each other"
    "0430" DuplicateCheck          Warning "the same assertion twice"
    "0431" OneNameTwoUrls          Warning "one name for different requests"
    "0432" CredentialsOverHttp     Warning "credentials without encryption"
    "0433" EmptyBlock              Warning "a block without steps"
    "0434" EndlessLoop             Warning "a loop that nothing inside ends"
    "0435" WarmupLongerThanRun     Warning "a run that is all warm-up"
    "0436" ScenarioNeverStarts     Warning "a scenario that begins after the end"
    "0437" UrlFragment             Warning "a part of a URL that is not sent"
    "0438" RequestsAtMost          Warning "a rule that limits the number of requests"
    "0439" ForeignPlaceholder      Warning "a placeholder in another notation"
    "0440" StraySpace              Warning "a space at the edge of a URL"
    "0441" StepToDo                Warning "a step that is still to be written"

    "0501" CommandNotBuilt         Error   "a command this build cannot run yet"
    "0502" UserNotBuilt            Error   "a user type this build cannot drive yet"
    "0503" FieldNotBuilt           Error   "a field or option this build does not have yet"

    "0601" UnreadableFile          Error   "a file that cannot be read"
    "0602" NotUtf8                 Error   "a file that is not UTF-8 text"
    "0603" FileTooLarge            Error   "a file that is too large"
    "0604" BadCsv                  Error   "a CSV file that cannot be used"
    "0605" RecursivePlan           Error   "a document that carries out itself"
    "0606" MissingFile             Warning "a file that is not there"
}

impl Code {
    /// The stable spelling: `LD0203`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().id
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// What was given is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such code")
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for Code {
    type Err = UnknownCode;

    /// Accepts `LD0203`, `ld203`, `0203` and `203`.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let digits = match text.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("ld") => text.get(2..).unwrap_or_default(),
            _ => text,
        };
        let number: u16 = digits.parse().map_err(|_| UnknownCode)?;
        let id = format!("LD{number:04}");
        CODES.iter().find(|row| row.id == id).map(|row| row.code).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_four_digits_and_in_order() {
        for pair in CODES.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} stands before {}", pair[0].id, pair[1].id);
        }
        for row in CODES {
            let digits = row.id.strip_prefix("LD").expect("the prefix");
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", row.id);
            assert!(("01".."07").contains(&&digits[..2]), "{} is in no range", row.id);
        }
    }

    #[test]
    fn each_code_has_a_title_and_a_page_with_a_wrong_example_and_its_cure() {
        for row in CODES {
            assert!(!row.title.is_empty() && !row.title.ends_with('.'), "title of {}", row.id);
            let page = row.page;
            assert!(page.contains("\nWrong:\n\n```"), "{} shows no wrong example", row.id);
            assert!(page.contains("\nRight:\n\n```"), "{} shows no cure", row.id);
            assert_eq!(page.matches("```").count() % 2, 0, "{} leaves a fence open", row.id);
            assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "end of {}", row.id);
        }
    }

    #[test]
    fn a_code_is_found_in_the_spellings_people_type() {
        for text in ["LD0203", "ld0203", "0203", "203", "ld203"] {
            assert_eq!(text.parse(), Ok(Code::UnknownField), "{text}");
        }
        for text in ["", "LD", "LD9999", "x", "-203", "LD0203x", "\u{e9}0203"] {
            assert_eq!(text.parse::<Code>(), Err(UnknownCode), "{text}");
        }
    }

    #[test]
    fn lints_are_warnings() {
        for row in CODES.iter().filter(|row| row.id.starts_with("LD04")) {
            assert_eq!(row.severity, Severity::Warning, "{}", row.id);
        }
    }
}
