//! Gates: what a run's figures must keep to, `p95(checkout) < 300ms over 30s abort`.
//!
//! The compiler reads them to say what is wrong in the plan, the runtime to carry them out.

mod grammar;

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pair;

use self::grammar::{Grammar, Rule};

/// What a run's figures must keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The figure it is about.
    pub figure: Figure,
    /// Only requests of this name; all without it.
    pub name: Option<String>,
    /// How the figure compares with the limit.
    pub op: Op,
    /// The limit, in the figure's unit.
    pub limit: f64,
    /// Any so much of the run; the whole run without it.
    pub window: Option<Duration>,
    /// Nothing is judged before.
    pub after: Duration,
    /// Whether the run is stopped when it does not hold.
    pub abort: bool,
}

/// The figure a gate is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A percentile of response time, 0–100; in milliseconds.
    Percentile(f64),
    /// Mean response time in milliseconds.
    Mean,
    /// The least response time in milliseconds.
    Min,
    /// The greatest response time in milliseconds.
    Max,
    /// Failures as a share of requests, 0–1.
    FailureRate,
    /// Requests per second, failures included.
    Rps,
    /// Requests, failures included.
    Requests,
    /// Failed requests.
    Failures,
}

/// How a figure compares with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// The units of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A time.
    Milliseconds,
    /// A share, shown in percent.
    Share,
    /// So many per second.
    PerSecond,
    /// So many.
    Count,
}

/// What is wrong with a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadGate {
    /// Bytes of its text.
    pub place: Range<usize>,
    /// What, without a full stop.
    pub message: String,
    /// What to write instead, if that is known.
    pub meant: Option<&'static str>,
}

const FIGURES: &[(&str, Figure)] = &[
    ("avg", Figure::Mean),
    ("error_rate", Figure::FailureRate),
    ("failure_rate", Figure::FailureRate),
    ("failures", Figure::Failures),
    ("max", Figure::Max),
    ("mean", Figure::Mean),
    ("median", Figure::Percentile(50.0)),
    ("min", Figure::Min),
    ("p50", Figure::Percentile(50.0)),
    ("p90", Figure::Percentile(90.0)),
    ("p95", Figure::Percentile(95.0)),
    ("p99", Figure::Percentile(99.0)),
    ("p99.9", Figure::Percentile(99.9)),
    ("requests", Figure::Requests),
    ("rps", Figure::Rps),
];

impl Gate {
    /// Reads a gate.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Self, BadGate> {
        let pairs = Grammar::parse(Rule::gate, text).map_err(|error| {
            let place = match error.location {
                InputLocation::Pos(at) => at..at,
                InputLocation::Span((start, end)) => start..end,
            };
            let message = match text.get(..place.start).map(str::trim) {
                Some("") => "a gate begins with a figure, such as `p95` or `failure_rate`",
                Some(before) if before.contains(['<', '>']) => {
                    "a number with its unit, then `over 30s`, `after 5s` or `abort`, or nothing more"
                }
                _ => "a gate is like `p95(checkout) < 300ms`, with one of <, <=, >, >=",
            };
            BadGate { place, message: message.to_owned(), meant: None }
        })?;
        let mut gate = Self {
            figure: Figure::Mean,
            name: None,
            op: Op::Less,
            limit: 0.0,
            window: None,
            after: Duration::ZERO,
            abort: false,
        };
        for pair in pairs {
            match pair.as_rule() {
                Rule::figure => gate.figure = figure(&pair)?,
                Rule::whose => gate.name = Some(name(&pair)),
                Rule::op => {
                    gate.op = match pair.as_str() {
                        "<" => Op::Less,
                        "<=" => Op::AtMost,
                        ">" => Op::Greater,
                        _ => Op::AtLeast,
                    };
                }
                Rule::value => gate.limit = limit(gate.figure.unit(), &pair)?,
                Rule::over => {
                    let window = time(&pair)?;
                    if window < Duration::from_secs(1) {
                        return Err(bad(&pair, "a window is at least one second long"));
                    }
                    gate.window = Some(window);
                }
                Rule::after => gate.after = time(&pair)?,
                Rule::abort => gate.abort = true,
                _ => {}
            }
        }
        Ok(gate)
    }

    /// Whether a figure keeps to the gate.
    #[must_use]
    pub fn holds(&self, actual: f64) -> bool {
        match self.op {
            Op::Less => actual < self.limit,
            Op::AtMost => actual <= self.limit,
            Op::Greater => actual > self.limit,
            Op::AtLeast => actual >= self.limit,
        }
    }

    /// Whether the gate can only be judged once all requests are in: it asks for so many at least.
    #[must_use]
    pub fn is_about_the_end(&self) -> bool {
        let counts = matches!(self.figure, Figure::Requests | Figure::Failures);
        counts && self.window.is_none() && matches!(self.op, Op::Greater | Op::AtLeast)
    }
}

