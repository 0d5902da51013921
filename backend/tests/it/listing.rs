//! Listings: whose turn, which order, why a check waits, how many.

use std::collections::BTreeSet;
use std::time::Duration;

use approval_app::domain::access::{Permission, Role};
use gitlab_sandbox::NewMergeRequest;
use serde_json::{Value, json};

use crate::support::{Asker, Plan, Someone, World, on_both};

/// A reviewer who is this user in GitLab.
async fn reviewer(world: &World, name: &str, gitlab_user: &str) -> (Someone, Asker) {
    let person = world.person(name, &[Role::Reviewer], &[]).await;
    let change = json!({
        "name": name, "roles": ["reviewer"], "all_projects": true, "projects": [], "groups": [], "active": true,
        "gitlab_user_id": world.gitlab.user(gitlab_user),
    });
    let (status, answer) = world.program_of_rita().put(&format!("people/{}", person.id), &change).await;
    assert_eq!(status, 200, "{answer}");
    let asker = world.program(&person, &[Permission::ChecksRead, Permission::ChecksDecide], &[]).await;
    (person, asker)
}

async fn open_by(world: &World, author: &str) -> i64 {
    let new = NewMergeRequest { author: author.into(), ..NewMergeRequest::default() };
    let iid = world.gitlab.create_merge_request(world.project, new);
    world.settle().await;
    world.advance(Duration::from_secs(1));
    iid
}

