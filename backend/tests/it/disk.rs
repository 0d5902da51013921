//! The disk in trouble: full, not writable, or with something else than a database on it. What cannot be done is said,
//! what was acknowledged is there, and where it can the service goes on without being started again.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use approval_app::db::schema::call_batch;
use approval_app::db::{DbError, Lane};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use gitlab_sandbox::NewMergeRequest;
use gitlab_sandbox::payload::MergeRequestCall;
use serde_json::{Value, json};

use crate::support::process::{Process, call_of, program, real_time_gitlab, reviewer, until};
use crate::support::{Database, Kind, Plan, SECRET, World};

async fn readyz(world: &World) -> u16 {
    let root = world.base.trim_end_matches("/approval-apps");
    world.http.get(format!("{root}/readyz")).send().await.unwrap().status().as_u16()
}

/// After so long it is noted again that a token is used.
const NOTED_AGAIN: Duration = Duration::from_secs(61);

/// Lets the database take this many pages and no more; 0: as many as there are.
async fn pages(world: &World, most: u32) {
    let done: Result<(), DbError> = world
        .app
        .db
        .write(Lane::Front, move |conn| Ok(conn.batch_execute(&format!("PRAGMA max_page_count = {most}"))?))
        .await;
    done.unwrap();
}

/// As on a full disk, SQLite says "database or disk is full" where the file would have to grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_database_refuses_and_goes_on_when_there_is_room() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    let check = world.check("pending").await;
    pages(&world, 1).await;
    let large = MergeRequestCall::default().padded_to(400 * 1024).bytes();
    let (mut taken, mut refused) = (0, None);
    for _ in 0..50 {
        let (status, problem) = world.signed_call(large.clone()).await;
        match status.as_u16() {
            202 => taken += 1,
            _ => {
                refused = Some((status.as_u16(), problem));
                break;
            }
        }
    }
    let (status, problem) = refused.expect("at some point it is full");
    assert_eq!((status, &problem["code"]), (503, &Value::from("store_unavailable")), "{problem}");
    // Reading goes on, also where it should be noted that somebody is there; a decision is refused whole, or taken whole.
    world.advance(NOTED_AGAIN);
    assert_eq!(world.check("pending").await["id"], check["id"]);
    let (status, problem) = world.decide(&check, "approve", &"x".repeat(9_000)).await;
    let after = world.detail(&check).await;
    assert_eq!(status == 201, after["state"] == "approved", "{problem}: {after}");
    pages(&world, 1_000_000).await;
    assert_eq!(world.signed_call(large).await.0, 202);
    assert_eq!(readyz(&world).await, 200);
    world.settle().await;
    let stored = world.calls("all").await[0]["id"].as_i64().unwrap();
    assert!(stored > taken, "{taken} calls were acknowledged before, {stored} are there");
    world.end().await;
}

/// What is written to a file without its name goes away with the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_while_the_file_is_away_or_is_another() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    let check = world.check("pending").await;
    let (file, aside) = (world.database.file(), world.database.file().with_extension("aside"));
    let call = || world.signed_call(MergeRequestCall::default().bytes());
    std::fs::rename(&file, &aside).unwrap();
    for other in [false, true] {
        if other {
            std::fs::copy(&aside, &file).unwrap();
        }
        assert_eq!(call().await.0, 503, "{other}");
        assert_eq!(world.decide(&check, "approve", "").await.0, 503, "{other}");
        assert_eq!(readyz(&world).await, 503, "{other}");
        world.advance(NOTED_AGAIN);
        assert_eq!(world.detail(&check).await["id"], check["id"], "reading goes on");
        assert!(
            matches!(world.app.db.examine().await, Err(DbError::Damaged(why)) if why.contains("removed or replaced"))
        );
        assert_eq!(file.exists(), other, "looking makes no file");
    }
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(readyz(&world).await, 200);
    assert_eq!(call().await.0, 202);
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    world.end().await;
}

