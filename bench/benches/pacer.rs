//! How late due times are met on one shard, with and without spinning.
//!
//! Users wait for due times laid out evenly at the given rate, each user taking every n-th of
//! them, so that the next wait starts after the last one ended, as in a run.
//!
//! On a machine that has other things to do, `chrt -f 10` before the bench binary leaves those out
//! of the figures. A real-time thread may be at work for 950 ms of each second; hence the rounds.

use std::{error::Error, rc::Rc, time::Duration};

use ld_drivers::net::{Clock, clock::NS_PER_S};
use ld_runtime::{Pacer, Spin};
use tokio::runtime::{Builder, LocalOptions};

const USERS: u64 = 1_000;
const ROUNDS: u32 = 5;
const ROUND_MS: u64 = 600;
const REST: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|arg| arg == "--test") {
        return Ok(());
    }
    println!("waits/s  spin          p50 µs   p99 µs  p99.9 µs    max µs");
    for rate in [1_000, 10_000, 100_000] {
        for spin in [Spin::Never, Spin::LastMoment] {
            let mut late_ns = Vec::new();
            for _ in 0..ROUNDS {
                late_ns.extend(lateness(rate, spin)?);
                std::thread::sleep(REST);
            }
            late_ns.sort_unstable();
            let at = |share: f64| {
                let rank = (share * (late_ns.len() - 1) as f64) as usize;
                late_ns.get(rank).map_or(f64::NAN, |&ns| ns as f64 / 1e3)
            };
            let spin = if spin == Spin::Never { "never" } else { "last 100 µs" };
            let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(at);
            println!("{rate:>7}  {spin:11}  {p50:>7.1}  {p99:>7.1}  {p999:>8.1}  {max:>8.1}");
        }
    }
    Ok(())
}

/// Lateness of every wait of one round, in nanoseconds.
fn lateness(rate: u64, spin: Spin) -> Result<Vec<u64>, Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_io().build_local(LocalOptions::default());
    runtime?.block_on(async {
        let pacer = Rc::new(Pacer::new(Clock::starting_now(), spin)?);
        let driver = Rc::clone(&pacer);
        tokio::task::spawn_local(async move { driver.run().await });
        let waits = rate * ROUND_MS / 1_000;
        let users: Vec<_> = (0..USERS)
            .map(|user| {
                let pacer = Rc::clone(&pacer);
                tokio::task::spawn_local(async move {
                    let mut late_ns = Vec::with_capacity((waits / USERS) as usize + 1);
                    for nth in (user..waits).step_by(USERS as usize) {
                        let due_ns = NS_PER_S / 10 + nth * NS_PER_S / rate;
                        pacer.until(due_ns).await;
                        late_ns.push(pacer.clock().now_ns() - due_ns);
                    }
                    late_ns
                })
            })
            .collect();
        let mut all = Vec::with_capacity(waits as usize);
        for user in users {
            all.extend(user.await?);
        }
        Ok(all)
    })
}
