//! Taking deliveries to send them, and what came of it.

use std::collections::HashSet;

use diesel::prelude::*;

use super::deliveries::{of, touch};
use super::schema::{delivery, delivery_attempt as attempt, merge_request, project, rule, status_check};
use super::{Conn, DbError, word};
use crate::domain::{CheckState, DeliveryState, GitLabStatus, Time};

/// A delivery that this process may send until its lease ends, with what GitLab needs to know.
#[derive(Clone, Debug)]
pub struct ClaimedDelivery {
    /// Our id.
    pub id: String,
    /// The check's id.
    pub check_id: String,
    /// The connection it goes to.
    pub connection_id: String,
    /// The rule it answers: our id.
    pub rule_id: String,
    /// The merge request: our id.
    pub merge_request_id: String,
    /// The project: our id.
    pub project_id: String,
    /// GitLab's project id.
    pub project: i64,
    /// The merge request's number.
    pub iid: i64,
    /// GitLab's id of the external status check.
    pub rule: i64,
    /// What GitLab is told.
    pub status: GitLabStatus,
    /// For which commit.
    pub sha: String,
    /// Attempts so far.
    pub attempts: i64,
}

/// What an attempt came to.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The delivery's state from now on.
    pub state: DeliveryState,
    /// When to try again, if it is still pending.
    pub due_at: Time,
    /// When the attempt began.
    pub started_at: Time,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// GitLab's HTTP status.
    pub http_status: Option<u16>,
    /// What went wrong.
    pub error: Option<&'a str>,
}

/// What may be taken.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Whose deliveries.
    pub connection_id: &'a str,
    /// At most so many.
    pub limit: i64,
    /// The broken rules that may be probed, with one delivery each.
    pub probes: &'a [String],
    /// Whether what was tried least comes first, before what is due longest: when there is room for one, what fails again and
    /// again must not take it each time.
    pub untried_first: bool,
}

/// Takes due deliveries for this process until `until`. Leaves out what belongs to a broken rule (but for one that is its
/// probe), what waits for an older delivery of its check, and turns what a newer one has overtaken into obsolete.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    owner: &str,
    wanted: &Wanted<'_>,
    now: Time,
    until: Time,
) -> Result<Vec<ClaimedDelivery>, DbError> {
    let mut claimed = Vec::new();
    let mut probed = HashSet::new();
    for (id, check_id, broken_rule) in due(conn, wanted, now)? {
        if broken_rule.as_ref().is_some_and(|rule| probed.contains(rule)) {
            continue;
        }
        if claim_one(conn, owner, &id, &check_id, now, until)? {
            claimed.push(load_claimed(conn, &id)?);
            probed.extend(broken_rule);
        }
    }
    Ok(claimed)
}

/// What is due: the delivery, its check, and its rule if that is broken.
fn due(
    conn: &mut Conn,
    wanted: &Wanted<'_>,
    now: Time,
) -> Result<Vec<(String, String, Option<String>)>, DbError> {
    let at = now.to_string();
    let pending = DeliveryState::Pending.as_str();
    let other = diesel::alias!(delivery as other);
    let found = delivery::table
        .inner_join(rule::table.on(rule::id.eq(delivery::rule_id)))
        .filter(delivery::state.eq(pending))
        .filter(delivery::connection_id.eq(wanted.connection_id))
        .filter(delivery::due_at.le(&at))
        .filter(delivery::lease_until.is_null().or(delivery::lease_until.lt(&at)))
        .filter(rule::broken_reason.is_null().or(rule::id.eq_any(wanted.probes)))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            other
                .filter(other.field(delivery::check_id).eq(delivery::check_id))
                .filter(other.field(delivery::state).eq(pending))
                .filter(other.field(delivery::seq).lt(delivery::seq)),
        )))
        .limit(wanted.limit)
        .select((
            delivery::id,
            delivery::check_id,
            diesel::dsl::case_when(rule::broken_reason.is_not_null(), rule::id.nullable())
                .otherwise(None::<String>),
        ))
        .order((delivery::due_at.asc(), delivery::id.asc()));
    Ok(if wanted.untried_first {
        found.order((delivery::attempts.asc(), delivery::due_at.asc(), delivery::id.asc())).load(conn)?
    } else {
        found.load(conn)?
    })
}

/// Takes one of them, if it is still free and still says what is true.
fn claim_one(
    conn: &mut Conn,
    owner: &str,
    id: &str,
    check_id: &str,
    now: Time,
    until: Time,
) -> Result<bool, DbError> {
    let at = now.to_string();
    let overtaken = is_overtaken(conn, id)?;
    // A push or a close while it was on its way, and the way failed.
    let state: String = status_check::table.find(check_id).select(status_check::state).first(conn)?;
    let over = matches!(CheckState::parse(&state), Some(CheckState::Superseded | CheckState::Withdrawn));
    let free = delivery::table
        .filter(delivery::id.eq(id))
        .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::lease_until.is_null().or(delivery::lease_until.lt(&at)));
    if overtaken || over {
        diesel::update(free)
            .set((delivery::state.eq(DeliveryState::Obsolete.as_str()), delivery::updated_at.eq(&at)))
            .execute(conn)?;
        return Ok(false);
    }
    let ours = diesel::update(free)
        .set((delivery::lease_owner.eq(Some(owner)), delivery::lease_until.eq(Some(until.to_string()))))
        .execute(conn)?;
    Ok(ours == 1)
}

