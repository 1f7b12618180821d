//! What happens when the generator runs out of file descriptors. The limit holds for the
//! process, so this test has one of its own.

use std::net::TcpListener;

use ld_drivers::net::{Clock, Endpoint, Exhausted, Net, NetOptions, TlsOptions};
use ld_vm::FaultClass;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn running_out_of_descriptors_is_the_generators_fault_and_counted() {
    let runtime = tokio::runtime::LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let net = Net::new(&NetOptions::new(Clock::starting_now()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let endpoint = Endpoint::parse(&target, None, false).unwrap();
        let (deadline, options) = (net.deadline(), TlsOptions::default());

        setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) })
            .unwrap();
        let mut open = Vec::new();
        let fault = loop {
            match net.dial(&endpoint, &options, &deadline, u64::MAX).await {
                Ok(dialed) => open.push(dialed),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault.class, FaultClass::Generator);
        assert!(fault.text.contains("ulimit -n"), "{}", fault.text);
        assert!(!open.is_empty() && open.len() < 64);
        assert_eq!(net.counters.opened(), open.len() as u64);
        let one = Exhausted { descriptors: 1, ..Exhausted::default() };
        assert_eq!(net.counters.exhausted(), one);

        // One descriptor given back is one connection more.
        open.pop();
        assert!(net.dial(&endpoint, &options, &deadline, u64::MAX).await.is_ok());
    });
}
