//! `ldvm target`: the embedded server as a command of its own.

use std::process::ExitCode;

use ld_runtime::Stop;
use ld_target::Target;

use crate::Exit;
use crate::arguments::TargetOptions;
use crate::output;

pub(crate) fn run(options: &TargetOptions) -> ExitCode {
    let settings = ld_target::TargetOptions {
        bind: options.bind,
        port: options.port,
        threads: options.threads,
    };
    let stop = match Stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            output::say(format_args!("ldvm: signals cannot be handled: {error}"));
            return Exit::Infrastructure.into();
        }
    };
    let mut target = match Target::start(&settings) {
        Ok(target) => target,
        Err(error) => {
            output::say(format_args!(
                "ldvm: cannot listen on {}:{}: {error}",
                options.bind, options.port
            ));
            return Exit::Infrastructure.into();
        }
    };
    output::show(format_args!("listening on {} (Ctrl-C ends it)\n", target.url()));
    if let Err(error) = stop.wait_blocking() {
        output::say(format_args!("ldvm: {error}"));
        return Exit::Infrastructure.into();
    }
    target.stop();
    output::show(format_args!(
        "{} requests on {} connections\n",
        target.requests(),
        target.connections()
    ));
    Exit::Fine.into()
}
