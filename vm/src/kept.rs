//! What was made of texts that only the run knows, kept for the next time: patterns, paths and
//! selectors with placeholders in them.
//!
//! Rows of the tables hold nothing from one call to the next, as all threads share them. A shard
//! hands them this instead. It is bounded, so that texts which never come again push each other
//! out and nothing else.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// How many things a shard keeps.
const MOST: usize = 128;

/// Of a longer text, in bytes, the thing is made each time.
const LONGEST: usize = 4096;

type Thing = Arc<dyn Any + Send + Sync>;

/// Things by the texts they were made of. They are searched in order, which for so many short
/// texts takes no longer than a map.
#[derive(Default)]
pub struct Kept {
    things: Vec<(Box<[u8]>, Thing)>,
    /// Where the next one goes: in place of the one that has been there longest.
    next: usize,
}

impl Kept {
    /// What `make` makes of a text, unless it is there from before.
    pub fn of<T: Send + Sync + 'static>(
        &mut self,
        text: &[u8],
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut same = self.things.iter().filter(|(key, _)| **key == *text);
        if let Some(thing) = same.find_map(|(_, thing)| Arc::clone(thing).downcast().ok()) {
            return thing;
        }
        let thing = Arc::new(make());
        if text.len() <= LONGEST {
            self.keep(text, Arc::<T>::clone(&thing));
        }
        thing
    }

    fn keep(&mut self, text: &[u8], thing: Thing) {
        match self.things.get_mut(self.next) {
            Some(place) => *place = (text.into(), thing),
            None => self.things.push((text.into(), thing)),
        }
        self.next = (self.next + 1) % MOST;
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("things", &self.things.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_made_once_for_each_text_and_type() {
        let mut kept = Kept::default();
        assert_eq!(*kept.of(b"7", || 7), 7);
        assert_eq!(*kept.of::<i32>(b"7", || panic!("it is there")), 7);
        assert_eq!(*kept.of(b"7", || "seven"), "seven");
        assert_eq!(*kept.of::<i32>(b"7", || panic!("it is still there")), 7);
    }

    #[test]
    fn texts_that_never_come_again_push_each_other_out() {
        let mut kept = Kept::default();
        for number in 0..10 * MOST {
            kept.of(number.to_string().as_bytes(), || number);
        }
        assert_eq!(kept.things.len(), MOST);
        kept.of::<usize>((10 * MOST - 1).to_string().as_bytes(), || panic!("the last is there"));
        assert_eq!(*kept.of(b"0", || 1), 1, "the first is not");
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!((*kept.of(&long, || 1), *kept.of(&long, || 2)), (1, 2));
    }
}
