//! The state of the service itself, and the calls that were set aside.

use serde_json::json;

use super::{Asking, ServiceError, connection};
use crate::app::App;
use crate::db::calls::{self, CallState, ListedCall};
use crate::db::counts::{self, Count};
use crate::db::{DbError, Lane, events, trouble};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission, Reach, Turn};
use crate::domain::gate::Gate;
use crate::domain::record::{EventKind, NewEvent};

/// Numbers about the service, each counted up to 1,000.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Why GitLab cannot be told anything, if so.
    pub gitlab_trouble: Option<String>,
    /// Checks that wait for a decision.
    pub pending_checks: i64,
    /// Of those, the ones that the caller may decide on.
    pub needs_you: i64,
    /// Of those, the rest.
    pub waiting_on_others: i64,
    /// Deliveries to be sent.
    pub pending_deliveries: i64,
    /// Deliveries that need a person.
    pub failed_deliveries: i64,
    /// Calls to be processed.
    pub waiting_calls: i64,
    /// Calls set aside.
    pub set_aside_calls: i64,
    /// Checks that GitLab lets pass though nobody here approved.
    pub undecided_passes: i64,
}

/// Reads the numbers, of what is within the caller's reach; administrators count all calls.
///
/// # Errors
/// The database's.
pub async fn overview(app: &App, caller: &Caller) -> Result<Overview, DbError> {
    let (connected, now) = (app.connected(), app.clock.now());
    let reach = caller.reach.clone();
    // Administrators care for calls, whatever projects they decide for themselves.
    let of_calls = if caller.may(Permission::Admin) { Reach::All } else { reach.clone() };
    let (mine, others) = (Turn::Mine.of(caller), Turn::Others.of(caller));
    app.db
        .read(move |conn| {
            let gitlab_trouble = match &connected {
                Some(connected) => {
                    let trouble = trouble::connection_trouble(conn, connected.id.as_str())?;
                    let trouble = match trouble {
                        Some(trouble) => Some(trouble),
                        None => connection::elsewhere(conn, &connected.id)?,
                    };
                    trouble.or_else(|| passing_trouble(&connected.gate(), now))
                }
                None => {
                    Some("no GitLab is configured: set APPROVAL_GITLAB_URL and APPROVAL_GITLAB_TOKEN".into())
                }
            };
            Ok(Overview {
                gitlab_trouble,
                pending_checks: counts::count(conn, Count::PendingChecks, &reach)?,
                needs_you: counts::count_pending(conn, mine, &reach)?,
                waiting_on_others: counts::count_pending(conn, others, &reach)?,
                pending_deliveries: counts::count(conn, Count::PendingDeliveries, &reach)?,
                failed_deliveries: counts::count(conn, Count::FailedDeliveries, &reach)?,
                waiting_calls: counts::count(conn, Count::WaitingCalls, &of_calls)?,
                set_aside_calls: counts::count(conn, Count::SetAsideCalls, &of_calls)?,
                undecided_passes: counts::count(conn, Count::UndecidedPasses, &reach)?,
            })
        })
        .await
}

/// What ends by itself.
fn passing_trouble(gate: &Gate, now: Time) -> Option<String> {
    if gate.is_tripped() {
        return Some("GitLab does not answer; decisions are kept and sent when it does".into());
    }
    let until = gate.asked_to_wait(now)?;
    Some(format!("GitLab asked for no requests until {until}; decisions are kept and sent then"))
}

/// A page of calls, newest first, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn list_calls(
    app: &App,
    state: Option<CallState>,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<ListedCall>, bool), DbError> {
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items: Vec<ListedCall> =
        app.db.read(move |conn| calls::page(conn, state, before, wanted)).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    Ok((items, more))
}

/// Queues a set-aside call again.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::NotRetryable`] or the database's.
pub async fn replay_call(app: &App, caller: &Caller, id: i64) -> Result<(), ServiceError> {
    let asking = Asking::new(app, caller);
    let now = asking.now;
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, Some(Permission::Admin))?;
            if !calls::replay(conn, id, now)? {
                return Err(if calls::exists(conn, id)? {
                    ServiceError::NotRetryable("only a call that was set aside can be replayed")
                } else {
                    ServiceError::NotFound("call")
                });
            }
            let event = NewEvent::new(
                EventKind::CallReplayed,
                caller.actor(),
                format!("{} queued call {id} again", caller.name),
                json!({"call": id}),
            );
            events::append(conn, &event, now)?;
            Ok(())
        })
        .await?;
    app.wake.asking.notify_one();
    app.live.stir();
    Ok(())
}
