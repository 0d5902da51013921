//! Whether GitLab accepts the connection's token, as far as reading tells: a token that ended is to be known before somebody decides.

use super::probe;
use crate::app::{App, Connected};
use crate::db::{DbError, Lane, redelivery, trouble};
use crate::domain::Time;
use crate::domain::facts::Facts;
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
                    redelivery::resume(conn, id.as_str(), None, now)?;
                    probe::restored(
                        conn,
                        None,
                        "GitLab accepts the token again; what was kept is sent",
                        now,
                    )?;
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
