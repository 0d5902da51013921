//! Projects, as far as access is concerned.

use crate::app::App;
use crate::db::DbError;
use crate::db::projects::{self, ListedProject};
use crate::domain::access::Caller;

/// The projects that the caller reaches, by path.
///
/// # Errors
/// The database's.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ListedProject>, DbError> {
    let reach = caller.reach.clone();
    app.db.read(move |conn| projects::listed(conn, &reach)).await
}
