//! A reviewer decides: the decision, its record and its delivery in one transaction.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;

use super::steps::{self, Cause};
use super::{Asking, ServiceError, people};
use crate::app::App;
use crate::db::checks::{self, CheckRow};
use crate::db::decisions::{self, DecisionRow};
use crate::db::{Blame, Conn, DbError, Lane, accounts, events, lock_merge_request};
use crate::domain::access::{Barred, Caller, barred};
use crate::domain::check::CheckEvent;
use crate::domain::ids::{CheckId, DecisionId};
use crate::domain::record::{EventKind, NewEvent};
use crate::domain::{CheckState, Refused, Time, Verdict};

/// So many of several decisions are taken at once: enough to share commits, few enough to leave
/// connections to others.
const AT_ONCE: usize = 4;

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
    /// The branch they saw it would be merged into.
    pub expected_target: Option<String>,
    /// The state they saw.
    pub seen: CheckState,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such check within the reviewer's reach.
    #[error("there is no check with this id")]
    NotFound,
    /// Things moved on since the reviewer looked.
    #[error("the check changed meanwhile")]
    Refused(Refused),
    /// They may not decide on this check.
    #[error("{}", .0.text())]
    Barred(Barred),
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Blame for DecideError {
    fn database(&self) -> Option<&DbError> {
        match self {
            Self::Service(error) => error.database(),
            _ => None,
        }
    }
}

impl From<DbError> for DecideError {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<diesel::result::Error> for DecideError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Service(error.into())
    }
}

/// Takes a decision. When this returns `Ok`, the decision and its delivery are durable; they may have been before, if the caller
/// asks for the second time under one `Idempotency-Key`.
///
/// # Errors
/// See [`DecideError`].
pub async fn decide(app: &App, caller: &Caller, wish: Wish) -> Result<(), DecideError> {
    let asking = Asking::new(app, caller);
    let verdict = wish.verdict;
    // Before it is there, since what it leads to may begin at once.
    app.traces.remember(wish.check_id.as_str());
    let taken = app.db.write(Lane::Front, move |conn| take(conn, &asking, &wish)).await?;
    app.live.stir();
    match taken {
        Taken::Barred(bar) => return Err(DecideError::Barred(bar)),
        Taken::Before => return Ok(()),
        Taken::Decided { waited } => {
            app.metrics.decided(verdict, caller.actor().via.starts_with("token"), waited);
        }
    }
    app.wake.deliveries.notify_one();
    Ok(())
}

/// Takes several decisions, each in a transaction of its own; the results are in the order of the
/// wishes. Without a wish there is no such check.
pub async fn decide_all(
    app: &App,
    caller: &Caller,
    wishes: Vec<Option<Wish>>,
) -> Vec<Result<(), DecideError>> {
    futures_util::stream::iter(wishes)
        .map(|wish| async {
            match wish {
                Some(wish) => decide(app, caller, wish).await,
                None => Err(DecideError::NotFound),
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// What came of it.
enum Taken {
    /// They may not decide; that is written down, so it is no error of the transaction.
    Barred(Barred),
    /// They had decided, by the same request.
    Before,
    /// They decided.
    Decided {
        /// How long the check had waited for its first decision, if this was it.
        waited: Option<Duration>,
    },
}

fn take(conn: &mut Conn, asking: &Asking, wish: &Wish) -> Result<Taken, DecideError> {
    let now = asking.now;
    // Account, roles, scopes and reach as they are in this transaction, not as they were when the page
    // was loaded or the request came in.
    let caller = asking.again(conn, None)?;
    let id = wish.check_id.as_str();
    if !checks::is_within(conn, id, &caller.reach)? {
        return Err(DecideError::NotFound);
    }
    let place = checks::place(conn, id)?;
    lock_merge_request(conn, &place.connection_id, place.project, place.iid)?;
    // Read under the lock: on PostgreSQL another replica may have been faster.
    let mut row = checks::find(conn, id)?.ok_or(DecideError::NotFound)?;
    let (author, author_id) = checks::author(conn, id)?;
    if let Some(bar) = barred(&caller, author_id) {
        refuse(conn, &caller, &row, wish.verdict, bar, now)?;
        return Ok(Taken::Barred(bar));
    }
    if !asking.is_first(conn, Some(id))? {
        return Ok(Taken::Before);
    }
    if !row.sha.eq_ignore_ascii_case(&wish.expected_sha) || row.check.state == CheckState::Superseded {
        return Err(DecideError::Refused(Refused::ShaMoved));
    }
    if wish.expected_target.as_ref().is_some_and(|seen| *seen != row.target_branch) {
        return Err(DecideError::Refused(Refused::TargetMoved));
    }
    let event = CheckEvent::Decided { verdict: wish.verdict, seen: wish.seen };
    let step = row.check.apply(event).map_err(DecideError::Refused)?;
    let actor = caller.actor();
    let decision = DecisionId::generate();
    let roles = accounts::find(conn, &caller.account_id)?.map(|account| people::words(&account.roles));
    let cause = Cause {
        actor: Some(&actor),
        decided_by: Some(&caller.name),
        notice: None,
        data: json!({
            "decision": decision.as_str(),
            "verdict": wish.verdict.as_str(),
            "reviewer_verified": true,
            "comment": wish.comment,
            "reverses": wish.seen != CheckState::Pending,
            "roles": roles,
            "gitlab_user_id": caller.gitlab_user_id,
            "author": author,
            "author_gitlab_id": author_id,
        }),
    };
    steps::take(conn, &place.connection_id, &mut row, &step, &cause, now)?;
    decisions::insert(
        conn,
        &DecisionRow {
            id: decision,
            check_id: row.id.as_str().to_owned(),
            round: row.round,
            verdict: wish.verdict,
            comment: wish.comment.clone(),
            sha: row.sha.clone(),
            target_branch: row.target_branch.clone(),
            reviewer: caller.name,
            reviewer_verified: true,
            reversed: false,
            decided_at: now.to_string(),
            account_id: actor.account_id,
            via: Some(actor.via),
        },
    )?;
    let first = row.round == 1 && wish.seen == CheckState::Pending;
    let waited = if first { Some(now.since(checks::received_at(conn, id)?)) } else { None };
    Ok(Taken::Decided { waited })
}

fn refuse(
    conn: &mut Conn,
    caller: &Caller,
    row: &CheckRow,
    verdict: Verdict,
    bar: Barred,
    now: Time,
) -> Result<(), DbError> {
    let sha = steps::commit(conn, row.id.as_str(), &row.sha)?;
    let (why, reason) = match bar {
        Barred::NoPermission => ("may not decide", "no_permission"),
        Barred::OwnChange => ("wrote the merge request", "own_change"),
    };
    let event = NewEvent::new(
        EventKind::DecisionRefused,
        caller.actor(),
        format!("{} tried to {} {sha} and was refused: {} {why}", caller.name, verdict.as_str(), caller.name),
        json!({"sha": row.sha, "verdict": verdict.as_str(), "reason": reason}),
    )
    .of_check(row.id.as_str(), &row.project_id);
    events::append(conn, &event, now)?;
    Ok(())
}
