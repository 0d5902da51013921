//! What GitLab shows is what was decided here, also after lost, late and foreign answers; and nobody is told otherwise.

use std::time::Duration;

use approval_app::db::Lane;
use approval_app::domain::GitLabStatus;
use approval_app::domain::facts::Source;
use approval_app::service::observe::{self, Observation};
use gitlab_sandbox::{Fault, Status};
use serde_json::{Value, json};

use crate::support::{Plan, SECRET, World, on_both};

const MINUTE: Duration = Duration::from_secs(60);
/// Later than GitLab's own rows of a new merge request, so that nothing is read again because of those.
const SETTLED: Duration = Duration::from_secs(600);

async fn approved(world: &World) -> (i64, Value) {
    let iid = world.open().await;
    world.settle_for(SETTLED).await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    world.settle_for(MINUTE).await;
    assert_eq!(world.shown(iid), Status::Passed);
    (iid, check)
}

async fn reverse(world: &World, check: &Value) {
    let body = json!({"verdict": "reject", "comment": "no", "expected_sha": check["sha"], "expected_state": "approved"});
    let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
    let (status, answer) = world.post(&path, &body).await;
    assert_eq!(status, 201, "{answer}");
}

async fn alarms(world: &World) -> usize {
    let (_, found) = world.get("audit?kind=alarm.undecided_pass").await;
    found["items"].as_array().unwrap().len()
}

/// How often GitLab has taken an answer about this check.
async fn told(world: &World, check: &Value) -> usize {
    world.happened(check).await.iter().filter(|kind| *kind == "delivery.delivered").count()
}

