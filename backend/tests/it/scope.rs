//! Scope: what belongs to other projects is not there, exactly as if it did not exist.

use std::time::Duration;

use approval_app::db::{DbError, Lane};
use approval_app::domain::access::{Permission, Role};
use diesel::prelude::*;
use futures_util::{Stream, StreamExt as _};
use gitlab_sandbox::Fault;
use serde_json::{Value, json};

use crate::support::{Asker, Plan, World, on_both};

/// A second project with one check; returns our id of it and the check.
async fn another(world: &World) -> (String, Value) {
    let other = world.gitlab.create_project("demo/payments");
    world.gitlab.create_rule(other, "Release gate", &format!("{}/status_check", world.base), world.secret);
    world.gitlab.create_merge_request(other, Default::default());
    world.settle().await;
    let (_, page) = world.get("checks?state=all&project=demo/payments").await;
    (world.project_id(other).await, page["items"][0].clone())
}

/// The answer without what differs from request to request.
async fn answer(asker: &Asker, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, mut answer) = asker.ask(method, path, body).await;
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("request_id");
    }
    (status.as_u16(), answer)
}

/// Reads the live stream after event 0 until `want` holds.
async fn follow(asker: &Asker, want: impl Fn(&str) -> bool) -> String {
    let request = asker.http.get(format!("{}/api/v1/events", asker.base)).header("Last-Event-ID", "0");
    let mut stream = request.send().await.unwrap().bytes_stream();
    let mut read = String::new();
    let reading = async {
        while !want(&read) {
            let Some(chunk) = stream.next().await else { return };
            read.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("what is awaited arrives");
    read
}

/// Opens the live stream, and returns it once it has begun.
async fn listen(asker: &Asker) -> impl Stream<Item = reqwest::Result<bytes::Bytes>> + Unpin {
    let request = asker.http.get(format!("{}/api/v1/events", asker.base));
    let mut stream = request.send().await.unwrap().bytes_stream();
    assert!(stream.next().await.is_some(), "it begins");
    stream
}

on_both! {
    async fn what_belongs_to_other_projects_is_not_there(world: Plan::signed()) {
        world.open().await;
        let own = world.check("pending").await;
        let mine = world.project_id(world.project).await;
        let (theirs, foreign) = another(world).await;
        world.gitlab.set_fault(Some(Fault::TokenRevoked));
        assert_eq!(world.decide(&foreign, "approve", "").await.0, 201);
        world.settle().await;
        world.gitlab.set_fault(None);
        let delivery = world.detail(&foreign).await["deliveries"][0]["id"].as_str().unwrap().to_owned();
        let limited = world.person("Lia Limited", &[Role::Reviewer, Role::Auditor], std::slice::from_ref(&mine)).await;
        // By the account's grants, and by the token's limit alone.
        let scopes = [Permission::ChecksRead, Permission::ChecksDecide, Permission::ProjectsRead];
        let askers = [
            world.browser(&limited).await,
            world.program(&limited, &scopes, &[]).await,
            world.program(&world.rita, &scopes, std::slice::from_ref(&mine)).await,
        ];
        let decision = json!({"verdict": "approve", "expected_sha": foreign["sha"]});
        let nobodys = "0198b3a0-0000-7000-8000-000000000000";
        let check = foreign["id"].as_str().unwrap();
        for asker in &askers {
            for (method, path, id, body) in [
                ("GET", "checks/{}", check, Value::Null),
                ("GET", "checks/{}/gitlab", check, Value::Null),
                ("GET", "checks/{}/change", check, Value::Null),
                ("GET", "checks/{}/diff?path=changes/change-1.md", check, Value::Null),
                ("GET", "checks/{}/since", check, Value::Null),
                ("POST", "checks/{}/decisions", check, decision.clone()),
                ("POST", "deliveries/{}/retry", delivery.as_str(), Value::Null),
            ] {
                let there = answer(asker, method, &path.replace("{}", id), &body).await;
                let nowhere = answer(asker, method, &path.replace("{}", nobodys), &body).await;
                assert_eq!(there.0, 404, "{method} {path}: {}", there.1);
                assert_eq!(there, nowhere, "{method} {path}");
            }
            for query in ["state=all", "state=all&project=demo/payments", "state=all&q=payments", "state=all&rule=Release%20gate"] {
                let (_, page) = asker.get(&format!("checks?{query}")).await;
                let items = page["items"].as_array().unwrap();
                assert!(items.iter().all(|item| item["id"] == own["id"]), "{query}: {page}");
            }
            let bulk = json!({"verdict": "approve", "items": [{"id": check, "expected_sha": foreign["sha"]}, {"id": nobodys, "expected_sha": foreign["sha"]}]});
            let (_, answer) = asker.post("checks/decisions", &bulk).await;
            let (there, nowhere) = (&answer["results"][0], &answer["results"][1]);
            for field in ["decided", "code", "detail", "check"] {
                assert_eq!(there[field], nowhere[field], "{answer}");
            }
            assert_eq!(there["code"], "not_found");
            let (_, rules) = asker.get("rules").await;
            let names: Vec<_> = rules["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
            assert_eq!(names, [json!("Change approval")], "{rules}");
            let (_, system) = asker.get("system").await;
            assert_eq!((&system["pending_checks"], &system["failed_deliveries"]), (&json!(1), &json!(0)), "{system}");
            assert_eq!((&system["waiting_calls"], &system["set_aside_calls"]), (&json!(0), &json!(0)));
            let (_, projects) = asker.get("projects").await;
            let ids: Vec<_> = projects["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
            assert_eq!(ids, [json!(mine)]);
        }
        assert_eq!(world.get("system").await.1["failed_deliveries"], 1);
        let (_, rules) = world.get("rules").await;
        let rule = rules["items"].as_array().unwrap().iter().find(|one| one["name"] == "Release gate").unwrap()["id"].as_str().unwrap().to_owned();
        let person = world.person("Liam Limited", &[Role::Administrator], std::slice::from_ref(&mine)).await;
        let writing = world.program(&person, &[Permission::ProjectsWrite], &[]).await;
        for id in [rule.as_str(), nobodys] {
            assert_eq!(writing.code("PUT", &format!("rules/{id}"), &json!({"note_enabled": false})).await, (404, "not_found".into()));
        }
        // A group opens the other project, at once.
        let group = json!({"name": "Payments", "projects": [theirs], "members": [limited.id]});
        assert_eq!(world.post("groups", &group).await.0, 201);
        assert_eq!(askers[0].get(&format!("checks/{check}")).await.0, 200);
        assert_eq!(askers[0].post(&format!("deliveries/{delivery}/retry"), &Value::Null).await.0, 202);
        assert_eq!(askers[2].get(&format!("checks/{check}")).await.0, 404, "the token stays limited");
        assert_eq!(askers[0].get("checks?state=all").await.1["items"].as_array().unwrap().len(), 2);
    }

    async fn the_live_stream_leaves_out_other_projects(world: Plan::signed()) {
        world.open().await;
        let own = world.check("pending").await;
        let mine = world.project_id(world.project).await;
        let (_, foreign) = another(world).await;
        let limited = world.person("Lia Limited", &[Role::Viewer], std::slice::from_ref(&mine)).await;
        let browser = world.browser(&limited).await;
        let own_id = own["id"].as_str().unwrap();
        // What was missed, and what is broadcast while listening.
        let (read, ()) = tokio::join!(
            follow(&browser, |read| read.contains("check.decided")),
            async {
                assert_eq!(world.decide(&foreign, "approve", "").await.0, 201);
                world.settle().await;
                assert_eq!(world.decide(&own, "approve", "").await.0, 201);
                world.settle().await;
            }
        );
        assert!(read.contains(own_id), "{read}");
        assert!(!read.contains(foreign["id"].as_str().unwrap()), "{read}");
        assert!(!read.contains("account.invited"), "{read}");
        // Of sessions she hears of her own.
        let sessions: Vec<&str> = read.lines().filter(|line| line.contains("session.started")).collect();
        assert!(!sessions.is_empty() && sessions.iter().all(|line| line.contains("Lia Limited")), "{read}");
        // Events of no project reach administrators and auditors.
        let auditor = world.person("Audrey", &[Role::Auditor], &[mine]).await;
        let read = follow(&world.browser(&auditor).await, |read| read.contains("check.created")).await;
        assert!(read.contains("account.invited"), "{read}");
    }

    async fn a_listener_who_is_switched_off_hears_nothing_more(world: Plan::signed()) {
        let viewer = world.person("Vera Viewer", &[Role::Viewer], &[]).await;
        let browser = world.browser(&viewer).await;
        let mut stream = listen(&browser).await;
        let change = json!({"name": "Vera Viewer", "roles": ["viewer"], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": false});
        let rita = world.program_of_rita();
        assert_eq!(rita.put(&format!("people/{}", viewer.id), &change).await.0, 200);
        world.settle().await;
        let ended = async { while let Some(Ok(_)) = stream.next().await {} };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the stream ends");
    }

    async fn a_listener_whose_access_changes_is_told_to_read_anew(world: Plan::signed()) {
        let viewer = world.person("Vera Viewer", &[Role::Viewer], &[]).await;
        let browser = world.browser(&viewer).await;
        let mut stream = listen(&browser).await;
        let rita = world.program_of_rita();
        let mut change = json!({"name": "Vera Viewer", "roles": ["viewer"], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": 7, "active": true});
        let mut next = async |want: &str| {
            let reading = async {
                while let Some(Ok(chunk)) = stream.next().await {
                    if std::str::from_utf8(&chunk).unwrap().contains(want) {
                        return true;
                    }
                }
                false
            };
            tokio::time::timeout(Duration::from_secs(20), reading).await.expect("it is told")
        };
        for role in ["reviewer", "viewer"] {
            change["roles"] = json!([role]);
            assert_eq!(rita.put(&format!("people/{}", viewer.id), &change).await.0, 200);
            world.settle().await;
            assert!(next("event: reset").await);
        }
    }

    async fn whoever_listens_hears_of_their_own_account_and_of_no_other(world: Plan::signed()) {
        let viewer = world.person("Vera Viewer", &[Role::Viewer], &[]).await;
        let other = world.person("Otto Other", &[Role::Viewer], &[]).await;
        let listener = world.browser(&viewer).await;
        world.browser(&other).await;
        // A second window.
        world.browser(&viewer).await;
        world.settle().await;
        let signed_in = |read: &str| read.matches("session.started").count();
        let read = follow(&listener, |read| signed_in(read) >= 2).await;
        assert!(!read.contains("Otto"), "{read}");
        // A program that acts for them is told of nothing but its projects.
        world.open().await;
        let program = world.program(&viewer, &[Permission::ChecksRead], &[]).await;
        let read = follow(&program, |read| read.contains("check.created")).await;
        assert_eq!(signed_in(&read), 0, "{read}");
    }

    async fn thousands_of_projects_can_be_granted(world: Plan::signed()) {
        world.open().await;
        let own = world.check("pending").await;
        let mine = world.project_id(world.project).await;
        let (_, foreign) = another(world).await;
        let many = world
            .app
            .db
            .write(Lane::Front, |conn| {
                use approval_app::db::schema::project;
                let (connection, at): (String, String) =
                    project::table.select((project::connection_id, project::created_at)).first(conn)?;
                let mut ids = Vec::new();
                for number in 0..4000_i64 {
                    let id = format!("0198b3a0-0000-7000-9000-{number:012}");
                    diesel::insert_into(project::table)
                        .values((
                            project::id.eq(&id),
                            project::connection_id.eq(&connection),
                            project::gitlab_id.eq(1_000_000 + number),
                            project::path.eq(format!("many/{number}")),
                            project::web_url.eq("https://gitlab.example.com"),
                            project::created_at.eq(&at),
                            project::updated_at.eq(&at),
                        ))
                        .execute(conn)?;
                    ids.push(id);
                }
                Ok::<_, DbError>(ids)
            })
            .await
            .unwrap();
        let granted: Vec<String> = many.into_iter().chain([mine]).collect();
        let person = world.person("Mia Many", &[Role::Reviewer, Role::Auditor], &granted).await;
        let asker = world.program(&person, &[Permission::ChecksRead, Permission::ChecksDecide, Permission::ProjectsRead], &granted).await;
        let (status, page) = asker.get("checks?state=all").await;
        assert_eq!(status, 200, "{page}");
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, [own["id"].clone()]);
        assert_eq!(asker.get("projects").await.1["items"].as_array().unwrap().len(), 4001);
        assert_eq!(asker.get("system").await.1["pending_checks"], 1);
        assert_eq!(asker.get(&format!("checks/{}", foreign["id"].as_str().unwrap())).await.0, 404);
        let decision = json!({"verdict": "approve", "expected_sha": own["sha"]});
        assert_eq!(asker.post(&format!("checks/{}/decisions", own["id"].as_str().unwrap()), &decision).await.0, 201);
    }
}
