//! Why the pending checks of a page wait: two reads for all of them, none for each.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{decision, event, status_check};
use super::{Conn, DbError, word};
use crate::domain::Verdict;
use crate::domain::ids::AccountId;
use crate::domain::record::EventKind;
use crate::domain::waiting::{Earlier, TELLING, Waiting};

/// Why each of these pending checks waits, by id; `me` is who asks. The ids are those of a page, so
/// that they fit into one statement.
///
/// # Errors
/// The database's.
pub fn reasons(conn: &mut Conn, ids: &[&str], me: &AccountId) -> Result<HashMap<String, Waiting>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut earlier = earlier(conn, ids, me)?;
    let mut happened: HashMap<String, Vec<EventKind>> = HashMap::new();
    let rows: Vec<(Option<String>, String)> = event::table
        .filter(event::check_id.eq_any(ids))
        .filter(event::kind.eq_any(TELLING.map(EventKind::as_str)))
        .order(event::id.asc())
        .select((event::check_id, event::kind))
        .load(conn)?;
    for (check_id, kind) in rows {
        happened.entry(check_id.unwrap_or_default()).or_default().push(word(&kind, EventKind::parse)?);
    }
    let of = |id: &&str| {
        let happened = happened.get(*id).map_or(&[][..], Vec::as_slice);
        ((*id).to_owned(), Waiting::of(happened, earlier.remove(*id)))
    };
    Ok(ids.iter().map(of).collect())
}

/// The decision to name for each check: the caller's own newest on the same merge request and rule,
/// else anybody's newest.
fn earlier(conn: &mut Conn, ids: &[&str], me: &AccountId) -> Result<HashMap<String, Earlier>, DbError> {
    type Row = (String, String, String, String, Option<String>);
    let other = diesel::alias!(status_check as other);
    let rows: Vec<Row> = status_check::table
        .inner_join(
            other.on(other
                .field(status_check::merge_request_id)
                .eq(status_check::merge_request_id)
                .and(other.field(status_check::rule_id).eq(status_check::rule_id))),
        )
        .inner_join(decision::table.on(decision::check_id.eq(other.field(status_check::id))))
        .filter(status_check::id.eq_any(ids))
        .order((decision::decided_at.asc(), decision::id.asc()))
        .select((
            status_check::id,
            decision::sha,
            decision::verdict,
            decision::reviewer,
            decision::account_id,
        ))
        .load(conn)?;
    let mut found: HashMap<String, Earlier> = HashMap::new();
    for (id, sha, verdict, reviewer, account_id) in rows {
        let own = account_id.as_deref() == Some(me.as_str());
        if own || !found.get(&id).is_some_and(|known| known.own) {
            let verdict = word(&verdict, Verdict::parse)?;
            found.insert(id, Earlier { sha, verdict, reviewer, own });
        }
    }
    Ok(found)
}
