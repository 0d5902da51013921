//! Attacks on the door, each of which fails.

use std::collections::BTreeSet;
use std::time::Duration;

use approval_app::config::Config;
use approval_app::db::callers::Proof;
use approval_app::domain::access::{Barred, Permission, Role};
use approval_app::domain::ids::CheckId;
use approval_app::domain::{CheckState, Verdict};
use approval_app::service::decide::{DecideError, Wish, decide};
use approval_app::service::sign_in;
use serde_json::{Value, json};

use crate::support::people::PASSWORD;
use crate::support::{Asker, Plan, World, on_both};

fn behind_https(config: &mut Config) {
    config.public_url = Some("https://approvals.example.com".into());
}

fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
}

/// A failed sign-in through this `X-Forwarded-For`; returns the status.
async fn guess(world: &World, email: &str, forwarded: &str) -> u16 {
    let asked = world
        .stranger()
        .http
        .post(format!("{}/api/v1/session", world.base))
        .header("x-forwarded-for", forwarded)
        .json(&json!({"email": email, "password": "a wrong password"}));
    asked.send().await.unwrap().status().as_u16()
}

fn switched_off(name: &str, roles: &[&str]) -> Value {
    json!({"name": name, "roles": roles, "all_projects": true, "projects": [], "groups": [], "gitlab_user_id": null, "active": false})
}

