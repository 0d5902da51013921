//! Rows of any table as plain values, for carrying them from one kind of database to the other.
//!
//! What tables there are, their columns, keys and who refers to whom is read from the database itself, so that no
//! table can be forgotten here.

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use sha2::{Digest as _, Sha256};

use super::{Conn, DbError};

/// A value as both databases have it; a truth is the number 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A whole number, or a truth.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// About how many bytes it takes on the way.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Value::Null | Value::Number(_) => 8,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        }
    }

    /// Adds it to a digest; no two rows of values give the same bytes.
    pub fn digest(&self, into: &mut Sha256) {
        let (tag, bytes): (u8, &[u8]) = match self {
            Value::Null => (0, &[]),
            Value::Number(number) => (1, &number.to_be_bytes()),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Bytes(bytes) => (3, bytes),
        };
        into.update([tag]);
        into.update(bytes.len().to_be_bytes());
        into.update(bytes);
    }
}

/// A row: its values in the order in which they were asked for.
pub struct Row(pub Vec<Value>);

impl QueryableByName<Sqlite> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let one = |at| {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            let Some(value) = field.value() else { return Ok(Value::Null) };
            match value.value_type() {
                None => Ok(Value::Null),
                Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                    <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Value::Number)
                }
                Some(SqliteType::Text) => <String as FromSql<Text, Sqlite>>::from_sql(value).map(Value::Text),
                Some(SqliteType::Binary) => {
                    <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value).map(Value::Bytes)
                }
                Some(other) => Err(format!("a value of the type {other:?}").into()),
            }
        };
        (0..row.field_count()).map(one).collect::<Result<_, _>>().map(Row)
    }
}

impl QueryableByName<Pg> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let one = |at| {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            field.value().map_or(Ok(Value::Null), postgres_value)
        };
        (0..row.field_count()).map(one).collect::<Result<_, _>>().map(Row)
    }
}

/// Types by their numbers in PostgreSQL's catalog (`src/include/catalog/pg_type.dat`).
fn postgres_value(value: PgValue<'_>) -> deserialize::Result<Value> {
    match value.get_oid().get() {
        16 => <bool as FromSql<Bool, Pg>>::from_sql(value).map(|truth| Value::Number(i64::from(truth))),
        17 => <Vec<u8> as FromSql<Binary, Pg>>::from_sql(value).map(Value::Bytes),
        20 => <i64 as FromSql<BigInt, Pg>>::from_sql(value).map(Value::Number),
        25 => <String as FromSql<Text, Pg>>::from_sql(value).map(Value::Text),
        other => Err(format!("a value of the type {other}").into()),
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A truth.
    Truth,
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns and what they hold, by name.
    pub columns: Vec<(String, Sort)>,
    /// The columns of its primary key.
    pub key: Vec<String>,
    /// The other tables that its rows refer to.
    pub needs: Vec<String>,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Typed {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// All tables of this database but the one of migrations, each behind those that it refers to.
///
/// # Errors
/// [`DbError::NotMoved`] for a column of a type that this program does not use; the database's.
pub fn tables(conn: &mut Conn) -> Result<Vec<Table>, DbError> {
    let mut left = names(conn)?.into_iter().map(|name| table(conn, name)).collect::<Result<Vec<_>, _>>()?;
    let mut ordered: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free =
            |table: &Table| table.needs.iter().all(|needed| ordered.iter().any(|done| done.name == *needed));
        let Some(at) = left.iter().position(free) else {
            let names: Vec<_> = left.iter().map(|table| table.name.as_str()).collect();
            return Err(DbError::NotMoved(format!("the tables {} refer to each other", names.join(", "))));
        };
        ordered.push(left.remove(at));
    }
    Ok(ordered)
}

/// The names of all tables but the one of migrations, in alphabetical order.
///
/// # Errors
/// The database's.
pub fn names(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    let rows: Vec<Named> = match conn {
        Conn::Sqlite(sqlite) => sql_query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' \
             AND name <> '__diesel_schema_migrations' ORDER BY name",
        )
        .load(sqlite)?,
        Conn::Postgres(pg) => sql_query(
            "SELECT relname::text AS name FROM pg_class WHERE relkind IN ('r', 'p') \
             AND relnamespace = current_schema()::regnamespace AND relname <> '__diesel_schema_migrations' \
             ORDER BY relname",
        )
        .load(pg)?,
    };
    Ok(rows.into_iter().map(|row| row.name).collect())
}

fn table(conn: &mut Conn, name: String) -> Result<Table, DbError> {
    let (columns, key, needs): (Vec<Typed>, Vec<Named>, Vec<Named>) = match conn {
        Conn::Sqlite(sqlite) => (
            sql_query("SELECT name, lower(type) AS kind FROM pragma_table_info(?) ORDER BY name")
                .bind::<Text, _>(&name)
                .load(sqlite)?,
            sql_query("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk")
                .bind::<Text, _>(&name)
                .load(sqlite)?,
            sql_query("SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_list(?) ORDER BY 1")
                .bind::<Text, _>(&name)
                .load(sqlite)?,
        ),
        Conn::Postgres(pg) => (
            sql_query(
                "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS kind FROM pg_attribute \
                 WHERE attrelid = quote_ident($1)::regclass AND attnum > 0 AND NOT attisdropped \
                 ORDER BY attname",
            )
            .bind::<Text, _>(&name)
            .load(pg)?,
            sql_query(
                "SELECT attname::text AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid \
                 AND attnum = ANY (indkey) WHERE indrelid = quote_ident($1)::regclass AND indisprimary \
                 ORDER BY array_position(indkey::smallint[], attnum)",
            )
            .bind::<Text, _>(&name)
            .load(pg)?,
            sql_query(
                "SELECT DISTINCT relname::text AS name FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid \
                 WHERE conrelid = quote_ident($1)::regclass AND contype = 'f' ORDER BY 1",
            )
            .bind::<Text, _>(&name)
            .load(pg)?,
        ),
    };
    let columns = columns
        .into_iter()
        .map(|column| match sort(&column.kind) {
            Some(sort) => Ok((column.name, sort)),
            None => Err(DbError::NotMoved(format!(
                "the column {}.{} has the type {}, which this program does not use",
                name, column.name, column.kind
            ))),
        })
        .collect::<Result<_, _>>()?;
    let plain = |rows: Vec<Named>| rows.into_iter().map(|row| row.name);
    let needs = plain(needs).filter(|needed| *needed != name).collect();
    Ok(Table { columns, key: plain(key).collect(), needs, name })
}

fn sort(kind: &str) -> Option<Sort> {
    match kind {
        "boolean" => Some(Sort::Truth),
        "integer" | "bigint" => Some(Sort::Number),
        "text" => Some(Sort::Text),
        "blob" | "bytea" => Some(Sort::Bytes),
        _ => None,
    }
}

/// A name as both databases take it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(quoted).collect::<Vec<_>>().join(", ")
}

