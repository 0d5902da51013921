//! Moving a store from SQLite to PostgreSQL, or back.
//!
//! Nobody may use either meanwhile: what is decided after the copy would be told to GitLab by a service whose
//! database is left behind. A SQLite file is taken as a service takes it; of PostgreSQL the server says who else
//! is connected, and the tables of a target are locked. What is read is one snapshot, what is written one
//! transaction, which is committed when each table was read back and found the same, and the record's chain holds.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use sha2::{Digest as _, Sha256};

use super::connection::{self, Role, begin_read, establish, transaction_to_write};
use super::rows::{self, Row, Table, Value, quoted};
use super::{Conn, DatabaseUrl, DbError, audit, migrations};
use crate::domain::audit::Chain;

/// A statement carries so many values at most; PostgreSQL takes 65,535, SQLite 32,766.
const VALUES: usize = 16_000;
/// A statement carries about so many bytes, or one row.
const BYTES: usize = 4 * 1024 * 1024;
/// After so many rows of a table it is said how far it is.
const STEP: u64 = 100_000;
/// So many entries of the record are looked at together.
const ENTRIES: i64 = 500;
/// Tables that a new schema has rows in, which the copied ones replace.
const SEEDED: [&str; 2] = ["event_counter", "instance"];

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many rows of a table, which has more, are written.
    Copying(String, u64),
    /// A table is written: all its rows.
    Copied(String, u64),
    /// All tables were read back, and are the same.
    Compared,
}

/// What was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Tables.
    pub tables: usize,
    /// Rows of all tables.
    pub rows: u64,
    /// Entries of the record, whose chain holds.
    pub entries: i64,
    /// The hash of its newest entry.
    pub head: String,
}

/// Copies everything into an empty database of the other kind; what is copied stays as it is. A schema is made
/// where there is none; a target that has rows is left alone, and one that was not filled to the end stays empty.
///
/// # Errors
/// [`DbError::BadUrl`] if both are of one kind, [`DbError::InUse`] if somebody uses one of them,
/// [`DbError::Migration`] if the schema of one is not this program's, [`DbError::NotMoved`] if the target is not
/// empty or the copy is not the same, [`DbError::Unavailable`], or the databases'.
pub fn copy(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: &mut dyn FnMut(Progress),
) -> Result<Moved, DbError> {
    match (from, to) {
        (DatabaseUrl::Sqlite(path), DatabaseUrl::Postgres(_)) if !path.exists() => {
            return Err(DbError::Unavailable(format!("there is no database at {}", path.display()).into()));
        }
        (DatabaseUrl::Sqlite(_), DatabaseUrl::Sqlite(_)) => {
            return Err(DbError::BadUrl("both are SQLite: use `backup` and `restore`".into()));
        }
        (DatabaseUrl::Postgres(_), DatabaseUrl::Postgres(_)) => {
            return Err(DbError::BadUrl("both are PostgreSQL: use pg_dump and pg_restore".into()));
        }
        _ => {}
    }
    connection::prepare_place(to)?;
    let _alone = (connection::take_alone(from)?, connection::take_alone(to)?);
    let mut source = open(from, Role::Reader)?;
    must_have_schema(&mut source, from)?;
    let mut target = open(to, Role::Writer)?;
    prepare(&mut target, to)?;
    let moved = source.transaction(|source| {
        hold(source)?;
        refuse_company(source, from)?;
        transaction_to_write(&mut target, |target| fill(source, target, to, progress))
    })?;
    if let Conn::Sqlite(sqlite) = &mut target {
        sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(moved)
}

/// Makes the transaction a snapshot in which nobody else writes: a replica that is started meanwhile acknowledges nothing.
fn hold(source: &mut Conn) -> Result<(), DbError> {
    match source {
        Conn::Sqlite(_) => begin_read(source)?,
        // What calls, people and deliveries write, before the snapshot is taken.
        Conn::Postgres(pg) => pg.batch_execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
             LOCK TABLE call_batch, received_call, status_check, decision, delivery, event_counter, event IN SHARE MODE",
        )?,
    }
    Ok(())
}

fn open(url: &DatabaseUrl, role: Role) -> Result<Conn, DbError> {
    let mut conn = establish(url, role)?;
    if let Conn::Postgres(pg) = &mut conn {
        // One waits while the other is read or written.
        pg.batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")?;
    }
    Ok(conn)
}

fn must_have_schema(source: &mut Conn, from: &DatabaseUrl) -> Result<(), DbError> {
    if !rows::names(source)?.iter().any(|name| name == "status_check") {
        return Err(DbError::Migration(format!("{from} is not a database of this program")));
    }
    migrations::check(source)
}

