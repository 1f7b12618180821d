//! Redirects: the requests that a browser made because it was sent on are made by the client too,
//! within the task that began them.

use std::collections::{HashMap, VecDeque};

use serde_json::json;
use url::Url;

use super::context::Context;
use super::entry::Exchange;
use crate::notes::Fate;
use crate::passes::correlate::{given_in_location, sent};

/// How long after a redirect its target is asked for, at most, in milliseconds.
const PROMPT: f64 = 5000.0;

/// Longer chains are not followed by clients.
const MOST: usize = 30;

/// Makes one exchange of each chain of redirects. Chains that do not end in the recording
/// stay as they are, and are not followed.
pub(super) fn fold<'a>(
    mut exchanges: Vec<Exchange<'a>>,
    context: &mut Context<'_>,
) -> Vec<Exchange<'a>> {
    let urls: Vec<Option<Url>> =
        exchanges.iter().map(|exchange| Url::parse(&exchange.url).ok()).collect();
    let mut by_url: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (number, url) in urls.iter().enumerate() {
        if let Some(url) = url {
            by_url.entry(url.as_str()).or_default().push_back(number);
        }
    }
    let mut next: Vec<Option<usize>> = vec![None; exchanges.len()];
    let mut is_target = vec![false; exchanges.len()];
    for (number, exchange) in exchanges.iter().enumerate() {
        let target = exchange.location.as_ref().zip(urls.get(number).and_then(Option::as_ref));
        let Some(mut target) = target.and_then(|(location, url)| url.join(location).ok()) else {
            continue;
        };
        // It stays with the browser.
        target.set_fragment(None);
        let Some(waiting) = by_url.get_mut(target.as_str()) else { continue };
        while waiting.front().is_some_and(|&first| first <= number) {
            waiting.pop_front();
        }
        let Some(&candidate) = waiting.front() else { continue };
        let is_prompt = match (exchange.end, exchanges.get(candidate).and_then(|next| next.start)) {
            (Some(end), Some(start)) => start - end <= PROMPT,
            _ => candidate == number + 1,
        };
        if is_prompt {
            waiting.pop_front();
            if let (Some(next), Some(is_target)) =
                (next.get_mut(number), is_target.get_mut(candidate))
            {
                (*next, *is_target) = (Some(candidate), true);
            }
        }
    }

    for number in needed(&mut exchanges, &next) {
        let target = next.get_mut(number).and_then(Option::take);
        if let Some(is_target) = target.and_then(|target| is_target.get_mut(target)) {
            *is_target = false;
        }
        let why = "requests behind it send what its Location has; it is not followed but taken out, and \
                   the request that it led to is made as it was recorded";
        if let Some(exchange) = exchanges.get(number) {
            context.tally.note(Fate::Kept, &exchange.task.place, "a redirect", why);
        }
    }

    let mut is_folded = vec![false; exchanges.len()];
    for first in 0..exchanges.len() {
        if is_target.get(first).copied().unwrap_or(true) {
            continue;
        }
        let step = |number: &usize| next.get(*number).copied().flatten();
        let chain: Vec<usize> = std::iter::successors(Some(first), step).collect();
        let ends = chain.last().and_then(|last| exchanges.get(*last));
        let is_whole = ends.is_some_and(|last| last.location.is_none()) && chain.len() <= MOST;
        let [first, .., last] = chain.as_slice() else { continue };
        if !is_whole {
            continue;
        }
        let (status, end, reply) = match exchanges.get_mut(*last) {
            Some(last) => (last.status, last.end, last.task.reply.take()),
            None => continue,
        };
        if let Some(exchange) = exchanges.get_mut(*first) {
            (exchange.status, exchange.end, exchange.location) = (status, end, None);
            exchange.task.reply = reply;
        }
        for number in chain.iter().skip(1) {
            if let Some(is_folded) = is_folded.get_mut(*number) {
                *is_folded = true;
            }
            context
                .tally
                .kept("requests that redirects led to", "the client follows redirects itself");
        }
    }
    let mut is_folded = is_folded.into_iter();
    exchanges.retain(|_| !is_folded.next().unwrap_or_default());
    for exchange in &mut exchanges {
        if exchange.location.is_some() {
            exchange.task.fields.insert("allow_redirects".to_owned(), json!(false));
        }
    }
    exchanges
}

/// The redirects that give values which requests behind their chains send: session ids in a path,
/// codes of OAuth. `next` says to which exchange each leads.
fn needed(exchanges: &mut [Exchange<'_>], next: &[Option<usize>]) -> Vec<usize> {
    let mut given: HashMap<String, usize> = HashMap::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        if let (Some(location), Some(Some(_))) = (&exchange.location, next.get(number)) {
            for value in given_in_location(location) {
                given.entry(value).or_insert(number);
            }
        }
    }
    if given.is_empty() {
        return Vec::new();
    }
    let mut chain: Vec<usize> = (0..exchanges.len()).collect();
    for number in 0..exchanges.len() {
        let of = chain.get(number).copied().unwrap_or(number);
        if let Some(place) = next.get(number).copied().flatten().and_then(|to| chain.get_mut(to)) {
            *place = of;
        }
    }
    let mut needed = Vec::new();
    for (number, exchange) in exchanges.iter_mut().enumerate() {
        sent(&mut exchange.task, &mut |value| {
            if let Some(&giver) = given.get(value)
                && giver < number
                && chain.get(giver) != chain.get(number)
            {
                needed.push(giver);
            }
        });
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}
