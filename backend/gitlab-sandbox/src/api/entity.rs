//! What users, projects, rules, commits and merge requests look like in the API.

use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::world::{Commit, MergeRequest, Project, Rule, Visibility, World};

/// A user in brief.
pub(super) fn user(world: &World, id: i64) -> Value {
    let Some(user) = world.users.get(&id) else { return Value::Null };
    json!({
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "public_email": "",
        "state": "active",
        "locked": false,
        "avatar_url": null,
        "web_url": format!("{}/{}", world.base_url, user.username),
    })
}

/// A project.
pub(super) fn project(world: &World, project: &Project) -> Value {
    let web_url = format!("{}/{}", world.base_url, project.path);
    let visibility = match project.visibility {
        Visibility::Private => "private",
        Visibility::Internal => "internal",
        Visibility::Public => "public",
    };
    json!({
        "id": project.id,
        "name": project.name(),
        "path": project.name(),
        "path_with_namespace": project.path,
        "name_with_namespace": project.path.replace('/', " / "),
        "description": project.description,
        "namespace": { "path": project.namespace(), "full_path": project.namespace(), "kind": "group" },
        "default_branch": project.default_branch,
        "visibility": visibility,
        "archived": false,
        "empty_repo": false,
        "web_url": web_url,
        "http_url_to_repo": format!("{web_url}.git"),
        "avatar_url": null,
        "created_at": rfc3339(project.created_at),
        "last_activity_at": rfc3339(project.created_at),
        "merge_requests_enabled": true,
        "merge_method": "merge",
        "only_allow_merge_if_pipeline_succeeds": false,
        "only_allow_merge_if_all_discussions_are_resolved": false,
        "only_allow_merge_if_all_status_checks_passed": project.status_checks_must_pass,
        "approvals_before_merge": project.approvals_required,
    })
}

/// An external status check as its project shows it. The secret is never shown.
pub(super) fn rule(project: &Project, rule: &Rule) -> Value {
    let branches =
        project.protected_branches.iter().filter(|branch| rule.protected_branch_ids.contains(&branch.id));
    let shown = |branch: &crate::world::ProtectedBranch| {
        json!({
            "id": branch.id,
            "project_id": project.id,
            "name": branch.name,
            "created_at": rfc3339(branch.created_at),
            "updated_at": rfc3339(branch.created_at),
            "code_owner_approval_required": false,
        })
    };
    json!({
        "id": rule.id,
        "name": rule.name,
        "project_id": project.id,
        "external_url": rule.external_url,
        "hmac": rule.shared_secret.is_some(),
        "protected_branches": branches.map(shown).collect::<Vec<_>>(),
    })
}

/// A commit.
pub(super) fn commit(world: &World, project: i64, commit: &Commit) -> Value {
    let author = world.users.get(&commit.author);
    let name = author.map_or("", |user| user.name.as_str());
    let email = format!("{}@example.test", author.map_or("", |user| user.username.as_str()));
    let at = rfc3339(commit.created_at);
    let path = world.project(project).map_or("", |project| project.path.as_str());
    json!({
        "id": commit.id,
        "short_id": commit.id.get(..8),
        "title": commit.title(),
        "message": commit.message,
        "parent_ids": [commit.parent],
        "author_name": name,
        "author_email": email,
        "authored_date": at,
        "committer_name": name,
        "committer_email": email,
        "committed_date": at,
        "created_at": at,
        "trailers": {},
        "extended_trailers": {},
        "web_url": format!("{}/{path}/-/commit/{}", world.base_url, commit.id),
    })
}

/// A merge request as lists show it.
pub(super) fn merge_request_brief(world: &World, one: &MergeRequest) -> Value {
    let path = world.project(one.project).map_or("", |project| project.path.as_str());
    let people = |ids: &[i64]| ids.iter().map(|id| user(world, *id)).collect::<Vec<_>>();
    let at = |moment: Option<(jiff::Timestamp, i64)>| moment.map(|(at, _)| rfc3339(at));
    let by = |moment: Option<(jiff::Timestamp, i64)>| moment.map(|(_, id)| user(world, id));
    json!({
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project,
        "title": one.title,
        "description": one.description,
        "state": one.state.word(),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "prepared_at": rfc3339(one.created_at),
        "merged_at": at(one.merged),
        "merged_by": by(one.merged),
        "merge_user": by(one.merged),
        "closed_at": at(one.closed),
        "closed_by": by(one.closed),
        "target_branch": one.target_branch,
        "source_branch": one.source_branch,
        "user_notes_count": one.notes.len() + one.discussions.iter().map(|one| one.notes.len()).sum::<usize>(),
        "upvotes": 0,
        "downvotes": 0,
        "author": user(world, one.author),
        "assignees": people(&one.assignees),
        "assignee": one.assignees.first().map(|id| user(world, *id)),
        "reviewers": people(&one.reviewers),
        "source_project_id": one.source_project,
        "target_project_id": one.project,
        "labels": one.labels,
        "draft": one.is_draft(),
        "work_in_progress": one.is_draft(),
        "milestone": null,
        "merge_when_pipeline_succeeds": one.auto_merge,
        "merge_status": "can_be_merged",
        "detailed_merge_status": world.merge_status(one.project, one.iid).unwrap_or("unchecked"),
        "sha": one.head,
        "merge_commit_sha": one.merge_commit,
        "squash_commit_sha": null,
        "discussion_locked": null,
        "should_remove_source_branch": null,
        "force_remove_source_branch": true,
        "reference": format!("!{}", one.iid),
        "references": {
            "short": format!("!{}", one.iid),
            "relative": format!("!{}", one.iid),
            "full": format!("{path}!{}", one.iid),
        },
        "web_url": format!("{}/{path}/-/merge_requests/{}", world.base_url, one.iid),
        "time_stats": { "time_estimate": 0, "total_time_spent": 0 },
        "squash": false,
        "task_completion_status": { "count": 0, "completed_count": 0 },
        "has_conflicts": false,
        "blocking_discussions_resolved": true,
    })
}

/// A merge request in full.
pub(super) fn merge_request(world: &World, one: &MergeRequest) -> Value {
    let mut body = merge_request_brief(world, one);
    let path = world.project(one.project).map_or("", |project| project.path.as_str());
    let pipeline = one.pipeline.as_ref().map(|status| {
        let id = one.id + 90_000;
        json!({
            "id": id,
            "iid": one.iid,
            "project_id": one.project,
            "sha": one.head,
            "ref": one.source_branch,
            "status": status,
            "source": "merge_request_event",
            "created_at": rfc3339(one.updated_at),
            "updated_at": rfc3339(one.updated_at),
            "web_url": format!("{}/{path}/-/pipelines/{id}", world.base_url),
        })
    });
    body["subscribed"] = false.into();
    body["changes_count"] = one.files_at(&one.head).len().to_string().into();
    body["latest_build_started_at"] = Value::Null;
    body["first_contribution"] = false.into();
    body["merge_error"] = Value::Null;
    body["diff_refs"] = json!({
        "base_sha": one.base_of(&one.head),
        "head_sha": one.head,
        "start_sha": one.base_of(&one.head),
    });
    body["pipeline"] = pipeline.clone().into();
    body["head_pipeline"] = pipeline.into();
    body
}
