//! Pipelines of merge requests and their jobs.

use serde_json::json;

use super::answer::{Answer, Reply};
use super::{Context, paging};
use crate::clock::rfc3339;

/// `GET …/merge_requests/:iid/pipelines`, newest first.
pub(super) fn list(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let path = &context.world.project(project)?.path;
    paging::page(context, &one.pipelines(), |pipeline| {
        json!({
            "id": pipeline.id,
            "iid": one.iid,
            "project_id": project,
            "sha": pipeline.sha,
            "ref": one.source_branch,
            "status": pipeline.status,
            "source": "merge_request_event",
            "created_at": rfc3339(one.updated_at),
            "updated_at": rfc3339(one.updated_at),
            "web_url": format!("{}/{path}/-/pipelines/{}", context.world.base_url, pipeline.id),
        })
    })
}

/// `GET projects/:id/pipelines/:pipeline_id/jobs`, newest first as in GitLab.
pub(super) fn jobs(context: &mut Context<'_>, project: i64, pipeline: &str) -> Reply {
    let id: i64 = pipeline.parse().map_err(|_| Answer::error(400, "pipeline_id is invalid"))?;
    let own = context.world.project(project)?;
    let all = own.merge_requests.values().flat_map(crate::world::MergeRequest::pipelines);
    let found = all.into_iter().find(|one| one.id == id).ok_or_else(Answer::not_found)?;
    let numbered: Vec<_> = (1_i64..).zip(&found.jobs).collect();
    let newest_first: Vec<_> = numbered.into_iter().rev().collect();
    paging::page(context, &newest_first, |(number, job)| {
        json!({
            "id": found.id * 100 + number,
            "name": job.name,
            "stage": job.stage,
            "status": job.status,
            "allow_failure": job.allow_failure,
            "pipeline": { "id": found.id, "project_id": project, "sha": found.sha, "status": found.status },
        })
    })
}
