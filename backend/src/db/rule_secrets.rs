//! The keys and HMAC secrets of rules. Secrets are stored sealed; this room never opens them.

use diesel::prelude::*;

use super::schema::{project, rule};
use super::{Conn, DbError};
use crate::domain::Time;
use crate::domain::ids::{ConnectionId, RuleId};

/// What the door needs to know to verify a call.
#[derive(Clone)]
pub struct RuleSecret {
    /// The rule: our id, for which the secret was sealed.
    pub rule_id: String,
    /// The key in the rule's own URL.
    pub rule_key: String,
    /// GitLab's project id.
    pub project: i64,
    /// GitLab's id of the external status check.
    pub rule: i64,
    /// Its own HMAC secret, sealed, if it has one.
    pub secret: Option<String>,
}

/// The secrets of rules as they are stored, with the rules' ids.
///
/// # Errors
/// The database's.
pub fn stored(conn: &mut Conn) -> Result<Vec<(RuleId, String)>, DbError> {
    let rows: Vec<(String, Option<String>)> = rule::table
        .filter(rule::hmac_secret.is_not_null())
        .select((rule::id, rule::hmac_secret))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, secret)| Some((RuleId::stored(id), secret?))).collect())
}

/// Sets or clears a rule's own HMAC secret, which is sealed already.
///
/// # Errors
/// The database's.
pub fn set(conn: &mut Conn, id: &RuleId, secret: Option<&str>, now: Time) -> Result<(), DbError> {
    diesel::update(rule::table.find(id.as_str()))
        .set((rule::hmac_secret.eq(secret), rule::updated_at.eq(now.to_string())))
        .execute(conn)?;
    Ok(())
}

/// The keys and secrets of all rules of a connection, for the door's cache.
///
/// # Errors
/// The database's.
pub fn of_connection(conn: &mut Conn, connection_id: &ConnectionId) -> Result<Vec<RuleSecret>, DbError> {
    let rows: Vec<(String, String, i64, i64, Option<String>)> = rule::table
        .inner_join(project::table.on(project::id.eq(rule::project_id)))
        .filter(project::connection_id.eq(connection_id.as_str()))
        .select((rule::id, rule::rule_key, project::gitlab_id, rule::gitlab_id, rule::hmac_secret))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(rule_id, rule_key, project, rule, secret)| RuleSecret {
            rule_id,
            rule_key,
            project,
            rule,
            secret,
        })
        .collect())
}
