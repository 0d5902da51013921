//! A reviewer decides: the decision, its record and its delivery in one transaction.

use serde_json::json;

use super::steps::{self, Cause};
use crate::app::App;
use crate::db::decisions::{self, DecisionRow};
use crate::db::{Conn, DbError, Lane, checks, lock};
use crate::domain::check::CheckEvent;
use crate::domain::ids::{CheckId, DecisionId};
use crate::domain::record::Actor;
use crate::domain::{CheckState, Refused, Time, Verdict};

/// What a reviewer sends.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The check.
    pub check_id: CheckId,
    /// What they say.
    pub verdict: Verdict,
    /// Why.
    pub comment: String,
    /// The commit they looked at.
    pub expected_sha: String,
    /// The state they saw.
    pub seen: CheckState,
    /// The name they typed.
    pub reviewer: String,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such check.
    #[error("there is no check with this id")]
    NotFound,
    /// Things moved on since the reviewer looked.
    #[error("the check changed meanwhile")]
    Refused(Refused),
    /// The database did not do it.
    #[error("the decision could not be stored")]
    Store(#[from] DbError),
}

impl From<diesel::result::Error> for DecideError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(DbError::from(error))
    }
}

/// Takes a decision. When this returns `Ok`, the decision and its delivery are durable.
///
/// # Errors
/// See [`DecideError`].
pub async fn decide(app: &App, wish: Wish) -> Result<(), DecideError> {
    let now = app.clock.now();
    app.db.write(Lane::Front, move |conn| take(conn, &wish, now)).await?;
    app.wake.deliveries.notify_one();
    app.live.stir();
    Ok(())
}

fn take(conn: &mut Conn, wish: &Wish, now: Time) -> Result<(), DecideError> {
    let id = wish.check_id.as_str();
    let found = checks::find(conn, id)?.ok_or(DecideError::NotFound)?;
    let place = checks::place(conn, id)?;
    lock(conn, &format!("mr {} {} {}", place.connection_id, place.project, place.iid))?;
    // Read again under the lock: on PostgreSQL another replica may have been faster.
    let mut row = checks::find(conn, found.id.as_str())?.ok_or(DecideError::NotFound)?;
    if row.sha != wish.expected_sha || row.check.state == CheckState::Superseded {
        return Err(DecideError::Refused(Refused::ShaMoved));
    }
    let event = CheckEvent::Decided { verdict: wish.verdict, seen: wish.seen };
    let step = row.check.apply(event).map_err(DecideError::Refused)?;
    let actor = Actor::typed(&wish.reviewer);
    let cause = Cause {
        actor: Some(&actor),
        decided_by: Some(&wish.reviewer),
        notice: None,
        data: json!({"verdict": wish.verdict.as_str(), "reviewer_verified": false, "comment": wish.comment}),
    };
    steps::take(conn, &place.connection_id, &mut row, &step, &cause, now)?;
    decisions::insert(
        conn,
        &DecisionRow {
            id: DecisionId::generate(),
            check_id: row.id.as_str().to_owned(),
            round: row.round,
            verdict: wish.verdict,
            comment: wish.comment.clone(),
            sha: row.sha.clone(),
            target_branch: row.target_branch.clone(),
            reviewer: wish.reviewer.clone(),
            reviewer_verified: false,
            reversed: false,
            decided_at: now.to_string(),
        },
    )?;
    Ok(())
}
