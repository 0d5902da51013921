//! People: set-up, invitations, passwords, sessions, tokens, groups.

use std::time::Duration;

use approval_app::config::Config;
use approval_app::db::{DbError, Lane};
use approval_app::domain::access::{Permission, Role};
use diesel::RunQueryDsl as _;
use diesel::sql_types::BigInt;
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::people::PASSWORD;
use crate::support::process::until;
use crate::support::{Asker, Plan, World, on_both};

const HOUR: Duration = Duration::from_secs(3600);

/// The part of a link behind `#`.
fn secret_of(link: &Value) -> String {
    let url = link["url"].as_str().unwrap();
    assert!(url.contains("/approval-apps/welcome#"), "{url}");
    url.split_once('#').unwrap().1.to_owned()
}

/// Uses a link and returns the browser that is signed in then.
async fn accept(world: &World, body: &Value) -> Result<Asker, (StatusCode, Value)> {
    let sent = world.stranger().http.post(format!("{}/api/v1/links/accept", world.base)).json(body).send();
    Asker::begun(&world.base, sent.await.unwrap()).await
}

/// How many transactions wait for somebody's lock, on PostgreSQL.
async fn waiting(world: &World) -> i64 {
    let count = "pg_locks JOIN pg_database ON pg_database.oid = database \
                 WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
    let count = diesel::dsl::sql::<BigInt>(&format!("(SELECT count(*) FROM {count})"));
    let counted: Result<i64, DbError> =
        world.app.db.read(|conn| Ok(diesel::select(count).get_result(conn)?)).await;
    counted.unwrap()
}

/// The statuses of two requests, in order, both of which come as far as they get while somebody else holds the lock.
async fn at_once(
    world: &World,
    lock: &'static str,
    first: impl Future<Output = (StatusCode, Value)>,
    second: impl Future<Output = (StatusCode, Value)>,
) -> [u16; 2] {
    let (go_on, told) = std::sync::mpsc::channel();
    let holding = world.app.db.write(Lane::Front, move |conn| {
        approval_app::db::lock(conn, lock)?;
        told.recv_timeout(HOUR).unwrap();
        Ok::<_, DbError>(())
    });
    let letting_go = async {
        // On SQLite there is nothing to wait for: its one writer holds them.
        if world.app.db.is_shared() {
            until("that both wait", async || match waiting(world).await {
                2 => Ok(()),
                others => Err(others.to_string()),
            })
            .await;
        }
        go_on.send(()).unwrap();
    };
    let (held, first, second, ()) = tokio::join!(holding, first, second, letting_go);
    held.unwrap();
    let mut both = [first.0.as_u16(), second.0.as_u16()];
    both.sort_unstable();
    both
}

async fn kinds(world: &World) -> Vec<String> {
    world
        .app
        .db
        .read(|conn| approval_app::db::events::after(conn, 0, 500))
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind.as_str().to_owned())
        .collect()
}

/// Everybody but the world's own administrator is gone: nobody can manage people.
async fn without_administrator(world: &World) {
    use diesel::prelude::*;
    world
        .app
        .db
        .write(approval_app::db::Lane::Front, |conn| {
            diesel::sql_query("UPDATE account SET active = (1 = 0)").execute(conn)?;
            Ok::<_, approval_app::db::DbError>(())
        })
        .await
        .unwrap();
}

fn change(name: &str, roles: &[&str]) -> Value {
    json!({"name": name, "roles": roles, "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": true})
}

