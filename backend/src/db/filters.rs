//! Listings that people keep: the table `saved_filter`.

use diesel::prelude::*;

use super::schema::saved_filter as filter;
use super::{Conn, DbError, lock};
use crate::domain::ids::AccountId;

/// Names and queries of an account's listings, in their order.
///
/// # Errors
/// The database's.
pub fn of_account(conn: &mut Conn, id: &AccountId) -> Result<Vec<(String, String)>, DbError> {
    Ok(filter::table
        .filter(filter::account_id.eq(id.as_str()))
        .order(filter::position.asc())
        .select((filter::name, filter::query))
        .load(conn)?)
}

/// Puts these in the place of what was there.
///
/// # Errors
/// The database's.
pub fn replace(conn: &mut Conn, id: &AccountId, new: &[(String, String)]) -> Result<(), DbError> {
    // Two browsers of one person replace one after the other.
    lock(conn, &format!("filters {id}"))?;
    diesel::delete(filter::table.filter(filter::account_id.eq(id.as_str()))).execute(conn)?;
    for (position, (name, query)) in (0_i64..).zip(new) {
        diesel::insert_into(filter::table)
            .values((
                filter::account_id.eq(id.as_str()),
                filter::position.eq(position),
                filter::name.eq(name),
                filter::query.eq(query),
            ))
            .execute(conn)?;
    }
    Ok(())
}
