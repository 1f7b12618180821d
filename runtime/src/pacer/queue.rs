//! The waits of one pacer, ordered by due time. Pure data: no clock, no descriptor.
//!
//! A wait is an entry in a heap plus a slot that holds its waker. Giving up a wait only frees
//! the slot; its heap entry becomes stale and is skipped when it surfaces, or swept out when
//! stale entries outnumber the live ones. Slots and heap keep their capacity, so nothing is
//! allocated once the largest number of simultaneous waits has been seen.

use std::{cmp::Reverse, collections::BinaryHeap, task::Waker};

/// Stale entries are swept only beyond this number, so small queues never bother.
const STALE_ALLOWED: usize = 64;

#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    last_ticket: u64,
    stale: usize,
}

/// Names one wait; `ticket` is never reused, so a stale key or entry cannot name another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    ticket: u64,
    slot: usize,
}

/// Field order makes waits with the same due time first come, first served.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    due_ns: u64,
    key: Key,
}

enum Slot {
    Free,
    Waiting { ticket: u64, waker: Waker },
    Fired,
}

impl Queue {
    pub(super) fn insert(&mut self, due_ns: u64, waker: &Waker) -> Key {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let waiting = Slot::Waiting { ticket, waker: waker.clone() };
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(free) => *free = waiting,
            None => self.slots.push(waiting),
        }
        let key = Key { ticket, slot };
        self.heap.push(Reverse(Entry { due_ns, key }));
        key
    }

    /// Whether the wait has fired; if not, `waker` is the one to wake.
    pub(super) fn poll(&mut self, key: Key, new: &Waker) -> bool {
        match self.slots.get_mut(key.slot) {
            Some(Slot::Waiting { waker, .. }) => {
                waker.clone_from(new);
                false
            }
            _ => true,
        }
    }

    /// Ends a wait, fired or not, and frees its slot.
    pub(super) fn remove(&mut self, key: Key) {
        let Some(slot) = self.slots.get_mut(key.slot) else { return };
        let waited = matches!(slot, Slot::Waiting { .. });
        *slot = Slot::Free;
        self.free.push(key.slot);
        if waited {
            self.stale += 1;
            self.sweep();
        }
    }

    /// Takes the waker of the earliest wait that is due at `now_ns`.
    pub(super) fn pop_due(&mut self, now_ns: u64) -> Option<Waker> {
        while let Some(Reverse(Entry { due_ns, key })) = self.heap.peek() {
            if *due_ns > now_ns {
                return None;
            }
            let key = *key;
            self.heap.pop();
            let Some(slot) = self.slots.get_mut(key.slot) else { continue };
            if !slot.is_waiting(key.ticket) {
                self.stale -= 1;
            } else if let Slot::Waiting { waker, .. } = std::mem::replace(slot, Slot::Fired) {
                return Some(waker);
            }
        }
        None
    }

    /// When the earliest wait is due.
    pub(super) fn earliest_ns(&mut self) -> Option<u64> {
        while let Some(Reverse(Entry { due_ns, key })) = self.heap.peek() {
            if is_waiting(&self.slots, *key) {
                return Some(*due_ns);
            }
            self.heap.pop();
            self.stale -= 1;
        }
        None
    }

    fn sweep(&mut self) {
        if self.stale > STALE_ALLOWED && self.stale > self.heap.len() / 2 {
            let slots = &self.slots;
            self.heap.retain(|Reverse(entry)| is_waiting(slots, entry.key));
            self.stale = 0;
        }
    }
}

impl Slot {
    fn is_waiting(&self, by: u64) -> bool {
        matches!(self, Slot::Waiting { ticket, .. } if *ticket == by)
    }
}

fn is_waiting(slots: &[Slot], key: Key) -> bool {
    slots.get(key.slot).is_some_and(|slot| slot.is_waiting(key.ticket))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn insert(queue: &mut Queue, due_ns: u64) -> Key {
        queue.insert(due_ns, Waker::noop())
    }

    /// Pops what is due, in order, as the keys that then count as fired.
    fn fire(queue: &mut Queue, now_ns: u64, keys: &[Key]) -> Vec<usize> {
        let mut order = Vec::new();
        while queue.pop_due(now_ns).is_some() {
            let fired = (0..keys.len())
                .find(|&i| !order.contains(&i) && queue.poll(keys[i], Waker::noop()));
            order.push(fired.unwrap());
        }
        order
    }

    #[test]
    fn fires_by_due_time_then_in_order_of_arrival() {
        let mut queue = Queue::default();
        let keys = [30, 10, 20, 10].map(|due| insert(&mut queue, due));
        assert_eq!(fire(&mut queue, 9, &keys), [] as [usize; 0]);
        assert_eq!(fire(&mut queue, 20, &keys), [1, 3, 2]);
        assert_eq!(queue.earliest_ns(), Some(30));
        assert_eq!(fire(&mut queue, 30, &keys), [0]);
        assert_eq!(queue.earliest_ns(), None);
    }

    #[test]
    fn a_removed_wait_never_fires_even_when_its_slot_is_taken_again() {
        let mut queue = Queue::default();
        let first = insert(&mut queue, 10);
        queue.remove(first);
        let second = insert(&mut queue, 50);
        assert_eq!(first.slot, second.slot);
        assert_eq!(queue.earliest_ns(), Some(50));
        assert!(queue.pop_due(49).is_none());
        assert!(queue.pop_due(50).is_some());
        assert!(queue.poll(second, Waker::noop()));
    }

    #[test]
    fn a_later_poll_replaces_the_waker() {
        let mut queue = Queue::default();
        let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let key = queue.insert(1, &Waker::from(Arc::clone(&old)));
        assert!(!queue.poll(key, &Waker::from(Arc::clone(&new))));
        queue.pop_due(1).unwrap().wake();
        assert_eq!((old.0.load(Ordering::Relaxed), new.0.load(Ordering::Relaxed)), (0, 1));
    }

    #[test]
    fn given_up_waits_do_not_pile_up() {
        let mut queue = Queue::default();
        let kept = insert(&mut queue, 5);
        for round in 0..10_000 {
            let key = insert(&mut queue, 1_000_000 + round);
            queue.remove(key);
        }
        assert!(queue.heap.len() <= 2 * STALE_ALLOWED, "{} entries", queue.heap.len());
        assert_eq!(queue.slots.len(), 2);
        assert_eq!(fire(&mut queue, 5, &[kept]), [0]);
    }

    #[test]
    fn a_steady_number_of_waits_keeps_the_capacity() {
        let mut queue = Queue::default();
        let run = |queue: &mut Queue, from: u64| {
            for round in from..from + 1_000 {
                let keys = [round, round + 3, round + 1].map(|due| insert(queue, due));
                while queue.pop_due(round + 3).is_some() {}
                keys.into_iter().for_each(|key| queue.remove(key));
            }
        };
        run(&mut queue, 0);
        let before = (queue.heap.capacity(), queue.slots.capacity(), queue.free.capacity());
        run(&mut queue, 5_000);
        assert_eq!(before, (queue.heap.capacity(), queue.slots.capacity(), queue.free.capacity()));
    }
}
