//! Migrations, embedded per database under the same names.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::{Conn, DbError, audit, connection};

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
    // Where nothing is to be done, nobody is waited for, and a database that is read-only now may be written later.
    if check(conn).is_ok() && !audit::is_unchained(conn)? {
        return Ok(Vec::new());
    }
    if let Conn::Postgres(pg) = conn {
        #[derive(diesel::QueryableByName)]
        struct Taken {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            taken: bool,
        }
        pg.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0")?;
        let lock: Taken =
            diesel::sql_query("SELECT pg_try_advisory_lock(7205462041) AS taken").get_result(pg)?;
        if !lock.taken {
            tracing::info!("another process brings the schema up to date; waiting for it");
            pg.batch_execute("SELECT pg_advisory_lock(7205462041)")?;
        }
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
    let names: Vec<String> = match conn {
        Conn::Sqlite(sqlite) => {
            sqlite.run_pending_migrations(SQLITE).map_err(failed)?.iter().map(ToString::to_string).collect()
        }
        Conn::Postgres(pg) => {
            pg.run_pending_migrations(POSTGRES).map_err(failed)?.iter().map(ToString::to_string).collect()
        }
    };
    // At every start and not only behind its migration, since a start may have ended in between. Where nothing is
    // to be done, that takes a look at one row.
    if audit::is_unchained(conn)? {
        connection::transaction_to_write(conn, audit::chain_older)?;
    }
    Ok(names)
}

/// Whether the schema has what this program needs. A newer one has: while replicas are exchanged one after the other, the first
/// new one changes the schema and the older ones go on. Only reads.
///
/// # Errors
/// [`DbError::Migration`] if migrations are pending.
pub fn usable(conn: &mut Conn) -> Result<(), DbError> {
    compare(conn, |applied, known| applied >= known)
}

/// Whether the schema is the one of this program. Only reads.
///
/// # Errors
/// [`DbError::Migration`] if migrations are pending or the schema is newer.
pub fn check(conn: &mut Conn) -> Result<(), DbError> {
    compare(conn, |applied, known| applied == known)
}

fn compare(conn: &mut Conn, fits: impl Fn(&Option<String>, &Option<String>) -> bool) -> Result<(), DbError> {
    #[derive(diesel::QueryableByName)]
    struct Newest {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
        version: Option<String>,
    }
    let known = match conn {
        Conn::Sqlite(_) => newest::<diesel::sqlite::Sqlite>(&SQLITE),
        Conn::Postgres(_) => newest::<diesel::pg::Pg>(&POSTGRES),
    };
    let applied: Newest = diesel::sql_query("SELECT max(version) AS version FROM __diesel_schema_migrations")
        .get_result(conn)?;
    if fits(&applied.version, &known) {
        return Ok(());
    }
    Err(DbError::Migration(format!(
        "the database has schema {}, this program needs {}; run `approval-app migrate` of the newer version",
        applied.version.unwrap_or_else(|| "none".into()),
        known.unwrap_or_else(|| "none".into())
    )))
}

fn newest<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Option<String>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let all: Vec<Box<dyn Migration<DB>>> = source.migrations().ok()?;
    all.iter().map(|migration| migration.name().version().to_string()).max()
}

/// The version of a schema that has tables and is older than this program's; `None` if there is nothing to change,
/// or nothing to lose.
#[must_use]
pub fn outdated(conn: &mut Conn) -> Option<String> {
    let (applied, known) = versions(conn);
    applied.filter(|applied| known.is_some_and(|known| *applied < known))
}

/// The version of the schema; `None` if there is none yet.
pub fn applied(conn: &mut Conn) -> Option<String> {
    versions(conn).0
}

/// Refuses a schema that this program is too old for.
///
/// # Errors
/// [`DbError::Migration`].
pub fn refuse_newer(conn: &mut Conn) -> Result<(), DbError> {
    match versions(conn) {
        (Some(applied), Some(known)) if applied > known => Err(DbError::Migration(format!(
            "the database has schema {applied}, which is newer than this program's {known}; run the newer version"
        ))),
        _ => Ok(()),
    }
}

/// The newest migration that ran, and the newest that this program has.
fn versions(conn: &mut Conn) -> (Option<String>, Option<String>) {
    match conn {
        Conn::Sqlite(sqlite) => (
            sqlite.applied_migrations().ok().and_then(|all| all.into_iter().map(|v| v.to_string()).max()),
            newest::<diesel::sqlite::Sqlite>(&SQLITE),
        ),
        Conn::Postgres(pg) => (
            pg.applied_migrations().ok().and_then(|all| all.into_iter().map(|v| v.to_string()).max()),
            newest::<diesel::pg::Pg>(&POSTGRES),
        ),
    }
}
