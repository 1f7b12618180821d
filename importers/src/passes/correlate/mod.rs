//! Values that servers give and later requests send back: tokens, keys of what was created, the
//! hidden fields of forms. Each becomes an `extract` of the task whose recorded reply has it first,
//! and a variable where it was sent.
//!
//! The values of all requests are put into one table first; each reply is then read once and
//! every value in it is looked up, so that the time grows with the size of the source only.

mod addresses;
mod extract;
mod html;
mod json;
mod location;
mod names;
mod needles;
mod reply;
mod request;
mod worth;

use std::collections::{HashMap, HashSet};

use crate::draft::{Draft, Step, Task};
use crate::notes::Notes;

use self::names::Names;
use self::needles::Needles;
use self::reply::{Coding, Found};
use self::request::Kind;
use self::worth::Worth;

/// Most notes on values that look given but were found in no reply.
const MOST_NOTES: usize = 8;

/// The values in a `Location` that look given by the server, so that others may send them.
pub(crate) fn given_in_location(location: &str) -> Vec<String> {
    let mut given = Vec::new();
    location::parts(location, &mut |name, value, way| {
        let is_path = matches!(way, reply::Way::Location { is_path: true, .. });
        let is_strong = worth::of(value, name) == Some(Worth::Strong);
        if !is_path && (is_strong || (name == "code" && value.len() >= 6)) {
            given.push(value.to_owned());
        }
    });
    given
}

/// Shows `visit` the values that a task sends.
pub(crate) fn sent(task: &mut Task, visit: &mut impl FnMut(&str)) {
    request::walk(task, &mut |kind, _, value| {
        if kind != Kind::Follows {
            visit(value);
        }
        None
    });
}

/// Makes variables of values that replies gave. Takes the recorded replies out of the draft.
pub(super) fn run(draft: &mut Draft, notes: &mut Notes) {
    let mut names: HashSet<String> = draft.variables.keys().cloned().collect();
    for scenario in &mut draft.scenarios {
        let lists = [&mut scenario.on_start, &mut scenario.steps, &mut scenario.on_stop];
        let mut tasks = Vec::new();
        let mut wave = 0;
        for steps in lists {
            in_order(steps, &mut wave, false, &mut tasks);
        }
        if tasks.iter().any(|(_, task)| task.reply.is_some()) {
            of_user(tasks, &mut names, notes);
        }
    }
    draft.for_each_task(|task| task.reply = None);
}

/// The tasks of steps, each with the number of the wave it is in: those that are under way at
/// the same time cannot use what others of them are given.
fn in_order<'d>(
    steps: &'d mut [Step],
    wave: &mut usize,
    at_once: bool,
    tasks: &mut Vec<(usize, &'d mut Task)>,
) {
    for step in steps {
        match step {
            Step::Task(task) => {
                *wave += usize::from(!at_once);
                tasks.push((*wave, task));
            }
            Step::Block(block) => {
                for (key, steps) in &mut block.lists {
                    let at_once = at_once || *key == "parallel";
                    *wave += usize::from(at_once);
                    in_order(steps, wave, at_once, tasks);
                }
            }
        }
    }
}

/// A value that requests send.
struct Wanted {
    worth: Worth,
    /// The name it stands under; of strong values only the first one.
    name: String,
    kind: Kind,
    /// The first and the last wave in which it is sent, and how many requests send it.
    first: usize,
    last: usize,
    times: usize,
    place: String,
    /// The variable it has become, and the wave whose reply gave it.
    given: Option<(String, usize)>,
    is_number: bool,
    /// How the variable has it.
    coding: Coding,
}

/// The values that requests send, by what they are.
#[derive(Default)]
struct Table {
    wanted: HashMap<String, Vec<Wanted>>,
    /// Which lengths they have, a bit each; the last one is for all that are longer.
    lengths: u64,
}

impl Table {
    fn want(&mut self, value: &str, kind: Kind, name: &str, wave: usize, place: &str) {
        let Some(worth) = worth::of(value, name) else { return };
        self.lengths |= 1 << value.len().min(63);
        let list = self.wanted.entry(value.to_owned()).or_default();
        let same = list.iter_mut().find(|known| known.is_for(worth, kind, name));
        match same {
            Some(known) => {
                known.last = wave;
                known.times += 1;
            }
            None => list.push(Wanted {
                worth,
                name: name.to_owned(),
                kind,
                first: wave,
                last: wave,
                times: 1,
                place: place.to_owned(),
                given: None,
                is_number: false,
                coding: Coding::Plain,
            }),
        }
    }
}

impl Wanted {
    /// Whether a value at a place is this one.
    fn is_for(&self, worth: Worth, kind: Kind, name: &str) -> bool {
        self.worth == worth
            && (worth == Worth::Strong
                || ((self.kind == Kind::Path) == (kind == Kind::Path)
                    && worth::plain(&self.name) == worth::plain(name)))
    }
}

/// What is to be told of a variable that was made.
struct Told {
    place: String,
    name: String,
    how: String,
    /// How many replies give it, and how many requests send it.
    replies: usize,
    times: usize,
}

