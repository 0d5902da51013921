//! Reading: listings, the check page, what GitLab shows now.

use crate::app::App;
use crate::db::checks::{self, CheckExtras};
use crate::db::decisions::{self, DecisionRow};
use crate::db::delivery_log::{self, AttemptRow, DeliveryRow};
use crate::db::inbox::{self as listings, ListedCheck, Listing};
use crate::db::notes::{self, NoteRow};
use crate::db::{Conn, DbError, events, waiting};
use crate::domain::access::{Barred, Caller, barred};
use crate::domain::ids::AccountId;
use crate::domain::record::Event;
use crate::domain::waiting::Waiting;
use crate::domain::{CheckState, GitLabStatus, Time};

use super::ServiceError;

/// A check in a listing, and why it waits if it does.
pub type Item = (ListedCheck, Option<Waiting>);

/// Everything the check page shows.
#[derive(Debug)]
pub struct Detail {
    /// As in a listing.
    pub item: Item,
    /// What only the page shows.
    pub extras: CheckExtras,
    /// The check at HEAD, if this one is behind.
    pub successor: Option<String>,
    /// Why the caller may not decide on it.
    pub barred: Option<Barred>,
    /// Why nothing is delivered, if the connection is broken.
    pub connection_trouble: Option<String>,
    /// The note on the merge request.
    pub note: Option<NoteRow>,
    /// The checks of the other rules at HEAD.
    pub others: Vec<Item>,
    /// All decisions.
    pub decisions: Vec<DecisionRow>,
    /// All deliveries with their newest attempts.
    pub deliveries: Vec<(DeliveryRow, Vec<AttemptRow>)>,
    /// The newest events.
    pub timeline: Vec<Event>,
}

/// A page of checks within the caller's reach and whether there are more.
///
/// # Errors
/// The database's.
pub async fn list(app: &App, caller: &Caller, mut listing: Listing) -> Result<(Vec<Item>, bool), DbError> {
    let (reach, me) = (caller.reach.clone(), caller.account_id.clone());
    let wanted = usize::try_from(listing.limit).unwrap_or(usize::MAX);
    listing.limit += 1;
    app.db
        .read(move |conn| {
            let mut rows = listings::page(conn, &listing, &reach)?;
            let more = rows.len() > wanted;
            rows.truncate(wanted);
            Ok((with_reasons(conn, rows, &me)?, more))
        })
        .await
}

/// Paths of projects and names of rules that the caller's listings can be narrowed to.
///
/// # Errors
/// The database's.
pub async fn filters(app: &App, caller: &Caller) -> Result<(Vec<String>, Vec<String>), DbError> {
    let reach = caller.reach.clone();
    app.db.read(move |conn| listings::filters(conn, &reach)).await
}

/// Those of these checks that are within the caller's reach, in no order.
///
/// # Errors
/// The database's.
pub async fn some(app: &App, caller: &Caller, ids: Vec<String>) -> Result<Vec<Item>, DbError> {
    let (reach, me) = (caller.reach.clone(), caller.account_id.clone());
    app.db
        .read(move |conn| {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let rows = listings::listed_all(conn, &ids, &reach)?;
            with_reasons(conn, rows, &me)
        })
        .await
}

fn with_reasons(conn: &mut Conn, rows: Vec<ListedCheck>, me: &AccountId) -> Result<Vec<Item>, DbError> {
    let waits = |row: &&ListedCheck| row.state == CheckState::Pending.as_str();
    let ids: Vec<&str> = rows.iter().filter(waits).map(|row| row.id.as_str()).collect();
    let mut reasons = waiting::reasons(conn, &ids, me)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let reason = reasons.remove(&row.id);
            (row, reason)
        })
        .collect())
}

/// A check with everything its page shows.
///
/// # Errors
/// [`ServiceError::NotFound`], also for what is not within the caller's reach, or the database's.
pub async fn detail(app: &App, caller: &Caller, id: String) -> Result<Detail, ServiceError> {
    let caller = caller.clone();
    app.db
        .read(move |conn| {
            let item = listings::listed(conn, &id, &caller.reach)?.ok_or(ServiceError::NotFound("check"))?;
            let item = with_reasons(conn, vec![item], &caller.account_id)?
                .pop()
                .ok_or(ServiceError::NotFound("check"))?;
            let extras = checks::extras(conn, &id)?;
            let row = checks::find(conn, &id)?.ok_or(ServiceError::NotFound("check"))?;
            let successor = if extras.head_sha == row.sha {
                None
            } else {
                checks::at_sha(conn, &row.merge_request_id, &row.rule_id, &extras.head_sha)?
            };
            let others = checks::beside(conn, &row.merge_request_id, &row.rule_id, &extras.head_sha)?;
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            let mut others = listings::listed_all(conn, &others, &caller.reach)?;
            others.sort_by(|a, b| a.rule.1.cmp(&b.rule.1));
            let place = checks::place(conn, &id)?;
            Ok(Detail {
                item,
                extras,
                successor,
                barred: barred(&caller, checks::author(conn, &id)?.1),
                connection_trouble: crate::db::trouble::connection_trouble(
                    conn,
                    place.connection_id.as_str(),
                )?,
                note: notes::of(conn, &row.merge_request_id, &row.rule_id)?,
                others: with_reasons(conn, others, &caller.account_id)?,
                decisions: decisions::of_check(conn, &id)?,
                deliveries: delivery_log::of_check(conn, &id, 50)?,
                timeline: events::of_check(conn, &id, 200)?,
            })
        })
        .await
}

/// What GitLab shows for a check right now, and when it was read.
///
/// # Errors
/// [`ServiceError::GitLab`] if GitLab does not say.
pub async fn shown(app: &App, caller: &Caller, id: String) -> Result<(GitLabStatus, Time), ServiceError> {
    let reach = caller.reach.clone();
    let place = app
        .db
        .read(move |conn| {
            if !checks::is_within(conn, &id, &reach)? {
                return Err(ServiceError::NotFound("check"));
            }
            Ok::<_, ServiceError>(checks::place(conn, &id)?)
        })
        .await?;
    let connected = app
        .connected()
        .filter(|connected| connected.id == place.connection_id)
        .ok_or_else(|| ServiceError::GitLab("no GitLab is configured for this check".into()))?;
    let Ok(_turn) = app.comparing.acquire().await else { return Err(DbError::Abandoned.into()) };
    let now = app.clock.now();
    let shown = connected
        .client
        .shown(place.project, place.iid, place.rule)
        .await
        .map_err(|error| ServiceError::GitLab(error.to_string()))?;
    shown.map(|status| (status, now)).ok_or_else(|| {
        ServiceError::GitLab("GitLab no longer lists this status check for the merge request".into())
    })
}
