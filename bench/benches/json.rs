//! Time and allocations of finding values in JSON.

use divan::{AllocProfiler, Bencher};
use ld_bench::stages::{Stage, of};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = of("json"))]
fn json(bencher: Bencher<'_, '_>, stage: &Stage) {
    match stage.warm() {
        Ok(call) => bencher.bench_local(call),
        Err(error) => eprintln!("{}: {error:#}", stage.name),
    }
}
