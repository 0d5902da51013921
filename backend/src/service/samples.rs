//! The demo's people: ready-made, marked as the sandbox's, and nowhere else.

use secrecy::{ExposeSecret as _, SecretString};

use super::ServiceError;
use super::people::{self, Invitation};
use super::tokens::{self, Wanted};
use crate::app::App;
use crate::crypto::secret;
use crate::db::{Lane, accounts};
use crate::domain::access::{Permission, Role};
use crate::domain::record::Actor;

/// A ready-made person.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Display name.
    pub name: &'static str,
    /// E-mail address to sign in with.
    pub email: &'static str,
    /// The roles.
    pub roles: &'static [Role],
}

/// The password of all of them; everybody may know it.
pub const PASSWORD: &str = "sandbox-password";

/// All ready-made people; the last one wrote some of the sample merge requests.
pub const SAMPLES: [Sample; 4] = [
    Sample { name: "Rita Reviewer (sandbox)", email: "rita@sandbox.example", roles: &[Role::Reviewer] },
    Sample { name: "Adam Admin (sandbox)", email: "adam@sandbox.example", roles: &[Role::Administrator] },
    Sample { name: "Audrey Auditor (sandbox)", email: "audrey@sandbox.example", roles: &[Role::Auditor] },
    Sample { name: "Arthur Author (sandbox)", email: "arthur@sandbox.example", roles: &[Role::Reviewer] },
];

/// Makes the ready-made people that do not exist yet. `author` is GitLab's id of somebody who wrote
/// sample merge requests.
///
/// # Errors
/// The database's.
pub async fn ensure(app: &App, author: i64) -> Result<(), ServiceError> {
    let now = app.clock.now();
    for sample in SAMPLES {
        let known = app.db.read(move |conn| accounts::id_of(conn, sample.email)).await?;
        if known.is_some() {
            continue;
        }
        let hash = app.passwords.hash(SecretString::from(PASSWORD)).await?;
        let wrote = sample.email == SAMPLES[3].email;
        let new = Invitation {
            name: sample.name.into(),
            email: sample.email.into(),
            roles: sample.roles.to_vec(),
            all_projects: true,
            projects: Vec::new(),
            groups: Vec::new(),
            gitlab_user_id: wrote.then_some(author),
        };
        app.db
            .write(Lane::Front, move |conn| people::create(conn, &Actor::app(), &new, Some(&hash), now))
            .await?;
    }
    Ok(())
}

/// A token of Rita's for trying the API: the same after every start, because it is derived from the
/// demo's key.
///
/// # Errors
/// The database's.
pub async fn token(app: &App) -> Result<SecretString, ServiceError> {
    let now = app.clock.now();
    let secret = secret::token_of(&app.keys().derive("sample token", "1"));
    let made = secret.clone();
    app.db
        .write(Lane::Front, move |conn| {
            if crate::db::tokens::exists(conn, &secret::hash(made.expose_secret()))? {
                return Ok(());
            }
            let rita = accounts::id_of(conn, SAMPLES[0].email)?.ok_or(ServiceError::NotFound("person"))?;
            let wanted = Wanted {
                name: "curl (sandbox)".into(),
                scopes: vec![Permission::ChecksRead, Permission::ChecksDecide],
                projects: Vec::new(),
                life: None,
            };
            tokens::create(conn, &Actor::app(), &rita, &wanted, made, now)?;
            Ok::<_, ServiceError>(())
        })
        .await?;
    Ok(secret)
}
