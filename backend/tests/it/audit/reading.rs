//! Filters, and who may read what.

use approval_app::db::audit::{self, Filter, Scope};
use approval_app::domain::access::{Permission, Reach, Role};
use approval_app::domain::record::EventKind;
use serde_json::{Value, json};

use super::{append, entries, event, export_by, ids, live_through, verify};
use crate::support::{Plan, World, on_both};

on_both! {
    async fn filters_narrow_the_record(world: Plan::signed()) {
        live_through(world).await;
        let everything = entries(&world.program_of_rita(), "").await;
        let of_project = everything.iter().filter(|one| one["project_id"].is_string()).count();
        let all = everything.len();
        world.advance(std::time::Duration::from_secs(86_400));
        append(world, vec![event(EventKind::SignedIn, "Zoë 50%_", "Zoë SIGNED in")]).await;
        let check = world.check("rejected").await["id"].as_str().unwrap().to_owned();
        let of_check = world.happened(&serde_json::json!({"id": check})).await.len();
        for (query, count) in [
            ("kind=check.decided".to_owned(), 2),
            ("kind=check.decided,%20session.started".into(), 3),
            ("kind=group.changed".into(), 0),
            ("actor=Rita%20Reviewer".into(), 2),
            ("actor=ITA%20r".into(), 2),
            ("actor=ita_r".into(), 0),
            (format!("actor={}", world.rita.id), 2),
            (format!("check={check}"), of_check),
            ("check=0198b3a0-0000-7000-8000-000000000000".into(), 0),
            ("project=demo/storefront".into(), of_project),
            (format!("project={}", world.project_id(world.project).await), of_project),
            (format!("project={}", world.project), of_project),
            ("project=demo/none".into(), 0),
            ("from=2026-03-03".into(), 1),
            ("to=2026-03-02".into(), all),
            ("to=2026-03-02T09:30:00Z".into(), 0),
            ("from=2026-03-02T09:30:00Z&to=2026-03-02T11:31:00%2B02:00".into(), all),
            ("q=zoë%20signed".into(), 1),
            ("q=50%25_".into(), 1),
            ("q=5_%25".into(), 0),
            ("q=%22quoted%5C%22".into(), 1),
            ("q=GUT".into(), 1),
            ("kind=&actor=&q=%20".into(), all + 1),
        ] {
            assert_eq!(ids(world, &query).await.len(), count, "{query}");
        }
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, page) = world.get(&format!("audit?limit=3&cursor={cursor}")).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(seen, ids(world, "").await);
        for query in ["kind=check.lost", "check=1", "from=yesterday", "to=2026-02-30", "from=2026-03-03&to=2026-03-02", "cursor=x", "limit=0", "limit=-1", "limit=300", "colour=red"] {
            let (status, problem) = world.get(&format!("audit?{query}")).await;
            assert_eq!((status.as_u16(), problem["code"].as_str()), (400, Some("bad_parameter")), "{query}");
        }
        for query in ["format=xml", "limit=1", "kind=x"] {
            assert_eq!(world.get(&format!("audit/export?{query}")).await.0, 400, "{query}");
        }
        assert_eq!(world.get("audit?kind=audit.exported").await.1["items"], json!([]), "a refused export is none");
    }

    async fn nobody_reads_beyond_their_projects(world: Plan::signed()) {
        world.open().await;
        let other = world.gitlab.create_project("demo/payments");
        world.gitlab.create_rule(other, "Release gate", &format!("{}/status_check", world.base), world.secret);
        world.gitlab.create_merge_request(other, Default::default());
        world.settle().await;
        let mine = world.project_id(world.project).await;
        let theirs = world.project_id(other).await;
        let foreign = world.get("checks?project=demo/payments").await.1["items"][0]["id"].as_str().unwrap().to_owned();
        let limited = world.person("Odo Auditor", &[Role::Auditor], std::slice::from_ref(&mine)).await;
        // By the account's grants, and by the token's limit alone.
        let scopes = [Permission::AuditRead];
        let askers = [
            world.program(&limited, &scopes, &[]).await,
            world.program(&world.rita, &scopes, std::slice::from_ref(&mine)).await,
            world.browser(&limited).await,
        ];
        for asker in &askers {
            let all = entries(&world.program_of_rita(), "").await;
            let expected: Vec<&Value> = all.iter().filter(|one| one["project_id"] != json!(theirs)).collect();
            assert!(expected.len() < all.len() && expected.iter().any(|one| one["project_id"].is_null()));
            let seen = entries(asker, "").await;
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
            assert!(seen.iter().any(|one| one["project_id"] == json!(mine)));
            for query in [format!("project={theirs}"), "project=demo/payments".into(), format!("check={foreign}"), "q=Release%20gate".into()] {
                assert_eq!(entries(asker, &query).await, Vec::<Value>::new(), "{query}");
                assert!(!entries(&world.program_of_rita(), &query).await.is_empty(), "{query}");
            }
            for format in ["csv", "jsonl"] {
                let (file, ..) = export_by(asker, &format!("format={format}")).await;
                assert!(file.contains(&mine) && !file.contains(&theirs) && !file.contains("demo/payments"), "{file}");
                if format == "jsonl" {
                    let (code, said, why) = verify(&file, &[]);
                    assert_eq!(code, 0, "{why}");
                    assert!(said.contains("only what the exporter may read"), "{said}");
                    assert_eq!(verify(&file, &["--complete"]).0, 1);
                }
            }
            assert_eq!(asker.get("audit/verification").await.1["intact"], true);
        }
        // Who may not read the record sees nothing of no project, wherever else the query is used.
        let scope = Scope { reach: Reach::All, general: false };
        let some = world.app.db.read(move |conn| audit::page(conn, &Filter::default(), &scope, None, 500)).await.unwrap();
        assert!(!some.is_empty() && some.iter().all(|one| one.project_id.is_some()));
        // A grant that is taken away is gone from the next page on.
        let none = json!({"name": "Odo Auditor", "roles": ["auditor"], "all_projects": false, "projects": [], "groups": [], "active": true, "gitlab_user_id": null});
        let (status, answer) = world.program_of_rita().put(&format!("people/{}", limited.id), &none).await;
        assert_eq!(status, 200, "{answer}");
        assert!(entries(&askers[0], "").await.iter().all(|one| one["project_id"].is_null()));
    }
}
