//! The connection to GitLab: which one it is, and whether its token is accepted, as far as reading tells. A token that ended is to be known
//! before somebody decides.

use super::probe;
use crate::app::{App, Connected};
use crate::config::{GitLabConfig, normal_url};
use crate::db::{Conn, DbError, Lane, lock, projects, redelivery, trouble};
use crate::domain::Time;
use crate::domain::facts::Facts;
use crate::domain::ids::ConnectionId;
use crate::gitlab::{NoteError, ReadError};

/// Reads a merge request, and notes what that says of the token.
///
/// # Errors
/// The database's; that of the reading is inside.
pub(super) async fn read(
    app: &App,
    connected: &Connected,
    (project, iid): (i64, i64),
    began: Time,
) -> Result<Result<Facts, ReadError>, DbError> {
    let read = connected.client.read(project, iid, began).await;
    hear(app, connected, read.as_ref().err()).await?;
    Ok(read)
}

/// Notes what a reading says of the token: with one that is accepted the connection works, with one that is not it does not.
///
/// # Errors
/// The database's.
pub(super) async fn hear(app: &App, connected: &Connected, error: Option<&ReadError>) -> Result<(), DbError> {
    let (id, now) = (connected.id.clone(), app.clock.now());
    let known = app.db.read(move |conn| trouble::connection_trouble(conn, id.as_str())).await?;
    let id = connected.id.clone();
    match (error, known) {
        (None, Some(_)) => {
            let mended = move |conn: &mut _| {
                if trouble::set_connection_trouble(conn, id.as_str(), None, None, now)? {
                    let says = "GitLab accepts the token again; what was kept is sent";
                    probe::restored(conn, None, says, now)?;
                    redelivery::resume(conn, id.as_str(), None, now)?;
                }
                Ok::<_, DbError>(())
            };
            app.db.write(Lane::Front, mended).await?;
            app.changed();
        }
        // Without a licence GitLab answers 401 as well.
        (Some(ReadError::Refused { status: 401, .. }), None)
            if matches!(connected.client.own_user().await, Err(NoteError::NotSignedIn(_))) =>
        {
            let broken = move |conn: &mut _| {
                probe::broken(conn, &id, "GitLab answered 401: the token is not accepted", now)
            };
            app.db.write(Lane::Front, broken).await?;
            app.live.stir();
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    Ok(())
}

/// The connection to this GitLab, made if it is new. One that is known under an earlier address keeps its projects, checks and
/// decisions; a sandbox is always the same one.
///
/// # Errors
/// The database's.
pub fn establish(
    conn: &mut Conn,
    gitlab: &GitLabConfig,
    sandbox: bool,
    now: Time,
) -> Result<ConnectionId, DbError> {
    lock(conn, "connections")?;
    let all = projects::base_urls(conn)?;
    let known = find(&all, &gitlab.url);
    let before = match &gitlab.moved_from {
        Some(url) => find(&all, url),
        None => all.first().filter(|_| sandbox),
    };
    if let Some((id, url)) = before.filter(|(id, _)| known.is_none_or(|(known, _)| known != id)) {
        let free = match known {
            Some((known, _)) => projects::remove_unused_connection(conn, known)?,
            None => true,
        };
        if free {
            projects::set_base_url(conn, id, &gitlab.url)?;
            let told = format!("{url} is {} now; its projects and checks go along", gitlab.url);
            tracing::info!("{told}");
            probe::restored(conn, None, &told, now)?;
            return Ok(id.clone());
        }
        tracing::warn!(
            from = %url,
            to = %gitlab.url,
            "projects are known under both addresses of GitLab; those of the first stay there, and are not answered"
        );
    }
    match known {
        Some((id, url)) => {
            if *url != gitlab.url {
                // The same, written in another way.
                projects::set_base_url(conn, id, &gitlab.url)?;
            }
            Ok(id.clone())
        }
        None => projects::make_connection(conn, &gitlab.url, now),
    }
}

/// The connection with this base URL, if it is known.
pub fn find<'a>(all: &'a [(ConnectionId, String)], base_url: &str) -> Option<&'a (ConnectionId, String)> {
    let wanted = normal_url(base_url);
    all.iter().find(|(_, url)| normal_url(url) == wanted)
}

/// What is to be said where checks wait that belong to another GitLab than the one that is served.
///
/// # Errors
/// The database's.
pub(super) fn elsewhere(conn: &mut Conn, id: &ConnectionId) -> Result<Option<String>, DbError> {
    let other = projects::waiting_elsewhere(conn, id)?;
    Ok(other.map(|(url, is_new)| {
        let what = format!("checks of {url} wait, which is not the GitLab that is configured");
        if is_new {
            format!("{what}; if it is the same one under a new address, set APPROVAL_GITLAB_MOVED_FROM={url} and start again")
        } else {
            format!("{what}, and projects of both are known by now; see \"GitLab under another address\" in docs/operations.md")
        }
    }))
}