on_both! {
    async fn a_page_of_another_site_cannot_use_a_session(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let browser = world.browser(&world.rita).await;
        let cookie = browser.cookie.clone().unwrap();
        let url = format!("{}/api/v1/checks/{}/decisions", world.base, check["id"].as_str().unwrap());
        let body = json!({"verdict": "approve", "expected_sha": check["sha"]}).to_string();
        let host = world.base.strip_suffix("/approval-apps").unwrap().to_owned();
        let post = async |headers: &[(&str, &str)]| {
            let mut request = world.stranger().http.post(&url).header("cookie", &cookie).body(body.clone());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
        };
        const JSON: (&str, &str) = ("content-type", "application/json");
        for headers in [
            vec![JSON],
            vec![JSON, ("sec-fetch-site", "cross-site")],
            vec![JSON, ("sec-fetch-site", "same-site")],
            vec![JSON, ("sec-fetch-site", "none")],
            vec![JSON, ("origin", "https://evil.example")],
            vec![JSON, ("origin", "null")],
            vec![JSON, ("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")],
            vec![("content-type", "text/plain"), ("origin", "https://evil.example")],
            vec![("content-type", "text/plain"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(post(&headers).await, (403, "cross_site".into()), "{headers:?}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json"] {
            let answer = post(&[("content-type", kind), ("sec-fetch-site", "same-origin")]).await;
            assert_eq!(answer, (415, "unsupported_media_type".into()), "{kind}");
        }
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]).await.0, 415, "a body without a type");
        assert_eq!(world.check("pending").await["id"], check["id"], "nothing was decided");
        assert_eq!(post(&[JSON, ("origin", &host)]).await.0, 201, "plain http has no Fetch Metadata");
    }

    async fn a_page_of_another_site_cannot_sign_a_visitor_in(world: Plan::signed()) {
        let body = json!({"email": world.rita.email, "password": PASSWORD});
        let send = async |name: &'static str, value: &'static str| {
            let request = world.stranger().http.post(format!("{}/api/v1/session", world.base)).json(&body);
            request.header(name, value).send().await.unwrap().status().as_u16()
        };
        assert_eq!(send("origin", "https://evil.example").await, 403);
        assert_eq!(send("sec-fetch-site", "cross-site").await, 403);
        let plain = world.stranger().http.post(format!("{}/api/v1/session", world.base)).header("content-type", "text/plain");
        assert_eq!(plain.body(body.to_string()).send().await.unwrap().status(), 415);
        assert_eq!(send("sec-fetch-site", "same-origin").await, 201);
    }

    async fn a_planted_session_is_never_taken_over(world: Plan::signed()) {
        let victim = world.browser(&world.rita).await;
        let old = victim.cookie.clone().unwrap();
        let planted = "approval-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for cookie in [planted, old.as_str()] {
            let asked = Asker::with_cookie(&world.base, cookie);
            let sent = asked.http.post(format!("{}/api/v1/session", world.base)).json(&json!({"email": world.rita.email, "password": PASSWORD}));
            let browser = Asker::begun(&world.base, sent.send().await.unwrap()).await.expect("signed in");
            assert_ne!(browser.cookie.as_deref(), Some(cookie), "a new secret");
            assert_eq!(browser.get("session").await.0, 200);
            assert_eq!(asked.get("session").await.0, 401, "what was there before lets nobody in");
        }
    }

    async fn too_many_guesses_lock_an_account_whether_it_exists_or_not(world: Plan::signed()) {
        for email in [world.rita.email.as_str(), "nobody@example.com"] {
            for _ in 0..5 {
                let (status, problem) = world.sign_in(email, "a wrong password").await.err().unwrap();
                assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("bad_credentials")), "{email}");
            }
            let sent = world.stranger().http.post(format!("{}/api/v1/session", world.base)).json(&json!({"email": email, "password": PASSWORD}));
            let answer = sent.send().await.unwrap();
            assert_eq!(answer.status(), 429, "{email}: even with the right password");
            let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=61).contains(&wait), "{wait}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "too_many_attempts");
            assert!(problem["detail"].as_str().unwrap().contains("1 minute"), "{problem}");
        }
        let (_, people) = world.get("people").await;
        assert!(people["items"][0]["locked_until"].is_string(), "{people}");
        world.advance(Duration::from_secs(61));
        assert!(world.sign_in(&world.rita.email, PASSWORD).await.is_ok());
        for _ in 0..4 {
            assert!(world.sign_in(&world.rita.email, "a wrong password").await.is_err());
        }
        assert!(world.sign_in(&world.rita.email, PASSWORD).await.is_ok(), "success begins anew");
    }

    async fn guesses_made_at_once_do_not_slip_through_together(world: Plan::signed()) {
        let before = world.app.passwords.hashed();
        let guesses = (0..16).map(|_| world.sign_in(&world.rita.email, "a wrong password"));
        let answers = futures_util::future::join_all(guesses).await;
        let looked = answers.iter().filter(|answer| answer.as_ref().err().unwrap().0 == 401).count();
        assert_eq!(looked, 5, "the others were refused before anybody looked");
        assert_eq!(world.app.passwords.hashed() - before, 5);
    }

    async fn the_same_work_is_done_for_whoever_does_not_exist(world: Plan::signed()) {
        let off = world.person("Off", &[Role::Viewer], &[]).await;
        let rita = world.program_of_rita();
        assert_eq!(rita.put(&format!("people/{}", off.id), &switched_off("Off", &["viewer"])).await.0, 200);
        let (_, invited) = rita.post("people", &json!({"name": "New", "email": "new@example.com", "roles": ["viewer"], "all_projects": true})).await;
        assert!(invited["link"].is_object());
        let mut answers = BTreeSet::new();
        for email in [world.rita.email.as_str(), off.email.as_str(), "new@example.com", "nobody@example.com", "no address"] {
            let before = world.app.passwords.hashed();
            let (status, mut problem) = world.sign_in(email, "a wrong password").await.err().unwrap();
            problem.as_object_mut().unwrap().remove("request_id");
            assert_eq!(world.app.passwords.hashed() - before, 1, "{email}");
            answers.insert((status.as_u16(), problem.to_string()));
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        let before = world.app.passwords.hashed();
        assert!(world.sign_in(&off.email, PASSWORD).await.is_err(), "switched off");
        assert_eq!(world.app.passwords.hashed() - before, 1);
    }

    async fn an_address_that_a_client_claims_is_not_believed(world: Plan::signed()) {
        for number in 0..20 {
            assert_eq!(guess(world, &format!("a{number}@example.com"), &format!("198.51.100.{number}")).await, 401);
        }
        assert_eq!(guess(world, "b@example.com", "203.0.113.1").await, 429, "one address, whatever it claims");
        world.advance(Duration::from_secs(61));
        let browser = world.browser(&world.rita).await;
        assert_eq!(browser.get("account/sessions").await.1["items"][0]["address"], "127.0.0.1");
    }

    async fn behind_a_proxy_only_what_the_proxy_saw_counts(world: Plan { adjust: behind_a_proxy, ..Plan::signed() }) {
        for number in 0..20 {
            let spoofed = format!("192.0.2.{number}, 198.51.100.7");
            assert_eq!(guess(world, &format!("a{number}@example.com"), &spoofed).await, 401);
        }
        assert_eq!(guess(world, "b@example.com", "192.0.2.99, 198.51.100.7").await, 429);
        assert_eq!(guess(world, "b@example.com", "198.51.100.7, 198.51.100.8").await, 401, "another client");
        // A client chooses among its addresses of IPv6: all of its network count as one.
        for number in 0..20 {
            assert_eq!(guess(world, &format!("c{number}@example.com"), &format!("2001:db8:1:2::{number:x}")).await, 401);
        }
        assert_eq!(guess(world, "d@example.com", "2001:db8:1:2:ffff::1").await, 429);
        assert_eq!(guess(world, "d@example.com", "2001:db8:1:3::1").await, 401);
    }

    async fn whoever_is_switched_off_is_out_at_once(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let person = world.person("Rob", &[Role::Reviewer], &[]).await;
        let browser = world.browser(&person).await;
        let program = world.program(&person, &[Permission::ChecksRead, Permission::ChecksDecide], &[]).await;
        let rita = world.program_of_rita();
        assert_eq!(rita.put(&format!("people/{}", person.id), &switched_off("Rob", &["reviewer"])).await.0, 200);
        let wish = json!({"verdict": "approve", "expected_sha": check["sha"]});
        for asker in [&browser, &program] {
            assert_eq!(asker.get("checks").await.0, 401);
            assert_eq!(asker.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &wish).await.0, 401);
        }
        assert!(world.sign_in(&person.email, PASSWORD).await.is_err());
        // Switched on again, sessions and tokens do not come back.
        let mut on = switched_off("Rob", &["reviewer"]);
        on["active"] = json!(true);
        assert_eq!(rita.put(&format!("people/{}", person.id), &on).await.0, 200);
        for asker in [&browser, &program] {
            assert_eq!(asker.get("checks").await.0, 401);
        }
        assert!(world.sign_in(&person.email, PASSWORD).await.is_ok());
    }

    async fn a_role_taken_away_between_request_and_decision_counts(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let person = world.person("Rob", &[Role::Reviewer], &[]).await;
        let browser = world.browser(&person).await;
        let secret = browser.cookie.as_deref().unwrap().split_once('=').unwrap().1.to_owned();
        let proof = || Proof::Session(approval_app::crypto::secret::hash(&secret));
        let caller = sign_in::known(&world.app, proof()).await.unwrap().expect("let in");
        let wish = || Wish {
            expected_target: None,
            check_id: CheckId::parse(check["id"].as_str().unwrap()).unwrap(),
            verdict: Verdict::Approve,
            comment: String::new(),
            expected_sha: check["sha"].as_str().unwrap().to_owned(),
            seen: CheckState::Pending,
        };
        let rita = world.program_of_rita();
        let put = async |roles: Value, all: bool, active: bool| {
            let body = json!({"name": "Rob", "roles": roles, "all_projects": all, "projects": [], "groups": [], "gitlab_user_id": null, "active": active});
            assert_eq!(rita.put(&format!("people/{}", person.id), &body).await.0, 200);
        };
        // The caller was let in as a reviewer; then the role goes, then the reach, then the account.
        put(json!(["viewer"]), true, true).await;
        assert!(matches!(decide(&world.app, &caller, wish()).await, Err(DecideError::Barred(Barred::NoPermission))));
        assert!(world.happened(&check).await.contains(&"check.decision_refused".to_owned()));
        put(json!(["reviewer"]), false, true).await;
        assert!(matches!(decide(&world.app, &caller, wish()).await, Err(DecideError::NotFound)));
        put(json!(["reviewer"]), true, false).await;
        assert!(matches!(decide(&world.app, &caller, wish()).await, Err(DecideError::Service(_))));
        assert_eq!(world.check("pending").await["id"], check["id"], "nothing was decided");
        put(json!(["reviewer"]), true, true).await;
        let again = world.browser(&person).await;
        let (status, _) = again.post(&format!("checks/{}/decisions", check["id"].as_str().unwrap()), &json!({"verdict": "approve", "expected_sha": check["sha"]})).await;
        assert_eq!(status, 201);
    }

    async fn of_two_people_who_decide_at_once_one_is_told_who_was_first(world: Plan::signed()) {
        world.open().await;
        let check = world.check("pending").await;
        let person = world.person("Rob", &[Role::Reviewer], &[]).await;
        let (one, two) = (world.browser(&world.rita).await, world.browser(&person).await);
        let path = format!("checks/{}/decisions", check["id"].as_str().unwrap());
        let (yes, no) = (json!({"verdict": "approve", "expected_sha": check["sha"]}), json!({"verdict": "reject", "comment": "no", "expected_sha": check["sha"]}));
        let (a, b) = tokio::join!(one.post(&path, &yes), two.post(&path, &no));
        let (won, lost, winner) = if a.0 == 201 { (a, b, "Rita Reviewer") } else { (b, a, "Rob") };
        assert_eq!((won.0.as_u16(), lost.0.as_u16()), (201, 409));
        assert_eq!((&lost.1["code"], &lost.1["check"]["decided_by"]), (&json!("state_changed"), &json!(winner)));
        assert_eq!(world.detail(&check).await["decisions"].as_array().unwrap().len(), 1);
    }

    async fn other_peoples_ids_open_nothing(world: Plan::signed()) {
        let person = world.person("Mallory", &[Role::Viewer], &[]).await;
        let mallory = world.browser(&person).await;
        let rita = world.browser(&world.rita).await;
        let (_, sessions) = rita.get("account/sessions").await;
        let session = sessions["items"][0]["id"].as_str().unwrap();
        let (_, tokens) = rita.get("tokens").await;
        let token = tokens["items"][0]["id"].as_str().unwrap();
        assert_eq!(mallory.delete(&format!("account/sessions/{session}")).await.0, 404);
        assert_eq!(mallory.delete(&format!("tokens/{token}")).await.0, 404);
        for (method, path) in [
            ("GET", format!("people/{}", world.rita.id)),
            ("PUT", format!("people/{}", person.id)),
            ("POST", format!("people/{}/link", world.rita.id)),
            ("GET", format!("people/{}/sessions", world.rita.id)),
            ("DELETE", format!("people/{}/sessions", world.rita.id)),
            ("POST", "calls/1/replay".to_owned()),
        ] {
            let body = if method == "PUT" { switched_off("Mallory", &["administrator"]) } else { Value::Null };
            assert_eq!(mallory.code(method, &path, &body).await, (403, "forbidden".into()), "{method} {path}");
        }
        assert_eq!(rita.get("session").await.0, 200);
        // The id of a session is not its secret.
        assert_eq!(Asker::with_cookie(&world.base, &format!("approval-session={session}")).get("session").await.0, 401);
    }

    async fn behind_https_the_cookie_is_bound_to_this_host(world: Plan { adjust: behind_https, ..Plan::signed() }) {
        let sent = world.stranger().http.post(format!("{}/api/v1/session", world.base)).json(&json!({"email": world.rita.email, "password": PASSWORD}));
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let (value, attributes) = cookie.split_once(';').unwrap();
        assert!(value.starts_with("__Host-approval-session="), "{cookie}");
        let attributes: BTreeSet<&str> = attributes.split(';').map(str::trim).collect();
        assert_eq!(attributes, BTreeSet::from(["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax", "Secure"]));
        let plain = value.replace("__Host-", "");
        assert_eq!(Asker::with_cookie(&world.base, &plain).get("session").await.0, 401, "the unprotected name is not read");
        let browser = Asker::with_cookie(&world.base, value);
        assert_eq!(browser.get("session").await.0, 200);
        // Without Fetch Metadata the public URL counts, whatever host the proxy asked for.
        let delete = |origin: &'static str| world.stranger().http.delete(format!("{}/api/v1/session", world.base)).header("cookie", value).header("origin", origin).send();
        assert_eq!(delete("https://approvals.example.com.evil.example").await.unwrap().status(), 403);
        let ended = delete("https://approvals.example.com").await.unwrap();
        assert_eq!(ended.status(), 204);
        assert!(ended.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    }

    async fn over_plain_http_the_cookie_is_still_closed_to_scripts(world: Plan::signed()) {
        let sent = world.stranger().http.post(format!("{}/api/v1/session", world.base)).json(&json!({"email": world.rita.email, "password": PASSWORD}));
        let answer = sent.send().await.unwrap();
        assert!(answer.headers().get("strict-transport-security").is_none());
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("approval-session=") && cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"), "{cookie}");
    }
}
