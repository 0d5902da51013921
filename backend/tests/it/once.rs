//! `Idempotency-Key`: what is sent again is not done again, and is answered as before.

use std::time::Duration;

use approval_app::db::Lane;
use approval_app::domain::access::{Permission, Role};
use approval_app::worker;
use diesel::RunQueryDsl as _;
use diesel::sql_types::{Nullable, Text};
use gitlab_sandbox::{Fault, Status};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::people::Asker;
use crate::support::{Plan, World, on_both};

/// Sends a request under a key; the answer's status, headers and body.
async fn under(
    who: &Asker,
    key: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> (StatusCode, HeaderMap, Value) {
    let url = format!("{}/api/v1/{path}", who.base);
    let sent = who
        .http
        .request(method.parse().unwrap(), url)
        .header("Idempotency-Key", key)
        .json(body)
        .send()
        .await
        .unwrap();
    let (status, headers) = (sent.status(), sent.headers().clone());
    (status, headers, sent.json().await.unwrap_or(Value::Null))
}

async fn post(who: &Asker, key: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, _, answer) = under(who, key, "POST", path, body).await;
    (status.as_u16(), answer)
}

fn verdict(check: &Value, verdict: &str) -> (String, Value) {
    let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
    (path, json!({"verdict": verdict, "comment": "as agreed", "expected_sha": check["sha"]}))
}

/// As if the process had ended after the work was on disk and before the answer was.
async fn lose_answers(world: &World) {
    let lost = |conn: &mut _| {
        diesel::sql_query("DELETE FROM idempotency_key WHERE part = '' AND status IS NOT NULL").execute(conn)
    };
    world
        .app
        .db
        .write(Lane::Front, move |conn| lost(conn).map_err(approval_app::db::DbError::from))
        .await
        .unwrap();
}

#[derive(diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Nullable<Text>)]
    body: Option<String>,
}

async fn kept(world: &World) -> Vec<Kept> {
    world
        .app
        .db
        .read(|conn| {
            diesel::sql_query("SELECT key, body FROM idempotency_key ORDER BY key, part")
                .load(conn)
                .map_err(approval_app::db::DbError::from)
        })
        .await
        .unwrap()
}

