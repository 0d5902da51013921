//! The command line, with everything that is said beneath it filled in; see `config::sources`.

use std::path::PathBuf;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::Cli;
use crate::config::sources::{Beneath, Setting, meant};

/// The key of the argument that names the TOML file.
const FILE: &str = "config_file";

/// The command line as it was read.
pub struct Arguments {
    /// What is to be done.
    pub cli: Cli,
    /// What was said, and where, to the command itself.
    matches: ArgMatches,
    /// What is said beneath flags and variables.
    pub beneath: Beneath,
}

impl Arguments {
    /// Reads the command line; prints and ends the program where that is all there is to do (`--help`, or a
    /// command line that is wrong).
    #[must_use]
    pub fn read() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let beneath = Beneath::gather(&settings(), toml_file().as_deref(), set);
        let matches = fill(Cli::command(), &beneath).get_matches();
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        Self { cli, matches, beneath }
    }

    /// Whether the command has this setting and nobody said anything of it.
    #[must_use]
    pub fn lacks(&self, key: &str) -> bool {
        matches!(innermost(&self.matches).try_contains_id(key), Ok(false))
    }

    /// What is wrong with a setting, and where it is said if that is not its own variable.
    #[must_use]
    pub fn with_origin(&self, fault: &str) -> String {
        let of =
            |setting: &Setting| fault.strip_prefix(&setting.variable)?.starts_with([' ', ':']).then_some(());
        let settings = settings();
        let from = settings.iter().find(|setting| of(setting).is_some()).and_then(|setting| {
            let (_, from) = self.said(setting)?;
            (from != setting.variable).then_some(from)
        });
        from.map_or_else(|| fault.to_owned(), |from| format!("{fault} (said by {from})"))
    }

    /// The value of a setting that counts, and where it comes from; `None` if nobody said anything.
    #[must_use]
    pub fn said(&self, setting: &Setting) -> Option<(String, String)> {
        let matches = innermost(&self.matches);
        let key = setting.key.as_str();
        let source = matches.try_contains_id(key).ok().and_then(|_| matches.value_source(key))?;
        let value = matches.get_raw(key)?.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",");
        let from = match source {
            ValueSource::CommandLine => format!("--{}", key.replace('_', "-")),
            ValueSource::EnvVariable => setting.variable.clone(),
            // Whatever was found beneath was filled in as a default.
            _ => self.beneath.found.get(key)?.origin.to_string(),
        };
        Some((value, from))
    }
}

/// The TOML file, if one is named. What else is wrong with the command line is said later.
fn toml_file() -> Option<PathBuf> {
    let matches = Cli::command().ignore_errors(true).try_get_matches().ok()?;
    let named = innermost(&matches).try_get_one::<String>(FILE).ok().flatten();
    named.filter(|name| !name.trim().is_empty()).map(PathBuf::from)
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

/// All settings of the service, in the order of `serve --help`.
#[must_use]
pub fn settings() -> Vec<Setting> {
    Cli::command().get_arguments().filter_map(setting).collect()
}

fn setting(arg: &clap::Arg) -> Option<Setting> {
    let variable = arg.get_env()?.to_str()?.to_owned();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, default) = match help.split_once(" [default: ") {
        Some((help, default)) => (help.to_owned(), Some(default.trim_end_matches(']').to_owned())),
        None => (help, arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned())),
    };
    let key = arg.get_id().to_string();
    // The file cannot name itself.
    (key != FILE).then(|| Setting { key, variable, help, default, secret: arg.is_hide_env_values_set() })
}

/// Lets what was found count where neither flag nor variable says anything. A variable that is blank says nothing: that is
/// what deployments leave where nothing is set.
fn fill(command: Command, beneath: &Beneath) -> Command {
    let filled = |arg: clap::Arg| {
        let Some(variable) = arg.get_env().map(ToOwned::to_owned) else { return arg };
        let blank = std::env::var_os(variable).is_some_and(|value| value.to_string_lossy().trim().is_empty());
        let arg = if blank { arg.env(Resettable::Reset) } else { arg };
        match beneath.found.get(arg.get_id().as_str()) {
            Some(found) => arg.default_value(found.value.clone()).hide_default_value(true),
            None => arg,
        }
    };
    command.mut_args(filled).mut_subcommands(|inner| fill(inner, beneath))
}

