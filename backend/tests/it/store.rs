//! The schema: the same tables and columns on both databases, up, down and with rows.

use std::collections::BTreeMap;

use approval_app::db::schema::event;
use approval_app::db::{Conn, DatabaseUrl, Db, DbError, Lane, audit, calls, connection};
use diesel::connection::SimpleConnection as _;
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

/// Rows as the first version wrote them, one of each kind; both databases read it.
const OLD_ROWS: &str = "
    INSERT INTO connection VALUES ('c', 'http://gitlab.example', NULL, NULL, 't', 't');
    INSERT INTO project VALUES ('p', 'c', 7, 'demo/payments', 'http://gitlab.example/demo/payments', 't', 't');
    INSERT INTO rule VALUES ('r', 'p', 1, 'key', 'Change approval', 'in clear', '{}', NULL, NULL, 't', 't');
    INSERT INTO merge_request VALUES ('m', 'p', 1, 'Title', '', 5, 'Ada', 'u', 's', 't', 'opened', 'abc', 't', 't', NULL, 0, 't', 't');
    INSERT INTO status_check VALUES ('k', 'approved', 'demo/payments', 1, 'Title', 'Ada', 'Change approval', 'abc', 's', 't', 'Rita',
        NULL, NULL, FALSE, NULL, 't', 't', 1, '{}', 'p', 'm', 'r', 'd', 'title');
    INSERT INTO decision VALUES ('e', 'k', 1, 'approve', '', 'abc', 't', 'Rita', FALSE, FALSE, 't');
    INSERT INTO delivery VALUES ('d', 'k', 'c', 'r', 1, 'passed', 'abc', 'delivered', 1, 't', NULL, NULL, 201, NULL, 't', 't', 't');
    INSERT INTO delivery_attempt VALUES ('d', 1, 't', 5, 201, NULL);
    INSERT INTO event VALUES (1, 't', 'check.created', 'k', 'GitLab', 'Arrived', '{}');
    INSERT INTO event VALUES (2, 't', 'check.approved', 'k', 'Rita', 'Approved „gut“', '{}');
    INSERT INTO event VALUES (3, 't', 'reconcile.finished', NULL, 'approval-app', 'Nothing missed', '{}');
    UPDATE event_counter SET last = 3;
";

/// What the first version left is read by this one, and its record is chained from its first entry on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_database_is_brought_up_to_date() {
    use approval_app::db::migrations::{POSTGRES, SQLITE};
    use approval_app::domain::audit::Chain;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::create(kind).await;
        match kind {
            Kind::Sqlite => {
                std::fs::create_dir_all(database.file().parent().unwrap()).unwrap();
                let mut conn = SqliteConnection::establish(&database.file().to_string_lossy()).unwrap();
                conn.run_next_migration(SQLITE).unwrap();
                conn.batch_execute(OLD_ROWS).unwrap();
            }
            Kind::Postgres => {
                let mut conn = PgConnection::establish(&database.url).unwrap();
                conn.run_next_migration(POSTGRES).unwrap();
                conn.batch_execute(OLD_ROWS).unwrap();
            }
        }
        let url = DatabaseUrl::parse(&database.url).unwrap();
        let old = url.clone();
        let looked = tokio::task::spawn_blocking(move || Db::open_beside(old).map(drop)).await.unwrap();
        // Whoever only looks leaves it to the service of the older version.
        assert!(matches!(looked, Err(DbError::Migration(_))), "{looked:?}");
        let db = tokio::task::spawn_blocking(move || Db::open(url).unwrap()).await.unwrap();
        let followed = db
            .read(|conn| {
                let (instance, head) = audit::head(conn)?;
                let mut chain = Chain::new(&instance, true);
                let count = audit::follow(conn, &mut chain, head.id, 10)?;
                let projects: Vec<Option<String>> =
                    event::table.order(event::id.asc()).select(event::project_id).load(conn)?;
                Ok::<_, DbError>((count, chain.end(head.id, &head.hash).is_ok(), projects))
            })
            .await
            .unwrap();
        assert_eq!(followed, (Ok(3), true, vec![Some("p".into()), Some("p".into()), None]), "{kind:?}");
        let changed = db
            .write(Lane::Front, |conn| {
                Ok::<_, DbError>(conn.batch_execute("UPDATE event SET actor = 'nobody' WHERE id = 2")?)
            })
            .await;
        assert!(changed.is_err(), "{kind:?}: chained entries stay as they are");
    }
}

