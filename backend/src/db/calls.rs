//! Calls one by one, from the moment they are taken out of the batch they arrived in.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::batches::Arrived;
use super::schema::received_call::{self as call, dsl};
use super::{Conn, DbError, batches, packing};
use crate::domain::Time;

/// Of large bodies no more are taken at once: unpacked, they are outside of the budget for calls.
const MOST_BYTES: i64 = 32 * 1024 * 1024;

/// What became of a stored call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// Waits to be processed.
    Stored,
    /// Processed.
    Processed,
    /// Waits for a person.
    SetAside,
}

impl CallState {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            CallState::Stored => "stored",
            CallState::Processed => "processed",
            CallState::SetAside => "set_aside",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [CallState::Stored, CallState::Processed, CallState::SetAside]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A call that this process may work on until its lease ends.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = call)]
pub struct ClaimedCall {
    /// Its number.
    pub id: i64,
    /// When it arrived, RFC 3339.
    pub received_at: String,
    /// Whether its signature was verified.
    pub signed: bool,
    /// The rule key of its URL.
    pub rule_key: Option<String>,
    /// How many times it was tried before.
    pub attempts: i64,
    /// How many of these failed, since it was queued last, for a reason that may lie in the call; outages do not count.
    pub failures: i64,
    /// The raw body.
    pub body: Vec<u8>,
}

/// A call in a listing, without its body.
#[derive(Debug, Queryable)]
pub struct ListedCall {
    /// Its number.
    pub id: i64,
    /// When it arrived.
    pub received_at: String,
    /// What became of it.
    pub state: String,
    /// Whether its signature was verified.
    pub signed: bool,
    /// Bytes of its body.
    pub size: i64,
    /// What happened to it.
    pub note: Option<String>,
    /// How many times it was tried.
    pub attempts: i64,
}

/// Writes down an arrived call under a lease of `owner` until `until`; it is to be processed by whoever
/// asked for it.
///
/// # Errors
/// The database's.
pub fn insert_claimed(
    conn: &mut Conn,
    arrived: Arrived,
    owner: &str,
    until: &str,
) -> Result<ClaimedCall, DbError> {
    let at = arrived.received_at.to_string();
    let packed = packing::pack(&arrived.body);
    let row = (
        dsl::received_at.eq(&at),
        dsl::state.eq(CallState::Stored.as_str()),
        dsl::signed.eq(arrived.signed),
        dsl::rule_key.eq(arrived.rule_key.as_deref()),
        dsl::size.eq(i64::try_from(arrived.body.len()).unwrap_or(i64::MAX)),
        dsl::attempts.eq(0),
        dsl::failures.eq(0),
        dsl::due_at.eq(&at),
        dsl::lease_owner.eq(owner),
        dsl::lease_until.eq(until),
        dsl::body.eq(&packed[..]),
    );
    let insert = diesel::insert_into(call::table).values(row).returning(dsl::id);
    // In each arm, which keeps the prepared statement by its type instead of writing its text anew.
    let id = match conn {
        Conn::Sqlite(sqlite) => insert.get_result(sqlite)?,
        Conn::Postgres(pg) => insert.get_result(pg)?,
    };
    Ok(ClaimedCall {
        id,
        received_at: at,
        signed: arrived.signed,
        rule_key: arrived.rule_key,
        attempts: 0,
        failures: 0,
        body: arrived.body.into(),
    })
}

/// Takes up to `limit` due calls, oldest first, for this process until `until`.
///
/// # Errors
/// The database's.
pub fn claim(
    conn: &mut Conn,
    owner: &str,
    now: Time,
    until: Time,
    limit: i64,
) -> Result<Vec<ClaimedCall>, DbError> {
    let at = now.to_string();
    let due: Vec<(i64, i64)> = call::table
        .filter(dsl::state.eq(CallState::Stored.as_str()))
        .filter(dsl::due_at.le(&at))
        .filter(dsl::lease_until.is_null().or(dsl::lease_until.lt(&at)))
        .order((dsl::due_at.asc(), dsl::id.asc()))
        .limit(limit)
        .select((dsl::id, dsl::size))
        .load(conn)?;
    let mut claimed = Vec::with_capacity(due.len());
    let mut bytes = 0;
    for (id, size) in due {
        bytes += size;
        if bytes > MOST_BYTES && !claimed.is_empty() {
            break;
        }
        let ours = diesel::update(
            call::table
                .find(id)
                .filter(dsl::state.eq(CallState::Stored.as_str()))
                .filter(dsl::lease_until.is_null().or(dsl::lease_until.lt(&at))),
        )
        .set((dsl::lease_owner.eq(owner), dsl::lease_until.eq(until.to_string())))
        .execute(conn)?;
        if ours == 1 {
            let mut call: ClaimedCall = call::table.find(id).select(ClaimedCall::as_select()).first(conn)?;
            // A body that cannot be unpacked reads as an empty one: its call is set aside, and the
            // others go on.
            call.body = packing::unpack(&call.body).unwrap_or_default();
            claimed.push(call);
        }
    }
    Ok(claimed)
}

