//! The lines of one file, drawn.

use std::sync::Arc;

use super::super::ServiceError;
use super::{content, since, target};
use crate::app::App;
use crate::db::DbError;
use crate::db::changes::{self, Target};
use crate::domain::access::Caller;
use crate::domain::change::{FileEntry, Fold, Row, marks, patch, shelf, words};
use crate::render::highlight;

/// A row and how it is coloured; see `domain::change::marks`.
#[derive(Clone, Debug)]
pub struct DrawnRow {
    /// The row.
    pub row: Row,
    /// Its colours.
    pub marks: Vec<i64>,
}

/// A file with its rows.
#[derive(Clone, Debug)]
pub struct DrawnFile {
    /// The file.
    pub file: FileEntry,
    /// Its rows; empty if there are none to show.
    pub rows: Arc<Vec<DrawnRow>>,
}

/// The lines of one file of a check's change; with `since_mine` those between the caller's last decided commit and the
/// check's.
///
/// # Errors
/// [`ServiceError::NotFound`], also for a file that is not in the change, [`ServiceError::GitLab`] or the database's.
pub async fn file(
    app: &App,
    caller: &Caller,
    id: &str,
    path: &str,
    since_mine: bool,
) -> Result<DrawnFile, ServiceError> {
    let (target, decided) = target(app, caller, id).await?;
    let (files, against) = if since_mine {
        let decided = decided.ok_or(ServiceError::NotFound("earlier decision of yours"))?;
        (since::files(app, &target, &decided).await?.files, Some(decided.sha))
    } else {
        (content(app, &target).await?.files, None)
    };
    let file = files.into_iter().find(|file| file.path == path).ok_or(ServiceError::NotFound("file"))?;
    if !Fold::has_lines(file.fold) || file.place.2 == 0 {
        return Ok(DrawnFile { file, rows: Arc::default() });
    }
    let key = (target.key.clone(), target.target_branch.clone(), against.clone(), path.to_owned());
    if let Some(rows) = app.changes.drawn(&key) {
        return Ok(DrawnFile { file, rows });
    }
    let rows = Arc::new(draw(app, &target, against.as_deref(), &file).await?);
    app.changes.remember(key, &rows);
    Ok(DrawnFile { file, rows })
}

async fn draw(
    app: &App,
    target: &Target,
    against: Option<&str>,
    file: &FileEntry,
) -> Result<Vec<DrawnRow>, ServiceError> {
    let part = match against {
        Some(sha) => format!("{}/{}", since::part(sha), file.place.0),
        None => format!("lines/{}", file.place.0),
    };
    let key = target.key.clone();
    let kept = app.db.read(move |conn| changes::part(conn, &key, &part)).await?;
    let (chunk, _) = kept.ok_or_else(gone)?;
    let diff = shelf::take(&chunk, file).ok_or_else(gone)?;
    let _turn = app.changes.drawing.acquire().await.map_err(|_| DbError::Abandoned)?;
    let path = file.path.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        let rows = patch::parse(&diff);
        let (classes, differing) = (highlight::highlight(&path, &rows), words::differences(&rows));
        let both = classes.into_iter().zip(differing);
        rows.into_iter()
            .zip(both)
            .map(|(row, (classes, differing))| {
                let marks = marks::marks(&row.text, &classes, &differing);
                DrawnRow { row, marks }
            })
            .collect()
    });
    Ok(drawn.await.map_err(|_| DbError::Abandoned)?)
}

/// It went to make room, between two reads of one request; whoever asks again has it read anew.
fn gone() -> ServiceError {
    ServiceError::GitLab("the lines were just put away to make room; ask again".into())
}
