//! Calls as they arrive: all calls that one commit acknowledges are one row, packed together.
//!
//! A row costs the same however many calls are in it, and calls that resemble each other pack better
//! together, so that being durable costs each call little. [`take`] moves the oldest batch into
//! `received_call`, where every call has a row of its own.

use bytes::{Buf as _, BufMut as _, Bytes};
use diesel::prelude::*;

use super::calls::{self, ClaimedCall};
use super::schema::call_batch::{self as batch, dsl};
use super::{Conn, DbError, packing};
use crate::domain::Time;

/// Stands for "no rule key" where the key's length is.
const NO_KEY: u32 = u32::MAX;

/// A buffer that is larger is not used again.
const KEPT: usize = 2 * 1024 * 1024;

/// A call as it arrived.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrived {
    /// When.
    pub received_at: Time,
    /// Whether its signature was verified.
    pub signed: bool,
    /// The rule key of its URL, if it had one.
    pub rule_key: Option<String>,
    /// The raw body.
    pub body: Bytes,
}

/// Calls on their way into one row. Each is: microseconds since 1970 (8 bytes), signed (1), length of the
/// rule key (4), the key, length of the body (4), the body; numbers big-endian.
#[derive(Debug, Default)]
pub struct Frames {
    plain: Vec<u8>,
    /// Room for the packed bytes: fresh memory for every batch costs page faults, which hold all threads.
    room: Vec<u8>,
    count: usize,
    first_at: Option<Time>,
}

impl Frames {
    /// Appends a call. The body is copied, so that the connection it came from can use its memory again.
    pub fn push(&mut self, call: &Arrived) {
        self.plain.put_i64(call.received_at.microseconds());
        self.plain.put_u8(u8::from(call.signed));
        match &call.rule_key {
            // Both are far shorter than four bytes can say: the key is part of a URL, bodies have a limit.
            Some(key) => put(&mut self.plain, key.as_bytes()),
            None => self.plain.put_u32(NO_KEY),
        }
        put(&mut self.plain, &call.body);
        self.count += 1;
        self.first_at = Some(self.first_at.map_or(call.received_at, |first| first.min(call.received_at)));
    }

    /// How many calls.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// How many bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.plain.len()
    }

    /// Empty again, with the memory it has; `None` if that is too much to keep.
    #[must_use]
    pub fn emptied(mut self) -> Option<Self> {
        self.plain.clear();
        (self.plain.capacity() <= KEPT).then_some(Self { count: 0, first_at: None, ..self })
    }

    fn pack(&mut self) -> Result<&[u8], DbError> {
        packing::pack_into(&self.plain, &mut self.room)
    }
}

fn put(plain: &mut Vec<u8>, bytes: &[u8]) {
    plain.put_u32(u32::try_from(bytes.len()).unwrap_or(NO_KEY - 1));
    plain.put_slice(bytes);
}

fn unpack(packed: &[u8]) -> Result<Vec<Arrived>, DbError> {
    let mut plain = Bytes::from(packing::unpack(packed)?);
    let mut calls = Vec::new();
    while !plain.is_empty() {
        calls.push(
            next(&mut plain).ok_or_else(|| DbError::Corrupt("a batch of calls that ends early".into()))?,
        );
    }
    Ok(calls)
}

fn next(plain: &mut Bytes) -> Option<Arrived> {
    let received_at = Time::from_microseconds(plain.try_get_i64().ok()?)?;
    let signed = plain.try_get_u8().ok()? != 0;
    let rule_key = match plain.try_get_u32().ok()? {
        NO_KEY => None,
        length => Some(String::from_utf8(cut(plain, length)?.into()).ok()?),
    };
    let length = plain.try_get_u32().ok()?;
    Some(Arrived { received_at, signed, rule_key, body: cut(plain, length)? })
}

fn cut(plain: &mut Bytes, length: u32) -> Option<Bytes> {
    let length = usize::try_from(length).ok()?;
    (length <= plain.len()).then(|| plain.split_to(length))
}