/// Says what became of a call and ends its lease; `false` if `owner` has it no longer: whoever took it since says that.
///
/// # Errors
/// The database's.
pub fn finish(
    conn: &mut Conn,
    owner: &str,
    id: i64,
    state: CallState,
    note: Option<&str>,
) -> Result<bool, DbError> {
    let changed = diesel::update(call::table.find(id).filter(dsl::lease_owner.eq(owner)))
        .set((
            dsl::state.eq(state.as_str()),
            dsl::note.eq(note),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::lease_owner.eq(None::<String>),
            dsl::lease_until.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How many calls without a signature are set aside; counts no further than `most`.
///
/// # Errors
/// The database's.
pub fn unsigned_set_aside(conn: &mut Conn, most: usize) -> Result<usize, DbError> {
    // As the partial index says it.
    let set_aside = call::table.filter(sql::<Bool>("state = 'set_aside'"));
    let some: Vec<i64> = set_aside
        .filter(dsl::signed.eq(false))
        .select(dsl::id)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load(conn)?;
    Ok(some.len())
}

/// Puts a call off until `due` after a try, with so many `failures`; nothing if `owner` has it no longer.
///
/// # Errors
/// The database's.
pub fn postpone(
    conn: &mut Conn,
    owner: &str,
    id: i64,
    failures: i64,
    due: Time,
    note: &str,
) -> Result<(), DbError> {
    diesel::update(call::table.find(id).filter(dsl::lease_owner.eq(owner)))
        .set((
            dsl::due_at.eq(due.to_string()),
            dsl::note.eq(note),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::failures.eq(failures),
            dsl::lease_owner.eq(None::<String>),
            dsl::lease_until.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends all leases. Only for a database that no other process uses: after
/// a crash nobody else holds them.
///
/// # Errors
/// The database's.
pub fn release_all(conn: &mut Conn) -> Result<(), DbError> {
    diesel::update(
        call::table.filter(dsl::state.eq(CallState::Stored.as_str())).filter(dsl::lease_until.is_not_null()),
    )
    .set((dsl::lease_owner.eq(None::<String>), dsl::lease_until.eq(None::<String>)))
    .execute(conn)?;
    Ok(())
}

/// Ends the leases of `owner`.
///
/// # Errors
/// The database's.
pub fn release(conn: &mut Conn, owner: &str) -> Result<(), DbError> {
    diesel::update(
        call::table.filter(dsl::state.eq(CallState::Stored.as_str())).filter(dsl::lease_owner.eq(owner)),
    )
    .set((dsl::lease_owner.eq(None::<String>), dsl::lease_until.eq(None::<String>)))
    .execute(conn)?;
    Ok(())
}

/// Ends the leases of `owner` on these calls, for whoever works on calls that stand by themselves.
///
/// # Errors
/// The database's.
pub fn hand_over(conn: &mut Conn, owner: &str, ids: &[i64]) -> Result<(), DbError> {
    diesel::update(call::table.filter(dsl::id.eq_any(ids)).filter(dsl::lease_owner.eq(owner)))
        .set((dsl::lease_owner.eq(None::<String>), dsl::lease_until.eq(None::<String>)))
        .execute(conn)?;
    Ok(())
}

/// Queues a set-aside call again, with as many tries as a new one; `false` if there is no such call.
///
/// # Errors
/// The database's.
pub fn replay(conn: &mut Conn, id: i64, now: Time) -> Result<bool, DbError> {
    let changed = diesel::update(
        call::table.filter(dsl::id.eq(id)).filter(dsl::state.eq(CallState::SetAside.as_str())),
    )
    .set((dsl::state.eq(CallState::Stored.as_str()), dsl::due_at.eq(now.to_string()), dsl::failures.eq(0)))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Whether there is a call with this number.
///
/// # Errors
/// The database's.
pub fn exists(conn: &mut Conn, id: i64) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(call::table.find(id))).get_result(conn)?)
}

/// A page of calls, newest first; without `state` all of them.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut Conn,
    state: Option<CallState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ListedCall>, DbError> {
    let mut query = call::table
        .select((dsl::id, dsl::received_at, dsl::state, dsl::signed, dsl::size, dsl::note, dsl::attempts))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(dsl::state.eq(state.as_str()));
    }
    if let Some(before) = before {
        query = query.filter(dsl::id.lt(before));
    }
    Ok(query.order(dsl::id.desc()).limit(limit).load(conn)?)
}

/// When the next call that stands by itself is due; `None` if there is none.
///
/// # Errors
/// The database's.
pub fn next_due(conn: &mut Conn) -> Result<Option<String>, DbError> {
    Ok(call::table
        .filter(dsl::state.eq(CallState::Stored.as_str()))
        .order((dsl::due_at.asc(), dsl::id.asc()))
        .select(dsl::due_at)
        .first(conn)
        .optional()?)
}

/// When the newest call arrived; `None` if none is known.
///
/// # Errors
/// The database's.
pub fn newest(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let waiting = batches::newest(conn)?;
    let taken: Option<String> =
        call::table.order(dsl::id.desc()).select(dsl::received_at).first(conn).optional()?;
    Ok(waiting.max(taken))
}

/// Deletes up to `limit` calls received before `before` that are processed, or that are unsigned
/// and were set aside (anybody can make those); returns how many.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, before: Time, limit: usize) -> Result<usize, DbError> {
    let old: Vec<i64> = call::table
        // The condition of the index that they are found by, in its words.
        .filter(sql::<Bool>("state <> 'stored'"))
        .filter(
            dsl::state
                .eq(CallState::Processed.as_str())
                .or(dsl::state.eq(CallState::SetAside.as_str()).and(dsl::signed.eq(false))),
        )
        .filter(dsl::received_at.lt(before.to_string()))
        .order(dsl::received_at.asc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(dsl::id)
        .load(conn)?;
    Ok(diesel::delete(call::table.filter(dsl::id.eq_any(old))).execute(conn)?)
}
