//! Coarse time limits: each session has one, arming and disarming it is a plain store.
//!
//! A timer per request would cost a place in tokio's timer wheel, under a lock, for
//! something that almost never happens. Here the limits of a shard stand in one table and
//! one future, [`Deadlines::sweep`], looks at them when the earliest could be over. It does
//! so every 10 ms at most, so a limit is noticed a little late, and never early.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::clock::Clock;

/// The least time between two sweeps, in nanoseconds: how late a limit may be noticed,
/// beside the millisecond that tokio's timers round up to.
pub(super) const GRAIN_NS: u64 = 10_000_000;

/// A moment that never comes.
const NEVER: u64 = u64::MAX;

/// The time limits of a shard.
pub struct Deadlines {
    clock: Clock,
    table: RefCell<Table>,
    /// When the next sweep is due: not later than the earliest limit armed.
    next_ns: Cell<u64>,
    sweeper: RefCell<Option<Waker>>,
}

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Slot {
    state: State,
    /// The task to wake; kept while it stays the same.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Disarmed,
    Armed {
        at_ns: u64,
    },
    Expired,
}

/// The time limit ran out before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

/// One time limit, to be armed and disarmed many times. Dropping it frees its place.
pub struct Deadline {
    all: Rc<Deadlines>,
    index: u32,
}

impl Deadlines {
    /// No limits yet.
    #[must_use]
    pub fn new(clock: Clock) -> Rc<Self> {
        Rc::new(Self {
            clock,
            table: RefCell::default(),
            next_ns: Cell::new(NEVER),
            sweeper: RefCell::default(),
        })
    }

    /// A new limit, disarmed.
    #[must_use]
    pub fn register(self: &Rc<Self>) -> Deadline {
        let mut table = self.table.borrow_mut();
        let index = table.free.pop().unwrap_or_else(|| {
            table.slots.push(Slot::default());
            // More slots than sessions fit in memory: the number cannot be reached.
            u32::try_from(table.slots.len() - 1).unwrap_or(u32::MAX)
        });
        Deadline { all: Rc::clone(self), index }
    }

    /// Wakes the tasks whose limit ran out, for as long as it is polled. One per shard.
    pub async fn sweep(&self) -> Infallible {
        let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
        let mut swept_ns = 0u64;
        loop {
            let next_ns = self.next_ns.get();
            if next_ns != NEVER {
                let wait_ns = next_ns.max(swept_ns).saturating_sub(self.clock.now_ns());
                let wait = Duration::from_nanos(wait_ns);
                // A moment too far for the timer wheel comes back early and waits again.
                let wait = wait.min(Duration::from_secs(86_400));
                sleep.as_mut().reset(tokio::time::Instant::now() + wait);
            }
            let slept = poll_fn(|cx| {
                if self.next_ns.get() != next_ns {
                    return Poll::Ready(false);
                }
                keep_waker(&mut self.sweeper.borrow_mut(), cx);
                if next_ns == NEVER {
                    return Poll::Pending;
                }
                sleep.as_mut().poll(cx).map(|()| true)
            });
            if slept.await {
                let now_ns = self.clock.now_ns();
                self.next_ns.set(self.expire(now_ns));
                swept_ns = now_ns.saturating_add(GRAIN_NS);
            }
        }
    }

