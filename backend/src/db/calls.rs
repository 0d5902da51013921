//! Calls as received: stored before GitLab is answered, processed afterwards.

use diesel::prelude::*;

use super::schema::received_call::{self as call, dsl};
use super::{Conn, DbError};
use crate::domain::Time;

/// No stored body is longer, whatever its length prefix says.
const BODY_MAX: usize = 64 * 1024 * 1024;

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

/// A call to be stored.
#[derive(Debug)]
pub struct NewCall {
    /// When it arrived.
    pub received_at: Time,
    /// Whether its signature was verified.
    pub signed: bool,
    /// The rule key of its URL, if it had one.
    pub rule_key: Option<String>,
    /// Bytes of the raw body.
    pub size: usize,
    /// The raw body, packed by [`pack`].
    pub packed: Vec<u8>,
}

/// Packs a raw body for the store: LZ4 block format behind the length in four bytes, little-endian.
/// A call's JSON repeats itself (the project stands in it three times), so that it shrinks to about
/// a third; what is not written is neither waited for nor copied at a checkpoint.
#[must_use]
pub fn pack(body: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(body)
}

/// The raw body again, byte for byte.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, DbError> {
    let told = packed.first_chunk::<4>().map_or(usize::MAX, |length| u32::from_le_bytes(*length) as usize);
    if told > BODY_MAX {
        return Err(DbError::Corrupt("a call's body with a wrong length".into()));
    }
    lz4_flex::block::decompress_size_prepended(packed)
        .map_err(|error| DbError::Corrupt(format!("a call's body ({error})")))
}

/// A call that this process may work on until its lease ends.
#[derive(Debug, Queryable)]
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

/// Stores a call.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, new: &NewCall) -> Result<(), DbError> {
    let at = new.received_at.to_string();
    let row = (
        dsl::received_at.eq(&at),
        dsl::state.eq(CallState::Stored.as_str()),
        dsl::signed.eq(new.signed),
        dsl::rule_key.eq(new.rule_key.as_deref()),
        dsl::size.eq(i64::try_from(new.size).unwrap_or(i64::MAX)),
        dsl::attempts.eq(0),
        dsl::due_at.eq(&at),
        dsl::body.eq(&new.packed[..]),
    );
    let insert = diesel::insert_into(call::table).values(row);
    // In each arm, which keeps the prepared statement by its type instead of writing its text anew.
    match conn {
        Conn::Sqlite(sqlite) => insert.execute(sqlite)?,
        Conn::Postgres(pg) => insert.execute(pg)?,
    };
    Ok(())
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
    let due: Vec<i64> = call::table
        .filter(dsl::state.eq(CallState::Stored.as_str()))
        .filter(dsl::due_at.le(&at))
        .filter(dsl::lease_until.is_null().or(dsl::lease_until.lt(&at)))
        .order((dsl::due_at.asc(), dsl::id.asc()))
        .limit(limit)
        .select(dsl::id)
        .load(conn)?;
    let mut claimed = Vec::with_capacity(due.len());
    for id in due {
        let ours = diesel::update(
            call::table
                .find(id)
                .filter(dsl::state.eq(CallState::Stored.as_str()))
                .filter(dsl::lease_until.is_null().or(dsl::lease_until.lt(&at))),
        )
        .set((dsl::lease_owner.eq(owner), dsl::lease_until.eq(until.to_string())))
        .execute(conn)?;
        if ours == 1 {
            let mut call: ClaimedCall = call::table
                .find(id)
                .select((dsl::id, dsl::received_at, dsl::signed, dsl::rule_key, dsl::attempts, dsl::body))
                .first(conn)?;
            // A body that cannot be unpacked reads as an empty one: its call is set aside, and the
            // others go on.
            call.body = unpack(&call.body).unwrap_or_default();
            claimed.push(call);
        }
    }
    Ok(claimed)
}

/// Says what became of a call and ends its lease.
///
/// # Errors
/// The database's.
pub fn finish(conn: &mut Conn, id: i64, state: CallState, note: Option<&str>) -> Result<(), DbError> {
    diesel::update(call::table.find(id))
        .set((
            dsl::state.eq(state.as_str()),
            dsl::note.eq(note),
            dsl::attempts.eq(dsl::attempts + 1),
            dsl::lease_owner.eq(None::<String>),
            dsl::lease_until.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a call off until `due`.
///
/// # Errors
/// The database's.
pub fn postpone(conn: &mut Conn, id: i64, due: Time, note: &str) -> Result<(), DbError> {
    diesel::update(call::table.find(id))
        .set((
            dsl::due_at.eq(due.to_string()),
            dsl::note.eq(note),
            dsl::attempts.eq(dsl::attempts + 1),
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

/// Queues a set-aside call again; `false` if there is no such call.
///
/// # Errors
/// The database's.
pub fn replay(conn: &mut Conn, id: i64, now: Time) -> Result<bool, DbError> {
    let changed = diesel::update(
        call::table.filter(dsl::id.eq(id)).filter(dsl::state.eq(CallState::SetAside.as_str())),
    )
    .set((dsl::state.eq(CallState::Stored.as_str()), dsl::due_at.eq(now.to_string())))
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

/// When the next stored call is due; `None` if there is none.
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

/// Deletes up to `limit` calls received before `before` that are processed, or that are unsigned
/// and were set aside (anybody can make those); returns how many.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, before: Time, limit: i64) -> Result<usize, DbError> {
    let old: Vec<i64> = call::table
        .filter(
            dsl::state
                .eq(CallState::Processed.as_str())
                .or(dsl::state.eq(CallState::SetAside.as_str()).and(dsl::signed.eq(false))),
        )
        .filter(dsl::received_at.lt(before.to_string()))
        .order(dsl::id.asc())
        .limit(limit)
        .select(dsl::id)
        .load(conn)?;
    Ok(diesel::delete(call::table.filter(dsl::id.eq_any(old))).execute(conn)?)
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn a_packed_body_is_the_same_byte_for_byte() {
        for body in [&b""[..], b"{}", &[0xff; 70_000], "é\u{0}x".as_bytes()] {
            assert_eq!(unpack(&pack(body)).expect("unpacks"), body);
        }
        assert!(unpack(b"\xff\xff\xff\x7fshort").is_err());
    }
}