/// All numbers of a listing, page by page.
async fn walk(asker: &Asker, query: &str) -> Vec<i64> {
    let (mut cursor, mut found) = (String::new(), Vec::new());
    loop {
        let (status, page) = asker.get(&format!("checks?{query}&limit=2&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["merge_request"]["iid"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

async fn counts(asker: &Asker) -> (i64, i64, i64) {
    let (_, system) = asker.get("system").await;
    let of = |name: &str| system[name].as_i64().unwrap();
    (of("pending_checks"), of("needs_you"), of("waiting_on_others"))
}

on_both! {
    async fn what_was_decided_last_comes_first(world: Plan::signed()) {
        let mut iids = Vec::new();
        for _ in 0..4 {
            iids.push(open_by(world, "ada").await);
        }
        let of = |checks: &[Value], iid: i64| checks.iter().find(|one| one["merge_request"]["iid"] == iid).unwrap().clone();
        let checks = world.checks("pending").await;
        for (at, verdict) in [(2, "approve"), (0, "reject"), (3, "approve")] {
            assert_eq!(world.decide(&of(&checks, iids[at]), verdict, "so be it").await.0, 201);
            world.advance(Duration::from_secs(1));
        }
        world.settle().await;
        // A new title is no new decision.
        world.gitlab.edit_title(world.project, iids[2], "Another title");
        world.settle().await;
        let rita = world.program_of_rita();
        let decided = "state=approved,rejected&sort=decided";
        let expected = [iids[3], iids[0], iids[2]];
        assert_eq!(walk(&rita, decided).await, expected);
        assert_eq!(walk(&rita, "state=approved&sort=decided").await, [iids[3], iids[2]]);
        assert_eq!(walk(&rita, "state=approved,rejected").await, [iids[3], iids[2], iids[0]], "else by arrival");
        for narrowed in ["&project=demo/storefront", "&rule=Change%20approval", "&q=change", "&project=demo/storefront&rule=Change%20approval"] {
            assert_eq!(walk(&rita, &format!("{decided}{narrowed}")).await, expected, "{narrowed}");
        }
        let mine = world.project_id(world.project).await;
        let vera = world.person("Vera", &[Role::Viewer], &[mine]).await;
        let vera = world.program(&vera, &[Permission::ChecksRead], &[]).await;
        assert_eq!(walk(&vera, decided).await, expected);
        // A reversal is a decision.
        let one = of(&world.checks("approved").await, iids[2]);
        let reversal = json!({"verdict": "reject", "comment": "no", "expected_sha": one["sha"], "expected_state": "approved"});
        let path = format!("checks/{}/decisions", one["id"].as_str().unwrap());
        let (status, reversed) = world.post(&path, &reversal).await;
        assert_eq!(status, 201, "{reversed}");
        assert_eq!(reversed["decided_at"], reversed["decisions"][1]["decided_at"]);
        assert!(reversed["decided_at"].as_str() > one["decided_at"].as_str());
        assert_eq!(walk(&rita, decided).await, [iids[2], iids[3], iids[0]]);
        // What no longer counts is none.
        world.gitlab.set_target_branch(world.project, iids[3], "release");
        world.settle().await;
        assert_eq!(walk(&rita, decided).await, [iids[2], iids[0]]);
        assert_eq!(of(&world.checks("pending").await, iids[3])["decided_at"], Value::Null);
        // What was decided stays in its place when it is merged or closed.
        world.advance(Duration::from_secs(5));
        world.gitlab.merge_forced(world.project, iids[2]).unwrap();
        world.gitlab.close(world.project, iids[0]);
        world.settle().await;
        let all = "state=approved,rejected,withdrawn&sort=decided";
        assert_eq!(walk(&rita, all).await, [iids[2], iids[0]]);
        assert_eq!(walk(&rita, &format!("{all}&verdict=reject")).await, [iids[2], iids[0]]);
        assert!(walk(&rita, &format!("{all}&verdict=approve")).await.is_empty());
        let (code, problem) = rita.get("checks?verdict=perhaps").await;
        assert_eq!((code.as_u16(), &problem["field"]), (400, &json!("verdict")));
        let gone = world.checks("withdrawn").await;
        let closed = of(&gone, iids[0]);
        assert_eq!((&closed["verdict"], &closed["merge_request"]["state"]), (&json!("reject"), &json!("closed")));
        assert_eq!(of(&gone, iids[2])["merge_request"]["state"], "merged");
        for query in ["sort=decided", "state=all&sort=decided", "state=approved,pending&sort=decided", "state=approved&sort=first"] {
            let (code, problem) = rita.get(&format!("checks?{query}")).await;
            assert_eq!((code.as_u16(), &problem["field"]), (400, &json!("sort")), "{query}");
        }
    }

    async fn a_search_finds_words_in_any_order_and_the_merge_request_of_an_address(world: Plan::signed()) {
        let mut iids = Vec::new();
        for title in ["Refund of fees", "Fees: \"no refund\", 100%", "Éclair, again"] {
            let new = NewMergeRequest { title: title.into(), ..NewMergeRequest::default() };
            iids.push(world.gitlab.create_merge_request(world.project, new));
            world.settle().await;
            world.advance(Duration::from_secs(1));
        }
        let url = world.checks("pending").await.iter().find(|one| one["merge_request"]["iid"] == iids[0]).unwrap()["merge_request"]["url"].clone();
        let url = url.as_str().unwrap();
        let reference = format!("demo/storefront!{}", iids[0]);
        let elsewhere = format!("https://gitlab.elsewhere.example/{}", url.split_once("://").unwrap().1.split_once('/').unwrap().1);
        let rita = world.program_of_rita();
        for (typed, expected) in [
            ("fees refund", &iids[..2]),
            ("refund FEES main", &iids[..2]),
            ("\"no refund\"", &iids[1..2]),
            ("\"refund no\"", &[]),
            ("100% _", &[]),
            ("100%", &iids[1..2]),
            ("éclair", &iids[2..]),
            ("refund absent", &[]),
            (&reference, &iids[..1]),
            (&format!("!{}", iids[0]), &iids[..1]),
            (url, &iids[..1]),
            (&format!("{url}/diffs#note_1 refund"), &iids[..1]),
            (&format!("{url} éclair"), &[]),
            (&elsewhere, &iids[..1]),
        ] {
            let query = serde_urlencoded::to_string([("q", typed)]).unwrap();
            assert_eq!(walk(&rita, &query).await, expected, "{typed}");
        }
        for place in ["checks", "audit"] {
            let query = |words: usize| format!("{place}?q={}", "a+".repeat(words));
            assert_eq!(rita.get(&query(32)).await.0, 200, "{place}");
            let (status, problem) = rita.get(&query(33)).await;
            assert_eq!((status.as_u16(), &problem["field"]), (400, &json!("q")), "{problem}");
        }
        // Far longer than SQLite takes, and as long as is taken.
        for (place, field) in [("checks", "q"), ("audit", "q"), ("audit", "actor")] {
            let query = |length: usize| format!("{place}?{field}={}", "a".repeat(length));
            assert_eq!(rita.get(&query(1_000)).await.0, 200, "{place} {field}");
            let (status, problem) = rita.get(&query(50_000)).await;
            assert_eq!((status.as_u16(), &problem["field"]), (400, &json!(field)), "{problem}");
        }
        let (_, found) = world.get("audit?q=storefront+demo").await;
        assert!(!found["items"].as_array().unwrap().is_empty(), "{found}");
    }

    async fn a_check_names_what_else_is_asked_of_its_commit(world: Plan::signed()) {
        let url = format!("{}/status_check/security", world.base);
        world.gitlab.create_rule(world.project, "Security review", &url, world.secret);
        let iid = open_by(world, "ada").await;
        let of = |checks: &[Value], rule: &str| checks.iter().find(|one| one["rule"]["name"] == rule).unwrap().clone();
        let both = world.checks("pending").await;
        let (change, security) = (of(&both, "Change approval"), of(&both, "Security review"));
        assert_eq!(world.decide(&security, "approve", "").await.0, 201);
        let detail = async |id: &Value| world.get(&format!("checks/{}", id.as_str().unwrap())).await.1;
        let others = detail(&change["id"]).await["others"].clone();
        assert_eq!(others.as_array().unwrap().len(), 1, "{others}");
        assert_eq!((&others[0]["id"], &others[0]["state"]), (&security["id"], &json!("approved")));
        // Those of the commit that counts, also for who looks at an old one.
        world.gitlab.push(world.project, iid);
        world.settle().await;
        let newest = of(&world.checks("pending").await, "Security review");
        for id in [&change["id"], &of(&world.checks("pending").await, "Change approval")["id"]] {
            let others = detail(id).await["others"].clone();
            assert_eq!((others.as_array().unwrap().len(), &others[0]["id"]), (1, &newest["id"]), "{others}");
        }
    }

    async fn whose_turn_it_is_is_listed_and_counted(world: Plan::signed()) {
        let mut iids = Vec::new();
        for author in ["ada", "berta", "ada", "berta", "cleo"] {
            iids.push(open_by(world, author).await);
        }
        let (_, ada) = reviewer(world, "Ada", "ada").await;
        assert_eq!(walk(&ada, "turn=mine").await, [iids[1], iids[3], iids[4]]);
        assert_eq!(walk(&ada, "turn=others").await, [iids[0], iids[2]]);
        assert_eq!(counts(&ada).await, (5, 3, 2));
        // Everything is Rita's turn: nobody knows who she is in GitLab.
        let rita = world.program_of_rita();
        assert_eq!(walk(&rita, "turn=mine").await, iids);
        assert!(walk(&rita, "turn=others").await.is_empty());
        assert_eq!(counts(&rita).await, (5, 5, 0));
        // Nothing is a viewer's, and nothing is a token's that may not decide.
        let viewer = world.person("Vera", &[Role::Viewer], &[]).await;
        let viewer = world.program(&viewer, &[Permission::ChecksRead], &[]).await;
        let reading = world.program(&world.rita, &[Permission::ChecksRead], &[]).await;
        for asker in [viewer, reading] {
            assert!(walk(&asker, "turn=mine").await.is_empty());
            assert_eq!(walk(&asker, "turn=others").await, iids);
            assert_eq!(counts(&asker).await, (5, 0, 5));
        }
        // What others have to decide stays within reach.
        let mine = world.project_id(world.project).await;
        let other = world.gitlab.create_project("demo/payments");
        world.gitlab.create_rule(other, "Gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, NewMergeRequest { author: "ada".into(), ..NewMergeRequest::default() });
        world.settle().await;
        assert_eq!(counts(&ada).await, (6, 3, 3));
        let (person, _) = reviewer(world, "Ada too", "ada").await;
        let limited = world.program(&person, &[Permission::ChecksRead, Permission::ChecksDecide], &[mine]).await;
        assert_eq!(walk(&limited, "turn=others").await, [iids[0], iids[2]]);
        assert_eq!(counts(&limited).await, (5, 3, 2));
    }

    async fn either_order_is_paged_without_a_gap(world: Plan::signed()) {
        let mut iids = Vec::new();
        for author in ["ada", "berta", "ada", "berta", "ada"] {
            iids.push(open_by(world, author).await);
        }
        let rita = world.program_of_rita();
        let backwards: Vec<i64> = iids.iter().rev().copied().collect();
        assert_eq!(walk(&rita, "state=pending").await, iids);
        assert_eq!(walk(&rita, "state=pending&sort=oldest").await, iids);
        assert_eq!(walk(&rita, "state=pending&sort=newest").await, backwards);
        assert_eq!(walk(&rita, "state=all").await, backwards);
        assert_eq!(walk(&rita, "state=all&sort=oldest").await, iids);
        assert_eq!(walk(&rita, "state=pending,approved&sort=oldest&project=demo/storefront").await, iids);
        let (_, berta) = reviewer(world, "Berta", "berta").await;
        assert_eq!(walk(&berta, "turn=mine&sort=newest").await, [iids[4], iids[2], iids[0]]);
        // A cursor is a place: from another order it goes the other way, and ends.
        let (_, page) = rita.get("checks?sort=newest&limit=2").await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let (_, rest) = rita.get(&format!("checks?sort=oldest&cursor={cursor}")).await;
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    }

    async fn what_cannot_be_asked_for_is_said(world: Plan::signed()) {
        let rita = world.program_of_rita();
        for (query, field) in [
            ("turn=everybody", "turn"),
            ("turn=mine&state=all", "turn"),
            ("turn=others&state=pending,approved", "turn"),
            ("sort=best", "sort"),
            ("sort=newest&cursor=x", "cursor"),
        ] {
            let (status, problem) = rita.get(&format!("checks?{query}")).await;
            assert_eq!((status.as_u16(), problem["field"].as_str()), (400, Some(field)), "{query}: {problem}");
        }
    }

    async fn a_pending_check_says_why_it_waits(world: Plan::signed()) {
        let iid = world.open().await;
        let none = Value::Null;
        let fresh = json!({"kind": "new", "sha": none, "verdict": none, "reviewer": none, "own": false});
        let check = world.check("pending").await;
        assert_eq!(check["reason"], fresh);
        assert_eq!(world.detail(&check).await["reason"], fresh);
        let (_, berta) = reviewer(world, "Berta", "berta").await;
        let rita = world.program_of_rita();
        let reason = async |asker: &Asker| {
            let (_, page) = asker.get("checks").await;
            page["items"][0]["reason"].clone()
        };
        // Closed and open again.
        world.advance(Duration::from_secs(5));
        world.gitlab.close(world.project, iid);
        world.settle().await;
        assert!(world.check("withdrawn").await["reason"].is_null());
        world.advance(Duration::from_secs(5));
        world.gitlab.reopen(world.project, iid);
        world.settle().await;
        assert_eq!(reason(&rita).await["kind"], "reopened");
        // Decided, and then the target branch changed.
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        world.settle().await;
        assert!(world.check("approved").await["reason"].is_null());
        world.advance(Duration::from_secs(5));
        world.gitlab.set_target_branch(world.project, iid, "release");
        world.settle().await;
        let voided = json!({"kind": "retargeted", "sha": check["sha"], "verdict": "approve", "reviewer": "Rita Reviewer", "own": true});
        assert_eq!(reason(&rita).await, voided);
        assert_eq!(reason(&berta).await["own"], false);
        // New commits: one's own decision is named before somebody else's newer one.
        world.advance(Duration::from_secs(5));
        let second = world.gitlab.push(world.project, iid);
        world.settle().await;
        let check2 = world.check("pending").await;
        let body = json!({"verdict": "reject", "comment": "no", "expected_sha": second});
        assert_eq!(berta.post(&format!("checks/{}/decisions", check2["id"].as_str().unwrap()), &body).await.0, 201);
        world.advance(Duration::from_secs(5));
        world.gitlab.push(world.project, iid);
        world.settle().await;
        assert_eq!(reason(&rita).await, json!({"kind": "new_commits", "sha": check["sha"], "verdict": "approve", "reviewer": "Rita Reviewer", "own": true}));
        assert_eq!(reason(&berta).await, json!({"kind": "new_commits", "sha": second, "verdict": "reject", "reviewer": "Berta", "own": true}));
        let (_, cleo) = reviewer(world, "Cleo", "cleo").await;
        assert_eq!(reason(&cleo).await, json!({"kind": "new_commits", "sha": second, "verdict": "reject", "reviewer": "Berta", "own": false}));
        // Another merge request knows nothing of it.
        world.open().await;
        let kinds: BTreeSet<String> = world.checks("pending").await.iter().map(|one| one["reason"]["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, BTreeSet::from(["new".into(), "new_commits".into()]));
    }
}
