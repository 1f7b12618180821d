//! Time and allocations of reading replies off the wire.

use divan::{AllocProfiler, Bencher};
use ld_bench::stages::{Stage, of};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = of("wire"))]
fn wire(bencher: Bencher<'_, '_>, stage: &Stage) {
    match stage.warm() {
        Ok(call) => bencher.bench_local(call),
        Err(error) => eprintln!("{}: {error:#}", stage.name),
    }
}