on_both! {
    async fn old_calls_go_and_those_that_somebody_has_to_look_at_stay(world: Plan::signed()) {
        for _ in 0..4 {
            world.open().await;
        }
        let (now, later) = (world.now(), world.now().after(std::time::Duration::from_secs(1)));
        let pruned = async |before, most| {
            world.app.db.write(Lane::Back, move |conn| calls::prune(conn, before, most)).await.unwrap()
        };
        let set = |what: &'static str| {
            world.app.db.write(Lane::Front, move |conn| {
                diesel::sql_query(format!("UPDATE received_call SET {what}")).execute(conn).map_err(DbError::from)
            })
        };
        assert_eq!(pruned(now.before(std::time::Duration::from_secs(1)), 9).await, 0, "none is old");
        set("state = 'set_aside' WHERE id = (SELECT min(id) FROM received_call)").await.unwrap();
        set("state = 'stored', due_at = '9999' WHERE id = (SELECT max(id) FROM received_call)").await.unwrap();
        assert_eq!(pruned(later, 1).await, 1);
        assert_eq!(pruned(later, 9).await, 1);
        assert_eq!(pruned(later, 9).await, 0, "a signed call that was set aside, and one that waits");
        set("signed = FALSE WHERE state = 'set_aside'").await.unwrap();
        assert_eq!(pruned(later, 9).await, 1);
    }

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
    let file = world.database.file();
    assert!(file.ends_with("instance/gitlab_status_checks.db"));
    for suffix in ["", "-wal", "-shm"] {
        let part = file.with_file_name(format!("gitlab_status_checks.db{suffix}"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&part).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "nobody else reads {}", part.display());
    }
    world.end().await;
}

/// Whatever the server, the database or the role has for a default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_opened_for_durability_too() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let database = Database::create(Kind::Postgres).await;
    let url = database.url.clone();
    let found = tokio::task::spawn_blocking(move || {
        let name = url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
        PgConnection::establish(&url)
            .unwrap()
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'; \
                 ALTER DATABASE {name} SET synchronous_commit = off; ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'"
            ))
            .unwrap();
        let conn =
            connection::establish(&DatabaseUrl::parse(&url).unwrap(), connection::Role::Writer).unwrap();
        let Conn::Postgres(mut pg) = conn else { panic!("is PostgreSQL") };
        ["transaction_isolation", "synchronous_commit", "TimeZone", "idle_in_transaction_session_timeout"]
            .map(|name| {
                let setting: Setting =
                    diesel::sql_query(format!("SELECT current_setting('{name}') AS value"))
                        .get_result(&mut pg)
                        .unwrap();
                setting.value
            })
    });
    assert_eq!(found.await.unwrap(), ["read committed", "on", "UTC", "30s"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_goes_on_when_a_newer_one_has_changed_the_schema() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::build(kind, Plan::signed()).await;
        let change = |text: &'static str| {
            world.app.db.write(Lane::Front, move |conn| Ok::<_, DbError>(conn.batch_execute(text)?))
        };
        change("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')").await.unwrap();
        world.app.db.check().await.unwrap();
        change("DELETE FROM __diesel_schema_migrations WHERE version > '2026-09'").await.unwrap();
        let why = world.app.db.check().await.unwrap_err().to_string();
        assert!(why.contains("approval-app migrate"), "{why}");
        world.end().await;
    }
}
