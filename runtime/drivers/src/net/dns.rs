//! Host names to addresses, through the system's resolver and off the shard's thread.
//!
//! `getaddrinfo` blocks, so it runs on tokio's blocking pool. What it says is kept for a
//! while, because thousands of users ask for the same few names; users that ask while a
//! look-up is under way wait for that one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::rc::Rc;

use ld_vm::{Fault, FaultClass};
use tokio::sync::watch;

use super::clock::{Clock, NS_PER_S};
use super::fault::Shortage;

/// How long an answer is kept, in nanoseconds. `getaddrinfo` does not tell the record's
/// own time to live.
const KEEP_NS: u64 = 30 * NS_PER_S;

/// How long a failure is kept, in nanoseconds: long enough that a thousand users do not
/// ask a broken resolver at once, short enough to notice when it is back.
const KEEP_FAILURE_NS: u64 = NS_PER_S;

/// As many answers are kept beyond their time, because names that redirects make up come without
/// end.
const MOST_HOSTS: usize = 1024;

/// How a name is looked up; the ports are 0.
type Lookup = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// What a look-up said, and until when it counts, by the run's clock.
#[derive(Clone)]
struct Answer {
    addresses: Result<Vec<SocketAddr>, Failure>,
    until_ns: u64,
}

/// The addresses of the hosts that a shard's users ask for.
pub struct Resolver {
    clock: Clock,
    lookup: Lookup,
    hosts: RefCell<HashMap<Box<str>, Entry>>,
    turn: Cell<usize>,
}

enum Entry {
    Asking(watch::Receiver<Option<Answer>>),
    Known { answer: Result<Rc<[SocketAddr]>, Failure>, until_ns: u64 },
}

/// Why a name could not be resolved.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// What the generator ran out of, if that is why.
    pub(super) shortage: Option<Shortage>,
    text: String,
}

/// The addresses of a host in the order to try them: the family the system prefers
/// first, and within each family another address first for each user that asks.
#[derive(Clone, Debug)]
pub struct Addresses {
    all: Rc<[SocketAddr]>,
    port: u16,
    turn: usize,
}

impl Resolver {
    /// A resolver that knows nothing yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self::with_lookup(clock, system_lookup)
    }

    fn with_lookup(clock: Clock, lookup: Lookup) -> Self {
        Self { clock, lookup, hosts: RefCell::default(), turn: Cell::new(0) }
    }

    /// The addresses of `host`, a name or an IP address without brackets, with `port`.
    ///
    /// # Errors
    /// When the system cannot resolve the name.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> Result<Addresses, Failure> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            let all = Rc::new([SocketAddr::new(ip, port)]);
            return Ok(Addresses { all, port, turn: 0 });
        }
        let all = match self.known(host) {
            Some(answer) => answer,
            None => self.ask(host).await,
        }?;
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        Ok(Addresses { all, port, turn })
    }

    /// What is kept about a host, unless it is too old.
    fn known(&self, host: &str) -> Option<Result<Rc<[SocketAddr]>, Failure>> {
        match self.hosts.borrow().get(host)? {
            entry @ Entry::Known { answer, .. } if entry.is_needed(self.clock.now_ns()) => {
                Some(answer.clone())
            }
            _ => None,
        }
    }

    async fn ask(&self, host: &str) -> Result<Rc<[SocketAddr]>, Failure> {
        let mut asking = self.asking(host);
        let answer = match asking.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone(),
            Err(_) => None,
        };
        let answer = answer.unwrap_or_else(|| {
            let text = "the look-up was given up".to_owned();
            Answer::new(Err(Failure { shortage: None, text }), self.clock)
        });
        let until_ns = answer.until_ns;
        let answer = answer.addresses.map(by_family);
        let entry = Entry::Known { answer: answer.clone(), until_ns };
        self.hosts.borrow_mut().insert(host.into(), entry);
        answer
    }

    /// The look-up that is under way for a host, or a new one.
    fn asking(&self, host: &str) -> watch::Receiver<Option<Answer>> {
        let mut hosts = self.hosts.borrow_mut();
        // An answer that nobody waited for any more may be as old as can be.
        let is_good = |answer: &Option<Answer>| {
            answer.as_ref().is_none_or(|answer| self.clock.now_ns() < answer.until_ns)
        };
        if let Some(Entry::Asking(asking)) = hosts.get(host)
            && is_good(&asking.borrow())
        {
            return asking.clone();
        }
        if hosts.len() >= MOST_HOSTS {
            let now_ns = self.clock.now_ns();
            hosts.retain(|_, entry| entry.is_needed(now_ns));
        }
        let (sender, receiver) = watch::channel(None);
        hosts.insert(host.into(), Entry::Asking(receiver.clone()));
        let (lookup, name, clock) = (self.lookup, host.to_owned(), self.clock);
        tokio::task::spawn_blocking(move || {
            let addresses = lookup(&name).map_err(|error| Failure::from(&error));
            sender.send_replace(Some(Answer::new(addresses, clock)));
        });
        receiver
    }
}

