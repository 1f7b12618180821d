//! Waiting until due times, far closer than a millisecond timer wheel can.
//!
//! Each shard owns one [`Pacer`]: a queue of waits and one timerfd, armed for the earliest of
//! them and watched by the shard's own event loop. The timer is set again only when the
//! earliest due time changes, and a wait allocates nothing after warm-up.
//!
//! With spinning, the timer is armed a little early and the rest is spent polling the clock
//! *and* the event loop, so replies are still taken while the shard waits for a due time.

mod queue;

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::Future,
    io,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll},
};

use ld_drivers::net::{Clock, clock::NS_PER_S};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::{Interest, unix::AsyncFd};

use self::queue::{Key, Queue};

/// How long before a due time [`Spin::LastMoment`] stops sleeping, in nanoseconds: about twice
/// what a sleeping core of a virtual machine needs to wake up.
const SPIN_NS: u64 = 100_000;

/// A round of spinning that took longer than this, in nanoseconds, had other tasks at work in it.
const IDLE_ROUND_NS: u64 = 2_000;

/// `armed_ns` while the timer is not armed.
const NOT_ARMED: u64 = u64::MAX;

/// `armed_ns` while the pacer is about to look at the queue again, so that no wait arms the timer.
const LOOKING: u64 = 0;

/// Whether the last stretch before a due time is slept or spun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spin {
    /// Sleep all the way: late by the time a core needs to wake up.
    #[default]
    Never,
    /// Spin for the last 100 µs: close to no lateness for up to a whole core of CPU time.
    LastMoment,
}

/// Wakes the tasks of one shard when they are due. Not `Send`: it belongs to its thread.
pub struct Pacer {
    clock: Clock,
    timer: AsyncFd<OwnedFd>,
    lead_ns: u64,
    armed_ns: Cell<u64>,
    spun_ns: Cell<u64>,
    released: Cell<bool>,
    queue: RefCell<Queue>,
}

impl Pacer {
    /// A pacer over `clock`. Must be called inside a tokio runtime with I/O enabled.
    ///
    /// # Errors
    /// When the system has no timer left to give.
    pub fn new(clock: Clock, spin: Spin) -> io::Result<Self> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        #[expect(
            deprecated,
            reason = "its replacement is unsafe for the sake of types that are no OwnedFd"
        )]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        Ok(Self {
            clock,
            timer,
            lead_ns: if spin == Spin::LastMoment { SPIN_NS } else { 0 },
            armed_ns: Cell::new(NOT_ARMED),
            spun_ns: Cell::new(0),
            released: Cell::new(false),
            queue: RefCell::default(),
        })
    }

    /// The clock that due times are measured on.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// CPU time spent spinning so far, in nanoseconds; it is not work.
    #[must_use]
    pub fn spun_ns(&self) -> u64 {
        self.spun_ns.get()
    }

    /// Waits until `due_ns` of the pacer's clock; ready at once when that has passed, or after
    /// [`Self::release`]. Dropping the future gives up the wait.
    #[must_use]
    pub fn until(&self, due_ns: u64) -> Until<'_> {
        Until { pacer: self, due_ns, key: None }
    }

    /// Ends every wait now, and every later one at once: the run is over.
    pub fn release(&self) {
        self.released.set(true);
        self.wake_due(u64::MAX);
    }

    /// Wakes waits as they come due. One task of the shard drives this; it never ends by itself.
    ///
    /// # Errors
    /// When the event loop fails, after which nothing would be woken any more.
    pub async fn run(&self) -> io::Result<Infallible> {
        loop {
            let now_ns = self.clock.now_ns();
            let woken = self.wake_due(now_ns);
            let due_ns = self.queue.borrow_mut().earliest_ns();
            let spinning = due_ns.is_some_and(|due_ns| self.lead(due_ns) <= now_ns);
            if woken || spinning {
                // Whoever is due goes first: setting the timer takes longer than sending.
                self.armed_ns.set(LOOKING);
                tokio::task::yield_now().await;
                if !woken {
                    let round_ns = self.clock.now_ns() - now_ns;
                    self.spun_ns.set(self.spun_ns.get() + round_ns.min(IDLE_ROUND_NS));
                }
                continue;
            }
            if self.armed_ns.get() <= now_ns {
                self.armed_ns.set(NOT_ARMED);
            }
            if let Some(due_ns) = due_ns {
                self.arm(due_ns);
            }
            // The count of expirations is never read: setting the timer clears it, and the
            // event loop is told of the next expiration either way.
            self.timer.readable().await?.clear_ready();
        }
    }

    /// Wakes everything that is due, and says whether there was anything.
    fn wake_due(&self, now_ns: u64) -> bool {
        let mut woken = false;
        loop {
            // In a statement of its own: waking must not find the queue borrowed.
            let due = self.queue.borrow_mut().pop_due(now_ns);
            let Some(waker) = due else { return woken };
            waker.wake();
            woken = true;
        }
    }

    /// Sets the timer for `due_ns`, less the time left to spinning.
    fn arm(&self, due_ns: u64) {
        let armed_ns = self.lead(due_ns);
        if armed_ns == self.armed_ns.get() {
            return;
        }
        let at = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: monotonic(self.clock, armed_ns),
        };
        // Fails only for a foreign descriptor or a malformed time, and this has neither.
        let set = timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &at);
        debug_assert!(set.is_ok(), "{set:?} for {at:?}");
        self.armed_ns.set(armed_ns);
    }

    /// When to stop sleeping for `due_ns`; never 0, which would disarm the timer.
    fn lead(&self, due_ns: u64) -> u64 {
        due_ns.saturating_sub(self.lead_ns).max(1)
    }

    fn is_over(&self, due_ns: u64) -> bool {
        self.released.get() || self.clock.now_ns() >= due_ns
    }

    fn insert(&self, due_ns: u64, cx: &Context<'_>) -> Key {
        let key = self.queue.borrow_mut().insert(due_ns, cx.waker());
        if self.lead(due_ns) < self.armed_ns.get() {
            self.arm(due_ns);
        }
        key
    }
}