/// The gate as text, which gives the same gate again.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.figure {
            Figure::Percentile(percentile) => write!(f, "p{percentile}")?,
            Figure::Mean => f.write_str("mean")?,
            Figure::Min => f.write_str("min")?,
            Figure::Max => f.write_str("max")?,
            Figure::FailureRate => f.write_str("failure_rate")?,
            Figure::Rps => f.write_str("rps")?,
            Figure::Requests => f.write_str("requests")?,
            Figure::Failures => f.write_str("failures")?,
        }
        match &self.name {
            None => {}
            Some(name) if name.contains('"') => write!(f, "('{name}')")?,
            Some(name) if name.contains(['(', ')', '\'']) || name.trim() != name => {
                write!(f, "(\"{name}\")")?;
            }
            Some(name) => write!(f, "({name})")?,
        }
        let op = match self.op {
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::Greater => ">",
            Op::AtLeast => ">=",
        };
        match self.figure.unit() {
            Unit::Milliseconds => write!(f, " {op} {}ms", self.limit)?,
            // Divided out exactly enough for any share people write.
            Unit::Share => write!(f, " {op} {}%", (self.limit * 1e10).round() / 1e8)?,
            Unit::PerSecond | Unit::Count => write!(f, " {op} {}", self.limit)?,
        }
        if let Some(window) = self.window {
            write!(f, " over {}s", window.as_secs_f64())?;
        }
        if !self.after.is_zero() {
            write!(f, " after {}s", self.after.as_secs_f64())?;
        }
        f.write_str(if self.abort { " abort" } else { "" })
    }
}

impl Figure {
    /// The unit of its limit and its values.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Min | Self::Max => Unit::Milliseconds,
            Self::FailureRate => Unit::Share,
            Self::Rps => Unit::PerSecond,
            Self::Requests | Self::Failures => Unit::Count,
        }
    }

    /// The names that figures have.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIGURES.iter().map(|(name, _)| *name)
    }
}

/// A length of time as gates write it: `30s`, `500ms`, `2m`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let pair = Grammar::parse(Rule::time, text).ok()?.next()?;
    if pair.as_str().len() != text.len() {
        return None;
    }
    length(&pair)
}

fn bad(pair: &Pair<'_, Rule>, message: impl Into<String>) -> BadGate {
    let span = pair.as_span();
    BadGate { place: span.start()..span.end(), message: message.into(), meant: None }
}

fn figure(pair: &Pair<'_, Rule>) -> Result<Figure, BadGate> {
    let text = pair.as_str();
    if let Some((_, figure)) = FIGURES.iter().find(|(name, _)| *name == text) {
        return Ok(*figure);
    }
    if let Some(percentile) = text.strip_prefix('p').and_then(|p| p.parse::<f64>().ok())
        && (0.0..=100.0).contains(&percentile)
    {
        return Ok(Figure::Percentile(percentile));
    }
    let meant = Figure::names().min_by_key(|name| usize::from(!resembles(text, name)));
    let meant = meant.filter(|name| resembles(text, name));
    Err(BadGate { meant, ..bad(pair, format!("there is no figure `{text}`")) })
}

/// Whether a name may have been meant: the same but for case, signs or one letter more or less.
fn resembles(written: &str, name: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let (written, name) = (plain(written), plain(name));
    written == name || written.trim_end_matches('s') == name.trim_end_matches('s')
}

fn name(pair: &Pair<'_, Rule>) -> String {
    let Some(inner) = pair.clone().into_inner().next() else { return String::new() };
    match inner.as_rule() {
        Rule::bare => inner.as_str().trim().to_owned(),
        _ => inner.into_inner().next().map_or_else(String::new, |text| text.as_str().to_owned()),
    }
}