/// A statement that finds the disk full undoes all that shares its transaction: nobody of these is told that it is stored,
/// and who comes after them is not hurt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shares_a_transaction_that_is_undone_hears_of_it() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let count = async || {
        let counted: Result<i64, DbError> =
            world.app.db.read(|conn| Ok(call_batch::table.count().get_result(conn)?)).await;
        counted.unwrap()
    };
    pages(&world, 1).await;
    let insert = |size: u32| {
        world.app.db.write(Lane::Front, move |conn| {
            let statement = format!(
                "INSERT INTO call_batch (received_at, calls, packed) VALUES ('2026-01-01T00:00:00.000000Z', 1, zeroblob({size}))"
            );
            Ok::<_, DbError>(diesel::sql_query(statement).execute(conn)?)
        })
    };
    let refuse =
        || world.app.db.write(Lane::Front, |_| Err::<(), _>(DbError::NotMoved("somebody was first".into())));
    let (runs, running) = tokio::sync::oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let hold = world.app.db.write(Lane::Front, move |_| {
        runs.send(()).unwrap();
        told.recv().unwrap();
        Ok::<_, DbError>(())
    });
    let queued = async {
        running.await.unwrap();
        // While the writer is held; so these share the next transaction.
        let go_on = async move { go_on.send(()).unwrap() };
        tokio::join!(insert(1), insert(4 * 1024 * 1024), insert(2), refuse(), insert(3), go_on)
    };
    let (held, (before, full, after, refused, last, ())) = tokio::join!(hold, queued);
    held.unwrap();
    assert!(matches!(before, Err(DbError::Unavailable(_))), "{before:?}");
    assert!(matches!(full, Err(DbError::Query(_))), "{full:?}");
    assert!(matches!(refused, Err(DbError::NotMoved(_))), "{refused:?}");
    assert_eq!((after.unwrap(), last.unwrap()), (1, 1));
    assert_eq!(count().await, 2);
    world.end().await;
}

/// A disk that takes nothing at all, beneath a process: its log cannot grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_nothing_turns_readiness_red_until_it_does() {
    let database = Database::create(Kind::Sqlite).await;
    let gitlab = real_time_gitlab().await;
    let process = Process::start(&database.url, &gitlab.url(), 0);
    let http = reviewer(&database.url);
    let project = gitlab.create_project("demo/disk");
    let door = format!("{}/status_check", process.base);
    let rule = gitlab.create_rule(project, "Change approval", &door, Some(SECRET));
    let iid = gitlab.create_merge_request(project, NewMergeRequest::default());
    let (body, signature) = call_of(&gitlab, project, rule, iid);
    let call = async || {
        let request = http
            .post(&door)
            .header("content-type", "application/json")
            .header("x-gitlab-signature", &signature)
            .body(body.clone());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };
    let mut check = Value::Null;
    until("that the check is there", async || {
        let page = process.read(&http, "checks?state=pending").await;
        check = page["items"][0].clone();
        if check.is_null() { Err(page.to_string()) } else { Ok(()) }
    })
    .await;
    assert_eq!(call().await.0, 202);
    let decide = async || {
        let wish = json!({"verdict": "approve", "comment": "", "expected_sha": check["sha"]});
        let url = format!("{}/api/v1/checks/{}/decisions", process.base, check["id"].as_str().unwrap());
        http.post(url).json(&wish).send().await.unwrap().status().as_u16()
    };
    process.limit_files(Some(4096));
    let (status, problem) = call().await;
    assert_eq!((status, &problem["code"]), (503, &Value::from("store_unavailable")), "{problem}");
    assert_eq!(decide().await, 503);
    assert_eq!(process.health("readyz").await, 503, "it cannot take what it has to");
    assert_eq!(process.health("livez").await, 200, "starting it again would not help");
    // Reading goes on, and nothing of what was refused is there.
    assert_eq!(process.read(&http, "checks?state=pending").await["items"][0]["id"], check["id"]);
    assert!(process.logged().contains("disk I/O error"), "{}", process.logged());
    process.limit_files(None);
    until("that it recovers", async || match process.health("readyz").await {
        200 => Ok(()),
        other => Err(format!("{other}: {}", process.logged())),
    })
    .await;
    assert_eq!(call().await.0, 202);
    assert_eq!(decide().await, 201);
    until("that GitLab is told", async || {
        let told = gitlab.status(project, iid, rule);
        if told.word() == "passed" { Ok(()) } else { Err(told.word().to_owned()) }
    })
    .await;
    // What was acknowledged is on the disk.
    process.kill();
    let again = Process::start(&database.url, &gitlab.url(), 0);
    let found = again.read(&http, &format!("checks/{}", check["id"].as_str().unwrap())).await;
    assert_eq!(found["state"], "approved");
    assert_eq!(again.read(&http, "audit/verification").await["broken"], Value::Null);
    drop(again);
    gitlab.stop().await;
}

