//! Where a request is sent, once or again.

use ld_vm::build::push;
use ld_vm::isa::Opcode;
use ld_vm::program::{Addr, RequestId, RetryId, RetryRow};

use super::Emit;
use crate::ir::{Retry, Task};

impl<'e> Emit<'e> {
    /// Waits for the turns that a task needs.
    pub(super) fn throttles(&mut self, task: &'e Task) {
        for throttle in &task.throttles {
            let throttle = self.throttle(throttle);
            self.op(Opcode::Throttle, throttle.0);
        }
    }

    /// Sends a request in its turn, and perhaps again; says where. Everything that is rendered
    /// for it has to be there by then.
    pub(super) fn send_rendered(&mut self, task: &'e Task, request: RequestId) -> Addr {
        let again = self.builder.here();
        self.throttles(task);
        self.op(Opcode::Request, request.0);
        again
    }

    /// Sends the request again when it failed.
    pub(super) fn retry(&mut self, retry: &Retry, again: Addr) {
        let &Retry { transient, flaky, permanent, base_ns, max_ns, factor, jitter, statuses } =
            retry;
        let statuses = self.builder.options(statuses);
        let row = RetryRow {
            transient,
            flaky,
            permanent,
            base_ns,
            max_ns,
            factor,
            jitter,
            statuses,
            again,
        };
        let retry: RetryId = push(&mut self.builder.program_mut().tables.retries, row);
        self.op(Opcode::Retry, retry.0);
    }
}