fn load_claimed(conn: &mut Conn, id: &str) -> Result<ClaimedDelivery, DbError> {
    type Tuple = (String, String, String, String, String, (String, i64), i64, i64, String, String, i64);
    let row: Tuple = delivery::table
        .inner_join(status_check::table.on(status_check::id.eq(delivery::check_id)))
        .inner_join(merge_request::table.on(merge_request::id.eq(status_check::merge_request_id)))
        .inner_join(project::table.on(project::id.eq(status_check::project_id)))
        .inner_join(rule::table.on(rule::id.eq(delivery::rule_id)))
        .filter(delivery::id.eq(id))
        .select((
            delivery::id,
            delivery::check_id,
            delivery::connection_id,
            delivery::rule_id,
            merge_request::id,
            (project::id, project::gitlab_id),
            merge_request::iid,
            rule::gitlab_id,
            delivery::status,
            delivery::sha,
            delivery::attempts,
        ))
        .first(conn)?;
    let (id, check_id, connection_id, rule_id, merge_request_id, project, iid, rule, status, sha, attempts) =
        row;
    Ok(ClaimedDelivery {
        id,
        check_id,
        connection_id,
        rule_id,
        merge_request_id,
        project_id: project.0,
        project: project.1,
        iid,
        rule,
        status: word(&status, GitLabStatus::parse)?,
        sha,
        attempts,
    })
}

/// Records an attempt, if the lease is still ours; `false` if it is not: then somebody else has it. What GitLab did not take
/// and was overtaken meanwhile becomes obsolete at once, since the newer one waits for it.
///
/// # Errors
/// The database's.
pub fn finish(
    conn: &mut Conn,
    owner: &str,
    claimed: &ClaimedDelivery,
    outcome: &Outcome<'_>,
    now: Time,
) -> Result<bool, DbError> {
    let at = now.to_string();
    let number = claimed.attempts + 1;
    let http_status = outcome.http_status.map(i64::from);
    let undone = matches!(outcome.state, DeliveryState::Pending | DeliveryState::Failed);
    let overtaken = undone && is_overtaken(conn, &claimed.id)?;
    let state = if overtaken { DeliveryState::Obsolete } else { outcome.state };
    let ours = diesel::update(
        delivery::table
            .find(&claimed.id)
            .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
            .filter(delivery::lease_owner.eq(owner)),
    )
    .set((
        delivery::state.eq(state.as_str()),
        delivery::attempts.eq(number),
        delivery::due_at.eq(outcome.due_at.to_string()),
        delivery::http_status.eq(http_status),
        delivery::last_error.eq(outcome.error),
        delivery::delivered_at.eq((outcome.state == DeliveryState::Delivered).then(|| at.clone())),
        delivery::lease_owner.eq(None::<String>),
        delivery::lease_until.eq(None::<String>),
        delivery::updated_at.eq(&at),
    ))
    .execute(conn)?;
    if ours == 0 {
        return Ok(false);
    }
    touch(conn, &claimed.check_id, now)?;
    diesel::insert_into(attempt::table)
        .values((
            attempt::delivery_id.eq(&claimed.id),
            attempt::number.eq(number),
            attempt::at.eq(outcome.started_at.to_string()),
            attempt::duration_ms.eq(outcome.duration_ms),
            attempt::http_status.eq(http_status),
            attempt::error.eq(outcome.error),
        ))
        .execute(conn)?;
    Ok(true)
}

/// Whether a delivery of a connection, or of one of its rules, is on its way.
///
/// # Errors
/// The database's.
pub fn is_any_on_its_way(
    conn: &mut Conn,
    connection_id: &str,
    rule_id: Option<&str>,
    now: Time,
) -> Result<bool, DbError> {
    let on_its_way = of(connection_id, rule_id)
        .filter(delivery::state.eq(DeliveryState::Pending.as_str()))
        .filter(delivery::lease_until.ge(now.to_string()));
    let first: Option<String> = on_its_way.select(delivery::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Whether its check has a newer delivery.
fn is_overtaken(conn: &mut Conn, id: &str) -> Result<bool, DbError> {
    let newer = diesel::alias!(delivery as newer);
    Ok(diesel::select(diesel::dsl::exists(
        delivery::table
            .inner_join(newer.on(newer.field(delivery::check_id).eq(delivery::check_id)))
            .filter(delivery::id.eq(id))
            .filter(newer.field(delivery::seq).gt(delivery::seq)),
    ))
    .get_result(conn)?)
}

/// Ends leases of deliveries held by `owner`, or by anybody.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, owner: Option<&str>) -> Result<(), DbError> {
    let pending = delivery::state.eq(DeliveryState::Pending.as_str());
    let free = (delivery::lease_owner.eq(None::<String>), delivery::lease_until.eq(None::<String>));
    match owner {
        Some(owner) => {
            diesel::update(delivery::table.filter(pending).filter(delivery::lease_owner.eq(owner)))
                .set(free)
                .execute(conn)?
        }
        None => diesel::update(delivery::table.filter(pending).filter(delivery::lease_until.is_not_null()))
            .set(free)
            .execute(conn)?,
    };
    Ok(())
}
