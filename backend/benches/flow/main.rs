//! Measures the service on this machine: `cargo bench -p approval-app`, or `make bench`.
//!
//! Prints one table: what was measured, the goal, the verdict. A missed goal is a figure like any
//! other and ends well; a measurement that cannot be trusted ends the run with an error.
//!
//! Measured is the real program in a process of its own, on a database file on a real disk, over
//! loopback. Where a figure is a ratio, both sides were measured in this run, in turns, by the same
//! load generator.

mod baseline;
mod calls;
mod client;
mod decisions;
mod inbox;
mod intake;
mod load;
mod memory;
mod place;
mod process;
mod report;
mod seed;
mod spa;

use std::process::ExitCode;

use report::Report;

/// What goes wrong in a measurement; it is only ever shown.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some(baseline::ARGUMENT) => baseline::serve(&args[1..]),
        // What `cargo bench` says; `cargo test --benches` does not, and wants no measurement.
        _ if args.iter().any(|arg| arg == "--bench") => measure(&args),
        _ => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Runs everything, or only the parts that are named on the command line.
fn measure(args: &[String]) -> Result<()> {
    let named: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--")).collect();
    let wanted = |part: &str| named.is_empty() || named.contains(&part);
    let folder = place::Scratch::new()?;
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        place::describe(&folder, &mut report)?;
        if wanted("intake") {
            intake::measure(&folder, &mut report).await?;
        }
        if wanted("decisions") {
            decisions::measure(&folder, &mut report).await?;
        }
        if wanted("inbox") {
            inbox::measure(&mut report).await?;
        }
        if wanted("memory") {
            memory::measure(&folder, &mut report).await?;
        }
        if wanted("spa") {
            spa::measure(&folder, &mut report).await?;
        }
        Ok::<_, Error>(())
    })?;
    report.print()
}
