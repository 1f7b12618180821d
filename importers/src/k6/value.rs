//! What expressions of a script are: constants, things that are known when the plan runs, parts
//! of replies, and what cannot be decided.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use oxc_ast::ast::{ArrowFunctionExpression, Class, Function};
use serde_json::{Map, Value as Json};

use super::code::Code;
use super::scope::Scope;

/// Parts that a value has at most when it is written: lists may hold themselves.
const LARGEST: usize = 1_000_000;

#[derive(Clone)]
pub(super) enum Value<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    Array(Rc<Array<'a>>),
    Object(Rc<Object<'a>>),
    Function(Rc<Closure<'a>>),
    Class(Rc<ClassValue<'a>>),
    /// A function or namespace that k6 or the language gives, by its path: `http.get`.
    Native(Rc<str>),
    Regex(Rc<str>),
    /// Known when the plan runs.
    Live(Rc<Code>),
    /// A random number between two, and whether it is whole.
    Range(f64, f64, bool),
    /// A condition on something that is known when the plan runs.
    Test(Rc<Test<'a>>),
    /// Something of a reply.
    Reply(Rc<Part>),
    /// A row of a data source, or what stands at a path in it.
    Row(Rc<Row>),
    /// `JSON.stringify` of a value with parts that are known when the plan runs.
    Json(Rc<Value<'a>>),
    /// Cannot be decided, for this reason or because of this text of the source.
    Unknown(Rc<str>),
}

/// The place of a list or object among all that were made, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Hash)]
pub(super) struct Made(u64);

impl Default for Made {
    fn default() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A list, and the file that it is all of.
#[derive(Default)]
pub(super) struct Array<'a> {
    pub(super) made: Made,
    pub(super) items: RefCell<Vec<Value<'a>>>,
    pub(super) file: RefCell<Option<DataFile>>,
    /// The variable that holds it, once something asked at run time.
    pub(super) variable: RefCell<Option<String>>,
    pub(super) name: RefCell<Option<String>>,
}

/// A file with rows, as the script names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DataFile {
    pub(super) path: String,
    pub(super) format: &'static str,
}

#[derive(Default)]
pub(super) struct Object<'a> {
    pub(super) made: Made,
    pub(super) members: RefCell<Vec<(Rc<str>, Value<'a>)>>,
    /// What is in a set or map, and the cookies of a jar.
    pub(super) entries: RefCell<Vec<(Value<'a>, Value<'a>)>>,
    /// Functions that give or take what a member is: its name, whether it gives, the function.
    pub(super) accessors: RefCell<Vec<(Rc<str>, bool, Value<'a>)>>,
    pub(super) class: Option<Rc<ClassValue<'a>>>,
    /// What makes it more than its members: `form` for a FormData, `file` for a http.file.
    pub(super) kind: Cell<&'static str>,
}

pub(super) struct Closure<'a> {
    pub(super) body: Body<'a>,
    pub(super) scope: Rc<Scope<'a>>,
    pub(super) this: Option<Value<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Function(&'a Function<'a>),
    Arrow(&'a ArrowFunctionExpression<'a>),
}

impl Body<'_> {
    /// Whether it is a function that may be waited for.
    pub(super) const fn is_async(self) -> bool {
        match self {
            Self::Function(function) => function.r#async,
            Self::Arrow(arrow) => arrow.r#async,
        }
    }

    /// How many parameters there are.
    pub(super) fn parameters(self) -> usize {
        let (parameters, rest) = match self {
            Self::Function(function) => (&function.params.items, &function.params.rest),
            Self::Arrow(arrow) => (&arrow.params.items, &arrow.params.rest),
        };
        parameters.len() + usize::from(rest.is_some())
    }
}

pub(super) struct ClassValue<'a> {
    pub(super) class: &'a Class<'a>,
    pub(super) scope: Rc<Scope<'a>>,
    pub(super) parent: Option<Rc<ClassValue<'a>>>,
    /// Its static members that are no methods.
    pub(super) statics: Rc<Object<'a>>,
}

/// A condition.
pub(super) enum Test<'a> {
    Compare(&'static str, Value<'a>, Value<'a>),
    All(Vec<Value<'a>>),
    Any(Vec<Value<'a>>),
    Not(Value<'a>),
    Contains(Value<'a>, Value<'a>),
    Matches(Value<'a>, Rc<str>),
    Is(Value<'a>, &'static str),
}

/// Something of the reply to a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) request: usize,
    pub(super) what: What,
    /// The variable of the script that it was put into.
    pub(super) hint: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Whole,
    Status,
    Body,
    /// A value in the JSON, by its dotted path; empty for all of it.
    Json(String),
    /// What `typeof` says of the value at the path.
    Type(String),
    /// The number of items at the path.
    Count(String),
    /// All that a JSONPath query finds, as a list; and how much that is.
    Found(String),
    FoundCount(String),
    /// A list of objects that a JMESPath expression makes of the items of another one.
    Shaped(String),
    /// What a query finds, by its number from 1.
    One(String, usize),
    /// A path in an item of a list that a function is asked about, and the length of what is there.
    Item(String),
    ItemLength(String),
    Headers,
    Header(String),
    Cookies,
    /// The cookies of a name, or one of them: `r.cookies.sid`, `r.cookies.sid[0]`.
    Cookie(String),
    CookieOf(String),
    Timings,
    Duration,
    /// The length of the body.
    Size,
    Html,
    Css(String),
    /// One of the elements, by its number from 0.
    CssAt(String, usize),
    /// The text or an attribute of such a one.
    CssOf(String, usize, Option<String>),
    CssText(String),
    CssAttribute(String, String),
    CssCount(String),
    Regex(String),
    RegexGroup(String, usize),
    Boundary(String, String),
    /// Anything else that a reply has.
    Other(String),
}

/// A row of a data source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The step that takes the row.
    pub(super) taker: usize,
    pub(super) path: String,
}

impl<'a> Value<'a> {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    pub(super) fn live(code: Code) -> Self {
        Self::Live(Rc::new(code))
    }

    pub(super) fn native(path: &str) -> Self {
        Self::Native(Rc::from(path))
    }

    pub(super) fn unknown(why: &str) -> Self {
        Self::Unknown(Rc::from(why))
    }

    pub(super) fn array(items: Vec<Self>) -> Self {
        Self::Array(Rc::new(Array { items: RefCell::new(items), ..Array::default() }))
    }

    pub(super) fn object(members: Vec<(Rc<str>, Self)>) -> Self {
        Self::Object(Rc::new(Object { members: RefCell::new(members), ..Object::default() }))
    }

    pub(super) fn test(test: Test<'a>) -> Self {
        Self::Test(Rc::new(test))
    }

    pub(super) const fn is_constant(&self) -> bool {
        matches!(
            self,
            Self::Undefined | Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_)
        )
    }

    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether it is known what it is when the plan is made.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(
            self,
            Self::Live(_)
                | Self::Range(..)
                | Self::Test(_)
                | Self::Reply(_)
                | Self::Row(_)
                | Self::Json(_)
                | Self::Unknown(_)
        )
    }

    /// Whether it counts as true, where that is known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Undefined | Self::Null => Some(false),
            Self::Bool(bool) => Some(*bool),
            Self::Number(number) => Some(*number != 0.0 && !number.is_nan()),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Live(_) | Self::Range(..) | Self::Test(_) | Self::Row(_) | Self::Unknown(_) => {
                None
            }
            Self::Reply(part) => (part.what == What::Whole).then_some(true),
            _ => Some(true),
        }
    }

    /// As JavaScript makes text of it, where that is known.
    pub(super) fn to_text(&self) -> Option<String> {
        self.text_within(&mut { LARGEST }, 64)
    }

    fn text_within(&self, budget: &mut usize, levels: usize) -> Option<String> {
        *budget = budget.checked_sub(1)?;
        let levels = levels.checked_sub(1)?;
        Some(match self {
            Self::Undefined => "undefined".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool(bool) => bool.to_string(),
            Self::Number(number) => number_text(*number),
            Self::Text(text) => text.to_string(),
            Self::Array(array) => {
                let texts: Option<Vec<String>> = array
                    .items
                    .borrow()
                    .iter()
                    .map(|item| match item {
                        Value::Undefined | Value::Null => Some(String::new()),
                        item => item.text_within(budget, levels),
                    })
                    .collect();
                texts?.join(",")
            }
            Self::Object(object) if matches!(object.kind.get(), "url" | "params") => {
                super::url::constant(self, object)?
            }
            Self::Object(object) if object.is_computed() => return None,
            Self::Object(_) => match self.member("href") {
                Some(href) => href.text_within(budget, levels)?,
                None => "[object Object]".to_owned(),
            },
            Self::Regex(pattern) => format!("/{pattern}/"),
            _ => return None,
        })
    }

    pub(super) fn to_number(&self) -> Option<f64> {
        match self {
            Self::Null => Some(0.0),
            Self::Bool(bool) => Some(f64::from(*bool)),
            Self::Number(number) => Some(*number),
            Self::Text(text) => Some(number_of(text)),
            Self::Undefined => Some(f64::NAN),
            _ => None,
        }
    }

    /// A member that an object has itself.
    pub(super) fn member(&self, name: &str) -> Option<Value<'a>> {
        let Self::Object(object) = self else { return None };
        let members = object.members.borrow();
        members.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.clone())
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> Vec<(Rc<str>, Value<'a>)> {
        match self {
            Self::Object(object) => object.members.borrow().clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn items(&self) -> Option<Vec<Value<'a>>> {
        match self {
            Self::Array(array) => Some(array.items.borrow().clone()),
            Self::Object(object) => {
                let pair = |key: Value<'a>, value: Value<'a>| Value::array(vec![key, value]);
                let entries = object.entries.borrow();
                let pairs = entries.iter().cloned();
                Some(match object.kind.get() {
                    "set" => pairs.map(|(key, _)| key).collect(),
                    "map" => pairs.map(|(key, value)| pair(key, value)).collect(),
                    "params" => {
                        let members = self.members().into_iter();
                        members.map(|(name, value)| pair(Value::Text(name), value)).collect()
                    }
                    _ => return None,
                })
            }
            _ => None,
        }
    }

    /// As JSON, when it is constant through and through. Members that are undefined or functions are
    /// left out, as by `JSON.stringify`.
    pub(super) fn to_json(&self) -> Option<Json> {
        self.json_within(&mut { LARGEST }, 64)
    }

    fn json_within(&self, budget: &mut usize, levels: usize) -> Option<Json> {
        *budget = budget.checked_sub(1)?;
        let levels = levels.checked_sub(1)?;
        Some(match self {
            Self::Undefined | Self::Null => Json::Null,
            Self::Bool(bool) => Json::Bool(*bool),
            Self::Number(number) => json_number(*number),
            Self::Text(text) => Json::String(text.to_string()),
            Self::Array(array) => {
                let items = array.items.borrow();
                items
                    .iter()
                    .map(|item| item.json_within(budget, levels))
                    .collect::<Option<Vec<_>>>()?
                    .into()
            }
            Self::Object(object) if object.is_computed() => return None,
            Self::Object(object) => {
                let mut members = Map::new();
                for (name, value) in object.members.borrow().iter() {
                    if !matches!(value, Value::Undefined | Value::Function(_) | Value::Native(_)) {
                        members.insert(name.to_string(), value.json_within(budget, levels)?);
                    }
                }
                Json::Object(members)
            }
            _ => return None,
        })
    }

    pub(super) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(bool) => Self::Bool(*bool),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::array(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => Self::object(
                members
                    .iter()
                    .map(|(name, value)| (Rc::from(name.as_str()), Self::from_json(value)))
                    .collect(),
            ),
        }
    }
}