/// The names of all variables that count.
#[must_use]
pub fn variables() -> Vec<String> {
    fn collect(command: &Command, names: &mut Vec<String>) {
        let own = command.get_arguments().filter_map(|arg| arg.get_env()).filter_map(|name| name.to_str());
        names.extend(own.map(str::to_owned));
        command.get_subcommands().for_each(|inner| collect(inner, names));
    }
    let mut names = Vec::new();
    collect(&Cli::command(), &mut names);
    names.extend(settings().iter().filter_map(Setting::file_variable));
    names
}

/// A misspelt variable would silently not count; each is a fault that names the nearest known one.
#[must_use]
pub fn unknown_variables(set: impl Iterator<Item = String>, known: &[String]) -> Vec<String> {
    let is_known = |name: &str| known.iter().any(|one| one == name);
    set.filter(|name| name.starts_with("APPROVAL_") && !is_known(name))
        .map(|name| {
            if let Some(open) = name.strip_suffix("_FILE").filter(|open| is_known(open)) {
                return format!(
                    "there is no variable {name}: only secrets can be read from a file; set {open}"
                );
            }
            let meant = meant(known.iter().map(String::as_str), &name);
            format!("there is no variable {name}; {meant}")
        })
        .collect()
}

/// The settings as a table in Markdown, for the documentation.
#[must_use]
pub fn table() -> String {
    let mut table = "| flag | variable | default | meaning |\n|---|---|---|---|\n".to_owned();
    for setting in settings() {
        let names: Vec<String> = std::iter::once(setting.variable.clone())
            .chain(setting.file_variable())
            .chain(setting.conventional().map(str::to_owned))
            .map(|name| format!("`{name}`"))
            .collect();
        let default = setting.default.map_or_else(|| "–".to_owned(), |default| format!("`{default}`"));
        let (flag, help) = (setting.key.replace('_', "-"), setting.help.replace('|', "\\|"));
        table.push_str(&format!("| `--{flag}` | {} | {default} | {help} |\n", names.join(" or ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::{Found, Origin};

    #[test]
    fn a_misspelt_variable_is_refused_with_the_nearest_name() {
        let told = |name: &str| unknown_variables(std::iter::once(name.to_owned()), &variables());
        for known in ["APPROVAL_LISTEN", "APPROVAL_GITLAB_TOKEN_FILE", "PATH"] {
            assert!(told(known).is_empty(), "{known}");
        }
        for (name, words) in [
            ("APPROVAL_LISTN", "did you mean APPROVAL_LISTEN?"),
            ("APPROVAL_URL", "approval-app serve --help names all"),
            ("APPROVAL_GITLAB_URL_FILE", "only secrets can be read from a file; set APPROVAL_GITLAB_URL"),
        ] {
            let faults = told(name);
            assert!(faults.len() == 1 && faults.iter().all(|fault| fault.contains(words)), "{faults:?}");
        }
    }

    #[test]
    fn flags_win_over_what_is_said_beneath() {
        let found = |value: &str| Found { value: value.into(), origin: Origin::Variable("PORT".into()) };
        let mut beneath = Beneath::default();
        beneath.found.insert("listen".into(), found("127.0.0.1:9"));
        beneath.found.insert("hmac_secret".into(), found("hush"));
        let given = |args: &[&str]| {
            let matches = fill(Cli::command(), &beneath).try_get_matches_from(args).expect("reads");
            let said = innermost(&matches).get_one::<String>("listen").cloned();
            said.expect("is said")
        };
        assert_eq!(given(&["approval-app"]), "127.0.0.1:9");
        assert_eq!(given(&["approval-app", "serve"]), "127.0.0.1:9");
        assert_eq!(given(&["approval-app", "serve", "--listen", "[::1]:1"]), "[::1]:1");
        let help = fill(Cli::command(), &beneath).render_long_help().to_string();
        assert!(!help.contains("hush"));
    }

    #[test]
    fn every_setting_has_a_meaning() {
        for setting in settings() {
            assert!(!setting.help.is_empty() && !setting.help.contains("default:"), "{setting:?}");
        }
    }
}