on_both! {
    async fn the_set_up_link_makes_the_first_administrator_once(world: Plan::signed()) {
        assert!(world.app.setup_link().await.unwrap().is_none(), "there is one already");
        without_administrator(world).await;
        let link = world.app.setup_link().await.unwrap().expect("nobody can manage people");
        assert_eq!(world.app.setup_link().await.unwrap().unwrap().expose_secret(), link.expose_secret(), "the same after a restart");
        let token = link.expose_secret();
        let stranger = world.stranger();
        assert_eq!(stranger.get("sign-in").await.1, json!({"providers": [], "setup_needed": true, "samples": []}));
        let (_, info) = stranger.post("links/inspect", &json!({"token": token})).await;
        assert_eq!(info, json!({"kind": "setup", "name": "", "email": "", "expires_at": null}));
        let given = json!({"token": token, "name": "Ada Admin", "email": "Ada@Example.com", "password": PASSWORD});
        for (missing, field) in [("name", "name"), ("email", "email")] {
            let mut given = given.clone();
            given.as_object_mut().unwrap().remove(missing);
            let (status, problem) = accept(world, &given).await.err().unwrap();
            assert_eq!((status.as_u16(), &problem["field"]), (422, &json!(field)), "{problem}");
        }
        let mut short = given.clone();
        short["password"] = json!("too short");
        assert_eq!(accept(world, &short).await.err().unwrap().1["field"], "password");
        let ada = accept(world, &given).await.expect("set up");
        let (_, me) = ada.get("session").await;
        assert_eq!((&me["name"], &me["roles"], &me["all_projects"]), (&json!("Ada Admin"), &json!(["reviewer", "administrator"]), &json!(true)));
        assert_eq!(ada.get("people").await.0, 200);
        assert_eq!(accept(world, &given).await.err().unwrap().1["code"], "link_spent");
        assert_eq!(stranger.code("POST", "links/inspect", &json!({"token": token})).await, (404, "link_spent".into()));
        assert!(world.app.setup_link().await.unwrap().is_none());
        assert_eq!(stranger.get("sign-in").await.1["setup_needed"], false);
        assert!(kinds(world).await.contains(&"account.set_up".to_owned()));
        assert!(world.sign_in("ada@EXAMPLE.com ", PASSWORD).await.is_ok(), "case does not matter");
    }

    async fn an_invitation_lets_a_person_in_and_ends(world: Plan::signed()) {
        let new = json!({"name": "Rob Reviewer", "email": "rob@example.com", "roles": ["reviewer"], "all_projects": true});
        let (status, invited) = world.post("people", &new).await;
        assert_eq!(status, 201, "{invited}");
        assert_eq!((&invited["person"]["accepted"], &invited["person"]["active"]), (&json!(false), &json!(true)));
        assert_eq!(world.post("people", &new).await.1["code"], "taken");
        let token = secret_of(&invited["link"]);
        assert!(world.sign_in("rob@example.com", PASSWORD).await.is_err(), "no password yet");
        let (_, info) = world.stranger().post("links/inspect", &json!({"token": token})).await;
        assert_eq!((&info["kind"], &info["email"]), (&json!("invitation"), &json!("rob@example.com")));
        let other = json!({"token": token, "email": "mallory@example.com", "password": PASSWORD});
        assert_eq!(accept(world, &other).await.err().unwrap().1["field"], "email");
        for (name, code) in [("rita REVIEWER", "taken"), ("\u{200b}", "invalid"), ("Rob\u{202e}", "invalid")] {
            let (_, problem) = accept(world, &json!({"token": token, "name": name, "password": PASSWORD})).await.err().unwrap();
            assert_eq!((&problem["code"], &problem["field"]), (&json!(code), &json!("name")), "{problem}");
        }
        let rob = json!({"token": token, "name": "Robert Reviewer", "password": PASSWORD});
        let rob = accept(world, &rob).await.expect("joined");
        let (_, entries) = world.get("audit?kind=account.joined").await;
        let says = "Rob Reviewer accepted the invitation, set a password and is called Robert Reviewer now";
        assert_eq!(entries["items"][0]["summary"], says);
        assert_eq!(rob.get("session").await.1["permissions"], json!(["checks:read", "checks:decide"]));
        assert_eq!(accept(world, &json!({"token": token, "password": PASSWORD})).await.err().unwrap().0, 404);
        // A second one ends by time, and a newer link ends an older one.
        let new = json!({"name": "Late", "email": "late@example.com", "roles": ["viewer"], "all_projects": true});
        let (_, invited) = world.post("people", &new).await;
        let id = invited["person"]["id"].as_str().unwrap().to_owned();
        let (_, again) = world.post(&format!("people/{id}/link"), &Value::Null).await;
        assert_eq!(accept(world, &json!({"token": secret_of(&invited["link"]), "password": PASSWORD})).await.err().unwrap().0, 404);
        world.advance(7 * 24 * HOUR);
        assert_eq!(accept(world, &json!({"token": secret_of(&again), "password": PASSWORD})).await.err().unwrap().0, 404);
        let kinds = kinds(world).await;
        for kind in ["account.invited", "account.joined", "account.link_made", "session.started"] {
            assert!(kinds.contains(&kind.to_owned()), "{kind}: {kinds:?}");
        }
    }

    async fn a_new_password_ends_the_other_sessions(world: Plan::signed()) {
        let (here, there) = (world.browser(&world.rita).await, world.browser(&world.rita).await);
        assert_eq!(here.get("account/sessions").await.1["items"].as_array().unwrap().len(), 2);
        let wrong = json!({"current": "not the password", "new": "another long password"});
        let (status, problem) = here.put("account/password", &wrong).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("current")));
        let (_, entries) = world.get("audit?kind=session.refused").await;
        assert_eq!(entries["items"][0]["account_id"], json!(world.rita.id), "{entries}");
        let right = json!({"current": PASSWORD, "new": "another long password"});
        assert_eq!(here.put("account/password", &right).await.0, 204);
        assert_eq!((here.get("session").await.0.as_u16(), there.get("session").await.0.as_u16()), (200, 401));
        assert!(world.sign_in(&world.rita.email, PASSWORD).await.is_err());
        assert!(world.sign_in(&world.rita.email, "another long password").await.is_ok());
        assert!(kinds(world).await.contains(&"account.password_changed".to_owned()));
    }

    async fn a_reset_link_sets_a_new_password_once(world: Plan::signed()) {
        let person = world.person("Forgetful", &[Role::Viewer], &[]).await;
        let browser = world.browser(&person).await;
        let (_, link) = world.post(&format!("people/{}/link", person.id), &Value::Null).await;
        let token = secret_of(&link);
        assert_eq!(world.stranger().post("links/inspect", &json!({"token": token})).await.1["kind"], "reset");
        accept(world, &json!({"token": token, "password": "a brand new password"})).await.expect("reset");
        assert_eq!(browser.get("session").await.0, 401, "old sessions end");
        assert!(world.sign_in(&person.email, PASSWORD).await.is_err());
        assert!(world.sign_in(&person.email, "a brand new password").await.is_ok());
        let (_, link) = world.post(&format!("people/{}/link", person.id), &Value::Null).await;
        world.advance(24 * HOUR);
        assert_eq!(accept(world, &json!({"token": secret_of(&link), "password": PASSWORD})).await.err().unwrap().0, 404);
    }

    async fn sessions_end_by_rest_by_age_and_by_hand(world: Plan::signed()) {
        let browser = world.browser(&world.rita).await;
        world.advance(7 * HOUR);
        assert_eq!(browser.get("session").await.0, 200);
        world.advance(7 * HOUR);
        assert_eq!(browser.get("session").await.0, 200, "it was used in between");
        world.advance(8 * HOUR);
        assert_eq!(browser.get("session").await.0, 401, "it rested for too long");
        let browser = world.browser(&world.rita).await;
        for _ in 0..23 {
            world.advance(7 * HOUR);
            assert_eq!(browser.get("session").await.0, 200);
        }
        world.advance(7 * HOUR);
        assert_eq!(browser.get("session").await.0, 401, "a week is the most");
        approval_app::worker::tidy(&world.app).await.unwrap();
        let (one, two) = (world.browser(&world.rita).await, world.browser(&world.rita).await);
        let (_, list) = one.get("account/sessions").await;
        let items = list["items"].as_array().unwrap();
        let other = items.iter().find(|item| item["current"] == false).unwrap();
        assert_eq!(other["address"], "127.0.0.1");
        assert_eq!(one.delete(&format!("account/sessions/{}", other["id"].as_str().unwrap())).await.0, 204);
        assert_eq!((one.get("session").await.0.as_u16(), two.get("session").await.0.as_u16()), (200, 401));
        assert_eq!(one.delete("session").await.0, 204);
        assert_eq!(one.get("session").await.0, 401);
    }

    async fn tokens_are_shown_once_limited_and_revoked(world: Plan::signed()) {
        let person = world.person("Vera Viewer", &[Role::Viewer], &[]).await;
        let browser = world.browser(&person).await;
        let wanted = |scopes: &[&str]| json!({"name": "script", "scopes": scopes, "expires_in_days": 1});
        assert_eq!(browser.post("tokens", &wanted(&["checks:decide"])).await.1["field"], "scopes", "more than its person");
        assert_eq!(browser.post("tokens", &wanted(&[])).await.1["field"], "scopes");
        let (status, made) = browser.post("tokens", &wanted(&["checks:read"])).await;
        assert_eq!(status, 201, "{made}");
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("aat_") && secret.len() == 53, "{secret}");
        let program = world.bearer(secret);
        assert_eq!(program.get("checks").await.0, 200);
        let (_, me) = program.get("session").await;
        assert_eq!((&me["account_id"], &me["permissions"]), (&json!(person.id), &json!(["checks:read"])));
        let (_, list) = browser.get("tokens").await;
        assert!(!list.to_string().contains(secret), "shown once");
        assert!(list["items"][0]["last_used_at"].is_string());
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "only one's own");
        assert!(world.get("tokens").await.1["items"].as_array().unwrap().len() >= 2, "an administrator sees all");
        let id = made["token"]["id"].as_str().unwrap();
        let stranger = world.person("Other", &[Role::Viewer], &[]).await;
        assert_eq!(world.browser(&stranger).await.delete(&format!("tokens/{id}")).await.0, 404, "not theirs");
        let (_, more) = browser.post("tokens", &wanted(&["checks:read"])).await;
        let other = world.bearer(more["secret"].as_str().unwrap());
        assert_eq!(other.delete(&format!("tokens/{id}")).await.0, 404, "whoever finds a token stops no other");
        let seen = other.get("tokens").await.1;
        assert_eq!((seen["items"].as_array().unwrap().len(), &seen["items"][0]["id"]), (1, &more["token"]["id"]));
        assert_eq!(other.delete(&format!("tokens/{}", more["token"]["id"].as_str().unwrap())).await.0, 204, "but itself");
        assert_eq!(browser.delete(&format!("tokens/{id}")).await.0, 204);
        assert_eq!(program.get("checks").await.0, 401, "revoked at once");
        let (_, made) = browser.post("tokens", &wanted(&["checks:read"])).await;
        let program = world.bearer(made["secret"].as_str().unwrap());
        world.advance(24 * HOUR);
        assert_eq!(program.get("checks").await.0, 401, "expired");
    }

    async fn people_are_changed_and_somebody_stays_administrator(world: Plan::signed()) {
        let rita = world.program_of_rita();
        let path = format!("people/{}", world.rita.id);
        assert_eq!(rita.put(&path, &change("Rita Reviewer", &["reviewer"])).await.1["code"], "last_administrator");
        let mut off = change("Rita Reviewer", &["reviewer", "administrator"]);
        off["active"] = json!(false);
        assert_eq!(rita.put(&path, &off).await.1["code"], "last_administrator");
        let other = world.person("Olga", &[Role::Administrator], &[]).await;
        let (status, person) = rita.put(&path, &change("Rita R.", &["viewer"])).await;
        assert_eq!((status.as_u16(), &person["name"], &person["roles"]), (200, &json!("Rita R."), &json!(["viewer"])));
        assert_eq!(rita.get("people").await.0, 403, "the token is worth less with its person");
        let olga = world.browser(&other).await;
        for (body, field) in [
            (json!({"name": "", "roles": ["viewer"], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": true}), "name"),
            (json!({"name": "R", "roles": [], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": true}), "roles"),
            (json!({"name": "R", "roles": ["viewer"], "all_projects": false, "projects": ["nonsense"], "groups": [], "gitlab_user_id": null, "active": true}), "projects"),
            (json!({"name": "R", "roles": ["viewer"], "all_projects": false, "projects": [], "groups": ["nonsense"], "gitlab_user_id": null, "active": true}), "groups"),
            (json!({"name": "R", "roles": ["viewer"], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": 0, "active": true}), "gitlab_user_id"),
        ] {
            let (status, problem) = olga.put(&path, &body).await;
            assert_eq!((status.as_u16(), &problem["field"]), (422, &json!(field)), "{problem}");
        }
        // With the id goes the rule about one's own changes: it is not forgotten in passing.
        let mut numbered = change("Rita R.", &["viewer"]);
        numbered["gitlab_user_id"] = json!(22);
        assert_eq!(olga.put(&path, &numbered).await.0, 200);
        numbered.as_object_mut().unwrap().remove("gitlab_user_id");
        let (status, problem) = olga.put(&path, &numbered).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("gitlab_user_id"), "{problem}");
        numbered["gitlab_user_id"] = Value::Null;
        assert_eq!(olga.put(&path, &numbered).await.0, 200);
        let (_, entries) = olga.get("audit?kind=account.changed").await;
        let entry = &entries["items"][0];
        assert_eq!(entry["summary"], "Olga changed Rita R.: viewer; GitLab user id none instead of 22");
        let data: Value = serde_json::from_str(entry["data"].as_str().unwrap()).unwrap();
        assert_eq!((&data["gitlab_user_id_before"], &data["gitlab_user_id"]), (&json!(22), &Value::Null));
        let seen = olga.get(&path).await.1;
        let mut first = change("Rita the Viewer", &["viewer"]);
        first["expected_version"] = seen["version"].clone();
        assert_eq!(olga.put(&path, &first).await.0, 200);
        let (status, problem) = olga.put(&path, &first).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some("outdated")), "{problem}");
        assert_eq!(olga.get(&path).await.1["name"], "Rita the Viewer");
        // Of two who saw the same, one is first.
        first["expected_version"] = olga.get(&path).await.1["version"].clone();
        let mut second = first.clone();
        (first["name"], second["name"]) = (json!("Rita the First"), json!("Rita the Second"));
        let both = at_once(world, "set-up", olga.put(&path, &first), olga.put(&path, &second)).await;
        assert_eq!(both, [200, 409]);
        assert_eq!(olga.get("people/nonsense").await.0, 404);
        assert_eq!(olga.get(&format!("people/{}/sessions", world.rita.id)).await.1["items"], json!([]));
        assert_eq!(olga.delete(&format!("people/{}/sessions", other.id)).await.0, 204);
        assert_eq!(olga.get("session").await.0, 401, "all sessions of a person end");
    }

    async fn the_record_says_all_of_what_was_changed_with_an_account(world: Plan::signed()) {
        let olga = world.person("Olga", &[Role::Administrator], &[]).await;
        let token = world.program(&world.rita, &[Permission::ChecksRead], &[]).await;
        assert_eq!(token.get("checks").await.0, 200);
        let admin = world.browser(&olga).await;
        let path = format!("people/{}", world.rita.id);
        let switch = |active: bool, role: &str| {
            json!({"name": "Rita Reviewer", "roles": [role], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": active})
        };
        assert_eq!(admin.put(&path, &switch(false, "reviewer")).await.0, 200);
        assert_eq!(admin.put(&path, &switch(true, "administrator")).await.0, 200);
        let (_, entries) = admin.get("audit?kind=account.changed").await;
        let data = |which: usize| -> Value { serde_json::from_str(entries["items"][which]["data"].as_str().unwrap()).unwrap() };
        assert_eq!(entries["items"][0]["summary"], "Olga switched the account of Rita Reviewer on: administrator");
        assert_eq!((&data(0)["active_before"], &data(0)["tokens_revoked"]), (&json!(false), &json!([])));
        let revoked = data(1)["tokens_revoked"].as_array().unwrap().len();
        assert_eq!(revoked, 2, "the one of this test, and that of all tests: {}", data(1));
    }

    async fn nobody_takes_the_name_of_the_service_or_of_gitlab(world: Plan::signed()) {
        let olga = world.person("Olga", &[Role::Administrator], &[]).await;
        let admin = world.browser(&olga).await;
        let invite = |name: &str| {
            json!({"name": name, "email": "new@example.com", "roles": ["reviewer"], "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null})
        };
        let (status, problem) = admin.post("people", &invite("GitLab")).await;
        assert_eq!((status.as_u16(), &problem["code"], &problem["field"]), (409, &json!("taken"), &json!("name")), "{problem}");
        let (_, made) = admin.post("people", &invite("Nora")).await;
        let secret = secret_of(&made["link"]);
        let (status, problem) =
            accept(world, &json!({"token": secret, "password": PASSWORD, "name": "approval-app"})).await.err().unwrap();
        assert_eq!((status.as_u16(), &problem["field"]), (409, &json!("name")), "{problem}");
        assert!(accept(world, &json!({"token": secret, "password": PASSWORD, "name": "Nora N."})).await.is_ok());
    }

    async fn groups_are_made_changed_and_removed(world: Plan::signed()) {
        let rita = world.program_of_rita();
        let group = |name: &str, members: Value| json!({"name": name, "projects": [], "members": members});
        let (status, made) = rita.post("groups", &group("Backend", json!([world.rita.id]))).await;
        assert_eq!(status, 201, "{made}");
        for same in ["Backend", "BACKEND ", "backend"] {
            assert_eq!(rita.post("groups", &group(same, json!([]))).await.1["code"], "taken", "{same}");
        }
        assert_eq!(rita.post("groups", &group("Frontend", json!(["nonsense"]))).await.1["field"], "members");
        let path = format!("groups/{}", made["id"].as_str().unwrap());
        let mut seen = group("Ärzte", json!([]));
        seen["expected_version"] = made["version"].clone();
        assert_eq!(rita.put(&path, &seen).await.1["name"], "Ärzte");
        assert_eq!(rita.post("groups", &group("ÄRZTE", json!([]))).await.1["code"], "taken");
        assert_eq!(rita.put(&path, &seen).await.1["code"], "outdated", "it was changed since");
        let mut first = group("Ärztinnen", json!([]));
        first["expected_version"] = rita.get("groups").await.1["items"][0]["version"].clone();
        let mut second = first.clone();
        second["name"] = json!("Pflege");
        let both = at_once(world, "groups", rita.put(&path, &first), rita.put(&path, &second)).await;
        assert_eq!(both, [200, 409], "of two who saw the same, one is first");
        assert_eq!(rita.delete(&path).await.0, 204);
        assert_eq!(rita.delete(&path).await.0, 404);
        assert_eq!(rita.get("groups").await.1, json!({"items": []}));
        assert_eq!(kinds(world).await.iter().filter(|kind| *kind == "group.changed").count(), 4);
    }

    async fn the_author_does_not_decide_and_the_page_says_so(world: Plan::signed()) {
        let author = world.gitlab.user("sam-sample");
        let new = gitlab_sandbox::NewMergeRequest { author: "sam-sample".into(), ..Default::default() };
        world.gitlab.create_merge_request(world.project, new);
        world.settle().await;
        let check = world.check("pending").await;
        let person = world.person("Sam Sample", &[Role::Reviewer], &[]).await;
        let mut linked = change("Sam Sample", &["reviewer"]);
        linked["gitlab_user_id"] = json!(author);
        assert_eq!(world.program_of_rita().put(&format!("people/{}", person.id), &linked).await.0, 200);
        let sam = world.browser(&person).await;
        let path = format!("checks/{}", check["id"].as_str().unwrap());
        assert!(sam.get(&path).await.1["barred"].as_str().unwrap().contains("wrote"));
        let wish = json!({"verdict": "approve", "expected_sha": check["sha"]});
        assert_eq!(sam.code("POST", &format!("{path}/decisions"), &wish).await, (403, "own_change".into()));
        assert_eq!(world.happened(&check).await, ["check.created", "check.decision_refused"]);
        assert_eq!(world.check("pending").await["id"], check["id"]);
        let viewer = world.person("Vera", &[Role::Viewer], &[]).await;
        assert!(world.browser(&viewer).await.get(&path).await.1["barred"].as_str().unwrap().contains("roles"));
        assert!(world.detail(&check).await["barred"].is_null());
        let token = world.program(&person, &[Permission::ChecksRead, Permission::ChecksDecide], &[]).await;
        assert_eq!(token.code("POST", &format!("{path}/decisions"), &wish).await.0, 403, "nor through a token");
        let rita = world.browser(&world.rita).await;
        let (status, decided) = rita.post(&format!("{path}/decisions"), &wish).await;
        assert_eq!(status, 201, "{decided}");
        assert_eq!((&decided["decisions"][0]["via"], &decided["decisions"][0]["reviewer"]), (&json!("browser"), &json!("Rita Reviewer")));
    }

    async fn ready_made_people_are_the_sandboxs_only(world: Plan { adjust: |config: &mut Config| config.sandbox = true, ..Plan::signed() }) {
        approval_app::service::samples::ensure(&world.app, 7).await.unwrap();
        approval_app::service::samples::ensure(&world.app, 7).await.unwrap();
        let token = approval_app::service::samples::token(&world.app).await.unwrap();
        let again = approval_app::service::samples::token(&world.app).await.unwrap();
        assert_eq!(token.expose_secret(), again.expose_secret());
        assert_eq!(world.bearer(token.expose_secret()).get("checks").await.0, 200);
        let (_, options) = world.stranger().get("sign-in").await;
        for sample in options["samples"].as_array().unwrap() {
            assert!(sample["name"].as_str().unwrap().contains("(sandbox)"));
            let (email, password) = (sample["email"].as_str().unwrap(), sample["password"].as_str().unwrap());
            let (_, me) = world.sign_in(email, password).await.expect("signed in").get("session").await;
            assert_eq!(me["roles"], sample["roles"]);
        }
    }
}
