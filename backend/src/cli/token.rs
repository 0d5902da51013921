//! `token`: API tokens, for whoever may read the database.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::beside::{self, Place};
use super::{Failure, say};
use crate::crypto::secret;
use crate::db::accounts::{self, AccountRow};
use crate::db::{Conn, Lane, tokens as store};
use crate::domain::access::Permission;
use crate::domain::ids::AccountId;
use crate::service::ServiceError;
use crate::service::tokens::{self, Wanted};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a token and print it, alone, on standard output
    Create(Create),
    /// List tokens that work
    List(List),
    /// Revoke a token; it does not work any more at once
    Revoke(Revoke),
}

#[derive(clap::Args)]
pub struct Create {
    /// What it is for
    #[arg(long)]
    name: String,
    /// checks:read, checks:decide, projects:read, projects:write, audit:read, webhooks:manage or admin;
    /// may be given several times
    #[arg(long = "scope", required = true, value_parser = scope)]
    scopes: Vec<Permission>,
    /// Limit it to this project (path or GitLab's number); may be given several times
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// When it ends, for example 90d or 12h; for good if nothing is said
    #[arg(long, value_name = "TIME", value_parser = life)]
    expires: Option<Duration>,
    /// E-mail address of the person it acts for [default: the only administrator]
    #[arg(long = "for", value_name = "EMAIL")]
    person: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
pub struct Revoke {
    /// Its id, as `token list` shows it
    id: String,
    #[command(flatten)]
    place: Place,
}

fn scope(word: &str) -> Result<Permission, String> {
    Permission::parse(word).ok_or_else(|| {
        let all: Vec<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();
        format!("use one of {}", all.join(", "))
    })
}

/// Reads `90d` or `12h`, up to ten years.
fn life(text: &str) -> Result<Duration, String> {
    let wrong = || "write days or hours, for example 90d or 12h, up to 3650d".to_owned();
    let (number, hours) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => (days, 24),
        (None, Some(hours)) => (hours, 1),
        (None, None) => return Err(wrong()),
    };
    let hours = number.parse::<u64>().ok().and_then(|number| number.checked_mul(hours)).ok_or_else(wrong)?;
    if !(1..=3650 * 24).contains(&hours) {
        return Err(wrong());
    }
    Ok(Duration::from_secs(hours * 3600))
}

/// Runs a `token` command.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args.place).await,
        Command::Revoke(args) => {
            let beside = beside::open(args.place).await?;
            let now = beside.clock.now();
            let id = crate::domain::ids::TokenId::stored(args.id);
            beside
                .db
                .write(Lane::Front, move |conn| {
                    tokens::end(conn, &beside::actor(), &id, store::Which::All, now)
                })
                .await
                .map_err(beside::failure)
        }
    }
}

async fn create(args: Create) -> Result<(), Failure> {
    shared::account::validate_name(&args.name).map_err(|_| {
        Failure::Usage(
            "a name has 1 to 100 characters, some of which can be seen, and no control characters".into(),
        )
    })?;
    let beside = beside::open(args.place).await?;
    let now = beside.clock.now();
    let secret = beside
        .db
        .write(Lane::Front, move |conn| {
            let account = match person(conn, args.person.as_deref())? {
                Ok(account) => account,
                Err(why) => return Ok(Err(why)),
            };
            let wanted = Wanted {
                projects: beside::project_ids(conn, &args.projects)?,
                name: args.name,
                scopes: args.scopes,
                life: args.expires,
            };
            let made = tokens::create(conn, &beside::actor(), &account, &wanted, secret::token(), now)?;
            Ok::<_, ServiceError>(Ok(made.0))
        })
        .await
        .map_err(beside::failure)?
        .map_err(Failure::Runtime)?;
    say(secret.expose_secret())
}

/// Whom a token acts for, or why that cannot be told.
fn person(conn: &mut Conn, email: Option<&str>) -> Result<Result<AccountId, String>, ServiceError> {
    if let Some(email) = email {
        let Some(id) = accounts::id_of(conn, email)? else {
            return Ok(Err(format!("nobody has the e-mail address {email}")));
        };
        let is_active = accounts::find(conn, &id)?.is_some_and(|row| row.active);
        return Ok(if is_active {
            Ok(id)
        } else {
            Err(format!("the account of {email} is switched off; switch it on under People"))
        });
    }
    let administrators = accounts::administrators(conn)?;
    Ok(match administrators.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => {
            Err("there is no administrator yet: open the set-up link, or use `approval-app user create`"
                .into())
        }
        several => {
            let emails: Vec<&str> = several.iter().map(|row: &AccountRow| row.email.as_str()).collect();
            Err(format!("say for whom with --for; administrators are {}", emails.join(", ")))
        }
    })
}

async fn list(place: Place) -> Result<(), Failure> {
    let beside = beside::open(place).await?;
    let now = beside.clock.now();
    let all = beside
        .db
        .read(move |conn| Ok::<_, ServiceError>(store::list(conn, store::Which::All, now)?))
        .await
        .map_err(beside::failure)?;
    for one in all {
        let ends = one.expires_at.as_deref().unwrap_or("never ends");
        say(&format!(
            "{}\t{}…\t{}\t{}\t{}\t{ends}",
            one.id,
            one.hint,
            one.name,
            one.account_name,
            store::scopes_text(&one.scopes)
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_days_or_hours() {
        assert_eq!(life("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(life("12h"), Ok(Duration::from_secs(12 * 3600)));
        for wrong in ["", "90", "0d", "3651d", "-1d", "99999999999999999999d", "d"] {
            assert!(life(wrong).is_err(), "{wrong:?}");
        }
    }
}
