//! `config`: whether the settings are right, and which value counts from where.

use super::arguments::{Arguments, settings, table};
use super::{Failure, nothing_wrong, say};
use crate::config::sources::Setting;
use crate::config::{Config, Given, without_user};
use crate::db::DatabaseUrl;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Tell everything that is wrong with the settings; exit code 78 if anything is
    Check(Box<Given>),
    /// Print every setting with its value and where it comes from, secrets hidden
    Show(Box<Given>),
    /// Print all settings as a table in Markdown
    #[command(hide = true)]
    Table,
}

/// `config check`: `checked` is what came of the settings.
pub fn check(checked: Result<Config, Failure>) -> Result<(), Failure> {
    checked?;
    say("the settings are right")
}

/// `config show`, as a TOML file that would say the same; secrets stay out of it.
pub fn show(arguments: &Arguments) -> Result<(), Failure> {
    let lines: Vec<(String, String)> = settings().iter().map(|setting| line(arguments, setting)).collect();
    let width = lines.iter().map(|(said, _)| said.chars().count()).filter(|width| *width <= 60).max();
    let width = width.unwrap_or_default();
    lines.iter().try_for_each(|(said, from)| say(&format!("{said:width$}  # {from}")))?;
    nothing_wrong(arguments)
}

fn line(arguments: &Arguments, setting: &Setting) -> (String, String) {
    let key = &setting.key;
    match (arguments.said(setting), &setting.default) {
        (Some((value, from)), _) => (said(setting, &value), from),
        (None, Some(default)) => (format!("# {key} = {default:?}"), "default".into()),
        (None, None) => (format!("# {key}"), "not set".into()),
    }
}

fn said(setting: &Setting, value: &str) -> String {
    let key = &setting.key;
    match (setting.secret, DatabaseUrl::parse(value)) {
        (false, _) if key.ends_with("_url") || key.ends_with("_endpoint") || key.ends_with("_from") => {
            format!("{key} = {:?}", without_user(value))
        }
        (false, _) => format!("{key} = {value:?}"),
        // Its own words leave out user and password.
        (true, Ok(url)) if key == "database_url" => format!("# {key}: {url}"),
        (true, _) => format!("# {key}: hidden, {} characters", value.chars().count()),
    }
}

/// `config table`.
pub fn print_table() -> Result<(), Failure> {
    say(table().trim_end())
}
