//! PostgreSQL in trouble beneath two processes: gone and back, and with no connection to spare.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use serde_json::Value;

use super::{Listener, Scene};
use crate::support::cluster::Cluster;
use crate::support::process::{Process, call_of, program, until};
use crate::support::{Database, Kind};

/// Waits for what a health endpoint says.
async fn healthy(process: &Process, status: u16) {
    until(&format!("readiness {status}"), async || match process.health("readyz").await {
        found if found == status => Ok(()),
        found => Err(found.to_string()),
    })
    .await;
}

/// Sends calls for these merge requests, again and again, until it is told to stop; returns how many were
/// acknowledged.
fn storm(scene: &Scene, to: &Process, iids: &[i64], stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<i64> {
    let bodies: Vec<_> =
        iids.iter().map(|iid| call_of(&scene.gitlab, scene.project, scene.rule, *iid)).collect();
    let (http, url, stop) = (scene.http.clone(), format!("{}/status_check", to.base), Arc::clone(stop));
    tokio::spawn(async move {
        let mut taken = 0;
        for (body, signature) in bodies.iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let request = http
                .post(&url)
                .header("content-type", "application/json")
                .header("x-gitlab-signature", signature)
                .body(body.clone());
            if request.send().await.is_ok_and(|answer| answer.status() == 202) {
                taken += 1;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        taken
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_outlive_a_crash_of_postgresql_and_lose_nothing() {
    const CHECKS: usize = 8;
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let (scene, a, b) = Scene::start(&cluster.url).await;
    let at_b = Listener::start(&scene.http, &b.base).await;
    let iids = scene.open(CHECKS);
    let checks = scene.checks(&a, "pending", CHECKS).await;
    let stop = Arc::new(AtomicBool::new(false));
    let storms = [storm(&scene, &a, &iids, &stop), storm(&scene, &b, &iids, &stop)];
    let mut decided = Vec::new();
    for (turn, check) in checks.iter().enumerate() {
        let at = if turn % 2 == 0 { &a } else { &b };
        if turn == CHECKS / 2 {
            cluster.halt();
            for process in [&a, &b] {
                healthy(process, 503).await;
                assert_eq!(process.health("livez").await, 200);
            }
            let (status, problem) = scene.decide(at, check, "approve").await;
            assert_eq!((status, &problem["code"]), (503, &Value::from("store_unavailable")), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains("Try again"), "{problem}");
            assert_eq!(scene.call(at, iids[0]).await, 503);
            cluster.resume();
            for process in [&a, &b] {
                healthy(process, 200).await;
            }
        }
        if scene.decide(at, check, "approve").await.0 == 201 {
            decided.push(check["id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(decided.len(), CHECKS, "neither had to be started again");
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    let mut taken = 0;
    for storm in storms {
        taken += storm.await.unwrap();
    }
    scene.settle(&a).await;
    for id in &decided {
        let check = b.read(&scene.http, &format!("checks/{id}")).await;
        assert_eq!(
            (&check["state"], &check["delivery"]["state"]),
            (&Value::from("approved"), &Value::from("delivered")),
            "{check}"
        );
    }
    for (iid, told) in scene.told() {
        assert!(
            (1..=2).contains(&told.len()) && told.iter().all(|word| word == "passed"),
            "!{iid}: {told:?}"
        );
    }
    let stored = a.read(&scene.http, "calls?limit=1").await["items"][0]["id"].as_i64().unwrap();
    assert!(stored >= taken, "{taken} calls were acknowledged, {stored} are there");
    let newest = a.read(&scene.http, "audit?limit=1").await["items"][0]["id"].as_i64().unwrap();
    let ids: Vec<i64> = at_b.up_to(newest).await.iter().map(|event| event.0).collect();
    assert_eq!(ids, (ids[0]..=newest).collect::<Vec<_>>(), "who listened missed nothing");
    let verified = b.read(&scene.http, "audit/verification").await;
    assert_eq!(verified["broken"], Value::Null, "{verified}");
    drop((a, b));
    scene.gitlab.stop().await;
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_connection_it_says_so_and_recovers() {
    let database = Database::create(Kind::Postgres).await;
    let (scene, a, b) = Scene::start(&database.url).await;
    let iid = scene.open(1)[0];
    let check = scene.checks(&a, "pending", 1).await.remove(0);
    // Somebody's long work holds a table: whoever needs it keeps a connection, until there is none left.
    let url = database.url.clone();
    let mut somebody =
        tokio::task::spawn_blocking(move || PgConnection::establish(&url).unwrap()).await.unwrap();
    somebody.batch_execute("BEGIN; LOCK TABLE status_check IN ACCESS EXCLUSIVE MODE").unwrap();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let request = scene.http.get(format!("{}/api/v1/checks?state=all", a.base));
        asking.spawn(async move {
            let answer = request.send().await.unwrap();
            let retry = answer.headers().contains_key("retry-after");
            (answer.status().as_u16(), retry, answer.json::<Value>().await.unwrap())
        });
    }
    while let Some(answer) = asking.join_next().await {
        let (status, retry, problem) = answer.unwrap();
        assert_eq!((status, retry), (503, true), "{problem}");
        assert_eq!(problem["code"], "store_unavailable");
        assert!(problem["request_id"].is_string() && !problem.to_string().contains("127.0.0.1"), "{problem}");
    }
    let logged = a.logged();
    assert!(
        logged.contains("timed out waiting for connection") || logged.contains("lock timeout"),
        "{logged}"
    );
    somebody.batch_execute("ROLLBACK").unwrap();
    for process in [&a, &b] {
        healthy(process, 200).await;
    }
    assert_eq!(scene.call(&a, iid).await, 202);
    assert_eq!(scene.decide(&b, &check, "approve").await.0, 201);
    scene.settle(&a).await;
    assert_eq!(scene.told()[&iid], ["passed"]);
    scene.gitlab.stop().await;
}

/// With the OpenSSL that the program brings along.
#[test]
fn the_way_to_postgresql_is_encrypted_and_leads_to_no_impostor() {
    let cluster = Cluster::start();
    let ours = format!("{}?sslmode=verify-full&sslrootcert={}", cluster.url, cluster.certificate);
    let whoever_the_system_trusts = format!("{}?sslmode=verify-full&sslrootcert=system", cluster.url);
    let migrate = |url: &str, trusted: Option<&str>| {
        let mut command = program(url);
        command.arg("migrate").env_remove("SSL_CERT_FILE");
        if let Some(file) = trusted {
            command.env("SSL_CERT_FILE", file);
        }
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (done, said) = migrate(&whoever_the_system_trusts, None);
    assert!(!done && said.contains("certificate verify failed"), "{said}");
    for (url, trusted) in [(&ours, None), (&whoever_the_system_trusts, Some(cluster.certificate.as_str()))] {
        let (done, said) = migrate(url, trusted);
        assert!(done, "{said}");
    }
    // Whom the system trusts is in the system's place, wherever this was compiled.
    #[expect(unsafe_code, reason = "reads a text that OpenSSL holds for good")]
    // SAFETY: it returns a constant text that ends with a NUL.
    let place = unsafe { std::ffi::CStr::from_ptr(openssl_sys::X509_get_default_cert_dir()) };
    assert_eq!(place.to_str().unwrap(), "/etc/ssl/certs");
    let mut conn = PgConnection::establish(&ours).unwrap();
    let encrypted = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
        "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())",
    ));
    assert!(diesel::RunQueryDsl::get_result::<bool>(encrypted, &mut conn).unwrap());
}
