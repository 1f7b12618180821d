//! Several requests of a user at once: the lanes of a fork.
//!
//! All of them are rendered first, then sent as soon as there is a connection for each, and looked
//! at in the order in which their replies come. What one of them waits for, no other waits for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use ld_drivers::{Driver, Stamps};
use ld_vm::{
    Effect, Request, Resume, User,
    program::{ForkId, LaneId, Many, ThrottleId},
};
use tokio::sync::Semaphore;

use super::exchange::exchange;
use crate::conditioner::{Fate, Network};
use crate::shard::Shard;

/// When the requests of a fork are due, and until when they may begin.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) due_ns: u64,
    pub(super) leave_ns: u64,
    /// The user does what it does last.
    pub(super) leaving: bool,
}

/// A fork under way.
pub(super) struct Lanes<'l, 'c, D: Driver> {
    shard: &'l Shard,
    driver: &'l D,
    user: RefCell<&'l mut User>,
    network: RefCell<&'l mut Option<Network<'c>>>,
    times: Times,
    failed: Cell<bool>,
    /// The run was over, or the user was to leave, before everything had begun.
    ends: Cell<bool>,
}

/// How a fork went.
pub(super) struct Outcome {
    /// When the last lane ended.
    pub(super) done_ns: u64,
    /// A request failed.
    pub(super) failed: bool,
    /// The user is to begin nothing more.
    pub(super) ends: bool,
}

/// A lane between two steps.
struct Lane {
    user: User,
    next: Next,
    due_ns: u64,
    stamps: Stamps,
}

/// What a lane wants next.
#[derive(Clone, Copy)]
enum Next {
    Request,
    Throttle(ThrottleId),
    /// To wait until it is due.
    Wait,
    /// Nothing: it is over.
    Join,
}

/// The sessions of a user beside its own, with one connection each.
struct Connections<'l, D: Driver> {
    driver: &'l D,
    session: RefCell<&'l mut D::Session>,
    hosts: RefCell<Vec<Rc<Host<D::Session>>>>,
    /// How many there may be for a host.
    most: usize,
}

/// Those for one host.
struct Host<S> {
    name: Box<[u8]>,
    turns: Semaphore,
    idle: RefCell<Vec<S>>,
}

impl<'l, 'c, D: Driver> Lanes<'l, 'c, D> {
    pub(super) fn new(
        shard: &'l Shard,
        driver: &'l D,
        user: &'l mut User,
        network: &'l mut Option<Network<'c>>,
        times: Times,
    ) -> Self {
        let (user, network) = (RefCell::new(user), RefCell::new(network));
        Self { shard, driver, user, network, times, failed: Cell::default(), ends: Cell::default() }
    }

    /// Goes through all lanes of a fork.
    pub(super) async fn run(self, fork: ForkId, session: &mut D::Session) -> Outcome {
        let row = self.shard.linked.program().tables.forks.get(fork.index()).copied();
        let (lanes, most) = row.map_or((Many::default(), 1), |row| (row.lanes, row.most));
        let lanes = (0..lanes.count).map(|nth| LaneId(lanes.first.0.saturating_add(nth)));
        let mut lanes: Vec<Lane> = lanes.map(|lane| self.begin(lane)).collect();
        let connections = Connections {
            driver: self.driver,
            session: RefCell::new(session),
            hosts: RefCell::default(),
            most: most as usize,
        };
        let together = self.shard.take_off_together(self.times.leaving);
        let mut going: FuturesUnordered<_> =
            lanes.iter_mut().map(|lane| self.go(lane, &connections)).collect();
        while going.next().await.is_some() {}
        drop(going);
        together.land();
        connections.rejoin();
        let ends = lanes.iter().map(|lane| lane.due_ns);
        Outcome {
            done_ns: ends.fold(self.times.due_ns, u64::max),
            failed: self.failed.get(),
            ends: self.ends.get(),
        }
    }

    /// Renders the first request of a lane.
    fn begin(&self, lane: LaneId) -> Lane {
        let user = self.user.borrow_mut().lane(&self.shard.linked, lane);
        let (due_ns, stamps) = (self.times.due_ns, Stamps::default());
        let mut lane = Lane { user, next: Next::Join, due_ns, stamps };
        self.step(&mut lane, Resume::Go);
        lane
    }

