//! Commits, diffs and versions of merge requests, and comparing two commits.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::{Context, entity, paging};
use crate::clock::rfc3339;
use crate::world::{FileChange, MergeRequest, Version};

/// `GET …/commits`, newest first.
pub(super) fn commits(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    paging::page(context, &one.commits(), |commit| entity::commit(context.world, project, commit))
}

/// `GET …/diffs`.
pub(super) fn diffs(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    paging::page(context, one.files_at(&one.head), diff)
}

/// `GET …/changes`: the merge request with all its diffs (deprecated by GitLab, still answered).
pub(super) fn changes(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let mut body = entity::merge_request(context.world, one);
    body["changes"] = one.files_at(&one.head).iter().map(diff).collect();
    body["overflow"] = false.into();
    Ok(Answer::json(200, &body))
}

/// `GET …/versions`, newest first.
pub(super) fn versions(context: &mut Context<'_>, (project, iid): (i64, i64)) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let versions: Vec<_> = one.versions.iter().rev().collect();
    paging::page(context, &versions, |version| version_entity(one, version))
}

/// `GET …/versions/:version_id`, with its commits and diffs.
pub(super) fn version(context: &mut Context<'_>, (project, iid): (i64, i64), version: &str) -> Reply {
    let one = context.world.merge_request(project, iid)?;
    let id: i64 = version.parse().map_err(|_| Answer::error(400, "version_id is invalid"))?;
    let version = one.versions.iter().find(|version| version.id == id).ok_or_else(Answer::not_found)?;
    let mut body = version_entity(one, version);
    let commits = one.commits_between(one.base_of(&version.head), &version.head);
    body["commits"] =
        commits.into_iter().map(|commit| entity::commit(context.world, project, commit)).collect();
    body["diffs"] = version.files.iter().map(diff).collect();
    Ok(Answer::json(200, &body))
}

/// `GET …/repository/compare?from=&to=`: for commits of one merge request, which is all that is known here. With
/// `straight=true` the diff is from one commit to the other, else from where they parted.
pub(super) fn compare(context: &mut Context<'_>, project: i64) -> Reply {
    let param = |name: &str| {
        context.params.text(name).ok_or_else(|| Answer::error(400, &format!("{name} is missing")))
    };
    let (from, to) = (param("from")?, param("to")?);
    let own = context.world.project(project)?;
    let knows = |one: &&MergeRequest, sha: &str| one.base == sha || one.commits.contains_key(sha);
    let one = own.merge_requests.values().find(|one| knows(one, &from) && knows(one, &to));
    let one = one.ok_or_else(|| Answer::message(404, "404 Not Found"))?;
    let commits = one.commits_between(&from, &to);
    let before = one.files_at(&from);
    let changed: Vec<_> = if context.params.truth("straight") == Some(true) {
        one.straight(&from, &to).iter().map(diff).collect()
    } else {
        one.files_at(&to).iter().filter(|file| !before.contains(file)).map(diff).collect()
    };
    let show = |commit: &crate::world::Commit| entity::commit(context.world, project, commit);
    Ok(Answer::json(
        200,
        &json!({
            "commit": commits.first().map(|commit| show(commit)),
            "commits": commits.iter().rev().map(|commit| show(commit)).collect::<Vec<_>>(),
            "diffs": changed,
            "compare_timeout": false,
            "compare_same_ref": from == to,
            "web_url": format!("{}/{}/-/compare/{from}...{to}", context.world.base_url, own.path),
        }),
    ))
}

fn version_entity(one: &MergeRequest, version: &Version) -> Value {
    let base = if version.base.is_empty() { &one.base } else { &version.base };
    json!({
        "id": version.id,
        "head_commit_sha": version.head,
        "base_commit_sha": base,
        "start_commit_sha": base,
        "created_at": rfc3339(version.created_at),
        "merge_request_id": one.id,
        "state": "collected",
        "real_size": version.files.len().to_string(),
        "patch_id_sha": null,
    })
}

fn diff(file: &FileChange) -> Value {
    json!({
        "old_path": file.old_path,
        "new_path": file.new_path,
        "a_mode": if file.new_file { "0" } else { "100644" },
        "b_mode": if file.deleted_file { "0" } else { "100644" },
        "diff": file.diff,
        "collapsed": file.collapsed,
        "too_large": file.too_large,
        "new_file": file.new_file,
        "renamed_file": file.is_renamed(),
        "deleted_file": file.deleted_file,
        "generated_file": file.generated,
    })
}
