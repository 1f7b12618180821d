//! Names of variables: each the wanted one, with a number behind it while another value is read
//! under that.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// The names of a user's variables. Waves are asked for in their order.
pub(super) struct Names<'n> {
    /// All that are taken, those of other users included.
    taken: &'n mut HashSet<String>,
    wanted: HashMap<String, Numbers>,
}

/// The numbers behind a wanted name; 1 is not written.
#[derive(Default)]
struct Numbers {
    /// Those under which a value is read until a wave, the first wave first …
    busy: BinaryHeap<Reverse<(usize, u32)>>,
    /// … those under which none is read any more …
    free: BinaryHeap<Reverse<u32>>,
    /// … and how many have been given.
    given: u32,
}

impl<'n> Names<'n> {
    pub(super) fn new(taken: &'n mut HashSet<String>) -> Self {
        Self { taken, wanted: HashMap::new() }
    }

    /// A name for a value that a reply of wave `from` gives and that is last read in wave `to`.
    pub(super) fn give(&mut self, wanted: &str, from: usize, to: usize) -> String {
        let numbers = match self.wanted.get_mut(wanted) {
            Some(numbers) => numbers,
            None => self.wanted.entry(wanted.to_owned()).or_default(),
        };
        while let Some(Reverse((last, number))) = numbers.busy.peek().copied() {
            if last > from {
                break;
            }
            numbers.busy.pop();
            numbers.free.push(Reverse(number));
        }
        let written = |number: u32| match number {
            1 => wanted.to_owned(),
            _ => format!("{wanted}_{number}"),
        };
        let number = match numbers.free.pop() {
            Some(Reverse(number)) => number,
            None => loop {
                numbers.given += 1;
                if self.taken.insert(written(numbers.given)) {
                    break numbers.given;
                }
            },
        };
        numbers.busy.push(Reverse((to, number)));
        written(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_again_when_its_value_is_not_read_any_more() {
        let mut taken = HashSet::from(["id_2".to_owned()]);
        let mut names = Names::new(&mut taken);
        assert_eq!(names.give("id", 1, 5), "id");
        assert_eq!(names.give("id", 2, 3), "id_3");
        assert_eq!(names.give("id", 2, 9), "id_4");
        assert_eq!(names.give("id", 3, 4), "id_3");
        assert_eq!(names.give("id", 5, 7), "id");
        assert_eq!(names.give("key", 5, 7), "key");
        assert_eq!(Names::new(&mut taken).give("id", 0, 1), "id_5");
    }
}
