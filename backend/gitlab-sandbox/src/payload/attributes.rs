//! `object_attributes`: the merge request inside a call.

use serde_json::{Value, json};

use super::{CommitData, LabelData, MergeRequestCall, Person, ProjectData};

pub(super) fn of(call: &MergeRequestCall) -> Value {
    let data = &call.merge_request;
    let dates = call.dates;
    let draft = data.title.starts_with("Draft:");
    let ids = |people: &[Person]| people.iter().map(|person| person.id).collect::<Vec<_>>();
    let labels: Vec<_> = call.labels.iter().map(|label: &LabelData| label.value(dates)).collect();
    let mut attributes = json!({
        "id": data.id,
        "iid": data.iid,
        "title": data.title,
        "description": data.description,
        "state": data.state,
        "state_id": state_id(&data.state),
        "url": format!("{}/-/merge_requests/{}", call.project.web_url, data.iid),
        "source_branch": data.source_branch,
        "target_branch": data.target_branch,
        "source_project_id": data.source_project_id,
        "target_project_id": call.project.id,
        "author_id": data.author_id,
        "assignee_id": call.assignees.first().map(|person| person.id),
        "assignee_ids": ids(&call.assignees),
        "reviewer_ids": ids(&call.reviewers),
        "labels": labels,
        "created_at": dates.write(data.created_at),
        "updated_at": dates.write(data.updated_at),
        "last_edited_at": dates.write_or_null(data.last_edited_at),
        "last_edited_by_id": data.last_edited_by_id,
        "updated_by_id": data.last_edited_by_id,
        "prepared_at": dates.write(data.created_at),
        "milestone_id": null,
        "head_pipeline_id": data.head_pipeline_id,
        "merge_commit_sha": data.merge_commit_sha,
        "merge_error": null,
        "merge_params": { "force_remove_source_branch": "1" },
        "merge_status": "can_be_merged",
        "detailed_merge_status": data.detailed_merge_status,
        "merge_user_id": data.merge_user_id,
        "merge_when_pipeline_succeeds": data.auto_merge,
        "draft": draft,
        "work_in_progress": draft,
        "first_contribution": false,
        "blocking_discussions_resolved": true,
        "time_estimate": 0,
        "total_time_spent": 0,
        "time_change": 0,
        "human_time_estimate": null,
        "human_total_time_spent": null,
        "human_time_change": null,
        "last_commit": call.last_commit.as_ref().map(CommitData::value),
        "source": call.source.as_ref().map(ProjectData::value),
        "target": call.project.value(),
    });
    if let Some(action) = &call.action {
        attributes["action"] = action.as_str().into();
    }
    if let Some(oldrev) = &call.oldrev {
        attributes["oldrev"] = oldrev.as_str().into();
    }
    if let Some(system_action) = &call.system_action {
        attributes["system"] = true.into();
        attributes["system_action"] = system_action.as_str().into();
    }
    if let Some(at) = call.actioned_at {
        attributes["actioned_at"] = dates.write(at);
    }
    for (key, value) in &call.extra_attributes {
        attributes[key] = value.clone();
    }
    attributes
}

fn state_id(state: &str) -> i64 {
    match state {
        "opened" => 1,
        "closed" => 2,
        "merged" => 3,
        _ => 4,
    }
}
