//! The order in which operations are called.

use std::collections::{BTreeSet, HashMap};

use super::super::model::Operation;

/// An order in which what is needed comes before what needs it; apart from that operations of
/// a tag stay together, and all as in the source.
pub(super) fn order(operations: &[Operation<'_>], after: &[BTreeSet<usize>]) -> Vec<usize> {
    // Those without a tag stand between the groups, as in the source.
    let mut groups: HashMap<Option<&str>, usize> = HashMap::new();
    let mut before = None;
    let mut next = 0;
    let mut group = Vec::with_capacity(operations.len());
    for operation in operations {
        let tag = operation.tag();
        if tag.is_none() && before != Some(None) {
            groups.remove(&None);
        }
        before = Some(tag);
        group.push(*groups.entry(tag).or_insert_with(|| {
            next += 1;
            next
        }));
    }
    let group_of = |number: usize| group.get(number).copied().unwrap_or(0);
    let mut missing: Vec<usize> = after.iter().map(BTreeSet::len).collect();
    let mut then: Vec<Vec<usize>> = vec![Vec::new(); operations.len()];
    for (number, before) in after.iter().enumerate() {
        for &first in before {
            if let Some(then) = then.get_mut(first) {
                then.push(number);
            }
        }
    }
    let mut waiting: BTreeSet<(usize, usize)> =
        (0..operations.len()).map(|n| (group_of(n), n)).collect();
    let is_ready = |number: usize, missing: &[usize]| missing.get(number) == Some(&0);
    let mut ready: BTreeSet<(usize, usize)> =
        waiting.iter().filter(|(_, number)| is_ready(*number, &missing)).copied().collect();
    let mut order = Vec::with_capacity(operations.len());
    let mut current = 0;
    while !waiting.is_empty() {
        let in_group = ready.range((current, 0)..(current + 1, 0)).next();
        // In a circle the first one has to begin.
        let next = in_group.or_else(|| ready.first()).or_else(|| waiting.first()).copied();
        let Some(next) = next else { break };
        waiting.remove(&next);
        ready.remove(&next);
        current = next.0;
        order.push(next.1);
        for &freed in then.get(next.1).into_iter().flatten() {
            if let Some(count) = missing.get_mut(freed) {
                *count = count.saturating_sub(1);
                if *count == 0 && waiting.contains(&(group_of(freed), freed)) {
                    ready.insert((group_of(freed), freed));
                }
            }
        }
    }
    order
}
