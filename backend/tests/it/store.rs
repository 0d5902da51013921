//! The schema: the same tables and columns on both databases, up, down and with rows.

use std::collections::BTreeMap;

use approval_app::db::{DatabaseUrl, Db};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness as _;

use crate::support::{Database, Kind, Plan, World, on_both};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

async fn columns(kind: Kind) -> BTreeMap<String, Vec<String>> {
    let database = Database::create(kind).await;
    let url = DatabaseUrl::parse(&database.url).unwrap();
    tokio::task::spawn_blocking(move || drop(Db::open(url).unwrap())).await.unwrap();
    let rows: Vec<Column> = match kind {
        Kind::Sqlite => {
            let mut conn = SqliteConnection::establish(&database.file().to_string_lossy()).unwrap();
            diesel::sql_query(
                "SELECT m.name AS table_name, p.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) p \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            )
            .load(&mut conn)
            .unwrap()
        }
        Kind::Postgres => {
            let mut conn = PgConnection::establish(&database.url).unwrap();
            diesel::sql_query(
                "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'",
            )
            .load(&mut conn)
            .unwrap()
        }
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        tables.entry(row.table_name).or_default().push(row.column_name);
    }
    tables.values_mut().for_each(|columns| columns.sort());
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables_and_columns() {
    let sqlite = columns(Kind::Sqlite).await;
    assert_eq!(sqlite, columns(Kind::Postgres).await);
    assert!(sqlite.contains_key("status_check"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_go_down_and_up_again() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await;
        let url = DatabaseUrl::parse(&database.url).unwrap();
        tokio::task::spawn_blocking(move || drop(Db::open(url).unwrap())).await.unwrap();
        match kind {
            Kind::Sqlite => {
                let mut conn = SqliteConnection::establish(&database.file().to_string_lossy()).unwrap();
                conn.revert_all_migrations(approval_app::db::migrations::SQLITE).unwrap();
                conn.run_pending_migrations(approval_app::db::migrations::SQLITE).unwrap();
            }
            Kind::Postgres => {
                let mut conn = PgConnection::establish(&database.url).unwrap();
                conn.revert_all_migrations(approval_app::db::migrations::POSTGRES).unwrap();
                conn.run_pending_migrations(approval_app::db::migrations::POSTGRES).unwrap();
            }
        }
    }
}

on_both! {
    async fn the_record_is_append_only(world: Plan::signed()) {
        world.open().await;
        for statement in ["UPDATE event SET actor = 'nobody'", "DELETE FROM event"] {
            let result: Result<(), approval_app::db::DbError> = world
                .app
                .db
                .write(approval_app::db::Lane::Front, move |conn| {
                    diesel::sql_query(statement).execute(conn)?;
                    Ok(())
                })
                .await;
            assert!(result.is_err(), "{statement}");
        }
        let check = world.check("pending").await;
        assert_eq!(world.happened(&check).await, ["check.created"]);
    }

    async fn times_and_words_survive_the_store(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let at = check["received_at"].as_str().unwrap();
        assert_eq!(at, world.now().to_string());
        assert_eq!(at.len(), "2026-03-02T09:30:00.000000Z".len());
    }
}

/// The file is made where the tutorial looks for it, with durable settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_opened_for_durability() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        value: i64,
    }
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let level = world
        .app
        .db
        .write(approval_app::db::Lane::Front, |conn| {
            let row: Setting =
                diesel::sql_query("SELECT synchronous AS value FROM pragma_synchronous").get_result(conn)?;
            Ok::<_, approval_app::db::DbError>(row.value)
        })
        .await
        .unwrap();
    assert_eq!(level, 2, "synchronous=FULL");
    assert!(world.database.file().ends_with("instance/gitlab_status_checks.db"));
    world.end().await;
}