/// Gives all rows of a table in the order of its key, one after the other.
///
/// # Errors
/// Those of `take`, and the database's.
pub fn each(
    conn: &mut Conn,
    table: &Table,
    mut take: impl FnMut(Row) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let columns = listed(table.columns.iter().map(|column| column.0.as_str()));
    let key =
        if table.key.is_empty() { columns.clone() } else { listed(table.key.iter().map(String::as_str)) };
    let query = sql_query(format!("SELECT {columns} FROM {} ORDER BY {key}", quoted(&table.name)));
    match conn {
        Conn::Sqlite(sqlite) => {
            for row in query.load_iter::<Row, diesel::connection::DefaultLoadingMode>(sqlite)? {
                take(row?)?;
            }
        }
        Conn::Postgres(pg) => {
            // One row after the other: a table need not fit into memory.
            for row in query.load_iter::<Row, diesel::pg::PgRowByRowLoadingMode>(pg)? {
                take(row?)?;
            }
        }
    }
    Ok(())
}

/// Inserts rows whose values stand in the order of the table's columns.
///
/// # Errors
/// The database's; [`DbError::NotMoved`] if a value is not what its column holds.
pub fn insert(conn: &mut Conn, table: &Table, rows: &[Row]) -> Result<(), DbError> {
    let width = table.columns.len();
    let place = |row: usize, column: usize| match conn {
        Conn::Sqlite(_) => "?".to_owned(),
        Conn::Postgres(_) => format!("${}", row * width + column + 1),
    };
    let tuples: Vec<String> = (0..rows.len())
        .map(|row| format!("({})", (0..width).map(|at| place(row, at)).collect::<Vec<_>>().join(", ")))
        .collect();
    let columns = listed(table.columns.iter().map(|column| column.0.as_str()));
    let text = format!("INSERT INTO {} ({columns}) VALUES {}", quoted(&table.name), tuples.join(", "));
    macro_rules! run {
        ($backend:ty, $conn:expr) => {{
            let mut query = sql_query(text).into_boxed::<$backend>();
            for row in rows {
                for ((name, sort), value) in table.columns.iter().zip(&row.0) {
                    query = match (sort, value) {
                        (Sort::Truth, Value::Number(truth)) => query.bind::<Nullable<Bool>, _>(Some(*truth != 0)),
                        (Sort::Truth, Value::Null) => query.bind::<Nullable<Bool>, _>(None::<bool>),
                        (Sort::Number, Value::Number(number)) => query.bind::<Nullable<BigInt>, _>(Some(*number)),
                        (Sort::Number, Value::Null) => query.bind::<Nullable<BigInt>, _>(None::<i64>),
                        (Sort::Text, Value::Text(text)) => query.bind::<Nullable<Text>, _>(Some(text.as_str())),
                        (Sort::Text, Value::Null) => query.bind::<Nullable<Text>, _>(None::<&str>),
                        (Sort::Bytes, Value::Bytes(bytes)) => {
                            query.bind::<Nullable<Binary>, _>(Some(bytes.as_slice()))
                        }
                        (Sort::Bytes, Value::Null) => query.bind::<Nullable<Binary>, _>(None::<&[u8]>),
                        (sort, _) => {
                            return Err(DbError::NotMoved(format!(
                                "a row of {} has something in {name} that is no {sort:?}; look at it with sqlite3",
                                table.name
                            )));
                        }
                    };
                }
            }
            query.execute($conn)?;
        }};
    }
    match conn {
        Conn::Sqlite(sqlite) => run!(Sqlite, sqlite),
        Conn::Postgres(pg) => run!(Pg, pg),
    }
    Ok(())
}
