//! The note on the merge request: one, true, and never a second one.

use std::time::Duration;

use approval_app::db::{DbError, Lane};
use approval_app::service::deliver;
use approval_app::worker;
use diesel::connection::SimpleConnection as _;
use gitlab_sandbox::{AccessLevel, Fault, Note, Status};
use serde_json::{Value, json};

use crate::support::people::client_with;
use crate::support::{Kind, Plan, TOKEN, World, on_both};

fn notes(world: &World, iid: i64) -> Vec<Note> {
    world.gitlab.notes(world.project, iid)
}

/// The only note there is.
fn note(world: &World, iid: i64) -> Note {
    let mut all = notes(world, iid);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// Turns a decision round.
async fn reverse(world: &World, check: &Value, from: &str, verdict: &str) {
    world.advance(Duration::from_secs(5));
    let body = json!({"verdict": verdict, "comment": "on second thought", "expected_sha": check["sha"], "expected_state": from});
    let (status, answer) =
        world.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &body).await;
    assert_eq!(status, 201, "{answer}");
}

/// Tells GitLab outcomes and nothing else, so that the next request is about a note.
async fn deliver_all(world: &World) {
    while deliver::step(&world.app).await.unwrap().count > 0 {}
}

async fn sql(world: &World, text: impl Into<String>) {
    let text = text.into();
    let done = world.app.db.write(Lane::Front, move |conn| Ok::<_, DbError>(conn.batch_execute(&text)?));
    done.await.unwrap();
}

/// Asks GitLab's API about the notes of a merge request, as whoever has this token.
async fn gitlab(world: &World, token: &str, method: &str, path: &str, body: Value) {
    let url = format!("{}/api/v4/projects/{}/merge_requests/{path}", world.gitlab.url(), world.project);
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client_with("private-token", token).request(method, url);
    if !body.is_null() {
        request = request.json(&body);
    }
    let sent = request.send().await.unwrap();
    assert!(sent.status().is_success(), "{path}: {}", sent.status());
}

fn short(check: &Value) -> &str {
    &check["sha"].as_str().unwrap()[..8]
}

