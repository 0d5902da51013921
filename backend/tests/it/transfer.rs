//! `migrate-to`: everything arrives in the other kind of database, or nothing does.

use std::process::{Command, Output};

use approval_app::app::App;
use approval_app::db::rows;
use approval_app::db::{Conn, DatabaseUrl, Db, DbError, Lane, connection, migrations};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, prelude::*, sql_query};
use gitlab_sandbox::payload::MergeRequestCall;

use crate::support::{Database, Kind, Plan, SECRET_KEY, World, config};

fn run(from: &str, to: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_approval-app"))
        .args(["migrate-to", to])
        .env("APPROVAL_DATABASE_URL", from)
        .env("APPROVAL_SECRET_KEY", SECRET_KEY)
        .output()
        .unwrap()
}

/// What a move that must succeed prints.
fn moved(from: &str, to: &str) -> String {
    let output = run(from, to);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the complaint of a move that must fail.
fn refused(from: &str, to: &str) -> (i32, String) {
    let output = run(from, to);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn connect(url: &str) -> Conn {
    connection::establish(&DatabaseUrl::parse(url).unwrap(), connection::Role::Writer).unwrap()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(conn: &mut Conn, from: &str) -> i64 {
    let text = format!("SELECT count(*) AS n FROM {from}");
    let row: Count = match conn {
        Conn::Sqlite(sqlite) => sql_query(text).get_result(sqlite).unwrap(),
        Conn::Postgres(pg) => sql_query(text).get_result(pg).unwrap(),
    };
    row.n
}

/// Rows for the tables that the story of `furnish` leaves empty.
const REST: &str = "
    INSERT INTO account_identity SELECT 'https://id.example', 'subject', id, created_at FROM account LIMIT 1;
    INSERT INTO person_group VALUES ('g', 'Größe', 't', 't');
    INSERT INTO group_member SELECT id, 'g' FROM account LIMIT 1;
    INSERT INTO group_project SELECT 'g', id FROM project;
    INSERT INTO account_project SELECT account.id, project.id FROM account, project LIMIT 1;
    INSERT INTO api_token_project SELECT api_token.id, project.id FROM api_token, project LIMIT 1;
    INSERT INTO session SELECT 's', 'k', id, 't', 't', 't', 'a browser', '::1', NULL FROM account LIMIT 1;
    INSERT INTO one_time_link SELECT 'l', 'k', 'invitation', id, 't', NULL FROM account LIMIT 1;
    INSERT INTO sign_in_throttle VALUES ('address ::1', 3, 't', NULL);
    INSERT INTO idempotency_key VALUES ('token:t', 'k', '', 'f', 't', 201, 'application/json', '{}');
    INSERT INTO saved_filter SELECT id, 0, 'mine', 'q=1' FROM account LIMIT 1;
    INSERT INTO change_part SELECT merge_request.id, head_sha, 'content', body, 7, 't' FROM merge_request, received_call LIMIT 1;";

/// A store with something in each table.
async fn furnish(world: &World) {
    let iid = world.open().await;
    world.decide(&world.check("pending").await, "approve", "für gut befunden 🦀").await;
    world.settle().await;
    world.gitlab.push(world.project, iid);
    world.settle().await;
    // The newest call is gone when it is moved; its number must not be given out again. Another is not taken from its
    // batch yet.
    let file = world.database.url.clone();
    tokio::task::spawn_blocking(move || {
        let mut conn = connect(&file);
        conn.batch_execute(REST).unwrap();
        conn.batch_execute(
            "DELETE FROM change_summary; \
             INSERT INTO change_summary (merge_request_id, sha, size, last_used_at, attempts) \
             SELECT id, head_sha, 7, 't', 0 FROM merge_request; \
             DELETE FROM received_call WHERE id = (SELECT max(id) FROM received_call)",
        )
        .unwrap();
    })
    .await
    .unwrap();
    world.signed_call(MergeRequestCall::default().bytes()).await;
}

/// Everything of both, table by table.
fn compare(one: &str, other: &str) {
    let (mut one, mut other) = (connect(one), connect(other));
    let tables = rows::tables(&mut one).unwrap();
    assert_eq!(tables.len(), rows::names(&mut other).unwrap().len());
    for table in &tables {
        let read = |conn: &mut Conn| {
            let mut all = Vec::new();
            rows::each(conn, table, |row| {
                all.push(row.0);
                Ok(())
            })
            .unwrap();
            all
        };
        let wanted = read(&mut one);
        // Whoever makes a table gives it a row here, so that its way is tried.
        assert!(!wanted.is_empty(), "the table {} has no row in this test: add one to REST", table.name);
        assert_eq!(wanted.len() as i64, count(&mut other, &table.name), "{}", table.name);
        assert!(wanted == read(&mut other), "{} is another", table.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_and_the_service_goes_on_there_and_back() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    furnish(&world).await;
    let place = Database::create(Kind::Postgres).await;
    let (code, why) = refused(&world.database.url, &place.url);
    assert_eq!((code, why.contains("in use by a running service")), (1, true), "{why}");
    // A copy of the file stands for a service that has ended.
    let copy = Database::create(Kind::Sqlite).await;
    std::fs::create_dir_all(copy.file().parent().unwrap()).unwrap();
    let (from, to) = (DatabaseUrl::parse(&world.database.url).unwrap(), copy.file());
    tokio::task::spawn_blocking(move || approval_app::db::backup::copy(&from, &to).unwrap()).await.unwrap();
    let said = moved(&copy.url, &place.url);
    assert!(said.contains("status_check: 2 rows") && said.contains("the record holds"), "{said}");
    compare(&copy.url, &place.url);
    let mut source = connect(&copy.url);
    let (calls, batches) = (count(&mut source, "received_call"), count(&mut source, "call_batch"));
    drop(source);
    assert_eq!((calls > 0, batches), (true, 1));
    // What was under way goes on there, with numbers that nobody had before.
    let there = config(&place, Some(world.gitlab.url()));
    let app = App::open(there, std::sync::Arc::clone(&world.app.clock)).await.unwrap();
    approval_app::worker::drain(&app).await.unwrap();
    let verified = approval_app::service::audit::verify(&app.db).await.unwrap();
    assert_eq!((verified.broken, verified.entries > 3), (None, true));
    let newest: Option<i64> = app
        .db
        .read(|conn| {
            use approval_app::db::schema::received_call::dsl::{id, received_call};
            Ok::<_, DbError>(received_call.select(diesel::dsl::max(id)).first(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(newest, Some(calls + 2), "the number of the call that is gone is not given out again");
    // And back into a new file.
    let again = Database::create(Kind::Sqlite).await;
    let (code, why) = refused(&place.url, &again.url);
    assert_eq!((code, why.contains("other connections use")), (1, true), "{why}");
    drop(app);
    let mut output = run(&place.url, &again.url);
    for _ in 0..200 {
        // The server notices only after a moment that the connections are closed.
        if output.status.success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        output = run(&place.url, &again.url);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    compare_counts(&place.url, &again.url);
    let mut other = connect(&again.url);
    assert_eq!(count(&mut other, &format!("sqlite_sequence WHERE seq = {}", calls + 2)), 1);
    drop(other);
    let url = DatabaseUrl::parse(&again.url).unwrap();
    let db = tokio::task::spawn_blocking(move || Db::open(url).unwrap()).await.unwrap();
    assert_eq!(approval_app::service::audit::verify(&db).await.unwrap().broken, None);
    world.end().await;
}

/// A small store whose service has ended.
async fn small() -> Database {
    let database = Database::create(Kind::Sqlite).await;
    let url = DatabaseUrl::parse(&database.url).unwrap();
    let db = tokio::task::spawn_blocking(move || Db::open(url).unwrap()).await.unwrap();
    db.write(Lane::Front, |conn| {
        conn.batch_execute(
            "INSERT INTO connection VALUES ('c', 'http://gitlab.example', NULL, NULL, 't', 't');
             INSERT INTO project VALUES ('p', 'c', 1, 'demo/storefront', 'http://gitlab.example/p', 't', 't')",
        )?;
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_not_empty_or_another_version_is_left_alone() {
    let source = small().await;
    let foreign = Database::create(Kind::Postgres).await;
    PgConnection::establish(&foreign.url).unwrap().batch_execute("CREATE TABLE recipes (id INT)").unwrap();
    let (code, why) = refused(&source.url, &foreign.url);
    assert_eq!((code, why.contains("is not empty") && why.contains("recipes")), (1, true), "{why}");
    let used = Database::create(Kind::Postgres).await;
    moved(&source.url, &used.url);
    let (code, why) = refused(&source.url, &used.url);
    assert_eq!((code, why.contains("is not empty") && why.contains("connection")), (1, true), "{why}");
    // A service that was started there once, even without a call.
    let started = Database::create(Kind::Postgres).await;
    let app = App::open(config(&started, None), std::sync::Arc::new(approval_app::domain::SystemClock)).await;
    app.unwrap().setup_link().await.unwrap();
    assert!(refused(&source.url, &started.url).1.contains("is not empty"));
    let older = Database::create(Kind::Postgres).await;
    PgConnection::establish(&older.url).unwrap().run_next(migrations::POSTGRES);
    let (code, why) = refused(&source.url, &older.url);
    assert_eq!((code, why.contains("approval-app migrate")), (1, true), "{why}");
    let fresh = Database::create(Kind::Postgres).await;
    let newer = small().await;
    connect(&newer.url)
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')")
        .unwrap();
    assert!(refused(&newer.url, &fresh.url).1.contains("99991231000000"));
    let extra = small().await;
    connect(&extra.url).batch_execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)").unwrap();
    assert!(refused(&extra.url, &fresh.url).1.contains("only one of the two has a table \"notes\""));
    let nowhere = refused("sqlite:/nowhere/at/all.db", &fresh.url);
    assert_eq!((nowhere.0, nowhere.1.contains("there is no database at")), (69, true), "{}", nowhere.1);
    assert_eq!(refused(&source.url, "sqlite:other.db").0, 78, "both of one kind");
    assert_eq!(refused(&source.url, "mysql://x/y").0, 78);
    let away = refused(&source.url, "postgres://app:hunter2@127.0.0.1:9/app");
    assert_eq!((away.0, away.1.contains("hunter2")), (69, false), "{}", away.1);
    // After all that, what was left alone can be moved to.
    moved(&source.url, &fresh.url);
}

trait Next {
    fn run_next(self, source: diesel_migrations::EmbeddedMigrations);
}

impl Next for PgConnection {
    fn run_next(mut self, source: diesel_migrations::EmbeddedMigrations) {
        diesel_migrations::MigrationHarness::run_next_migration(&mut self, source).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_leaves_the_target_empty() {
    let source = small().await;
    let target = Database::create(Kind::Postgres).await;
    let breaks = |text: &str, mends: &str, why: &str| {
        connect(&source.url).batch_execute(text).unwrap();
        let (code, told) = refused(&source.url, &target.url);
        assert_eq!((code, told.contains(why)), (1, true), "{told:?} does not say {why:?}");
        let mut conn = connect(&target.url);
        assert_eq!(count(&mut conn, "connection"), 0, "nothing was kept");
        assert_eq!(count(&mut conn, "instance"), 1);
        drop(conn);
        connect(&source.url).batch_execute(mends).unwrap();
    };
    // SQLite keeps what PostgreSQL does not: a text with a NUL, a text where a number belongs.
    let nul = "UPDATE project SET path = 'a' || char(0) || 'b'";
    breaks(nul, "UPDATE project SET path = 'a/b'", "project");
    let text = "UPDATE project SET gitlab_id = 'one'";
    breaks(text, "UPDATE project SET gitlab_id = 1", "project");
    // A record that somebody changed.
    let forged = "INSERT INTO event (id, at, kind, actor, summary, data) VALUES (1, 't', 'check.created', 'x', 'x', '{}')";
    breaks(
        forged,
        "DROP TRIGGER event_append_only_delete; DELETE FROM event",
        "the record does not hold at entry 1",
    );
    // A row that refers to nothing.
    let orphan = "PRAGMA foreign_keys = OFF; UPDATE project SET connection_id = 'gone'";
    breaks(orphan, "UPDATE project SET connection_id = 'c'", "project");
    moved(&source.url, &target.url);
    compare_counts(&source.url, &target.url);
}

fn compare_counts(one: &str, other: &str) {
    let (mut one, mut other) = (connect(one), connect(other));
    for table in rows::names(&mut one).unwrap() {
        assert_eq!(count(&mut one, &table), count(&mut other, &table), "{table}");
    }
}
