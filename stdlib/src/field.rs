//! How tables describe what a plan may write: names, types, defaults, documentation.

/// A key of an object in a plan.
#[derive(Debug)]
pub struct Field {
    /// The name in plans.
    pub name: &'static str,
    /// Other names for the same thing.
    pub aliases: &'static [&'static str],
    /// What its value must look like.
    pub shape: Shape,
    /// Whether the object is incomplete without it.
    pub required: bool,
    /// What holds when it is absent, for the reference.
    pub default: &'static str,
    /// What it says, as a sentence.
    pub doc: &'static str,
    /// An example of a value, as JSON; empty when this build cannot do it.
    pub example: &'static str,
    /// Whether this build can do what it says; if not, using it is an error.
    pub ready: bool,
    /// Whether it names a file whose content stands for it.
    pub is_file: bool,
    /// Whether it names files that are read when the run needs them.
    pub is_path: bool,
    /// What to write instead of a text that is probably meant otherwise.
    pub advice: fn(&str) -> Option<String>,
}

impl Field {
    /// An optional field that this build knows how to carry out.
    #[must_use]
    pub const fn new(
        name: &'static str,
        shape: Shape,
        doc: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            shape,
            required: false,
            default: "",
            doc,
            example,
            ready: true,
            is_file: false,
            is_path: false,
            advice: no_advice,
        }
    }

    /// A field of the language that this build does not carry out.
    #[must_use]
    pub const fn later(name: &'static str, doc: &'static str) -> Self {
        Self { ready: false, ..Self::new(name, Shape::Any, doc, "") }
    }

    /// With other names.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// With a default.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// The name of a file: what stands in it is handed over, as read when the plan is compiled.
    #[must_use]
    pub const fn content(self) -> Self {
        Self { is_file: true, ..self }
    }

    /// The name of a file, or a list of names, to be read when the run needs it.
    #[must_use]
    pub const fn path(self) -> Self {
        Self { is_path: true, ..self }
    }

    /// With advice for texts that are probably meant otherwise.
    #[must_use]
    pub const fn advice(self, advice: fn(&str) -> Option<String>) -> Self {
        Self { advice, ..self }
    }

    /// Whether `name` is its name or an alias.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// What a value must look like. Placeholders inside texts are allowed wherever text is.
#[derive(Debug)]
pub enum Shape {
    /// Anything.
    Any,
    /// Anything, to be written out as text; a list is several values.
    Written,
    /// Text, or a number or boolean to be written out as text.
    Text,
    /// Text without placeholders.
    ConstantText,
    /// Text whose `${env.NAME}` and `${secret.NAME}` are filled when the run starts.
    StartText,
    /// `true` or `false`.
    Bool,
    /// A number between the bounds, both included.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// A whole number between the bounds, both included.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// One of these words, in any case, or another token (RFC 9110 §5.6.2) with a capital letter
    /// in it, which stays as it is written.
    OpenChoice(&'static [&'static str]),
    /// An object with any names and values of this shape.
    Map(&'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// An array of values of this shape.
    List(&'static Shape),
    /// One of these words of the language, in any case, which this build cannot carry out;
    /// stands before the choice of those it can.
    Later(&'static [&'static str]),
    /// `null`, meaning the same as leaving it out. Alone: a field of the language of which this
    /// build can only do without.
    Null,
    /// Any of these.
    Either(&'static [Shape]),
}

impl Shape {
    /// A duration in seconds.
    pub const SECONDS: Self = Self::Number { min: 0.0, max: 1e9 };

    /// Whether no placeholder can stand for such a value or in it: it is known before the run.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        matches!(self, Self::ConstantText | Self::Bool | Self::Choice(_) | Self::OpenChoice(_))
    }

    /// The shape in the words of an error message: `expected` …
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Any | Self::Written => "any value".to_owned(),
            Self::Text => "text".to_owned(),
            Self::ConstantText => "text without placeholders".to_owned(),
            Self::StartText => "text".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Number { min, max } => bounds("a number", *min, *max),
            Self::Integer { min, max } => {
                if *max == i64::MAX && *min == i64::MIN {
                    "a whole number".to_owned()
                } else if *max == i64::MAX {
                    format!("a whole number of at least {min}")
                } else {
                    format!("a whole number from {min} to {max}")
                }
            }
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::OpenChoice(words) => {
                format!("one of {}, or another in capitals", words.join(", "))
            }
            Self::Map(_) | Self::Object(_) => "an object".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Later(_) | Self::Null => "null".to_owned(),
            Self::Either(shapes) => {
                let told = shapes.iter().filter(|s| !matches!(s, Self::Null | Self::Later(_)));
                let words: Vec<String> = told.map(Self::words).collect();
                words.join(", or ")
            }
        }
    }
}

fn bounds(what: &str, min: f64, max: f64) -> String {
    match (min, max) {
        (..=-1e15, 1e9..) => what.to_owned(),
        (f64::MIN.., _) if max >= 1e9 => format!("{what} of at least {min}"),
        _ => format!("{what} from {min} to {max}"),
    }
}

fn no_advice(_: &str) -> Option<String> {
    None
}

/// Finds a field by its name or an alias.
#[must_use]
pub fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.is_called(name))
}