fn limit(unit: Unit, pair: &Pair<'_, Rule>) -> Result<f64, BadGate> {
    let mut inner = pair.clone().into_inner();
    let number = inner.next().and_then(|number| number.as_str().parse::<f64>().ok());
    let number = number.filter(|number| number.is_finite());
    let number = number.ok_or_else(|| bad(pair, "this is not a number"))?;
    let written = inner.next();
    match (unit, written.as_ref().map_or("", Pair::as_str)) {
        (Unit::Milliseconds, "ms" | "") => Ok(number),
        (Unit::Milliseconds, "s") => Ok(number * 1e3),
        (Unit::Milliseconds, "us" | "µs") => Ok(number / 1e3),
        (Unit::Share, "%") => Ok(number / 100.0),
        (Unit::Share, "") if number <= 1.0 => Ok(number),
        (Unit::Share, "") => {
            Err(bad(pair, "a share goes from 0 to 1; write `%` behind a percentage"))
        }
        (Unit::PerSecond, "" | "/s") | (Unit::Count, "") => Ok(number),
        (Unit::Milliseconds, _) => Err(bad(pair, "a time is in `ms`, `s` or `us`")),
        (Unit::Share, _) => Err(bad(pair, "a share is in `%`, or goes from 0 to 1")),
        (Unit::PerSecond | Unit::Count, _) => Err(bad(pair, "this figure has no such unit")),
    }
}

fn time(pair: &Pair<'_, Rule>) -> Result<Duration, BadGate> {
    let inner = pair.clone().into_inner().next();
    inner
        .as_ref()
        .and_then(length)
        .ok_or_else(|| bad(pair, "a time is like `30s`, `500ms` or `2m`"))
}

fn length(pair: &Pair<'_, Rule>) -> Option<Duration> {
    let mut inner = pair.clone().into_inner();
    let number: f64 = inner.next()?.as_str().parse().ok()?;
    let seconds = match inner.next().as_ref().map_or("s", Pair::as_str) {
        "ms" => number / 1e3,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => number,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|time| time.as_secs() < 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read_and_written_again() {
        for (text, canonical) in [
            ("p95(checkout) < 300ms", "p95(checkout) < 300ms"),
            ("p99.9<=1.5s", "p99.9 <= 1500ms"),
            ("failure_rate < 1%", "failure_rate < 1%"),
            ("error_rate(a b) <= 0.001", "failure_rate(a b) <= 0.1%"),
            ("rps >= 100/s over 30s", "rps >= 100 over 30s"),
            ("requests(\"GET /a(b)\") > 5", "requests(\"GET /a(b)\") > 5"),
            (
                "max('say \"x\"') < 20 us abort after 500ms",
                "max('say \"x\"') < 0.02ms after 0.5s abort",
            ),
            ("median < 5 over 2m", "p50 < 5ms over 120s"),
        ] {
            let gate = Gate::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad:?}"));
            assert_eq!(gate.to_string(), canonical, "{text}");
            assert_eq!(Gate::parse(canonical).unwrap(), gate, "{canonical}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_place_in_the_text() {
        for (text, place, says) in [
            ("", "", "begins with a figure"),
            ("P95 < 3ms", "P95", "no figure `P95`"),
            ("p101 < 3ms", "p101", "no figure"),
            ("p95 = 3ms", "", "with one of <"),
            ("p95 < fast", "", "a number with its unit"),
            ("p95 < 3%", "3%", "a time is in"),
            ("failure_rate < 5", "5", "write `%`"),
            ("rps > 5ms", "5ms", "no such unit"),
            ("rps > 5 over 100ms", "over 100ms", "at least one second"),
            ("p95 < 3ms later", "", "nothing more"),
        ] {
            let bad = Gate::parse(text).unwrap_err();
            assert_eq!(&text[bad.place.clone()], place, "{text}: {bad:?}");
            assert!(bad.message.contains(says), "{text}: {bad:?}");
        }
        assert_eq!(Gate::parse("P95 < 3ms").unwrap_err().meant, Some("p95"));
        assert_eq!(Gate::parse("failurerate < 3%").unwrap_err().meant, Some("failure_rate"));
    }

    #[test]
    fn limits_are_in_the_units_of_their_figures() {
        let limit = |text| Gate::parse(text).unwrap().limit;
        assert_eq!(limit("p95 < 2s"), 2000.0);
        assert_eq!(limit("failure_rate < 2%"), 0.02);
        assert!(Gate::parse("failure_rate <= 0").unwrap().holds(0.0));
        assert!(!Gate::parse("rps > 10").unwrap().holds(10.0));
    }
}
