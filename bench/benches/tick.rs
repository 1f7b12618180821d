//! Time and allocations of a tick in the machine, replies scripted.

use divan::{AllocProfiler, Bencher};
use ld_bench::stages::{Stage, of};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = of("tick"))]
fn tick(bencher: Bencher<'_, '_>, stage: &Stage) {
    match stage.warm() {
        Ok(call) => bencher.bench_local(call),
        Err(error) => eprintln!("{}: {error:#}", stage.name),
    }
}
