//! Where `setNextRequest` leads, as far as it is the same in each run.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::script::Next;
use super::text_of;

/// A call whose argument is a name or `null`, or the beginning of any other.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"setNextRequest\((?:\s*(?:["'`]([^"'`]*)["'`]|(null))\s*\))?"#).ok()
});

/// The requests of a collection in the order of a run, and which of them are jumped over.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    /// Names and ids.
    order: Vec<[Option<String>; 2]>,
    /// Where scripts lead; nothing when one of these places is known only to a script.
    targets: Option<HashSet<String>>,
    /// How many requests were read.
    read: usize,
    /// Requests before this position are jumped over.
    until: usize,
}

impl Jumps {
    /// The requests and jumps of a collection.
    pub(super) fn of(document: &Value) -> Self {
        let mut jumps = Self { targets: Some(HashSet::new()), ..Self::default() };
        jumps.collect(document);
        jumps
    }

    /// Goes on to the next request; whether it is jumped over.
    pub(super) fn enter(&mut self) -> bool {
        self.read += 1;
        self.read <= self.until
    }

    /// How many requests were read.
    pub(super) const fn read(&self) -> usize {
        self.read
    }

    /// Where something leads: how many requests are before it.
    pub(super) fn position(&self, next: &Next) -> usize {
        match next {
            Next::Request(name) => self.position_of(name),
            Next::End => self.order.len(),
        }
    }

    /// Goes from the request that was read last to another one.
    ///
    /// # Errors
    /// When what is between the two may be run nevertheless: why.
    pub(super) fn take(&mut self, next: &Next) -> Result<(), &'static str> {
        let target = self.position(next);
        let Some(between) = self.order.get(self.read..target) else {
            return Err("it leads back; put the requests into a `while` block");
        };
        let Some(targets) = &self.targets else {
            return Err("elsewhere a script goes to a request that only it knows");
        };
        if between.iter().flatten().flatten().any(|name| targets.contains(name)) {
            return Err("other scripts go to what is between; put that into `if` blocks");
        }
        self.until = target;
        Ok(())
    }

    /// The position of a request; the end when there is none of that name, as for Postman.
    fn position_of(&self, name: &str) -> usize {
        let last = |at: usize| {
            self.order.iter().rposition(|names| {
                names.get(at).is_some_and(|known| known.as_deref() == Some(name))
            })
        };
        last(1).or_else(|| last(0)).unwrap_or(self.order.len())
    }

    fn collect(&mut self, of: &Value) {
        if let (Some(events), Some(pattern)) = (of.get("event"), &*CALL) {
            let code = scripts(events);
            for found in pattern.captures_iter(&code) {
                match (found.get(1), found.get(2)) {
                    (Some(name), _) => {
                        self.targets.as_mut().map(|all| all.insert(name.as_str().to_owned()));
                    }
                    (None, Some(_)) => {}
                    (None, None) => self.targets = None,
                }
            }
        }
        match of.get("item").and_then(Value::as_array) {
            Some(items) => items.iter().for_each(|item| self.collect(item)),
            None if of
                .get("request")
                .is_some_and(|request| request.is_object() || request.is_string()) =>
            {
                let id = of.get("id").or_else(|| of.get("_postman_id"));
                self.order.push([text_of(of.get("name")), text_of(id)]);
            }
            None => {}
        }
    }
}

/// The text of all scripts of a list of events.
fn scripts(events: &Value) -> String {
    let mut code = String::new();
    let mut rest = vec![events];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) => {
                code.push_str(text);
                code.push('\n');
            }
            Value::Array(items) => rest.extend(items.iter().rev()),
            Value::Object(members) => rest.extend(members.values()),
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn jumps(script: &str) -> Jumps {
        let item = |name: &str, code: &str| {
            let script = json!({"exec": [code]});
            json!({"name": name, "request": "x", "event": [{"listen": "test", "script": script}]})
        };
        let folder = json!({"name": "f", "item": [item("b", ""), item("c", script)]});
        Jumps::of(&json!({"item": [item("a", ""), folder, item("d", "")]}))
    }

    #[test]
    fn what_lies_between_is_jumped_over() {
        let mut jumps = jumps("");
        assert!(!jumps.enter());
        assert_eq!(jumps.take(&Next::Request("d".to_owned())), Ok(()));
        assert_eq!([jumps.enter(), jumps.enter(), jumps.enter()], [true, true, false]);
    }

    #[test]
    fn the_end_and_names_that_nothing_has_end_the_iteration() {
        for next in [Next::End, Next::Request("nothing".to_owned())] {
            let mut jumps = jumps("pm.setNextRequest(null)");
            jumps.enter();
            assert_eq!(jumps.take(&next), Ok(()));
            assert_eq!([jumps.enter(), jumps.enter(), jumps.enter()], [true, true, true]);
        }
    }

    #[test]
    fn jumps_back_and_over_what_is_jumped_to_are_not_taken() {
        let mut back = jumps("");
        back.enter();
        back.enter();
        assert!(back.take(&Next::Request("a".to_owned())).is_err());
        for script in ["postman.setNextRequest('b')", "postman.setNextRequest(name)"] {
            let mut jumps = jumps(script);
            jumps.enter();
            assert!(jumps.take(&Next::End).is_err(), "{script}");
        }
    }
}
