//! Databases with many checks, made once and kept as long as schema and contents stay the same.

use std::fs;
use std::path::{Path, PathBuf};

use approval_app::db::{DatabaseUrl, Db};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use sha2::{Digest as _, Sha256};

use crate::report::Report;
use crate::{Result, place};

/// What is put in.
const CONTENTS: &str = include_str!("seed.sql");
/// Where the schema comes from.
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite");
/// While it is filled the file may break: then it is made anew.
const FAST: &str = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
    PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; PRAGMA locking_mode = EXCLUSIVE;";

/// A database with so many checks.
///
/// # Errors
/// If it cannot be made.
pub fn database(checks: u64, report: &mut Report) -> Result<PathBuf> {
    let folder = place::kept()?;
    let prefix = format!("checks-{checks}-");
    let path = folder.join(format!("{prefix}{}.db", fingerprint()?));
    if path.exists() {
        return Ok(path);
    }
    for old in fs::read_dir(&folder)? {
        let old = old?.path();
        if old.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)) {
            fs::remove_file(old)?;
        }
    }
    report.progress(&format!("making a database with {checks} checks"))?;
    let unfinished = folder.join(format!("{prefix}unfinished.db"));
    drop(Db::open(DatabaseUrl::parse(&format!("sqlite:{}", unfinished.display()))?)?);
    fill(&unfinished, checks)?;
    fs::rename(&unfinished, &path)?;
    report.progress(&format!("  {} MiB", fs::metadata(&path)?.len() >> 20))?;
    Ok(path)
}

/// Changes with the schema and with what is put in.
fn fingerprint() -> Result<String> {
    let mut all = Sha256::new();
    let mut files: Vec<PathBuf> = fs::read_dir(MIGRATIONS)?
        .map(|one| one.map(|one| one.path().join("up.sql")))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    for file in files {
        all.update(fs::read(file)?);
    }
    all.update(CONTENTS);
    all.update(include_str!("seed.rs"));
    Ok(hex::encode(&all.finalize()[..6]))
}

fn fill(path: &Path, checks: u64) -> Result<()> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(FAST)?;
    // Two of a hundred wait, but even in a small database enough for two full pages.
    let pending_every = if checks < 50_000 { 2 } else { 25 };
    let statements = CONTENTS
        .replace(":checks", &checks.to_string())
        .replace(":pending_every", &pending_every.to_string());
    conn.transaction(|conn| conn.batch_execute(&statements))?;
    conn.batch_execute("PRAGMA journal_mode = WAL;")?;
    Ok(())
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    cursor: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The cursor in the middle of the listing of all checks, or of those that wait.
///
/// # Errors
/// The database's.
pub fn middle(database: &Path, all: bool) -> Result<String> {
    let mut conn = SqliteConnection::establish(&format!("file:{}?mode=ro", database.display()))?;
    let which = if all { "1" } else { "state = 'pending'" };
    let count: Count =
        diesel::sql_query(format!("SELECT count(*) AS number FROM status_check WHERE {which}"))
            .get_result(&mut conn)?;
    let place: Place = diesel::sql_query(format!(
        "SELECT received_at || '~' || id AS cursor FROM status_check WHERE {which} \
         ORDER BY received_at, id LIMIT 1 OFFSET {}",
        count.number / 2
    ))
    .get_result(&mut conn)?;
    Ok(place.cursor)
}
