//! One timer per connection, armed only while a peer keeps it waiting.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Bounds how long a connection waits for its peer.
///
/// A timer of tokio's costs a lock and a place in the wheel each time it is set. Here it is set
/// once and left to run: when it fires too early for the wait at hand it is set again, so a
/// connection that is never kept waiting for long touches the wheel about once per limit.
pub(crate) struct Watchdog {
    timer: Pin<Box<Sleep>>,
}

impl Watchdog {
    pub(crate) fn new(first: Duration) -> Self {
        Self { timer: Box::pin(sleep_until(Instant::now() + first)) }
    }

    /// Runs `future` until it is ready or `due` has come; `None` if `due` came first.
    pub(crate) async fn until<F: Future>(&mut self, due: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        if due < self.timer.deadline() {
            self.timer.as_mut().reset(due);
        }
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            while self.timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= due {
                    return Poll::Ready(None);
                }
                self.timer.as_mut().reset(due);
            }
            Poll::Pending
        })
        .await
    }
}