impl<'a> Object<'a> {
    /// The function that gives or takes what a member is.
    pub(super) fn accessor(&self, name: &str, gives: bool) -> Option<Value<'a>> {
        let accessors = self.accessors.borrow();
        let found = accessors.iter().rev().find(|(known, is, _)| &**known == name && *is == gives);
        found.map(|(.., function)| function.clone())
    }

    /// Whether its members are not what the script sees in it.
    fn is_computed(&self) -> bool {
        matches!(self.kind.get(), "date" | "hasher" | "mapped")
    }

    pub(super) fn set(&self, name: &str, value: Value<'a>) {
        let mut members = self.members.borrow_mut();
        match members.iter_mut().find(|(known, _)| &**known == name) {
            Some((_, known)) => *known = value,
            None => members.push((Rc::from(name), value)),
        }
    }
}

/// Whether a value is an object with members and nothing else.
pub(super) fn is_plain(value: &Value<'_>) -> bool {
    matches!(value, Value::Object(object) if object.kind.get().is_empty() && object.class.is_none())
}

/// A number as JSON, whole where it is.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
pub(super) fn json_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Json::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}

/// The number that a text is.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    for (prefix, radix) in prefixes {
        if let Some(digits) = text.strip_prefix(prefix) {
            #[expect(clippy::cast_precision_loss, reason = "JavaScript has no more of it either")]
            return u64::from_str_radix(digits, radix).map_or(f64::NAN, |number| number as f64);
        }
    }
    let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    match digits {
        "" if text.is_empty() => 0.0,
        "Infinity" => sign * f64::INFINITY,
        digits if digits.bytes().all(is_plain) => sign * digits.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// A number as JavaScript writes it.
pub(super) fn number_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else {
        json_number(number).to_string()
    }
}
