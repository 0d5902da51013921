//! The door: what is taken, what is refused, and what it costs.

use std::time::Duration;

use approval_app::db::{DbError, Lane};
use approval_app::domain::access::Role;
use diesel::connection::SimpleConnection as _;
use gitlab_sandbox::payload::MergeRequestCall;
use gitlab_sandbox::{Fault, sign};
use serde_json::json;

use crate::support::{Plan, SECRET, World, on_both};

fn body(world: &World, iid: i64) -> Vec<u8> {
    world.gitlab.payload(world.project, iid, world.rule, Some("update"))
}

on_both! {
    async fn a_signed_call_becomes_a_pending_check(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(check["sha"], world.gitlab.head(world.project, iid));
        assert_eq!(check["project"]["id"], world.project);
        assert_eq!(check["project"]["path"], "demo/storefront");
        assert_eq!(check["rule"], json!({"id": world.rule, "name": "Change approval"}));
        assert_eq!(check["merge_request"]["iid"], iid);
        assert!(check["merge_request"]["author"].as_str().is_some_and(|name| !name.is_empty()));
        assert!(check["delivery"].is_null());
        assert_eq!(world.calls("processed").await.len(), 1);
        assert_eq!(world.calls("all").await[0]["signed"], true);
    }

    async fn an_unsigned_call_shows_what_gitlab_says_and_not_what_it_says(world: Plan::unsigned()) {
        let iid = world.gitlab.create_merge_request(world.project, Default::default());
        world.gitlab.settle().await;
        let mut forged = MergeRequestCall::default();
        forged.project.id = world.project;
        forged.merge_request.iid = iid;
        forged.merge_request.title = "Harmless, please approve".into();
        forged.rule.id = world.rule;
        let forged = forged.sha(&"f".repeat(40));
        assert_eq!(world.call("status_check", forged.bytes(), None).await.0, 202);
        world.settle().await;
        let check = world.check("all").await;
        assert_eq!(check["sha"], world.gitlab.head(world.project, iid));
        assert_ne!(check["merge_request"]["title"], "Harmless, please approve");
        assert!(world.calls("all").await.iter().all(|call| call["signed"] == false));
    }

    async fn an_unsigned_call_for_what_gitlab_does_not_know_is_set_aside(world: Plan::unsigned()) {
        let mut forged = MergeRequestCall::default();
        forged.project.id = 4711;
        assert_eq!(world.call("status_check", forged.bytes(), None).await.0, 202);
        world.settle().await;
        assert!(world.checks("all").await.is_empty());
        let aside = world.calls("set_aside").await;
        assert_eq!(aside.len(), 1);
        assert!(aside[0]["note"].as_str().unwrap().contains("404"), "{aside:?}");
        // It is an administrator's business, whatever projects are theirs.
        let known = world.open().await;
        let mine = world.project_id(world.project).await;
        let admin = world.person("Ada Administrator", &[Role::Administrator], std::slice::from_ref(&mine)).await;
        let viewer = world.person("Vera Viewer", &[Role::Viewer], &[mine]).await;
        for (person, counted) in [(&admin, 1), (&viewer, 0)] {
            let (_, system) = world.browser(person).await.get("system").await;
            assert_eq!(system["set_aside_calls"], counted, "{known} {system}");
        }
    }

    /// Anybody can send them, and nothing is ever taken out of the record.
    async fn calls_without_a_signature_do_not_fill_the_record(world: Plan::unsigned()) {
        let mut forged = MergeRequestCall::default();
        forged.project.id = 4711;
        let more = 103;
        for _ in 0..more {
            assert_eq!(world.call("status_check", forged.bytes(), None).await.0, 202);
        }
        world.settle().await;
        assert_eq!(world.get("system").await.1["set_aside_calls"], more);
        let (_, record) = world.get("audit?kind=call.set_aside&limit=200").await;
        let entries = record["items"].as_array().unwrap();
        assert_eq!(entries.len(), 100);
        let says = |which: usize| entries[which]["summary"].as_str().unwrap().contains("only listed");
        assert!(says(0) && !says(1), "{} {}", entries[0], entries[1]);
    }

    async fn an_unsigned_call_cannot_enrol_a_check_that_leads_elsewhere(world: Plan::unsigned()) {
        let iid = world.gitlab.create_merge_request(world.project, Default::default());
        let other = world.gitlab.create_rule(world.project, "Scanner", "http://127.0.0.1:9/scan", None);
        world.gitlab.settle().await;
        let body = world.gitlab.payload(world.project, iid, other, Some("update"));
        assert_eq!(world.call("status_check", body, None).await.0, 202);
        world.settle().await;
        assert!(world.checks("all").await.iter().all(|check| check["rule"]["id"] == world.rule));
        assert_eq!(world.calls("set_aside").await.len(), 1);
    }

    async fn with_a_secret_known_only_its_signature_opens(world: Plan::signed()) {
        let iid = world.open().await;
        let body = body(world, iid);
        let good = sign(SECRET, &body);
        let mut changed = body.clone();
        changed.push(b' ');
        for (body, signature, why) in [
            (body.clone(), None, "none"),
            (body.clone(), Some(sign("another", &body)), "another secret"),
            (body.clone(), Some(good[..63].to_owned()), "cut off"),
            (body.clone(), Some(format!("sha256={good}")), "prefixed"),
            (body.clone(), Some(String::new()), "empty"),
            (changed, Some(good.clone()), "another body"),
        ] {
            let (status, problem) = world.call("status_check", body, signature.as_deref()).await;
            assert_eq!(status, 401, "{why}");
            assert_eq!(problem["code"], "bad_signature");
            assert!(problem["request_id"].is_string());
        }
        assert_eq!(world.calls("all").await.len(), 1, "nothing of it was stored");
        assert_eq!(world.call("status_check", body, Some(&good.to_uppercase())).await.0, 202);
    }

    async fn without_a_secret_signatures_can_still_be_required(world: Plan { require_signature: true, ..Plan::unsigned() }) {
        let call = MergeRequestCall::default().bytes();
        assert_eq!(world.call("status_check", call.clone(), None).await.0, 401);
        assert_eq!(world.call("status_check", call.clone(), Some(&sign("x", &call))).await.0, 401);
    }

    async fn a_rules_own_secret_wins_over_the_default_one(world: Plan::signed()) {
        let iid = world.open().await;
        let (project, rule, now, keys) = (world.project, world.rule, world.now(), world.app.keys());
        world
            .app
            .db
            .write(approval_app::db::Lane::Front, move |conn| {
                use approval_app::db::{DbError, projects, rule_secrets};
                let connection = projects::connections(conn)?.remove(0);
                let project = projects::find_project(conn, &connection, project)?.unwrap();
                let row = projects::rules(conn, &project.id)?.into_iter().find(|row| row.gitlab_id == rule).unwrap();
                let sealed = keys.seal(row.id.as_str(), &secrecy::SecretString::from("its own"));
                rule_secrets::set(conn, &row.id, Some(&sealed), now)?;
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        world.app.load_secrets().await.unwrap();
        let body = body(world, iid);
        assert_eq!(world.call("status_check", body.clone(), Some(&sign(SECRET, &body))).await.0, 401);
        assert_eq!(world.call("status_check", body.clone(), Some(&sign("its own", &body))).await.0, 202);
    }

    async fn what_cannot_be_read_is_refused_with_a_reason(world: Plan::signed()) {
        for (body, status, code) in [
            (&b"{"[..], 400, "malformed_json"),
            (b"", 400, "malformed_json"),
            (b"\xff\xfe", 400, "malformed_json"),
            (b"[]", 422, "not_a_status_check"),
            (br#"{"object_kind":"push"}"#, 422, "not_a_status_check"),
            (br#"{"object_kind":"merge_request","project":{"id":1},"object_attributes":{"iid":1}}"#, 422, "not_a_status_check"),
        ] {
            let (got, problem) = world.call("status_check", body.to_vec(), None).await;
            assert_eq!(got, status, "{}", String::from_utf8_lossy(body));
            assert_eq!(problem["code"], code);
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10));
        }
        assert!(world.calls("all").await.is_empty());
        assert_eq!(world.http.get(format!("{}/status_check", world.base)).send().await.unwrap().status(), 405);
    }

    async fn what_no_database_takes_keeps_no_call_back(world: Plan::signed()) {
        let iid = world.open().await;
        let text = String::from_utf8(body(world, iid)).unwrap();
        let mut call: serde_json::Value = serde_json::from_str(&text).unwrap();
        call["object_attributes"]["title"] = "a\0b".into();
        call["object_attributes"]["updated_at"] = "2026-03-02T10:00:00Z".into();
        assert_eq!(world.signed_call(call.to_string().into_bytes()).await.0, 202);
        world.settle().await;
        assert_eq!(world.check("pending").await["merge_request"]["title"], "a\u{fffd}b");
        assert!(world.calls("set_aside").await.is_empty());
    }

    async fn rules_of_one_project_have_urls_of_their_own(world: Plan::signed()) {
        let second = world.gitlab.create_rule(world.project, "Security", &format!("{}/status_check/security", world.base), Some(SECRET));
        world.open().await;
        let rules: Vec<_> = world.checks("pending").await.iter().map(|check| check["rule"]["id"].as_i64().unwrap()).collect();
        assert_eq!(rules.len(), 2);
        assert!(rules.contains(&world.rule) && rules.contains(&second));
    }

    async fn a_key_that_cannot_be_stored_keeps_no_call_back(world: Plan::unsigned()) {
        let call = MergeRequestCall::default().bytes();
        for path in ["status_check/%00", "status_check/", "status_check/team/release"] {
            assert_eq!(world.call(path, call.clone(), None).await.0, 202, "{path}");
        }
        let iid = world.open().await;
        assert_eq!(world.check("pending").await["merge_request"]["iid"], iid);
        assert!(world.calls("stored").await.is_empty());
    }

    async fn a_rules_key_opens_for_that_rule_only(world: Plan::signed()) {
        let iid = world.open().await;
        let keys = world
            .app
            .db
            .read(|conn| {
                let connection = approval_app::db::projects::connections(conn)?.remove(0);
                approval_app::db::rule_secrets::of_connection(conn, &connection)
            })
            .await
            .unwrap();
        let path = format!("status_check/{}", keys[0].rule_key);
        let own = body(world, iid);
        assert_eq!(world.call(&path, own.clone(), Some(&sign(SECRET, &own))).await.0, 202);
        let mut other = MergeRequestCall::default();
        other.rule.id = 999;
        let other = other.bytes();
        let (status, problem) = world.call(&path, other.clone(), Some(&sign(SECRET, &other))).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("rule_mismatch")));
    }

    async fn enrolment_can_be_switched_off(world: Plan { enrol: false, ..Plan::signed() }) {
        let (status, problem) = world.signed_call(MergeRequestCall::default().bytes()).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")));
    }

    async fn a_call_is_kept_though_no_gitlab_is_configured(world: Plan { connected: false, ..Plan::signed() }) {
        assert_eq!(world.signed_call(MergeRequestCall::default().bytes()).await.0, 202);
        world.settle().await;
        let aside = world.calls("set_aside").await;
        assert!(aside[0]["note"].as_str().unwrap().contains("APPROVAL_GITLAB_URL"), "{aside:?}");
    }

    async fn what_gitlab_refuses_to_explain_is_not_asked_about_without_end(world: Plan::unsigned()) {
        let iid = world.open().await;
        assert_eq!(world.call("status_check", body(world, iid), None).await.0, 202);
        world.gitlab.set_fault(Some(Fault::Down));
        world.settle_for(Duration::from_secs(24 * 3600)).await;
        assert_eq!(world.calls("stored").await.len(), 1, "an outage is waited for");
        world.gitlab.set_fault(Some(Fault::Forbidden));
        world.settle_for(Duration::from_secs(1800)).await;
        assert_eq!(world.calls("stored").await.len(), 1, "a token may be mended");
        world.settle_for(Duration::from_secs(9000)).await;
        let aside = world.calls("set_aside").await;
        assert!(aside[0]["note"].as_str().unwrap().contains("403"), "{aside:?}");
        let asked = world.gitlab.request_count();
        world.settle_for(Duration::from_secs(9000)).await;
        assert_eq!(world.gitlab.request_count(), asked);
        // Somebody believes that it is mended, a moment too early.
        assert_eq!(world.post(&format!("calls/{}/replay", aside[0]["id"]), &json!({})).await.0, 202);
        world.settle_for(Duration::from_secs(60)).await;
        assert!(world.calls("set_aside").await.is_empty(), "one refusal does not end it again");
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(600)).await;
        assert_eq!(world.calls("stored").await.len(), 0);
        assert!(world.calls("set_aside").await.is_empty());
    }

    async fn a_silent_gitlab_is_not_asked_about_every_call(world: Plan::unsigned()) {
        let iid = world.open().await;
        world.gitlab.set_fault(Some(Fault::Down));
        for _ in 0..40 {
            assert_eq!(world.call("status_check", body(world, iid), None).await.0, 202);
        }
        world.settle().await;
        let not_asked = |call: &&serde_json::Value| call["note"].as_str().unwrap().contains("about others");
        assert_eq!(world.calls("stored").await.iter().filter(not_asked).count(), 16, "of the first 32");
        world.settle_for(Duration::from_secs(3600)).await;
        assert_eq!(world.calls("stored").await.len(), 40);
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(600)).await;
        assert_eq!(world.calls("stored").await.len(), 0);
        assert!(world.calls("set_aside").await.is_empty());
    }

    async fn a_call_has_all_its_tries_after_an_outage(world: Plan::unsigned()) {
        let iid = world.open().await;
        world.gitlab.set_fault(Some(Fault::Down));
        assert_eq!(world.call("status_check", body(world, iid), None).await.0, 202);
        world.settle_for(Duration::from_secs(3600)).await;
        let sqlite = world.app.db.kind() == "sqlite";
        let run = |on_sqlite: &'static str, on_postgresql: &'static str| {
            let statement = if sqlite { on_sqlite } else { on_postgresql };
            world.app.db.write(Lane::Front, move |conn| Ok::<_, DbError>(conn.batch_execute(statement)?))
        };
        // What is read cannot be taken in, for a moment.
        world.gitlab.set_fault(None);
        run(
            "CREATE TRIGGER broken BEFORE UPDATE ON merge_request BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "ALTER TABLE merge_request ADD CONSTRAINT broken CHECK (FALSE) NOT VALID",
        ).await.unwrap();
        world.advance(Duration::from_secs(300));
        world.settle().await;
        let waiting = world.calls("stored").await;
        assert!(waiting[0]["note"].as_str().unwrap().contains("processing failed"), "{waiting:?}");
        run("DROP TRIGGER broken", "ALTER TABLE merge_request DROP CONSTRAINT broken").await.unwrap();
        world.settle_for(Duration::from_secs(60)).await;
        assert_eq!(world.calls("stored").await.len(), 0);
        assert!(world.calls("set_aside").await.is_empty());
    }

    async fn a_set_aside_call_can_be_replayed_once_mended(world: Plan::unsigned()) {
        let iid = world.gitlab.create_merge_request(world.project, Default::default());
        world.gitlab.settle().await;
        world.settle().await;
        let other = world.gitlab.create_project("demo/hidden");
        let mut call = MergeRequestCall::default();
        call.project.id = other;
        call.merge_request.iid = 1;
        world.call("status_check", call.bytes(), None).await;
        world.settle().await;
        let aside = world.calls("set_aside").await;
        assert_eq!(aside.len(), 1);
        let id = aside[0]["id"].as_i64().unwrap();
        assert_eq!(world.post("calls/999999/replay", &json!({})).await.0, 404);
        let processed = world.calls("processed").await[0]["id"].as_i64().unwrap();
        assert_eq!(world.post(&format!("calls/{processed}/replay"), &json!({})).await.0, 409);
        world.gitlab.create_merge_request(other, Default::default());
        let rule = world.gitlab.create_rule(other, "Change approval", &format!("{}/status_check", world.base), None);
        let mut again = MergeRequestCall::default();
        again.project.id = other;
        again.rule.id = rule;
        assert_eq!(world.post(&format!("calls/{id}/replay"), &json!({})).await.0, 202);
        world.settle().await;
        // The replayed call names a rule that GitLab does not list: it is set aside again, not lost.
        assert_eq!(world.calls("set_aside").await.len(), 1);
        assert_eq!(world.check("pending").await["merge_request"]["iid"], iid);
    }
}
