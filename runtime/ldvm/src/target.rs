//! `ldvm target`: the embedded server as a command of its own.

use std::process::ExitCode;

use ld_runtime::Stop;
use ld_target::Target;

use crate::Exit;
use crate::arguments::TargetOptions;

pub(crate) fn run(options: &TargetOptions) -> ExitCode {
    let settings = ld_target::TargetOptions {
        bind: options.bind,
        port: options.port,
        threads: options.threads,
    };
    let stop = match Stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            eprintln!("ldvm: signals cannot be handled: {error}");
            return Exit::Infrastructure.into();
        }
    };
    let mut target = match Target::start(&settings) {
        Ok(target) => target,
        Err(error) => {
            eprintln!("ldvm: cannot listen on {}:{}: {error}", options.bind, options.port);
            return Exit::Infrastructure.into();
        }
    };
    println!("listening on {} (Ctrl-C ends it)", target.url());
    if let Err(error) = stop.wait_blocking() {
        eprintln!("ldvm: {error}");
        return Exit::Infrastructure.into();
    }
    target.stop();
    println!("{} requests on {} connections", target.requests(), target.connections());
    Exit::Fine.into()
}
