//! The command line: subcommands, and what they print.

mod audit;
mod beside;
mod demo;
mod healthcheck;
mod secrets;
mod serve;
mod token;
mod user;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, DEFAULT_BASE_PATH, Given};

/// Human decisions for GitLab's external status checks.
#[derive(Parser)]
#[command(
    name = "approval-app",
    version,
    about,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(clap::Args)]
struct LogArgs {
    /// auto: JSON lines unless standard error, where the log goes, is a terminal
    #[arg(long, global = true, env = "APPROVAL_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Auto,
    Pretty,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Receive GitLab's calls, show them to reviewers, tell GitLab (this is the default)
    Serve(Box<Given>),
    /// Show the whole flow on this machine: the app and a sandbox that stands in for GitLab
    Demo(demo::Args),
    /// Bring the database's schema up to date and exit
    Migrate(Box<Given>),
    /// People: make accounts, list them, switch them off, make links for new passwords
    #[command(subcommand)]
    User(user::Command),
    /// API tokens: make, list, revoke
    #[command(subcommand)]
    Token(token::Command),
    /// The key that seals secrets in the database
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Print the REST API as an OpenAPI 3.1 document
    Openapi {
        /// Path under which everything lives
        #[arg(long, env = "APPROVAL_BASE_PATH", default_value = DEFAULT_BASE_PATH)]
        base_path: String,
    },
    /// Prove an export of the record, or write one
    #[command(subcommand)]
    Audit(audit::Command),
    /// Ask a running service whether it is ready; for images without curl
    Healthcheck {
        /// Where it listens [default: 127.0.0.1:8080, or PORT there]
        #[arg(long, env = "APPROVAL_LISTEN")]
        listen: Option<String>,
    },
}

/// How a command ended badly; the number is the exit code.
enum Failure {
    /// Something failed while running.
    Runtime(String),
    /// Something else that is needed is not there.
    Unavailable(String),
    /// The settings are wrong.
    Config(Vec<String>),
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.log.log_format);
    let outcome = match cli.command {
        None => with_runtime(serve::serve(cli.given)),
        Some(Command::Serve(given)) => with_runtime(serve::serve(*given)),
        Some(Command::Demo(args)) => with_runtime(demo::demo(args)),
        Some(Command::Migrate(given)) => serve::migrate(*given),
        Some(Command::User(command)) => with_runtime(user::run(command)),
        Some(Command::Token(command)) => with_runtime(token::run(command)),
        Some(Command::Secrets(command)) => with_runtime(secrets::run(command)),
        Some(Command::Openapi { base_path }) => openapi(&base_path),
        Some(Command::Audit(audit::Command::Verify(wanted))) => audit::verify(&wanted),
        Some(Command::Audit(audit::Command::Export(place))) => with_runtime(audit::export(*place)),
        Some(Command::Healthcheck { listen }) => {
            let given = Given { listen, ..Given::default() }.with_aliases(|name| std::env::var(name).ok());
            let listen = given.listen.unwrap_or_else(|| crate::config::DEFAULT_LISTEN.to_owned());
            with_runtime(healthcheck::healthcheck(listen))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Runtime(why)) => complain(&[why], 1),
        Err(Failure::Unavailable(why)) => complain(&[why], 69),
        Err(Failure::Config(faults)) => complain(&faults, 78),
    }
}

fn complain(lines: &[String], code: u8) -> ExitCode {
    let mut out = std::io::stderr().lock();
    for line in lines {
        // With standard error closed there is nobody to tell.
        let _closed = writeln!(out, "approval-app: {line}");
    }
    ExitCode::from(code)
}

fn with_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    actix_web::rt::System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(64)
            .enable_all()
            .build()
            .unwrap_or_else(|error| {
                complain(&[format!("no threads can be had: {error}")], 1);
                std::process::exit(1)
            })
    })
    .block_on(work)
}

fn start_log(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let json = match format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Pretty => false,
        LogFormat::Json => true,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    } else {
        builder.compact().init();
    }
}

fn check(given: Given) -> Result<Config, Failure> {
    let known = known_variables();
    let mut faults =
        unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()), &known);
    match given.with_aliases(|name| std::env::var(name).ok()).check() {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(Failure::Config(faults)),
        Err(mut more) => {
            faults.append(&mut more);
            Err(Failure::Config(faults))
        }
    }
}

/// The names of all variables that some argument reads.
fn known_variables() -> Vec<String> {
    fn collect(command: &clap::Command, names: &mut Vec<String>) {
        let own = command.get_arguments().filter_map(|arg| arg.get_env()).filter_map(|name| name.to_str());
        names.extend(own.map(str::to_owned));
        command.get_subcommands().for_each(|sub| collect(sub, names));
    }
    let mut names = Vec::new();
    collect(&Cli::command(), &mut names);
    names
}

/// A misspelt variable would silently not count; each is a fault that names the nearest known one.
fn unknown_variables(set: impl Iterator<Item = String>, known: &[String]) -> Vec<String> {
    set.filter(|name| name.starts_with("APPROVAL_") && !known.contains(name))
        .map(|name| {
            let nearest = known.iter().min_by_key(|other| strsim::levenshtein(other, &name));
            format!(
                "there is no variable {name}; did you mean {}?",
                nearest.map_or("another", String::as_str)
            )
        })
        .collect()
}

fn openapi(base_path: &str) -> Result<(), Failure> {
    let document = crate::http::openapi::build(base_path.trim_end_matches('/'))
        .to_pretty_json()
        .map_err(|error| Failure::Runtime(error.to_string()))?;
    say(&document)
}

fn say(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{text}")
        .map_err(|error| Failure::Runtime(format!("cannot write: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["approval-app", "--listen", "127.0.0.1:0", "serve"]).is_err());
        assert!(
            Cli::try_parse_from(["approval-app", "serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
                .is_ok()
        );
    }

    #[test]
    fn a_misspelt_variable_is_refused_with_the_nearest_name() {
        let set = ["APPROVAL_LISTEN", "APPROVAL_LISTN", "PATH"].map(str::to_owned).into_iter();
        let faults = unknown_variables(set, &known_variables());
        assert_eq!(faults, ["there is no variable APPROVAL_LISTN; did you mean APPROVAL_LISTEN?"]);
    }
}
