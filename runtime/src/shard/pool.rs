//! The users of a scenario whose ticks start at a rate, on one shard.
//!
//! One user at a time holds the next start and waits for it to be due. When it begins, it passes the
//! start after its own on to a user that is free, the one that was busy last first, or to a new one.
//! While all are busy nobody holds it, and whoever is free next takes it, late. A user that ends by
//! itself leaves its place to another.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use super::Shard;
use crate::schedule::Starts;

/// See the module.
pub(crate) struct Pool {
    starts: RefCell<Starts>,
    /// What the due times of the starts count from.
    begin_ns: u64,
    /// How many more places there may be.
    room: Cell<u32>,
    /// Places that users have left.
    left: RefCell<Vec<Rc<Place>>>,
    hire: Hire,
    /// Places of users that wait for a start.
    idle: RefCell<Vec<Rc<Place>>>,
    /// Nobody holds the next start.
    vacant: Cell<bool>,
    /// There are no more starts, or the run is over.
    closed: Cell<bool>,
    counts: Cell<ArrivalCounts>,
}

/// Makes a user run, beginning with the start it holds.
type Hire = Box<dyn Fn(Rc<Hired>, Start)>;

/// What ties a user to its pool.
pub(crate) struct Hired {
    pub(crate) pool: Rc<Pool>,
    pub(crate) place: Rc<Place>,
}

/// What became of the starts of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ArrivalCounts {
    /// Starts that began.
    pub(crate) started: u64,
    /// Those of them that had to wait for a user.
    pub(crate) late: u64,
    /// Starts that were due and had not begun when the run ended.
    pub(crate) missed: u64,
    /// Users there were at once, at most.
    pub(crate) users: u32,
}

/// A user's place in a pool, where it waits for a start.
#[derive(Default)]
pub(crate) struct Place {
    /// Places are numbered from 0.
    pub(crate) number: u32,
    /// Somebody had it before.
    pub(crate) taken_over: Cell<bool>,
    due_ns: Cell<Option<u64>>,
    waker: RefCell<Option<Waker>>,
}

/// A start that a user holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) due_ns: u64,
    /// It was due before a user was free.
    pub(crate) late: bool,
}

impl Pool {
    /// A pool of at most `room` users. Nothing starts before [`Self::pass_on`].
    pub(crate) fn new(starts: Starts, begin_ns: u64, room: u32, hire: Hire) -> Rc<Self> {
        Rc::new(Self {
            starts: RefCell::new(starts),
            begin_ns,
            room: Cell::new(room),
            left: RefCell::default(),
            hire,
            idle: RefCell::default(),
            vacant: Cell::new(false),
            closed: Cell::new(false),
            counts: Cell::default(),
        })
    }

    /// What became of the starts so far.
    pub(crate) fn counts(&self) -> ArrivalCounts {
        self.counts.get()
    }

    /// Counts a start that begins now, and passes the next one on.
    pub(crate) fn begin(self: &Rc<Self>, shard: &Shard, start: Start) {
        let mut counts = self.counts.get();
        counts.started += 1;
        counts.late += u64::from(start.late);
        self.counts.set(counts);
        self.pass_on(shard);
    }

    /// Lets a user hold the next start.
    pub(crate) fn pass_on(self: &Rc<Self>, shard: &Shard) {
        let idle = self.idle.borrow_mut().pop();
        if idle.is_none() && !self.has_room() {
            self.vacant.set(true);
            return;
        }
        let Some(due_ns) = self.take(shard) else {
            idle.iter().for_each(|place| place.wake());
            return;
        };
        match idle {
            Some(place) => {
                place.due_ns.set(Some(due_ns));
                place.wake();
            }
            None => self.hire(Start { due_ns, late: false }),
        }
    }

    /// A user leaves for good, free since `free_ns`. Another may have its place, at once if a start
    /// waits for that.
    pub(crate) fn leave(self: &Rc<Self>, shard: &Shard, place: &Rc<Place>, free_ns: u64) {
        if self.closed.get() {
            return;
        }
        place.taken_over.set(true);
        self.left.borrow_mut().push(Rc::clone(place));
        if self.vacant.replace(false)
            && let Some(due_ns) = self.take(shard)
        {
            self.hire(Start { due_ns, late: due_ns < free_ns });
        }
    }

    fn has_room(&self) -> bool {
        self.room.get() > 0 || !self.left.borrow().is_empty()
    }

    /// Has a user come for a start, where there is room for one.
    fn hire(self: &Rc<Self>, start: Start) {
        let left = self.left.borrow_mut().pop();
        let place = left.unwrap_or_else(|| {
            self.room.set(self.room.get().saturating_sub(1));
            let mut counts = self.counts.get();
            let number = counts.users;
            counts.users += 1;
            self.counts.set(counts);
            Rc::new(Place { number, ..Place::default() })
        });
        (self.hire)(Rc::new(Hired { pool: Rc::clone(self), place }), start);
    }

    /// The next start for a user that is free since `free_ns`; `None` when it is to leave.
    pub(crate) async fn next(
        &self,
        shard: &Shard,
        place: &Rc<Place>,
        free_ns: u64,
    ) -> Option<Start> {
        if self.closed.get() {
            return None;
        }
        if self.vacant.replace(false) {
            let due_ns = self.take(shard)?;
            return Some(Start { due_ns, late: due_ns < free_ns });
        }
        self.idle.borrow_mut().push(Rc::clone(place));
        let due_ns = poll_fn(|context| match place.due_ns.take() {
            Some(due_ns) => Poll::Ready(Some(due_ns)),
            None if self.closed.get() => Poll::Ready(None),
            None => {
                *place.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        });
        Some(Start { due_ns: due_ns.await?, late: false })
    }

    /// Ends the starts at the end of the run; those that were due and did not begin are missed.
    pub(crate) fn end(&self, shard: &Shard, now_ns: u64) {
        if !self.closed.get() {
            let mut counts = self.counts.get();
            let until_ns = now_ns.saturating_sub(self.begin_ns);
            counts.missed += self.starts.borrow_mut().skip_until(until_ns);
            self.counts.set(counts);
            self.close(shard);
        }
    }

    fn take(&self, shard: &Shard) -> Option<u64> {
        let next = if self.closed.get() { None } else { self.starts.borrow_mut().next() };
        if next.is_none() {
            self.close(shard);
        }
        next.map(|due_ns| self.begin_ns.saturating_add(due_ns))
    }

    fn close(&self, shard: &Shard) {
        if !self.closed.replace(true) {
            self.idle.take().iter().for_each(|place| place.wake());
            shard.done();
        }
    }
}

impl Place {
    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
