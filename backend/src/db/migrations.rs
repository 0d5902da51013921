//! Migrations, embedded per database under the same names.

use diesel::connection::SimpleConnection as _;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::{Conn, DbError};

/// SQLite's migrations.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
/// PostgreSQL's migrations.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Brings the schema up to date; returns the names of the migrations that ran. On PostgreSQL an
/// advisory lock lets only one replica do it.
///
/// # Errors
/// [`DbError::Migration`] if one fails, or if the schema is newer than this program.
pub fn run(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    if let Conn::Postgres(pg) = conn {
        pg.batch_execute(
            "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7205462041)",
        )?;
    }
    let result = run_locked(conn);
    if let Conn::Postgres(pg) = conn {
        pg.batch_execute(
            "SELECT pg_advisory_unlock(7205462041); SET lock_timeout = '10s'; SET statement_timeout = '30s'",
        )?;
    }
    result
}

fn run_locked(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    refuse_newer(conn)?;
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        DbError::Migration(format!("a migration failed: {error}"))
    };
    let names = match conn {
        Conn::Sqlite(sqlite) => {
            sqlite.run_pending_migrations(SQLITE).map_err(failed)?.iter().map(ToString::to_string).collect()
        }
        Conn::Postgres(pg) => {
            pg.run_pending_migrations(POSTGRES).map_err(failed)?.iter().map(ToString::to_string).collect()
        }
    };
    Ok(names)
}

/// Whether the schema is the one this program needs.
///
/// # Errors
/// [`DbError::Migration`] if migrations are pending or the schema is newer.
pub fn check(conn: &mut Conn) -> Result<(), DbError> {
    refuse_newer(conn)?;
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Migration(error.to_string());
    let pending = match conn {
        Conn::Sqlite(sqlite) => sqlite.has_pending_migration(SQLITE).map_err(failed)?,
        Conn::Postgres(pg) => pg.has_pending_migration(POSTGRES).map_err(failed)?,
    };
    if pending {
        return Err(DbError::Migration("migrations are pending; run `approval-app migrate`".into()));
    }
    Ok(())
}

fn refuse_newer(conn: &mut Conn) -> Result<(), DbError> {
    use diesel::migration::{Migration, MigrationSource};
    fn newest<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Option<String>
    where
        EmbeddedMigrations: MigrationSource<DB>,
    {
        let all: Vec<Box<dyn Migration<DB>>> = source.migrations().ok()?;
        all.iter().map(|migration| migration.name().version().to_string()).max()
    }
    let (applied, known) = match conn {
        Conn::Sqlite(sqlite) => (
            sqlite.applied_migrations().ok().and_then(|all| all.into_iter().map(|v| v.to_string()).max()),
            newest::<diesel::sqlite::Sqlite>(&SQLITE),
        ),
        Conn::Postgres(pg) => (
            pg.applied_migrations().ok().and_then(|all| all.into_iter().map(|v| v.to_string()).max()),
            newest::<diesel::pg::Pg>(&POSTGRES),
        ),
    };
    match (applied, known) {
        (Some(applied), Some(known)) if applied > known => Err(DbError::Migration(format!(
            "the database has schema {applied}, which is newer than this program's {known}; run the newer version"
        ))),
        _ => Ok(()),
    }
}
