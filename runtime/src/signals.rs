//! Stopping on request: the first Ctrl-C ends the run in order, the second ends the process.

use std::{io, process, task::Poll, thread};

use tokio::{
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// What shells report for a process that ended because of Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Says whether the run is to stop. Copies say the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Follows SIGINT and SIGTERM from now on, for as long as the process lives: the first of
    /// them requests the stop, the second ends the process at once with exit code 130.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn on_signals() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let guard = runtime.enter();
        let mut signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        drop(guard);
        let (sender, stop) = watch::channel(false);
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                next(&mut signals).await;
                sender.send_replace(true);
                next(&mut signals).await;
                process::exit(INTERRUPTED);
            });
        })?;
        Ok(Self(stop))
    }

    /// A stop that the holder of the sender requests by sending `true`.
    #[must_use]
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (sender, stop) = watch::channel(false);
        (sender, Self(stop))
    }

    /// Whether the stop was requested.
    #[must_use]
    pub fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Blocks the thread until the stop is requested.
    ///
    /// # Errors
    /// When the system refuses an event loop.
    pub fn wait_blocking(mut self) -> io::Result<()> {
        Builder::new_current_thread().build()?.block_on(self.wait());
        Ok(())
    }

    /// Waits until the stop is requested; for ever when nobody can request it any more.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|&requested| requested).await.is_err() {
            std::future::pending().await
        }
    }
}

/// The next of any of the signals.
async fn next(signals: &mut [Signal]) {
    std::future::poll_fn(|cx| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
        if came { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    fn wait(mut stop: Stop) {
        Builder::new_current_thread().build().unwrap().block_on(stop.wait());
    }

    #[test]
    fn the_first_signal_requests_the_stop() {
        let stop = Stop::on_signals().unwrap();
        assert!(!stop.requested());
        kill_process(getpid(), Signal::TERM).unwrap();
        wait(stop.clone());
        assert!(stop.requested());
    }

    #[test]
    fn every_copy_hears_of_the_request_however_late_it_asks() {
        let (sender, stop) = Stop::by_hand();
        let early = stop.clone();
        let waiting = thread::spawn(move || wait(early));
        sender.send_replace(true);
        waiting.join().unwrap();
        drop(sender);
        wait(stop);
    }
}
