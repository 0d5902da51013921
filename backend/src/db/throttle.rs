//! Failed sign-ins, counted by e-mail address and by network address.

use std::collections::HashMap;
use std::net::IpAddr;

use diesel::prelude::*;

use super::schema::sign_in_throttle as throttle;
use super::{Conn, DbError, lock, time};
use crate::domain::Time;
use crate::domain::throttle::{Counted, FORGOTTEN_AFTER, Failures};

/// What failures are counted for: a kind and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The kind.
    pub what: Counted,
    key: String,
}

impl Subject {
    /// An e-mail address, whether somebody has it or not.
    #[must_use]
    pub fn account(email: &str) -> Self {
        // What is no address at all may be anything, even a password: only its hash is kept.
        let key = super::accounts::email_key(email);
        Self { what: Counted::Account, key: format!("account:{}", crate::crypto::secret::hash(&key)) }
    }

    /// A network address; of IPv6 the network of 64 bits, of which a client may use any address.
    #[must_use]
    pub fn address(address: &str) -> Self {
        let key = match address.parse() {
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Ok(IpAddr::V4(_)) | Err(_) => format!("address:{address}"),
        };
        Self { what: Counted::Address, key }
    }
}

/// The failures of one subject; locked against others who count at the same moment.
///
/// # Errors
/// The database's.
pub fn read(conn: &mut Conn, subject: &Subject) -> Result<Failures, DbError> {
    lock(conn, &subject.key)?;
    let row: Option<(i64, String, Option<String>)> = throttle::table
        .find(&subject.key)
        .select((throttle::failures, throttle::last_at, throttle::locked_until))
        .first(conn)
        .optional()?;
    let Some((count, last, locked)) = row else { return Ok(Failures::default()) };
    Ok(Failures {
        count,
        last: Some(time(&last)?),
        locked_until: locked.map(|until| time(&until)).transpose()?,
    })
}

/// Stores the failures of one subject.
///
/// # Errors
/// The database's.
pub fn save(conn: &mut Conn, subject: &Subject, failures: &Failures) -> Result<(), DbError> {
    clear(conn, subject)?;
    let Some(last) = failures.last.filter(|_| failures.count > 0) else { return Ok(()) };
    diesel::insert_into(throttle::table)
        .values((
            throttle::subject.eq(&subject.key),
            throttle::failures.eq(failures.count),
            throttle::last_at.eq(last.to_string()),
            throttle::locked_until.eq(failures.locked_until.map(|until| until.to_string())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets the failures of one subject.
///
/// # Errors
/// The database's.
pub fn clear(conn: &mut Conn, subject: &Subject) -> Result<(), DbError> {
    diesel::delete(throttle::table.find(&subject.key)).execute(conn)?;
    Ok(())
}

/// Until when each of these e-mail addresses is locked, for those that are.
///
/// # Errors
/// The database's.
pub fn locked(conn: &mut Conn, now: Time) -> Result<HashMap<String, String>, DbError> {
    let rows: Vec<(String, Option<String>)> = throttle::table
        .filter(throttle::locked_until.gt(now.to_string()))
        .select((throttle::subject, throttle::locked_until))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(key, until)| Some((key, until?))).collect())
}

/// Until when this e-mail address is locked, by what [`locked`] read.
#[must_use]
pub fn locked_until(locked: &HashMap<String, String>, email: &str) -> Option<String> {
    locked.get(&Subject::account(email).key).cloned()
}

/// Deletes what is forgotten by now.
///
/// # Errors
/// The database's.
pub fn prune(conn: &mut Conn, now: Time) -> Result<(), DbError> {
    let before = now.before(FORGOTTEN_AFTER).to_string();
    diesel::delete(throttle::table.filter(throttle::last_at.lt(before))).execute(conn)?;
    Ok(())
}
