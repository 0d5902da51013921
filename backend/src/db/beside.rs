//! The database for a moment, for the command line: while a service may be using it, and without changing its schema.

use std::sync::{Arc, Mutex};

use super::connection::{self, Manager, Role};
use super::{DatabaseUrl, Db, DbError, Inner, migrations};

impl Db {
    /// Opens the database beside a service. On SQLite it writes with a connection of its own and waits for the service's
    /// commits; it does not take the file for itself, works off no leases and runs no checkpoints. An older schema is left
    /// to the service or to `migrate`.
    ///
    /// # Errors
    /// As [`Db::open`], and [`DbError::File`] if there is none.
    pub fn open_beside(url: DatabaseUrl) -> Result<Self, DbError> {
        if !is_there(&url)? {
            return Err(DbError::File(format!("there is no database of this program at {url} yet")));
        }
        match Self::open(url.clone()) {
            Err(DbError::InUse(_)) => {}
            done => return done,
        }
        let pool = diesel::r2d2::Pool::builder()
            .max_size(1)
            .build(Manager::writing(url.clone()))
            .map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let (doubt, damage) = (Arc::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { url, pool, writer: None, doubt, damage, _alone: None, file: None })))
    }

    /// The same, but the database is made where there is none.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn make_beside(url: DatabaseUrl) -> Result<Self, DbError> {
        if is_there(&url)? { Self::open_beside(url) } else { Self::open(url) }
    }
}

/// Whether there is a database with this program's schema; [`DbError::Migration`] if the schema is another version's.
fn is_there(url: &DatabaseUrl) -> Result<bool, DbError> {
    if matches!(url, DatabaseUrl::Sqlite(path) if !path.exists()) {
        return Ok(false);
    }
    match migrations::check(&mut connection::establish(url, Role::Reader)?) {
        Ok(()) => Ok(true),
        // Without the table of migrations.
        Err(DbError::Query(_)) => Ok(false),
        Err(other) => Err(other),
    }
}