/// Makes the schema where there is nothing at all; else it has to be this program's.
fn prepare(target: &mut Conn, to: &DatabaseUrl) -> Result<(), DbError> {
    let names = rows::names(target)?;
    if names.is_empty() {
        migrations::run(target)?;
    } else if !names.iter().any(|name| name == "status_check") {
        return Err(not_empty(to, &names[0], "a table"));
    }
    migrations::check(target)
}

fn not_empty(to: &DatabaseUrl, table: &str, what: &str) -> DbError {
    DbError::NotMoved(format!("{to} is not empty: there is {what} in {table:?}; name an empty database"))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

/// Who is connected to PostgreSQL may write; a SQLite file was taken already.
fn refuse_company(source: &mut Conn, from: &DatabaseUrl) -> Result<(), DbError> {
    let Conn::Postgres(pg) = source else { return Ok(()) };
    let others: Number = sql_query(
        "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    .get_result(pg)?;
    match others.number {
        None | Some(0) => Ok(()),
        Some(others) => Err(DbError::InUse(format!(
            "{others} other connections use {from}; stop all replicas and close other sessions first"
        ))),
    }
}

fn fill(
    source: &mut Conn,
    target: &mut Conn,
    to: &DatabaseUrl,
    progress: &mut dyn FnMut(Progress),
) -> Result<Moved, DbError> {
    let tables = rows::tables(target)?;
    compare_tables(&mut rows::tables(source)?, &tables)?;
    if let Conn::Postgres(pg) = target {
        let names: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
        pg.batch_execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", ")))?;
    }
    clear_seeds(target, &tables, to)?;
    let mut moved = Moved { tables: tables.len(), ..Moved::default() };
    let mut written = Vec::with_capacity(tables.len());
    for table in &tables {
        let sum = copy_table(source, target, table, progress).map_err(|error| in_table(table, error))?;
        moved.rows += sum.rows;
        continue_numbers(source, target, table).map_err(|error| in_table(table, error))?;
        progress(Progress::Copied(table.name.clone(), sum.rows));
        written.push(sum);
    }
    for (table, wanted) in tables.iter().zip(&written) {
        let mut found = Sum::default();
        rows::each(target, table, |row| {
            found.add(&row);
            Ok(())
        })?;
        if found.rows != wanted.rows || found.digest.clone().finalize() != wanted.digest.clone().finalize() {
            return Err(DbError::NotMoved(format!(
                "{} was copied, but what is there now is not the same ({} rows of {}); nothing was kept",
                table.name, found.rows, wanted.rows
            )));
        }
    }
    progress(Progress::Compared);
    (moved.entries, moved.head) = follow_record(target)?;
    Ok(moved)
}

/// The error of a statement, with the table it was about.
fn in_table(table: &Table, error: DbError) -> DbError {
    match error {
        DbError::Query(error) => DbError::NotMoved(format!("{}: {error}; nothing was kept", table.name)),
        other => other,
    }
}

fn compare_tables(source: &mut [Table], target: &[Table]) -> Result<(), DbError> {
    let mut target = target.to_vec();
    source.sort_by(|a, b| a.name.cmp(&b.name));
    target.sort_by(|a, b| a.name.cmp(&b.name));
    let foreign = |these: &[Table], those: &[Table]| {
        these.iter().find(|table| !those.iter().any(|other| other.name == table.name)).cloned()
    };
    if let Some(table) = foreign(source, &target).or_else(|| foreign(&target, source)) {
        return Err(DbError::NotMoved(format!(
            "only one of the two has a table {:?}; it is none of this program's: drop it, or put it elsewhere",
            table.name
        )));
    }
    for (one, other) in source.iter().zip(&target) {
        let columns = |table: &Table| table.columns.iter().map(|column| column.0.clone()).collect::<Vec<_>>();
        if columns(one) != columns(other) {
            return Err(DbError::NotMoved(format!("{} does not have the same columns in both", one.name)));
        }
    }
    Ok(())
}

/// Takes away what a new schema comes with, if there is nothing else.
fn clear_seeds(target: &mut Conn, tables: &[Table], to: &DatabaseUrl) -> Result<(), DbError> {
    for table in tables {
        let name = quoted(&table.name);
        // The counter of a record that has begun is no seed any more.
        let text = match table.name.as_str() {
            "instance" => continue,
            "event_counter" => format!("SELECT count(*) AS number FROM {name} WHERE last <> 0"),
            _ => format!("SELECT count(*) AS number FROM (SELECT 1 FROM {name} LIMIT 1) AS found"),
        };
        if number(target, &text)?.is_some_and(|rows| rows > 0) {
            return Err(not_empty(to, &table.name, "something"));
        }
    }
    for name in SEEDED {
        target.batch_execute(&format!("DELETE FROM {name}"))?;
    }
    Ok(())
}