    /// Steps a lane up to where it waits for something.
    fn step(&self, lane: &mut Lane, resume: Resume<'_>) {
        let Lane { user, next, due_ns, stamps } = lane;
        let mut resume = resume;
        *next = self.user.borrow_mut().lend(user, |user| {
            loop {
                match self.shard.step(user, std::mem::replace(&mut resume, Resume::Go)) {
                    Effect::Request(_) => return Next::Request,
                    Effect::Throttle(throttle) => return Next::Throttle(throttle),
                    Effect::Wait(pause_ns) => {
                        *due_ns = due_ns.saturating_add(pause_ns);
                        return Next::Wait;
                    }
                    Effect::Sample(sample) => {
                        self.failed.set(self.failed.get() || sample.failure.is_some());
                        self.shard.record(&sample, *due_ns, stamps);
                        *due_ns = stamps.done_ns;
                    }
                    Effect::Retry(attempt, pause_ns) => {
                        self.shard.record(&attempt, *due_ns, stamps);
                        *due_ns = stamps.done_ns.saturating_add(pause_ns);
                        return Next::Wait;
                    }
                    // Nothing else is in a lane that was verified.
                    _ => return Next::Join,
                }
            }
        });
    }

    /// Goes through a lane.
    async fn go(&self, lane: &mut Lane, connections: &Connections<'_, D>) {
        loop {
            match lane.next {
                Next::Join => break,
                Next::Wait => {
                    self.shard.wait_within(lane.due_ns, self.times.leave_ns).await;
                    self.step(lane, Resume::Go);
                }
                Next::Throttle(throttle) => {
                    if let Some((turn_ns, wait_ns)) = self.shard.turn(throttle, lane.due_ns) {
                        lane.due_ns = lane.due_ns.saturating_add(wait_ns);
                        self.shard.wait_within(turn_ns, self.times.leave_ns).await;
                    }
                    self.step(lane, Resume::Go);
                }
                Next::Request => {
                    if !self.exchange(lane, connections).await {
                        self.ends.set(true);
                        break;
                    }
                }
            }
        }
    }

    /// Has the request of a lane answered; whether there was time for that.
    async fn exchange(&self, lane: &mut Lane, connections: &Connections<'_, D>) -> bool {
        let Self { shard, driver, times, .. } = self;
        let Some(request) = lane.user.request(&shard.linked) else { return false };
        let host = connections.host(driver.host(&request));
        let Ok(_turn) = host.turns.acquire().await else { return false };
        if !times.leaving && (shard.is_over() || lane.due_ns >= times.leave_ns) {
            return false;
        }
        let series = request.series();
        let fate = self.network.borrow_mut().as_mut().map(|network| network.fate(series));
        let fate = fate.unwrap_or(Fate::Sent);
        let mut beside = connections.take(&host, lane.user.id(), &request);
        // The user as a whole is under way already.
        let due_ns = &mut lane.due_ns;
        let exchange = exchange(shard, *driver, &mut beside, request, fate, true, due_ns).await;
        lane.stamps = exchange.stamps;
        self.step(lane, Resume::Reply(exchange.reply));
        driver.release(&mut beside);
        host.idle.borrow_mut().push(beside);
        true
    }
}

impl<D: Driver> Connections<'_, D> {
    fn host(&self, name: &[u8]) -> Rc<Host<D::Session>> {
        let mut hosts = self.hosts.borrow_mut();
        if let Some(host) = hosts.iter().find(|host| *host.name == *name) {
            return Rc::clone(host);
        }
        let turns = Semaphore::new(self.most.min(Semaphore::MAX_PERMITS));
        let host = Rc::new(Host { name: name.into(), turns, idle: RefCell::default() });
        hosts.push(Rc::clone(&host));
        host
    }

    /// A session for a request to a host.
    fn take(&self, host: &Host<D::Session>, user: u32, request: &Request<'_>) -> D::Session {
        let idle = host.idle.borrow_mut().pop();
        idle.unwrap_or_else(|| self.driver.beside(*self.session.borrow_mut(), user, request))
    }

    /// Gives what the sessions have to keep to the user's own.
    fn rejoin(self) {
        let mut session = self.session.borrow_mut();
        for host in self.hosts.take() {
            for beside in host.idle.take() {
                self.driver.rejoin(*session, beside);
            }
        }
    }
}