/// Stores calls. What this commits may be acknowledged.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, frames: &mut Frames) -> Result<(), DbError> {
    let Some(first_at) = frames.first_at else { return Ok(()) };
    let count = i64::try_from(frames.count).unwrap_or(i64::MAX);
    let row =
        (dsl::received_at.eq(first_at.to_string()), dsl::calls.eq(count), dsl::packed.eq(frames.pack()?));
    let insert = diesel::insert_into(batch::table).values(row);
    // In each arm, which keeps the prepared statement by its type instead of writing its text anew.
    match conn {
        Conn::Sqlite(sqlite) => insert.execute(sqlite)?,
        Conn::Postgres(pg) => insert.execute(pg)?,
    };
    Ok(())
}

/// Takes the oldest batch apart: its calls become rows of their own, under a lease of `owner` until
/// `until`. Nothing if there is none that nobody else is taking.
///
/// # Errors
/// The database's.
pub fn take(conn: &mut Conn, owner: &str, until: Time) -> Result<Vec<ClaimedCall>, DbError> {
    let oldest = batch::table.order(dsl::id.asc()).select((dsl::id, dsl::received_at, dsl::packed)).limit(1);
    let found: Option<(i64, String, Vec<u8>)> = match conn {
        Conn::Sqlite(sqlite) => oldest.first(sqlite).optional()?,
        Conn::Postgres(pg) => oldest.for_update().skip_locked().first(pg).optional()?,
    };
    let Some((id, received_at, packed)) = found else { return Ok(Vec::new()) };
    diesel::delete(batch::table.find(id)).execute(conn)?;
    let calls = match unpack(&packed) {
        Ok(calls) => calls,
        Err(error) => {
            // Nothing may be lost silently: the bytes become a call that cannot be read, and is set aside.
            tracing::error!(error = %error, batch = id, "a batch of calls is spoilt");
            let received_at = super::time(&received_at)?;
            vec![Arrived { received_at, signed: false, rule_key: None, body: packed.into() }]
        }
    };
    let until = until.to_string();
    calls.into_iter().map(|call| calls::insert_claimed(conn, call, owner, &until)).collect()
}

/// When the oldest batch arrived; `None` if there is none.
///
/// # Errors
/// The database's.
pub fn oldest(conn: &mut Conn) -> Result<Option<String>, DbError> {
    Ok(batch::table.order(dsl::id.asc()).select(dsl::received_at).first(conn).optional()?)
}

/// When the newest batch began; `None` if there is none.
///
/// # Errors
/// The database's.
pub fn newest(conn: &mut Conn) -> Result<Option<String>, DbError> {
    Ok(batch::table.order(dsl::id.desc()).select(dsl::received_at).first(conn).optional()?)
}

/// How many calls are in batches, counted until there are `most`.
///
/// # Errors
/// The database's.
pub fn waiting(conn: &mut Conn, most: i64) -> Result<i64, DbError> {
    let counts: Vec<i64> = batch::table.order(dsl::id.asc()).limit(most).select(dsl::calls).load(conn)?;
    Ok(counts.iter().sum::<i64>().min(most))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Arrived, Frames, unpack};
    use crate::domain::Time;

    fn arrived(rule_key: Option<&str>, body: &'static [u8]) -> Arrived {
        let received_at = Time::parse("2026-03-02T09:30:00.123456Z").expect("reads");
        Arrived {
            received_at,
            signed: rule_key.is_none(),
            rule_key: rule_key.map(str::to_owned),
            body: Bytes::from_static(body),
        }
    }

    #[test]
    fn calls_come_out_as_they_went_in() {
        let calls = [arrived(None, b"{}"), arrived(Some("k\u{e9}y"), b""), arrived(Some(""), &[0xff; 9000])];
        let mut frames = Frames::default();
        calls.iter().for_each(|call| frames.push(call));
        assert_eq!(frames.count(), calls.len());
        assert_eq!(unpack(frames.pack().expect("packs")).expect("unpacks"), calls);
        // The room that the larger batch needed is used for a smaller one.
        let mut again = frames.emptied().expect("is kept");
        again.push(&calls[1]);
        assert_eq!(unpack(again.pack().expect("packs")).expect("unpacks"), [arrived(Some("k\u{e9}y"), b"")]);
    }

    #[test]
    fn a_batch_that_ends_early_is_an_error_and_no_panic() {
        let mut whole = Frames::default();
        whole.push(&arrived(Some("key"), b"body"));
        for end in 1..whole.size() {
            let cut = super::packing::pack(whole.plain.get(..end).expect("is longer"));
            assert!(unpack(&cut).is_err(), "{end} of {} bytes", whole.size());
        }
    }
}