    /// Marks what ran out and wakes its tasks; the earliest limit that is left.
    fn expire(&self, now_ns: u64) -> u64 {
        let mut earliest_ns = NEVER;
        let mut index = 0;
        loop {
            // Waking may run code of the task's runtime, so the table is free meanwhile.
            let waker = {
                let mut table = self.table.borrow_mut();
                let Some(slot) = table.slots.get_mut(index) else {
                    return earliest_ns;
                };
                match slot.state {
                    State::Armed { at_ns } if at_ns <= now_ns => {
                        slot.state = State::Expired;
                        slot.waker.take()
                    }
                    State::Armed { at_ns } => {
                        earliest_ns = earliest_ns.min(at_ns);
                        None
                    }
                    _ => None,
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
            index += 1;
        }
    }

    fn wake_sweeper(&self) {
        if let Some(waker) = self.sweeper.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }
}

impl Deadline {
    /// Sets the limit to the moment `at_ns` of the run's clock; `u64::MAX` is no limit.
    #[inline]
    pub fn arm(&self, at_ns: u64) {
        if at_ns == NEVER {
            return self.disarm();
        }
        self.set(State::Armed { at_ns });
        if at_ns < self.all.next_ns.get() {
            self.all.next_ns.set(at_ns);
            self.all.wake_sweeper();
        }
    }

    /// Takes the limit away.
    #[inline]
    pub fn disarm(&self) {
        self.set(State::Disarmed);
    }

    /// Whether the limit ran out since it was armed.
    #[inline]
    #[must_use]
    pub fn expired(&self) -> bool {
        let table = self.all.table.borrow();
        table.slots.get(self.index as usize).is_some_and(|slot| slot.state == State::Expired)
    }

    /// Ready once the limit ran out; until then the task is woken when it does.
    #[inline]
    pub fn poll_expired(&self, cx: &mut Context<'_>) -> Poll<TimedOut> {
        let mut table = self.all.table.borrow_mut();
        let Some(slot) = table.slots.get_mut(self.index as usize) else {
            return Poll::Pending;
        };
        match slot.state {
            State::Expired => Poll::Ready(TimedOut),
            State::Armed { .. } => {
                keep_waker(&mut slot.waker, cx);
                Poll::Pending
            }
            State::Disarmed => Poll::Pending,
        }
    }

    /// The future's result, or [`TimedOut`] when the limit runs out before it is ready.
    /// A result that is there when the limit is noticed still counts.
    pub fn within<F: Future>(&self, future: F) -> Within<'_, F> {
        Within { deadline: self, future }
    }

    fn set(&self, state: State) {
        let mut table = self.all.table.borrow_mut();
        if let Some(slot) = table.slots.get_mut(self.index as usize) {
            slot.state = state;
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let mut table = self.all.table.borrow_mut();
        if let Some(slot) = table.slots.get_mut(self.index as usize) {
            *slot = Slot::default();
            table.free.push(self.index);
        }
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").field("index", &self.index).finish_non_exhaustive()
    }
}

impl fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadlines").field("next_ns", &self.next_ns).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Deadline::within`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<'d, F> {
        deadline: &'d Deadline,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => this.deadline.poll_expired(cx).map(Err),
        }
    }
}

fn keep_waker(kept: &mut Option<Waker>, cx: &Context<'_>) {
    match kept {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *kept = Some(cx.waker().clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::super::clock::NS_PER_S;
    use super::super::tests::run;
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_limit_is_noticed_a_little_late_and_never_early() {
        run(|net| async move {
            let deadline = net.deadline();
            for wait_ns in [0, 1, 3 * MS, 25 * MS] {
                let at_ns = net.now_ns() + wait_ns;
                deadline.arm(at_ns);
                assert_eq!(deadline.within(pending::<()>()).await, Err(TimedOut));
                let late_ns = net.now_ns().checked_sub(at_ns).expect("not early");
                // The grain and tokio's millisecond, with much room for a busy machine.
                assert!(late_ns < NS_PER_S, "{late_ns} ns late");
            }
        });
    }

    #[test]
    fn a_result_wins_over_a_limit_that_ran_out() {
        run(|net| async move {
            let deadline = net.deadline();
            deadline.arm(net.now_ns());
            assert!(deadline.within(pending::<()>()).await.is_err());
            assert!(deadline.expired());
            assert_eq!(deadline.within(ready(7)).await, Ok(7));
            deadline.disarm();
            assert!(!deadline.expired());
        });
    }

    #[test]
    fn an_earlier_limit_overtakes_one_that_is_waited_for() {
        run(|net| async move {
            let (far, near) = (net.deadline(), net.deadline());
            far.arm(net.now_ns() + 3600 * NS_PER_S);
            tokio::task::yield_now().await;
            near.arm(net.now_ns() + MS);
            assert!(near.within(pending::<()>()).await.is_err());
            assert!(!far.expired());
        });
    }

    #[test]
    fn a_limit_taken_away_or_moved_does_not_fire() {
        run(|net| async move {
            let (moved, gone, clock) = (net.deadline(), net.deadline(), net.deadline());
            moved.arm(net.now_ns() + MS);
            gone.arm(net.now_ns() + MS);
            moved.arm(net.now_ns() + 3600 * NS_PER_S);
            gone.disarm();
            clock.arm(net.now_ns() + 30 * MS);
            assert!(clock.within(pending::<()>()).await.is_err());
            assert!(!moved.expired() && !gone.expired());
        });
    }

    #[test]
    fn a_place_is_used_again_and_starts_disarmed() {
        run(|net| async move {
            let first = net.deadline();
            first.arm(net.now_ns());
            assert!(first.within(pending::<()>()).await.is_err());
            let index = first.index;
            drop(first);
            let second = net.deadline();
            assert_eq!(second.index, index);
            assert!(!second.expired());
        });
    }

    #[test]
    fn no_limit_is_no_limit() {
        let deadlines = Deadlines::new(Clock::starting_now());
        let deadline = deadlines.register();
        deadline.arm(u64::MAX);
        assert_eq!(deadlines.next_ns.get(), NEVER);
    }
}