/// The exit code of a start that must fail, and what it says.
fn start_fails(mut command: Command) -> (i32, String) {
    let output = command.args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_is_left_as_it_is_and_said() {
    let database = Database::create(Kind::Sqlite).await;
    let file = database.file();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let notes = "the minutes of a meeting, which are no database at all\n".repeat(400);
    std::fs::write(&file, &notes).unwrap();
    let (code, told) = start_fails(program(&database.url));
    assert_eq!((code, told.contains("is not a database")), (1, true), "{told}");
    assert!(told.contains("approval-app restore"), "what to do is said: {told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), notes);
    // A database whose inside was overwritten.
    std::fs::remove_file(&file).unwrap();
    let url = approval_app::db::DatabaseUrl::parse(&database.url).unwrap();
    let made = tokio::task::spawn_blocking(move || drop(approval_app::db::Db::open(url).unwrap()));
    made.await.unwrap();
    let copy = file.with_file_name("copy.db");
    let run = |args: &[&str]| program(&database.url).args(args).output().unwrap();
    assert!(run(&["backup", copy.to_str().unwrap()]).status.success());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[8192..].fill(0xa5);
    std::fs::write(&file, &bytes).unwrap();
    let (code, told) = start_fails(program(&database.url));
    assert!([1, 69].contains(&code) && told.contains("malformed"), "{code}: {told}");
    assert!(told.contains("approval-app restore"), "{told}");
    // What it says to do is done, and what was there is kept.
    let restored = run(&["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let said = String::from_utf8(restored.stdout).unwrap();
    let kept = said.trim().rsplit_once(" kept as ").expect("it says where").1;
    assert_eq!(std::fs::read(kept).unwrap(), bytes);
    assert!(run(&["migrate"]).status.success());
}

/// Takes a page of the file away, as a disk does that rots, or puts it back: that of a table which little reads. The
/// file is written by another process, since closing it in this one would give up SQLite's locks.
fn rot(file: &Path, away: bool) {
    use diesel::prelude::*;
    #[derive(diesel::QueryableByName)]
    struct Root {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        page: i64,
    }
    let mut conn = diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // What is still in the log alone cannot be damaged in the file.
    conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let root = diesel::sql_query("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'saved_filter'");
    let page = root.get_result::<Root>(&mut conn).unwrap().page - 1;
    drop(conn);
    let (file, kept) = (file.display().to_string(), file.with_extension("page").display().to_string());
    let dd = |from: &str, to: &str, place: String| {
        let args = [format!("if={from}"), format!("of={to}"), place, "bs=8192".into(), "count=1".into()];
        let done = Command::new("dd").args(args).args(["conv=notrunc", "status=none"]).status().unwrap();
        assert!(done.success());
    };
    if away {
        dd(&file, &kept, format!("skip={page}"));
        dd("/dev/zero", &file, format!("seek={page}"));
    } else {
        dd(&kept, &file, format!("seek={page}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_comes_while_it_runs_turns_readiness_red() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    world.open().await;
    world.check("pending").await;
    approval_app::worker::examine(&world.app).await;
    assert_eq!(readyz(&world).await, 200);
    let file = world.database.file();
    rot(&file, true);
    assert_eq!(
        world.signed_call(MergeRequestCall::default().bytes()).await.0,
        202,
        "it is not in the way yet"
    );
    assert_eq!(readyz(&world).await, 200);
    approval_app::worker::examine(&world.app).await;
    assert_eq!(readyz(&world).await, 503);
    // Nothing that works is taken away: whoever is still asked may answer.
    world.check("pending").await;
    rot(&file, false);
    approval_app::worker::examine(&world.app).await;
    assert_eq!(readyz(&world).await, 200);
    world.settle().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_the_start_does_not_meet_is_found_after_it() {
    let database = Database::create(Kind::Sqlite).await;
    let url = approval_app::db::DatabaseUrl::parse(&database.url).unwrap();
    let made = tokio::task::spawn_blocking(move || drop(approval_app::db::Db::open(url).unwrap()));
    made.await.unwrap();
    rot(&database.file(), true);
    let process = Process::start(&database.url, "http://127.0.0.1:9", 0);
    until("that it is found", async || match process.health("readyz").await {
        503 => Ok(()),
        other => Err(other.to_string()),
    })
    .await;
    assert_eq!(process.health("livez").await, 200, "starting it again would not help");
    let log = process.logged();
    assert!(log.contains("the database file is damaged") && log.contains("approval-app restore"), "{log}");
}

/// The program, run by somebody who is not root, since for root permissions do not count.
fn as_nobody(program: &Path, url: &str) -> Command {
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.env("APPROVAL_DATABASE_URL", url).env("APPROVAL_SECRET_KEY", crate::support::SECRET_KEY);
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.uid(65_534).gid(65_534);
    }
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let database = Database::create(Kind::Sqlite).await;
    let file = database.file();
    let instance = file.parent().unwrap();
    let folder = instance.parent().unwrap();
    mode(folder, 0o755);
    // Where the program is, only root may look, perhaps.
    let copy = folder.join("approval-app");
    std::fs::copy(env!("CARGO_BIN_EXE_approval-app"), &copy).unwrap();
    let again = || as_nobody(&copy, &database.url);
    // The folder cannot be made.
    mode(folder, 0o555);
    let (code, told) = start_fails(again());
    assert_eq!(
        (code, told.contains("cannot create the folder") && told.contains("Permission denied")),
        (1, true),
        "{told}"
    );
    mode(folder, 0o755);
    // The folder is there, but nothing can be put into it.
    std::fs::create_dir(instance).unwrap();
    mode(instance, 0o555);
    let (code, told) = start_fails(again());
    assert_eq!((code, told.contains("Permission denied") && told.contains("instance")), (1, true), "{told}");
    mode(instance, 0o755);
    // The database is there, but not for this user.
    let url = approval_app::db::DatabaseUrl::parse(&database.url).unwrap();
    let made = tokio::task::spawn_blocking(move || drop(approval_app::db::Db::open(url).unwrap()));
    made.await.unwrap();
    mode(instance, 0o777);
    let lock = file.with_file_name("gitlab_status_checks.db.lock");
    mode(&lock, 0o666);
    mode(&file, 0o444);
    let (code, told) = start_fails(again());
    assert!([1, 69].contains(&code), "{code}: {told}");
    assert!(told.contains("readonly database") || told.contains("Permission denied"), "{told}");
    assert!(told.contains("may write"), "what to do is said: {told}");
    mode(&file, 0o000);
    let (code, told) = start_fails(again());
    assert!([1, 69].contains(&code) && told.contains("may write"), "{code}: {told}");
}