fn number(conn: &mut Conn, text: &str) -> Result<Option<i64>, DbError> {
    let row: Number = match conn {
        Conn::Sqlite(sqlite) => sql_query(text).get_result(sqlite)?,
        Conn::Postgres(pg) => sql_query(text).get_result(pg)?,
    };
    Ok(row.number)
}

/// All rows of a table in the order of its key, in short.
#[derive(Default)]
struct Sum {
    rows: u64,
    digest: Sha256,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        self.rows += 1;
        row.0.iter().for_each(|value| value.digest(&mut self.digest));
    }
}

fn copy_table(
    source: &mut Conn,
    target: &mut Conn,
    table: &Table,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sum, DbError> {
    let most = (VALUES / table.columns.len().max(1)).max(1);
    let (mut sum, mut waiting, mut weight) = (Sum::default(), Vec::new(), 0);
    rows::each(source, table, |row| {
        sum.add(&row);
        weight += row.0.iter().map(Value::weight).sum::<usize>();
        waiting.push(row);
        if waiting.len() >= most || weight >= BYTES {
            rows::insert(target, table, &waiting)?;
            waiting.clear();
            weight = 0;
        }
        if sum.rows.is_multiple_of(STEP) {
            progress(Progress::Copying(table.name.clone(), sum.rows));
        }
        Ok(())
    })?;
    if !waiting.is_empty() {
        rows::insert(target, table, &waiting)?;
    }
    Ok(sum)
}

/// Lets numbers that the database gives out go on behind the last one that the source gave out, also where its row
/// is gone by now.
fn continue_numbers(source: &mut Conn, target: &mut Conn, table: &Table) -> Result<(), DbError> {
    let [key] = table.key.as_slice() else { return Ok(()) };
    let given_out = match source {
        Conn::Sqlite(sqlite) => sql_query("SELECT max(seq) AS number FROM sqlite_sequence WHERE name = ?")
            .bind::<Text, _>(&table.name)
            .get_result::<Number>(sqlite)?,
        Conn::Postgres(pg) => sql_query(
            "SELECT pg_sequence_last_value(pg_get_serial_sequence(quote_ident($1), $2)::regclass) AS number",
        )
        .bind::<Text, _>(&table.name)
        .bind::<Text, _>(key)
        .get_result::<Number>(pg)?,
    };
    match target {
        // SQLite keeps the largest number by itself, if the table is one of those.
        Conn::Sqlite(sqlite) => {
            let Some(last) = given_out.number else { return Ok(()) };
            let name = &table.name;
            sql_query(
                "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema \
                 WHERE name = ? AND sql LIKE '%AUTOINCREMENT%' \
                 AND name NOT IN (SELECT name FROM sqlite_sequence)",
            )
            .bind::<Text, _>(name)
            .execute(sqlite)?;
            sql_query("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?")
                .bind::<BigInt, _>(last)
                .bind::<Text, _>(name)
                .execute(sqlite)?;
        }
        Conn::Postgres(pg) => {
            let text = format!(
                "SELECT setval(sequence, greatest($3, (SELECT max({}) FROM {}))) AS number \
                 FROM (SELECT pg_get_serial_sequence(quote_ident($1), $2)::regclass AS sequence) AS own \
                 WHERE sequence IS NOT NULL AND ($3 IS NOT NULL OR EXISTS (SELECT 1 FROM {}))",
                quoted(key),
                quoted(&table.name),
                quoted(&table.name)
            );
            // Only tables with numbers of that kind get here; of others the text would not fit.
            if table.columns.iter().any(|column| column.0 == *key && column.1 == rows::Sort::Number) {
                sql_query(text)
                    .bind::<Text, _>(&table.name)
                    .bind::<Text, _>(key)
                    .bind::<Nullable<BigInt>, _>(given_out.number)
                    .execute(pg)?;
            }
        }
    }
    Ok(())
}

/// Follows the record from its first entry to the last; returns how many there are and the last one's hash.
fn follow_record(conn: &mut Conn) -> Result<(i64, String), DbError> {
    let (instance, head) = audit::head(conn)?;
    let mut chain = Chain::new(&instance, true);
    let mut broken = audit::unknown(conn, head.id)?;
    while broken.is_none() {
        match audit::follow(conn, &mut chain, head.id, ENTRIES)? {
            Ok(0) => {
                broken = chain.end(head.id, &head.hash).err();
                break;
            }
            Ok(_) => {}
            Err(found) => broken = Some(found),
        }
    }
    match broken {
        None => Ok((head.id, head.hash)),
        Some(broken) => Err(DbError::NotMoved(format!(
            "the record does not hold at entry {}, also where it came from (`approval-app audit export` and \
             `audit verify` show it); nothing was kept",
            broken.id
        ))),
    }
}
