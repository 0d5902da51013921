//! Listings that a person keeps under a name: theirs alone, so nothing of it is in the record.

use super::{Asking, ServiceError};
use crate::app::App;
use crate::db::{DbError, Lane, filters};
use crate::domain::access::Caller;

/// Names and queries of the caller's listings, in their order.
///
/// # Errors
/// The database's.
pub async fn read(app: &App, caller: &Caller) -> Result<Vec<(String, String)>, DbError> {
    let account = caller.account_id.clone();
    app.db.read(move |conn| filters::of_account(conn, &account)).await
}

/// Replaces all of the caller's listings; returns them as they are now.
///
/// # Errors
/// [`ServiceError::SignedOut`] or the database's.
pub async fn replace(
    app: &App,
    caller: &Caller,
    new: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, ServiceError> {
    let asking = Asking::new(app, caller);
    app.db
        .write(Lane::Front, move |conn| {
            let caller = asking.begin(conn, None)?;
            filters::replace(conn, &caller.account_id, &new)?;
            Ok(filters::of_account(conn, &caller.account_id)?)
        })
        .await
}