/// The moment `at_ns` of `clock` in terms of the system's `CLOCK_MONOTONIC`.
fn monotonic(clock: Clock, at_ns: u64) -> Timespec {
    let ns = clock.origin_ns().saturating_add(at_ns);
    Timespec { tv_sec: (ns / NS_PER_S).cast_signed(), tv_nsec: (ns % NS_PER_S).cast_signed() }
}

/// See [`Pacer::until`].
pub struct Until<'a> {
    pacer: &'a Pacer,
    due_ns: u64,
    key: Option<Key>,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.key {
            Some(key) if self.pacer.queue.borrow_mut().poll(key, cx.waker()) => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None if self.pacer.is_over(self.due_ns) => Poll::Ready(()),
            None => {
                self.key = Some(self.pacer.insert(self.due_ns, cx));
                Poll::Pending
            }
        }
    }
}

impl Drop for Until<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.pacer.queue.borrow_mut().remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tokio::{
        runtime::{Builder, LocalOptions},
        task::spawn_local,
    };

    use super::*;

    const MS: u64 = 1_000_000;

    /// Runs `test` on a shard-like runtime with the pacer being driven.
    fn with_pacer<T>(spin: Spin, test: impl AsyncFnOnce(Rc<Pacer>) -> T) -> T {
        let runtime =
            Builder::new_current_thread().enable_io().build_local(LocalOptions::default());
        runtime.unwrap().block_on(async {
            let pacer = Rc::new(Pacer::new(Clock::starting_now(), spin).unwrap());
            let driver = Rc::clone(&pacer);
            spawn_local(async move { driver.run().await });
            test(pacer).await
        })
    }

    #[test]
    fn never_ends_before_the_due_time() {
        for spin in [Spin::Never, Spin::LastMoment] {
            with_pacer(spin, async |pacer| {
                for _ in 0..20 {
                    let due_ns = pacer.clock().now_ns() + MS / 4;
                    pacer.until(due_ns).await;
                    assert!(pacer.clock().now_ns() >= due_ns);
                }
            });
        }
    }

    #[test]
    fn a_due_time_in_the_past_is_ready_at_once() {
        with_pacer(Spin::Never, async |pacer| {
            let mut cx = Context::from_waker(std::task::Waker::noop());
            assert!(Pin::new(&mut pacer.until(0)).poll(&mut cx).is_ready());
            assert!(Pin::new(&mut pacer.until(u64::MAX)).poll(&mut cx).is_pending());
        });
    }

    #[test]
    fn waits_end_in_the_order_of_their_due_times() {
        for spin in [Spin::Never, Spin::LastMoment] {
            let order = with_pacer(spin, async |pacer| {
                let order = Rc::new(RefCell::new(Vec::new()));
                let base_ns = pacer.clock().now_ns() + 2 * MS;
                // The latest is asked for first, so that the timer has to be set anew.
                let tasks = [4_u64, 1, 3, 2].map(|nth| {
                    let (pacer, order) = (Rc::clone(&pacer), Rc::clone(&order));
                    spawn_local(async move {
                        pacer.until(base_ns + nth * MS).await;
                        order.borrow_mut().push(nth);
                    })
                });
                for task in tasks {
                    task.await.unwrap();
                }
                order.take()
            });
            assert_eq!(order, [1, 2, 3, 4]);
        }
    }

    #[test]
    fn an_earlier_wait_is_not_held_up_by_a_later_one() {
        with_pacer(Spin::Never, async |pacer| {
            let other = Rc::clone(&pacer);
            let far = spawn_local(async move { other.until(u64::MAX).await });
            tokio::task::yield_now().await;
            pacer.until(pacer.clock().now_ns() + MS).await;
            far.abort();
            assert!(far.await.unwrap_err().is_cancelled());
            assert_eq!(pacer.queue.borrow_mut().earliest_ns(), None);
        });
    }

    #[test]
    fn a_release_ends_all_waits_there_are_and_will_be() {
        with_pacer(Spin::Never, async |pacer| {
            let waits = [u64::MAX - 1, u64::MAX].map(|due_ns| {
                let pacer = Rc::clone(&pacer);
                spawn_local(async move { pacer.until(due_ns).await })
            });
            tokio::task::yield_now().await;
            pacer.release();
            for wait in waits {
                wait.await.unwrap();
            }
            pacer.until(u64::MAX).await;
        });
    }

    #[test]
    fn only_spinning_counts_as_spun() {
        let spun_ns = |spin| {
            with_pacer(spin, async |pacer| {
                // A busy machine may come back too late to spin, but not every time.
                for _ in 0..1_000 {
                    pacer.until(pacer.clock().now_ns() + MS / 20).await;
                    if pacer.spun_ns() > 0 {
                        break;
                    }
                }
                pacer.spun_ns()
            })
        };
        assert_eq!(spun_ns(Spin::Never), 0);
        assert!(spun_ns(Spin::LastMoment) > 0);
    }
}