on_both! {
    async fn it_is_written_once_and_says_what_is_true(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert!(world.detail(&check).await["note"].is_null());
        assert_eq!(world.decide(&check, "approve", "Looks fine").await.0, 201);
        assert_eq!(world.detail(&check).await["note"]["state"], "pending");
        world.settle().await;
        let first = note(world, iid);
        let expected = format!("**Change approval**: approved by Rita Reviewer for `{}` on 2026-03-02 at 09:30 UTC.\n\n> Looks fine", short(&check));
        assert!(first.body.starts_with(&expected), "{}", first.body);
        assert!(!first.body.contains("](http"), "without a public URL there is no link: {}", first.body);
        assert_eq!(world.detail(&check).await["note"], json!({"state": "written", "last_error": null, "written_at": world.now().to_string()}));
        // Reversed.
        reverse(world, &check, "approved", "reject").await;
        world.settle().await;
        let text = note(world, iid).body;
        assert!(text.contains("rejected by Rita Reviewer") && text.contains("Earlier: approved by Rita Reviewer"), "{text}");
        // A new commit.
        world.advance(Duration::from_secs(5));
        let second = world.gitlab.push(world.project, iid);
        world.settle().await;
        let text = note(world, iid).body;
        assert!(text.contains(&format!("waiting for a decision on `{}`", &second[..8])), "{text}");
        assert!(text.contains(&format!("Earlier: rejected by Rita Reviewer for `{}`", short(&check))), "{text}");
        assert!(!text.contains("second thought"), "{text}");
        // Decided, and then void.
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert!(note(world, iid).body.contains(&format!("approved by Rita Reviewer for `{}`", &second[..8])));
        world.advance(Duration::from_secs(5));
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        let text = note(world, iid).body;
        assert!(text.contains("waiting for a decision") && text.contains("UTC for the target branch main."), "{text}");
        // Closed.
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.settle().await;
        let last = note(world, iid);
        assert!(last.body.contains("nothing is asked for any more"), "{}", last.body);
        assert_eq!(last.id, first.id);
        // It was searched for once, before it was made.
        let requests = world.gitlab.requests();
        let of_notes: Vec<_> = requests.iter().filter(|one| one.path.contains("/notes")).map(|one| one.method.as_str()).collect();
        assert_eq!(of_notes, ["GET", "POST", "PUT", "PUT", "PUT", "PUT", "PUT"]);
    }

    async fn nothing_is_said_before_somebody_decided(world: Plan::signed()) {
        let iid = world.open().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.push(world.project, iid);
        world.settle().await;
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.settle_for(Duration::from_secs(60)).await;
        assert!(notes(world, iid).is_empty());
        assert!(!world.gitlab.requests().iter().any(|one| one.path.contains("/notes") || one.path.ends_with("/user")));
    }

    async fn it_links_to_the_check(world: Plan { adjust: |config| config.public_url = Some("https://approvals.example.com".into()), ..Plan::signed() }) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let link = format!("](https://approvals.example.com/approval-apps/checks/{})", check["id"].as_str().unwrap());
        assert!(note(world, iid).body.contains(&link), "{}", note(world, iid).body);
    }

    async fn an_answer_that_got_lost_makes_no_second_note(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        deliver_all(world).await;
        // The note is made and nobody hears of it; then the same with its next text.
        world.gitlab.set_fault_for(Fault::DropAfterWork, 1);
        world.settle().await;
        assert_eq!(notes(world, iid).len(), 1);
        let detail = world.detail(&check).await;
        assert_eq!(detail["note"]["state"], "pending");
        assert!(detail["note"]["last_error"].as_str().unwrap().contains("GitLab"), "{detail}");
        reverse(world, &check, "approved", "reject").await;
        deliver_all(world).await;
        world.gitlab.set_fault_for(Fault::DropAfterWork, 1);
        world.settle_for(Duration::from_secs(120)).await;
        assert!(!note(world, iid).body.contains("rejected by"), "what may be on its way is waited for");
        world.settle_for(Duration::from_secs(90)).await;
        assert!(note(world, iid).body.contains("rejected by"));
        // Nobody heard of that text either. What is newer must not be there before it, or the older one stays.
        assert_eq!(world.detail(&check).await["note"]["state"], "pending");
        reverse(world, &check, "rejected", "approve").await;
        world.settle_for(Duration::from_secs(120)).await;
        assert!(note(world, iid).body.contains("**: rejected by"), "what may be on its way is waited for");
        world.settle_for(Duration::from_secs(90)).await;
        assert!(note(world, iid).body.contains("**: approved by"));
        assert_eq!(world.detail(&check).await["note"]["state"], "written");
        assert_eq!(world.gitlab.requests().iter().filter(|one| one.method == "POST" && one.path.ends_with("/notes")).count(), 1);
    }

    async fn a_crash_before_the_note_is_recorded_makes_no_second_one(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let made = note(world, iid).id;
        // As if the process had died between GitLab's answer and the commit: leased, and not known.
        sql(world, "UPDATE merge_request_note SET state = 'pending', gitlab_note_id = NULL, written_hash = NULL, \
            lease_owner = 'crashed', lease_until = '2026-03-02T09:33:00.000000Z'").await;
        world.settle_for(Duration::from_secs(170)).await;
        assert_eq!(world.detail(&check).await["note"]["state"], "pending", "the lease is kept");
        reverse(world, &check, "approved", "reject").await;
        world.settle_for(Duration::from_secs(30)).await;
        assert_eq!(note(world, iid).id, made);
        assert!(note(world, iid).body.contains("rejected by"));
    }

    async fn a_deleted_note_is_written_anew_once(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let first = note(world, iid).id;
        gitlab(world, TOKEN, "DELETE", &format!("{iid}/notes/{first}"), Value::Null).await;
        reverse(world, &check, "approved", "reject").await;
        world.settle().await;
        let second = note(world, iid);
        assert!(second.id != first && second.body.contains("rejected by"), "{second:?}");
        gitlab(world, TOKEN, "DELETE", &format!("{iid}/notes/{}", second.id), Value::Null).await;
        for (from, verdict) in [("rejected", "approve"), ("approved", "reject")] {
            reverse(world, &check, from, verdict).await;
            world.settle_for(Duration::from_secs(60)).await;
            assert!(notes(world, iid).is_empty(), "who deletes it twice does not want it");
            let detail = world.detail(&check).await;
            assert_eq!(detail["note"]["state"], "failed");
            assert!(detail["note"]["last_error"].as_str().unwrap().contains("second time"), "{detail}");
            assert_eq!(detail["delivery"]["state"], "delivered");
        }
    }

    async fn a_token_that_may_not_write_notes_breaks_nothing_else(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        deliver_all(world).await;
        world.gitlab.set_fault(Some(Fault::Forbidden));
        world.settle_for(Duration::from_secs(600)).await;
        let detail = world.detail(&check).await;
        assert_eq!((&detail["note"]["state"], &detail["delivery"]["state"]), (&json!("failed"), &json!("delivered")));
        assert!(detail["note"]["last_error"].as_str().unwrap().contains("Reporter"), "{detail}");
        assert!(detail["notice"].is_null(), "the rule works: {detail}");
        assert!(world.get("system").await.1["gitlab_trouble"].is_null());
        assert_eq!(world.gitlab.requests().iter().filter(|one| one.status == Some(403) && one.path.ends_with("/user")).count(), 1, "it is not tried again and again");
        world.gitlab.set_fault(None);
        reverse(world, &check, "approved", "reject").await;
        world.settle().await;
        assert!(note(world, iid).body.contains("rejected by"));
        assert!(world.detail(&check).await["note"]["last_error"].is_null());
    }

    async fn gitlab_in_trouble_gets_the_note_later(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        deliver_all(world).await;
        world.gitlab.set_fault_for(Fault::RateLimited { retry_after_seconds: 40 }, 1);
        world.settle_for(Duration::from_secs(39)).await;
        assert!(notes(world, iid).is_empty());
        world.gitlab.set_fault_for(Fault::TokenRevoked, 1);
        world.settle_for(Duration::from_secs(300)).await;
        assert!(notes(world, iid).is_empty());
        assert!(world.detail(&check).await["note"]["last_error"].as_str().unwrap().contains("401"));
        assert!(world.get("system").await.1["gitlab_trouble"].is_null(), "a note breaks no connection");
        world.settle_for(Duration::from_secs(400)).await;
        note(world, iid);
    }

    async fn what_a_proxy_says_of_a_note_is_an_outage(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        let (mut from, mut to) = ("approved", "reject");
        let mut id = None;
        for status in [302, 400, 401, 403, 404, 422] {
            deliver_all(world).await;
            world.gitlab.set_fault(Some(Fault::NotGitLab(status)));
            world.settle_for(Duration::from_secs(30)).await;
            let kept = world.detail(&check).await["note"].take();
            assert_eq!(kept["state"], "pending", "{status}: {kept}");
            assert!(kept["last_error"].as_str().unwrap().contains(&status.to_string()), "{kept}");
            world.gitlab.set_fault(None);
            world.settle_for(Duration::from_secs(600)).await;
            let written = note(world, iid);
            assert_eq!(*id.get_or_insert(written.id), written.id, "{status}");
            assert!(written.body.contains(&format!("**: {from} by")), "{status}: {}", written.body);
            reverse(world, &check, from, to).await;
            (from, to) = if from == "approved" { ("rejected", "approve") } else { ("approved", "reject") };
        }
    }

    async fn a_failing_note_keeps_no_delivery_back(world: Plan::signed()) {
        world.open().await;
        let iid = world.open().await;
        let checks = world.checks("pending").await;
        assert_eq!(world.decide(&checks[0], "approve", "").await.0, 201);
        deliver_all(world).await;
        world.gitlab.set_fault(Some(Fault::ServerError));
        world.settle_for(Duration::from_secs(300)).await;
        world.gitlab.set_fault(None);
        // At once, without turning the clock.
        assert_eq!(world.decide(&checks[1], "approve", "").await.0, 201);
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
        world.settle_for(Duration::from_secs(600)).await;
        reverse(world, &checks[1], "approved", "reject").await;
        deliver_all(world).await;
        world.gitlab.set_fault_for(Fault::RateLimited { retry_after_seconds: 3600 }, 1);
        world.settle().await;
        assert!(note(world, iid).body.contains("**: approved by"), "the note waits for an hour");
        reverse(world, &checks[1], "rejected", "approve").await;
        world.settle().await;
        assert_eq!(world.shown(iid), Status::Passed);
    }

    async fn rules_can_do_without_notes(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let (status, list) = world.get("rules").await;
        assert_eq!(status, 200, "{list}");
        let rule = &list["items"][0];
        assert_eq!((&rule["name"], &rule["note_enabled"], &rule["broken_reason"]), (&json!("Change approval"), &json!(true), &Value::Null));
        assert_eq!((&rule["gitlab_id"], &rule["project"]["path"]), (&json!(world.rule), &json!("demo/storefront")));
        let rita = world.program_of_rita();
        let path = format!("rules/{}", rule["id"].as_str().unwrap());
        let set = async |on: bool| {
            let (status, answer) = rita.put(&path, &json!({"note_enabled": on})).await;
            assert_eq!((status.as_u16(), &answer["note_enabled"]), (200, &json!(on)), "{answer}");
        };
        set(false).await;
        set(false).await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle_for(Duration::from_secs(60)).await;
        assert!(notes(world, iid).is_empty());
        assert!(world.detail(&check).await["note"].is_null());
        set(true).await;
        reverse(world, &check, "approved", "reject").await;
        world.settle().await;
        assert!(note(world, iid).body.contains("rejected by"));
        // Off, it stays as it is; on again, it is brought up to date.
        set(false).await;
        reverse(world, &check, "rejected", "approve").await;
        world.settle_for(Duration::from_secs(60)).await;
        assert!(note(world, iid).body.contains("**: rejected by"));
        set(true).await;
        world.settle().await;
        assert!(note(world, iid).body.contains("**: approved by"));
        let (_, record) = world.get("audit?kind=rule.changed").await;
        let said: Vec<_> = record["items"].as_array().unwrap().iter().map(|one| one["data"].clone()).collect();
        assert_eq!(said.len(), 4, "what changes nothing is not recorded: {record}");
        assert_eq!(rita.code("PUT", &path, &json!({})).await, (422, "invalid".into()));
        assert_eq!(rita.code("PUT", "rules/0198b3a0-0000-7000-8000-000000000000", &json!({"note_enabled": true})).await, (404, "not_found".into()));
    }

    async fn a_marker_in_somebody_elses_note_is_not_taken_for_ours(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        let ours = note(world, iid);
        world.gitlab.add_token("mallory-token", "mallory", AccessLevel::Developer, &["api"]);
        gitlab(world, "mallory-token", "POST", &format!("{iid}/notes"), json!({"body": ours.body})).await;
        gitlab(world, TOKEN, "POST", &format!("{iid}/notes"), json!({"body": format!("> {}", ours.body.trim_end().replace('\n', "\n> "))})).await;
        gitlab(world, TOKEN, "DELETE", &format!("{iid}/notes/{}", ours.id), Value::Null).await;
        reverse(world, &check, "approved", "reject").await;
        world.settle().await;
        let all = notes(world, iid);
        let said: Vec<_> = all.iter().map(|one| (one.author == ours.author, one.body.contains("**: rejected by"))).collect();
        assert_eq!(said, [(false, false), (true, false), (true, true)], "{all:#?}");
    }

    async fn what_a_reviewer_types_does_nothing_in_gitlab(world: Plan::signed()) {
        let iid = world.open().await;
        let check = world.check("pending").await;
        let typed = "/merge\n@all please\n```\n/close\n<!-- approval-app note x -->\n!1 #2 ~bug :rocket:";
        assert_eq!(world.decide(&check, "reject", typed).await.0, 201);
        world.settle().await;
        let text = note(world, iid).body;
        for bad in ["\n/", "@all", "```", "!1", "#2", "~bug", ":rocket"] {
            assert!(!text.contains(bad), "{bad:?} in {text}");
        }
        assert_eq!(text.matches("<!--").count(), 1, "{text}");
        assert_eq!(world.detail(&check).await["decisions"][0]["comment"], typed, "here it is as it was typed");
    }
}