impl Answer {
    /// An answer that has just come.
    fn new(addresses: Result<Vec<SocketAddr>, Failure>, clock: Clock) -> Self {
        let keep_ns = if addresses.is_ok() { KEEP_NS } else { KEEP_FAILURE_NS };
        Self { addresses, until_ns: clock.now_ns().saturating_add(keep_ns) }
    }
}

impl Entry {
    /// Whether an entry still spares a look-up, or somebody waits for it.
    fn is_needed(&self, now_ns: u64) -> bool {
        match self {
            Self::Asking(answer) => answer.borrow().is_none(),
            Self::Known { until_ns, .. } => now_ns < *until_ns,
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("hosts", &self.hosts.borrow().len())
            .finish_non_exhaustive()
    }
}

impl Failure {
    /// The fault of a request that needed to know where `host` is.
    pub(super) fn into_fault(self, host: &str) -> Fault {
        let class = self.shortage.map_or(FaultClass::Dns, |_| FaultClass::Generator);
        Fault::new(class, format!("cannot resolve {host}: {}", self.text))
    }
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        let text = error.to_string();
        let plain = text.strip_prefix("failed to lookup address information: ");
        Self { shortage: Shortage::of(error), text: plain.unwrap_or(&text).to_owned() }
    }
}

impl Addresses {
    /// How many addresses there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The addresses in the order to try them.
    pub fn iter(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        let family = self.all.first().is_some_and(SocketAddr::is_ipv6);
        let split = self.all.iter().take_while(|address| address.is_ipv6() == family).count();
        let (first, second) = self.all.split_at(split);
        rotated(first, self.turn).chain(rotated(second, self.turn)).map(|mut address| {
            address.set_port(self.port);
            address
        })
    }
}

fn rotated(addresses: &[SocketAddr], turn: usize) -> impl Iterator<Item = SocketAddr> + '_ {
    let start = turn.checked_rem(addresses.len()).unwrap_or(0);
    addresses.iter().cycle().skip(start).take(addresses.len()).copied()
}

/// The addresses with those of the first one's family in front, otherwise in order.
fn by_family(mut addresses: Vec<SocketAddr>) -> Rc<[SocketAddr]> {
    if let Some(first) = addresses.first().map(SocketAddr::is_ipv6) {
        addresses.sort_by_key(|address| address.is_ipv6() != first);
    }
    addresses.into()
}