on_both! {
    async fn a_decision_that_is_sent_again_is_answered_as_before(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&check, "approve");
        let (status, headers, first) = under(&rita, "\"CHG0042\"", "POST", &path, &body).await;
        assert_eq!((status.as_u16(), headers.get("idempotency-replayed")), (201, None), "{first}");
        world.settle().await;
        world.gitlab.push(world.project, iid);
        world.settle().await;
        // The same key without its quotation marks, and the answer of then, whatever happened since.
        let (status, headers, second) = under(&rita, "CHG0042", "POST", &path, &body).await;
        assert_eq!(status, 201);
        assert_eq!(headers["idempotency-replayed"], "true");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(second, first);
        let detail = world.detail(&check).await;
        assert_eq!(detail["decisions"].as_array().unwrap().len(), 1);
        assert_eq!(detail["state"], "superseded");
        // Under another key, and without one, it is another request.
        for key in ["CHG0043", "chg0042"] {
            let (status, answer) = post(&rita, key, &path, &body).await;
            assert_eq!((status, &answer["code"]), (409, &json!("sha_moved")));
        }
        assert_eq!(rita.code("POST", &path, &body).await, (409, "sha_moved".into()));
    }

    async fn a_key_is_for_one_request(world: Plan::signed()) {
        world.open().await;
        world.open().await;
        let checks = world.checks("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&checks[0], "approve");
        assert_eq!(post(&rita, "k", &path, &body).await.0, 201);
        let (other, other_body) = verdict(&checks[1], "approve");
        let (_, reject) = verdict(&checks[0], "reject");
        for (path, body) in [(&other, &other_body), (&path, &reject), (&other, &body)] {
            let (status, answer) = post(&rita, "k", path, body).await;
            assert_eq!((status, &answer["code"]), (422, &json!("idempotency_key_reused")), "{answer}");
            assert_eq!(answer["field"], "Idempotency-Key");
        }
        assert_eq!(world.detail(&checks[0]).await["state"], "approved");
        assert_eq!(world.detail(&checks[1]).await["state"], "pending");
        // Others have keys of their own, also another program of the same person.
        let ada = world.person("Ada Admin", &[Role::Reviewer], &[]).await;
        let browser = world.browser(&ada).await;
        assert_eq!(post(&browser, "k", &other, &other_body).await.0, 201);
        let program = world.program(&world.rita, &[Permission::ChecksRead, Permission::ChecksDecide], &[]).await;
        assert_eq!(post(&program, "k", &other, &other_body).await.0, 409);
        // A person's browsers have one set of keys.
        let again = world.browser(&ada).await;
        assert_eq!(post(&again, "k", &other, &other_body).await.0, 201);
    }

    async fn a_refusal_leaves_the_key_free(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let (path, mut body) = verdict(&check, "reject");
        body["comment"] = json!("");
        assert_eq!(post(&rita, "k", &path, &body).await.1["code"], "comment_required");
        body["comment"] = json!("too late");
        body["expected_sha"] = json!("0".repeat(40));
        assert_eq!(post(&rita, "k", &path, &body).await.1["code"], "sha_moved");
        assert!(kept(world).await.is_empty());
        body["expected_sha"] = check["sha"].clone();
        assert_eq!(post(&rita, "k", &path, &body).await.0, 201);
    }

    async fn who_may_not_decide_is_refused_each_time(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let ada = world.person("Ada Author", &[Role::Reviewer, Role::Administrator], &[]).await;
        let program = world.program(&ada, &Permission::ALL, &[]).await;
        let author = world.gitlab.merge_request(world.project, iid).author;
        let change = json!({"name": "Ada Author", "roles": ["reviewer", "administrator"], "all_projects": true, "projects": [], "groups": [],
            "gitlab_user_id": author, "active": true});
        let (status, changed) = program.put(&format!("people/{}", ada.id), &change).await;
        assert_eq!(status, 200, "{changed}");
        let (path, body) = verdict(&check, "approve");
        for _ in 0..2 {
            let (status, answer) = post(&program, "k", &path, &body).await;
            assert_eq!((status, &answer["code"]), (403, &json!("own_change")));
        }
        assert_eq!(world.detail(&check).await["state"], "pending");
    }

    async fn of_two_at_once_one_is_done(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&check, "approve");
        let all = futures_util::future::join_all((0..8).map(|_| post(&rita, "k", &path, &body))).await;
        assert!(all.iter().all(|(status, _)| *status == 201), "{all:?}");
        assert_eq!(world.detail(&check).await["decisions"].as_array().unwrap().len(), 1);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        let group = json!({"name": "Release", "projects": [], "members": []});
        let all = futures_util::future::join_all((0..8).map(|_| post(&rita, "g", "groups", &group))).await;
        let made: Vec<&Value> = all.iter().filter(|(status, _)| *status == 201).map(|(_, group)| &group["id"]).collect();
        assert!(!made.is_empty() && made.iter().all(|id| *id == made[0]), "{all:?}");
        for (status, answer) in all.iter().filter(|(status, _)| *status != 201) {
            assert_eq!((*status, &answer["code"]), (409, &json!("done_already")));
        }
        assert_eq!(world.get("groups").await.1["items"].as_array().unwrap().len(), 1);
    }

    async fn nothing_is_done_twice_where_the_answer_was_lost(world: Plan::signed()) {
        for _ in 0..3 {
            world.open().await;
        }
        let checks = world.checks("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&checks[0], "approve");
        assert_eq!(post(&rita, "one", &path, &body).await.0, 201);
        let items: Vec<Value> = checks[1..].iter().map(|check| json!({"id": check["id"], "expected_sha": check["sha"]})).collect();
        let bulk = json!({"verdict": "approve", "items": items});
        let (status, first) = post(&rita, "many", "checks/decisions", &bulk).await;
        assert_eq!((status, &first["results"][1]["decided"]), (200, &json!(true)), "{first}");
        lose_answers(world).await;
        let (status, answer) = post(&rita, "one", &path, &body).await;
        assert_eq!((status, &answer["state"]), (201, &json!("approved")), "{answer}");
        let (status, second) = post(&rita, "many", "checks/decisions", &bulk).await;
        assert_eq!(status, 200);
        for result in second["results"].as_array().unwrap() {
            assert_eq!((&result["decided"], &result["code"]), (&json!(true), &Value::Null), "{result}");
        }
        for check in &checks {
            assert_eq!(world.detail(check).await["decisions"].as_array().unwrap().len(), 1);
        }
        // The parts of a request remember what it was.
        lose_answers(world).await;
        let (_, reject) = verdict(&checks[0], "reject");
        assert_eq!(post(&rita, "one", &path, &reject).await.1["code"], "idempotency_key_reused");
    }

    async fn the_answer_to_many_is_repeated_as_a_whole(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let bulk = json!({"verdict": "approve", "items": [
            {"id": check["id"], "expected_sha": check["sha"]}, {"id": "nonsense", "expected_sha": check["sha"]}]});
        let first = post(&rita, "k", "checks/decisions", &bulk).await;
        assert_eq!(first.1["results"][1]["code"], "not_found");
        assert_eq!(post(&rita, "k", "checks/decisions", &bulk).await, first);
    }

    async fn secrets_are_not_kept(world: Plan::signed()) {
        let rita = world.browser(&world.rita).await;
        let token = json!({"name": "ci", "scopes": ["checks:read"]});
        let person = json!({"name": "Vera Viewer", "email": "vera@example.com", "roles": ["viewer"], "all_projects": true, "projects": [], "groups": []});
        let link = format!("people/{}/link", world.rita.id);
        for (key, path, body) in [("a", "tokens", &token), ("b", "people", &person), ("c", link.as_str(), &json!({}))] {
            let (status, first) = post(&rita, key, path, body).await;
            assert!(status < 300, "{first}");
            crate::support::logs::secrets_of(&first);
            let (status, second) = post(&rita, key, path, body).await;
            assert_eq!((status, &second["code"]), (409, &json!("done_already")), "{path} {second}");
        }
        // Not even the hash of a password.
        let password = json!({"current": "correct horse battery", "new": "staple battery horse"});
        let (status, headers, _) = under(&rita, "d", "PUT", "account/password", &password).await;
        assert_eq!((status.as_u16(), headers.get("idempotency-replayed")), (204, None));
        let kept = kept(world).await;
        assert_eq!(kept.len(), 3);
        assert!(kept.iter().all(|one| one.body.is_none()), "{:?}", kept.iter().map(|one| &one.key).collect::<Vec<_>>());
        let made = rita.get("tokens").await.1["items"].as_array().unwrap().iter().filter(|one| one["name"] == "ci").count();
        assert_eq!(made, 1);
    }

    async fn every_write_takes_a_key(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        world.gitlab.set_fault(Some(Fault::Forbidden));
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        world.gitlab.set_fault(None);
        let retry = format!("deliveries/{}/retry", world.detail(&check).await["deliveries"][0]["id"].as_str().unwrap());
        let group = post(&rita, "group", "groups", &json!({"name": "Release", "projects": [], "members": []})).await.1;
        let (group, version) = (format!("groups/{}", group["id"].as_str().unwrap()), group["version"].clone());
        let change = json!({"name": "Releases", "projects": [], "members": [], "expected_version": version});
        for (key, method, path, body, expected) in [
            ("retry", "POST", retry.as_str(), json!({}), 202),
            ("reconcile", "POST", "reconcile", json!({}), 202),
            ("change", "PUT", group.as_str(), change, 200),
            ("remove", "DELETE", group.as_str(), json!({}), 204),
        ] {
            let first = under(&rita, key, method, path, &body).await;
            assert_eq!(first.0, expected, "{path} {}", first.2);
            let second = under(&rita, key, method, path, &body).await;
            assert_eq!((second.0, &second.2), (first.0, &first.2), "{path}");
            assert_eq!(second.1["idempotency-replayed"], "true");
        }
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        assert_eq!(world.happened(&check).await.iter().filter(|kind| *kind == "delivery.retried").count(), 1);
        // What only looks needs none.
        let (status, headers, _) = under(&rita, "retry", "GET", "checks", &Value::Null).await;
        assert_eq!((status.as_u16(), headers.get("idempotency-replayed")), (200, None));
    }

    async fn a_key_is_known_for_a_day(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&check, "approve");
        assert_eq!(post(&rita, "k", &path, &body).await.0, 201);
        world.advance(Duration::from_secs(23 * 60 * 60));
        worker::tidy(&world.app).await.unwrap();
        assert_eq!(post(&rita, "k", &path, &body).await.0, 201);
        world.advance(Duration::from_secs(2 * 60 * 60));
        worker::tidy(&world.app).await.unwrap();
        assert!(kept(world).await.is_empty());
        assert_eq!(post(&rita, "k", &path, &body).await.0, 409);
    }

    async fn a_key_that_cannot_be_read_is_refused(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let rita = world.program_of_rita();
        let (path, body) = verdict(&check, "approve");
        for key in ["", "\"open", &"x".repeat(256)] {
            let (status, answer) = post(&rita, key, &path, &body).await;
            assert_eq!((status, &answer["code"], &answer["field"]), (400, &json!("bad_parameter"), &json!("Idempotency-Key")));
        }
        let twice = rita.http.post(format!("{}/api/v1/{path}", rita.base)).json(&body);
        let twice = twice.header("idempotency-key", "a").header("idempotency-key", "b").send().await.unwrap();
        assert_eq!(twice.status(), 400);
        let long = json!({"verdict": "approve", "comment": "x".repeat(300_000), "expected_sha": check["sha"]});
        assert_eq!(post(&rita, "k", &path, &long).await.1["code"], "too_large");
        let text = rita.http.post(format!("{}/api/v1/{path}", rita.base)).header("idempotency-key", "k").body(body.to_string());
        assert_eq!(text.send().await.unwrap().status(), 415);
        assert_eq!(world.check("pending").await["id"], check["id"]);
        // A sign-in has nobody yet whose key it could be.
        let sign_in = json!({"email": world.rita.email, "password": crate::support::people::PASSWORD});
        for _ in 0..2 {
            let (status, headers, _) = under(&world.stranger(), "k", "POST", "session", &sign_in).await;
            assert_eq!((status.as_u16(), headers.get("idempotency-replayed")), (201, None));
        }
    }
}
