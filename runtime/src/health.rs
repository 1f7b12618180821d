//! What the generator uses itself, and what the machine lets it use.

use std::{
    fs, io,
    ops::{Add, Sub},
    time::Duration,
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors a process needs beside one per user: the event loops, files and standard streams.
const OTHER_DESCRIPTORS: u64 = 64;

/// Processor time a thread has used since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In the program's own code.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

impl CpuTime {
    /// What the calling thread has used.
    ///
    /// # Errors
    /// When the system does not count by thread.
    pub fn of_this_thread() -> io::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
        Ok(Self { user: duration(usage.user_time()), system: duration(usage.system_time()) })
    }

    /// Both together.
    #[must_use]
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Add for CpuTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

impl Sub for CpuTime {
    type Output = Self;

    /// What was used since `earlier`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec());
    Duration::from_micros(micros.try_into().unwrap_or(0))
}

/// Lets the process open as many descriptors as its hard limit allows, and says how many those
/// are; `None` when there is no limit.
pub fn raise_descriptor_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// What `users` users with a connection each will run into on this machine, and what to do.
#[must_use]
pub fn shortages(users: u64, descriptors: Option<u64>) -> Vec<String> {
    let ports = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let ports = ports.ok().and_then(|range| port_count(&range));
    shortages_of(users, descriptors, ports)
}

fn shortages_of(users: u64, descriptors: Option<u64>, ports: Option<u64>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(limit) = descriptors
        && users.saturating_add(OTHER_DESCRIPTORS) > limit
    {
        found.push(format!(
            "{users} users need a descriptor each and this process may open {limit}: raise the \
             hard limit (`ulimit -Hn`) or use fewer users"
        ));
    }
    if let Some(ports) = ports
        && users > ports
    {
        found.push(format!(
            "{users} users need a local port each and this machine has {ports} for one target \
             address: widen net.ipv4.ip_local_port_range or use more target addresses"
        ));
    }
    found
}

/// How many ports a range holds: two numbers, the lowest and the highest port.
fn port_count(range: &str) -> Option<u64> {
    let (low, high) = range.trim().split_once(char::is_whitespace)?;
    let (low, high): (u64, u64) = (low.parse().ok()?, high.trim().parse().ok()?);
    Some(high.checked_sub(low)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_this_thread_and_not_the_process() {
        let worked = std::thread::spawn(|| {
            let before = CpuTime::of_this_thread().unwrap();
            let mut sum = 0_u64;
            while CpuTime::of_this_thread().unwrap().total() < Duration::from_millis(20) {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
            before.total()
        });
        assert!(worked.join().unwrap() < Duration::from_millis(10));
    }

    #[test]
    fn the_descriptor_limit_ends_up_at_the_hard_limit() {
        let raised = raise_descriptor_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(raised, limit.maximum);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn a_port_range_counts_both_ends() {
        assert_eq!(port_count("32768\t60999\n"), Some(28_232));
        for odd in ["", "1", "5 4", "a b", "1 2 3"] {
            assert_eq!(port_count(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn warns_of_what_will_run_out_and_of_nothing_else() {
        assert_eq!(shortages_of(900, Some(1024), Some(28_232)), [] as [String; 0]);
        assert_eq!(shortages_of(u64::MAX, None, None), [] as [String; 0]);
        let short = shortages_of(30_000, Some(1024), Some(28_232));
        assert_eq!(
            short,
            [
                "30000 users need a descriptor each and this process may open 1024: raise the \
                 hard limit (`ulimit -Hn`) or use fewer users",
                "30000 users need a local port each and this machine has 28232 for one target \
                 address: widen net.ipv4.ip_local_port_range or use more target addresses"
            ]
        );
    }
}