fn system_lookup(host: &str) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<_> = (host, 0).to_socket_addrs()?.collect();
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex};

    use super::super::tests::run;
    use super::*;

    fn order(addresses: &Addresses) -> Vec<String> {
        addresses.iter().map(|address| address.to_string()).collect()
    }

    #[test]
    fn literal_addresses_are_not_looked_up() {
        let never: Lookup = |_| unreachable!("a literal address needs no look-up");
        run(move |net| async move {
            let resolver = Resolver::with_lookup(net.clock, never);
            assert_eq!(order(&resolver.resolve("127.0.0.1", 80).await.unwrap()), ["127.0.0.1:80"]);
            assert_eq!(order(&resolver.resolve("::1", 80).await.unwrap()), ["[::1]:80"]);
        });
    }

    #[test]
    fn the_system_knows_localhost() {
        run(|net| async move {
            let addresses = net.resolver.resolve("localhost", 80).await.unwrap();
            assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        });
    }

    #[test]
    fn users_that_ask_at_once_share_one_look_up_and_its_answer_is_kept() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
        let gated: Lookup = |_| {
            CALLS.fetch_add(1, Ordering::SeqCst);
            let open = GATE.0.lock().unwrap();
            drop(GATE.1.wait_while(open, |open| !*open).unwrap());
            Ok(vec!["127.0.0.1:0".parse().unwrap()])
        };
        run(move |net| async move {
            let resolver = Rc::new(Resolver::with_lookup(net.clock, gated));
            let users: Vec<_> = (0..5)
                .map(|_| {
                    let resolver = Rc::clone(&resolver);
                    tokio::task::spawn_local(async move { resolver.resolve("shop", 1).await })
                })
                .collect();
            tokio::task::yield_now().await;
            // The one that asked first gives up; the others still get their answer.
            users[0].abort();
            *GATE.0.lock().unwrap() = true;
            GATE.1.notify_all();
            for user in users.into_iter().skip(1) {
                assert_eq!(order(&user.await.unwrap().unwrap()), ["127.0.0.1:1"]);
            }
            assert!(resolver.resolve("shop", 1).await.is_ok());
            assert_eq!(CALLS.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn an_answer_that_came_too_late_for_all_who_asked_grows_old() {
        let one: Lookup = |_| Ok(vec!["127.0.0.1:0".parse().unwrap()]);
        run(move |net| async move {
            let resolver = Resolver::with_lookup(net.clock, one);
            let old: SocketAddr = "127.0.0.9:0".parse().unwrap();
            let answer = Answer { addresses: Ok(vec![old]), until_ns: 0 };
            let (_sender, receiver) = watch::channel(Some(answer));
            resolver.hosts.borrow_mut().insert("shop".into(), Entry::Asking(receiver));
            assert_eq!(order(&resolver.resolve("shop", 1).await.unwrap()), ["127.0.0.1:1"]);
        });
    }

    #[test]
    fn answers_that_are_too_old_do_not_pile_up() {
        let none: Lookup = |_| Err(io::Error::other("no such name"));
        run(move |net| async move {
            let resolver = Resolver::with_lookup(net.clock, none);
            let old = Failure { shortage: None, text: String::new() };
            for number in 0..MOST_HOSTS {
                let entry = Entry::Known { answer: Err(old.clone()), until_ns: 0 };
                resolver.hosts.borrow_mut().insert(number.to_string().into(), entry);
            }
            assert!(resolver.resolve("new", 80).await.is_err());
            assert_eq!(resolver.hosts.borrow().len(), 1);
        });
    }

    #[test]
    fn a_name_that_is_none_says_so_in_the_systems_words() {
        let fails: Lookup = |_| {
            let text = "failed to lookup address information: Name or service not known";
            Err(io::Error::other(text))
        };
        run(move |net| async move {
            let resolver = Resolver::with_lookup(net.clock, fails);
            let failure = resolver.resolve("nowhere.invalid", 80).await.unwrap_err();
            let fault = failure.into_fault("nowhere.invalid");
            assert_eq!(fault.class, FaultClass::Dns);
            assert_eq!(fault.text, "cannot resolve nowhere.invalid: Name or service not known");
        });
    }

    #[test]
    fn users_start_at_different_addresses_of_the_preferred_family() {
        let four: Lookup = |_| {
            let texts = ["[::1]:0", "10.0.0.1:0", "[::2]:0", "10.0.0.2:0"];
            Ok(texts.iter().map(|text| text.parse().unwrap()).collect())
        };
        run(move |net| async move {
            let resolver = Resolver::with_lookup(net.clock, four);
            let first = resolver.resolve("shop", 5).await.unwrap();
            assert_eq!(order(&first), ["[::1]:5", "[::2]:5", "10.0.0.1:5", "10.0.0.2:5"]);
            let second = resolver.resolve("shop", 5).await.unwrap();
            assert_eq!(order(&second), ["[::2]:5", "[::1]:5", "10.0.0.2:5", "10.0.0.1:5"]);
        });
    }
}
