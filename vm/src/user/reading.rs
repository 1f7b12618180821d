//! What a user does with a reply: it judges it, and takes values out of it.

use std::sync::Arc;

use super::{User, World};
use crate::evaluate::State;
use crate::kept::Kept;
use crate::link::{Linked, Tools};
use crate::mask::{LEAST_MADE, Made, Mask};
use crate::program::{CheckId, ExtractId};
use crate::reply::{FaultClass, Reply};
use crate::scratch::ScratchPool;
use crate::value::Value;

impl User {
    /// Judges a reply. What fails, and is not soft, fails the request.
    pub(super) fn check(
        &mut self,
        linked: &Linked,
        world: &mut World<'_>,
        id: CheckId,
        reply: &Reply<'_>,
    ) {
        let Some(row) = linked.checks.get(id.index()) else {
            return;
        };
        let World { rows, scratch: pool, .. } = world;
        let rendered = self.scratch.as_deref();
        let state = State { linked, memory: &self.memory, rows, rendered };
        // Written aside, because the operands may borrow the buffer the text ends in.
        let ScratchPool { failure, kept, .. } = &mut **pool;
        failure.clear();
        let holds =
            state.operands(row.operands, |values| (row.check)(values, reply, kept, failure));
        if !holds && row.is_soft {
            self.soft_failures = self.soft_failures.saturating_add(1);
        } else if !holds {
            // What such a check compares with is hidden however short it is.
            let least = if row.is_secret { 1 } else { LEAST_MADE };
            self.hide(linked, kept, least, failure);
            (self.failed, self.by_status) = (Some(row.class), row.is_of_status);
            let scratch = self.scratch.get_or_insert_with(|| pool.take());
            std::mem::swap(&mut scratch.failure, &mut pool.failure);
        }
    }

    /// Takes a value out of a reply into a variable; that there is none may fail the request.
    pub(super) fn extract(
        &mut self,
        linked: &Linked,
        world: &mut World<'_>,
        id: ExtractId,
        reply: &Reply<'_>,
    ) {
        let Some(row) = linked.extracts.get(id.index()) else {
            return;
        };
        let World { rows, scratch: pool, .. } = world;
        let rendered = self.scratch.as_deref();
        let state = State { linked, memory: &self.memory, rows, rendered };
        let ScratchPool { spare, kept, .. } = &mut **pool;
        spare.set(Value::Unset);
        let tools = &mut Tools { rng: &mut self.rng, kept };
        state.operands(row.operands, |values| (row.extract)(values, reply, tools, spare));
        if let (true, Some(default)) = (spare.value().is_missing(), row.default) {
            spare.set(linked.program.value(default));
        }
        // A default that is null takes away what was there before.
        let is_taken_away = row.default.is_some() && row.required.is_none();
        if !spare.value().is_missing() || is_taken_away {
            if let Some(var) = self.memory.vars.get_mut(row.var.index()) {
                std::mem::swap(var, spare);
            }
        } else if let Some(name) = &row.required {
            // Written aside, as the text of a check is.
            let failure = &mut pool.failure;
            let name = linked.program.consts.slice(name);
            state.operands(row.operands, |values| {
                no_value(name, values.first().copied(), failure);
            });
            let least = if row.is_secret { 1 } else { LEAST_MADE };
            self.hide(linked, &mut pool.kept, least, failure);
            (self.failed, self.by_status) = (Some(FaultClass::Assertion), false);
            let scratch = self.scratch.get_or_insert_with(|| pool.take());
            std::mem::swap(&mut scratch.failure, &mut pool.failure);
        }
    }

    /// Hides secrets in a text, and what of `least` bytes and more the plan made of them: what
    /// variables hold, and what was rendered for the request at hand.
    #[cold]
    pub(super) fn hide(&self, linked: &Linked, kept: &mut Kept, least: usize, text: &mut String) {
        let made = self.made(linked, kept, least);
        linked.mask.text(made.as_deref(), text);
    }

    /// Hides what of secrets stands in a log.
    #[cold]
    pub(super) fn hide_in_log(&mut self, linked: &Linked, kept: &mut Kept) {
        let made = self.made(linked, kept, LEAST_MADE);
        if let Some(scratch) = self.scratch.as_deref_mut() {
            linked.mask.bytes(made.as_deref(), &mut scratch.out);
        }
    }

    /// What the plan made of secrets, as it stands now.
    fn made(&self, linked: &Linked, kept: &mut Kept, least: usize) -> Option<Arc<Mask>> {
        let mut made = Made::default();
        if let Some(scratch) = self.scratch.as_deref() {
            made.append(&scratch.made);
        }
        for var in linked.of_secrets.iter().filter_map(|var| self.memory.vars.get(var.index())) {
            made.push(var.value());
        }
        // Failures often come in numbers, and with the same values.
        let key = || [made.bytes(), &[u8::from(least == LEAST_MADE)]].concat();
        (!made.is_empty()).then(|| kept.of(&key(), || made.mask(least)))
    }
}

/// Says that a value which a task needs is not there, and where it is not if that may be said.
#[cold]
fn no_value(var: &[u8], place: Option<Value<'_>>, failure: &mut String) {
    failure.clear();
    failure.push_str("extract ");
    failure.push_str(&String::from_utf8_lossy(var));
    failure.push_str(": no value");
    let mut text = Vec::new();
    if let Some(place) = place {
        place.write_text(&mut text);
    }
    if !text.is_empty() {
        failure.push_str(" at ");
        failure.push_str(&String::from_utf8_lossy(&text));
    }
}