fn of_user(mut tasks: Vec<(usize, &mut Task)>, names: &mut HashSet<String>, notes: &mut Notes) {
    let mut names = Names::new(names);
    addresses::run(&mut tasks, &mut names, notes);
    let mut table = Table::default();
    for (wave, task) in &mut tasks {
        let place = task.place.clone();
        request::walk(task, &mut |kind, name, value| {
            if kind != Kind::Follows {
                table.want(value, kind, name, *wave, &place);
            }
            None
        });
    }
    let lengths = table.lengths;
    let has_length = |length: usize| lengths & (1 << length.min(63)) != 0;
    let is_strong = |list: &[Wanted]| list.iter().any(|wanted| wanted.worth == Worth::Strong);
    let strong = table.wanted.iter().filter(|(_, list)| is_strong(list));
    let needles = Needles::new(strong.map(|(value, _)| value));
    let mut has_bodies = false;
    let (mut told, mut rows): (Vec<Told>, HashMap<(String, String), usize>) = Default::default();
    for (wave, task) in &mut tasks {
        let Some(reply) = task.reply.take() else { continue };
        has_bodies |= !reply.body.is_empty();
        let of_url = reply::last_word(&task.url);
        let (extract, place) = (&mut task.extract, &task.place);
        reply::walk(&reply, &of_url, &has_length, needles.as_ref(), &mut |found: Found<'_>| {
            let Some(list) = table.wanted.get_mut(found.value) else { return };
            let fits = |wanted: &&mut Wanted| {
                wanted.given.is_none()
                    && wanted.first > *wave
                    && found.fits(wanted.worth, wanted.kind, &wanted.name)
            };
            let mut fitting = list.iter_mut().filter(fits);
            let Some(first) = fitting.next() else { return };
            let last = fitting.map(|wanted| wanted.last).fold(first.last, usize::max);
            let Some((mut row, how)) = found.extract(&reply) else { return };
            let name = found.name(first.kind, &first.name, &row);
            let name = names.give(&name, *wave, last);
            row.shift_insert(0, "var".to_owned(), name.clone().into());
            let mut times = 0;
            for wanted in list.iter_mut().filter(fits) {
                wanted.given = Some((name.clone(), *wave));
                wanted.is_number = found.is_number;
                wanted.coding = found.coding;
                times += wanted.times;
            }
            extract.push(row.into());
            let next = told.len();
            let at = *rows.entry((name.clone(), how.clone())).or_insert(next);
            match told.get_mut(at) {
                Some(known) => {
                    (known.replies, known.times) = (known.replies + 1, known.times + times)
                }
                None => told.push(Told { place: place.clone(), name, how, replies: 1, times }),
            }
        });
    }
    for Told { place, name, how, replies, times } in told {
        let place = if replies == 1 { place } else { format!("{place} and {} more", replies - 1) };
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let why = format!("taken out of the reply ({how}), and sent {times}");
        notes.remark(&place, &format!("`${{{name}}}`"), &why);
    }
    for (wave, task) in &mut tasks {
        request::walk(task, &mut |kind, name, value| placeholder(&table, *wave, kind, name, value));
    }
    tell_missing(&table, has_bodies, notes);
}

/// What stands for a value that an earlier reply has given.
fn placeholder(table: &Table, wave: usize, kind: Kind, name: &str, value: &str) -> Option<String> {
    let worth = worth::of(value, name)?;
    let list = table.wanted.get(value)?;
    let as_path = [Kind::Path, Kind::Named];
    let kinds = if kind == Kind::Follows { &as_path[..] } else { &[kind][..] };
    let wanted = list.iter().find(|wanted| {
        let is_given = wanted.given.as_ref().is_some_and(|(_, given)| *given < wave);
        is_given && kinds.iter().any(|kind| wanted.is_for(worth, *kind, name))
    })?;
    let (variable, _) = wanted.given.as_ref()?;
    match (kind, wanted.is_number) {
        _ if wanted.coding == Coding::Percent => Some(format!("${{url_decode(${{{variable}}})}}")),
        _ if wanted.coding == Coding::Json => {
            Some(format!("${{json('[\"${{{variable}}}\"]', 0)}}"))
        }
        // A variable keeps its type where it is all there is.
        (Kind::Number, false) => None,
        (Kind::Named, true) => Some(format!("${{concat(${{{variable}}})}}")),
        _ => Some(format!("${{{variable}}}")),
    }
}

/// Says which values look given and were in no reply.
fn tell_missing(table: &Table, has_bodies: bool, notes: &mut Notes) {
    let mut missing: Vec<&Wanted> = table
        .wanted
        .values()
        .flatten()
        .filter(|wanted| wanted.given.is_none() && wanted.worth == Worth::Strong)
        .filter(|wanted| worth::is_of_forms(&wanted.name))
        .collect();
    missing.sort_by(|a, b| (a.first, &a.name).cmp(&(b.first, &b.name)));
    let why = if has_bodies {
        "it looks like a value that the server gives, but no reply before it has it; take it out of the \
         reply that does"
    } else {
        "it looks like a value that the server gives; record the contents of replies too, and it is \
         taken out of them"
    };
    for wanted in missing.into_iter().take(MOST_NOTES) {
        notes.approximate(&wanted.place, &format!("the value of `{}`", wanted.name), why);
    }
}
