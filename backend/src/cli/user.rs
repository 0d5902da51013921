//! `user`: people, for whoever may read the database.

use secrecy::ExposeSecret as _;

use super::beside::{self, Beside, Place};
use super::{Failure, say};
use crate::crypto::password::Passwords;
use crate::db::{Conn, Lane, accounts, grants};
use crate::domain::Time;
use crate::domain::access::Role;
use crate::domain::ids::AccountId;
use crate::service::links::Made;
use crate::service::people::{self, Invitation};
use crate::service::person::{self, Change};
use crate::service::{ServiceError, admission};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make an account; without a password, print a link with which the person sets one
    Create(Create),
    /// List people
    List(List),
    /// Switch an account off: its sessions end, its tokens are revoked
    Disable(One),
    /// Print a one-time link with which a person sets a new password
    ResetLink(One),
    /// Take an account from whoever comes with it through a provider: its sessions end, its tokens are revoked. With
    /// link_by_email, whoever has its address can come with it next
    Unlink(One),
}

#[derive(clap::Args)]
pub struct Create {
    /// Display name
    #[arg(long)]
    name: String,
    /// E-mail address, with which the person signs in
    #[arg(long)]
    email: String,
    /// viewer, reviewer, administrator or auditor; may be given several times
    #[arg(long = "role", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Reach only this project (path or GitLab's number); may be given several times
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    /// GitLab's number of the same person, who may not decide on their own merge requests
    #[arg(long, value_name = "NUMBER")]
    gitlab_user_id: Option<i64>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args)]
pub struct One {
    /// E-mail address
    email: String,
    #[command(flatten)]
    place: Place,
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| {
        let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("use one of {}", all.join(", "))
    })
}

/// Runs a `user` command.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(beside::open(args.place).await?).await,
        Command::Unlink(args) => unlink(beside::open(args.place).await?, args.email).await,
        Command::Disable(args) => disable(beside::open(args.place).await?, args.email).await,
        Command::ResetLink(args) => {
            let beside = beside::open(args.place).await?;
            let now = beside.clock.now();
            let made = beside
                .db
                .write(Lane::Front, move |conn| {
                    let id = named(conn, &args.email)?;
                    people::link(conn, &beside::actor(), &id, now)
                })
                .await
                .map_err(beside::failure)?;
            say_link(&beside, &made)
        }
    }
}

async fn create(args: Create) -> Result<(), Failure> {
    shared::account::validate_name(&args.name).map_err(|_| {
        Failure::Usage(
            "a name has 1 to 100 characters, some of which can be seen, and no control characters".into(),
        )
    })?;
    shared::account::validate_email(&args.email)
        .map_err(|_| Failure::Usage(format!("{:?} is no e-mail address", args.email)))?;
    let password = if args.password_stdin { Some(beside::password()?) } else { None };
    let beside = beside::make(args.place).await?;
    let hash = match password {
        Some(password) => Some(
            Passwords::new(beside.config.password_cost)
                .hash(password)
                .await
                .map_err(|error| Failure::Runtime(error.to_string()))?,
        ),
        None => None,
    };
    let now = beside.clock.now();
    let made = beside
        .db
        .write(Lane::Front, move |conn| {
            let projects = beside::project_ids(conn, &args.projects)?;
            let new = Invitation {
                name: args.name,
                email: args.email,
                roles: args.roles,
                all_projects: projects.is_empty(),
                projects,
                groups: Vec::new(),
                gitlab_user_id: args.gitlab_user_id,
            };
            let id = people::create(conn, &beside::actor(), &new, hash.as_deref(), now)?;
            let made = match hash {
                Some(_) => None,
                None => Some(people::link(conn, &beside::actor(), &id, now)?),
            };
            Ok::<_, ServiceError>((id, made))
        })
        .await
        .map_err(beside::failure)?;
    match made {
        (_, Some(made)) => say_link(&beside, &made),
        (id, None) => say(id.as_str()),
    }
}

fn say_link(beside: &Beside, made: &Made) -> Result<(), Failure> {
    let place = beside.config.address(&beside.config.listen);
    say(&format!("{place}/welcome#{}", made.secret.expose_secret()))
}

fn named(conn: &mut Conn, email: &str) -> Result<AccountId, ServiceError> {
    let unknown = || ServiceError::Invalid { field: "email", why: "nobody has this e-mail address" };
    accounts::id_of(conn, email)?.ok_or_else(unknown)
}

async fn list(beside: Beside) -> Result<(), Failure> {
    let people =
        beside.db.read(|conn| Ok::<_, ServiceError>(accounts::all(conn)?)).await.map_err(beside::failure)?;
    for one in people {
        let roles: Vec<&str> = one.roles.iter().map(|role| role.as_str()).collect();
        let state = match (one.active, one.joined_at.is_some()) {
            (false, _) => "off",
            (true, true) => "active",
            (true, false) => "invited",
        };
        // Older accounts may have names with control characters, which steer terminals.
        let [email, name] = [one.email, one.name].map(|text| text.replace(char::is_control, "?"));
        say(&format!("{email}\t{name}\t{}\t{state}", roles.join(",")))?;
    }
    Ok(())
}

async fn disable(beside: Beside, email: String) -> Result<(), Failure> {
    let now = beside.clock.now();
    beside.db.write(Lane::Front, move |conn| switch_off(conn, &email, now)).await.map_err(beside::failure)
}

async fn unlink(beside: Beside, email: String) -> Result<(), Failure> {
    let now = beside.clock.now();
    beside
        .db
        .write(Lane::Front, move |conn| {
            let id = named(conn, &email)?;
            admission::unlink(conn, &beside::actor(), &id, now)
        })
        .await
        .map_err(beside::failure)
}

fn switch_off(conn: &mut Conn, email: &str, now: Time) -> Result<(), ServiceError> {
    let id = named(conn, email)?;
    let one = accounts::find(conn, &id)?.ok_or(ServiceError::NotFound("person"))?;
    let change = Change {
        projects: grants::projects_of_account(conn, &id)?,
        groups: grants::groups_of_account(conn, &id)?,
        name: one.name,
        roles: one.roles,
        all_projects: one.all_projects,
        gitlab_user_id: one.gitlab_user_id,
        active: false,
        expected: None,
    };
    person::apply(conn, &beside::actor(), &id, &change, now)
}
