//! Rendering: ticks that differ only in the one slot of their URL. What a slot costs is
//! the difference to `template/constant`.

use std::hint::black_box;

use anyhow::{Result, ensure};
use ld_compiler::Source;
use ld_vm::Reply;

use super::machine::Machine;
use super::{Call, Stage};
use crate::locate::bench_folder;

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "template/constant",
        doc: "a request without a slot",
        prepare: || template("constant"),
    },
    Stage {
        name: "template/variable",
        doc: "one variable that was extracted",
        prepare: || template("${seen}"),
    },
    Stage {
        name: "template/csv",
        doc: "one row and one of its cells",
        prepare: || template("${csv.customers.email}"),
    },
    Stage { name: "template/uuid", doc: "one ${uuid()}", prepare: || template("${uuid()}") },
    Stage {
        name: "template/randint",
        doc: "one ${randint(1, 99)}",
        prepare: || template("${randint(1, 99)}"),
    },
    Stage { name: "template/now", doc: "one ${now()}", prepare: || template("${now()}") },
];

fn template(slot: &str) -> Result<Call> {
    let customers = bench_folder().join("plans/customers.csv");
    let plan = serde_json::json!([["LD_start_test", {
        "user_detail_dict": {"user": "fast_http_user"},
        "wait_time": 0,
        "variables": {"seen": "0000000000000000"},
        "csv_sources": [{"name": "customers", "file_path": customers}],
        "tasks": [{
            "method": "get",
            "request_url": format!("/orders?key={slot}"),
            "name": "orders",
            "extract": [{"var": "seen", "from": "status_code"}],
        }],
    }]]);
    let mut machine = Machine::new(&Source::new("template.json", plan.to_string()))?;
    let reply = Reply { status: Some(200), ..Reply::EMPTY };
    let (bytes, failed) = machine.tick(reply);
    ensure!(bytes > 0 && failed == 0, "{slot}: {bytes} bytes sent, {failed} requests failed");
    Ok(Box::new(move || {
        black_box(machine.tick(black_box(reply)));
    }))
}
