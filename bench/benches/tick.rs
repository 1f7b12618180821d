//! Time and allocations of a tick in the machine, replies scripted.

use divan::{AllocProfiler, Bencher};
use ld_bench::stages::{Stage, of};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

// A tick is about as short as what reading the clock costs, so many are timed at once.
#[divan::bench(args = of("tick"), sample_size = 200)]
fn tick(bencher: Bencher<'_, '_>, stage: &Stage) {
    match stage.warm() {
        Ok(call) => bencher.bench_local(call),
        Err(error) => eprintln!("{}: {error:#}", stage.name),
    }
}