on_both! {
    async fn a_decision_that_no_longer_counts_is_taken_back_though_the_answer_was_lost(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        world.gitlab.set_fault(Some(Fault::ServerError));
        world.gitlab.set_target_branch(world.project, iid, "production");
        world.settle().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.settle().await;
        world.gitlab.set_fault(None);
        world.advance(Duration::from_secs(5));
        world.gitlab.reopen(world.project, iid);
        world.settle_for(MINUTE).await;
        assert_eq!(world.check("pending").await["id"], check["id"]);
        assert_eq!(world.shown(iid), Status::Pending);
        assert_eq!(alarms(world).await, 0, "somebody here approved it");
    }

    async fn a_decision_that_no_longer_counts_is_taken_back_though_head_had_moved(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        let sha = world.gitlab.head(world.project, iid);
        world.gitlab.set_target_branch(world.project, iid, "production");
        world.gitlab.settle().await;
        world.advance(Duration::from_secs(2));
        world.gitlab.push(world.project, iid);
        world.settle().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.force_push_back(world.project, iid, &sha);
        world.settle_for(3 * MINUTE).await;
        assert_eq!(world.check("pending").await["id"], check["id"]);
        assert_eq!(world.shown(iid), Status::Pending);
        assert_eq!(alarms(world).await, 0);
    }

    async fn an_answer_that_arrives_late_is_replaced_by_the_newer_one(world: Plan::signed()) {
        let iid = world.open().await;
        world.settle_for(SETTLED).await;
        let check = world.check("pending").await;
        world.gitlab.set_fault(Some(Fault::DropConnection));
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        reverse(world, &check).await;
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(4)).await;
        assert_eq!(world.shown(iid), Status::Failed);
        // What was asked for first is done by GitLab only now.
        world.answer_behind_our_back(iid, "passed").await;
        world.settle_for(Duration::from_secs(10)).await;
        assert_eq!(world.shown(iid), Status::Failed, "nobody waits for the next reconciliation");
        world.advance(Duration::from_secs(30));
        world.answer_behind_our_back(iid, "passed").await;
        world.settle_for(2 * MINUTE).await;
        assert_eq!(world.shown(iid), Status::Failed);
        assert_eq!(alarms(world).await, 0, "it was approved here before");
    }

    async fn a_reversal_that_gitlab_refuses_is_no_alarm_about_nobody(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        world.gitlab.set_fault_on(world.project, iid, Fault::Forbidden);
        reverse(world, &check).await;
        world.settle().await;
        world.gitlab.set_fault(None);
        world.advance(Duration::from_secs(5));
        world.reconcile().await;
        assert_eq!(alarms(world).await, 0);
        world.settle_for(11 * MINUTE).await;
        assert_eq!(world.shown(iid), Status::Failed);
        // Whoever lets it pass then does so without being asked here.
        world.answer_behind_our_back(iid, "passed").await;
        world.advance(5 * MINUTE);
        world.reconcile().await;
        assert_eq!(alarms(world).await, 1);
    }

    async fn what_was_merged_by_an_approval_that_was_taken_back_raises_the_alarm(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        world.gitlab.set_fault(Some(Fault::ServerError));
        reverse(world, &check).await;
        world.settle().await;
        world.gitlab.set_fault(None);
        world.gitlab.merge(world.project, iid).unwrap();
        world.settle_for(MINUTE).await;
        assert_eq!(world.check("withdrawn").await["verdict"], "reject");
        let (_, found) = world.get("audit?kind=alarm.undecided_pass").await;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        let told = found["items"][0]["summary"].as_str().unwrap();
        assert!(told.ends_with("the approval that was given here no longer counts"), "{told}");
    }

    async fn what_was_let_pass_and_merged_at_once_raises_the_alarm(world: Plan::signed()) {
        let iid = world.open().await;
        world.settle_for(SETTLED).await;
        world.answer_behind_our_back(iid, "passed").await;
        world.gitlab.merge(world.project, iid).unwrap();
        world.settle_for(MINUTE).await;
        assert_eq!(alarms(world).await, 1);
        assert_eq!(world.get("system").await.1["undecided_passes"], 1);
    }

    async fn an_approval_ends_the_alarm_at_once(world: Plan::signed()) {
        let iid = world.open().await;
        world.settle_for(SETTLED).await;
        world.answer_behind_our_back(iid, "passed").await;
        world.reconcile().await;
        assert_eq!(world.get("system").await.1["undecided_passes"], 1);
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "seen").await.0, 201);
        assert_eq!(world.get("system").await.1["undecided_passes"], 0);
        let other = world.open().await;
        world.settle_for(SETTLED).await;
        world.answer_behind_our_back(other, "passed").await;
        world.reconcile().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "reject", "not this way").await.0, 201);
        world.settle_for(Duration::from_secs(10)).await;
        assert_eq!(world.shown(other), Status::Failed);
        assert_eq!(world.get("system").await.1["undecided_passes"], 0, "nor does it wait for the reconciliation");
    }

    async fn a_check_whose_rule_is_gone_stays_withdrawn(world: Plan::signed()) {
        let url = format!("{}/status_check/second", world.base);
        let second = world.gitlab.create_rule(world.project, "Security review", &url, Some(SECRET));
        let iid = world.open().await;
        world.settle_for(SETTLED).await;
        let checks = world.checks("pending").await;
        let gone = checks.iter().find(|check| check["rule"]["id"] != second).unwrap();
        assert_eq!(world.decide(gone, "approve", "").await.0, 201);
        world.settle().await;
        world.gitlab.delete_rule(world.project, world.rule);
        world.reconcile().await;
        assert_eq!(world.check("withdrawn").await["id"], gone["id"]);
        let before = world.happened(gone).await;
        for title in ["One title", "Another title"] {
            world.advance(MINUTE);
            world.gitlab.edit_title(world.project, iid, title);
            world.settle_for(Duration::from_secs(10)).await;
        }
        assert_eq!(world.check("withdrawn").await["id"], gone["id"]);
        assert_eq!(world.happened(gone).await, before);
        assert_eq!(world.get("audit?kind=connection.broken").await.1["items"], json!([]));
        // The check that is there still comes back by its own calls.
        world.gitlab.close(world.project, iid);
        world.settle().await;
        world.advance(MINUTE);
        world.gitlab.reopen(world.project, iid);
        world.settle_for(Duration::from_secs(10)).await;
        assert_eq!(world.check("pending").await["rule"]["id"], second);
    }

    async fn a_reading_torn_by_a_push_raises_no_alarm(world: Plan::signed()) {
        let (iid, _) = approved(world).await;
        world.gitlab.drop_next_calls(1);
        let pushed = world.gitlab.push(world.project, iid);
        // The merge request as it is after the push, the checks as they were before it.
        let connected = world.app.connected().unwrap();
        let mut facts = connected.client.read(world.project, iid, world.now()).await.unwrap();
        facts.rules.iter_mut().for_each(|rule| rule.shows = Some(GitLabStatus::Passed));
        assert_eq!((facts.source, facts.merge_request.head_sha.as_ref()), (Source::ReadBack, Some(&pushed)));
        let (now, received_at) = (world.now(), world.now().to_string());
        world
            .app
            .db
            .write(Lane::Back, move |conn| {
                let seen = Observation {
                    connection_id: &connected.id,
                    facts: &facts,
                    named_rule: None,
                    retry: false,
                    signed: false,
                    enrol: false,
                    insist: false,
                    received_at: &received_at,
                    now,
                };
                observe::observe(conn, &seen)
            })
            .await
            .unwrap();
        world.settle().await;
        assert_eq!(world.check("pending").await["sha"], *pushed);
        assert_eq!(alarms(world).await, 0);
        assert_eq!(world.detail(&world.check("pending").await).await["gitlab_status"], "pending");
    }

    async fn what_a_proxy_says_instead_of_gitlab_is_an_outage(world: Plan::signed()) {
        for status in [302, 400, 401, 403, 404, 422] {
            let iid = world.open().await;
            let check = world.check("pending").await;
            world.gitlab.set_fault(Some(Fault::NotGitLab(status)));
            assert_eq!(world.decide(&check, "approve", "").await.0, 201);
            world.settle().await;
            world.reconcile().await;
            let detail = world.detail(&check).await;
            assert_eq!((&detail["state"], &detail["delivery"]["state"]), (&json!("approved"), &json!("pending")), "{detail}");
            let error = detail["delivery"]["last_error"].as_str().unwrap();
            assert!(error.contains(&status.to_string()) && (status < 400 || error.contains("such as a proxy")), "{detail}");
            assert_eq!(world.get("audit?kind=connection.broken").await.1["items"], json!([]), "{status}");
            assert_eq!(world.get("system").await.1["gitlab_trouble"], json!(null), "{status}");
            world.gitlab.set_fault(None);
            world.settle_for(2 * MINUTE).await;
            assert_eq!(world.shown(iid), Status::Passed, "{status}");
        }
    }

    async fn two_services_that_answer_one_check_do_not_race(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        let before = told(world, &check).await;
        // The other one answers a second after each of our answers, for half an hour.
        for _ in 0..30 * 60 / 10 {
            if world.shown(iid) == Status::Passed {
                world.advance(Duration::from_secs(1));
                world.answer_behind_our_back(iid, "failed").await;
                world.reconcile().await;
            }
            world.settle_for(Duration::from_secs(10)).await;
        }
        let again = told(world, &check).await - before;
        assert!((6..20).contains(&again), "told {again} times more in half an hour");
        // Left alone, GitLab shows what was decided here.
        world.settle_for(10 * MINUTE).await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_deleted_merge_request_breaks_no_rule(world: Plan::signed()) {
        let (first, second) = (world.open().await, world.open().await);
        let checks = world.checks("pending").await;
        let of = |iid: i64| checks.iter().find(|check| check["merge_request"]["iid"] == iid).unwrap();
        world.gitlab.delete_merge_request(world.project, first);
        assert_eq!(world.decide(of(first), "approve", "").await.0, 201);
        world.settle().await;
        let detail = world.detail(of(first)).await;
        assert_eq!((&detail["state"], &detail["delivery"]["state"]), (&json!("withdrawn"), &json!("obsolete")), "{detail}");
        assert!(detail["notice"].as_str().unwrap().contains("no longer shows this merge request"));
        assert_eq!(world.get("audit?kind=connection.broken").await.1["items"], json!([]));
        assert_eq!(world.decide(of(second), "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(second), Status::Passed);
    }

    async fn nobody_knows_what_a_401_means_while_gitlab_does_not_say_who_asks(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        world.gitlab.set_licensed(world.project, false);
        // The answer comes from GitLab, the one about the token does not.
        world.gitlab.set_fault_below("/api/v4/user", Fault::ServerError);
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.get("system").await.1["gitlab_trouble"], Value::Null);
        assert_eq!(world.detail(&check).await["delivery"]["state"], "pending");
        world.gitlab.set_fault(None);
        world.gitlab.set_licensed(world.project, true);
        world.settle_for(MINUTE).await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn a_token_that_ended_is_known_before_anybody_decides(world: Plan::signed()) {
        let iid = world.open().await;
        world.settle_for(SETTLED).await;
        let trouble = async || world.get("system").await.1["gitlab_trouble"].clone();
        // Without a licence GitLab says the same.
        world.gitlab.set_licensed(world.project, false);
        world.reconcile().await;
        assert_eq!(trouble().await, Value::Null);
        world.gitlab.set_licensed(world.project, true);
        world.gitlab.set_fault(Some(Fault::TokenRevoked));
        for _ in 0..8 {
            world.reconcile().await;
            assert!(trouble().await.as_str().unwrap().contains("the token is not accepted"));
            world.settle_for(5 * MINUTE).await;
        }
        let told = world.get("audit?kind=connection.broken").await.1;
        assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
        assert_eq!(world.decide(&world.check("pending").await, "approve", "").await.0, 201);
        world.settle().await;
        world.gitlab.set_fault(None);
        world.reconcile().await;
        assert_eq!(trouble().await, Value::Null);
        assert_eq!(world.shown(iid), Status::Passed);
        assert_eq!(world.get("audit?kind=connection.restored").await.1["items"].as_array().unwrap().len(), 1);
    }

    async fn whoever_is_found_to_have_written_it_may_not_decide(world: Plan::signed()) {
        world.gitlab.pause_calls(true);
        let iid = world.gitlab.create_merge_request(world.project, Default::default());
        let author = world.gitlab.merge_request(world.project, iid).author;
        let mut call: Value = serde_json::from_slice(&world.gitlab.payload(world.project, iid, world.rule, Some("open"))).unwrap();
        call["object_attributes"].as_object_mut().unwrap().remove("author_id");
        assert_eq!(world.signed_call(serde_json::to_vec(&call).unwrap()).await.0, 202);
        world.settle().await;
        let check = world.check("pending").await;
        let change = json!({"name": "Rita Reviewer", "roles": ["reviewer", "administrator"], "all_projects": true, "projects": [],
            "groups": [], "gitlab_user_id": author, "active": true});
        let (status, answer) = world.program_of_rita().put(&format!("people/{}", world.rita.id), &change).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(world.decide(&check, "approve", "").await.1["code"], "own_change");
    }

    async fn retry_before_a_push_says_nothing_about_the_new_commit(world: Plan::signed()) {
        let (iid, old) = approved(world).await;
        let retry = world.gitlab.payload(world.project, iid, world.rule, None);
        world.advance(Duration::from_secs(5));
        world.gitlab.push(world.project, iid);
        world.settle().await;
        assert_eq!(world.signed_call(retry).await.0, 202);
        world.settle_for(MINUTE).await;
        let new = world.check("pending").await;
        assert!(!world.happened(&new).await.contains(&"check.retried".to_owned()));
        assert!(!world.happened(&old).await.contains(&"check.retried".to_owned()));
    }

    async fn a_call_of_before_a_renaming_brings_no_name_back(world: Plan::signed()) {
        let iid = world.open().await;
        let body = world.gitlab.payload(world.project, iid, world.rule, Some("update"));
        let mut call: Value = serde_json::from_slice(&body).unwrap();
        call["project"]["path_with_namespace"] = json!("before/the-move");
        call["external_approval_rule"]["name"] = json!("Old name");
        world.advance(MINUTE);
        // GitLab, which would know better, is asked and does not answer.
        world.gitlab.set_fault(Some(Fault::Down));
        assert_eq!(world.signed_call(serde_json::to_vec(&call).unwrap()).await.0, 202);
        world.settle().await;
        let check = world.check("pending").await;
        assert_eq!((&check["project"]["path"], &check["rule"]["name"]), (&json!("demo/storefront"), &json!("Change approval")));
    }

    async fn a_clock_that_was_set_back_stops_nothing(world: Plan::signed()) {
        let (iid, check) = approved(world).await;
        // As if what is known had been learned by a clock that was half an hour ahead.
        let ahead = world.now().after(30 * MINUTE).to_string();
        world
            .app
            .db
            .write(Lane::Back, move |conn| {
                use diesel::RunQueryDsl as _;
                for table in ["merge_request SET facts_at", "delivery SET updated_at"] {
                    diesel::sql_query(format!("UPDATE {table} = '{ahead}'")).execute(conn)?;
                }
                Ok::<_, approval_app::db::DbError>(())
            })
            .await
            .unwrap();
        world.gitlab.drop_next_calls(1);
        world.answer_behind_our_back(iid, "failed").await;
        world.reconcile().await;
        assert_eq!(world.shown(iid), Status::Passed, "the decision is sent again");
        world.gitlab.push(world.project, iid);
        world.reconcile().await;
        assert_eq!(world.detail(&check).await["state"], "superseded");
    }
}
