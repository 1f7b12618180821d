//! Requests in tests of drivers, without compiler and runtime.

#[cfg(any(
    feature = "grpc",
    feature = "redis",
    feature = "socket",
    feature = "sql",
    feature = "websocket"
))]
pub(crate) mod tasks;

use ld_vm::link::{Clock, Inputs, Wall};
use ld_vm::program::{RunId, ScenarioId};
use ld_vm::user::NoRows;
use ld_vm::{Effect, Linked, Program, Request, Resume, ScratchPool, Tables, User, World};

/// A program that calls and checks nothing, ready to run.
pub(crate) fn link(program: Program) -> Linked {
    let tables = Tables {
        function: |_| None,
        assertion: |_| None,
        extractor: |_| None,
        protocol: |_| true,
        at_once: |_| true,
    };
    let inputs = Inputs { env: &|_| None, secret: &|_| None, column: &|_, _| None };
    Linked::new(program, &tables, &inputs).unwrap()
}

/// A user who has not made a request yet.
pub(crate) fn user(linked: &Linked) -> User {
    User::new(linked, RunId(0), ScenarioId(0), 0, 0)
}

/// The request that such a user begins with.
pub(crate) fn request<'u>(linked: &'u Linked, user: &'u mut User) -> Request<'u> {
    struct NoClock;
    impl Clock for NoClock {
        fn wall(&self) -> Wall {
            Wall::default()
        }
    }
    let mut scratch = ScratchPool::default();
    let mut world = World { rows: &mut NoRows, clock: &NoClock, scratch: &mut scratch };
    match user.step(linked, &mut world, Resume::Go) {
        Effect::Request(request) => request,
        effect => panic!("{effect:?}"),
    }
}
