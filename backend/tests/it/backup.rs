//! Copies of the SQLite database: while it is used, put back, refused, and made before a migration.

use std::path::Path;

use approval_app::db::{DatabaseUrl, Db, DbError, Lane, audit, backup};
use approval_app::domain::audit::Chain;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel_migrations::MigrationHarness as _;

use crate::support::{Database, Kind, Plan, World};

fn url(path: &Path) -> DatabaseUrl {
    DatabaseUrl::parse(&format!("sqlite:{}", path.display())).unwrap()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The number of checks and whether the record holds, in a database that nobody else uses.
async fn content(path: &Path) -> (i64, bool) {
    let url = url(path);
    let db = blocking(move || Db::open(url).unwrap()).await;
    db.read(|conn| {
        let checks: i64 = approval_app::db::schema::status_check::table.count().get_result(conn)?;
        let (instance, head) = audit::head(conn)?;
        let mut chain = Chain::new(&instance, true);
        audit::follow(conn, &mut chain, head.id, 1_000)?.map_err(|_| DbError::Abandoned)?;
        Ok::<_, DbError>((checks, chain.end(head.id, &head.hash).is_ok()))
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_serving_is_put_back() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    let file = world.database.file();
    let copy = file.with_file_name("copy.db");
    let (from, to) = (url(&file), copy.clone());
    let size = blocking(move || backup::copy(&from, &to).unwrap()).await;
    assert_eq!(std::fs::metadata(&copy).unwrap().len(), size);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What comes after the copy is not in it.
    world.open().await;
    let (from, to) = (url(&file), copy.clone());
    let again = blocking(move || backup::copy(&from, &to)).await;
    assert!(again.unwrap_err().to_string().contains("exists already"), "an existing file is left alone");
    let (place, from) = (url(&file), copy.clone());
    let used = blocking(move || backup::restore(&place, &from, "now")).await;
    assert!(matches!(used, Err(DbError::InUse(_))), "{used:?}");
    let elsewhere = Database::create(Kind::Sqlite).await;
    let (place, from) = (url(&elsewhere.file()), copy.clone());
    assert_eq!(blocking(move || backup::restore(&place, &from, "now").unwrap()).await, None);
    assert_eq!(content(&elsewhere.file()).await, (1, true));
    // Once more over what is there now, which is kept.
    let (place, from) = (url(&elsewhere.file()), copy.clone());
    let kept = blocking(move || backup::restore(&place, &from, "then").unwrap()).await.expect("is kept");
    assert!(kept.to_string_lossy().ends_with("gitlab_status_checks.db.before-restore-then"), "{kept:?}");
    assert_eq!(content(&kept).await, (1, true));
    assert_eq!(content(&elsewhere.file()).await, (1, true));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_newer_or_foreign_is_not_put_back() {
    let database = Database::create(Kind::Sqlite).await;
    let file = database.file();
    let place = url(&file);
    blocking(move || drop(Db::open(place).unwrap())).await;
    let copy = |name: &str| {
        let to = file.with_file_name(name);
        backup::copy(&url(&file), &to).unwrap();
        to
    };
    let newer = copy("newer.db");
    let mut conn = SqliteConnection::establish(&newer.to_string_lossy()).unwrap();
    conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')").unwrap();
    drop(conn);
    let damaged = copy("damaged.db");
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&damaged, bytes).unwrap();
    let foreign = file.with_file_name("foreign.db");
    let mut conn = SqliteConnection::establish(&foreign.to_string_lossy()).unwrap();
    conn.batch_execute("CREATE TABLE recipes (id INTEGER)").unwrap();
    drop(conn);
    let text = file.with_file_name("text.db");
    std::fs::write(&text, "these are the notes of a meeting, not a database at all").unwrap();
    let again = backup::copy(&url(&file), &text).unwrap_err().to_string();
    assert_eq!(again, format!("{} exists already; it is left as it is", text.display()));
    let before = std::fs::read(&file).unwrap();
    for (from, why) in [
        (newer, "newer than this program"),
        (damaged, "damage"),
        (foreign, "not a database of this program"),
        (text, "damage"),
        (file.with_file_name("nowhere.db"), "there is no file"),
    ] {
        let place = url(&file);
        let copy = from.display().to_string();
        let told = blocking(move || backup::restore(&place, &from, "now")).await.unwrap_err().to_string();
        assert!(told.contains(why) && told.contains(&copy), "{told:?} does not say {why:?} of {copy}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before, "the database is as it was");
    let postgres = DatabaseUrl::parse("postgres://db/app").unwrap();
    assert!(backup::copy(&postgres, Path::new("x")).unwrap_err().to_string().contains("pg_dump"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_copied_before_its_schema_changes() {
    #[derive(diesel::QueryableByName)]
    struct Url {
        #[diesel(sql_type = diesel::sql_types::Text)]
        base_url: String,
    }
    let database = Database::create(Kind::Sqlite).await;
    let file = database.file();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.run_next_migration(approval_app::db::migrations::SQLITE).unwrap();
    conn.batch_execute("INSERT INTO connection VALUES ('c', 'http://gitlab.example', NULL, NULL, 't', 't')")
        .unwrap();
    let version = conn.applied_migrations().unwrap()[0].to_string();
    drop(conn);
    let (place, copy) =
        (url(&file), file.with_file_name(format!("gitlab_status_checks.db.before-migration-{version}")));
    blocking(move || drop(Db::open(place).unwrap())).await;
    let mut conn = SqliteConnection::establish(&copy.to_string_lossy()).unwrap();
    assert_eq!(conn.applied_migrations().unwrap().len(), 1, "the copy has the schema of before");
    conn.batch_execute("SELECT base_url FROM connection WHERE id = 'c'").unwrap();
    drop(conn);
    // It can be put back, and the next start brings it up to date again.
    let (place, from) = (url(&file), copy.clone());
    blocking(move || backup::restore(&place, &from, "now").unwrap()).await;
    assert_eq!(content(&file).await, (0, true));
    // Whoever worked on with the older version loses nothing of that: the second change of the schema has a copy of its own.
    let (place, from) = (url(&file), copy.clone());
    let kept = blocking(move || backup::restore(&place, &from, "now").unwrap()).await.unwrap();
    assert!(kept.to_string_lossy().ends_with(".before-restore-now-2"), "{kept:?}");
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.batch_execute("UPDATE connection SET base_url = 'http://later.example'").unwrap();
    drop(conn);
    let place = url(&file);
    blocking(move || drop(Db::open(place).unwrap())).await;
    for (name, base_url) in
        [("", "http://gitlab.example"), ("-2", "http://gitlab.example"), ("-3", "http://later.example")]
    {
        let mut copy = copy.clone().into_os_string();
        copy.push(name);
        let mut conn = SqliteConnection::establish(&copy.to_string_lossy()).unwrap();
        let found =
            diesel::sql_query("SELECT base_url FROM connection").get_result::<Url>(&mut conn).unwrap();
        assert_eq!(found.base_url, base_url, "{copy:?}");
    }
    // One that fails half-way keeps its copy, since the older version takes the database no more; one that changes nothing
    // leaves none behind, however often it is tried.
    let (place, from) = (url(&file), copy.clone());
    blocking(move || backup::restore(&place, &from, "later").unwrap()).await;
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.batch_execute("CREATE TABLE account (id INTEGER)").unwrap();
    drop(conn);
    for _ in 0..2 {
        let place = url(&file);
        blocking(move || assert!(matches!(Db::open(place), Err(DbError::Migration(_))))).await;
    }
    let mut half = copy.into_os_string();
    half.push("-4");
    let mut conn = SqliteConnection::establish(&half.to_string_lossy()).unwrap();
    assert_eq!(conn.applied_migrations().unwrap().len(), 1);
    drop(conn);
    let entries = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut copies: Vec<String> =
        names.filter_map(|name| Some(name.split_once(".before-migration-")?.1.to_owned())).collect();
    copies.sort();
    assert_eq!(copies, ["", "-2", "-3", "-4"].map(|number| format!("{version}{number}")));
    let fresh = Database::create(Kind::Sqlite).await;
    let place = url(&fresh.file());
    let db = blocking(move || Db::open(place).unwrap()).await;
    db.write(Lane::Front, |_| Ok::<_, DbError>(())).await.unwrap();
    let copies = std::fs::read_dir(fresh.file().parent().unwrap()).unwrap();
    let copies = copies
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("before"))
        .count();
    assert_eq!(copies, 0, "a new database has nothing to lose");
}