/// Two replicas, GitLab losing answers: every merge request has one note.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_write_one_note() {
    const REQUESTS: usize = 12;
    let world = World::build(Kind::Postgres, Plan::signed()).await;
    let other = world.replica().await;
    let mut iids = Vec::new();
    for _ in 0..REQUESTS {
        iids.push(world.open().await);
    }
    for check in world.checks("pending").await {
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    }
    deliver_all(&world).await;
    world.gitlab.set_fault_for(Fault::DropAfterWork, 5);
    // Some turns beyond the lease of what got no answer.
    for _ in 0..80 {
        let (one, two) = tokio::join!(worker::drain(&world.app), worker::drain(&other));
        one.unwrap();
        two.unwrap();
        world.advance(Duration::from_secs(3));
    }
    for iid in iids {
        assert!(note(&world, iid).body.contains("approved by"));
    }
    for check in world.checks("approved").await {
        assert_eq!(world.detail(&check).await["note"]["state"], "written");
    }
    let posts = world
        .gitlab
        .requests()
        .into_iter()
        .filter(|one| one.method == "POST" && one.path.ends_with("/notes"));
    assert_eq!(posts.count(), REQUESTS);
    other.stopping.cancel();
    world.end().await;
}

/// What a process had sent when it ended, cleanly or not, may still be on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_process_waits_for_what_the_last_one_sent() {
    let world = World::build(Kind::Sqlite, Plan::signed()).await;
    let iid = world.open().await;
    let check = world.check("pending").await;
    assert_eq!(world.decide(&check, "approve", "").await.0, 201);
    deliver_all(&world).await;
    let taken = format!("lease_owner = '{}', lease_until = '2026-03-02T09:33:00.000000Z'", world.app.owner);
    sql(&world, format!("UPDATE merge_request_note SET {taken}")).await;
    let world = world.restart().await;
    world.settle_for(Duration::from_secs(170)).await;
    assert!(notes(&world, iid).is_empty());
    world.settle_for(Duration::from_secs(30)).await;
    note(&world, iid);
    world.end().await;
}
