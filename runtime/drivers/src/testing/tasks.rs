//! Users of any driver in tests: tasks as a plan says them, without compiler and runtime.

use std::rc::Rc;

use ld_stdlib::protocols::{Prepared, Protocol, Task};
use ld_stdlib::{Span, Template, Tree, TreeKind};
use ld_vm::build::Builder;
use ld_vm::program::{
    Addr, LoadKind, Many, Maybe, ProtocolId, ProtocolRow, RequestRow, RunRow, ScenarioId,
    ScenarioRow, SeriesId, SeriesKind, SeriesRow,
};
use ld_vm::{FaultClass, Instruction, Needs, Opcode, Program};

use crate::driver::{Driver, Stamps};
use crate::net::{Clock, Net, NetOptions};

/// Text as the value of a field.
pub(crate) fn text(text: impl AsRef<[u8]>) -> TreeKind {
    TreeKind::Text(Template::text(text))
}

/// What an exchange came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) payload: Vec<u8>,
    pub(crate) fault: Option<(FaultClass, String)>,
    pub(crate) stamps: Stamps,
}

impl Outcome {
    /// The payload of an exchange that worked.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.fault, None);
        std::str::from_utf8(&self.payload).unwrap()
    }

    pub(crate) fn fault(&self) -> (FaultClass, &str) {
        let (class, text) = self.fault.as_ref().expect("a fault");
        (*class, text)
    }
}

/// A user on a shard of its own.
pub(crate) struct User<D: Driver> {
    pub(crate) net: Rc<Net>,
    pub(crate) driver: D,
    pub(crate) session: D::Session,
    protocol: &'static Protocol,
}

impl<D: Driver> User<D> {
    /// Prepares a task with these fields and carries it out.
    pub(crate) async fn run(&mut self, fields: &[(&'static str, TreeKind)]) -> Outcome {
        let prepared = self.prepare(fields);
        self.carry_out(&prepared).await
    }

    /// A task with these fields, prepared as the compiler does.
    pub(crate) fn prepare(&self, fields: &[(&'static str, TreeKind)]) -> Prepared {
        let tree = |kind: &TreeKind| Tree { span: Span::default(), kind: kind.clone() };
        let fields: Vec<_> = fields.iter().map(|(name, kind)| (*name, tree(kind))).collect();
        let fields = fields.iter().map(|(name, tree)| (*name, tree)).collect();
        let user = self.protocol.users[0].key;
        let task = Task { user, span: Span::default(), fields, host: None, http2: false };
        (self.protocol.prepare)(&task).unwrap()
    }

    pub(crate) async fn carry_out(&mut self, prepared: &Prepared) -> Outcome {
        let linked = super::link(program(prepared));
        let mut user = super::user(&linked);
        let request = super::request(&linked, &mut user);
        let exchange = self.driver.exchange(&mut self.session, request).await;
        Outcome {
            payload: exchange.reply.payload.to_vec(),
            fault: exchange.reply.fault.map(|fault| (fault.class, fault.text.clone())),
            stamps: exchange.stamps,
        }
    }
}

/// Runs a test with a user on a shard's runtime.
pub(crate) fn run<D: Driver, T: Future<Output = ()>>(
    protocol: &'static Protocol,
    test: impl FnOnce(User<D>) -> T,
) {
    let runtime = tokio::runtime::LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let net = Net::new(&NetOptions::new(Clock::starting_now()));
        let deadlines = Rc::clone(&net.deadlines);
        tokio::task::spawn_local(async move { deadlines.sweep().await });
        let driver = D::new(Rc::clone(&net));
        let session = driver.session(0);
        test(User { net, driver, session, protocol }).await;
    });
}

/// A program that makes the request, every part of which must be constant.
fn program(prepared: &Prepared) -> Program {
    let mut builder = Builder::new("test", "", true);
    let name = builder.constant(b"test");
    let empty = builder.constant(b"");
    let wait = builder.pause(0, 0);
    let parts = prepared.parts.iter().map(|part| part.constant().expect("a constant part"));
    let parts: Vec<_> = parts.map(|bytes| Some(builder.constant(&bytes))).collect();
    let parts = builder.parts(&parts);
    let options = builder.options(&prepared.options);
    for op in [Opcode::Request, Opcode::Sample, Opcode::End] {
        builder.emit(Instruction::wide(op, 0));
    }
    let tables = &mut builder.program_mut().tables;
    let protocol = ProtocolId(0);
    tables.protocols.push(ProtocolRow { name });
    tables.series.push(SeriesRow {
        name,
        method: name,
        target: name,
        scenario: empty,
        kind: SeriesKind::Request,
    });
    let needs = Needs::PAYLOAD.bits();
    tables.requests.push(RequestRow { protocol, series: SeriesId(0), parts, options, needs });
    tables.scenarios.push(ScenarioRow {
        on_start: Maybe(None),
        on_stop: Maybe(None),
        name,
        user: name,
        protocol,
        entry: Addr(0),
        users: 1,
        spawn_rate: 1.0,
        wait,
        paced: 0,
        load: LoadKind::Batches,
        stages: Many::default(),
        start_after_ns: 0,
        iterations: 0,
    });
    let scenarios = Many { first: ScenarioId(0), count: 1 };
    let inits = Many::default();
    tables.runs.push(RunRow {
        scenarios,
        duration_ns: 0,
        iterations: 1,
        inits,
        warmup_ns: 0,
        stop_timeout_ns: 0,
        setup: Maybe(None),
        teardown: Maybe(None),
    });
    builder.finish()
}
