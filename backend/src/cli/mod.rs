//! The command line: subcommands, and what they print.

mod arguments;
mod audit;
mod backup;
mod beside;
mod config;
mod demo;
mod doctor;
mod healthcheck;
mod secrets;
mod serve;
mod token;
mod transfer;
mod user;

use std::io::{IsTerminal as _, Write as _};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

pub use self::arguments::table as settings_table;
use self::arguments::{Arguments, unknown_variables, variables};
use crate::config::{Config, DEFAULT_BASE_PATH, DEFAULT_DATABASE, Given};

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
    common: Common,
}

/// What every command takes.
#[derive(clap::Args)]
struct Common {
    /// TOML file with settings, named like the flags with underscores for dashes
    #[arg(long, global = true, env = "APPROVAL_CONFIG_FILE", value_name = "FILE")]
    config_file: Option<String>,
    /// auto, pretty or json; auto: JSON lines unless standard error, where the log goes, is a terminal [default: auto]
    #[arg(long, global = true, env = "APPROVAL_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<String>,
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
    /// Look at what stands between this service and GitLab, and say how to mend it; exit code 1 if something does
    /// not work, 69 if GitLab does not answer
    Doctor(Box<Given>),
    /// Copy the SQLite database to a new file, also while a service uses it
    Backup(Box<backup::Args>),
    /// Put such a copy in the place of the database; no service may run
    Restore(Box<backup::Args>),
    /// Copy everything into an empty PostgreSQL (or from there into a new SQLite file); no service may run
    ///
    /// Whatever goes wrong, the other database stays empty: all is written in one transaction, read back and
    /// compared, and the record's chain is followed, before it counts. What is copied stays as it is.
    MigrateTo(Box<transfer::Args>),
    /// The settings: whether they are right, and which value counts from where
    #[command(subcommand)]
    Config(config::Command),
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
    /// The command line cannot be read.
    Usage(String),
    /// Something else that is needed is not there.
    Unavailable(String),
    /// The settings are wrong.
    Config(Vec<String>),
}

/// Runs the program, and returns its exit code.
#[must_use]
pub fn run() -> u8 {
    let mut arguments = Arguments::read();
    start_log(arguments.cli.common.log_format.as_deref());
    let outcome = match std::mem::take(&mut arguments.cli.command) {
        None => {
            let given = std::mem::take(&mut arguments.cli.given);
            check(given, &arguments).and_then(|config| with_runtime(serve::serve(config)))
        }
        Some(Command::Serve(given)) => {
            check(*given, &arguments).and_then(|config| with_runtime(serve::serve(config)))
        }
        Some(Command::Migrate(given)) => check(*given, &arguments).and_then(serve::migrate),
        Some(Command::Doctor(given)) => {
            check(*given, &arguments).and_then(|config| with_runtime(doctor::doctor(config)))
        }
        Some(Command::Config(config::Command::Check(given))) => config::check(check(*given, &arguments)),
        Some(Command::Config(config::Command::Show(_))) => config::show(&arguments),
        Some(Command::Config(config::Command::Table)) => config::print_table(),
        Some(command) => nothing_wrong(&arguments).and_then(|()| run_other(command)),
    };
    match outcome {
        Ok(()) => 0,
        Err(Failure::Runtime(why)) => complain(&[why], 1),
        Err(Failure::Usage(why)) => complain(&[why], 2),
        Err(Failure::Unavailable(why)) => complain(&[why], 69),
        Err(Failure::Config(faults)) => complain(&faults, 78),
    }
}

/// The commands that need no more than a few of the settings.
fn run_other(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(_) | Command::Migrate(_) | Command::Doctor(_) | Command::Config(_) => Ok(()),
        Command::Demo(args) => with_runtime(demo::demo(args)),
        Command::User(command) => with_runtime(user::run(command)),
        Command::Token(command) => with_runtime(token::run(command)),
        Command::Secrets(command) => with_runtime(secrets::run(command)),
        Command::Backup(args) => backup::backup(*args),
        Command::Restore(args) => backup::restore(*args),
        Command::MigrateTo(args) => transfer::migrate_to(*args),
        Command::Openapi { base_path } => openapi(&base_path),
        Command::Audit(audit::Command::Verify(wanted)) => audit::verify(&wanted),
        Command::Audit(audit::Command::Export(place)) => with_runtime(audit::export(*place)),
        Command::Healthcheck { listen } => {
            let listen = listen.unwrap_or_else(|| crate::config::DEFAULT_LISTEN.to_owned());
            with_runtime(healthcheck::healthcheck(listen))
        }
    }
}

fn complain(lines: &[String], code: u8) -> u8 {
    let mut out = std::io::stderr().lock();
    for line in lines {
        // With standard error closed there is nobody to tell.
        let _closed = writeln!(out, "approval-app: {line}");
    }
    code
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

/// `pretty`, `json`, or neither; [`faults`] says if it is something else.
fn start_log(format: Option<&str>) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let json = match format {
        Some("pretty") => false,
        Some("json") => true,
        _ => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    } else {
        builder.compact().init();
    }
    if std::env::var("RUST_LOG").is_ok_and(|text| text.parse::<EnvFilter>().is_err()) {
        tracing::warn!("RUST_LOG cannot be read; info counts");
    }
}

/// The settings, if nothing is wrong with them, with what is said beneath them, and with the variables' names.
fn check(given: Given, arguments: &Arguments) -> Result<Config, Failure> {
    let mut faults = faults(arguments);
    match given.check() {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(Failure::Config(faults)),
        Err(mut more) => {
            let unread = &arguments.beneath.unread;
            more.retain(|fault| !unread.iter().any(|variable| fault.contains(&format!("{variable} is not"))));
            faults.extend(more.into_iter().map(|fault| arguments.with_origin(&fault)));
            Err(Failure::Config(faults))
        }
    }
}

fn nothing_wrong(arguments: &Arguments) -> Result<(), Failure> {
    let faults = faults(arguments);
    if faults.is_empty() { Ok(()) } else { Err(Failure::Config(faults)) }
}

fn faults(arguments: &Arguments) -> Vec<String> {
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut faults = unknown_variables(set, &variables());
    faults.extend(arguments.beneath.faults.iter().cloned());
    // With a slip in a template the service would start with an empty database of its own.
    let blank =
        |name: &&&str| std::env::var_os(name).is_some_and(|value| value.to_string_lossy().trim().is_empty());
    if let Some(name) = ["APPROVAL_DATABASE_URL", "DATABASE_URL"].iter().find(blank)
        && arguments.lacks("database_url")
    {
        faults.push(format!("{name} is empty; leave it out for {DEFAULT_DATABASE}"));
    }
    let format = arguments.cli.common.log_format.as_deref().unwrap_or_default();
    if !matches!(format, "" | "auto" | "pretty" | "json") {
        faults.push(format!("APPROVAL_LOG_FORMAT is {format:?}; write auto, pretty or json"));
    }
    faults
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
    use clap::CommandFactory as _;

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
}
