//! Looks at everything that a job on Ascend NPUs depends on, before it starts: the toolkit, the driver, devices, the network's
//! variables, buffers, the launcher. Each mistake is one line that says what to do about it.
//!
//! `cargo run --release --example check -- --help`
//!
//! A check is a function from what it looks at ([`machine::Machine`], [`machine::Runtime`], [`plan::Plan`]) to lines of a
//! [`report::Report`]; `main` puts them together.

mod buffers;
#[cfg(test)]
mod check_tests;
mod cli;
mod devices;
mod hosts;
mod launcher;
mod machine;
mod plan;
mod ports;
mod report;
mod times;
mod toolkit;

use std::process::ExitCode;

use ascend_rl::hccl::HcclEnv;
use clap::Parser;

use cli::Cli;
use machine::{Machine, Runtime};
use plan::Plan;
use report::Report;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let machine = Machine::this();
    let report = check(&cli, &machine, Runtime::load());
    if cli.json {
        println!("{}", report.to_json());
    } else {
        print!("{}", report.to_text());
    }
    ExitCode::from(u8::from(report.errors() > 0))
}

/// All checks, in the order in which a job would run into them.
fn check(cli: &Cli, machine: &Machine, runtime: Result<Runtime, String>) -> Report {
    let mut report = Report::default();
    toolkit::check(machine, &runtime, &mut report);
    let (env, mistakes) = HcclEnv::from_variables(&|name| machine.variable(name));
    for mistake in mistakes {
        report.error("variables", mistake.to_string());
    }
    let launch = launcher::check(machine, &mut report);
    let plan = Plan::new(cli, launch.as_ref(), runtime.as_ref().ok());
    if let Ok(runtime) = &runtime {
        devices::check(machine, runtime, &env, &plan, &mut report);
        ports::check(machine, runtime, &env, &plan, launch.as_ref(), &mut report);
    }
    hosts::check(machine, &env, launch.as_ref(), &mut report);
    times::check(&env, &plan, &mut report);
    buffers::check(cli, &env, &plan, runtime.as_ref().ok(), &mut report);
    report
}
