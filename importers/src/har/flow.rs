//! Exchanges as steps: in the order in which they began, together what was under way together,
//! grouped by pages.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::context::Context;
use super::entry::Exchange;
use crate::draft::{Step, Task};
use crate::notes::Fate;
use crate::options::ThinkTime;

/// Shorter pauses are what a browser takes to think, in seconds.
const SHORTEST: f64 = 0.1;

/// By how much recorded times may be off, in milliseconds.
const ROUNDING: f64 = 2.0;

/// Exchanges that belong together: those of a page, or those between pages.
struct Lot<'a> {
    title: Option<String>,
    start: Option<f64>,
    /// When the first of them was answered.
    first_end: Option<f64>,
    exchanges: Vec<Exchange<'a>>,
}

/// Requests that were under way at the same time.
struct Wave {
    tasks: Vec<Task>,
    start: Option<f64>,
    /// When the first of them was answered.
    first_end: Option<f64>,
    end: Option<f64>,
    /// Whether nothing can be loaded beside it.
    is_alone: bool,
}

/// The steps of exchanges that are in the order of their start. `titles` are those of pages
/// by their id.
pub(super) fn steps(
    exchanges: Vec<Exchange<'_>>,
    titles: &HashMap<String, String>,
    context: &mut Context<'_>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut pauses = Pauses::new(context.options.think_time);
    for lot in lots(exchanges, titles) {
        pauses.between(&mut steps, lot.start);
        let is_page = lot.title.is_some();
        let mut inside = Vec::new();
        for wave in waves(lot.exchanges, is_page, context) {
            pauses.between(&mut inside, wave.start);
            pauses.until(wave.end);
            inside.extend(wave.into_step());
        }
        match lot.title {
            Some(title) => steps.push(Step::group(&title, inside)),
            None => steps.append(&mut inside),
        }
    }
    if pauses.left_out >= 1.0 {
        let what = format!("pauses of {:.0} s in all", pauses.left_out);
        context.tally.kept(&what, "users do not wait; --think-time recorded keeps the pauses");
    }
    steps
}

/// Lots behind its page's that a request may depend on are looked at up to this many.
const LOTS_BEHIND: usize = 64;

/// Pages in the order of their first request, and what belongs to none between them. A request
/// that began after something behind its page was answered may depend on that: it is in a
/// second group of the page.
fn lots<'a>(exchanges: Vec<Exchange<'a>>, titles: &HashMap<String, String>) -> Vec<Lot<'a>> {
    let mut lots: Vec<Lot<'a>> = Vec::new();
    let mut by_page: HashMap<String, usize> = HashMap::new();
    for exchange in exchanges {
        let page = exchange.page.as_ref().and_then(|page| Some((page, titles.get(page)?)));
        let known = match page {
            Some((page, _)) => by_page.get(page.as_str()).copied(),
            None => lots.len().checked_sub(1),
        };
        let fits = |at: &usize| match page {
            Some(_) => lots.iter().skip(at + 1).take(LOTS_BEHIND).all(|behind| {
                let times = behind.first_end.zip(exchange.start);
                times.is_none_or(|(end, start)| start + ROUNDING < end)
            }),
            None => lots.get(*at).is_some_and(|lot| lot.title.is_none()),
        };
        let at = known.filter(fits).unwrap_or_else(|| {
            let title = page.map(|(_, title)| title.clone());
            lots.push(Lot { title, start: exchange.start, first_end: None, exchanges: Vec::new() });
            lots.len() - 1
        });
        if let Some((page, _)) = page {
            by_page.insert(page.clone(), at);
        }
        if let Some(lot) = lots.get_mut(at) {
            lot.first_end = earlier(lot.first_end, exchange.end);
            lot.exchanges.push(exchange);
        }
    }
    lots
}

/// Puts together what began before any of the others was answered: none of these can have
/// waited for another.
fn waves(exchanges: Vec<Exchange<'_>>, is_page: bool, context: &mut Context<'_>) -> Vec<Wave> {
    let mut waves: Vec<Wave> = Vec::new();
    for (number, exchange) in exchanges.into_iter().enumerate() {
        // The first request of a page is its document; the others are in it.
        // Where a redirect leads is asked for when it is there.
        let leads_on = exchange.location.is_some();
        let is_alone = exchange.is_document || leads_on || (is_page && number == 0);
        let (start, end) = (exchange.start, exchange.end);
        let task = finished(exchange, context);
        let together = waves.last_mut().filter(|wave| {
            let begins_together = start.is_some() && start == wave.start;
            let overlaps =
                start.zip(wave.first_end).is_some_and(|(start, end)| start + ROUNDING < end);
            !is_alone && !wave.is_alone && (begins_together || overlaps)
        });
        match together {
            Some(wave) => {
                wave.tasks.push(task);
                wave.first_end = earlier(wave.first_end, end);
                wave.end = later(wave.end, end);
            }
            None => waves.push(Wave { tasks: vec![task], start, first_end: end, end, is_alone }),
        }
    }
    waves
}

/// The task of an exchange, with the check of its status.
fn finished(exchange: Exchange<'_>, context: &mut Context<'_>) -> Task {
    let mut task = exchange.task;
    let checks_status =
        |check: &Value| check.get("type").and_then(Value::as_str) == Some("status_code");
    match exchange.status {
        Some(304) => {
            let why = "users begin without a cache and are sent the content; nothing is asserted";
            context.tally.note(Fate::Kept, &task.place, "the status 304", why);
        }
        Some(status) if !task.assertions.iter().any(checks_status) => {
            task.assertions.insert(0, json!({"type": "status_code", "value": status}));
        }
        _ => {}
    }
    task
}

impl Wave {
    fn into_step(mut self) -> Option<Step> {
        match self.tasks.len() {
            0 => None,
            1 => self.tasks.pop().map(Step::from),
            _ => {
                let tasks = self.tasks.into_iter().map(Step::from).collect();
                Some(Step::list("parallel", tasks))
            }
        }
    }
}

fn earlier(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

fn later(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b)).or(a).or(b)
}

/// Pauses between what was answered and what was asked next.
struct Pauses {
    /// What each is multiplied by; none when they are left out.
    factor: Option<f64>,
    /// When all so far was answered.
    end: Option<f64>,
    /// Seconds of pauses that are left out without having been ruled out.
    left_out: f64,
    is_told: bool,
}

impl Pauses {
    fn new(think_time: ThinkTime) -> Self {
        let factor = match think_time {
            ThinkTime::Recorded => Some(1.0),
            ThinkTime::Scaled(factor) => Some(factor),
            ThinkTime::AsWritten | ThinkTime::None => None,
        };
        let is_told = think_time == ThinkTime::AsWritten;
        Self { factor, end: None, left_out: 0.0, is_told }
    }

    fn until(&mut self, end: Option<f64>) {
        self.end = later(self.end, end);
    }

    /// The pause before what starts now, after the last of the steps.
    fn between(&mut self, steps: &mut Vec<Step>, start: Option<f64>) {
        let Some((end, start)) = self.end.zip(start) else { return };
        let seconds = (start - end) / 1000.0;
        if seconds < SHORTEST {
            return;
        }
        self.end = Some(start);
        let Some(factor) = self.factor else {
            if self.is_told {
                self.left_out += seconds;
            }
            return;
        };
        let seconds = (seconds * factor * 100.0).round() / 100.0;
        if seconds <= 0.0 {
            return;
        }
        match steps.last_mut() {
            Some(Step::Task(task)) => {
                task.fields.insert("think_time".to_owned(), json!(seconds));
            }
            _ => steps.push(Step::simple("pause", json!(seconds))),
        }
    }
}
