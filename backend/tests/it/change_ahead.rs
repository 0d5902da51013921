//! Changes that are read before anybody looks.

use std::time::Duration;

use approval_app::service::compare::SETTLED_AFTER;

use futures_util::StreamExt as _;
use gitlab_sandbox::{Fault, NewMergeRequest};
use serde_json::{Value, json};

use crate::support::{Plan, World, on_both};

fn ahead() -> Plan {
    Plan { adjust: |config| config.read_ahead = true, ..Plan::signed() }
}

fn running() -> NewMergeRequest {
    NewMergeRequest { pipeline: Some("running".into()), ..NewMergeRequest::default() }
}

on_both! {
    async fn a_new_check_has_its_change_at_once_and_without_gitlab(world: ahead()) {
        let (_, check) = world.open_with(running()).await;
        assert_eq!(check["change"]["pipeline"], "running", "{check}");
        assert_eq!((&check["change"]["files"], &check["change"]["additions"]), (&json!(1), &json!(1)));
        world.gitlab.set_fault(Some(Fault::Down));
        world.advance(Duration::from_secs(3600));
        let change = world.change(&check).await;
        assert!(change["stale"].is_string());
        assert_eq!(change["sha"], check["sha"]);
        assert_eq!(world.diff(&check, "path=changes/change-1.md").await.0, 200);
    }

    async fn a_running_pipeline_is_looked_at_each_minute_and_no_event_is_recorded(world: ahead()) {
        let (iid, check) = world.open_with(running()).await;
        let recorded = world.happened(&check).await;
        let mut stream = world.http.get(format!("{}/api/v1/events", world.base)).send().await.unwrap().bytes_stream();
        assert!(stream.next().await.is_some(), "it begins");
        world.gitlab.set_pipeline(world.project, iid, Some("success"));
        world.settle_for(Duration::from_secs(50)).await;
        assert_eq!(world.check("pending").await["change"]["pipeline"], "running");
        world.settle_for(Duration::from_secs(15)).await;
        assert_eq!(world.check("pending").await["change"]["pipeline"], "success");
        assert_eq!(world.happened(&check).await, recorded);
        // Those who listen are told which check to read again, and resume as if nothing had been.
        let heard = async {
            let mut read = String::new();
            while !read.contains("check.updated") {
                read.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
            }
            read
        };
        let heard = tokio::time::timeout(Duration::from_secs(10), heard).await.expect("it is told");
        let frame = heard.split("\n\n").find(|frame| frame.contains("check.updated")).unwrap();
        assert!(frame.contains(check["id"].as_str().unwrap()) && !frame.contains("id: "), "{frame}");
        // Nothing runs any more: once in ten minutes is enough.
        let before = world.gitlab.requests().len();
        world.settle_for(Duration::from_secs(540)).await;
        assert_eq!(world.gitlab.requests().len(), before);
        world.settle_for(Duration::from_secs(120)).await;
        assert!(world.gitlab.requests().len() > before);
    }

    async fn an_edited_description_is_there_at_once_and_told(world: ahead()) {
        let (iid, check) = world.open_with(running()).await;
        let mut stream = world.http.get(format!("{}/api/v1/events", world.base)).send().await.unwrap().bytes_stream();
        assert!(stream.next().await.is_some(), "it begins");
        world.gitlab.set_description(world.project, iid, "Now with **reasons**");
        world.settle().await;
        let heard = async {
            let mut read = String::new();
            while !read.contains("\"id\":0") {
                read.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
            }
            read
        };
        let heard = tokio::time::timeout(Duration::from_secs(10), heard).await.expect("it is told");
        assert!(heard.contains(check["id"].as_str().unwrap()), "{heard}");
        let before = world.gitlab.requests().len();
        let change = world.change(&check).await;
        assert!(change["description_html"].as_str().unwrap().contains("<strong>reasons</strong>"), "{change}");
        assert_eq!(world.gitlab.requests().len(), before, "it was read before");
    }

    async fn an_approval_in_gitlab_shows_at_once(world: ahead()) {
        let (iid, _) = world.open_with(running()).await;
        world.advance(Duration::from_secs(5));
        world.gitlab.approve(world.project, iid, "rita-review");
        world.settle().await;
        assert_eq!(world.check("pending").await["change"]["approvals_given"], 1);
    }

    async fn what_is_decided_or_gone_is_read_no_more(world: ahead()) {
        let (_, check) = world.open_with(running()).await;
        assert_eq!(world.decide(&check, "approve", "").await.0, 201);
        // What GitLab shows is looked at after a quick decision.
        world.settle_for(SETTLED_AFTER).await;
        let before = world.gitlab.requests().len();
        world.settle_for(Duration::from_secs(3600)).await;
        assert_eq!(world.gitlab.requests().len(), before);
    }

    async fn a_gitlab_that_is_down_is_left_alone_and_then_caught_up_with(world: ahead()) {
        world.gitlab.set_fault(Some(Fault::ServerError));
        let (_, check) = world.open_with(running()).await;
        world.settle_for(Duration::from_secs(3600)).await;
        let asked = world.gitlab.requests().len();
        assert!(asked < 60, "{asked} requests in an hour");
        assert_eq!(check["change"], Value::Null);
        world.gitlab.set_fault(None);
        world.settle_for(Duration::from_secs(1_000)).await;
        assert_eq!(world.check("pending").await["change"]["pipeline"], "running");
    }

    async fn many_new_checks_are_read_at_a_pace(world: ahead()) {
        for _ in 0..40 {
            world.gitlab.create_merge_request(world.project, running());
        }
        world.settle().await;
        let read = |checks: &[Value]| checks.iter().filter(|check| check["change"].is_object()).count();
        let at_once = read(&world.checks("pending").await);
        assert!((10..=25).contains(&at_once), "{at_once} at once");
        world.settle_for(Duration::from_secs(30)).await;
        assert_eq!(read(&world.checks("pending").await), 40);
    }
}
